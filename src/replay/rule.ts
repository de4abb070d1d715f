/** Which of a policy's routes takes a logged request, and what it lets in. Pure. */
import type { RouteSpec } from '../core/settings.ts'
import { DEFAULT_STRATEGY, strategyNamed } from '../core/strategies.ts'
import { boundsOf, type RouteBounds } from '../decision/route/bounds.ts'
import { AUTO, matches as isTaken } from '../decision/route/match.ts'
import { DEFAULT_ROUTE } from '../decision/route/compiled-route.ts'
import type { Logged } from './logged.ts'
import { isWithin, keyBound, type ReplayPlace, type ReplayPolicy, type PolicyRoute } from './policy.ts'

export interface ReplayRule extends RouteBounds {
  readonly route: string
  readonly scoring: RouteSpec['strategy']
  readonly takes: (place: ReplayPlace) => boolean
  /** Globs of what it takes. */
  readonly patterns: readonly string[]
  /** The gateway chooses, efforts included. */
  readonly open: boolean
  /** A route with a condition on headers came before and was passed over: the log has no headers. */
  readonly passedOver: boolean
}

/** Null: the policy has no such name. */
export function ruleOf(policy: ReplayPolicy, logged: Logged): ReplayRule | null {
  const { model } = logged
  const known = [...logged.options, ...policy.declared]
  const names = (place: ReplayPlace): boolean => isNamed(place.model, place, model, policy)
  const exact = (place: ReplayPlace): boolean =>
    place.id === model || (model.startsWith(`${place.backend}/`) && isAlias(place, model, policy))
  if (known.some(exact)) return named(exact, model)
  const preset = model.startsWith(`${AUTO}:`) ? strategyNamed(model.slice(AUTO.length + 1)) : null
  const auto = model === AUTO || preset !== null
  let passedOver = false
  for (const route of policy.routes) {
    if (!matches(route, auto ? AUTO : model, logged) || !isOpen(route, known, logged.caller, policy)) continue
    if ((route.spec.match?.header ?? null) === null) return ruled(route, preset, passedOver)
    passedOver = true
  }
  const byName = policy.byName.get(model) ?? (auto ? policy.byName.get(DEFAULT_ROUTE) : undefined)
  if (byName !== undefined) return ruled(byName, preset, passedOver)
  if (auto) {
    const all = { route: DEFAULT_ROUTE, spec: null, takes: () => true, patterns: ['*'], open: true }
    return { ...all, scoring: preset ?? DEFAULT_STRATEGY, passedOver }
  }
  return known.some(names) ? { ...named(names, model), passedOver } : null
}

const ruled = (
  { spec, takes }: PolicyRoute,
  preset: ReplayRule['scoring'] | null,
  passedOver: boolean,
): ReplayRule => ({
  route: spec.name,
  spec,
  scoring: preset ?? spec.strategy,
  takes,
  patterns: spec.candidates,
  open: true,
  passedOver,
})

const named = (takes: ReplayRule['takes'], model: string): ReplayRule => ({
  route: DEFAULT_ROUTE,
  spec: null,
  scoring: DEFAULT_STRATEGY,
  takes,
  patterns: [model],
  open: false,
  passedOver: false,
})

const isNamed = (own: string, place: ReplayPlace, name: string, policy: ReplayPolicy): boolean =>
  own === name || own === `${name}:latest` || standsFor(policy.aliases.get(name), place)

const isAlias = (place: ReplayPlace, name: string, policy: ReplayPolicy): boolean =>
  standsFor(policy.aliases.get(name.slice(place.backend.length + 1)), place)

const standsFor = (names: ReadonlySet<string> | undefined, { id, model }: ReplayPlace): boolean =>
  names !== undefined && (names.has(id) || names.has(model))

/** Whether this key may use some of it. */
function isOpen({ takes }: PolicyRoute, known: readonly ReplayPlace[], caller: string, policy: ReplayPolicy): boolean {
  const within = (place: ReplayPlace): boolean =>
    isWithin(place, boundsOf(null, keyBound(caller, place, policy)), policy.backends)
  return !policy.keys.has(caller) || known.some((place) => takes(place) && within(place))
}

/** All conditions but that on headers, of which the log tells nothing. */
const matches = ({ spec, matchesModel }: PolicyRoute, model: string, logged: Logged): boolean =>
  isTaken(
    { spec, matchesModel, matchesHeader: [] },
    { model, key: logged.caller, headers: {}, profile: logged, utcHour: new Date(logged.time).getUTCHours() },
  ) === true
