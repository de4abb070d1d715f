/** `npm run bench:routing`: how good the shipped decisions are, on data. See README.md. */
import { mkdir, writeFile } from 'node:fs/promises'
import { availableParallelism, cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { loadWeights } from '../../src/classify/weights.ts'
import { lessonsOf } from '../../train/lessons.ts'
import { trainWeights } from '../../train/weights.ts'
import { commitOf } from '../overhead/record.ts'
import { difference } from './bootstrap.ts'
import { evaluate, type Evaluation, type PolicyName } from './evaluate.ts'
import { quantile } from './metrics.ts'
import { readNeutral } from './neutral.ts'
import { shippedPriors } from './priors.ts'
import { type SetReport, summarise, tableOf } from './report.ts'
import { isTrain, type RoutingSet } from './sample.ts'
import type { Task } from './scorer.ts'
import { loadSets } from './sets.ts'

const USAGE = `usage: npm run bench:routing -- [options]
  --seeds N          splits, 5 if not said
  --set A,B          only these sets
  --out FILE         write the record there
  --train A.jsonl --test B.jsonl --models M.json [--json]
                     your own data in the neutral form (README.md), with the shipped weights
`
const TRAINING_SEED = 7
const ROOT = fileURLToPath(new URL('../../../', import.meta.url))

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '5' },
      set: { type: 'string' },
      out: { type: 'string' },
      train: { type: 'string' },
      test: { type: 'string' },
      models: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  })
  const { train, test, models } = values
  if (train !== undefined || test !== undefined || models !== undefined) {
    if (train === undefined || test === undefined || models === undefined)
      throw new Error('--train, --test and --models belong together')
    await neutral(readNeutral({ train, test, models }), values.json)
    return
  }
  const seeds = Number(values.seeds)
  if (!Number.isInteger(seeds) || seeds < 1) throw new Error(`--seeds: "${values.seeds}" is no number of splits`)
  await ownSets(seeds, values.set?.split(',') ?? null, values.out ?? null)
}

/** One run on given files; the last line is one JSON object. */
async function neutral(task: Task, json: boolean): Promise<void> {
  const result = evaluate(task, await loadWeights(), shippedPriors, 1)
  if (!json) process.stdout.write(`${tableOf([reportOf('given files', task, [result], task.test.length)])}\n`)
  const { turnout, shuffled, cheapest, best_single, gold_table, oracle } = result.policies
  const policies = { turnout, shuffled, cheapest, best_single, gold_table, oracle }
  process.stdout.write(`${JSON.stringify({ policies, decision_us: result.decisionUs })}\n`)
}

/**
 * The sets of the project's own data: for each seed the classifier is trained anew on the training half of all prompts,
 * so that no text, label or score of a test prompt has been seen. What is shipped is the same recipe on all of them.
 */
async function ownSets(seeds: number, only: readonly string[] | null, out: string | null): Promise<void> {
  const startedAt = new Date()
  const all = loadSets()
  const sets = all.filter(({ name }) => only === null || only.includes(name))
  if (sets.length === 0) throw new Error(`--set: there are ${all.map(({ name }) => name).join(', ')}`)
  const runs = new Map<string, Evaluation[]>(sets.map(({ name }) => [name, []]))
  for (let seed = 1; seed <= seeds; seed++) {
    const weights = trainWeights(
      lessonsOf(all, (prompt) => isTrain(prompt, seed)),
      TRAINING_SEED,
    )
    for (const set of sets) runs.get(set.name)!.push(evaluate(taskOf(set, seed), weights, shippedPriors, seed))
    process.stderr.write(`seed ${seed} of ${seeds}\n`)
  }
  const reports = sets.map((set) => reportOf(set.name, taskOf(set, 1), runs.get(set.name)!, set.samples.length))
  process.stdout.write(`${tableOf(reports)}\n`)
  if (only === null || out !== null) await writeRecord(reports, seeds, startedAt, out)
}

/** One half to learn from, the other to decide; models that answered all prompts. Of zeroeval the open ones. */
function taskOf({ samples, models: cards }: RoutingSet, seed: number): Task {
  const models = [...cards.keys()].filter((model) => samples.every(({ arms }) => arms.has(model)))
  const open = models.filter((model) => cards.get(model)!.open)
  const hasUsd = samples.every(({ arms }) => [...arms.values()].every(({ costUsd }) => costUsd !== null))
  return {
    models: hasUsd || open.length < 2 ? models : open,
    cards,
    train: samples.filter(({ prompt }) => isTrain(prompt, seed)),
    test: samples.filter(({ prompt }) => !isTrain(prompt, seed)),
  }
}

const COMPARED: readonly PolicyName[] = ['shuffled', 'best_single', 'gold_table', 'random_labels']

function reportOf(set: string, task: Task, runs: readonly Evaluation[], prompts: number): SetReport {
  const together = (name: PolicyName): number[] => runs.flatMap(({ scores }) => scores[name] ?? [])
  const own = together('turnout')
  return {
    set,
    prompts,
    models: task.models.length,
    seeds: runs.length,
    policies: summarise(runs),
    differences: Object.fromEntries(
      COMPARED.filter((name) => together(name).length === own.length).map((name) => [
        name,
        difference(own, together(name), 1),
      ]),
    ),
    decisionUs: {
      p50: quantile(
        runs.map(({ decisionUs }) => decisionUs.p50),
        0.5,
      ),
      p99: quantile(
        runs.map(({ decisionUs }) => decisionUs.p99),
        0.5,
      ),
    },
  }
}

async function writeRecord(
  reports: readonly SetReport[],
  seeds: number,
  startedAt: Date,
  out: string | null,
): Promise<void> {
  const commit = commitOf(ROOT)
  const folder = new URL('../../../benchmarks/routing/record/', import.meta.url)
  const file = out ?? fileURLToPath(new URL(`${startedAt.toISOString().slice(0, 10)}-${commit}.json`, folder))
  const record = {
    benchmark: 'routing',
    date: startedAt.toISOString(),
    commit,
    command: 'npm run bench:routing',
    machine: { cpu: cpus()[0]?.model ?? 'unknown', cores: availableParallelism(), node: process.version },
    seeds,
    sets: reports,
  }
  await mkdir(folder, { recursive: true })
  await writeFile(file, `${JSON.stringify(record, short, 2)}\n`)
  process.stderr.write(`record: ${file}\n`)
}

const short = (_key: string, value: unknown): unknown =>
  typeof value === 'number' ? Number(value.toPrecision(5)) : value

try {
  await main()
} catch (thrown) {
  process.stderr.write(`bench:routing: ${thrown instanceof Error ? thrown.message : String(thrown)}\n${USAGE}`)
  process.exitCode = 1
}
