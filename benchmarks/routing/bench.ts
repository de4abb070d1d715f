/** The benchmark: reads the data, lets the policies play, prints the table and writes the record. */
import { relative } from 'node:path'
import { answerOf } from './answer.ts'
import { BadData } from './bad-data.ts'
import { halvesOf, type Measured, measure } from './measure.ts'
import { remembered, runsOf } from './near-copies.ts'
import { readModels, readSamples } from './neutral.ts'
import { type Options, optionsOf } from './options.ts'
import { writeRecord } from './record.ts'
import type { Shipped } from './scorer.ts'
import { readSets } from './sets/known.ts'
import { tableOf } from './table.ts'

export interface Surroundings {
  readonly root: string
  readonly say: (line: string) => void
  /** The policy `turnout` for the sets that its weights are trained on; without it the base lines are measured alone. */
  readonly shipped: Shipped | null
  /** The same for data of others. */
  readonly given: Shipped | null
}

/** Runs the command line. Throws a BadData where data are missing or malformed, an Error where an option is not known. */
export async function bench(args: readonly string[], { root, say, shipped, given }: Surroundings): Promise<void> {
  const options = optionsOf(args, root)
  if (options.own !== null) {
    const measured = measureOwn(options.own, given)
    say(tableOf('your data', measured, 1))
    if (options.json) say(JSON.stringify(answerOf(measured)))
    return
  }
  const startedAt = new Date()
  const sets = measureSets(options, say, shipped)
  if (options.whole || options.out !== null) {
    const seconds = (Date.now() - startedAt.getTime()) / 1000
    const path = await writeRecord({ root, args, seeds: options.seeds, startedAt, seconds, sets }, options.out)
    say(`record: ${relative(process.cwd(), path)}`)
  }
  if (options.json)
    say(JSON.stringify({ sets: Object.fromEntries([...sets].map(([name, measured]) => [name, answerOf(measured)])) }))
}

function measureSets(options: Options, say: (line: string) => void, shipped: Shipped | null): Map<string, Measured> {
  const all = readSets(options.data)
  const sets = new Map<string, Measured>()
  const runs = remembered(runsOf)
  for (const set of all) {
    if (!options.sets.includes(set.name)) continue
    const others = all.filter((other) => other !== set).flatMap(({ samples }) => samples)
    const halves = halvesOf(set.samples, others, options.seeds, runs)
    const measured = measure(set, halves, shipped)
    sets.set(set.name, measured)
    say(tableOf(set.name, measured, options.seeds))
  }
  return sets
}

function measureOwn(own: NonNullable<Options['own']>, shipped: Shipped | null): Measured {
  const cards = readModels(own.models)
  const train = readSamples(own.train, cards, false)
  const test = readSamples(own.test, cards, true)
  if (test.length === 0) throw new BadData(`${own.test}: empty; --test needs one line or more`)
  const subject = { cards, currency: null, lengthsMeasured: true }
  return measure(subject, [{ train, test, elsewhere: [], seed: 1 }], shipped)
}
