/** The part of an answer that will be checked, gathered while it passes. Only the first choice is judged. */
import type { Json, JsonObject, SuccessSpec } from '../core/settings.ts'
import type { GatewayRequest } from '../core/types.ts'

/** What an answer may hold of text and arguments to be checked, in characters; larger ones are not judged. */
export const MOST_COLLECTED = 256 * 1024
const MOST_CALLS = 128

/** What of an answer is to be checked. */
export interface Checks {
  /** Its text must be JSON. */
  readonly json: boolean
  /** It must call a tool. */
  readonly mustCall: boolean
}

export interface ToolCall {
  readonly name: string
  /** JSON as the model wrote it; null for a tool that takes free text. */
  readonly arguments: string | null
}

interface OpenCall {
  readonly slot: unknown
  readonly id: unknown
  name: string
  arguments: string | null
}

type Fields = Readonly<Record<string, unknown>>

/** A place for what `request` gives to check; null where it gives nothing, and nothing is looked at. */
export function collectedOf({ endpoint, body }: GatewayRequest, success: SuccessSpec): Collected | null {
  if (!endpoint.streams) return null
  const format = typeOf(body['response_format'])
  const json = success.json || success.schema || format === 'json_object' || format === 'json_schema'
  const tools = isFilled(body['tools']) || isFilled(body['functions'])
  if (!json && !tools) return null
  const choice = body['tool_choice']
  const mustCall = tools && (choice === 'required' || choice === 'any' || typeOf(choice) === 'function')
  return new Collected({ json, mustCall })
}

const isFilled = (value: Json | undefined): boolean => Array.isArray(value) && value.length > 0

const typeOf = (value: Json | undefined): Json | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject)['type'] : undefined

export class Collected {
  readonly checks: Checks
  /** More came than is held, or some of it could not be read: it is not judged. */
  lost = false
  #text = ''
  #size = 0
  #calls: OpenCall[] = []

  constructor(checks: Checks) {
    this.checks = checks
  }

  get text(): string {
    return this.#text
  }

  get calls(): readonly ToolCall[] {
    return this.#calls.map((call) => ({ name: call.name, arguments: call.arguments }))
  }

  /** Whether a stream's event (one character for each byte) has something to gather. A search: most events are never parsed. */
  wants(data: string): boolean {
    return !this.lost && (CALLS.test(data) || (this.checks.json && TEXT.test(data)))
  }

  /** Takes an event that nobody else parses. */
  event(json: string): void {
    if (json.length > 2 * MOST_COLLECTED) return this.#lose()
    try {
      const { choices } = JSON.parse(json) as { readonly choices?: unknown }
      if (Array.isArray(choices)) this.choices(choices as readonly unknown[])
    } catch {
      this.#lose()
    }
  }

  /** Takes the choices of an event or of a whole answer. */
  choices(choices: readonly unknown[]): void {
    if (this.lost) return
    for (const choice of choices) {
      if (!isObject(choice) || (choice['index'] ?? 0) !== 0) continue
      const part = isObject(choice['delta']) ? choice['delta'] : choice['message']
      if (this.checks.json) this.#addText(isObject(part) ? part['content'] : choice['text'])
      if (isObject(part)) this.#addCalls(part)
    }
  }

  /** Some engines send a list of parts; those without text are reasoning or pictures. */
  #addText(content: unknown): void {
    if (typeof content === 'string') this.#write(content)
    else if (Array.isArray(content))
      for (const part of content as readonly unknown[])
        if (isObject(part) && typeof part['text'] === 'string') this.#write(part['text'])
  }

  #write(text: string): void {
    const counted = this.#counted(text)
    this.#text += counted
  }

  #addCalls(part: Fields): void {
    const calls = part['tool_calls']
    if (Array.isArray(calls)) for (const call of calls as readonly unknown[]) if (isObject(call)) this.#addCall(call)
    if (isObject(part['function_call'])) this.#addCall({ function: part['function_call'] })
  }

  #addCall(delta: Fields): void {
    const custom = isObject(delta['custom'])
    const said = custom ? delta['custom'] : delta['function']
    const fields: Fields = isObject(said) ? said : {}
    const name = typeof fields['name'] === 'string' ? fields['name'] : ''
    const call = this.#openCall(delta, name, custom)
    if (call === null) return
    // Some engines repeat the name in every piece.
    if (call.name === '') call.name = this.#counted(name)
    if (call.arguments !== null) call.arguments += this.#counted(textOf(fields['arguments']))
  }

  /** The call that a piece belongs to. Some engines leave the index out, or give every call the same one, and a new id. */
  #openCall({ index, id }: Fields, name: string, custom: boolean): OpenCall | null {
    const last = this.#calls.at(-1)
    const known =
      typeof index === 'number' ? this.#calls.findLast(({ slot }) => slot === index) : name === '' ? last : undefined
    if (known !== undefined && !isOther(id, known.id)) return known
    if (this.#calls.length >= MOST_CALLS) {
      this.#lose()
      return null
    }
    const call: OpenCall = { slot: index, id, name: '', arguments: custom ? null : '' }
    this.#calls.push(call)
    return call
  }

  #counted(text: string): string {
    this.#size += text.length
    if (this.#size <= MOST_COLLECTED) return text
    this.#lose()
    return ''
  }

  #lose(): void {
    this.lost = true
    this.#text = ''
    this.#calls = []
  }
}

const TEXT = /"(?:content|text)": ?(?:"[^"]|\[)/
const CALLS = /"(?:tool_calls|function_call)": ?[[{](?![\]}])/

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isOther = (id: unknown, known: unknown): boolean =>
  typeof id === 'string' && id !== '' && typeof known === 'string' && known !== '' && id !== known

/** Arguments are a JSON text; some engines send the object itself. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  return isObject(value) ? JSON.stringify(value) : ''
}
