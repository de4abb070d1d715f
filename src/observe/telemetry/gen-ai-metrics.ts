import type { Attributes, Histogram } from '@opentelemetry/api'
import type { Resource } from '@opentelemetry/resources'
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { type AttemptRecord, type RequestRecord, soleAnswer } from '../../core/request-record.ts'
import type { Collector } from './collector.ts'
import { metricExporter } from './exporters.ts'
import { operationOf, SELF } from './names.ts'

export interface GenAiMetricsOptions {
  readonly resource: Resource
  readonly version: string
  readonly collector: Collector
  readonly intervalMs: number
  /** Name of a backend -> what the conventions call its kind. */
  readonly providerOf: (backend: string) => string
}

/** Bounds of buckets, as the conventions have them; seconds but for the tokens. */
const DURATION = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92]
const FIRST_TOKEN = [0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]
const OUTPUT_TOKEN = [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5]
const TOKENS = Array.from({ length: 14 }, (_, power) => 4 ** power)
const EXPORT_MS = 10_000

/**
 * The GenAI metrics: the client family for each call to a backend, the server family for each request. Their attributes
 * are names of the configuration and of the fleet only, never what a caller wrote.
 */
export class GenAiMetrics {
  readonly #provider: MeterProvider
  readonly #providerOf: GenAiMetricsOptions['providerOf']
  readonly #client: Record<'tokens' | 'duration' | 'firstChunk' | 'outputChunk', Histogram>
  readonly #server: Record<'duration' | 'firstToken' | 'outputToken', Histogram>

  constructor({ resource, version, collector, intervalMs, providerOf }: GenAiMetricsOptions) {
    this.#providerOf = providerOf
    const reader = new PeriodicExportingMetricReader({
      exporter: metricExporter(collector),
      exportIntervalMillis: intervalMs,
      exportTimeoutMillis: Math.min(intervalMs, EXPORT_MS),
    })
    this.#provider = new MeterProvider({ resource, readers: [reader] })
    const meter = this.#provider.getMeter('turnout', version)
    const histogram = (name: string, unit: string, description: string, bounds: number[]): Histogram =>
      meter.createHistogram(`gen_ai.${name}`, { unit, description, advice: { explicitBucketBoundaries: bounds } })
    this.#client = {
      tokens: histogram('client.token.usage', '{token}', 'Tokens of a call', TOKENS),
      duration: histogram('client.operation.duration', 's', 'A call, to its end', DURATION),
      firstChunk: histogram('client.operation.time_to_first_chunk', 's', 'A stream, to its first chunk', DURATION),
      outputChunk: histogram(
        'client.operation.time_per_output_chunk',
        's',
        'Mean time for each chunk after the first',
        DURATION,
      ),
    }
    this.#server = {
      duration: histogram('server.request.duration', 's', 'A request, to its end', DURATION),
      firstToken: histogram('server.time_to_first_token', 's', 'A streamed request, to its first token', FIRST_TOKEN),
      outputToken: histogram(
        'server.time_per_output_token',
        's',
        'Mean time for each token after the first',
        OUTPUT_TOKEN,
      ),
    }
  }

  record(record: RequestRecord): void {
    const operation = operationOf(record.endpoint)
    for (const attempt of record.attempts) this.#recordCall(operation, attempt)
    const { route, model, error, totalMs, streamMs, ttftMs } = record
    const attributes: Attributes = {
      'gen_ai.operation.name': operation,
      'gen_ai.provider.name': SELF,
      ...(route === null ? {} : { 'turnout.route': route }),
      ...(model === null ? {} : { 'gen_ai.response.model': model }),
    }
    this.#server.duration.record(totalMs / 1000, error === null ? attributes : { ...attributes, 'error.type': error })
    if (streamMs === null || ttftMs === null) return
    this.#server.firstToken.record((totalMs - streamMs) / 1000, attributes)
    const usage = soleAnswer(record)?.usage ?? null
    if (error === null && usage !== null && !usage.estimated && usage.output > 1)
      this.#server.outputToken.record(streamMs / 1000 / (usage.output - 1), attributes)
  }

  /** Sends the last sums. */
  async close(): Promise<void> {
    await this.#provider.shutdown()
  }

  #recordCall(operation: string, { backend, model, error, usage, ttftMs, totalMs, chunks }: AttemptRecord): void {
    const attributes: Attributes = {
      'gen_ai.operation.name': operation,
      'gen_ai.provider.name': this.#providerOf(backend),
      'gen_ai.request.model': model,
      'turnout.backend': backend,
    }
    this.#client.duration.record(totalMs / 1000, error === null ? attributes : { ...attributes, 'error.type': error })
    if (usage !== null) {
      this.#client.tokens.record(usage.input, { ...attributes, 'gen_ai.token.type': 'input' })
      this.#client.tokens.record(usage.output, { ...attributes, 'gen_ai.token.type': 'output' })
    }
    if (ttftMs === null) return
    this.#client.firstChunk.record(ttftMs / 1000, attributes)
    if (chunks > 1) this.#client.outputChunk.record((totalMs - ttftMs) / 1000 / (chunks - 1), attributes)
  }
}
