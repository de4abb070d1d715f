import type { Finish } from '../../core/finish.ts'
import type { Usage } from '../../core/settlement.ts'
import type { AnswerCollector } from '../answer-collector.ts'
import type { AnswerState, SizeSoFar } from '../answer-state.ts'
import { TextSense } from '../text-sense.ts'

const BYTES_PER_TOKEN = 4

/** A line is a token, or more where it is longer than one. */
export class LineSize implements SizeSoFar {
  events = 0
  #filled = 0
  #bytes = 0
  /** As Ollama told it, beside a count of the prompt that it did not tell. */
  told: number | null = null

  text(bytes: number): void {
    if (bytes === 0) return
    this.#filled++
    this.#bytes += bytes
  }

  get tokens(): number {
    return this.told ?? Math.ceil(Math.max(this.#filled, this.#bytes / BYTES_PER_TOKEN))
  }
}

/** What has been seen of an answer so far. */
export class OllamaAnswerState implements AnswerState {
  reported: Usage | null = null
  settled: Usage | null = null
  readonly usageIsOld = false
  readonly cutShort = false
  readonly charge = null
  readonly tier = null
  finish: Finish | null = null
  finishWord: string | null = null
  model: string | null = null
  readonly id = null
  created: number | null = null
  loadMs: number | null = null
  content = false
  readonly sense = new TextSense()
  unread = false
  readonly size = new LineSize()
  done = false
  readonly refused = false
  collected: AnswerCollector | null = null
  /** Something came that a caller could not do without. */
  begun = false
  /** Calls of tools so far. */
  calls = 0
}
