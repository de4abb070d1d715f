/** Whether a request asks for something that a backend said to lack. Pure. */
import { hash } from 'node:crypto'
import type { Json, JsonObject } from '../../core/json.ts'
import type { GatewayRequest, RequestProfile } from '../../core/types.ts'

/**
 * `lack`: a capability, an endpoint, `role:NAME`, `prefill`, `stream`, `whole` (not streamed), `model` (whatever is asked), `endpoint` (the one that is asked), or a top-level
 * field, with `=` and a mark of its value where only that was refused.
 */
export function asks(request: GatewayRequest, profile: RequestProfile, lack: string): boolean {
  if (lack === 'model' || lack === 'endpoint' || lack === profile.endpoint) return true
  if ((profile.needs as readonly string[]).includes(lack)) return true
  const { body } = request
  const messages = Array.isArray(body['messages']) ? (body['messages'] as readonly Json[]) : []
  if (lack === 'stream') return request.stream
  if (lack === 'whole') return !request.stream
  if (lack === 'prefill') return roleOf(messages.at(-1)) === 'assistant'
  if (lack.startsWith('role:')) return messages.some((message) => roleOf(message) === lack.slice(5))
  if (lack === 'json_schema') return (body['response_format'] ?? null) !== null
  const at = lack.indexOf('=')
  const value = valueOf(body, at < 0 ? lack : lack.slice(0, at))
  if (value === null) return false
  return at < 0 || told(value) === lack.slice(at + 1)
}

/** The name under which a refusal is remembered: with its value where another one may be taken. */
export function lackKey({ body, endpoint }: GatewayRequest, name: string, ofValue: boolean): string {
  if (name === 'endpoint') return endpoint.id
  const value = valueOf(body, name)
  return ofValue && value !== null && typeof value !== 'object' ? `${name}=${told(value)}` : name
}

/** Null: the request does not have it. Both names of the limit of an answer are one. */
function valueOf(body: JsonObject, field: string): Json {
  if (field === 'max_tokens') return body['max_completion_tokens'] ?? body['max_tokens'] ?? null
  return body[field] ?? null
}

/** Told apart and no more: a text may be a part of the prompt, as `stop` is. */
function told(value: Json): string {
  if (typeof value === 'string') return hash('sha256', value, 'hex').slice(0, 16)
  return typeof value === 'object' ? '' : String(value)
}

function roleOf(message: Json | undefined): Json | undefined {
  return typeof message === 'object' && message !== null && !Array.isArray(message)
    ? (message as { readonly role?: Json }).role
    : undefined
}
