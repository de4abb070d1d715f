import type { Charge, Usage } from '../../core/settlement.ts'
import type { Again } from './again.ts'
import { AnswerSize } from './answer-size.ts'
import { collect } from './collect.ts'
import { Choices, type Mend } from './choices.ts'
import type { AnswerCollector } from '../answer-collector.ts'
import type { Finish } from '../../core/finish.ts'
import { finishOf } from './finish.ts'

/** What has been seen of an answer so far. */
export class OpenAIAnswerState {
  reported: Usage | null = null
  settled: Usage | null = null
  /** Events of the stream came after the usage. */
  usageIsOld = false
  readonly cutShort = false
  /** The usage stands where OpenAI has it, and as OpenAI writes it. */
  usageIsPlain = false
  /** Of a stream whose caller wants the usage: the event that tells it, as it came; null where it must be made. */
  usageEvent: Buffer | null = null
  /** The JSON of the usage, from an event with other things in it; null where it must be written. */
  usageJson: string | null = null
  /** What the backend says beside its usage that it charges. */
  charge: Charge = null
  /** `service_tier` of the answer. */
  tier: string | null = null
  /** Of the first choice; null where no word for its end has come. */
  finish: Finish | null = null
  /** The engine's own word for it. */
  finishWord: string | null = null
  /** `model` as the engine names it, from the first event or the body. */
  model: string | null = null
  /** Of a stream: what each of its events is told to belong to, from the first one. */
  id: string | null = null
  created: number | null = null
  /** Some text, tool call or embedding was there; not what was only thought. */
  content = false
  /** Its choices are too many parts to be read: complete, and not judged. */
  unread = false
  /** How much of it there was. */
  readonly size = new AnswerSize()
  /** The terminal event was there. */
  done = false
  /** The model refused, in the field that there is for it. */
  refused = false
  /** What will be checked of its content; null where nothing will. */
  collected: AnswerCollector | null = null
  readonly choices = new Choices()
  /** Of a stream: the last event that only brought more text, or more arguments. */
  again: Again | null = null
  /** Events since then that brought text, and were unlike it. */
  unlike = 0
  /** Of a stream: where in its events the index of the choice was found last. */
  indexAt = 0
  /** Of a whole answer: what to write differently for the caller. */
  mends: readonly (Mend | null)[] | null = null

  /** Takes the choices of an event, or of a whole answer; what is to be written differently in each, null = nothing. */
  take(list: readonly unknown[], whole: boolean): readonly (Mend | null)[] | null {
    const { choices } = this
    const mends = choices.take(list, whole)
    if (this.collected !== null) collect(this.collected, list, mends)
    this.finishWord = choices.word
    this.finish = choices.word === null ? null : finishOf(choices.word)
    this.content = choices.answered
    this.refused = choices.refused
    return mends
  }

  /** More arguments of the call that came last, from an event that nothing else was in. */
  more(text: string): void {
    this.choices.more(text)
    this.collected?.more(text)
  }
}
