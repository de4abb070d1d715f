/** What the `model` of a request means. Pure. */
import { isUp } from '../../core/backend-state.ts'
import { nearestWord } from '../../core/did-you-mean.ts'
import { GatewayError } from '../../core/errors.ts'
import type { Principal } from '../../core/principal.ts'
import { DEFAULT_STRATEGY, type Strategy, STRATEGY_NAMES, strategyNamed } from '../../core/strategies.ts'
import type { Deployment, GatewayRequest, RequestProfile } from '../../core/types.ts'
import { AUTO, dependsOnRequest, matches } from './match.ts'
import { boundsOf, outside } from './bounds.ts'
import { type CompiledRoute, DEFAULT_ROUTE } from './compiled-route.ts'
import type { ResolvedRoute } from './resolutions.ts'
import { boundOf, type RouteTable } from './table.ts'
import { spelled } from './spelling.ts'
import { withoutAlias } from './alias.ts'
import { SEE_HEALTH } from './see-health.ts'

/** What decides on the route. */
export interface NameContext {
  readonly model: string
  readonly principal: Principal
  /** The caller's own wish, by a header. */
  readonly strategy: Strategy | null
  readonly headers: GatewayRequest['headers']
  /** Null: no request yet; what depends on one is possible then. */
  readonly profile: RequestProfile | null
  /** 0..23. */
  readonly utcHour: number
}

/** Throws `model_not_found` where nothing has this name, `no_backend` where a backend that is away may have it. */
export function resolve(request: NameContext, table: RouteTable): ResolvedRoute {
  const { principal, strategy } = request
  const model = withoutAlias(request.model, table)
  const known = strategy === null ? table.resolutions.known(model, principal) : undefined
  if (known !== undefined) return known
  for (const choice of choices(request, table)) {
    const depends = strategy !== null || table.routes.some((rule) => dependsOnRequest(rule, model))
    if (!depends) table.resolutions.remember(model, principal, choice)
    return choice
  }
  const away = awayFor(request.model, principal, table)
  if (away !== null) throw new GatewayError('no_backend', away, { retryAfterMs: 2000 })
  throw new GatewayError('model_not_found', unknownModel(request.model, principal, table), { param: 'model' })
}

/**
 * A name that may be right, as a backend whose models nobody knows yet is away: whoever hears that it is wrong gives up. Null: it is wrong.
 * A key that may not use everything is not told which backends there are.
 */
function awayFor(model: string, principal: Principal, table: RouteTable): string | null {
  const { all, backends } = table.catalog
  const listed = new Set(all.map(({ backend }) => backend.name))
  const away = backends.filter(({ spec, live }) => !isUp(live.state) && !listed.has(spec.name))
  const named = away.find(({ spec }) => model.startsWith(`${spec.name}/`))
  const unbound = boundsOf(null, boundOf(principal, table)).key === null
  if (named !== undefined && unbound)
    return `Backend "${named.spec.name}" is ${named.live.state} and has not listed its models yet; see ${SEE_HEALTH}.`
  return away.length > 0 && listed.size === 0 ? NONE_LISTED : null
}

const NONE_LISTED = `No backend has listed its models yet; see ${SEE_HEALTH}.`

/**
 * What the request comes to: one choice, or none. Without a profile all that it may come to, the first rule that holds for
 * certain being the last of them. Throws `model_not_found` for a strategy that does not exist.
 */
export function* choices(asked: NameContext, table: RouteTable): Generator<ResolvedRoute, void> {
  const name = withoutAlias(asked.model, table)
  const request = name === asked.model ? asked : { ...asked, model: name }
  let found = false
  for (const choice of choicesOf(request, table)) {
    found = true
    yield choice
  }
  if (found) return
  const bounds = boundsOf(null, boundOf(request.principal, table))
  const model = spelled(request.model, table, (one) => outside(one, bounds) === null)
  if (model !== null) yield* choicesOf({ ...request, model }, table)
}

