import { setTimeout as sleep } from 'node:timers/promises'
import { HttpClient } from '../../backends/upstream/http-client.ts'
import type { TelemetryEvent } from '../../core/events.ts'

type Signal = TelemetryEvent['signal']

export interface CollectorOptions {
  readonly endpoint: string
  readonly headers: Readonly<Record<string, string>>
  readonly userAgent: string
  readonly emit: (event: TelemetryEvent) => void
  /** Spans that may wait. */
  readonly queue: number
  /** Before each further try, in ms. */
  readonly waits: readonly number[]
}

/** Longest that one export may take. */
const EXPORT_MS = 5_000
/** The collector asks for another try by these. */
const RETRYABLE: ReadonlySet<number> = new Set([429, 502, 503, 504])

/**
 * The way to an OTLP collector, and the count of what waits for it. A collector that is away costs some memory, then
 * spans, never a request; there is one event for each signal, not one for every export.
 */
export class Collector {
  readonly #options: CollectorOptions
  readonly #client = new HttpClient({ connectMs: EXPORT_MS, connections: 4 })
  readonly #hurry = new AbortController()
  readonly #open = new Set<Promise<unknown>>()
  #closed = false
  #waiting = 0
  #lost = 0
  readonly #away = new Set<Signal>()

  constructor(options: CollectorOptions) {
    this.#options = options
  }

  /** Takes in `spans` more; false where there is no room for them, and they are lost. */
  admit(spans: number): boolean {
    if (this.#waiting + spans > this.#options.queue) {
      this.#lost += spans
      this.#troubled('traces', 'queue_full')
      return false
    }
    this.#waiting += spans
    return true
  }

  /** Sends a batch of `spans`, several times where that may help; it waits no longer, whatever comes of it. */
  sendSpans(body: Uint8Array, spans: number): Promise<boolean> {
    return this.#opened(this.#sendSpans(body, spans))
  }

  /** Once: sums go on, so the next export brings what this one could not. */
  sendMetrics(body: Uint8Array): Promise<boolean> {
    return this.#opened(this.#send('metrics', body).then((sent) => sent === 'taken'))
  }

  /** From now on nothing waits for a further try. */
  hurry(): void {
    this.#hurry.abort()
  }

  /** Resolves when all that was sent has its answer. */
  async idle(): Promise<void> {
    await Promise.all(this.#open)
  }

  /** Cuts what is still open. */
  async close(): Promise<void> {
    this.#hurry.abort()
    this.#closed = true
    await this.#client.destroy()
    const lost = this.#lost + this.#waiting
    if (lost > 0) this.#options.emit({ event: 'spans_lost', signal: 'traces', lost })
  }

  #opened(sending: Promise<boolean>): Promise<boolean> {
    this.#open.add(sending)
    void sending.then(() => this.#open.delete(sending))
    return sending
  }

  async #sendSpans(body: Uint8Array, spans: number): Promise<boolean> {
    let sent = await this.#send('traces', body)
    for (const wait of this.#options.waits) {
      if (sent !== 'later' || this.#hurry.signal.aborted) break
      await sleep(wait, undefined, { signal: this.#hurry.signal, ref: false }).catch(() => undefined)
      sent = await this.#send('traces', body)
    }
    this.#waiting -= spans
    if (sent !== 'taken') this.#lost += spans
    return sent === 'taken'
  }

  async #send(signal: Signal, body: Uint8Array): Promise<'taken' | 'later' | 'refused'> {
    const { endpoint, headers, userAgent } = this.#options
    try {
      const status = await this.#client.status({
        url: `${endpoint}/v1/${signal}`,
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json', 'user-agent': userAgent },
        body,
        signal: AbortSignal.timeout(EXPORT_MS),
      })
      if (status >= 200 && status < 300) {
        this.#well(signal)
        return 'taken'
      }
      this.#troubled(signal, `status_${status}`)
      return RETRYABLE.has(status) ? 'later' : 'refused'
    } catch (thrown) {
      if (!this.#closed) this.#troubled(signal, codeOf(thrown))
      return 'later'
    }
  }

  #troubled(signal: Signal, reason: string): void {
    if (this.#away.has(signal)) return
    this.#away.add(signal)
    this.#options.emit({ event: 'collector_away', signal, reason })
  }

  /** One export that went well is no end of the trouble while most of the queue is still full. */
  #well(signal: Signal): void {
    if (!this.#away.has(signal) || (signal === 'traces' && this.#waiting > this.#options.queue / 2)) return
    this.#away.delete(signal)
    if (signal === 'metrics') return this.#options.emit({ event: 'collector_back', signal })
    this.#options.emit({ event: 'collector_back', signal, lost: this.#lost })
    this.#lost = 0
  }
}

/** The text of an error names addresses. */
function codeOf(thrown: unknown): string {
  const { code, name } = thrown as { code?: unknown; name?: unknown }
  return typeof code === 'string' ? code : String(name)
}
