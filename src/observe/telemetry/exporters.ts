/** What the OpenTelemetry SDK hands out, as OTLP in JSON, to the collector. */
import { type ExportResult, ExportResultCode } from '@opentelemetry/core'
import { JsonMetricsSerializer, JsonTraceSerializer } from '@opentelemetry/otlp-transformer'
import type { PushMetricExporter } from '@opentelemetry/sdk-metrics'
import type { SpanExporter } from '@opentelemetry/sdk-trace'
import type { Collector } from './collector.ts'

type Done = (result: ExportResult) => void

const tell = (sending: Promise<boolean>, done: Done): void =>
  void sending.then((sent) => done({ code: sent ? ExportResultCode.SUCCESS : ExportResultCode.FAILED }))

const NO_BYTES = new Uint8Array()
const nothing = (): Promise<void> => Promise.resolve()

export const spanExporter = (collector: Collector): SpanExporter => ({
  export: (spans, done) =>
    tell(collector.sendSpans(JsonTraceSerializer.serializeRequest(spans) ?? NO_BYTES, spans.length), done),
  forceFlush: nothing,
  shutdown: nothing,
})

export const metricExporter = (collector: Collector): PushMetricExporter => ({
  export: (metrics, done) =>
    tell(collector.sendMetrics(JsonMetricsSerializer.serializeRequest(metrics) ?? NO_BYTES), done),
  forceFlush: nothing,
  shutdown: nothing,
})
