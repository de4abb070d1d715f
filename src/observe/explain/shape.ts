/** A decision record as it is shown, and the layout that its parts share. */
import { isObject } from '../../core/is-object.ts'
import type { CandidateRecord, DecisionRecord } from '../../core/record.ts'

/** A candidate; fields of later versions are taken as they come, and those of earlier ones may lack some. */
export type ShownCandidate = Omit<CandidateRecord, 'expected' | 'effort' | 'terms'> & {
  readonly effort: string | null
  readonly expected: Readonly<Record<string, unknown>>
  readonly terms: Readonly<Record<string, unknown>>
  readonly score_why?: unknown
}

/** A record with what may stand beside it: how it ended, what the request would be refused with, what was tried out. */
export type ShownDecision = Omit<
  DecisionRecord,
  'profile' | 'candidates' | 'chosen' | 'trials' | 'explored' | 'propensity' | 'omitted' | 'baseline' | 'pressure'
> & {
  readonly profile: Omit<DecisionRecord['profile'], 'language'> & { readonly language?: unknown }
  readonly omitted?: unknown
  readonly baseline?: unknown
  readonly candidates: readonly ShownCandidate[]
  readonly chosen?: unknown
  readonly pressure?: unknown
  readonly trials?: unknown
  readonly explored?: unknown
  readonly propensity?: unknown
  readonly outcome?: unknown
  readonly error?: { readonly message: string; readonly code: string; readonly source: string }
}

/** Whether it can be shown: what another program sent may be anything. */
export function isDecision(value: unknown): value is ShownDecision {
  if (!isObject(value) || !isObject(value['profile']) || !Array.isArray(value['profile']['needs'])) return false
  if (!Array.isArray(value['order']) || !Array.isArray(value['candidates'])) return false
  return (value['candidates'] as readonly unknown[]).every(
    (one) =>
      isObject(one) &&
      isObject(one['expected']) &&
      isObject(one['terms']) &&
      (one['dropped'] === null || isObject(one['dropped'])),
  )
}

/** Columns that a line may take where nobody says. */
export const WIDTH = 120
/** Where the text behind a label begins. */
const LABEL = 10

/** A text behind its label, broken at spaces; what has none is broken anywhere. `width`: columns of a line. */
export function labelled(label: string, text: string, width: number): string[] {
  const room = width - LABEL
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ').flatMap((one) => one.match(new RegExp(`[^]{1,${room}}`, 'g')) ?? [''])) {
    if (line !== '' && line.length + 1 + word.length > room) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  lines.push(line)
  return lines.map((one, index) => `${(index === 0 ? label : '').padEnd(LABEL)}${one}`.trimEnd())
}
