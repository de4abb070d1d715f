/** Which wire format somebody reads who asks for a list of models: the same path serves the clients of several. Pure. */
import { CHAT } from '../core/endpoints.ts'
import type { FormatName } from '../core/format-names.ts'
import type { GatewayRequest } from '../core/types.ts'

/** Headers that the clients of one format send with every request. Google's for Python asks below /v1 since its third version. */
const MARKS: readonly (readonly [header: string, format: FormatName])[] = [
  ['anthropic-version', 'anthropic-messages'],
  ['x-goog-api-client', 'gemini'],
  ['x-goog-api-key', 'gemini'],
]

export const formatOfReader = (headers: GatewayRequest['headers']): string =>
  MARKS.find(([header]) => headers[header] !== undefined)?.[1] ?? CHAT.format
