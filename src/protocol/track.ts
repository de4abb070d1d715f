import type { Usage } from '../core/settlement.ts'
import type { Collected } from './collected.ts'

/** What has been seen of an answer so far. */
export class AnswerTrack {
  usage: Usage | null = null
  finish: string | null = null
  /** `model` as the engine names it, from the first event or the body. */
  model: string | null = null
  /** Of a stream: what each of its events is told to belong to, from the first one. */
  id: string | null = null
  created: number | null = null
  /** Some text, tool call or embedding was there. */
  content = false
  /** Events of the stream with a part of the answer: a token each, or a few. */
  events = 0
  /** The terminal event was there. */
  done = false
  /** A whole event was parsed. */
  started = false
  /** The model refused, in the field that there is for it. */
  refused = false
  /** What will be checked of its content; null where nothing will. */
  collected: Collected | null = null
}
