/** The decision record as a table for people: at most 120 columns or what a terminal has, units in the headings. Pure. */
import { candidateTable, ranked } from './columns.ts'
import { numberOf, plain, shownShare, UNKNOWN, whole } from './figures.ts'
import { outcomeLines } from './outcome.ts'
import { type ShownDecision, labelled, WIDTH } from './shape.ts'
import { choiceLines } from './choice.ts'

/** Ends with a line end. `width`: columns of a line, from 60. */
export function decisionTable(decision: ShownDecision, width = WIDTH): string {
  const able = ranked(decision)
  const blocks = [
    questionLines(decision, width),
    able.length === 0 ? [] : candidateTable(able, width),
    droppedLines(decision, width),
    choiceLines(decision, able, width),
    outcomeLines(decision, width),
    errorLines(decision, width),
  ]
  return `${blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`
}

function questionLines({ request_id, route, strategy, profile }: ShownDecision, width: number): string[] {
  const difficulty = numberOf(profile.difficulty)
  const asked = [
    `route ${plain(route)}`,
    `strategy ${plain(strategy)}`,
    `class ${plain(profile.class)}`,
    ...(profile.step === undefined ? [] : [`step ${plain(profile.step)}`]),
    `difficulty ${difficulty === null ? UNKNOWN : `${shownShare(difficulty)} of 1`}`,
    ...(profile.language === undefined ? [] : [`language ${plain(profile.language)}`]),
    `input ${whole(profile.input_tokens)} tokens`,
    `needs ${profile.needs.length === 0 ? 'nothing special' : profile.needs.map(plain).join(' ')}`,
    ...(profile.affinity === null ? [] : [`affinity ${plain(profile.affinity)}`]),
  ]
  return labelled(`request`, `${plain(request_id)}: ${asked.join(', ')}`, width)
}

/** One text for each that is out, with all its efforts. */
function droppedLines({ candidates }: ShownDecision, width: number): string[] {
  const texts = candidates.flatMap(({ backend, model, dropped }) =>
    dropped === null ? [] : [`${plain(backend)}/${plain(model)}: ${plain(dropped.filter)}: ${plain(dropped.why)}`],
  )
  return [...new Set(texts)].flatMap((text, index) => labelled(index === 0 ? 'dropped' : '', text, width))
}

const errorLines = ({ error }: ShownDecision, width: number): string[] =>
  error === undefined
    ? []
    : labelled('refused', `${plain(error.code)} (${plain(error.source)}): ${plain(error.message)}`, width)
