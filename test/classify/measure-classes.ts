/** Accuracy of the classifier on labelled prompts: of classes, languages, steps, and whether the harder of two is seen. */
import { FORMATS } from '../../src/formats/formats.ts'
import type { RequestProfile } from '../../src/core/types.ts'
import { classify } from '../support/factories.ts'
import { requestOf } from '../formats/neutral-prompt.ts'
import type { Labelled } from '../support/labelled-prompts.ts'

export interface Judged {
  readonly prompt: Labelled
  readonly profile: RequestProfile
  readonly isRight: boolean
}

export function judge(prompt: Labelled, dialect = 'openai-chat'): Judged {
  const profile = classify(requestOf(prompt.contents, FORMATS.get(dialect)!, false))
  return { prompt, profile, isRight: isRight(prompt, profile) }
}

const isRight = ({ classes }: Labelled, { class: found }: RequestProfile): boolean =>
  classes.some((as) => as === 'any' || as === found || (as === 'greeting' && found === 'chat'))

export const shareOf = (list: readonly Judged[]): number => list.filter(({ isRight }) => isRight).length / list.length

/** Of all pairs of which one was labelled harder, the share in which it is taken to be. */
export function orderOf(list: readonly Judged[]): number {
  let [right, pairs] = [0, 0]
  for (const one of list)
    for (const other of list) {
      if (one.prompt.level >= other.prompt.level) continue
      const apart = other.profile.difficulty! - one.profile.difficulty!
      right += apart > 0 ? 1 : apart === 0 ? 0.5 : 0
      pairs++
    }
  return right / pairs
}

export function groups(list: readonly Judged[], by: (one: Judged) => string): Map<string, Judged[]> {
  const found = new Map<string, Judged[]>()
  for (const one of list) found.set(by(one), [...(found.get(by(one)) ?? []), one])
  return found
}
