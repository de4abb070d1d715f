/** Every inference path, from one table and through one handler. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { ENDPOINTS, type Endpoint } from '../../core/endpoints.ts'
import { GatewayError } from '../../core/errors.ts'
import { STRATEGIES, type Strategy } from '../../core/settings.ts'
import type { GatewayRequest } from '../../core/types.ts'
import { answer, type Stages } from '../../pipeline.ts'
import { parseBody } from '../../protocol/request.ts'
import type { Connections } from '../connections.ts'
import { principalOf } from '../plugins/auth.ts'

export function inferenceRoutes(scope: FastifyInstance, stages: Stages, connections: Connections): void {
  // The bytes are kept: they go upstream as they came, and are parsed once beside that.
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('application/json', { parseAs: 'buffer' }, ({ headers }, body, done) =>
    done(refusedEncoding(headers['content-encoding']), body),
  )
  for (const endpoint of ENDPOINTS) {
    const config = { endpoint }
    if (endpoint.served)
      scope.post(endpoint.path, { config }, (request, reply) => serve(endpoint, request, reply, stages, connections))
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
  const message = `The body must come as it is, without "content-encoding: ${encoding.slice(0, 100)}".`
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
): void {
  const parsed = toGatewayRequest(endpoint, request, stages.now())
  reply.hijack()
  const caller = connections.watch(request.raw, reply.raw, parsed.startedAt)
  void answer(parsed, caller, reply.raw, request.limitHeaders, stages)
}

function toGatewayRequest(endpoint: Endpoint, request: FastifyRequest, startedAt: number): GatewayRequest {
  const { headers } = request
  const raw = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
  const { body, model, stream, wantsUsage, members } = parseBody(raw, endpoint)
  return {
    id: request.id,
    endpoint,
    principal: principalOf(request),
    model,
    stream,
    wantsUsage,
    members,
    body,
    raw,
    headers,
    noFallback: text(headers['x-turnout-no-fallback']) === '1',
    session: text(headers['x-turnout-session']) ?? text(headers['x-session-id']),
    agent: text(headers['x-turnout-agent']),
    strategy: strategyOf(text(headers['x-turnout-strategy'])),
    deadlineMs: deadlineOf(text(headers['x-turnout-deadline-ms'])),
    maxCostUsd: null,
    startedAt,
  }
}

/** A header of reasonable length. */
const text = (value: string | string[] | undefined): string | null =>
  typeof value === 'string' && value !== '' && value.length <= 256 ? value : null

function strategyOf(wish: string | null): Strategy | null {
  if (wish === null) return null
  const known = STRATEGIES.find((name) => name === wish)
  if (known !== undefined) return known
  throw new GatewayError('invalid_request', `x-turnout-strategy: "${wish}" is none of ${STRATEGIES.join(', ')}.`, {
    param: 'x-turnout-strategy',
  })
}

function deadlineOf(wish: string | null): number | null {
  if (wish === null) return null
  const ms = Number(wish)
  if (Number.isFinite(ms) && ms > 0) return ms
  throw new GatewayError('invalid_request', `x-turnout-deadline-ms: "${wish}" is not a number of milliseconds.`, {
    param: 'x-turnout-deadline-ms',
  })
}
