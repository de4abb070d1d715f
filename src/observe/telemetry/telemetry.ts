/** OpenTelemetry. Imported only where it is configured: loading it takes longer than loading the rest of the gateway. */
import { setTimeout as sleep } from 'node:timers/promises'
import { resourceFromAttributes } from '@opentelemetry/resources'
import type { TelemetryEvent } from '../../core/events.ts'
import type { TelemetrySpec } from '../../core/settings.ts'
import type { RequestObserver, RequestRecord } from '../../core/request-record.ts'
import { Collector } from './collector.ts'
import { GenAiMetrics } from './gen-ai-metrics.ts'
import { Spans } from './spans.ts'

export interface TelemetryOptions {
  readonly version: string
  /** What the conventions call the provider of each backend, by the backend's name; read with each request, as backends come while the gateway runs. */
  readonly kinds: ReadonlyMap<string, string>
  readonly emit: (event: TelemetryEvent) => void
  /** Absent: the usual ones. */
  readonly pace?: Partial<ExportPace>
}

export interface ExportPace {
  /** Spans that may wait: some 10 MB. */
  readonly queue: number
  /** Longest that a span waits for others to go with, in ms. */
  readonly delayMs: number
  /** Before each further try to send spans, in ms. */
  readonly waits: readonly number[]
  /** How long the last export may take, in ms. */
  readonly closeMs: number
}

const PACE: ExportPace = { queue: 4096, delayMs: 2_000, waits: [500, 2_000], closeMs: 3_000 }

/** Spans and GenAI metrics of finished requests, sent in batches beside the requests. */
export class Telemetry implements RequestObserver {
  readonly readsDecisions = 'none'
  readonly #collector: Collector
  readonly #spans: Spans | null
  readonly #metrics: GenAiMetrics | null
  readonly #closeMs: number

  constructor(spec: TelemetrySpec, { version, kinds, emit: onEvent, pace }: TelemetryOptions) {
    const { queue, delayMs, waits, closeMs } = { ...PACE, ...pace }
    const { endpoint, headers, intervalMs } = spec
    const resource = resourceFromAttributes({ 'service.name': spec.serviceName, 'service.version': version })
    const collector = new Collector({ endpoint, headers, userAgent: `turnout/${version}`, emit: onEvent, queue, waits })
    const shared = {
      resource,
      version,
      collector,
      providerOf: (backend: string) => kinds.get(backend) ?? backend,
    }
    this.#collector = collector
    this.#spans = spec.traces ? new Spans({ ...shared, queue, delayMs }) : null
    this.#metrics = spec.metrics ? new GenAiMetrics({ ...shared, intervalMs }) : null
    this.#closeMs = closeMs
  }

  onCompleted(record: RequestRecord): void {
    this.#spans?.record(record)
    this.#metrics?.record(record)
  }

  /** Sends what waits, as far as that goes in the time there is. */
  async close(): Promise<void> {
    this.#collector.hurry()
    const over = new AbortController()
    const flushed = Promise.allSettled([this.#spans?.close(), this.#metrics?.close()])
      // The SDK waits for what it hands out now, not for what it handed out before.
      .then(() => this.#collector.idle())
      .then(() => over.abort())
    const limit = sleep(this.#closeMs, undefined, { signal: over.signal }).catch(() => undefined)
    await Promise.race([flushed, limit])
    await this.#collector.close()
  }
}
