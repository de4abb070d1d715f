/** The part of an answer that will be checked, gathered while it passes. Only the first choice is judged. */
import type { SuccessSpec } from '../core/settings.ts'
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
  name: string
  arguments: string | null
}

/** What of the answer to `request` is to be checked; null: nothing, and nothing is gathered. */
export function checksOf({ endpoint, prompt }: GatewayRequest, success: SuccessSpec): Checks | null {
  if (!endpoint.streams) return null
  const { answerForm, hasTools, mustCall } = prompt
  const json = success.json || success.schema || answerForm === 'json_object' || answerForm === 'json_schema'
  return json || hasTools ? { json, mustCall } : null
}

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

  /** More of the text. */
  addText(text: string): void {
    if (!this.checks.json) return
    const counted = this.#counted(text)
    this.#text += counted
  }

  /** More of the call with this place among the calls: `name` and `text` of its arguments. `free`: the tool takes free text, which is not gathered. */
  addCall(slot: number, name: string, text: string, free: boolean): void {
    if (slot >= MOST_CALLS) return this.lose()
    const call = (this.#calls[slot] ??= { name: '', arguments: free ? null : '' })
    this.#last = call
    if (name !== call.name) call.name += this.#counted(name)
    if (call.arguments !== null) call.arguments += this.#counted(text)
  }

  /** More of the arguments that came last. */
  more(text: string): void {
    const call = this.#last
    if (call !== null && call.arguments !== null) call.arguments += this.#counted(text)
  }

  lose(): void {
    this.lost = true
    this.#text = ''
    this.#calls = []
    this.#last = null
  }

  #counted(text: string): string {
    this.#size += text.length
    if (this.#size <= MOST_COLLECTED) return text
    this.lose()
    return ''
  }
}
