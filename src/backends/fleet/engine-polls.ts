/**
 * Asks one engine what it is doing: with each look at it, and every one or two seconds while it has work. An engine that has none is
 * left alone in between, and a cloud always is. What goes wrong here says nothing about the health of a backend.
 */
import type { EngineReading } from '../../core/engine-reading.ts'
import type { TelemetrySource } from '../../core/telemetry-source.ts'
import type { BackendSpec } from '../../core/settings.ts'
import { Reader } from '../readings/reader.ts'
import type { HttpClient } from '../upstream/http-client.ts'
import type { LiveState } from './health.ts'
import { type Asked, EngineQuestions } from './engine-questions.ts'

export interface PollTools {
  readonly client: () => HttpClient
  /** Monotonic, ms. */
  now(): number
  /** The reading is another one. */
  read(): void
}

export interface PollTiming {
  /** Between two polls of an engine that has work, before jitter. */
  readonly pollMs: number
  /** Of one poll with all its questions. */
  readonly timeoutMs: number
}

/** What changes seldom is asked for after this long, and up to twice of it. */
const CATALOGUE_MS = 30_000
/** So many polls without an answer, and what was told of the moment before is no longer so. */
const STALE_POLLS = 4
const LEAST_STALE_MS = 6_000
const MOST_DOUBLINGS = 4
/** An engine spends at most this share of its time on answers to us. */
const LEAST_PAUSE = 2

export class EnginePolls {
  readonly #live: LiveState
  readonly #tools: PollTools
  readonly #reader = new Reader()
  readonly #questions: EngineQuestions
  #spec: BackendSpec
  #timing: PollTiming
  #timer: NodeJS.Timeout | null = null
  #polling: Promise<void> | null = null
  #abort: AbortController | null = null
  /** It answered the last look as what it is said to be. */
  #there = false
  /** There was work since the last poll. */
  #owed = false
  /** A look came in the middle of a poll. */
  #lookOwed = false
  #failures = 0
  #catalogueAt = -Infinity
  #stopped = false

  constructor(spec: BackendSpec, live: LiveState, timing: PollTiming, tools: PollTools) {
    this.#spec = spec
    this.#live = live
    this.#timing = timing
    this.#tools = tools
    this.#questions = new EngineQuestions(() => tools.now())
  }

