/** The body of an error answer, in the shape that the clients of each API read. Also of APIs of which no more is served yet than their errors. Pure. */
import type { GatewayError } from '../core/errors.ts'

type ErrorBody = (error: GatewayError) => object

export const openAIError: ErrorBody = (error) => {
  const { message, type, param, source } = error
  return { error: { message, type, param, code: codeOf(error), source } }
}

/** Its clients read a bare text. */
const ollamaError: ErrorBody = ({ message }) => ({ error: message })

const BY_FORMAT: Readonly<Record<string, ErrorBody>> = {
  'openai-chat': openAIError,
  ollama: ollamaError,
}

/** A backend's own code, where it is passed on: clients act on it. */
const codeOf = ({ code, upstreamCode }: GatewayError): string => upstreamCode ?? code

/** `format`: of the endpoint. */
export const errorBody = (error: GatewayError, format: string): object => (BY_FORMAT[format] ?? openAIError)(error)
