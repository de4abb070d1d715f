/** The part of an answer that will be checked, gathered while it passes. Only the first choice is judged. */
import { type Fields, isObject } from '../../core/is-object.ts'
import type { SuccessSpec } from '../../core/settings.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import type { GatewayRequest } from '../../core/types.ts'
import { partOf } from './answer.ts'
import type { Mend } from './choices.ts'

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
  name: string
  arguments: string | null
}

/** A place for what `request` gives to check; null where it gives nothing, and nothing is looked at. */
export function collectedOf({ endpoint, body }: GatewayRequest, success: SuccessSpec): AnswerCollector | null {
  if (!endpoint.streams) return null
  const format = typeOf(body['response_format'])
  const json = success.json || success.schema || format === 'json_object' || format === 'json_schema'
  const tools = isFilled(body['tools']) || isFilled(body['functions'])
  if (!json && !tools) return null
  const choice = body['tool_choice']
  const mustCall = tools && (choice === 'required' || choice === 'any' || typeOf(choice) === 'function')
  return new AnswerCollector({ json, mustCall })
}

const isFilled = (value: Json | undefined): boolean => Array.isArray(value) && value.length > 0

const typeOf = (value: Json | undefined): Json | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject)['type'] : undefined

export class AnswerCollector {
  readonly checks: Checks
  /** More came than is held, or some of it could not be read: it is not judged. */
  lost = false
  #text = ''
  #size = 0
  #calls: OpenCall[] = []
  #last: OpenCall | null = null

  constructor(checks: Checks) {
    this.checks = checks
  }

  get text(): string {
    return this.#text
  }

  get calls(): readonly ToolCall[] {
    return this.#calls.map((call) => ({ name: call.name, arguments: call.arguments }))
  }

  /** Whether a stream's event (one character for each byte) has text to gather. A search: most events are never parsed. */
  wants(data: string): boolean {
    if (!this.checks.json || this.lost || !TEXT.test(data)) return false
    if (data.length <= 2 * MOST_COLLECTED) return true
    this.#lose()
    return false
  }

  /** Takes the choices of an event or of a whole answer. `mends`: what was put right in them. */
  choices(choices: readonly unknown[], mends: readonly (Mend | null)[] | null): void {
    for (const [at, choice] of choices.entries()) {
      if (this.lost) return
      if (!isObject(choice) || (choice['index'] ?? 0) !== 0) continue
      const part = partOf(choice)
      const mend = mends?.[at] ?? null
      if (this.checks.json) this.#addText(part === choice ? choice['text'] : part['content'])
      this.#addCalls(mend?.calls ?? part['tool_calls'])
      const legacy = mend?.legacyCall ?? part['function_call']
      if (isObject(legacy)) this.#addCall(0, { function: legacy })
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

  /** Streamed pieces have the index of their call; whole calls have their place. */
  #addCalls(calls: unknown): void {
    if (!Array.isArray(calls)) return
    for (const [at, call] of (calls as readonly unknown[]).entries())
      if (isObject(call)) this.#addCall(typeof call['index'] === 'number' ? call['index'] : at, call)
  }

  /** More of the arguments that came last. */
  more(text: string): void {
    const call = this.#last
    if (call !== null && call.arguments !== null) call.arguments += this.#counted(text)
  }

  #addCall(slot: number, piece: Fields): void {
    if (slot >= MOST_CALLS) return this.#lose()
    const custom = isObject(piece['custom'])
    const said = custom ? piece['custom'] : piece['function']
    const fields: Fields = isObject(said) ? said : {}
    const call = (this.#calls[slot] ??= { name: '', arguments: custom ? null : '' })
    this.#last = call
    const name = fields['name']
    if (typeof name === 'string' && name !== call.name) call.name += this.#counted(name)
    const more = fields['arguments']
    if (call.arguments !== null && typeof more === 'string') call.arguments += this.#counted(more)
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
    this.#last = null
  }
}

const TEXT = /"(?:content|text)"\s*:\s*(?:"[^"]|\[)/
