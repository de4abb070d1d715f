/** Whether a request asks for something that a backend said to lack. Pure. */
import { hash } from 'node:crypto'
import type { Prompt } from '../../core/prompt.ts'
import type { Json } from '../../core/json.ts'
import type { GatewayRequest, RequestProfile } from '../../core/types.ts'

/**
 * `lack`: a capability, `role:NAME`, `prefill`, `stream`, `whole` (not streamed), `model` (whatever is asked), `endpoint` (the one that is asked), or a top-level
 * field, with `=` and a mark of its value where only that was refused.
 */
export function asks(request: GatewayRequest, profile: RequestProfile, lack: string): boolean {
  if (lack === 'model' || lack === 'endpoint' || lack === request.endpoint.asks) return true
  if ((profile.needs as readonly string[]).includes(lack)) return true
  const { prompt } = request
  if (lack === 'stream') return request.stream
  if (lack === 'whole') return !request.stream
  if (lack === 'prefill') return prompt.roleOf(prompt.length - 1) === 'assistant'
  if (lack.startsWith('role:')) return hasRole(prompt, lack.slice('role:'.length))
  if (lack === 'json_schema') return prompt.answerForm !== null
  const at = lack.indexOf('=')
  const value = prompt.parameter(at < 0 ? lack : lack.slice(0, at))
  if (value === null) return false
  return at < 0 || told(value) === lack.slice(at + 1)
}

function hasRole(prompt: Prompt, role: string): boolean {
  for (let at = 0; at < prompt.length; at++) if (prompt.roleOf(at) === role) return true
  return false
}

/** The name under which a refusal is remembered: with its value where another one may be taken. */
export function lackKey({ prompt }: GatewayRequest, name: string, ofValue: boolean): string {
  const value = prompt.parameter(name)
  return ofValue && value !== null && typeof value !== 'object' ? `${name}=${told(value)}` : name
}

/** Told apart and no more: a text may be a part of the prompt, as `stop` is. */
function told(value: Json): string {
  if (typeof value === 'string') return hash('sha256', value, 'hex').slice(0, 16)
  return typeof value === 'object' ? '' : String(value)
}
