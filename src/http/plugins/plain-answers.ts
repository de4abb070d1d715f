/** Answers that did not come out of the pipeline (lists of models, refusals, errors) get the same id, log line and metric as those that did. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Endpoint } from '../../core/endpoints.ts'
import type { GatewayError } from '../../core/errors.ts'
import { failureLine, failureRecordOf } from '../../observe/log/failure.ts'
import type { Log } from '../../observe/log/log.ts'
import type { Metrics } from '../../observe/gateway/metrics.ts'
import { flushWithin } from '../../relay/flush.ts'
import type { Connections } from '../connections.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    endpoint?: Endpoint
    /** Probes and scrapes come by the minute and tell nothing. */
    silent?: boolean
  }
  interface FastifyRequest {
    /** What the error handler answers with. */
    failure: GatewayError | null
  }
}

export interface AnswerBooks {
  readonly metrics: Metrics
  readonly log: Log
  readonly connections: Connections
  /** The clock, ms. */
  readonly now: () => number
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

export function recordAnswers(app: FastifyInstance, books: AnswerBooks): void {
  app.decorateRequest('failure', null)
  app.addHook('onSend', (request, reply, _payload, done) => {
    const { failure } = request
    const totalMs = books.now() - request.arrivedAt
    reply.header('x-request-id', request.id)
    if (request.url.startsWith('/v1/')) reply.header('x-turnout-overhead-ms', String(Math.round(totalMs * 100) / 100))
    books.connections.watch(request.raw, reply.raw, request.arrivedAt)
    flushWithin(reply.raw, FLUSH_MS)
    done()
    if (request.routeOptions.config.silent === true && failure === null) return
    const { id, method } = request
    const status = reply.statusCode
    recordPlainAnswer(
      { id, caller: request.principal?.id, endpoint: endpointOf(request), method, status, failure, totalMs },
      books,
    )
  })
}

/** The line and the metric. */
export function recordPlainAnswer(answer: PlainAnswer, { metrics, log }: Pick<AnswerBooks, 'metrics' | 'log'>): void {
  const { failure, endpoint, status } = answer
  metrics.plain(endpoint, status, failure?.code ?? 'none')
  const line = {
    request_id: answer.id,
    caller: answer.caller,
    endpoint,
    method: answer.method,
    status,
    error: failure === null ? undefined : failureLine(failure.code, { ...failureRecordOf(failure), cause: null }),
    total_ms: Math.round(answer.totalMs * 10) / 10,
  }
  // Only here does a line of ours say what was thrown.
  if (failure?.code === 'internal_error') log.events.error({ ...line, err: failure.cause }, 'request')
  else log.requests.info(line)
}

/** Bounded: a name of the table, or of two kinds beside it. */
function endpointOf({ routeOptions }: FastifyRequest): string {
  return routeOptions.config.endpoint?.id ?? (routeOptions.url?.startsWith('/v1/models') === true ? 'models' : 'other')
}
