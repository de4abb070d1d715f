/** A conversation with the gateway in its own first format, as `turnout chat` has it: what is asked, and what the events of the answer say. Pure. */
import { isObject } from '../core/is-object.ts'
import { objectIn } from './json/object-in.ts'
import { frameText, type SseFrame } from './sse.ts'

export const TALK_PATH = '/v1/chat/completions'

export interface Turn {
  readonly role: 'user' | 'assistant'
  readonly content: string
}

export const talkBody = (model: string, turns: readonly Turn[]): string =>
  JSON.stringify({ model, stream: true, messages: turns })

/** What one event adds; the record stands in one of the last. */
export interface Said {
  readonly text: string
  /** Of thinking before the answer. */
  readonly thought: string
  /** What was decided and what it came to, as docs/explain.md has it. */
  readonly record: Readonly<Record<string, unknown>> | null
  /** Why the answer ends here. */
  readonly error: string | null
}

export function saidIn(frame: SseFrame): Said {
  const body = frame.data === null ? null : objectIn(frameText(frame))
  if (body === null) return { text: '', thought: '', record: null, error: null }
  const { choices, turnout, error } = body
  const first: unknown = Array.isArray(choices) ? choices[0] : null
  const delta = isObject(first) && isObject(first['delta']) ? first['delta'] : {}
  return {
    text: textOf(delta['content']),
    thought: textOf(delta['reasoning_content']),
    record: isObject(turnout) ? turnout : null,
    error: isObject(error) ? textOf(error['message']) || 'the answer broke off' : null,
  }
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')
