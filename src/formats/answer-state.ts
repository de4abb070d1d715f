import type { Finish } from '../core/finish.ts'
import type { Charge, Usage } from '../core/settlement.ts'
import type { AnswerCollector } from './answer-collector.ts'

/** How much of an answer has come, for those that tell no usage. */
export interface SizeSoFar {
  /** Events of the stream. */
  readonly events: number
  /** A guess. */
  readonly tokens: number
}

/** What is known of an answer so far. Each format has a class of its own, with what it must remember beside this. */
export interface AnswerState {
  /** As the backend reported it last; null: it has reported none. Never a guess. */
  readonly reported: Usage | null
  /** What a complete answer counts as: the reported usage, or a guess; null until it is complete. */
  readonly settled: Usage | null
  /** Events of the stream came after the usage. */
  readonly usageIsOld: boolean
  /** What the backend says beside its usage that it charges. */
  readonly charge: Charge
  /** Service tier of the answer. */
  readonly tier: string | null
  /** What the engine says that loading the model took; absent or null: it does not say. */
  readonly loadMs?: number | null
  /** Of the first choice; null where no word for its end has come. */
  readonly finish: Finish | null
  /** The engine's own word for it. */
  readonly finishWord: string | null
  /** The model as the engine names it. */
  readonly model: string | null
  /** Of the answer, as the engine names it. */
  readonly id: string | null
  /** When the engine says that it was made, in epoch seconds. */
  readonly created: number | null
  /** Some text, tool call or embedding was there; not what was only thought. */
  readonly content: boolean
  /** Its choices are too many parts to be read: complete, and not judged. */
  readonly unread: boolean
  readonly size: SizeSoFar
  /** The mark of the end was there. */
  readonly done: boolean
  /** The gateway has ended it before its backend did: what that reported is not what it comes to. */
  readonly cutShort: boolean
  /** The model refused, in the place that there is for it. */
  readonly refused: boolean
  /** What will be checked of its content; null where nothing will. */
  readonly collected: AnswerCollector | null
}
