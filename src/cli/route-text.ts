/** A route in words: who gets it, how it chooses, what bounds it. */
import { routeWords } from '../decision/route/bounds.ts'
import { durationText } from '../core/units.ts'
import type { RouteMatch, RouteSpec } from '../core/settings.ts'
import { STRATEGIES } from '../core/strategies.ts'
import { percent } from '../observe/headline/headline-text.ts'
import { DEFAULT_ROUTE } from '../decision/route/compiled-route.ts'

/** Its name, and its conditions; one line, or one for each where there are many. */
export function matchLines({ name, match }: RouteSpec): string[] {
  const own = name === DEFAULT_ROUTE ? `model "${name}", and auto where no other route is taken` : `model "${name}"`
  const conditions = match === null ? [] : conditionsOf(match)
  if (conditions.length === 0) return [own]
  // Without a model condition a route is for auto.
  const all = match?.model === null ? ['model auto', ...conditions] : conditions
  return all.length < 3 ? [`${own}; or ${all.join(', and ')}`] : [`${own}; or all of:`, ...all.map((one) => `  ${one}`)]
}

function conditionsOf({ model, key, header, class: classes, needs, tokens, hour }: RouteMatch): string[] {
  return [
    ...(model === null ? [] : [`model ${anyOf(model)}`]),
    ...(key === null ? [] : [`key ${anyOf(key)}`]),
    ...Object.entries(header ?? {}).map(([name, value]) => `header ${name}: ${value}`),
    ...(classes === null ? [] : [`class ${anyOf(classes)}`]),
    ...(needs === null ? [] : [`needs ${needs.join(' and ')}`]),
    ...(tokens === null ? [] : [`input of ${sizeText(tokens)} tokens`]),
    ...(hour === null ? [] : [`from ${clock(hour.from)} to ${clock(hour.to)} UTC`]),
  ]
}

const anyOf = (words: readonly string[]): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`

function sizeText({ min, max }: NonNullable<RouteMatch['tokens']>): string {
  if (min === null) return `at most ${max}`
  return max === null ? `at least ${min}` : `${min} to ${max}`
}

const clock = (hour: number): string => `${String(hour).padStart(2, '0')}:00`

/** The strategy with what it weighs, and whether others than the best are ever tried. */
export function strategyText(route: RouteSpec): string {
  const { strategy, explore } = route
  const more = [...routeWords(route), ...(explore ? [] : ['never others than the best'])]
  return [choiceText(strategy), ...more].join('; ')
}

function choiceText(strategy: RouteSpec['strategy']): string {
  if (typeof strategy === 'string') {
    const { words } = STRATEGIES[strategy]
    return words === null ? strategy : `${strategy}: ${words}`
  }
  if ('cheapestWithin' in strategy)
    return `the cheapest whose expected success is within ${strategy.cheapestWithin} of the best`
  return `weights: ${Object.entries(strategy)
    .filter(([, weight]) => weight !== 0)
    .map(([name, weight]) => `${name} ${weight}`)
    .join(', ')}`
}

/** Null: there is no control group. */
export const controlText = ({ control }: RouteSpec): string | null =>
  control === null || control === 0 ? null : `${percent(control)} of the requests go to any able candidate`

/** Null: none. */
export function ceilingsText({ maxCostUsd, maxTtftMs }: RouteSpec): string | null {
  const ceilings = [
    ...(maxCostUsd === null ? [] : [`${maxCostUsd} USD for a request`]),
    ...(maxTtftMs === null ? [] : [`${durationText(maxTtftMs)} to the first token`]),
  ]
  return ceilings.length === 0 ? null : `expected at most: ${ceilings.join(', ')}`
}

/** Null: the usual one. */
export function successText({ success: { finish, json, schema } }: RouteSpec): string | null {
  const wanted = [
    ...(finish === null ? [] : [`finish reason ${anyOf(finish)}`]),
    ...(schema ? ['JSON that fits the schema of the request'] : json ? ['JSON'] : []),
  ]
  return wanted.length === 0 ? null : wanted.join(', ')
}
