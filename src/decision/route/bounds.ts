/**
 * What a key and a route may reach, whatever is asked and whatever a model can do. A row of BOUNDS is all of a bound: everything that lists,
 * chooses, checks or replays calls `outside`. Pure.
 */
import { keysOf } from '../../core/keyed.ts'
import { type Values, valuesOf } from '../../core/options/option.ts'
import { KEY_OPTIONS } from '../../core/options/options.ts'
import type { ErrorCode } from '../../core/errors.ts'
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
  /** Null: no route. */
  readonly spec: RouteSpec | null
  /** The strategy that counts: what the caller wishes, else the route's own; null: none. */
  readonly scoring: Scoring | null
}

export type KeyOptions = Values<typeof KEY_OPTIONS>

export interface KeyBound {
  readonly id: string
  readonly options: KeyOptions
  /** Whether its routes grant it. */
  readonly allows: (place: Place) => boolean
}

export interface Bounds extends RouteBounds {
  /** Null: nothing binds the key. */
  readonly key: KeyBound | null
}

interface Bound {
  /** What it drops, for the reference. */
  readonly means: string
  /** Why not; null = it is within. */
  readonly outside: (place: Place, bounds: Bounds) => string | null
  /** Options of keys that it reads: a key for which one of them is set is bound. */
  readonly ofKey?: readonly (keyof KeyOptions)[]
  /** What a route or a key keeps within, for `turnout check` and `turnout key list`; null: nothing that its other lines do not say. */
  readonly words?: {
    readonly route?: (spec: RouteSpec) => string | null
    readonly key?: (key: KeyOptions) => string | null
  }
  /** What a request is refused with where it drops all candidates; `forbidden` with the reasons where absent. */
  readonly refused?: { readonly code: ErrorCode; readonly message: (model: string, reasons: string) => string }
}

/** In the order in which they are tried: the first one that drops a candidate gives the reason. */
const ROWS = {
  weight: {
    means: 'the backend is drained: `weight: 0`',
    outside: ({ backend }) => (backend.weight > 0 ? null : 'it is drained: weight 0'),
    refused: { code: 'no_backend', message: (_, reasons) => `All candidates are drained: ${reasons}` },
  },
  role: {
    means: 'the backend only reads prompts for others: `role: prefill`',
    outside: ({ backend }) => (backend.role === 'prefill' ? 'it only reads prompts for others: role prefill' : null),
    refused: { code: 'no_backend', message: (_, reasons) => `No candidate answers by itself: ${reasons}` },
  },
  policy: {
    means: 'the key may not use it: none of its `routes` leads there',
    ofKey: ['routes'],
    outside: (place, { key }) => (key === null || key.allows(place) ? null : `key "${key.id}" may not use it`),
    refused: { code: 'forbidden', message: (model) => `This key may not use "${model}".` },
  },
  local: {
    means: 'the route (`limits.local_only`) or the strategy `local` keeps to your own hardware, and it runs elsewhere',
    outside: (place, { spec, scoring }) =>
      (spec?.localOnly === true || isLocalOnly(scoring)) && !isLocal(place)
        ? 'it does not run on local hardware'
        : null,
    words: {
      route: ({ localOnly, strategy }) => (localOnly && !isLocalOnly(strategy) ? 'local hardware only' : null),
    },
  },
} as const satisfies Readonly<Record<string, Bound>>

const isLocalOnly = (scoring: Scoring | null): boolean => typeof scoring === 'string' && STRATEGIES[scoring].localOnly

export type BoundFilter = keyof typeof ROWS

export const BOUNDS: Readonly<Record<BoundFilter, Bound>> = ROWS

export const BOUND_FILTERS = keysOf(BOUNDS)

export const isBound = (filter: string | null): filter is BoundFilter =>
  filter !== null && Object.hasOwn(BOUNDS, filter)

/** The first bound that it is outside of, with the reason; null = it is within all. */
export function outside(place: Place, bounds: Bounds): { readonly filter: BoundFilter; readonly why: string } | null {
  for (const filter of BOUND_FILTERS) {
    const why = BOUNDS[filter].outside(place, bounds)
    if (why !== null) return { filter, why }
  }
  return null
}

/** No model of the backend is within, as far as its kind tells. */
export const isOutOfReach = (backend: BackendSpec, { spec, scoring }: RouteBounds): boolean =>
  outside({ backend, model: '' }, { spec, scoring, key: null }) !== null

/** What a route keeps within by itself, and a key beside it. */
export const boundsOf = (spec: RouteSpec | null, key: KeyBound | null = null): Bounds => ({
  spec,
  scoring: spec?.strategy ?? null,
  key,
})

/** Options of keys that bounds read. */
export const KEY_READS: readonly (keyof KeyOptions)[] = Object.values(BOUNDS).flatMap(({ ofKey = [] }) => ofKey)
const UNBOUND: KeyOptions = valuesOf(KEY_OPTIONS)

/** Whether a bound reads something of the key. */
export function binds(key: KeyOptions, reads = KEY_READS): boolean {
  for (const name of reads) if (key[name] !== UNBOUND[name]) return true
  return false
}

const READ_BESIDE_ROUTES = KEY_READS.filter((name) => name !== 'routes')

/** Whether something other than its routes binds the key: then its routes do not show what it may use. */
export const isBoundBesideRoutes = (key: KeyOptions): boolean => binds(key, READ_BESIDE_ROUTES)

/** The bounds of a route, or of a key beside its routes, in words. */
export const routeWords = (spec: RouteSpec): string[] =>
  Object.values(BOUNDS).flatMap(({ words }) => words?.route?.(spec) ?? [])
export const keyWords = (key: KeyOptions): string[] =>
  Object.values(BOUNDS).flatMap(({ words }) => words?.key?.(key) ?? [])
