/** What a request took and came to: usage, cost, waste, verdict. Times are milliseconds, money is integer nano-dollars, `null` = unknown. */
import type { ErrorCode } from './errors.ts'
import type { TokenCounts } from './tokens.ts'

/** What is part of something else is counted in both. */
export interface Tokens extends TokenCounts {
  /** The backend reported none, or not all of it: counts are a guess. */
  readonly estimated: boolean
}

/**
 * What a backend itself says that it charges, in nano-dollars; null = it does not say; 'unknown' = it says so in no form
 * that is known, or not all of it.
 */
export type Charge = number | 'unknown' | null

/** What one answer took. */
export interface Usage extends Tokens {
  readonly chargedNanoUsd: Charge
  /** `service_tier` of the answer. */
  readonly tier: string | null
}

/** What an answer cost. Integer nano-dollars: in micro-dollars a short answer of a cheap model would round to nothing. */
export interface Cost {
  readonly nanoUsd: number
  /** `backend`: its own word; `price`: tokens at their prices; `engine_time`: its share of an engine's hour; `mixed`: several of them. */
  readonly source: 'backend' | 'price' | 'engine_time' | 'mixed'
  /** By counts that are a guess. */
  readonly estimated: boolean
}

/** What is wrong with an answer that came whole, in its own protocol's terms; never a word of the answer. */
export type CheckFailure =
  'not_json' | 'schema_mismatch' | 'no_tool_call' | 'unknown_tool' | 'arguments_not_json' | 'arguments_mismatch'

/** How the content of an answer fits what was asked; `unchecked`: too large, or a schema that cannot be used. */
export type CheckResult = CheckFailure | 'ok' | 'unchecked'

/** What can be said of an answer so far: `success` is null while its content is still to be checked. */
export interface Judgement {
  readonly success: boolean | null
  /** 0..1, for the model's record; null where the ending says nothing about how good the model is. */
  readonly score: number | null
  /** The answer was cut at a length: the score is that of the cut, not of what the model would have said. */
  readonly censored: boolean
  /** Null for a useful answer that was judged; `finish` = a finish reason that does not count. */
  readonly why:
    CheckFailure | 'unchecked' | 'refusal' | 'truncated' | 'empty' | 'finish' | 'unanswered' | ErrorCode | null
}

/** Whether a request got a useful answer, and what that says about the model. */
export interface Verdict extends Judgement {
  readonly success: boolean
}

/** Tokens of input and output that were of no use to anybody; an estimate where the backend told no usage. */
export interface Waste {
  /** `retry`, `failover`: a call that failed after the backend had worked, and was made again there, or elsewhere. */
  readonly reason:
    'retry' | 'failover' | 'hedge' | 'client_abort' | 'truncated' | 'invalid_output' | 'empty' | 'refusal'
  readonly tokens: number
}

/** What calls took together: `totalOf` in core/total.ts. */
export interface Total {
  /** Null where no call took any. */
  readonly tokens: Tokens | null
  /** What is known of the cost; null = nothing is. */
  readonly cost: Cost | null
  /** Tokens were taken whose cost is unknown: `cost` is not all of it. */
  readonly partial: boolean
  /** Each reason once; that of the last wasted call stands last. */
  readonly waste: readonly Waste[]
}

/** Whom a request counts against; null = it names none. */
export interface Subject {
  readonly key: string
  readonly team: string | null
  readonly user: string | null
  readonly route: string | null
  readonly session: string | null
  readonly agent: string | null
}

/** The most that a request may come to; `nanoUsd` 0 where no price is known. */
export interface SpendEstimate {
  readonly nanoUsd: number
  readonly tokens: number
}

/** What a request may come to, and what it would come to with shorter answers. */
export interface Bid extends SpendEstimate {
  /** With each answer cut where it just fits into `room`; null = not even a short one does. Absent: answers cannot be cut. */
  lower?(room: SpendEstimate): Lowered | null
}

export interface Lowered extends SpendEstimate {
  /** Tokens that each answer is cut at. */
  readonly maxTokens: number
}
