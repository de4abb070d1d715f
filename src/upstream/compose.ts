/** The request as one backend can take it: the caller's bytes, with no more changed than that backend is known to refuse. */
import type { Json, JsonObject } from '../core/settings.ts'
import type { Deployment, GatewayRequest } from '../core/types.ts'
import { elements, mayRepeat, members, memberValue, splice } from '../protocol/members.ts'

/** Fields by which other gateways let a caller choose URL, credentials or retries. They are no model parameters, and some hold secrets. */
const ROUTING_FIELDS: ReadonlySet<string> = new Set([
  'api_base',
  'base_url',
  'api_key',
  'api_type',
  'api_version',
  'custom_llm_provider',
  'extra_headers',
  'headers',
  'fallbacks',
  'context_window_fallbacks',
  'disable_fallbacks',
  'num_retries',
  'max_retries',
  'mock_response',
  'mock_testing_fallbacks',
  'litellm_params',
  'litellm_metadata',
])

/** Whether this call asks the backend for usage in the stream. */
export function asksUsage(request: GatewayRequest, deployment: Deployment): boolean {
  return request.stream && deployment.backend.includeUsage && !deployment.live.refusesUsage
}

/** The body to send. The same buffer where nothing has to change. */
export function composeBody(request: GatewayRequest, deployment: Deployment): Buffer {
  const { body, raw } = request
  const { request: quirks } = deployment.backend.provider
  const set = new Map<string, string>()
  const remove = new Set<string>()
  const renames: [string, string][] = []
  if (body['model'] !== deployment.model || mayRepeat(raw, 'model')) set.set('model', JSON.stringify(deployment.model))
  for (const key in body) {
    if (ROUTING_FIELDS.has(key) || quirks.drop.includes(key)) remove.add(key)
    else if (Object.hasOwn(quirks.rename, key)) renames.push([key, quirks.rename[key]!])
  }
  if (request.stream) usageOption(request, deployment, set, remove)
  const strangeRoles = hasRoleIn(body['messages'], quirks.roles)
  if (quirks.rerankStrings) plainDocuments(body['documents'], set)
  if (set.size === 0 && remove.size === 0 && renames.length === 0 && !strangeRoles) return raw
  const list = members(raw)
  if (list === null) return raw
  for (const [from, to] of renames) {
    const member = list.findLast((one) => one.key === from)
    if (member === undefined) continue
    remove.add(from)
    set.set(to, raw.toString('utf8', member.valueStart, member.valueEnd))
  }
  const messages = strangeRoles ? list.findLast((one) => one.key === 'messages') : undefined
  if (messages !== undefined) set.set('messages', withRoles(raw, messages.valueStart, quirks.roles))
  return splice(raw, list, { set, remove })
}

function usageOption(
  request: GatewayRequest,
  deployment: Deployment,
  set: Map<string, string>,
  remove: Set<string>,
): void {
  const options = request.body['stream_options']
  if (!asksUsage(request, deployment)) {
    if (options !== undefined && (deployment.live.refusesUsage || !deployment.backend.includeUsage))
      remove.add('stream_options')
    return
  }
  if (request.wantsUsage) return
  set.set('stream_options', JSON.stringify({ ...(isObject(options) ? options : {}), include_usage: true }))
}

function hasRoleIn(list: Json | undefined, roles: Readonly<Record<string, string>>): boolean {
  if (!Array.isArray(list) || Object.keys(roles).length === 0) return false
  return (list as readonly Json[]).some(
    (message) => isObject(message) && typeof message['role'] === 'string' && Object.hasOwn(roles, message['role']),
  )
}

/** The array of messages with other roles; all else in it byte for byte. */
function withRoles(raw: Buffer, start: number, roles: Readonly<Record<string, string>>): string {
  const messages = (elements(raw, start) ?? []).map((span) => {
    const message = raw.subarray(span.start, span.end)
    const list = members(message)
    const role = list && memberValue(message, list, 'role')
    if (list === null || typeof role !== 'string' || !Object.hasOwn(roles, role)) return message
    return splice(message, list, { set: new Map([['role', JSON.stringify(roles[role])]]), remove: NO_KEYS })
  })
  return `[${messages.map((message) => message.toString()).join(',')}]`
}

const NO_KEYS: ReadonlySet<string> = new Set()

function plainDocuments(list: Json | undefined, set: Map<string, string>): void {
  if (!Array.isArray(list) || !(list as readonly Json[]).some(isObject)) return
  set.set(
    'documents',
    JSON.stringify((list as readonly Json[]).map((one) => (isObject(one) ? (one['text'] ?? '') : one))),
  )
}

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** version-traceid-parentid-flags; anything else in this header could carry what must stay here. */
const TRACEPARENT = /^[\da-f]{2}-[\da-f]{32}-[\da-f]{16}-[\da-f]{2}$/
const FORWARDED_VALUE = /^[\w\-.,;=:/ ]{1,512}$/

/** Headers of the call. Of the caller's own only those cross that the provider's file names, and a valid trace id. */
export function composeHeaders(
  request: GatewayRequest,
  deployment: Deployment,
  userAgent: string,
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
  const trace = request.headers['traceparent']
  if (typeof trace === 'string' && TRACEPARENT.test(trace)) headers['traceparent'] = trace
  for (const name of provider.forward) {
    const value = request.headers[name]
    if (typeof value === 'string' && FORWARDED_VALUE.test(value)) headers[name] = value
  }
  return headers
}
