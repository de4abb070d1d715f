/** Messages of Ollama's chat, in neutral words. Pure. */
import { isObject } from '../../core/is-object.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import type { CallPart, CallResult, MediaPart, Message, Part, Role } from '../../core/prompt.ts'
import { invalidMember } from '../json/read-object.ts'
import { mediumType } from './media.ts'
import { listOf, says, textOf } from './values.ts'

/** Throws `invalid_request`. */
export function messagesOf(list: Json | undefined): Message[] {
  if (!Array.isArray(list)) throw invalidMember('messages', '`messages` must be an array of messages.')
  const calls = new OpenCalls()
  return (list as readonly Json[]).map((message, at) => {
    if (!isObject(message)) throw invalidMember('messages', `\`messages[${at}]\` must be an object.`)
    return messageOf(message, `messages[${at}]`, calls)
  })
}

export const said = (role: Role, text: string): Message => ({
  role,
  parts: text === '' ? [] : [{ kind: 'text', text, cache: null }],
  name: null,
  result: null,
})

const ROLES: ReadonlyMap<string, Role> = new Map<string, Role>([
  ['system', 'system'],
  ['developer', 'developer'],
  ['assistant', 'assistant'],
  ['tool', 'tool'],
])

function messageOf(message: JsonObject, place: string, calls: OpenCalls): Message {
  const { content = null, thinking = null } = message
  if (content !== null && typeof content !== 'string')
    throw invalidMember('messages', `\`${place}.content\` must be a string; pictures go to \`${place}.images\`.`)
  const role = ROLES.get(textOf(message['role'])?.toLowerCase() ?? '') ?? 'user'
  const thought: Part[] =
    typeof thinking === 'string' && thinking !== '' ? [{ kind: 'thought', text: thinking, seal: null }] : []
  const made = listOf(message['tool_calls']).flatMap((call) => callOf(call, calls))
  return {
    role,
    parts: [...thought, ...said(role, content ?? '').parts, ...mediaOf(message['images'], `${place}.images`), ...made],
    name: null,
    result: role === 'tool' ? resultOf(message, calls) : null,
  }
}

/** What is in the list is base64 without a word for what it is. */
export function mediaOf(list: Json | undefined, place: string): MediaPart[] {
  if (!says(list)) return []
  if (!Array.isArray(list) || !list.every((one) => typeof one === 'string'))
    throw invalidMember(place, `\`${place}\` must be an array of base64 texts.`)
  return list.map((data) => {
    const mediaType = mediumType(data)
    const kind = mediaType.startsWith('audio/') ? 'audio' : 'image'
    return { kind, source: { kind: 'data', mediaType, data }, name: null, detail: null, cache: null }
  })
}

/** Calls that have no result yet. Few have ids, and a result names the tool alone, or nothing: they follow each other as the calls do. */
class OpenCalls {
  #count = 0
  #open: { readonly id: string; readonly name: string }[] = []

  begin(id: string | null, name: string): string {
    const own = id ?? `call_${this.#count}`
    this.#count++
    this.#open.push({ id: own, name })
    return own
  }

  /** The call that a result without an id belongs to. */
  answered(id: string | null, name: string | null): CallResult {
    const byId = id === null ? -1 : this.#open.findIndex((call) => call.id === id)
    const byName = name === null ? -1 : this.#open.findIndex((call) => call.name === name)
    const at = id !== null ? byId : byName >= 0 ? byName : 0
    const [call] = at < 0 ? [] : this.#open.splice(at, 1)
    return { id: id ?? call?.id ?? `call_${this.#count++}`, name: name ?? call?.name ?? null, failed: false }
  }
}

function callOf(call: Json, calls: OpenCalls): CallPart[] {
  const made = isObject(call) ? call['function'] : undefined
  if (!isObject(call) || !isObject(made) || typeof made['name'] !== 'string') return []
  const { name, arguments: given } = made
  const text = typeof given === 'string' ? given : JSON.stringify(given ?? {})
  const id = calls.begin(textOf(call['id']), name)
  return [{ kind: 'call', id, name, arguments: text, free: false, seal: null, cache: null }]
}

const resultOf = (message: JsonObject, calls: OpenCalls): CallResult =>
  calls.answered(textOf(message['tool_call_id']), textOf(message['tool_name']) ?? textOf(message['name']))
