/** What is known of an answer that the gateway ends at a stop sequence, whatever its backend would have gone on to say. */
import type { Finish } from '../core/finish.ts'
import type { Charge, Usage } from '../core/settlement.ts'
import type { AnswerCollector } from './answer-collector.ts'
import type { AnswerState, SizeSoFar } from './answer-state.ts'
import type { StopCut } from './stop-cut.ts'

export class CutState implements AnswerState {
  cutShort = false
  readonly #inner: AnswerState
  readonly #cut: StopCut

  constructor(inner: AnswerState, cut: StopCut) {
    this.#inner = inner
    this.#cut = cut
  }

  get finish(): Finish | null {
    return this.#cut.met ? 'stop' : this.#inner.finish
  }

  get finishWord(): string | null {
    return this.#cut.met ? null : this.#inner.finishWord
  }

  get done(): boolean {
    return this.#cut.met || this.#inner.done
  }

  get reported(): Usage | null {
    return this.#inner.reported
  }

  /** Backends that tell a count as they go told the last one before the last words, or tell that of the answer at its end only. */
  get settled(): Usage | null {
    const told = this.#inner.settled
    if (told === null || !this.cutShort || (told.output > 0 && !this.usageIsOld)) return told
    const output = Math.max(told.output, this.size.tokens)
    return output === told.output ? told : { ...told, output, estimated: true }
  }

  get usageIsOld(): boolean {
    return this.#inner.usageIsOld
  }

  get charge(): Charge {
    return this.#inner.charge
  }

  get tier(): string | null {
    return this.#inner.tier
  }

  get model(): string | null {
    return this.#inner.model
  }

  get id(): string | null {
    return this.#inner.id
  }

  get created(): number | null {
    return this.#inner.created
  }

  get content(): boolean {
    // Some formats tell it at the end, which does not come.
    return this.#inner.content || this.#cut.content
  }

  get unread(): boolean {
    return this.#inner.unread
  }

  get size(): SizeSoFar {
    return this.#inner.size
  }

  get refused(): boolean {
    return this.#inner.refused
  }

  get collected(): AnswerCollector | null {
    return this.#inner.collected
  }
}
