/** Compares one answer with what had to come, as it comes: by its bytes where they are the upstream's own, else by its meaning. */
import type { Expected } from './payload.ts'
import type { Sink } from './wire.ts'

/** How an answer was found good: the same bytes, or other bytes that say the same. Null = it was not. */
export type Verdict = 'identical' | 'equivalent' | null

export interface Listener {
  /** Content events that have come with one read. */
  events(count: number): void
  first(): void
  done(verdict: Verdict, why: string): void
}

const LINE_FEED = 10
/** Within so many bytes an answer names its model. */
const FRONT = 300

/** Equal to nothing that comes. */
const UNKNOWN = { body: Buffer.alloc(0), ends: [] }

const modelIn = (text: string): string => /"model":"([^"]+)"/.exec(text)?.[1] ?? ''

/** The answer of each model that may give one. */
export type Candidates = (model: string) => Expected | null

export class AnswerCheck implements Sink {
  readonly #candidates: Candidates
  readonly #listener: Listener
  /** Null until the answer has named its model. */
  #expected: Expected | null = null
  #status = 0
  #at = 0
  #events = 0
  #started = false
  /** Bytes received, kept from the first difference on. */
  #other: Buffer[] | null = null
  #lineEmpty = false

  constructor(candidates: Candidates, listener: Listener) {
    this.#candidates = candidates
    this.#listener = listener
  }

  head(status: number): void {
    this.#status = status
  }

  data(bytes: Buffer, start: number, end: number): void {
    if (this.#expected === null && this.#other === null)
      this.#expected = this.#candidates(modelIn(bytes.toString('latin1', start, Math.min(end, start + FRONT))))
    const { body, ends } = this.#expected ?? UNKNOWN
    const until = this.#at + end - start
    if (this.#other === null && until <= body.length && body.compare(bytes, start, end, this.#at, until) === 0) {
      this.#at = until
      const before = this.#events
      while (this.#events < ends.length && (ends[this.#events] ?? 0) <= until) this.#events++
      if (this.#events > before) this.#count(this.#events - before)
      return
    }
    this.#other ??= [body.subarray(0, this.#at)]
    this.#other.push(Buffer.from(bytes.subarray(start, end)))
    const found = this.#blankLines(bytes, start, end)
    if (found > 0) this.#count(found)
  }

  end(): void {
    if (this.#status !== 200) return this.#listener.done(null, `status ${this.#status}: ${this.#text().slice(0, 300)}`)
    if (this.#other === null && this.#at === this.#expected?.body.length) return this.#listener.done('identical', '')
    const text = this.#text()
    // An answer that began with something else, such as a comment, names its model later.
    const expected = this.#expected ?? this.#candidates(modelIn(text))
    if (expected === null) return this.#listener.done(null, `of no model that may answer: ${text.slice(0, 300)}`)
    const why = expected.ends.length === 0 ? jsonDiffers(text, expected) : streamDiffers(text, expected)
    this.#listener.done(why === null ? 'equivalent' : null, why ?? '')
  }

  fail(why: string): void {
    this.#listener.done(null, `${why} (status ${this.#status}, ${this.#at} bytes as expected)`)
  }

  #text(): string {
    const { body } = this.#expected ?? UNKNOWN
    return Buffer.concat(this.#other ?? [body.subarray(0, this.#at)]).toString()
  }

  #count(events: number): void {
    if (!this.#started) {
      this.#started = true
      this.#listener.first()
    }
    this.#listener.events(events)
  }

  #blankLines(bytes: Buffer, start: number, end: number): number {
    let found = 0
    for (let at = start; at < end; at++) {
      const feed = bytes[at] === LINE_FEED
      if (feed && this.#lineEmpty) found++
      this.#lineEmpty = feed && !this.#lineEmpty
    }
    return found
  }
}

interface Payload {
  readonly error?: unknown
  readonly choices?: readonly {
    readonly message?: { readonly content?: string }
    readonly delta?: { readonly content?: string }
    readonly finish_reason?: string | null
  }[]
  readonly usage?: { readonly completion_tokens?: number } | null
}

function parsed(text: string): Payload | null {
  try {
    return JSON.parse(text) as Payload
  } catch {
    return null
  }
}

/** Why a JSON answer is not the expected one; null where it is. */
export function jsonDiffers(text: string, expected: Expected): string | null {
  const answer = parsed(text)
  if (answer === null) return `not JSON: ${text.slice(0, 200)}`
  const [choice] = answer.choices ?? []
  if (choice?.message?.content !== expected.text) return 'another text came'
  if (choice.finish_reason !== 'stop') return `finish reason ${choice.finish_reason}`
  if (answer.usage?.completion_tokens !== expected.outputTokens) return 'another usage came'
  return null
}

/** Why a stream is not the expected one; null where it is. Comments and a usage event may come beside it. */
export function streamDiffers(text: string, expected: Expected): string | null {
  const events = text.split('\n\n')
  if (events.pop() !== '') return 'the last event has no end'
  const data = events.filter((event) => !event.startsWith(':'))
  if (data.pop() !== 'data: [DONE]') return 'the stream does not end with [DONE]'
  let said = ''
  let content = 0
  let finish: string | null = null
  for (const event of data) {
    const payload = event.startsWith('data: ') ? parsed(event.slice(6)) : null
    if (payload === null || payload.error !== undefined) return `a strange event: ${event.slice(0, 200)}`
    if (payload.usage && payload.usage.completion_tokens !== expected.outputTokens) return 'another usage came'
    const [choice] = payload.choices ?? []
    if (choice?.delta?.content !== undefined) {
      content++
      said += choice.delta.content
    }
    finish = choice?.finish_reason ?? finish
  }
  if (content !== expected.ends.length) return `${content} content events, not ${expected.ends.length}`
  if (said !== expected.text) return 'another text came'
  return finish === 'stop' ? null : `finish reason ${finish}`
}
