/** What a route says that no single option shows: conditions that never hold, weights without weight, a baseline nowhere. */
import { pathText } from './file-path.ts'
import { type Issue } from './issues.ts'
import { didYouMean } from '../core/did-you-mean.ts'
import type { LooseView } from './loose-view.ts'

type Route = NonNullable<LooseView['routes']>[number]
type Match = NonNullable<Route['match']>

/** Issues that stop the start. */
export const routeChecks = ({ routes, backends }: LooseView): Issue[] => {
  const names = backends?.map(({ name }) => name ?? null) ?? [null]
  return (routes ?? []).flatMap((route, at) =>
    [
      ...strategyIssues(route),
      ...issue(['baseline'], baselineFault(route.baseline ?? null, names)),
      ...issue(['match', 'tokens'], tokensFault(route.match?.tokens)),
      ...issue(['match', 'hour', 'to'], hourFault(route.match?.hour)),
      ...headerIssues(route.match?.header),
    ].map(({ path, message }) => ({ path: pathText(['routes', at, ...path]), message })),
  )
}

interface Found {
  /** Inside of the route. */
  readonly path: readonly string[]
  readonly message: string
}

const issue = (path: readonly string[], message: string | null): Found[] =>
  message === null ? [] : [{ path, message }]

function strategyIssues({ strategy, weights }: Route): Found[] {
  if (strategy !== undefined && weights !== undefined)
    return issue(['weights'], 'cannot be used together with `strategy`; remove one of them')
  return [...issue(['strategy'], weightsFault(strategy)), ...issue(['weights'], weightsFault(weights))]
}

function weightsFault(weights: Route['strategy']): string | null {
  if (typeof weights !== 'object' || weights === null) return null
  const others = Object.keys(weights).filter((name) => name !== 'cheapest_within')
  if (weights['cheapest_within'] !== undefined)
    return others.length === 0
      ? null
      : `\`cheapest_within\` cannot be combined with weights; remove it, or ${others.join(', ')}`
  return Object.values(weights).some((weight) => weight !== 0)
    ? null
    : 'gives no weight to anything, so all candidates would be alike; write { quality: 1, cost: 0.35 } or a strategy by its name'
}

function baselineFault(baseline: string | null, names: readonly (string | null)[]): string | null {
  if (baseline === null || names.includes(null)) return null
  const known = names.filter((name) => name !== null)
  const [backend = '', ...model] = baseline.split('/')
  if (model.join('/') === '') return `"${baseline}" names one half only; write backend/model`
  if (baseline.includes('*')) return `"${baseline}" is a pattern; write one backend/model`
  return known.includes(backend) ? null : `there is no backend "${backend}"${didYouMean(backend, known, '"')}`
}

function tokensFault(tokens: Match['tokens']): string | null {
  const { min, max } = tokens ?? { min: null, max: null }
  if (min === undefined && max === undefined) return 'has neither `min` nor `max`; write one of them, or leave it out'
  return typeof min === 'number' && typeof max === 'number' && min > max
    ? `no size is between ${min} and ${max}; \`min\` is the lower one`
    : null
}

const hourFault = (hour: Match['hour']): string | null =>
  typeof hour?.from === 'number' && hour.from === hour.to
    ? `${hour.to} is the hour of \`from\` as well, so none is left; write ${(hour.to + 1) % 24} for one hour, or leave \`hour\` out for all`
    : null

/** What a header can be named. */
const HEADER = /^[\w!#$%&'*+.^`|~-]+$/
/** A pattern over one of these would be a secret in the file. */
const CREDENTIALS = ['authorization', 'proxy-authorization', 'cookie', 'x-api-key', 'api-key', 'x-goog-api-key']

function headerIssues(header: Match['header']): Found[] {
  if (header === undefined || header === null) return []
  const names = Object.keys(header)
  if (names.length === 0)
    return issue(['match', 'header'], 'is empty; write { x-team: research }, or leave it out for any')
  const lower = names.map((name) => name.toLowerCase())
  return names.flatMap((name, index) => issue(['match', 'header', name], headerFault(lower, index)))
}

function headerFault(names: readonly string[], index: number): string | null {
  const name = names[index]!
  if (!HEADER.test(name)) return 'is no name of a header; use letters, digits and "-"'
  if (CREDENTIALS.includes(name)) return 'carries a secret, which is no condition; write ids of keys under `match.key`'
  return names.indexOf(name) === index
    ? null
    : 'is there in other letters, and headers know no difference; write one of them'
}
