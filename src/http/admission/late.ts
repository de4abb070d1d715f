/** What can be answered by nobody. */
import { GatewayError } from '../../core/errors.ts'
import type { Arrival } from '../arrival.ts'

/** Why it is too late, or too little, for an answer; null where it is not. `stopping`: the gateway ends. */
export function unanswerable({ request, response }: Arrival, stopping: boolean): GatewayError | null {
  const error = stopping
    ? stoppingError()
    : request.headers.host === undefined && request.httpVersion === '1.1'
      ? new GatewayError('invalid_request', 'An HTTP/1.1 request needs a Host header.')
      : null
  if (error !== null) response.setHeader('connection', 'close')
  return error
}

/** For whoever comes, or has not got an answer, while the gateway stops. */
export const stoppingError = (message = 'The gateway is stopping.'): GatewayError =>
  new GatewayError('shutting_down', message, { retryAfterMs: 1000 })
