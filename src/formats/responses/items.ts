/** The items of a conversation, in neutral words: those of one turn of the assistant are one message. Pure. */
import { isObject } from '../../core/is-object.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import type { Message, Part, Role, Source, ThoughtPart } from '../../core/prompt.ts'
import { invalidMember } from '../json/read-object.ts'
import { readSeal } from '../seal.ts'
import { listOf, textOf } from './fields.ts'
import { CALL_SEAL_ID } from './ids.ts'
import { plainName } from './tools.ts'

export interface Conversation {
  readonly messages: readonly Message[]
  /** What of it these words do not hold, by name. */
  readonly unsaid: readonly string[]
}

/** Throws `invalid_request` where an item is none. */
export function conversationOf({ instructions, input }: JsonObject): Conversation {
  const reader = new ItemReader()
  if (typeof instructions === 'string' && instructions !== '') reader.say('system', [textPart(instructions)])
  if (typeof input === 'string') reader.say('user', [textPart(input)])
  else listOf(input).forEach((item, at) => reader.item(item, at))
  return { messages: reader.messages, unsaid: reader.unsaid }
}

const textPart = (text: string): Part => ({ kind: 'text', text, cache: null })

const ROLES: ReadonlyMap<Json | undefined, Role> = new Map<Json | undefined, Role>([
  ['system', 'system'],
  ['developer', 'developer'],
  ['user', 'user'],
  ['assistant', 'assistant'],
])

class ItemReader {
  readonly messages: Message[] = []
  readonly unsaid: string[] = []
  /** Of the turn of the assistant that is read; null: none is. */
  #turn: Part[] | null = null
  /** Names of calls by their ids: other formats have them beside the result too. */
  readonly #names = new Map<string, string>()

  item(item: Json, at: number): void {
    if (!isObject(item)) throw invalid(at, 'must be an object')
    const { type } = item
    switch (type) {
      case 'message':
      case undefined:
      case null:
        return this.#message(item, at)
      case 'function_call':
        return this.#call(item, at, textOf(item['arguments']) ?? '{}', false)
      case 'custom_tool_call':
        return this.#call(item, at, textOf(item['input']) ?? '', true)
      case 'tool_search_call':
        return this.#call({ ...item, name: 'tool_search' }, at, JSON.stringify(item['arguments'] ?? {}), false)
      case 'function_call_output':
      case 'custom_tool_call_output':
        return this.#result(item, at, this.#partsOf(item['output'], at))
      case 'tool_search_output':
        return this.#result(item, at, [textPart(foundBy(item['tools']))])
      case 'reasoning':
        return this.#thought(item)
      case 'additional_tools':
        return
      case 'item_reference':
        throw invalid(at, 'refers to an item that is not kept here; send the item itself')
      default:
        this.#lose(`input.${typeof type === 'string' ? type : 'item'}`)
    }
  }

  say(role: Role, parts: readonly Part[]): void {
    this.#turn = null
    this.messages.push({ role, parts, name: null, result: null })
  }

