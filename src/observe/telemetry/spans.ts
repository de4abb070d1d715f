import {
  type Context,
  createTraceState,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace as api,
  TraceFlags,
  type Tracer,
} from '@opentelemetry/api'
import type { Resource } from '@opentelemetry/resources'
import { AlwaysOnSampler, BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { type AttemptRecord, lastAnswer, type RequestRecord } from '../../core/request-record.ts'
import type { Trace } from '../../core/types.ts'
import { callSpanId } from '../../formats/trace-context.ts'
import { attemptAttributes, requestAttributes } from './attributes.ts'
import type { Collector } from './collector.ts'
import { spanExporter } from './exporters.ts'
import { operationOf } from './names.ts'

export interface SpansOptions {
  readonly resource: Resource
  readonly version: string
  readonly collector: Collector
  /** Spans that may wait. */
  readonly queue: number
  /** Longest that a span waits for others to go with, in ms. */
  readonly delayMs: number
  /** Name of a backend -> what the conventions call its kind. */
  readonly providerOf: (backend: string) => string
}

/** Of one export: what makes it JSON holds up everything else meanwhile. */
const BATCH = 128

/** A finished request as spans: its own, and one for each call. They are made at the end, with ids that were drawn at the start. */
export class Spans {
  readonly #provider: TracerProvider
  readonly #tracer: Tracer
  readonly #options: SpansOptions
  /** Of the span that is made next. */
  readonly #ids = { traceId: '', spanId: '' }

  constructor(options: SpansOptions) {
    const { resource, version, collector, queue, delayMs } = options
    this.#options = options
    this.#provider = new TracerProvider({
      resource,
      // Who is not sampled does not come so far.
      sampler: new AlwaysOnSampler(),
      idGenerator: { generateTraceId: () => this.#ids.traceId, generateSpanId: () => this.#ids.spanId },
      spanProcessors: [
        new BatchSpanProcessor({
          exporter: spanExporter(collector),
          maxExportBatchSize: BATCH,
          maxQueueSize: queue,
          scheduledDelayMillis: delayMs,
        }),
      ],
    })
    this.#tracer = this.#provider.getTracer('turnout', version)
  }

  record(record: RequestRecord): void {
    const { trace, attempts, error } = record
    if (trace === null || !trace.sampled || !this.#options.collector.admit(1 + attempts.length)) return
    const startedAt = record.endedAt - record.totalMs
    this.#ids.traceId = trace.traceId
    this.#ids.spanId = trace.spanId
    const options = { kind: SpanKind.SERVER, startTime: startedAt, attributes: requestAttributes(record) }
    const span = this.#tracer.startSpan(`POST ${record.path}`, options, parentOf(trace))
    // A server is not at fault where its caller is.
    if (error !== null && record.status >= 500) span.setStatus({ code: SpanStatusCode.ERROR, message: error })
    const own = api.setSpan(ROOT_CONTEXT, span)
    const last = lastAnswer(record)
    attempts.forEach((attempt, index) => {
      this.#ids.spanId = callSpanId(trace, index + 1)
      this.#call(record, attempt, attempt === last ? record.finish : null, startedAt + attempt.startedMs, own)
    })
    span.end(record.endedAt)
  }

  /** Sends what waits. */
  async close(): Promise<void> {
    await this.#provider.shutdown()
  }

  #call(
    record: RequestRecord,
    attempt: AttemptRecord,
    finish: string | null,
    startTime: number,
    parent: Context,
  ): void {
    const provider = this.#options.providerOf(attempt.backend)
    const attributes = attemptAttributes(record, attempt, provider, finish)
    const name = `${operationOf(record.endpoint)} ${attempt.model}`
    const span = this.#tracer.startSpan(name, { kind: SpanKind.CLIENT, startTime, attributes }, parent)
    if (attempt.error !== null) span.setStatus({ code: SpanStatusCode.ERROR, message: attempt.error })
    span.end(startTime + attempt.totalMs)
  }
}

/** Where the request's own span belongs. */
function parentOf({ traceId, parentId, state }: Trace): Context {
  if (parentId === null) return ROOT_CONTEXT
  const parent = { traceId, spanId: parentId, traceFlags: TraceFlags.SAMPLED, isRemote: true }
  return api.setSpanContext(ROOT_CONTEXT, state === null ? parent : { ...parent, traceState: createTraceState(state) })
}
