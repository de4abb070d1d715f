/** Whether the conditions of a route hold for a request. Pure. */
import type { RouteMatch } from '../../core/settings.ts'
import type { GatewayRequest, RequestProfile } from '../../core/types.ts'
import type { CompiledRoute, HeaderTest } from './compiled-route.ts'

/** The name of the gateway's own choice; `auto:<strategy>` is judged as `auto`. */
export const AUTO = 'auto'

/** What the conditions are judged by. */
export interface MatchContext {
  /** The requested name. */
  readonly model: string
  /** Id of the key. */
  readonly key: string
  readonly headers: GatewayRequest['headers']
  /** Null: no request yet, only its name and its key. */
  readonly profile: (Pick<RequestProfile, 'class' | 'inputTokens'> & { readonly needs: readonly string[] }) | null
  /** 0..23. */
  readonly utcHour: number
}

/**
 * All conditions that are there must hold. A route without a `model` condition is for `auto`: who names a model gets that
 * model, unless a glob says otherwise. A route without any condition is never taken by them. Null: without a profile it cannot
 * be told, as class, needs, headers, size and hour are those of a request.
 */
export function matches(
  route: Pick<CompiledRoute, 'spec' | 'matchesModel' | 'matchesHeader'>,
  { model, key, headers, profile, utcHour }: MatchContext,
): boolean | null {
  const { match } = route.spec
  if (match === null || !hasConditions(match)) return false
  if (!(route.matchesModel === null ? model === AUTO : route.matchesModel(model))) return false
  if (match.key !== null && !match.key.includes(key)) return false
  if (profile === null) return asksOfRequest(match) ? null : true
  return (
    (match.class === null || match.class.includes(profile.class)) &&
    (match.needs === null || match.needs.every((need) => profile.needs.includes(need))) &&
    (match.tokens === null || isWithin(profile.inputTokens, match.tokens)) &&
    (match.hour === null || isHourOf(utcHour, match.hour)) &&
    route.matchesHeader.every((test) => hasHeader(headers, test))
  )
}

/** A route with none is reached by its name only. */
export const hasConditions = (match: RouteMatch): boolean =>
  match.model !== null || match.key !== null || asksOfRequest(match)

/** Conditions that a name and a key alone do not answer. */
const asksOfRequest = (match: RouteMatch): boolean =>
  match.class !== null || match.needs !== null || match.header !== null || match.tokens !== null || match.hour !== null

/** Whether it may take a request for `model`, in any spelling, or not, by more than the name and the key. */
export const dependsOnRequest = ({ spec, matchesModel }: CompiledRoute, model: string): boolean =>
  spec.match !== null &&
  asksOfRequest(spec.match) &&
  (matchesModel !== null || model === AUTO || model.startsWith(`${AUTO}:`))

const isWithin = (size: number, { min, max }: NonNullable<RouteMatch['tokens']>): boolean =>
  (min === null || size >= min) && (max === null || size <= max)

/** From the one up to, and without, the other; over midnight where the first is the later one. */
export const isHourOf = (hour: number, { from, to }: NonNullable<RouteMatch['hour']>): boolean =>
  from < to ? hour >= from && hour < to : hour >= from || hour < to

/** Of a header that was sent several times, one value is enough. */
function hasHeader(headers: GatewayRequest['headers'], { name, matches }: HeaderTest): boolean {
  const value = headers[name]
  // Words like `constructor` are there in any object.
  if (value === undefined || !Object.hasOwn(headers, name)) return false
  return typeof value === 'string' ? matches(value) : value.some(matches)
}
