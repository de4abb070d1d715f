/** Who was chosen, and what spoke for it against the next best. Pure. */
import { isObject } from '../../core/is-object.ts'
import { TERM_NAMES } from '../../core/terms.ts'
import { figure, numberOf, plain, shownShare, UNKNOWN } from './figures.ts'
import { type ShownDecision, labelled, type ShownCandidate } from './shape.ts'

/** `able`: the candidates that could be asked, the best first. */
export function choiceLines(decision: ShownDecision, able: readonly ShownCandidate[], width: number): string[] {
  const chosen = chosenOf(decision, able)
  if (chosen === null) return []
  const other = able.find((one) => one !== chosen) ?? null
  const [, ...rest] = decision.order
  const own = isObject(decision.chosen) ? wordsOf(decision.chosen['why']) : ''
  const why = own === '' ? wordsOf(chosen.score_why) : own
  return [
    ...labelled('chosen', `${nameOf(chosen)}${reasons(chosen, other)}`, width),
    ...(why === '' ? [] : labelled('', why, width)),
    ...(rest.length === 0 ? [] : labelled('then', rest.map(plain).join(', '), width)),
    ...(decision.relaxed === null || decision.relaxed === undefined
      ? []
      : labelled('relaxed', `the limit on ${plain(decision.relaxed)}: no candidate kept it`, width)),
    ...pressureLines(decision.pressure, width),
    ...trialLines(decision.trials, width),
    ...explorationLines(decision, width),
  ]
}

/** The record's own word, else the first in the order, with the effort of the best utility. */
function chosenOf({ chosen, order }: ShownDecision, able: readonly ShownCandidate[]): ShownCandidate | null {
  const told = isObject(chosen)
    ? able.find(
        (one) =>
          one.backend === chosen['backend'] &&
          one.model === chosen['model'] &&
          one.effort === (chosen['effort'] ?? null),
      )
    : undefined
  return told ?? able.find(({ backend, model }) => `${backend}/${model}` === order[0]) ?? null
}

const nameOf = ({ backend, model, effort }: ShownCandidate): string =>
  `${plain(backend)}/${plain(model)}${effort === null ? '' : ` at effort ${plain(effort)}`}`

function reasons(chosen: ShownCandidate, other: ShownCandidate | null): string {
  if (other === null) return ', the only candidate'
  const own = numberOf(chosen.utility)
  const its = numberOf(other.utility)
  if (own === null || its === null)
    return ` before ${nameOf(other)}: not both have a utility (${UNKNOWN}), so health and load decided`
  const differences = TERM_NAMES.flatMap((term) => {
    const mine = numberOf(chosen.terms[term])
    const theirs = numberOf(other.terms[term])
    return mine === null || theirs === null ? [] : [{ term, by: mine - theirs }]
  })
  const told = differences
    .filter(({ by }) => Math.abs(by) >= 0.005)
    .sort((a, b) => (own >= its ? b.by - a.by : a.by - b.by))
    .map(({ term, by }) => `${term} ${shownShare(by, true)}`)
  const sum = `utility ${shownShare(own - its, true)}`
  return ` ${own >= its ? 'over' : 'in spite of'} ${nameOf(other)}: ${[...told, sum].join(', ')}`
}

function pressureLines(pressure: unknown, width: number): string[] {
  const extra = numberOf(pressure)
  return extra === null || extra === 0
    ? []
    : labelled(
        'budget',
        `it is being spent faster than it lasts, so cost weighed ${figure(1 + extra)} times as much`,
        width,
      )
}

function explorationLines({ explored, propensity }: ShownDecision, width: number): string[] {
  const chance = numberOf(propensity)
  if (explored === undefined && chance === null) return []
  const tried =
    explored === true
      ? 'yes: taken to learn from it'
      : explored === false || explored === null
        ? 'no'
        : wordsOf(explored)
  return labelled(
    'explored',
    `${tried === '' ? UNKNOWN : tried}; probability of this choice ${chance === null ? UNKNOWN : figure(chance)}`,
    width,
  )
}

/** What is measured of the request: with the feature, or in the control group that goes without it. */
function trialLines(trials: unknown, width: number): string[] {
  if (!Array.isArray(trials)) return []
  return (trials as readonly unknown[]).filter(isObject).flatMap(({ feature, control, share }) => {
    const name = wordsOf(feature)
    const part = numberOf(share)
    const group = control === true ? `yes: it goes without ${name}` : `no: it has ${name}`
    return labelled(
      'control',
      `${group}; ${part === null ? UNKNOWN : figure(100 * part)} % of requests go without`,
      width,
    )
  })
}

/** A text, or several. */
function wordsOf(value: unknown): string {
  if (typeof value === 'string') return plain(value)
  return Array.isArray(value)
    ? (value as readonly unknown[])
        .filter((one) => typeof one === 'string')
        .map(plain)
        .join('; ')
    : ''
}
