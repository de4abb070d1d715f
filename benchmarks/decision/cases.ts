/** What is measured, and how much it may cost. */
import type { Figures } from './measure.ts'

export interface Prompt {
  readonly name: string
  readonly text: string
}

const SENTENCE = 'The committee read the report twice, asked for three changes, and sent it back on 14 May. '

export const PROMPTS: readonly Prompt[] = [
  { name: 'short', text: 'What is the capital of France, and how many people live there today?' },
  { name: '12k', text: SENTENCE.repeat(540) },
  { name: '100k', text: SENTENCE.repeat(4500) },
]
export const CANDIDATES: readonly number[] = [8, 31, 128]

/** Microseconds of whole decisions, p50. */
export function AIMS(
  rows: readonly Figures[],
): { readonly says: string; readonly figure: number; readonly aim: number }[] {
  const whole = (prompt: string, candidates: number): number =>
    rows.find((row) => row.prompt === prompt && row.candidates === candidates)!.whole_us.p50
  return [
    { says: '8 candidates, a short prompt', figure: whole('short', 8), aim: 6 },
    { says: '128 candidates, a short prompt', figure: whole('short', 128), aim: 20 },
    { says: '8 candidates, 12k tokens', figure: whole('12k', 8), aim: 80 },
  ]
}