/** For the very name. */
function* choicesOf(request: NameContext, table: RouteTable): Generator<ResolvedRoute, void> {
  const { model, principal, headers, profile, utcHour } = request
  const { catalog } = table
  const exact = catalog.byId.get(model)
  if (exact !== undefined) {
    yield choose(null, table.resolutions.alone(exact), request.strategy, table)
    return
  }
  const preset = presetOf(model)
  const auto = model === AUTO || preset !== null
  const wish = request.strategy ?? preset
  const occasion = { model: auto ? AUTO : model, key: principal.id, headers, profile, utcHour }
  for (const rule of table.routes) {
    const verdict = matches(rule, occasion)
    if (verdict === false || !isOpen(rule, principal, table)) continue
    yield choose(rule, rule.candidates, wish, table)
    if (verdict === true) return
  }
  const last = unruled(model, auto, wish, table)
  if (last !== null) yield last
}

/** What a name means where no rule takes it; null: nothing. */
function unruled(model: string, auto: boolean, wish: Strategy | null, table: RouteTable): ResolvedRoute | null {
  const { byName, catalog } = table
  const named = byName.get(model)
  if (named !== undefined) return choose(named, named.candidates, wish, table)
  if (auto) {
    const usual = byName.get(DEFAULT_ROUTE) ?? null
    return choose(usual, usual?.candidates ?? catalog.all, wish, table, true)
  }
  const serving = catalog.byModel.get(model)
  return serving === undefined || serving.length === 0 ? null : choose(null, serving, wish, table)
}

const choose = (
  rule: CompiledRoute | null,
  candidates: readonly Deployment[],
  wish: Strategy | null,
  { resolutions }: RouteTable,
  open = rule !== null,
): ResolvedRoute => resolutions.of(rule, candidates, wish ?? rule?.spec.strategy ?? DEFAULT_STRATEGY, open)

/** Strategy of `auto:<strategy>`; null for any other name, `auto` included: there the route's own holds. */
function presetOf(model: string): Strategy | null {
  if (!model.startsWith(`${AUTO}:`)) return null
  const wanted = model.slice(AUTO.length + 1)
  const strategy = strategyNamed(wanted)
  if (strategy !== null) return strategy
  const known = STRATEGY_NAMES.map((name) => `${AUTO}:${name}`).join(', ')
  throw new GatewayError('model_not_found', `"${clip(model)}" names no strategy; there are ${known}.`, {
    param: 'model',
  })
}

/** Whether this key may use some of it: a route of others must not stand in the way of its own. */
function isOpen({ candidates, fallback }: CompiledRoute, principal: Principal, table: RouteTable): boolean {
  const bounds = boundsOf(null, boundOf(principal, table))
  return (
    bounds.key === null || (candidates.length > 0 ? candidates : fallback).some((one) => outside(one, bounds) === null)
  )
}

const clip = (name: string): string => (name.length > 200 ? `${name.slice(0, 200)}…` : name)

/** Names only what this key may use. */
function unknownModel(model: string, principal: Principal, table: RouteTable): string {
  const bounds = boundsOf(null, boundOf(principal, table))
  const usable = (candidates: readonly Deployment[]): boolean => candidates.some((one) => outside(one, bounds) === null)
  const known = [
    ...[...table.catalog.byModel].filter(([, serving]) => usable(serving)).map(([id]) => id),
    ...[...table.byName].filter(([, route]) => usable(route.candidates)).map(([name]) => name),
  ]
  if (known.length === 0)
    return `No model named "${clip(model)}": no backend has listed its models yet; see ${SEE_HEALTH}.`
  // Whoever asks with a long name, or among thousands, means none of these by a typo.
  const wanted = model.slice(model.lastIndexOf('/') + 1)
  // An engine may name its model by the path of a file.
  const ends = new Map(known.slice(0, 2000).map((name) => [name.slice(name.lastIndexOf('/') + 1), name]))
  const end = model.length > 100 ? null : nearestWord(wanted, [...ends.keys()])
  const near = end === null ? undefined : ends.get(end)
  const meant = near === undefined ? '' : ` Did you mean "${near}"?`
  const more = known.length > 12 ? `, and ${known.length - 12} more (GET /v1/models)` : ''
  return `No model, route or alias named "${clip(model)}".${meant} There are: auto, ${known.slice(0, 12).join(', ')}${more}.`
}
