/** `npm run bench:ledger`: what the ledger costs for each request, and whether the event loop feels it. See benchmarks/README.md. */
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { DEFAULT_LIMITS } from '../../src/config/defaults.ts'
import type { AttemptRecord, RequestObserver, RequestRecord } from '../../src/core/request-record.ts'
import { totalOf } from '../../src/core/total.ts'
import { Ledger } from '../../src/ledger/ledger.ts'
import { entriesOf } from '../../src/ledger/read.ts'
import { createLog } from '../../src/observe/log/log.ts'
import { NO_TOKENS } from '../../src/core/no-tokens.ts'
import { plan } from '../../src/decision/route/plan.ts'
import { classify, fieldOf, weights } from '../decision/measure.ts'
import { MOMENT, requestFor } from '../stand-ins.ts'

const CANDIDATES = 8
const DIFFERENT = 500
const TURNS = 20_000
const ROUNDS = 5
/** So few that the young generation takes what they leave behind without a collection: see the script in package.json. */
const ALLOCATING = 2000
const PER_SECOND = 2000
const SECONDS = 10

/** Finished requests with decisions among some candidates, all different. */
function finished(): RequestRecord[] {
  const table = fieldOf(CANDIDATES, requestFor('What is the capital of France?', true), weights)
  return Array.from({ length: DIFFERENT }, (_, index) => {
    const request = { ...requestFor(`Question ${index}: what is the capital of France?`, true), id: `bench-${index}` }
    const route = plan(request, classify(request), table, DEFAULT_LIMITS, MOMENT)
    const { backend, model } = route.decision.order[0]!
    const attempt: AttemptRecord = {
      backend,
      startedMs: 0.4,
      answeredAs: model,
      chunks: 42,
      model,
      effort: null,
      format: 'openai-chat',
      lossy: [],
      status: 200,
      error: null,
      answered: true,
      ttftMs: 311.2345 + index,
      totalMs: 1234.567 + index,
      usage: { ...NO_TOKENS, input: 812 + index, cachedInput: 512, output: 230, reasoning: 0 },
      cost: { nanoUsd: 1_234_567 + index, source: 'price', estimated: false },
      waste: null,
      expected: route.expected(route.order[0]!),
    }
    return {
      id: request.id,
      ...{ key: 'team-a', team: 'red', user: 'u-17', route: route.route, session: 's-1234', agent: 'coder' },
      ...{ endpoint: request.endpoint.id, path: request.endpoint.path, requestedModel: request.model, stream: true },
      ...{ labels: {}, trace: null, sampling: null, explained: false, repeated: false, step: null, hinted: null },
      ...{
        planned: true,
        strategy: route.strategy,
        class: route.profile.class,
        explored: route.explored,
        trials: route.trials,
      },
      ...{ affinity: route.profile.affinity, maxTokens: null, baseline: null, decision: route.decision },
      ...{ attempts: [attempt], calls: 1, answered: true, backend, model, effort: null },
      ...totalOf([attempt]),
      ...{
        ttftMs: attempt.ttftMs,
        totalMs: attempt.totalMs,
        streamMs: 900.4,
        queueMs: 0,
        overheadMs: 0.31,
        endedAt: Date.now(),
      },
      ...{
        finish: 'stop',
        success: true,
        score: 1,
        why: null,
        status: 200,
        error: null,
        failure: null,
        bytesOut: 9000,
      },
    }
  })
}

const again = (record: RequestRecord): RequestRecord => ({ ...record, endedAt: Date.now() })

interface Cost {
  /** Of the event loop: the time that the calls take. */
  readonly loop: number
  /** CPU of the whole process: also of the threads that write, and of the system below them. */
  readonly process: number
}

/** Microseconds for one request; the quietest of some rounds. */
async function costOf(all: readonly RequestRecord[], observers: readonly RequestObserver[]): Promise<Cost> {
  const rounds: Cost[] = []
  for (let round = 0; round <= ROUNDS; round++) {
    const before = process.cpuUsage()
    let loop = 0
    for (let turn = 0; turn < TURNS; turn += 20) {
      const some = Array.from({ length: 20 }, (_, index) => again(all[(turn + index) % all.length]!))
      const startedAt = performance.now()
      for (const record of some) for (const observer of observers) observer.onCompleted(record)
      loop += performance.now() - startedAt
      await new Promise(setImmediate)
    }
    await new Promise((resolve) => setTimeout(resolve, 700))
    const { user, system } = process.cpuUsage(before)
    if (round > 0) rounds.push({ loop: (loop * 1000) / TURNS, process: (user + system) / TURNS })
  }
  return { loop: Math.min(...rounds.map((one) => one.loop)), process: Math.min(...rounds.map((one) => one.process)) }
}

