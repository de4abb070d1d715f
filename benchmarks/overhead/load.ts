/** Child process: the load generator. It runs one job at a time, checks every answer, and reads the CPU clocks at the edges of its window. */
import { Worker } from 'node:worker_threads'
import { AnswerCheck, type Listener, type Verdict } from './answer-check.ts'
import { scriptOf } from './dialects/answers.ts'
import { DialectCheck, differs } from './dialects/check.ts'
import type { Cell, Closed, Job, Load } from './job.ts'
import { FIRST_NUMBER } from './numbered.ts'
import { expected, MODEL, modelName } from './payload.ts'
import { cpuMicros, machineMicros } from './proc.ts'
import { requestsOf } from './requests.ts'
import { Wire } from './wire.ts'

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Counts and times of one job. */
class Tally {
  readonly cell: Cell
  readonly #job: Job
  #open = false
  #startedAt = 0
  readonly #limit: number | null
  #ended: () => void = () => undefined
  /** When the window has ended. */
  readonly ended = new Promise<void>((resolve) => (this.#ended = resolve))
  #before: Cell['cpuMicros'] = { proxy: 0, upstream: 0, load: 0, machine: 0 }

  constructor(job: Job) {
    this.#job = job
    this.#limit = job.load.shape === 'closed' ? job.load.requests : null
    this.cell = {
      requests: 0,
      chunks: 0,
      wallMs: 0,
      cpuMicros: { proxy: 0, upstream: 0, load: 0, machine: 0 },
      firstMs: [],
      totalMs: [],
      lateMs: [],
      completed: 0,
      identical: 0,
      outputTokens: 0,
    }
  }

  get open(): boolean {
    return this.#open
  }

  begin(): void {
    this.#before = this.#clocks()
    this.#startedAt = performance.now()
    this.#open = true
  }

  /** One more answer; the window may end with it. */
  answered(): void {
    if (!this.#open) return
    this.cell.requests++
    if (this.cell.requests === this.#limit) this.finish()
  }

  /** Also where its last request has ended it already. */
  finish(): void {
    if (!this.#open) return
    this.#open = false
    this.cell.wallMs = performance.now() - this.#startedAt
    const after = this.#clocks()
    for (const who of ['proxy', 'upstream', 'load', 'machine'] as const)
      this.cell.cpuMicros[who] = after[who] - this.#before[who]
    this.#ended()
  }

  #clocks(): Cell['cpuMicros'] {
    const { proxyPids, upstreamPid } = this.#job
    return {
      proxy: cpuMicros(proxyPids),
      upstream: cpuMicros([upstreamPid]),
      load: cpuMicros([process.pid]),
      machine: machineMicros(),
    }
  }
}

/** Of the next request; none is ever sent twice. */
let number = FIRST_NUMBER

/** Resolves when the answer is whole, rejects when it is wrong. */
function asker(job: Job, tally: Tally): (wire: Wire) => Promise<void> {
  const { ask } = job.load
  const requestOf = requestsOf(job)
  const models = new Set(Array.from({ length: job.models }, (_, index) => modelName(index)))
  const { talk, stream } = ask
  const outputTokens =
    talk === undefined ? expected(ask, MODEL, number).outputTokens : scriptOf(number, stream).tokens.output
  const { cell } = tally
  return (wire) =>
    new Promise((resolve, reject) => {
      const own = number++
      const sentAt = performance.now()
      const sentInWindow = tally.open
      const keep = job.samples && sentInWindow
      const listener: Listener = {
        events: (count) => {
          if (tally.open) cell.chunks += count
        },
        first: () => {
          if (keep) cell.firstMs.push(performance.now() - sentAt)
        },
        done: (verdict: Verdict, why) => {
          if (verdict === null) return reject(new Error(`${job.name}: ${why}`))
          cell.completed++
          cell.outputTokens += outputTokens
          if (talk !== undefined && stream && tally.open) cell.chunks += outputTokens
          if (verdict === 'identical') cell.identical++
          tally.answered()
          if (keep) cell.totalMs.push(performance.now() - sentAt)
          resolve()
        },
      }
      const sink =
        talk === undefined
          ? new AnswerCheck((model) => (models.has(model) ? expected(ask, model, own) : null), listener)
          : new DialectCheck((answer) => differs(talk.caller, answer, own, stream), listener)
      wire.send(requestOf(own), sink)
    })
}

type Held = Extract<Load, { shape: 'held' }>
type Poisson = Extract<Load, { shape: 'poisson' }>

/** Each connection asks again as soon as it has its answer. */
async function closed(job: Job, load: Closed, tally: Tally): Promise<void> {
  const ask = asker(job, tally)
  let stopping = false
  let asked = 0
  const visitor = async (): Promise<void> => {
    const wire = await Wire.open(job.port)
    while (!stopping && (load.requests === null || asked++ < load.requests)) {
      if (load.pauseMs > 0) await pause(Math.random() * load.pauseMs)
      await ask(wire)
    }
    wire.close()
  }
  const visitors = Promise.all(Array.from({ length: load.connections }, visitor))
  const timing = (async () => {
    await pause(load.warmMs)
    tally.begin()
    const last = setTimeout(() => tally.finish(), load.windowMs)
    await tally.ended
    clearTimeout(last)
    stopping = true
  })()
  await Promise.all([visitors, timing])
}

/** Opens streams one by one and measures while all of them are open, so that their starts and ends cost nothing here. */
async function held(job: Job, load: Held, tally: Tally): Promise<void> {
  const ask = asker(job, tally)
  const streams: Promise<void>[] = []
  const startedAt = performance.now()
  for (let index = 0; index < load.streams; index++) {
    const wait = startedAt + (load.rampMs * index) / load.streams - performance.now()
    if (wait > 1) await pause(wait)
    const wire = await Wire.open(job.port)
    const stream = ask(wire).finally(() => wire.close())
    stream.catch(() => undefined)
    streams.push(stream)
  }
  await Promise.race([Promise.all(streams), pause(load.settleMs)])
  tally.begin()
  await pause(load.windowMs)
  tally.finish()
  if (tally.cell.completed > 0) throw new Error(`${job.name}: streams ended inside the window; make them longer`)
  await Promise.all(streams)
}

/** Arrivals that do not wait for answers. A thread keeps the time, since a timer of the event loop knows whole milliseconds only. */
async function poisson(job: Job, load: Poisson, tally: Tally): Promise<void> {
  const ask = asker(job, tally)
  // First in, first out: no connection idles until the server closes it.
  const idle = await Promise.all(Array.from({ length: load.connections }, () => Wire.open(job.port)))
  const pending = new Set<Promise<void>>()
  let failure: Error | null = null
  const clock = new Worker(new URL('./metronome.js', import.meta.url), {
    workerData: { perSecond: load.perSecond, durationMs: load.warmMs + load.windowMs },
  })
  const arrive = async (): Promise<void> => {
    const wire = idle.shift() ?? (await Wire.open(job.port))
    await ask(wire)
    idle.push(wire)
  }
  const ended = new Promise<void>((resolve, reject) => {
    clock.on('error', reject)
    clock.on('exit', () => resolve())
  })
  clock.on('message', (dueMicros: number) => {
    if (tally.open) tally.cell.lateMs.push((Number(process.hrtime.bigint() / 1000n) - dueMicros) / 1000)
    const arrival = arrive().catch((error: unknown) => {
      failure ??= error as Error
    })
    pending.add(arrival)
    void arrival.then(() => pending.delete(arrival))
  })
  await pause(load.warmMs)
  tally.begin()
  await pause(load.windowMs)
  tally.finish()
  await ended
  await Promise.all(pending)
  for (const wire of idle) wire.close()
  if (failure !== null) throw failure as Error
}

async function run(job: Job): Promise<Cell> {
  const tally = new Tally(job)
  const { load } = job
  if (load.shape === 'closed') await closed(job, load, tally)
  else if (load.shape === 'held') await held(job, load, tally)
  else await poisson(job, load, tally)
  return tally.cell
}

/** Beyond its window a job may take this long until its last answers are in. */
const GRACE_MS = 30_000

process.on('message', (job: Job) => {
  const { load } = job
  const lead = load.shape === 'held' ? load.rampMs + load.settleMs : load.warmMs
  const limit = setTimeout(
    () => {
      process.send?.({ failed: `${job.name}: answers are still missing ${GRACE_MS / 1000} s after the window` })
    },
    lead + load.windowMs + GRACE_MS,
  )
  run(job)
    .then((cell) => process.send?.({ cell }))
    .catch((error: unknown) => process.send?.({ failed: (error as Error).message }))
    .finally(() => clearTimeout(limit))
})
process.on('disconnect', () => process.exit(0))
process.send?.({ ready: true })
