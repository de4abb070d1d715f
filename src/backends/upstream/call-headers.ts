/** The headers of a call. Of the caller's own only those cross that are meant for the backend. */
import type { Deployment, GatewayRequest } from '../../core/types.ts'
import { traceparent } from '../../formats/trace-context.ts'

/** version-traceid-parentid-flags; anything else in this header could carry what must stay here. */
const TRACEPARENT = /^[\da-f]{2}-[\da-f]{32}-[\da-f]{16}-[\da-f]{2}$/
const FORWARDED_VALUE = /^[\w\-.,;=:/ ]{1,512}$/

/** Headers of call number `call` (1 = first). Of the caller's own only those cross that the provider's file names, and a valid trace id. */
export function composeHeaders(
  request: GatewayRequest,
  deployment: Deployment,
  userAgent: string,
  call: number,
): Record<string, string> {
  const { provider, key } = deployment.backend
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    accept: request.stream ? 'text/event-stream' : 'application/json',
    'user-agent': userAgent,
    'x-request-id': request.id,
    ...provider.headers,
  }
  if (key !== null) headers[provider.auth.header] = provider.auth.prefix + key
  const trace = request.trace === null ? request.headers['traceparent'] : traceparent(request.trace, call)
  if (typeof trace === 'string' && TRACEPARENT.test(trace)) headers['traceparent'] = trace
  for (const name of provider.forward) {
    const value = request.headers[name]
    if (typeof value === 'string' && FORWARDED_VALUE.test(value)) headers[name] = value
  }
  return headers
}