/** Bytes of the heap for one request; the least of some rounds. */
async function allocatedBy(all: readonly RequestRecord[], observer: RequestObserver): Promise<number> {
  const rounds: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const some = Array.from({ length: ALLOCATING }, (_, turn) => again(all[turn % all.length]!))
    globalThis.gc?.()
    const before = process.memoryUsage().heapUsed
    for (const record of some) observer.onCompleted(record)
    rounds.push((process.memoryUsage().heapUsed - before) / ALLOCATING)
    await new Promise((resolve) => setTimeout(resolve, 700))
  }
  return Math.min(...rounds)
}

async function bytesIn(folder: string): Promise<number> {
  let bytes = 0
  for (const name of await readdir(folder)) bytes += (await stat(join(folder, name))).size
  return bytes
}

/** Rows in a second, as `turnout ledger` reads and writes them. */
async function readingSpeed(folder: string, decisions: boolean): Promise<number> {
  let [rows, characters] = [0, 0]
  const startedAt = performance.now()
  for await (const { text } of entriesOf(folder, { decisions })) {
    rows++
    characters += text.length
  }
  if (characters < rows) throw new Error('rows without text')
  return rows / ((performance.now() - startedAt) / 1000)
}

/** Delays of the event loop at a steady rate, ms. */
async function delays(
  all: readonly RequestRecord[],
  observers: readonly RequestObserver[],
): Promise<{ p50: number; p99: number; max: number }> {
  const histogram = monitorEventLoopDelay({ resolution: 1 })
  histogram.enable()
  const startedAt = performance.now()
  let sent = 0
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const due = ((performance.now() - startedAt) / 1000) * PER_SECOND
      for (; sent < due; sent++) for (const observer of observers) observer.onCompleted(again(all[sent % all.length]!))
      if (sent < PER_SECOND * SECONDS) return
      clearInterval(timer)
      resolve()
    }, 1)
  })
  histogram.disable()
  const ms = (value: number): number => value / 1e6
  return { p50: ms(histogram.percentile(50)), p99: ms(histogram.percentile(99)), max: ms(histogram.max) }
}

async function main(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'turnout-bench-ledger-'))
  const log = createLog('info', { write: () => undefined }).observer('sampled')
  const tell = (event: object): void => void process.stdout.write(`${JSON.stringify(event)}\n`)
  const ledger = await Ledger.open({ folder, keepMs: null, maxBytes: 2e9 }, { emit: tell })
  const all = finished()
  let settled = 0
  const counted: RequestObserver = {
    readsDecisions: 'all',
    onCompleted: (record) => (settled++, ledger.onCompleted(record)),
  }
  const none = await costOf(all, [])
  const logged = await costOf(all, [log])
  const both = await costOf(all, [log, counted])
  const alone = await costOf(all, [counted])
  const allocated = await allocatedBy(all, counted)
  const less = (one: Cost, other: Cost): string =>
    `${(one.loop - other.loop).toFixed(1)} us of the event loop, ${(one.process - other.process).toFixed(1)} us of the process`
  process.stdout.write(`for each request, one attempt, ${CANDIDATES} candidates:\n`)
  process.stdout.write(`  log alone           ${less(logged, none)}\n`)
  process.stdout.write(`  ledger beside a log ${less(both, logged)}\n`)
  process.stdout.write(`  ledger alone        ${less(alone, none)}; ${allocated.toFixed(0)} bytes allocated\n`)
  for (const [name, observers] of [
    ['nothing', []],
    ['log', [log]],
    ['log and ledger', [log, counted]],
  ] as const) {
    const { p50, p99, max } = await delays(all, observers)
    const [a, b, c] = [p50, p99, max].map((value) => value.toFixed(2))
    process.stdout.write(`${PER_SECOND}/s, ${name}: event loop delay p50 ${a} ms, p99 ${b} ms, max ${c} ms\n`)
  }
  await ledger.close()
  let rows = 0
  for await (const { row } of entriesOf(folder)) if (row.kind === 'request') rows++
  if (rows !== settled) throw new Error(`${settled} settled, ${rows} in the ledger`)
  process.stdout.write(`${rows} requests, all of them in the ledger\n`)
  process.stdout.write(`${((await bytesIn(folder)) / rows).toFixed(0)} bytes on the disk for each\n`)
  for (const decisions of [false, true]) {
    const speed = (await readingSpeed(folder, decisions)).toFixed(0)
    process.stdout.write(`read ${decisions ? 'with' : 'without'} decisions: ${speed} rows/s\n`)
  }
  await rm(folder, { recursive: true })
}

await main()
