/** The items of an answer as they grow: what an event says of them, and what they are at any moment. */
import { freeText } from '../free-tools.ts'
import { writtenLogprobs } from '../logprobs.ts'
import type { TokenLogprob } from '../piece.ts'
import { writtenSeal } from '../seal.ts'
import type { Seal } from '../../core/prompt.ts'
import type { ToolHome } from './tools.ts'

/** Where events go: their type and what they have beside it. */
export type Tell = (type: string, fields: object) => void

/** One item of an answer. What it is told of is of the item `at` this index. */
export interface Item {
  readonly id: string
  readonly at: number
  /** As it is now. `status`: of its end; `in_progress` where it has none. */
  whole(status: ItemStatus): object
  /** Its last events. */
  close(status: ItemStatus): void
}

export type ItemStatus = 'in_progress' | 'completed' | 'incomplete'

abstract class Growing implements Item {
  readonly id: string
  readonly at: number
  readonly #tell: Tell

  constructor(id: string, at: number, tell: Tell) {
    this.id = id
    this.at = at
    this.#tell = tell
  }

  abstract whole(status: ItemStatus): object
  protected abstract finish(): void

  close(status: ItemStatus): void {
    this.finish()
    this.#tell('response.output_item.done', { output_index: this.at, item: this.whole(status) })
  }

  protected added(): void {
    this.#tell('response.output_item.added', { output_index: this.at, item: this.whole('in_progress') })
  }

  protected tell(type: string, fields: object): void {
    this.#tell(type, { item_id: this.id, output_index: this.at, ...fields })
  }
}

interface Annotation {
  readonly type: 'url_citation'
  readonly url: string
  readonly title: string
  readonly start_index: number
  readonly end_index: number
}

interface MessagePart {
  readonly kind: 'text' | 'refusal'
  text: string
  readonly annotations: Annotation[]
  /** As they are written. */
  readonly logprobs: object[]
}

export class MessageItem extends Growing {
  readonly #parts: MessagePart[] = []
  #open: MessagePart | null = null

  constructor(id: string, at: number, tell: Tell) {
    super(id, at, tell)
    this.added()
  }

  add(kind: 'text' | 'refusal', text: string, likely: readonly TokenLogprob[] = []): void {
    const part = this.#partOf(kind)
    part.text += text
    const logprobs = writtenLogprobs(likely)
    // One by one: a call takes no more than some ten thousand arguments.
    for (const one of logprobs) part.logprobs.push(one)
    const content_index = this.#parts.length - 1
    if (kind === 'text') this.tell('response.output_text.delta', { content_index, delta: text, logprobs })
    else this.tell('response.refusal.delta', { content_index, delta: text })
  }

  /** Where something in its text was found. */
  cite(url: string, title: string | null, range: readonly [number, number] | null): void {
    const part = this.#partOf('text')
    const [start_index, end_index] = range ?? [0, part.text.length]
    const annotation: Annotation = { type: 'url_citation', url, title: title ?? '', start_index, end_index }
    const annotation_index = part.annotations.push(annotation) - 1
    const content_index = this.#parts.length - 1
    this.tell('response.output_text.annotation.added', { content_index, annotation_index, annotation })
  }

  #partOf(kind: MessagePart['kind']): MessagePart {
    if (this.#open?.kind === kind) return this.#open
    this.#closePart()
    const part: MessagePart = { kind, text: '', annotations: [], logprobs: [] }
    const content_index = this.#parts.push(part) - 1
    this.#open = part
    this.tell('response.content_part.added', { content_index, part: written(part) })
    return part
  }

  #closePart(): void {
    const part = this.#open
    if (part === null) return
    this.#open = null
    const content_index = this.#parts.length - 1
    const { text, logprobs } = part
    if (part.kind === 'text') this.tell('response.output_text.done', { content_index, text, logprobs })
    else this.tell('response.refusal.done', { content_index, refusal: text })
    this.tell('response.content_part.done', { content_index, part: written(part) })
  }

  protected finish(): void {
    this.#closePart()
  }

  whole(status: ItemStatus): object {
    return { type: 'message', id: this.id, status, role: 'assistant', content: this.#parts.map(written) }
  }
}

