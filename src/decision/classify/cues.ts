/**
 * Words that say outright what is wanted, at the beginning or the end of a text: a passage of a page between them would
 * drown them in what it is about. Pure.
 */
import type { TaskClass } from '../../core/capabilities.ts'

/** What is read of both ends, in bytes. */
const BEGINNING = 100
const END = 160

/** Texts have one character for each byte, so only ASCII is looked for. */
const CUES: readonly (readonly [task: TaskClass, words: RegExp])[] = [
  [
    'translation',
    /\b(translate|translation of|bersetze|bersetzung|traduis|traduire|traduce|traduci|traduza|traduzir|how (would|do) you say)\b/i,
  ],
  [
    'summary',
    /\b(summari[sz]e|summary of|tl;?dr|fasse?\b.{0,60}\bzusammen|zusammenfassung|riassumi|resum(e|ir|a) (el|este|o)\b)/i,
  ],
  [
    'extraction',
    /\b(extract|pull (out|the)|parse out|extrahiere|extrais|extrae|list (all|every)\b.{0,60}\bin (this|the))\b/i,
  ],
  [
    'classification',
    /\b(classify|categori[sz]e|sentiment|label (this|the|each)|(positive|negative),? (or|oder|ou) (negative|positive|neutral)|klassifiziere)\b/i,
  ],
  [
    'reading',
    /\b(according to the (text|passage)|read the (passage|text)|(using|from) the (context|passage) below)\b/i,
  ],
  [
    'creative',
    /\b(poem|haiku|limerick|lyrics|bedtime story|short story|write (me )?an? .{0,30}story|detective novel|gedicht)\b/i,
  ],
  [
    'code',
    /\b(sql query|typescript|javascript|python (function|script|code)|rust function|regex|stack trace|unit tests?|refactor)\b/i,
  ],
]

/** The class that a text asks for in so many words; null where it does not. */
export function cueOf(text: string): TaskClass | null {
  const end = text.length > BEGINNING + END ? text.slice(-END) : ''
  const start = text.slice(0, BEGINNING)
  for (const [task, words] of CUES) if (words.test(start)) return task
  // The end of a passage holds such words by chance, a last line of its own does not.
  const lastLine = end.slice(end.lastIndexOf('\n') + 1)
  if (lastLine !== end) for (const [task, words] of CUES) if (words.test(lastLine)) return task
  return null
}
