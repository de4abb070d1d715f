/** Whatever fails before a request reaches the pipeline gets the same envelope as what fails in it. */
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyError, FastifyInstance, FastifyRequest } from 'fastify'
import { ENDPOINTS } from '../../core/endpoints.ts'
import { clientClosed, GatewayError, toEnvelope, toGatewayError } from '../../core/errors.ts'
import { asObject, retryHeaders } from '../../relay/headers.ts'

export function answerErrors(app: FastifyInstance): void {
  app.setErrorHandler((thrown: FastifyError, request, reply) => {
    const error = fromFastify(thrown, request)
    request.failure = error
    void reply
      .code(error.status)
      .headers({ 'x-turnout-attempts': '0', ...asObject(retryHeaders(error)) })
      .send(toEnvelope(error, request.routeOptions.config.endpoint?.protocol))
  })
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?', 1)[0] ?? ''
    const takes = methodOf(path)
    if (takes === null)
      throw new GatewayError(
        'not_found',
        `No such path: ${request.method} ${path.slice(0, 200)}. The inference paths are below /v1.`,
      )
    reply.header('allow', takes)
    throw new GatewayError('method_not_allowed', `${path.slice(0, 200)} takes ${takes}, not ${request.method}.`)
  })
}

const READ = /^\/$|^\/metrics$|^\/health(\/(liveness|readiness))?$|^\/v1\/models(\/.+)?$/

/** What a path is there for; null where there is none. */
function methodOf(path: string): string | null {
  if (READ.test(path)) return 'GET, HEAD'
  const isInference = ENDPOINTS.some((endpoint) =>
    endpoint.path.endsWith('*') ? path.startsWith(endpoint.path.slice(0, -1)) : path === endpoint.path,
  )
  return isInference ? 'POST' : null
}

function fromFastify(thrown: FastifyError, request: FastifyRequest): GatewayError {
  // The caller left while it was still sending; whatever is answered reaches nobody.
  if (request.raw.destroyed || thrown.code === 'ECONNRESET') return clientClosed()
  switch (thrown.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new GatewayError('body_too_large', 'The body is larger than `limits.body` of the gateway.')
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new GatewayError(
        'unsupported_media_type',
        `The body must be application/json, not "${(request.headers['content-type'] ?? 'untyped').slice(0, 100)}".`,
      )
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return new GatewayError('invalid_request', 'The body is not as long as content-length says.')
    case 'FST_ERR_BAD_URL':
      return new GatewayError('not_found', 'The URL cannot be decoded.')
    default:
      return toGatewayError(thrown)
  }
}

/** For bytes that are not HTTP: there is no request to answer, only a socket. */
export function onClientError(thrown: Error & { code?: string }, socket: Socket): void {
  if (!socket.writable || thrown.code === 'ECONNRESET') return void socket.destroy()
  const tooLarge = thrown.code === 'HPE_HEADER_OVERFLOW'
  const status = tooLarge ? 431 : thrown.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400
  const error = new GatewayError(
    'invalid_request',
    tooLarge ? 'The request headers are too large.' : 'This is not a complete HTTP request.',
    { status },
  )
  const body = JSON.stringify(toEnvelope(error))
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  )
}
