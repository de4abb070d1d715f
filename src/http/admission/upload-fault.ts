/** What is wrong with a request that breaks on its way: bytes that are no HTTP, or a caller that leaves. */
import { clientClosed, GatewayError, toGatewayError } from '../../core/errors.ts'
import type { Arrival } from '../arrival.ts'
import { stoppingError } from './late.ts'

interface Thrown {
  readonly code?: string
}

/** What ended the upload of a request. `stopping`: the gateway ends, and cuts uploads. */
export function faultOfUpload(thrown: Thrown, { request }: Pick<Arrival, 'request'>, stopping: boolean): GatewayError {
  // The caller left while it was still sending, or had to; whatever is answered reaches nobody.
  if ((request.destroyed && !request.complete) || thrown.code === 'ECONNRESET')
    return stopping ? stoppingError() : clientClosed()
  return faultOfBytes(thrown) ?? toGatewayError(thrown)
}

/** What a fault of Node's HTTP parser means to the caller; null for faults of the connection itself. */
export function faultOfBytes({ code }: Thrown): GatewayError | null {
  if (code === 'HPE_HEADER_OVERFLOW') return fault('The request headers are too large.', 431)
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return fault('The request did not arrive in time.', 408)
  if (code?.startsWith('HPE_') === true) return fault('This is not a complete HTTP request.', 400)
  return null
}

const fault = (message: string, status: number): GatewayError =>
  new GatewayError('invalid_request', message, { status })
