/** The decision record as a table for people: at most 120 columns, units in the headings. Pure. */
import { candidateTable, ranked } from './columns.ts'
import { numberOf, plain, shownShare, UNKNOWN, whole } from './figures.ts'
import { outcomeLines } from './outcome.ts'
import { type ShownDecision, LABEL, labelled } from './shape.ts'
import { choiceLines } from './choice.ts'

/** Ends with a line end. */
export function decisionTable(decision: ShownDecision): string {
  const able = ranked(decision)
  const blocks = [
    questionLines(decision),
    able.length === 0 ? [] : candidateTable(able),
    droppedLines(decision),
    choiceLines(decision, able),
    outcomeLines(decision),
    errorLines(decision),
  ]
  return `${blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`
}

function questionLines({ request_id, route, strategy, profile }: ShownDecision): string[] {
  const difficulty = numberOf(profile.difficulty)
  const asked = [
    `route ${plain(route)}`,
    `strategy ${plain(strategy)}`,
    `class ${plain(profile.class)}`,
    `difficulty ${difficulty === null ? UNKNOWN : `${shownShare(difficulty)} of 1`}`,
    ...(profile.language === undefined ? [] : [`language ${plain(profile.language)}`]),
    `input ${whole(profile.input_tokens)} tokens`,
    `needs ${profile.needs.length === 0 ? 'nothing special' : profile.needs.map(plain).join(' ')}`,
    ...(profile.affinity === null ? [] : [`affinity ${plain(profile.affinity)}`]),
  ]
  return labelled(`request`, `${plain(request_id)}: ${asked.join(', ')}`)
}

/** One line for each that is out, with all its efforts. */
function droppedLines({ candidates }: ShownDecision): string[] {
  const lines = new Set<string>()
  for (const { backend, model, dropped } of candidates) {
    if (dropped === null) continue
    const text = `${plain(backend)}/${plain(model)}: ${plain(dropped.filter)}: ${plain(dropped.why)}`
    for (const line of labelled('', text)) lines.add(line)
  }
  const [first, ...rest] = lines
  return first === undefined ? [] : [`${'dropped'.padEnd(LABEL)}${first.slice(LABEL)}`, ...rest]
}

const errorLines = ({ error }: ShownDecision): string[] =>
  error === undefined
    ? []
    : labelled('refused', `${plain(error.code)} (${plain(error.source)}): ${plain(error.message)}`)