  /** Another configuration is in force. */
  apply(spec: BackendSpec, timing: PollTiming): void {
    this.#timing = timing
    if (spec === this.#spec) return
    this.#spec = spec
    this.gone()
  }

  /** A call was sent to an engine that had none. */
  busy(): void {
    this.#owed = true
    if (this.#timer === null && this.#there && this.#tellsOfWork) this.#wait(Math.random() * this.#timing.pollMs)
  }

  /** A look found it. */
  found(): void {
    if (this.#stopped || this.#sources.length === 0) return
    this.#there = true
    this.#poll(true)
  }

  /** It cannot be reached, or is another one: nothing that it told is so any more. */
  gone(): void {
    if (!this.#there && this.#live.reading === null) return
    this.#there = false
    this.#pause()
    this.#abort?.abort()
    this.#reader.forget()
    this.#questions.forget()
    this.#catalogueAt = -Infinity
    this.#failures = 0
    this.#show()
  }

  /** No timer and no question is left when it resolves. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#there = false
    this.#pause()
    this.#abort?.abort()
    await this.#polling
  }

  get #sources(): readonly TelemetrySource[] {
    return this.#spec.poll ? (this.#spec.provider.telemetry ?? []) : NONE
  }

  get #tellsOfWork(): boolean {
    return this.#sources.some(({ every }) => every === 'poll')
  }

  get #atWork(): boolean {
    return this.#live.load.open > 0 || (this.#live.reading?.foreign ?? 0) > 0
  }

  #pause(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }

  #wait(ms: number): void {
    this.#pause()
    if (this.#stopped || !this.#there) return
    this.#timer = setTimeout(() => this.#due(), ms)
    this.#timer.unref()
  }

  /** One more poll after the work has ended sees its end. */
  #due(): void {
    this.#timer = null
    const atWork = this.#atWork
    if (!atWork && !this.#owed) return
    this.#owed = this.#live.load.open > 0
    this.#poll(false)
  }

  /** Never two at once. */
  #poll(look: boolean): void {
    if (this.#polling !== null) {
      this.#lookOwed ||= look
      return
    }
    this.#polling = this.#ask(look).finally(() => {
      this.#polling = null
      const again = this.#lookOwed && this.#there
      this.#lookOwed = false
      if (again) this.#poll(true)
    })
  }

  async #ask(look: boolean): Promise<void> {
    const abort = new AbortController()
    this.#abort = abort
    const limit = setTimeout(() => abort.abort(new DOMException('poll', 'TimeoutError')), this.#timing.timeoutMs)
    limit.unref()
    const { load } = this.#live
    const began = this.#tools.now()
    const before = load.open
    try {
      const answered = await this.#askAll(look, abort.signal)
      if (this.#abort !== abort || !this.#there) return
      this.#failures = answered ? 0 : this.#failures + 1
      this.#show(Math.max(before, load.open))
    } finally {
      clearTimeout(limit)
      if (this.#abort === abort) this.#abort = null
    }
    if (this.#timer === null && this.#tellsOfWork && (this.#atWork || this.#owed))
      this.#wait(this.#nextMs(this.#tools.now() - began))
  }

  /** False where the engine left a question without an answer. */
  async #askAll(look: boolean, signal: AbortSignal): Promise<boolean> {
    const now = this.#tools.now()
    const catalogue = now >= this.#catalogueAt
    const working = !look || this.#atWork
    this.#reader.begin()
    let answered = true
    for (const source of this.#sources) {
      if (signal.aborted) return false
      if (!this.#isDue(source, look, catalogue, working)) continue
      const models = source.perModel ? this.#reader.loaded : []
      const asked: Asked = await this.#questions.ask(source, models, this.#spec, {
        client: this.#tools.client(),
        signal,
      })
      if (asked === 'no answer') answered = false
      else if (asked.length > 0 && !signal.aborted && !this.#reader.take(source, asked, this.#tools.now()))
        this.#questions.rest(source)
    }
    if (catalogue && answered) this.#catalogueAt = now + CATALOGUE_MS * (1 + Math.random())
    return answered
  }

  #isDue({ every, wakes, unless }: TelemetrySource, look: boolean, catalogue: boolean, working: boolean): boolean {
    if ((every === 'look' && !look) || (every === 'catalogue' && !catalogue)) return false
    if (wakes && (!working || this.#live.reading?.sleeping === true)) return false
    return unless === null || !this.#reader.told(unless)
  }

  /** Once or twice the time between polls, doubled with each failure; a slow engine is left alone for longer. */
  #nextMs(tookMs: number): number {
    const usual = this.#timing.pollMs * (2 / 3) * (1 + Math.random())
    return Math.max(
      usual * 2 ** Math.min(this.#failures, MOST_DOUBLINGS),
      LEAST_PAUSE * Math.min(tookMs, this.#timing.timeoutMs),
    )
  }

  /** `open`: most calls of this gateway that the engine may have counted. */
  #show(open = this.#live.load.open): void {
    const staleMs = Math.max(LEAST_STALE_MS, STALE_POLLS * this.#timing.pollMs)
    this.told(this.#reader.reading(this.#tools.now(), staleMs, open))
  }

  /** This is what it tells of itself now. */
  told(reading: EngineReading | null): void {
    const { load } = this.#live
    this.#live.reading = reading
    load.running = reading?.running ?? null
    load.waiting = reading?.waiting ?? null
    load.foreign = reading?.foreign ?? null
    load.kv = reading?.kv ?? null
    this.#tools.read()
  }
}

const NONE: readonly TelemetrySource[] = []
