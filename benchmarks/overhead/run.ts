/** Puts each contender before the same upstream, in turn, scenario by scenario and round by round, and says what each costs. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import { aimTable, judge } from './aims.ts'
import { Bench, type Entrant } from './bench.ts'
import { pinCores } from './child.ts'
import { baseOf, type Name, presence } from './contenders.ts'
import { type DialectFigure, dialectAims, dialectRows, dialectTable } from './dialects/rows.ts'
import { disturbance, type Figures, figuresOf, REFERENCE } from './figures.ts'
import { DIALECTS, type Options, optionsOf, USAGE } from './options.ts'
import { printProfiles } from './profile.ts'
import { type Proof, prove } from './proof.ts'
import { type Run, writeRecord } from './record.ts'
import { type Entrants, rounds, say, warmUpAll } from './rounds.ts'
import { type Scenario, scenarios } from './scenarios.ts'
import { cpuGrowth, memoryGrowthMb, soak, type Soak } from './soak.ts'
import { report } from './table.ts'

/** Of this build, and of the one that it is compared with. */
const DIALECT_NAMES: readonly Name[] = [DIALECTS, baseOf(DIALECTS)]

const percent = (share: number): string => `${Math.round(share * 100)} %`

/** Starts all contenders that are there; says which are not, and why. */
async function startAll(
  bench: Bench,
  options: Options,
  root: string,
): Promise<{ entrants: Entrants } & Pick<Run, 'versions' | 'skipped'>> {
  const versions: Record<string, string> = {}
  const skipped: Record<string, string> = {}
  const entrants = new Map<Name, Entrant>()
  for (const name of options.names) {
    const found = await presence(name, { root, base: options.base })
    if ('missing' in found) {
      skipped[name] = found.missing
      say(`skipped: ${name}: ${found.missing}`)
      continue
    }
    versions[name] = found.version
    entrants.set(name, await bench.start(name))
    say(`${name} ${found.version}`)
  }
  return { entrants, versions, skipped }
}

/** The books of each contender that keeps some. */
async function proveAll(entrants: Iterable<Entrant>): Promise<Map<string, Proof>> {
  const proofs = new Map<string, Proof>()
  for (const entrant of entrants) {
    const { name, books } = entrant.running
    if (books === null) continue
    const proof = await prove(entrant, books)
    proofs.set(name, proof)
    say(
      `${name}'s own books agree: ${proof.requests} requests, ${proof.output_tokens} tokens, ${proof.log_lines} log lines` +
        (proof.ledger_rows === null ? '' : `, ${proof.ledger_rows} rows of the ledger`),
    )
  }
  return proofs
}

/** One after the other, each with its books. */
async function soakAll(
  bench: Bench,
  entrants: Entrants,
  chat: Scenario,
  { soak: wish }: Options,
): Promise<Map<Name, Soak>> {
  const results = new Map<Name, Soak>()
  const { load, warmUp: warm } = chat
  if (wish === null || load.shape !== 'closed' || warm === null) return results
  for (const name of wish.names) {
    say(`soak: ${wish.requests} requests for ${name}`)
    const { entrant, result } = await soak(bench, name, entrants.get(REFERENCE) ?? null, load, warm, wish.requests)
    await proveAll([entrant])
    results.set(name, result)
    say(
      `${name} after ${result.requests} requests: CPU per request x${cpuGrowth(result).toFixed(3)}, RSS ${memoryGrowthMb(result).toFixed(1)} MB more`,
    )
  }
  return results
}

async function main(args: readonly string[]): Promise<void> {
  const options = optionsOf(args)
  const root = resolve(import.meta.dirname, '../../..')
  const pinning = pinCores()
  say(
    pinning === null
      ? 'nothing is pinned: no taskset, or one core only'
      : `pinned: proxies to core ${pinning.proxy}, load and upstream to core ${pinning.rest}`,
  )
  if (options.profiles !== null) await mkdir(options.profiles, { recursive: true })
  const scratch = await mkdtemp(join(tmpdir(), 'turnout-overhead-'))
  const startedAt = new Date()
  const bench = await Bench.open(options, root, scratch, pinning)
  const stop = (): void => void bench.close().finally(() => process.exit(1))
  process.once('SIGINT', stop).once('SIGTERM', stop)
  try {
    const { entrants, versions, skipped } = await startAll(bench, options, root)
    const known = scenarios(options.lengths)
    const chat = known.find(({ name }) => name === 'chat')!
    const list = known.filter(({ name }) => options.scenarios.includes(name))
    // What other scenarios ask is warm with it.
    await warmUpAll(bench, entrants, [chat, ...list.filter((one) => one !== chat)], options)
    const outcomes = await rounds(bench, entrants, options, list)
    const spoken = options.scenarios.includes(DIALECTS)
      ? await dialectRows(
          bench,
          DIALECT_NAMES.flatMap((name) => entrants.get(name) ?? []),
          options,
          say,
        )
      : null
    const soaks = await soakAll(bench, entrants, chat, options)
    const figures = new Map<string, Figures>(
      [...entrants.keys()].map((name) => [name, figuresOf(name, list, outcomes, soaks.get(name) ?? null)]),
    )
    const dialects = spoken?.figures ?? new Map<Name, readonly DialectFigure[]>()
    const [own, base] = DIALECT_NAMES.map((name) => dialects.get(name))
    const aims = [...judge(figures), ...(own === undefined ? [] : dialectAims(own, base ?? null))]
    const others = disturbance([...outcomes.map(({ cell }) => cell), ...(spoken?.cells ?? [])])
    say(`\n${report(figures)}`)
    for (const [name, rows] of dialects) say(`${name}\n\n${dialectTable(rows)}\n`)
    say(
      `other processes used ${percent(others.median)} of a core in the median window, ${percent(others.most)} in the worst`,
    )
    // Those of dialects are checked as they come, by what each of them is to be.
    for (const [name, { answers }] of figures)
      if (answers.checked > 0)
        say(`${name}: ${answers.checked} answers checked, ${answers.identical} of them byte for byte the upstream's`)
    const proofs = await proveAll(entrants.values())
    if (aims.length > 0) say(`\n${aimTable(aims)}\nThe aims for a decision are those of npm run bench:decision.`)
    if (options.whole || options.out !== null) {
      const seconds = (Date.now() - startedAt.getTime()) / 1000
      const run = {
        root,
        args,
        rounds: options.rounds,
        startedAt,
        seconds,
        pinning,
        versions,
        skipped,
        scenarios: list,
        figures,
        dialects,
        proofs,
        aims,
        disturbance: others,
      }
      say(`record: ${relative(process.cwd(), await writeRecord(run, options.out))}`)
    }
  } finally {
    await bench.close()
    await rm(scratch, { recursive: true, force: true })
  }
  if (options.profiles !== null) await printProfiles(options.profiles, say)
}

try {
  if (process.argv.includes('--help')) process.stdout.write(USAGE)
  else await main(process.argv.slice(2))
} catch (thrown) {
  process.stderr.write(`failed: ${(thrown as Error).message}\n`)
  process.exitCode = 1
}
