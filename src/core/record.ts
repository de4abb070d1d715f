/** The decision record: the same in `/v1/route`, in `explain`, in the log and in the ledger. Field names are contract. */
import type { ExpectedField, TermName } from './terms.ts'
import type { Trial } from './trial.ts'
import type { AgentStep, Capability, Effort, TaskClass } from './capabilities.ts'

export interface Dropped {
  /** A name of FILTERS (decision/route/filters.ts); records of other versions may hold others. */
  readonly filter: string
  readonly why: string
}

export interface CandidateRecord {
  readonly backend: string
  readonly model: string
  readonly effort: Effort | null
  readonly dropped: Dropped | null
  /** See ESTIMATES; null = unknown, or a filter took the candidate out before anything was estimated. */
  readonly expected: Readonly<Record<ExpectedField, number | null>>
  /** See TERMS; they sum to the utility. */
  readonly terms: Readonly<Record<TermName, number | null>>
  readonly utility: number | null
}

/** The part of the decision record that is known before anything is sent. Field names are contract. */
export interface DecisionRecord {
  readonly request_id: string
  readonly route: string
  readonly strategy: string
  readonly profile: {
    readonly class: TaskClass
    /** Of an agent's turn; absent where it is none. */
    readonly step?: AgentStep
    readonly difficulty: number | null
    readonly language: string | null
    readonly input_tokens: number
    readonly needs: readonly Capability[]
    readonly affinity: string | null
  }
  readonly candidates: readonly CandidateRecord[]
  /** Further candidates that are not listed. */
  readonly omitted: number
  readonly order: readonly string[]
  /** The first of the order, at the effort that was chosen. */
  readonly chosen: { readonly backend: string; readonly model: string; readonly effort: Effort | null } | null
  /** What the route's `baseline` was expected to cost; null where it has none, or that is not there. */
  readonly baseline: { readonly backend: string; readonly model: string; readonly cost_usd: number | null } | null
  readonly relaxed: 'latency' | 'cost' | null
  /** How much dearer money was than usual, by the budgets of the caller; 0 = it was not. */
  readonly pressure: number
  /** What is measured of the request, by feature; absent where nothing is. Control: it goes without the feature. */
  readonly trials?: readonly Trial[]
  readonly explored: boolean
  /** How likely the first of the order was to be the first: 1 where chance had no part in it. */
  readonly propensity: number
  /** What a budget lowered the request's limit of output tokens to; absent where none did. */
  readonly max_tokens?: number
}

/** What a decision expects of one candidate. Not rounded; null = unknown. */
export interface Expected {
  /** Tokens. */
  readonly input: number | null
  /** Tokens. */
  readonly output: number | null
  /** Tokens, part of the output. */
  readonly reasoning: number | null
  readonly nanoUsd: number | null
  readonly ttftMs: number | null
}

/** The `baseline` of a route, and what the request was expected to cost there. */
export interface ExpectedBaseline {
  readonly backend: string
  readonly model: string
  /** Not rounded; null = unknown. */
  readonly nanoUsd: number | null
}
