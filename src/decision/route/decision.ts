/** A decision: what goes in, and all that leads to the plan and to what is kept of it. */
import type { LoadView } from '../../core/load.ts'
import type { GatewayRequest, RequestProfile } from '../../core/types.ts'
import type { PrefixMap } from '../learn/prefix-map.ts'
import type { Trial } from '../../core/trial.ts'
import type { Admission } from './admission.ts'
import type { CandidateSet } from './candidates.ts'
import type { Ceilings, Relaxed } from './ceilings.ts'
import type { Remembered } from './conversations.ts'
import type { Fallback } from './fallback.ts'
import type { Pick } from './pick.ts'
import type { ResolvedRoute } from './resolutions.ts'
import type { Rota } from './rota.ts'
import type { RouteTable } from './table.ts'

/** What is neither in the request nor in the table. */
export interface DecisionContext {
  /** Reading of the monotonic clock, ms. */
  readonly now: number
  /** Hour of the day, UTC. */
  readonly utcHour: number
  /** How much dearer money is than usual for this caller: 0 = it is not. */
  readonly pressure: number
  readonly recall: (affinity: string | null, ever?: boolean) => Remembered | null
  /** From 0 to 1. */
  readonly random: () => number
  /** What backends have kept of prompts. */
  readonly prefixes: PrefixMap
}

/** What is decided about. */
export interface Question {
  readonly request: GatewayRequest
  readonly profile: RequestProfile
  readonly table: RouteTable
  readonly choice: ResolvedRoute
  readonly set: CandidateSet
  readonly fallback: Fallback
  readonly ceilings: Ceilings
  readonly trials: readonly Trial[]
  readonly remembered: Remembered | null
  readonly pressure: number
  readonly rota: Rota
  readonly now: number
}

/** A decision with all that led to it. */
export interface Decision {
  readonly question: Question
  readonly admission: Admission
  readonly relaxed: Relaxed
  readonly pick: Pick
  /** Rows that the record is to show: the first in order, and some that were taken out. */
  readonly shown: readonly number[]
  /** KEPT_COLUMNS for each of them. Null: only one can be asked, and nobody has read yet what is expected of it; see valuesOf. */
  values: readonly number[] | null
  /** Of the one that can be asked, when it was decided; null: `values` are there. */
  readonly only: { readonly load: LoadView; readonly held: number } | null
}
