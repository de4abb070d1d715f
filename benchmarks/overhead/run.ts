/** Puts each contender before the same upstream, in turn, scenario by scenario and round by round, and says what each costs. */
import type { ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { endChild, message, type Pinning, pinCores, startChild } from './child.ts'
import { type Name, NAMES, presence, type Running, type Site, start } from './contenders.ts'
import { type Figures, figuresOf, type Outcome } from './figures.ts'
import type { Cell, Job } from './job.ts'
import { familyOf, memoryMb } from './proc.ts'
import { printProfiles } from './profile.ts'
import { type Proof, prove } from './proof.ts'
import { writeRecord } from './record.ts'
import { FULL, type Lengths, QUICK, type Scenario, SCENARIOS, type ScenarioName, scenarios } from './scenarios.ts'
import { report } from './table.ts'

const USAGE = `usage: node build/benchmarks/overhead/run.js [options]
  --quick            one short round, for a look; writes no record
  --rounds N         3 if not said
  --only A,B         contenders: ${NAMES.join(', ')}
  --scenario A,B     scenarios: ${SCENARIOS.join(', ')}
  --out FILE         write the record there
  --profile FOLDER   CPU profiles of the contenders that run on Node, and where they spent their time
`

interface Options {
  readonly lengths: Lengths
  readonly rounds: number
  readonly names: readonly Name[]
  readonly scenarios: readonly ScenarioName[]
  readonly out: string | null
  /** A whole run, whose record is kept without being asked. */
  readonly whole: boolean
  readonly profiles: string | null
}

function optionsOf(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      only: { type: 'string' },
      scenario: { type: 'string' },
      out: { type: 'string' },
      profile: { type: 'string' },
    },
  })
  const rounds = Number(values.rounds ?? (values.quick ? 1 : 3))
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > 20) throw new Error('--rounds takes a number from 1 to 20')
  const partial = [values.only, values.scenario, values.profile].some((value) => value !== undefined)
  return {
    lengths: values.quick ? QUICK : FULL,
    rounds,
    names: chosen('--only', values.only, NAMES),
    scenarios: chosen('--scenario', values.scenario, SCENARIOS),
    out: values.out === undefined ? null : resolve(values.out),
    whole: !values.quick && !partial,
    profiles: values.profile === undefined ? null : resolve(values.profile),
  }
}

function chosen<T extends string>(option: string, wish: string | undefined, known: readonly T[]): readonly T[] {
  if (wish === undefined) return known
  const list = wish.split(',')
  const strange = list.find((one) => !known.some((name) => name === one))
  if (strange !== undefined) throw new Error(`${option}: "${strange}" is none of ${known.join(', ')}`)
  return known.filter((name) => list.includes(name))
}

const say = (line: string): void => void process.stdout.write(`${line}\n`)

/** One run: its processes, and what they have been asked. */
class Bench {
  readonly #site: Site
  readonly #load: ChildProcess
  readonly #upstream: ChildProcess
  /** Long-lived contenders, by name. */
  readonly running = new Map<Name, Running>()
  /** Answers of each long-lived contender, warm-up included. */
  readonly sent = new Map<Name, { requests: number; outputTokens: number }>()

  private constructor(site: Site, load: ChildProcess, upstream: ChildProcess) {
    this.#site = site
    this.#load = load
    this.#upstream = upstream
  }

  static async open(root: string, scratch: string, pinning: Pinning | null, profiles: string | null): Promise<Bench> {
    const child = (file: string): ChildProcess =>
      startChild({
        command: process.execPath,
        args: [join(import.meta.dirname, file)],
        core: pinning?.rest ?? null,
        ipc: true,
        stdout: 'ignore',
        stderr: 'inherit',
      })
    const upstream = child('upstream.js')
    const { port } = await message<{ port: number }>(upstream, 20_000)
    const load = child('load.js')
    await message(load, 20_000)
    const token = `sk-bench-${randomBytes(16).toString('hex')}`
    const site = { root, scratch, upstreamPort: port, core: pinning?.proxy ?? null, token, profiles }
    return new Bench(site, load, upstream)
  }

  async start(name: Name): Promise<void> {
    this.running.set(name, await start(name, this.#site))
    this.sent.set(name, { requests: 0, outputTokens: 0 })
  }

  /** One scenario for one contender. A wrong answer ends the run. */
  async measure(name: Name, scenario: Scenario): Promise<Cell> {
    const running = this.running.get(name)!
    const cell = await this.#ask(running, scenario)
    const sent = this.sent.get(name)!
    sent.requests += cell.completed
    sent.outputTokens += cell.outputTokens
    return cell
  }

  /** Memory is read of a process that has done nothing else. */
  async measureFresh(name: Name, scenario: Scenario, idleMs: number): Promise<Omit<Outcome, 'round'>> {
    const fresh = await start(name, { ...this.#site, profiles: null })
    try {
      await new Promise((done) => setTimeout(done, idleMs))
      const family = familyOf(fresh.pid ?? 0)
      const idle = memoryMb(family).now
      const cell = await this.#ask(fresh, scenario)
      const { peak } = memoryMb(family)
      return { scenario: scenario.name, name, cell, memory: { idle, peak } }
    } finally {
      await fresh.close()
    }
  }

  async #ask(running: Running, scenario: Scenario): Promise<Cell> {
    const job: Job = {
      name: `${running.name}, ${scenario.name}`,
      port: running.port,
      token: this.#site.token,
      load: scenario.load,
      proxyPids: running.pid === null ? [] : familyOf(running.pid),
      upstreamPid: this.#upstream.pid ?? 0,
      samples: scenario.times !== null,
    }
    this.#load.send(job)
    const answer = await message<{ cell: Cell } | { failed: string }>(this.#load, 120_000)
    if ('failed' in answer) throw new Error(answer.failed)
    return answer.cell
  }

  async close(): Promise<void> {
    for (const running of this.running.values()) await running.close()
    await endChild(this.#load)
    await endChild(this.#upstream)
  }
}

/** Each kind of answer once before any time is taken; on Node it also lets the compiler do its work. */
async function warmUp(bench: Bench, list: readonly Scenario[], lengths: Lengths): Promise<void> {
  for (const name of bench.running.keys())
    for (const scenario of list) {
      const { load } = scenario
      if (load.shape === 'closed' && (name !== 'direct' || scenario.direct))
        await bench.measure(name, { ...scenario, load: { ...load, warmMs: 0, windowMs: lengths.window / 2 } })
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
async function startAll(
  bench: Bench,
  options: Options,
  root: string,
): Promise<Pick<Parameters<typeof writeRecord>[0], 'versions' | 'skipped'>> {
  const versions: Record<string, string> = {}
  const skipped: Record<string, string> = {}
  for (const name of options.names) {
    const found = await presence(name, root)
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
  const bench = await Bench.open(root, scratch, pinning, options.profiles)
  try {
    const { versions, skipped } = await startAll(bench, options, root)
    const list = scenarios(options.lengths).filter(({ name }) => options.scenarios.includes(name))
    await warmUp(bench, list, options.lengths)
    const outcomes = await rounds(bench, options, list)
    const turnout = bench.running.get('turnout')
    const proof: Proof | null = turnout === undefined ? null : await prove(turnout, bench.sent.get('turnout')!)
    const figures = new Map<string, Figures>(
      [...bench.running.keys()].map((name) => [name, figuresOf(name, list, outcomes)]),
    )
    say(`\n${report(figures)}`)
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