const written = ({ kind, text, annotations, logprobs }: MessagePart): object =>
  kind === 'text'
    ? { type: 'output_text', text, annotations: [...annotations], logprobs: [...logprobs] }
    : { type: 'refusal', refusal: text }

export class ReasoningItem extends Growing {
  /** Told as a summary, which the caller has asked for; else as it is. */
  readonly #summary: boolean
  #text: string | null = null
  #seal: Seal | null = null

  constructor(id: string, at: number, tell: Tell, summary: boolean) {
    super(id, at, tell)
    this.#summary = summary
    this.added()
  }

  add(text: string): void {
    const first = this.#text === null
    this.#text = (this.#text ?? '') + text
    const [part, delta, index] = this.#summary
      ? (['response.reasoning_summary_part.added', 'response.reasoning_summary_text.delta', SUMMARY] as const)
      : (['response.content_part.added', 'response.reasoning_text.delta', CONTENT] as const)
    if (first) this.tell(part, { ...index, part: this.#part('') })
    this.tell(delta, { ...index, delta: text })
  }

  /** Nothing more of this thought will come. */
  get sealed(): boolean {
    return this.#seal !== null
  }

  seal(seal: Seal): void {
    this.#seal = seal
  }

  #part(text: string): object {
    return { type: this.#summary ? 'summary_text' : 'reasoning_text', text }
  }

  protected finish(): void {
    const text = this.#text
    if (text === null) return
    const [done, part, index] = this.#summary
      ? (['response.reasoning_summary_text.done', 'response.reasoning_summary_part.done', SUMMARY] as const)
      : (['response.reasoning_text.done', 'response.content_part.done', CONTENT] as const)
    this.tell(done, { ...index, text })
    this.tell(part, { ...index, part: this.#part(text) })
  }

  whole(status: ItemStatus): object {
    const parts = this.#text === null || status === 'in_progress' ? [] : [this.#part(this.#text)]
    return {
      type: 'reasoning',
      id: this.id,
      summary: this.#summary ? parts : [],
      ...(this.#summary ? {} : { content: parts }),
      ...(this.#seal === null ? {} : { encrypted_content: writtenSeal(this.#seal, 'openai-responses') }),
    }
  }
}

const SUMMARY = { summary_index: 0 }
const CONTENT = { content_index: 0 }

interface Called {
  readonly callId: string
  readonly home: ToolHome
  /** Its text came as the argument of a function: models of other formats know no free text. */
  readonly wrapped: boolean
}

export class CallItem extends Growing {
  readonly #called: Called
  #given = ''

  constructor(id: string, at: number, tell: Tell, called: Called) {
    super(id, at, tell)
    this.#called = called
    this.added()
  }

  add(text: string): void {
    if (text === '') return
    this.#given += text
    const { home, wrapped } = this.#called
    if (home.type === 'function') this.tell('response.function_call_arguments.delta', { delta: text })
    else if (home.type === 'custom' && !wrapped) this.tell('response.custom_tool_call_input.delta', { delta: text })
  }

  get #input(): string {
    return this.#called.wrapped ? freeText(this.#given) : this.#given
  }

  protected finish(): void {
    const { home, wrapped } = this.#called
    if (home.type === 'function')
      this.tell('response.function_call_arguments.done', { name: home.name, arguments: this.#given })
    if (home.type !== 'custom') return
    const input = this.#input
    if (wrapped) this.tell('response.custom_tool_call_input.delta', { delta: input })
    this.tell('response.custom_tool_call_input.done', { input })
  }

  whole(status: ItemStatus): object {
    const { callId, home } = this.#called
    const begun = status === 'in_progress'
    const namespace = home.namespace === null ? {} : { namespace: home.namespace }
    const head = { id: this.id, call_id: callId, status }
    if (home.type === 'tool_search')
      return {
        type: 'tool_search_call',
        ...head,
        execution: 'client',
        arguments: begun ? {} : argumentsIn(this.#given),
      }
    if (home.type === 'custom')
      return { type: 'custom_tool_call', ...head, name: home.name, ...namespace, input: begun ? '' : this.#input }
    return { type: 'function_call', ...head, name: home.name, ...namespace, arguments: begun ? '' : this.#given }
  }
}

/** What a model wrote as arguments; nothing where that is no JSON. */
function argumentsIn(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return {}
  }
}
