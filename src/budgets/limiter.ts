/** What budgets are asked before a request is sent, and told when it has ended. */
import type { BudgetEvent, BudgetNotice } from '../core/events.ts'
import type { BudgetSpec, Entity, Period } from '../core/budget.ts'
import type { Bid, SpendEstimate, Subject } from '../core/settlement.ts'

/** What stands against a request; `away`: the shared store cannot be asked. */
export type RefusalReason = 'usd' | 'tokens' | 'requests' | 'parallel' | 'away'

export interface LimiterOptions {
  /** Epoch ms. */
  readonly now: () => number
  /** The limits that keys have of their own, of all keys there are; none where absent. */
  readonly own?: () => readonly BudgetSpec[]
  readonly emit: (event: BudgetEvent) => void
  readonly post: Post
  readonly onRefused: (budget: string, reason: RefusalReason) => void
  /** Whether nobody else has told of it in this window; absent: there is nobody else. Never rejects. */
  readonly first?: (event: BudgetNotice['event'], spec: BudgetSpec, id: string) => Promise<boolean>
}

/** Sends JSON; '' = it was taken, else why not, without the address. Never rejects, and never takes long. */
export type Post = (url: string, json: object) => Promise<string>

export interface Reservation {
  /** What was taken; null where nothing counts this request. */
  readonly claim: SpendEstimate | null
  /** Tokens that each answer must be cut at, to stay below what was taken; null = as the caller said. */
  readonly maxTokens: number | null
  /** What it did come to; null: no backend was called after all, and it counts nowhere. Further calls do nothing. */
  settle(actual: SpendEstimate | null): void
}

export interface Limiter {
  /** False while the store that gateways share cannot be asked. */
  readonly up: boolean
  /** Whether anything counts; else there is nothing to reserve. `own`: the limits of the key. */
  binds(own: readonly BudgetSpec[]): boolean
  /** Takes the worst case from every budget that the subject counts against, or from none. Throws `budget_exceeded`. */
  reserve(subject: Subject, own: readonly BudgetSpec[], bid: Bid, requestId: string): Reservation | Promise<Reservation>
  /** How much dearer money is for this subject at the moment: 0 = as it is. */
  pressure(subject: Subject, own: readonly BudgetSpec[]): number
  /** What a key has left of its own tokens in a window; null = it has no such limit. */
  tokensLeft(key: string, own: readonly BudgetSpec[]): TokensLeft | null
  /** As far as this process knows. */
  states(): readonly BudgetState[]
  /** The same, with what only other gateways have used. */
  allStates(): readonly BudgetState[] | Promise<readonly BudgetState[]>
  /** Whether a budget is called so. */
  has(name: string): boolean
  /** Sets counts of a budget back: of one id, or of all. How many there were. */
  reset(name: string, id: string | null): number | Promise<number>
  /** Other budgets are in force. Counts go on by their names; what is under way is counted where it began. */
  apply(budgets: readonly BudgetSpec[]): void
  close(): Promise<void>
}

export interface TokensLeft {
  readonly limit: number
  readonly remaining: number
  /** Until the window ends, ms. */
  readonly resetMs: number
}

/** One count of one budget. `null` = not limited. Money in nano-dollars, times in epoch ms. */
export interface BudgetState {
  readonly name: string
  readonly of: Entity
  readonly id: string
  readonly per: Period | null
  readonly windowEndsAt: number | null
  readonly limit: {
    readonly nanoUsd: number | null
    readonly tokens: number | null
    readonly requests: number | null
    readonly parallel: number | null
  }
  readonly used: { readonly nanoUsd: number; readonly tokens: number; readonly requests: number }
  readonly reserved: { readonly nanoUsd: number; readonly tokens: number }
  readonly inflight: number
}
