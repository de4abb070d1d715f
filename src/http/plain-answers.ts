/** Answers that did not come out of the pipeline (lists of models, refusals, errors) get the same id, log line and metric as those that did. */
import type { GatewayError } from '../core/errors.ts'
import { failureLine, failureRecordOf } from '../observe/log/failure.ts'
import type { Log, PlainLine } from '../observe/log/lines.ts'
import type { Metrics } from '../observe/gateway/metrics.ts'
import { flushWithin } from '../relay/flush.ts'
import type { HeaderList } from '../relay/headers.ts'
import { addRequestLimit } from './admission/request-limit.ts'
import type { Arrival } from './arrival.ts'
import type { Connections } from './connections.ts'

export interface PlainTools {
  readonly metrics: Metrics
  readonly log: Log
  readonly connections: Connections
  /** The clock, ms. */
  readonly now: () => number
}

/** How a request is answered without the pipeline. */
export interface PlainEnd {
  /** Bounded: a name of the table, or of two kinds beside it. */
  readonly endpoint: string
  readonly status: number
  readonly failure: GatewayError | null
  /** It is below /v1, and its answer tells what the gateway took. */
  readonly timed: boolean
  /** Probes and scrapes come by the minute and tell nothing. */
  readonly silent: boolean
}

/** What the line of a plain answer says. */
export interface PlainAnswer {
  readonly id: string
  readonly caller?: string | undefined
  readonly endpoint: string
  readonly method?: string | undefined
  readonly status: number
  readonly failure: GatewayError | null
  readonly totalMs: number
}

/** None is large; who takes nothing of it for so long takes nothing at all. */
const FLUSH_MS = 30_000

/** To be called when the answer goes out: it has its line and its metric, and its caller is watched. What any such answer tells in headers. */
export function plainEnd(arrival: Arrival, end: PlainEnd, plain: PlainTools): HeaderList {
  const { id, request, response, principal, corsHeaders } = arrival
  const totalMs = plain.now() - arrival.at
  plain.connections.watch(arrival, arrival.at)
  flushWithin(response, FLUSH_MS)
  const { endpoint, status, failure } = end
  if (!end.silent || failure !== null)
    recordPlainAnswer({ id, caller: principal?.id, endpoint, method: request.method, status, failure, totalMs }, plain)
  const headers = [...(corsHeaders ?? []), 'x-request-id', id]
  if (end.timed) headers.push('x-turnout-overhead-ms', String(Math.round(totalMs * 100) / 100))
  addRequestLimit(headers, arrival)
  return headers
}

/** Answers a request for an inference path that nobody has to be asked about. `body`: JSON. */
export function answerPlainly(arrival: Arrival, endpoint: string, body: Buffer, plain: PlainTools): void {
  const { response } = arrival
  const common = plainEnd(arrival, { endpoint, status: 200, failure: null, timed: true, silent: false }, plain)
  response.writeHead(200, [
    ...['content-type', 'application/json; charset=utf-8', 'content-length', String(body.length)],
    ...common,
  ])
  response.end(body)
}

/** The line and the metric. */
export function recordPlainAnswer(answer: PlainAnswer, { metrics, log }: Pick<PlainTools, 'metrics' | 'log'>): void {
  const { failure, endpoint, status } = answer
  metrics.plain(endpoint, status, failure?.code ?? 'none')
  const line: PlainLine = {
    request_id: answer.id,
    caller: answer.caller,
    endpoint,
    method: answer.method,
    status,
    error: failure === null ? undefined : failureLine(failure.code, { ...failureRecordOf(failure), cause: null }),
    total_ms: Math.round(answer.totalMs * 10) / 10,
  }
  // Only here does a line of ours say what was thrown.
  if (failure?.code === 'internal_error') log.fault('error', 'request', { ...line, err: failure.cause })
  else log.plain(line)
}
