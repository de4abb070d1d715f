/** Answers that did not come out of the pipeline (lists of models, refusals, errors) get the same id, log line and metric as those that did. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Endpoint } from '../../core/endpoints.ts'
import type { GatewayError } from '../../core/errors.ts'
import type { Log } from '../../observe/log.ts'
import type { Metrics } from '../../observe/metrics.ts'

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

export function recordAnswers(app: FastifyInstance, metrics: Metrics, log: Log): void {
  app.decorateRequest('failure', null)
  app.addHook('onSend', (request, reply, _payload, done) => {
    reply.header('x-request-id', request.id)
    done()
    const { failure } = request
    if (request.routeOptions.config.silent === true && failure === null) return
    const endpoint = endpointOf(request)
    metrics.plain(endpoint, reply.statusCode, failure?.code ?? 'none')
    const line = {
      request_id: request.id,
      caller: request.principal?.id,
      endpoint,
      method: request.method,
      status: reply.statusCode,
      error: failure === null ? undefined : { code: failure.code, source: failure.source, message: failure.message },
      total_ms: Math.round(reply.elapsedTime * 10) / 10,
    }
    // Only here does a message of ours say what was thrown.
    if (failure?.code === 'internal_error') log.events.error({ ...line, err: failure.cause }, 'request')
    else log.requests.info(line)
  })
}

/** Bounded: a name of the table, or of two kinds beside it. */
function endpointOf({ routeOptions }: FastifyRequest): string {
  return routeOptions.config.endpoint?.id ?? (routeOptions.url?.startsWith('/v1/models') === true ? 'models' : 'other')
}
