import { Worker } from 'node:worker_threads'
import type { CheckResult } from '../core/settlement.ts'
import type { Checker, CheckRequest } from './fit.ts'

export interface CheckerLimits {
  /** Longest that one check may take, in ms: a schema can be written to take for ever. */
  readonly checkMs: number
  /** Longest that the thread may take to start, in ms. */
  readonly startMs: number
  /** Nothing is checked for so long after a check had to be ended, in ms: a bad schema costs little more than once. */
  readonly restMs: number
  /** Checks that may wait. */
  readonly queue: number
}

const LIMITS: CheckerLimits = { checkMs: 250, startMs: 5_000, restMs: 1_000, queue: 256 }

/** The thread sees no environment, and ends when it takes more memory. */
const THREAD = { env: {}, execArgv: [], resourceLimits: { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 8 } }

interface Job {
  readonly question: CheckRequest
  readonly resolve: (fit: CheckResult) => void
}

/** Asks check-worker.ts, one question after the other. The thread starts with the first question. */
export class AnswerChecker implements Checker {
  readonly #limits: CheckerLimits
  #worker: Worker | null = null
  #online = false
  #active: Job | null = null
  #queue: Job[] = []
  #timer: NodeJS.Timeout | null = null
  #restUntil = 0
  #closed = false

  constructor(limits: Partial<CheckerLimits> = {}) {
    this.#limits = { ...LIMITS, ...limits }
  }

  check(question: CheckRequest): Promise<CheckResult> {
    const refuses = this.#closed || this.#queue.length >= this.#limits.queue || performance.now() < this.#restUntil
    if (refuses) return Promise.resolve('unchecked')
    return new Promise((resolve) => {
      this.#queue.push({ question, resolve })
      this.#next()
    })
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#drop(this.#worker)
  }

  #next(): void {
    if (this.#active !== null) return
    const job = this.#queue.shift()
    if (job === undefined) return
    const worker = (this.#worker ??= this.#start())
    this.#active = job
    const limitMs = this.#online ? this.#limits.checkMs : this.#limits.startMs
    this.#timer = setTimeout(() => void this.#drop(worker), limitMs)
    const { format, tools } = job.question
    const memory = [...(format === null ? [] : [format]), ...tools].map(({ json }) => json.buffer as ArrayBuffer)
    worker.postMessage(job.question, memory)
  }

  #start(): Worker {
    const worker = new Worker(new URL('./check-worker.js', import.meta.url), THREAD)
    worker.unref()
    worker.on('message', (fit: CheckResult | null) =>
      fit === null ? this.#ready(worker) : this.#answered(worker, fit),
    )
    worker.on('error', () => void this.#drop(worker))
    worker.on('exit', () => void this.#drop(worker))
    return worker
  }

  /** Node's own `online` comes before the thread has loaded what it needs, which takes longer than any check on a busy machine. */
  #ready(worker: Worker): void {
    if (this.#worker !== worker) return
    this.#online = true
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = this.#active === null ? null : setTimeout(() => void this.#drop(worker), this.#limits.checkMs)
  }

  #answered(worker: Worker, fit: CheckResult): void {
    if (this.#worker !== worker) return
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#active?.resolve(fit)
    this.#active = null
    this.#next()
  }

  /** Ends the thread, and leaves unchecked what it had to do and what waits. */
  async #drop(worker: Worker | null): Promise<void> {
    if (this.#worker !== worker) return
    if (this.#timer !== null) clearTimeout(this.#timer)
    const left = [...(this.#active === null ? [] : [this.#active]), ...this.#queue]
    this.#worker = null
    this.#online = false
    this.#active = null
    this.#queue = []
    this.#restUntil = performance.now() + this.#limits.restMs
    for (const { resolve } of left) resolve('unchecked')
    await worker?.terminate()
  }
}
