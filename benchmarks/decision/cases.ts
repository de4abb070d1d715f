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
export type Field = 'models' | 'instances'

/** Models of clouds, each on one backend; and instances of one model, each with the beginning of the prompt in its cache. */
export const FIELDS: readonly { readonly field: Field; readonly candidates: number }[] = [
  { field: 'models', candidates: 8 },
  { field: 'models', candidates: 31 },
  { field: 'models', candidates: 128 },
  { field: 'instances', candidates: 8 },
  { field: 'instances', candidates: 64 },
]

/** Microseconds of whole decisions, p50. */
export function AIMS(
  rows: readonly Figures[],
): { readonly says: string; readonly figure: number; readonly aim: number }[] {
  const whole = (prompt: string, candidates: number, field: Field = 'models'): number =>
    rows.find((row) => row.prompt === prompt && row.candidates === candidates && row.field === field)!.whole_us.p50
  return [
    { says: '8 candidates, a short prompt', figure: whole('short', 8), aim: 6 },
    { says: '128 candidates, a short prompt', figure: whole('short', 128), aim: 20 },
    { says: '8 candidates, 12k tokens', figure: whole('12k', 8), aim: 80 },
    { says: '64 instances, 12k tokens', figure: whole('12k', 64, 'instances'), aim: 60 },
  ]
}
