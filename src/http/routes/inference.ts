/** Every inference path, from one table and through one handler. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { DRY_RUN, type Endpoint, FEEDBACK } from '../../core/endpoints.ts'
import { GatewayError } from '../../core/errors.ts'
import type { GatewayRequest, Trace } from '../../core/types.ts'
import { answer, type Stages } from '../../pipeline.ts'
import type { Connections } from '../connections.ts'
import { anyRequest, type Incoming } from '../gateway-request.ts'
import { principalOf } from '../plugins/auth.ts'
import { limitHeadersOf } from '../plugins/limits.ts'
import { answerDryRun } from './dry-run.ts'
import { takeFeedback } from './feedback.ts'

/** Says where a request stands in a trace, by its headers. */
export type BeginTrace = (headers: GatewayRequest['headers']) => Trace

/** `beginTrace` null: nothing is traced. */
export function inferenceRoutes(
  scope: FastifyInstance,
  endpoints: readonly Endpoint[],
  stages: Stages,
  connections: Connections,
  beginTrace: BeginTrace | null,
): void {
  // The bytes are kept: they go upstream as they came, and are parsed once beside that.
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('application/json', { parseAs: 'buffer' }, ({ headers }, body, done) =>
    done(refusedEncoding(headers['content-encoding']), body),
  )
  for (const endpoint of endpoints) {
    const config = { endpoint }
    if (endpoint === DRY_RUN)
      scope.post(endpoint.path, { config }, (request, reply) => answerDryRun(incoming(request), request, reply, stages))
    else if (endpoint === FEEDBACK)
      scope.post(endpoint.path, { config }, (request) => takeFeedback(incoming(request), stages))
    else if (endpoint.served)
      scope.post(endpoint.path, { config }, (request, reply) =>
        serve(endpoint, request, reply, stages, connections, beginTrace),
      )
    else
      scope.post(
        endpoint.path,
        { config, onRequest: (_request, _reply, done) => done(missing(endpoint)) },
        () => undefined,
      )
  }
}

/** Compressed bodies could neither be read here nor passed on to every engine. */
function refusedEncoding(encoding: string | undefined): GatewayError | null {
  if (encoding === undefined || encoding === '' || encoding.toLowerCase() === 'identity') return null
  const message = `The body must not be encoded: "content-encoding: ${encoding.slice(0, 100)}".`
  return new GatewayError('unsupported_media_type', message)
}

const missing = (endpoint: Endpoint): GatewayError =>
  new GatewayError('not_implemented', `POST ${endpoint.path}: ${endpoint.missing}.`)

function serve(
  endpoint: Endpoint,
  request: FastifyRequest,
  reply: FastifyReply,
  stages: Stages,
  connections: Connections,
  beginTrace: BeginTrace | null,
): void | Promise<void> {
  const trace = beginTrace?.(request.headers) ?? null
  const parsed = anyRequest(endpoint, { ...incoming(request), trace }, stages.now(), stages.formats)
  const go = (one: GatewayRequest): void => start(one, request, reply, stages, connections)
  return parsed instanceof Promise ? parsed.then(go) : go(parsed)
}

function start(
  parsed: GatewayRequest,
  request: FastifyRequest,
  reply: FastifyReply,
  stages: Stages,
  connections: Connections,
): void {
  reply.hijack()
  const caller = connections.watch(request.raw, reply.raw, parsed.startedAt)
  const { id, budgets } = parsed.principal
  const tokens = budgets.length === 0 ? null : stages.limiter.tokensLeft(id, budgets)
  const headers = [...(request.corsHeaders ?? []), ...limitHeadersOf(request, tokens)]
  const work = answer(parsed, caller, reply.raw, headers, stages)
  request.heldBody?.during(work)
}

const incoming = (request: FastifyRequest): Incoming => ({
  id: request.id,
  raw: Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0),
  headers: request.headers,
  principal: principalOf(request),
})
