/** Whatever fails in the admin API, in the envelope of all errors. */
import { randomUUID } from 'node:crypto'
import type { Socket } from 'node:net'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { GatewayError, toGatewayError } from '../../core/errors.ts'
import { openAIError } from '../../formats/error-body.ts'
import { KeyFileError } from '../../keys/key-file.ts'
import type { Log } from '../../observe/log/lines.ts'
import { asObject, retryHeaders } from '../../relay/headers.ts'
import { faultOfBytes } from '../admission/upload-fault.ts'
import { rawAnswer } from '../no-http.ts'

export function answerAdminErrors(app: FastifyInstance, log: Log): void {
  app.setErrorHandler((thrown: FastifyError, request, reply) => {
    const error = errorOf(thrown)
    if (error.code === 'internal_error')
      log.fault('error', 'admin', { request_id: request.id, path: request.routeOptions.url, ...whyOf(error) })
    void reply
      .code(error.status)
      .headers(asObject(retryHeaders(error)))
      .send(openAIError(error))
  })
  app.setNotFoundHandler((request) => {
    const path = request.url.split('?', 1)[0] ?? ''
    throw new GatewayError('not_found', `No such path: ${request.method} ${path.slice(0, 200)}.`)
  })
}

const whyOf = ({ cause }: GatewayError): object =>
  cause instanceof KeyFileError ? { why: cause.message } : { err: cause }

/** For what fails before there is a route: a URL that cannot be read. */
export function onFrameworkError(thrown: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  const error = errorOf(thrown)
  void reply.code(error.status).header('x-request-id', request.id).send(openAIError(error))
}

/** Node's 'clientError'. */
export function onAdminClientError(thrown: Error & { code?: string }, socket: Socket): void {
  const error = faultOfBytes(thrown)
  if (error === null || !socket.writable || socket.bytesRead === 0) return void socket.destroy()
  socket.end(rawAnswer(error, randomUUID()), () => socket.destroy())
}

function errorOf(thrown: FastifyError | KeyFileError): GatewayError {
  if (thrown instanceof KeyFileError)
    return new GatewayError('internal_error', `The key file ${thrown.message}; nothing was changed.`, {
      cause: thrown,
    })
  switch (thrown.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new GatewayError('body_too_large', 'The body is larger than any request to the admin API.')
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new GatewayError('unsupported_media_type', 'The body must be application/json.')
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return new GatewayError('invalid_request', 'The body is shorter or longer than its content-length.')
    case 'FST_ERR_BAD_URL':
      return new GatewayError('not_found', 'The URL cannot be decoded.')
    case 'FST_ERR_MAX_PARAM_LENGTH':
      return new GatewayError('not_found', 'This name is too long to exist.')
    default:
      return faultOfBytes(thrown) ?? toGatewayError(thrown)
  }
}
