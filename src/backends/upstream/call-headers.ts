/** The headers of a call. Of the caller's own only those cross that are meant for the backend. */
import type { Provider } from '../../core/provider.ts'
import type { Deployment, GatewayRequest } from '../../core/types.ts'
import { traceparent } from '../../formats/trace-context.ts'

/** version-traceid-parentid-flags; anything else in this header could carry what must stay here. */
const TRACEPARENT = /^[\da-f]{2}-[\da-f]{32}-[\da-f]{16}-[\da-f]{2}$/
const FORWARDED_VALUE = /^[\w\-.,;=:/ ]{1,512}$/

/** What the headers of one call depend on beside its request. */
export interface CallMark {
  readonly userAgent: string
  /** 1 for the first call of a request. */
  readonly call: number
  /** Of a stream, in its wire format. */
  readonly type: string
  /** Where the key goes; null: where the provider takes it. */
  readonly auth: Provider['auth'] | null
  /** Null: none is sent. */
  readonly key: string | null
}

/** Of the caller's own only those cross that the provider's file names, and a valid trace id. */
export function composeHeaders(
  request: GatewayRequest,
  deployment: Deployment,
  { userAgent, call, type, auth, key }: CallMark,
): Record<string, string> {
  const { provider } = deployment.backend
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    accept: request.stream ? type : 'application/json',
    'user-agent': userAgent,
    'x-request-id': request.id,
    ...provider.headers,
  }
  const { header, prefix } = auth ?? provider.auth
  if (key !== null) headers[header] = prefix + key
  const trace = request.trace === null ? request.headers['traceparent'] : traceparent(request.trace, call)
  if (typeof trace === 'string' && TRACEPARENT.test(trace)) headers['traceparent'] = trace
  for (const name of provider.forward) {
    const value = request.headers[name]
    if (typeof value === 'string' && FORWARDED_VALUE.test(value)) headers[name] = value
  }
  return headers
}
