/** Puts each contender before the same upstream, in turn, scenario by scenario and round by round, and says what each costs. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import { Bench } from './bench.ts'
import { pinCores } from './child.ts'
import { presence } from './contenders.ts'
import { disturbance, type Figures, figuresOf, type Outcome } from './figures.ts'
import { type Options, optionsOf, USAGE } from './options.ts'
import { printProfiles } from './profile.ts'
import { prove } from './proof.ts'
import { type Run, writeRecord } from './record.ts'
import { type Lengths, type Scenario, scenarios } from './scenarios.ts'
import { report } from './table.ts'

const percent = (share: number): string => `${Math.round(share * 100)} %`

const say = (line: string): void => void process.stdout.write(`${line}\n`)

/** Each kind of answer once before any time is taken. What runs on Node is slow until it has been compiled. */
async function warmUp(bench: Bench, list: readonly Scenario[], lengths: Lengths): Promise<void> {
  for (const name of bench.running.keys())
    for (const scenario of list) {
      const { load } = scenario
      if (load.shape !== 'closed') continue
      const compiled = name !== 'direct' && name !== 'nginx'
      const windowMs = compiled && scenario.name === 'chat' ? lengths.warmChat : lengths.warmOther
      await bench.measure(name, { ...scenario, load: { ...load, warmMs: 0, windowMs } })
    }
}

async function rounds(bench: Bench, options: Options, list: readonly Scenario[]): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  for (let round = 0; round < options.rounds; round++) {
    say(`round ${round + 1} of ${options.rounds}`)
    for (const scenario of list) {
      // Nobody is always the first one after a change of load.
      const names = [...bench.running.keys()]
      const turned = names.map((_, index) => names[(index + round) % names.length]!)
      for (const name of turned) {
        if (name === 'direct' && !scenario.direct) continue
        const outcome =
          scenario.name === 'memory'
            ? await bench.measureFresh(name, scenario, options.lengths.idle)
            : { scenario: scenario.name, name, cell: await bench.measure(name, scenario), memory: null }
        outcomes.push({ round, ...outcome })
      }
    }
  }
  return outcomes
}

/** Starts all contenders that are there; says which are not, and why. */
async function startAll(bench: Bench, options: Options, root: string): Promise<Pick<Run, 'versions' | 'skipped'>> {
  const versions: Record<string, string> = {}
  const skipped: Record<string, string> = {}
  for (const name of options.names) {
    const found = await presence(name, { root, base: options.base })
    if ('missing' in found) {
      skipped[name] = found.missing
      say(`skipped: ${name}: ${found.missing}`)
      continue
    }
    versions[name] = found.version
    await bench.start(name)
    say(`${name} ${found.version}`)
  }
  return { versions, skipped }
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
    const { versions, skipped } = await startAll(bench, options, root)
    const list = scenarios(options.lengths).filter(({ name }) => options.scenarios.includes(name))
    await warmUp(bench, list, options.lengths)
    const outcomes = await rounds(bench, options, list)
    const turnout = bench.running.get('turnout')
    const proof = turnout === undefined ? null : await prove(turnout, bench.sent.get('turnout')!)
    const figures = new Map<string, Figures>(
      [...bench.running.keys()].map((name) => [name, figuresOf(name, list, outcomes)]),
    )
    const others = disturbance(outcomes)
    say(`\n${report(figures)}`)
    say(
      `other processes used ${percent(others.median)} of a core in the median window, ${percent(others.most)} in the worst`,
    )
    for (const [name, { answers }] of figures)
      say(`${name}: ${answers.checked} answers checked, ${answers.identical} of them byte for byte the upstream's`)
    if (proof !== null)
      say(
        `turnout's own books agree: ${proof.requests} requests, ${proof.output_tokens} tokens, ${proof.log_lines} log lines`,
      )
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
        proof,
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
