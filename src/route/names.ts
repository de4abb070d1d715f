/** What the `model` of a request means: design 2.1. Pure. */
import { GatewayError } from '../core/errors.ts'
import { type Deployment, type Principal, STRATEGIES, type Strategy } from '../core/types.ts'
import { type CompiledRoute, DEFAULT_ROUTE, type RouteTable } from './table.ts'

export interface Choice {
  readonly route: string
  readonly strategy: string
  readonly candidates: readonly Deployment[]
  readonly rule: CompiledRoute | null
  /** The caller named no model, so only what is known to be able is asked. */
  readonly open: boolean
}

const AUTO = 'auto'

/** Throws `model_not_found` where nothing has this name. */
export function resolve(model: string, principal: Principal, wish: Strategy | null, table: RouteTable): Choice {
  const { catalog } = table
  const exact = catalog.byId.get(model)
  if (exact !== undefined) return named([exact], wish)
  const preset = presetOf(model)
  const rule =
    table.routes.find((route) => matches(route, preset === null ? model : AUTO, principal)) ?? table.byName.get(model)
  if (rule !== undefined) {
    return {
      route: rule.spec.name,
      strategy: strategyName(wish ?? preset, rule),
      candidates: rule.candidates,
      rule,
      open: true,
    }
  }
  if (preset !== null) {
    const fallback = table.byName.get(DEFAULT_ROUTE)
    const all = fallback?.candidates ?? catalog.all
    const candidates = preset === 'local' ? all.filter((deployment) => deployment.backend.provider.local) : all
    return { route: DEFAULT_ROUTE, strategy: wish ?? preset, candidates, rule: fallback ?? null, open: true }
  }
  const serving = catalog.byModel.get(model)
  if (serving !== undefined && serving.length > 0) return named(serving, wish)
  throw new GatewayError('model_not_found', unknownModel(model, table), { param: 'model' })
}

const named = (candidates: readonly Deployment[], wish: Strategy | null): Choice => ({
  route: DEFAULT_ROUTE,
  strategy: wish ?? 'balanced',
  candidates,
  rule: null,
  open: false,
})

/** Strategy of `auto` and `auto:<strategy>`; null for any other name. */
function presetOf(model: string): Strategy | null {
  if (model === AUTO) return 'balanced'
  if (!model.startsWith(`${AUTO}:`)) return null
  const wanted = model.slice(AUTO.length + 1)
  const strategy = STRATEGIES.find((name) => name === wanted)
  if (strategy === undefined) {
    throw new GatewayError(
      'model_not_found',
      `"${model}" names no strategy; there are ${STRATEGIES.map((name) => `${AUTO}:${name}`).join(', ')}.`,
      { param: 'model' },
    )
  }
  return strategy
}

function matches(route: CompiledRoute, model: string, principal: Principal): boolean {
  const { match, pending } = route.spec
  if (match === null || pending.length > 0) return false
  if (match.model === null && match.key === null) return false
  if (match.key !== null && !match.key.includes(principal.id)) return false
  return route.matchesModel === null || route.matchesModel(model)
}

function strategyName(wish: Strategy | null, rule: CompiledRoute): string {
  if (wish !== null && wish !== 'balanced') return wish
  return typeof rule.spec.strategy === 'string' ? rule.spec.strategy : 'weights'
}

function unknownModel(model: string, table: RouteTable): string {
  const known = [...table.catalog.byModel.keys(), ...table.byName.keys()]
  if (known.length === 0)
    return `No model named "${model.slice(0, 200)}": no backend has told its models yet; see GET /health.`
  const shown = known.slice(0, 12).join(', ')
  return `No model, route or alias named "${model.slice(0, 200)}". There ${known.length === 1 ? 'is' : 'are'}: auto, ${shown}${known.length > 12 ? `, and ${known.length - 12} more (GET /v1/models)` : ''}.`
}
