/** Whatever fails before a request reaches the pipeline gets the same envelope as what fails in it. */
import type { FastifyError, FastifyInstance, FastifyRequest } from 'fastify'
import { ENDPOINTS } from '../../core/endpoints.ts'
import { clientClosed, GatewayError, toGatewayError } from '../../core/errors.ts'
import type { Formats } from '../../formats/formats.ts'
import { errorBody } from '../../formats/error-body.ts'
import { asObject, retryHeaders } from '../../relay/headers.ts'
import type { Connections } from '../connections.ts'
import { isOllamaPath, pathAdvice } from '../paths.ts'
import { stoppingError } from './arrivals.ts'
import { faultOfBytes } from './no-http.ts'

/** In the envelope of the format that the caller speaks. */
export function answerErrors(app: FastifyInstance, connections: Connections, formats: Formats): void {
  app.setErrorHandler((thrown: FastifyError, request, reply) => {
    const error = fromFastify(thrown, request, connections.stopping)
    request.failure = error
    // What else comes on this connection cannot be told from the rest of a broken request.
    if (faultOfBytes(thrown) !== null) reply.header('connection', 'close')
    void reply
      .code(error.status)
      .headers({ 'x-turnout-attempts': '0', ...asObject(retryHeaders(error)) })
      .send(envelopeOf(error, formatOf(request), formats))
  })
}

/** Refuses what no route takes, before its body is read: a body that is no JSON has nothing to do with a wrong path or method. */
export function refuseUnknownPaths(app: FastifyInstance): void {
  app.addHook('onRequest', (request, reply, done) => {
    if (!request.is404) return done()
    const path = request.url.split('?', 1)[0] ?? ''
    const takes = methodOf(path)
    if (takes === null) return done(noSuchPath(request.method, path))
    reply.header('allow', takes)
    done(new GatewayError('method_not_allowed', `${path.slice(0, 200)} takes ${takes}, not ${request.method}.`))
  })
}

const noSuchPath = (method: string, path: string): GatewayError =>
  new GatewayError('not_found', `No such path: ${method} ${path.slice(0, 200)}. ${pathAdvice(path)}`)

/** Of some formats no more is served than their errors. */
const envelopeOf = (error: GatewayError, format: string, formats: Formats): object =>
  formats.get(format)?.caller.errorBody(error) ?? errorBody(error, format)

function formatOf({ url, routeOptions }: FastifyRequest): string {
  return routeOptions.config.endpoint?.format ?? (isOllamaPath(url.split('?', 1)[0] ?? '') ? 'ollama' : 'openai')
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

function fromFastify(thrown: FastifyError, request: FastifyRequest, stopping: boolean): GatewayError {
  // The caller left while it was still sending, or had to; whatever is answered reaches nobody.
  if ((request.raw.destroyed && !request.raw.complete) || thrown.code === 'ECONNRESET')
    return stopping ? stoppingError() : clientClosed()
  switch (thrown.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new GatewayError('body_too_large', 'The body is larger than `limits.body` of the gateway.')
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new GatewayError(
        'unsupported_media_type',
        `The body must be application/json, not "${(request.headers['content-type'] ?? 'untyped').slice(0, 100)}".`,
      )
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return new GatewayError('invalid_request', 'The body is shorter or longer than its content-length.')
    case 'FST_ERR_BAD_URL':
      return new GatewayError('not_found', 'The URL cannot be decoded.')
    case 'FST_ERR_MAX_PARAM_LENGTH':
      return new GatewayError('not_found', 'This name is too long to exist.')
    default:
      return faultOfBytes(thrown) ?? faultOfBody(thrown) ?? toGatewayError(thrown)
  }
}

/** Whatever else Fastify has against a body is the caller's mistake and none of the gateway. */
function faultOfBody({ code, statusCode = 500 }: FastifyError): GatewayError | null {
  if (!code?.startsWith('FST_ERR_CTP_') || statusCode < 400 || statusCode > 499) return null
  return new GatewayError('invalid_request', 'The body cannot be read; send one JSON object.', { status: statusCode })
}
