/** What the `model` of a request means: design 2.1. Pure. */
import { GatewayError } from '../core/errors.ts'
import { type Principal, STRATEGIES, type Strategy, type Weights, type Within } from '../core/settings.ts'
import type { Deployment } from '../core/types.ts'
import { type CompiledRoute, DEFAULT_ROUTE, type RouteTable } from './table.ts'

export interface Choice {
  readonly route: string
  readonly strategy: string
  readonly candidates: readonly Deployment[]
  readonly rule: CompiledRoute | null
  /** How to choose: what the strategy means. */
  readonly scoring: Strategy | Weights | Within
  /** Tried after the candidates, as they are written. */
  readonly fallback: readonly Deployment[]
  /** The caller named no model, so only what is known to be able is asked. */
  readonly open: boolean
  /** Only engines on hardware of the operator. */
  readonly localOnly: boolean
}

const AUTO = 'auto'

/** Throws `model_not_found` where nothing has this name. */
export function resolve(model: string, principal: Principal, wish: Strategy | null, table: RouteTable): Choice {
  const { catalog } = table
  const exact = catalog.byId.get(model)
  if (exact !== undefined) return choose(null, [exact], wish)
  const preset = presetOf(model)
  const auto = model === AUTO || preset !== null
  const strategy = wish ?? preset
  const rule =
    table.routes.find((route) => matches(route, auto ? AUTO : model, principal) && isOpen(route, principal, table)) ??
    table.byName.get(model)
  if (rule !== undefined) return choose(rule, rule.candidates, strategy)
  if (auto) {
    const fallback = table.byName.get(DEFAULT_ROUTE) ?? null
    return { ...choose(fallback, fallback?.candidates ?? catalog.all, strategy), open: true }
  }
  const serving = catalog.byModel.get(model)
  if (serving !== undefined && serving.length > 0) return choose(null, serving, strategy)
  throw new GatewayError('model_not_found', unknownModel(model, principal, table), { param: 'model' })
}

function choose(rule: CompiledRoute | null, candidates: readonly Deployment[], wish: Strategy | null): Choice {
  const own = rule?.spec.strategy ?? 'balanced'
  const strategy = wish ?? (typeof own === 'string' ? own : 'weights')
  return {
    route: rule?.spec.name ?? DEFAULT_ROUTE,
    strategy,
    scoring: wish ?? own,
    candidates,
    fallback: rule?.fallback ?? [],
    rule,
    open: rule !== null,
    localOnly: strategy === 'local' || rule?.spec.localOnly === true,
  }
}

/** Strategy of `auto:<strategy>`; null for any other name, `auto` included: there the route's own holds. */
function presetOf(model: string): Strategy | null {
  if (!model.startsWith(`${AUTO}:`)) return null
  const wanted = model.slice(AUTO.length + 1)
  const strategy = STRATEGIES.find((name) => name === wanted)
  if (strategy !== undefined) return strategy
  const known = STRATEGIES.map((name) => `${AUTO}:${name}`).join(', ')
  throw new GatewayError('model_not_found', `"${clip(model)}" names no strategy; there are ${known}.`, {
    param: 'model',
  })
}

/** Whether this key may use some of it: a route of others must not stand in the way of its own. */
function isOpen({ candidates }: CompiledRoute, principal: Principal, { allowed }: RouteTable): boolean {
  const own = allowed.get(principal.id)
  return own === undefined || candidates.some((one) => own.has(one))
}

function matches(route: CompiledRoute, model: string, principal: Principal): boolean {
  const { match } = route.spec
  if (match === null) return false
  if (match.model === null && match.key === null) return false
  if (match.key !== null && !match.key.includes(principal.id)) return false
  return route.matchesModel === null || route.matchesModel(model)
}

const clip = (name: string): string => (name.length > 200 ? `${name.slice(0, 200)}…` : name)

/** Names only what this key may use. */
function unknownModel(model: string, principal: Principal, table: RouteTable): string {
  const allowed = table.allowed.get(principal.id)
  const usable = (candidates: readonly Deployment[]): boolean =>
    candidates.some((one) => allowed === undefined || allowed.has(one))
  const known = [
    ...[...table.catalog.byModel].filter(([, serving]) => usable(serving)).map(([id]) => id),
    ...[...table.byName].filter(([, route]) => usable(route.candidates)).map(([name]) => name),
  ]
  if (known.length === 0) return `No model named "${clip(model)}": no backend has told its models yet; see GET /health.`
  const more = known.length > 12 ? `, and ${known.length - 12} more (GET /v1/models)` : ''
  return `No model, route or alias named "${clip(model)}". There are: auto, ${known.slice(0, 12).join(', ')}${more}.`
}
