/** A decision while it is made: what goes in, and all that leads to the plan and its record. */
import type { GatewayRequest, RequestProfile, Target } from '../../core/types.ts'
import type { Ceilings, Relaxed } from './ceilings.ts'
import type { Remembered } from './conversations.ts'
import type { FilterContext, FilterName } from './filters.ts'
import type { ResolvedRoute } from './names.ts'
import type { Pick } from './pick.ts'
import type { Rota } from './rota.ts'

/** What is neither in the request nor in the table. */
export interface DecisionContext {
  /** Reading of the monotonic clock, ms. */
  readonly now: number
  /** Hour of the day, UTC. */
  readonly utcHour: number
  /** How much dearer money is than usual for this caller: 0 = it is not. */
  readonly pressure: number
  readonly recall: (affinity: string | null) => Remembered | null
  /** From 0 to 1. */
  readonly random: () => number
}

/** A decision with all that led to it. */
export interface Decision {
  readonly request: GatewayRequest
  readonly profile: RequestProfile
  readonly choice: ResolvedRoute
  readonly question: FilterContext
  readonly candidates: readonly Target[]
  /** Candidates that the record is to show: the first in order, and some that were dropped. */
  readonly shown: readonly number[]
  /** KEPT_COLUMNS for each of them. */
  readonly values: readonly number[]
  /** Which filter took it out; null = none. */
  readonly dropped: readonly (FilterName | null)[]
  readonly ceilings: Ceilings
  readonly relaxed: Relaxed
  readonly pick: Pick
  readonly pressure: number
  readonly rota: Rota
  /** By candidate: its seat in the rota. */
  readonly seats: readonly number[]
}