  #message(item: JsonObject, at: number): void {
    const role = ROLES.get(item['role'])
    if (role === undefined) throw invalid(at, 'has a `role` that is none of user, assistant, system, developer')
    const parts = this.#partsOf(item['content'], at)
    if (role === 'assistant') this.#assistant().push(...parts)
    else this.say(role, parts)
  }

  #assistant(): Part[] {
    if (this.#turn !== null) return this.#turn
    const parts: Part[] = []
    this.say('assistant', parts)
    return (this.#turn = parts)
  }

  #call(item: JsonObject, at: number, given: string, free: boolean): void {
    const id = textOf(item['call_id'])
    const own = textOf(item['name'])
    if (id === null || own === null) throw invalid(at, 'is a call without `call_id` and `name`')
    const name = plainName(own, textOf(item['namespace']))
    this.#names.set(id, name)
    this.#assistant().push({ kind: 'call', id, name, arguments: given, free, seal: null, cache: null })
  }

  #result(item: JsonObject, at: number, parts: readonly Part[]): void {
    const id = textOf(item['call_id'])
    if (id === null) throw invalid(at, 'is a result without `call_id`')
    this.#turn = null
    const result = { id, name: this.#names.get(id) ?? null, failed: item['status'] === 'incomplete' }
    this.messages.push({ role: 'tool', parts, name: null, result })
  }

  #thought(item: JsonObject): void {
    const sealed = textOf(item['encrypted_content'])
    const id = textOf(item['id'])
    const seal = sealed === null ? null : readSeal(sealed, 'openai-responses', id)
    const text = textsOf(item['content']) || textsOf(item['summary'])
    const turn = this.#assistant()
    const last = turn.at(-1)
    if (seal !== null && last?.kind === 'call' && text === '' && id?.startsWith(CALL_SEAL_ID) === true)
      turn[turn.length - 1] = { ...last, seal }
    else if (text !== '' || seal !== null) turn.push({ kind: 'thought', text, seal } satisfies ThoughtPart)
  }

  #partsOf(content: Json | undefined, at: number): Part[] {
    if (typeof content === 'string') return content === '' ? [] : [textPart(content)]
    return listOf(content).flatMap((part): Part[] => {
      if (!isObject(part)) throw invalid(at, 'has a part that is no object')
      return this.#partOf(part)
    })
  }

  #partOf(part: JsonObject): Part[] {
    const { type } = part
    if (typeof part['refusal'] === 'string') return [{ kind: 'refusal', text: part['refusal'], cache: null }]
    if (typeof part['text'] === 'string') return part['text'] === '' ? [] : [textPart(part['text'])]
    const source = sourceOf(part)
    if (type === 'input_image' && source !== null)
      return [{ kind: 'image', source, name: null, detail: detailOf(part['detail']), cache: null }]
    if (type === 'input_file' && source !== null)
      return [{ kind: 'file', source, name: textOf(part['filename']), detail: null, cache: null }]
    const sound = part['input_audio']
    if (isObject(sound) && typeof sound['data'] === 'string') {
      const mediaType = `audio/${textOf(sound['format']) ?? 'wav'}`
      const data = { kind: 'data', mediaType, data: sound['data'] } as const
      return [{ kind: 'audio', source: data, name: null, detail: null, cache: null }]
    }
    this.#lose(`input.${typeof type === 'string' ? type : 'part'}`)
    return []
  }

  #lose(name: string): void {
    if (!this.unsaid.includes(name)) this.unsaid.push(name)
  }
}

const invalid = (at: number, what: string): Error => invalidMember(`input[${at}]`, `\`input[${at}]\` ${what}.`)

/** The texts of the parts of a thought. */
const textsOf = (parts: Json | undefined): string =>
  listOf(parts)
    .flatMap((part) => (isObject(part) && typeof part['text'] === 'string' ? [part['text']] : []))
    .join('\n\n')

const DATA_URL = /^data:([^;,]*)(?:;[^,]*)?;base64,/

function sourceOf(part: JsonObject): Source | null {
  const image = part['image_url']
  const place = textOf(image) ?? (isObject(image) ? textOf(image['url']) : null)
  const url = place ?? textOf(part['file_data']) ?? textOf(part['file_url'])
  const id = textOf(part['file_id'])
  if (url === null) return id === null ? null : { kind: 'id', id }
  const head = DATA_URL.exec(url)
  if (head !== null) return { kind: 'data', mediaType: head[1]!, data: url.slice(head[0].length) }
  // Also without the head of a data URL.
  if (part['file_data'] === url) return { kind: 'data', mediaType: 'application/pdf', data: url }
  return { kind: 'url', url }
}

/** `original` is known to this format alone. */
const detailOf = (detail: Json | undefined): string | null => (detail === 'original' ? 'high' : textOf(detail))

/** What a search for tools has found, as a model reads it: their definitions are beside the others. */
function foundBy(list: Json | undefined): string {
  const found = listOf(list).flatMap((tool): string[] => {
    if (!isObject(tool)) return []
    const name = textOf(tool['name']) ?? ''
    if (tool['type'] !== 'namespace') return [name]
    return listOf(tool['tools']).flatMap((one) =>
      isObject(one) ? [plainName(textOf(one['name']) ?? '', name === '' ? null : name)] : [],
    )
  })
  return found.length === 0 ? 'No tools were found.' : `These tools can be called from now on: ${found.join(', ')}.`
}
