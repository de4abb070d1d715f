import type { Usage } from '../core/settlement.ts'
import { AnswerSize } from './answer-size.ts'
import type { Collected } from './collected.ts'

/** What has been seen of an answer so far. */
export class AnswerTrack {
  /** As the backend told it last; of an answer that has ended without telling any, a guess. */
  usage: Usage | null = null
  /** Events of the stream came after the usage. */
  usageIsOld = false
  /** The usage stands where OpenAI has it, and as OpenAI writes it. */
  usageIsPlain = false
  /** Of a stream whose caller wants the usage: the event that tells it, as it came; null where it must be made. */
  usageEvent: Buffer | null = null
  /** The JSON of the usage, from an event with other things in it; null where it must be written. */
  usageJson: string | null = null
  /** `service_tier` of the answer. */
  tier: string | null = null
  finish: string | null = null
  /** `model` as the engine names it, from the first event or the body. */
  model: string | null = null
  /** Of a stream: what each of its events is told to belong to, from the first one. */
  id: string | null = null
  created: number | null = null
  /** Some text, tool call or embedding was there. */
  content = false
  /** How much of it there was. */
  readonly size = new AnswerSize()
  /** The terminal event was there. */
  done = false
  /** A whole event was parsed. */
  started = false
  /** The model refused, in the field that there is for it. */
  refused = false
  /** What will be checked of its content; null where nothing will. */
  collected: Collected | null = null
}
