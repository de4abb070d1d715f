import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'

type Value = string | number | boolean | readonly Value[] | null

interface WireValue {
  readonly stringValue?: string
  readonly intValue?: number | string
  readonly doubleValue?: number
  readonly boolValue?: boolean
  readonly arrayValue?: { readonly values: readonly WireValue[] }
}
type WireAttributes = readonly { readonly key: string; readonly value: WireValue }[]

/** A span as it came, its attributes as an object. */
export interface ReceivedSpan {
  readonly name: string
  readonly kind: number
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly traceState?: string
  readonly startMs: number
  readonly endMs: number
  /** 2 = error. */
  readonly status: number
  readonly attributes: Readonly<Record<string, Value>>
}

/** One series of a histogram. */
export interface ReceivedPoint {
  readonly name: string
  readonly unit: string
  readonly count: number
  readonly sum: number
  readonly bounds: readonly number[]
  readonly attributes: Readonly<Record<string, Value>>
}

export interface OtlpReceiver {
  readonly url: string
  readonly port: number
  readonly spans: readonly ReceivedSpan[]
  /** Those of the last export that had any. */
  readonly points: readonly ReceivedPoint[]
  readonly resource: Readonly<Record<string, Value>>
  readonly headers: readonly IncomingHttpHeaders[]
  /** Every body. */
  readonly text: string
  /** What exports are answered with from now on, all or those to `path`; 0 = nothing. */
  answer(status: number, path?: string): void
  /** Resolves when that many exports came, whatever they were answered with. */
  waitExports(n: number): Promise<void>
  waitSpans(n: number): Promise<void>
  close(): Promise<void>
}

interface WireSpan extends Omit<ReceivedSpan, 'startMs' | 'endMs' | 'status' | 'attributes'> {
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly status: { readonly code?: number }
  readonly attributes: WireAttributes
}
interface WireMetric {
  readonly name: string
  readonly unit: string
  readonly histogram: {
    readonly dataPoints: readonly {
      readonly attributes: WireAttributes
      readonly count: number | string
      readonly sum: number
      readonly explicitBounds: readonly number[]
    }[]
  }
}
interface Scoped {
  readonly resource: { readonly attributes: WireAttributes }
  readonly scopeSpans?: readonly { readonly spans: readonly WireSpan[] }[]
  readonly scopeMetrics?: readonly { readonly metrics: readonly WireMetric[] }[]
}
interface Wire {
  readonly resourceSpans?: readonly Scoped[]
  readonly resourceMetrics?: readonly Scoped[]
}

/** An OTLP collector that takes JSON by HTTP. */
export async function startOtlpReceiver(port = 0): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = []
  let points: ReceivedPoint[] = []
  let resource: ReceivedSpan['attributes'] = {}
  const headers: IncomingHttpHeaders[] = []
  let text = ''
  let answers = { status: 200, path: '' }
  const watchers = new Set<() => void>()
  const until = (holds: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (!holds()) return
        watchers.delete(look)
        resolve()
      }
      watchers.add(look)
      look()
    })

  function take(path: string, body: string): void {
    const wire = JSON.parse(body) as Wire
    for (const scoped of (path === '/v1/traces' ? wire.resourceSpans : wire.resourceMetrics) ?? []) {
      resource = objectOf(scoped.resource.attributes)
      for (const scope of scoped.scopeSpans ?? []) spans.push(...scope.spans.map(spanOf))
      for (const scope of scoped.scopeMetrics ?? []) points = scope.metrics.flatMap(pointsOf)
    }
  }

  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8')
    request.on('data', (part: string) => (body += part))
    request.on('end', () => {
      headers.push(request.headers)
      text += body
      const path = request.url ?? ''
      const status = path.startsWith(answers.path) ? answers.status : 200
      if (status === 200) take(path, body)
      if (status !== 0) response.writeHead(status, { 'content-type': 'application/json' }).end('{}')
      for (const look of watchers) look()
    })
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const own = (server.address() as AddressInfo).port
  return {
    url: `http://127.0.0.1:${own}`,
    port: own,
    spans,
    headers,
    get points() {
      return points
    },
    get resource() {
      return resource
    },
    get text() {
      return text
    },
    answer: (status, path = '') => (answers = { status, path }),
    waitExports: (n) => until(() => headers.length >= n),
    waitSpans: (n) => until(() => spans.length >= n),
    close: async () => {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

const milliseconds = (nanos: string): number => Number(BigInt(nanos) / 1000n) / 1000

const spanOf = ({ startTimeUnixNano, endTimeUnixNano, status, attributes, ...rest }: WireSpan): ReceivedSpan => ({
  ...rest,
  startMs: milliseconds(startTimeUnixNano),
  endMs: milliseconds(endTimeUnixNano),
  status: status.code ?? 0,
  attributes: objectOf(attributes),
})

const pointsOf = ({ name, unit, histogram }: WireMetric): ReceivedPoint[] =>
  histogram.dataPoints.map(({ attributes, count, sum, explicitBounds }) => ({
    name,
    unit,
    count: Number(count),
    sum,
    bounds: explicitBounds,
    attributes: objectOf(attributes),
  }))

const objectOf = (attributes: WireAttributes): Readonly<Record<string, Value>> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, valueOf(value)]))

function valueOf(value: WireValue): Value {
  if (value.arrayValue !== undefined) return value.arrayValue.values.map(valueOf)
  if (value.intValue !== undefined) return Number(value.intValue)
  return value.stringValue ?? value.doubleValue ?? value.boolValue ?? null
}
