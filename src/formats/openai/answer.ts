/** Which parts of a choice are an answer, and which only lead up to one. Pure. */
import { type Fields, isObject } from '../../core/is-object.ts'
import { TextSense } from '../text-sense.ts'

/** Of a delta or a message: what is the answer itself, where it is filled. */
const ANSWER_PARTS = ['tool_calls', 'function_call', 'audio', 'images', 'image'] as const
/** What the model said on its way to it. */
const THOUGHT_PARTS = ['reasoning_content', 'reasoning', 'thinking', 'reasoning_details'] as const

/** Deeper is nothing that a model said. */
const DEEPEST = 6

/** What lists and objects say of themselves, not of the answer. */
const LABELS: ReadonlySet<string> = new Set(['type', 'format', 'id'])

/** Something is in it: text of any kind, also within lists and objects, but for their labels. */
export function isFilled(part: unknown, depth = 0): boolean {
  if (typeof part === 'string') return part !== ''
  if (depth > DEEPEST) return false
  if (Array.isArray(part)) return part.some((one) => isFilled(one, depth + 1))
  return isObject(part) && Object.entries(part).some(([key, value]) => !LABELS.has(key) && isFilled(value, depth + 1))
}

/** The delta or message of a choice; a legacy completion is its own. */
export function partOf(choice: Fields): Fields {
  const part = choice['delta'] ?? choice['message']
  return isObject(part) ? part : choice
}

/** Together has the text of a delta in the choice once more. */
const textOf = (choice: Fields, part: Fields): unknown => (part === choice ? choice['text'] : part['content'])

/** Whether a choice brings anything that a caller could not do without: text, reasoning, a call, logprobs, .. */
export function hasSubstance(choice: Fields): boolean {
  const part = partOf(choice)
  const { logprobs } = choice
  return (
    isFilled(textOf(choice, part)) ||
    THOUGHT_PARTS.some((key) => isFilled(part[key])) ||
    isFilled(part['refusal']) ||
    ANSWER_PARTS.some((key) => isThere(part[key])) ||
    (isObject(logprobs) && isFilled(logprobs))
  )
}

/** A call without a word in it is a call. */
const isThere = (part: unknown): boolean =>
  Array.isArray(part) ? part.length > 0 : isObject(part) ? Object.keys(part).length > 0 : isFilled(part)

/** Looks for an answer in one choice: text that is neither blank nor thinking, a call, audio, a picture. */
export class AnswerSense {
  readonly #text = new TextSense()

  /** For sure; from here on nothing needs to be looked at. */
  get sure(): boolean {
    return this.#text.sure
  }

  /** If nothing more came. */
  get found(): boolean {
    return this.#text.found
  }

  /** A delta or a whole choice. */
  choice(choice: Fields): void {
    if (this.sure) return
    const part = partOf(choice)
    this.#content(textOf(choice, part))
    if (ANSWER_PARTS.some((key) => isThere(part[key])) || isWord(part['refusal'])) this.#text.sure = true
  }

  /** Some engines send a list of parts: text, thinking, pictures. */
  #content(content: unknown): void {
    if (typeof content === 'string') return this.#text.push(content)
    if (!Array.isArray(content)) return
    for (const part of content as readonly unknown[]) {
      if (typeof part === 'string') this.#text.push(part)
      else if (isObject(part) && !isThought(part['type'])) {
        if (typeof part['text'] === 'string') this.#text.push(part['text'])
        else if (isFilled(part)) this.#text.sure = true
      }
    }
  }
}

const isWord = (text: unknown): boolean => typeof text === 'string' && text.trim() !== ''

const isThought = (type: unknown): boolean =>
  type === 'thinking' || type === 'reasoning' || type === 'redacted_thinking' || type === 'reasoning_text'
