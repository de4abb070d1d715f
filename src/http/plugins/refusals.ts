/** Whatever is thrown below Fastify, in the envelope of all errors, and the id, line and metric that every plain answer gets. */
import { EndpointPaths } from '../endpoint-paths.ts'
import type { FastifyError, FastifyInstance, FastifyRequest } from 'fastify'
import { ENDPOINTS, GEMINI_GENERATE } from '../../core/endpoints.ts'
import { GatewayError } from '../../core/errors.ts'
import { asTold } from '../../formats/error-status.ts'
import { type Formats, formatNamed } from '../../formats/formats.ts'
import { formatOfReader } from '../../formats/reader-format.ts'
import { asObject } from '../../relay/headers.ts'
import { faultOfBytes, faultOfUpload } from '../admission/upload-fault.ts'
import { envelopeOf, errorHeaders, toldIn } from '../error-answer.ts'
import { isGeminiPath, isOllamaPath, noSuchPath } from '../paths.ts'
import { type PlainTools, plainEnd } from '../plain-answers.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** What the error handler answers with. */
    failure: GatewayError | null
  }
}

/** To all answers of `app`. */
export function recordAnswers(app: FastifyInstance, plain: PlainTools, formats: Formats): void {
  app.decorateRequest('failure', null)
  app.addHook('onSend', (request, reply, _payload, done) => {
    const { arrival, failure, routeOptions } = request
    const vary = reply.getHeader('vary')
    const end = {
      endpoint: endpointOf(request),
      status: reply.statusCode,
      failure,
      timed: /^\/v1(beta)?\//.test(request.url),
      silent: routeOptions.config.silent === true,
    }
    const headers = asObject(toldIn(formatOf(request), formats, plainEnd(arrival, end, plain)))
    reply.headers(headers)
    if (vary !== undefined && headers['vary'] !== undefined) reply.header('vary', `${String(vary)}, ${headers['vary']}`)
    done()
  })
}

/** In the envelope of the format that the caller speaks. */
export function answerErrors(app: FastifyInstance, stopping: () => boolean, formats: Formats): void {
  app.setErrorHandler((thrown: FastifyError, request, reply) => {
    const format = formatOf(request)
    const error = asTold(fromFastify(thrown, request, stopping()), formatNamed(format, formats).caller)
    request.failure = error
    // What else comes on this connection cannot be told from the rest of a broken request.
    if (faultOfBytes(thrown) !== null) reply.header('connection', 'close')
    void reply
      .code(error.status)
      .headers(asObject(errorHeaders(error)))
      .send(envelopeOf(error, request.id, format, formats))
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
    if (takes === 'POST' && asksForWebSocket(request)) return done(noWebSocket(path))
    done(
      new GatewayError(
        'method_not_allowed',
        `${path.slice(0, 200)} takes ${takes}, not ${request.method}${takes === 'POST' ? ': send it a JSON body' : ''}.`,
      ),
    )
  })
}

const asksForWebSocket = ({ method, headers }: FastifyRequest): boolean =>
  method === 'GET' && headers.upgrade?.toLowerCase() === 'websocket'

/** Any other status makes Codex try again seven times, for as many seconds. */
const noWebSocket = (path: string): GatewayError =>
  new GatewayError('websocket_not_served', `${path.slice(0, 200)} is not served over WebSocket; send a POST.`)

/** Bounded: a name of the table, or of two kinds beside it. */
function endpointOf({ routeOptions }: FastifyRequest): string {
  return routeOptions.config.endpoint?.id ?? (/^\/v1(beta)?\/models/.test(routeOptions.url ?? '') ? 'models' : 'other')
}

function formatOf({ url, headers, routeOptions }: FastifyRequest): string {
  const path = url.split('?', 1)[0] ?? ''
  const byPath = isOllamaPath(path) ? 'ollama' : isGeminiPath(path) ? GEMINI_GENERATE.format : formatOfReader(headers)
  return routeOptions.config.endpoint?.format ?? byPath
}

const READ =
  /^\/$|^\/metrics$|^\/health(\/(liveness|readiness))?$|^\/v1(beta)?\/models(\/.+)?$|^\/api\/(tags|ps|version)$/

/** An answer that is kept, and what there is beside it. */
const KEPT_ANSWER = /^\/v1\/responses\/[^/]+(|\/[a-z_]+)$/
const KEPT: Readonly<Record<string, string>> = { '': 'GET, DELETE', '/input_items': 'GET', '/cancel': 'POST' }

const INFERENCE = new EndpointPaths(ENDPOINTS)

/** What a path is there for; null where there is none. */
function methodOf(path: string): string | null {
  if (INFERENCE.at(path) !== null || path === '/api/show') return 'POST'
  if (READ.test(path)) return 'GET, HEAD'
  const [, beside] = KEPT_ANSWER.exec(path) ?? []
  return beside === undefined ? null : (KEPT[beside] ?? null)
}

function fromFastify(thrown: FastifyError, request: FastifyRequest, stopping: boolean): GatewayError {
  switch (thrown.code) {
    case 'FST_ERR_BAD_URL':
      return new GatewayError('not_found', 'The URL cannot be decoded.')
    case 'FST_ERR_MAX_PARAM_LENGTH':
      return new GatewayError('not_found', 'This name is too long to exist.')
    default:
      return faultOfBody(thrown) ?? faultOfUpload(thrown, request.arrival, stopping)
  }
}

/** Whatever else Fastify has against a body is the caller's mistake and none of the gateway. */
function faultOfBody({ code, statusCode = 500 }: FastifyError): GatewayError | null {
  if (!code?.startsWith('FST_ERR_CTP_') || statusCode < 400 || statusCode > 499) return null
  return new GatewayError('invalid_request', 'The body cannot be read; send one JSON object.', { status: statusCode })
}
