/** Who calls, and what they may take. Frozen after loading. */

/** Who calls. `routes` null: may use everything. */
export interface Principal {
  readonly id: string
  readonly routes: readonly string[] | null
  /** Requests per minute. */
  readonly rpm: number | null
  readonly team: string | null
  /** Whose key it is; requests may name another user. */
  readonly user: string | null
  readonly labels: Readonly<Record<string, string>>
  /** Its own limits, beside those that the configuration has for all. */
  readonly budgets: readonly BudgetSpec[]
}

/** Where there are no keys. */
export const ANONYMOUS: Principal = {
  id: 'anonymous',
  routes: null,
  rpm: null,
  team: null,
  user: null,
  labels: {},
  budgets: [],
}

export interface KeySpec extends Principal {
  /** SHA-256 of the key, 64 hex digits. */
  readonly hash: string
  /** Epoch ms; null = never. */
  readonly expiresAt: number | null
}

/** What a budget is counted by. */
export const ENTITIES = ['gateway', 'key', 'team', 'user', 'route', 'session', 'agent'] as const

export type Entity = (typeof ENTITIES)[number]

/** Windows begin with the minute, hour, day or month, UTC. */
export const PERIODS = ['minute', 'hour', 'day', 'month'] as const

export type Period = (typeof PERIODS)[number]

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
  /** What happens while the shared store cannot be asked: `open` counts in this process only, `closed` refuses. */
  readonly whenAway: 'open' | 'closed'
  /** Cost weighs more in decisions as it is spent faster than it lasts. */
  readonly pressure: boolean
  /** A request whose worst case does not fit into what is left gets shorter answers, rather than a refusal. */
  readonly clamp: boolean
}
