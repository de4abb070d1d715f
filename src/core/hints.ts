/**
 * Hints: what a request says, without anybody's trouble, of an answer that its caller was given before. Each is taken for a score of 0, and is
 * worth a part of one: what people have scored of the same answers shows which part.
 */
import { keyed, keysOf } from './keyed.ts'

interface HintRow {
  /** Share of a score that it is worth until scores of the same answers show what it is worth. */
  readonly strength: number
  readonly doc: string
}

const row = (strength: number, doc: string): HintRow => ({ strength, doc })

/** Where several are true of one answer, the first of them is told. */
export const HINTS = {
  said_wrong: row(0.3, 'the next message of the user is short and says that the answer is wrong'),
  call_invalid: row(0.2, 'the tool that the answer called refused the call: its name or its arguments'),
  escalated: row(0.15, 'the conversation goes on with a dearer model that the caller names'),
  rolled_back: row(0.15, 'the conversation goes back to before the answer was used, and on from there differently'),
  asked_again: row(0.1, 'the caller asks the same again within five minutes'),
  tool_failed: row(0.03, 'the tool that the answer called failed, which need not be the fault of the model'),
} as const
export type Hint = keyof typeof HINTS
export const HINT_NAMES = keysOf(HINTS)

/** Whatever says how good answers are. */
export const SOURCES = {
  validity: 'whether an answer is complete and fits what was asked',
  feedback: 'scores sent to POST /v1/feedback',
  ...keyed(HINT_NAMES, (name): string => HINTS[name].doc),
} as const
export type Source = keyof typeof SOURCES
export const SOURCE_NAMES = keysOf(SOURCES)

/** Those that say how good a valid answer was. */
export type Saying = Exclude<Source, 'validity'>
export const SAYINGS: readonly Saying[] = ['feedback', ...HINT_NAMES]
export const nothingSaid = (): Record<Saying, number> => keyed(SAYINGS, () => 0)

/** Which of them are learnt from. */
export type LearntFrom = Readonly<Record<Source, boolean>>
export const FROM_ALL: LearntFrom = keyed(SOURCE_NAMES, () => true)

/** A hint that a request gave. */
export interface Hinted {
  readonly hint: Hint
  /** Id of the request whose answer it is about. */
  readonly about: string
  /** What had given that answer. */
  readonly backend: string
  readonly model: string
}
