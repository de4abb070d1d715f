/** Why an answer ended, in Anthropic's words and in ours. Pure. */
import type { Finish } from '../../core/finish.ts'

const FINISHES: Readonly<Record<string, Finish>> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  pause_turn: 'stop',
  tool_use: 'tool_calls',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  refusal: 'content_filter',
}

export const finishOf = (stopReason: string): Finish => FINISHES[stopReason] ?? 'unknown'

/** What is known of an answer when its end is told. */
export interface Ending {
  readonly finish: Finish | null
  /** The engine's own word for it. */
  readonly word: string | null
  /** The stop sequence of the request that was met; null where the engine does not say. */
  readonly stop: string | null
  readonly hasCalls: boolean
  readonly refused: boolean
}

export function stopReasonOf({ finish, word, stop, hasCalls, refused }: Ending): string {
  if (refused || finish === 'content_filter') return 'refusal'
  // There is no word for an answer that broke off; by this one clients know that it is not whole.
  if (finish === 'error') return 'max_tokens'
  if (finish === 'length') return word === 'model_context_window_exceeded' ? word : 'max_tokens'
  // Engines that say `stop` behind a call mean that it should be made: clients make none without the word for it.
  if (hasCalls) return 'tool_use'
  return stop === null ? 'end_turn' : 'stop_sequence'
}
