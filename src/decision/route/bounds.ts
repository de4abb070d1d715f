/** What a key and a route may reach, whatever is asked and whatever a model can do. Everything that lists or chooses calls `outside`. Pure. */
import { BOUND_FILTERS, type BoundFilter, type Dropped } from '../../core/record.ts'
import type { BackendSpec, RouteSpec } from '../../core/settings.ts'
import { type Scoring, STRATEGIES } from '../../core/strategies.ts'
import { isLocal } from './local.ts'

/** A model on a backend. */
export interface Place {
  readonly backend: BackendSpec
  readonly model: string
}

/** What a route, or the strategy of a request, keeps within. */
export interface RouteBounds {
  /** Only engines on hardware of the operator. */
  readonly localOnly: boolean
}

export interface KeyBound {
  readonly id: string
  readonly allows: (place: Place) => boolean
}

export interface Bounds extends RouteBounds {
  /** Null: the key may use everything. */
  readonly key: KeyBound | null
}

/** Why not; null = it is within. */
const BOUNDS: Readonly<Record<BoundFilter, (place: Place, bounds: Bounds) => string | null>> = {
  policy: (place, { key }) => (key === null || key.allows(place) ? null : `key "${key.id}" may not use it`),
  weight: ({ backend }) => (backend.weight > 0 ? null : 'it is drained: weight 0'),
  local: (place, { localOnly }) => (localOnly && !isLocal(place) ? 'it does not run on local hardware' : null),
}

/** The first bound that it is outside of, with the reason; null = it is within all. */
export function outside(place: Place, bounds: Bounds): (Dropped & { readonly filter: BoundFilter }) | null {
  for (const filter of BOUND_FILTERS) {
    const why = BOUNDS[filter](place, bounds)
    if (why !== null) return { filter, why }
  }
  return null
}

/** No model of the backend is within, as far as its kind tells. */
export const isOutOfReach = (backend: BackendSpec, bounds: RouteBounds): boolean =>
  outside({ backend, model: '' }, { ...bounds, key: null }) !== null

/** `spec` null: no route. `scoring`: the strategy that counts, where it is not the route's own. */
export const boundsOfRoute = (
  spec: Pick<RouteSpec, 'localOnly' | 'strategy'> | null,
  scoring: Scoring | null = spec?.strategy ?? null,
): RouteBounds => ({ localOnly: (scoring !== null && isLocalOnly(scoring)) || spec?.localOnly === true })

/** The bounds of a route in words, without what its strategy says already. */
export const boundWords = ({ localOnly, strategy }: Pick<RouteSpec, 'localOnly' | 'strategy'>): string[] =>
  localOnly && !isLocalOnly(strategy) ? ['local hardware only'] : []

const isLocalOnly = (scoring: Scoring): boolean => typeof scoring === 'string' && STRATEGIES[scoring].localOnly
