/** What may be taken of money, tokens and requests, and by what it is counted. Frozen after loading. */

/** What a budget is counted by. */
export const ENTITIES = ['gateway', 'key', 'team', 'user', 'route', 'session', 'agent'] as const

export type Entity = (typeof ENTITIES)[number]

/** Windows begin with the minute, hour, day or month, UTC. */
export const PERIODS = ['minute', 'hour', 'day', 'month'] as const

export type Period = (typeof PERIODS)[number]

/** While the store that gateways share cannot be reached: `allow` counts in this process alone, `deny` refuses. */
export const ON_STORE_ERROR = ['allow', 'deny'] as const

/** The most that an entity may take in a window; null = no such limit. */
export interface BudgetSpec {
  /** Appears in errors and metrics. */
  readonly name: string
  readonly of: Entity
  /** Globs over ids; null = all. Each id has a count of its own. */
  readonly ids: readonly string[] | null
  /** Null where only `parallel` is limited. */
  readonly per: Period | null
  readonly nanoUsd: number | null
  /** Input and output. */
  readonly tokens: number | null
  readonly requests: number | null
  /** Requests in flight. */
  readonly parallel: number | null
  /** Share of a limit at which `webhook` is told, once for each window; null = never. */
  readonly soft: number | null
  /** Gets a POST of JSON at the soft threshold and where the limit is reached. */
  readonly webhook: string | null
  readonly onStoreError: (typeof ON_STORE_ERROR)[number]
  /** Cost weighs more in decisions as it is spent faster than it lasts. */
  readonly pressure: boolean
  /** A request whose worst case does not fit into what is left gets shorter answers, rather than a refusal. */
  readonly clamp: boolean
}
