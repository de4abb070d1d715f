import type { Finish } from '../../core/finish.ts'
import type { Charge, Usage } from '../../core/settlement.ts'
import type { AnswerCollector } from '../answer-collector.ts'
import type { AnswerState, SizeSoFar } from '../answer-state.ts'

/** UTF-8 of most languages, and of code. */
const BYTES_PER_TOKEN = 4

/** What has been seen of an answer so far. */
export class ResponsesState implements AnswerState {
  reported: Usage | null = null
  settled: Usage | null = null
  usageIsOld = false
  readonly cutShort = false
  charge: Charge = null
  tier: string | null = null
  finish: Finish | null = null
  finishWord: string | null = null
  model: string | null = null
  id: string | null = null
  created: number | null = null
  content = false
  /** Something of the answer, or of the thoughts before it. */
  substance = false
  readonly unread = false
  done = false
  refused = false
  collected: AnswerCollector | null = null
  #events = 0
  #pieces = 0
  #bytes = 0

  /** An event that brought so many bytes of text. */
  grow(bytes: number): void {
    this.#events++
    if (bytes === 0) return
    this.#pieces++
    this.#bytes += bytes
  }

  /** A guess: an event is a token, or more where it is longer than one. */
  get size(): SizeSoFar {
    return { events: this.#events, tokens: Math.ceil(Math.max(this.#pieces, this.#bytes / BYTES_PER_TOKEN)) }
  }
}
