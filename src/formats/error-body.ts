/** The body of an error answer, in the shape that the clients of each API read. Also of APIs of which no more is served yet than their errors. Pure. */
import type { GatewayError } from '../core/errors.ts'

type ErrorBody = (error: GatewayError) => object

export const openAIError: ErrorBody = (error) => {
  const { message, type, param, source } = error
  return { error: { message, type, param, code: codeOf(error), source } }
}

const anthropicError: ErrorBody = (error) => {
  const { status, message, source } = error
  const type = ANTHROPIC_TYPES[status] ?? (status < 500 ? 'invalid_request_error' : 'api_error')
  return { type: 'error', error: { type, message, code: codeOf(error), source } }
}

const ANTHROPIC_TYPES: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  503: 'overloaded_error',
  504: 'timeout_error',
}

/** Its clients read a bare text. */
const ollamaError: ErrorBody = ({ message }) => ({ error: message })

const BY_FORMAT: Readonly<Record<string, ErrorBody>> = {
  'openai-chat': openAIError,
  'anthropic-messages': anthropicError,
  ollama: ollamaError,
}

/** A backend's own code, where it is passed on: clients act on it. */
const codeOf = ({ code, upstreamCode }: GatewayError): string => upstreamCode ?? code

/** `format`: of the endpoint. */
export const errorBody = (error: GatewayError, format: string): object => (BY_FORMAT[format] ?? openAIError)(error)
