/** The body of an error answer as clients of OpenAI's APIs read it. Pure. */
import type { GatewayError } from '../core/errors.ts'

interface ErrorEnvelope {
  readonly error: Pick<GatewayError, 'message' | 'type' | 'param' | 'source'> & { readonly code: string }
}

export function openAIError(error: GatewayError): ErrorEnvelope {
  const { message, type, param, source, code, upstreamCode } = error
  // A backend's own code, where it is passed on: clients act on it.
  return { error: { message, type, param, code: upstreamCode ?? code, source } }
}
