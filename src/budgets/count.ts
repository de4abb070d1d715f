/** How much of one budget one id has used, and whether a request may still be let in. Pure but for the count itself. */
import type { BudgetSpec } from '../core/budget.ts'
import type { SpendEstimate } from '../core/settlement.ts'
import { budgetPressure } from './pressure.ts'
import type { Window } from './windows.ts'

/** What is used in a window. */
export interface Sums extends SpendEstimate {
  readonly requests: number
}

/** Requests of one id that are in flight, whenever they began. */
export interface Flight {
  open: number
}

/** What one id has used in one window; `flight` is the same in all of its windows. */
export interface Count {
  /** Epoch ms. */
  readonly startsAt: number
  readonly endsAt: number
  readonly flight: Flight
  nanoUsd: number
  tokens: number
  /** Those that were let in. */
  requests: number
  /** Those of them that have ended: as many as the ledger has rows of. */
  ended: number
  /** Of requests that are under way in this window. */
  heldNanoUsd: number
  heldTokens: number
  held: number
  /** How much dearer money is; see pressure.ts. */
  pressure: number
  /** Epoch ms of the last look at the pressure. */
  pressedAt: number
  /** What was reported in this window: 0 nothing, 1 the soft share, 2 the limit. */
  told: 0 | 1 | 2
}

export function newCount({ startsAt, endsAt }: Window, flight: Flight, now: number): Count {
  const nothing = { nanoUsd: 0, tokens: 0, requests: 0, ended: 0, heldNanoUsd: 0, heldTokens: 0, held: 0 }
  return { startsAt, endsAt, flight, ...nothing, pressure: 0, pressedAt: now, told: 0 }
}

/** As if nothing had been spent in this window. What is held by those under way stays held. */
export function clear(count: Count): void {
  Object.assign(count, { nanoUsd: 0, tokens: 0, requests: 0, ended: 0, pressure: 0, told: 0 })
}

/** 100,000 USD: more of them than there can be requests add up to a whole number still. */
const MOST = 1e14

/** Callers and backends name numbers as they like: one of no size would be in the sums for ever. */
export function bounded(claim: SpendEstimate): SpendEstimate {
  const nanoUsd = whole(claim.nanoUsd)
  const tokens = whole(claim.tokens)
  return nanoUsd === claim.nanoUsd && tokens === claim.tokens ? claim : { nanoUsd, tokens }
}

const whole = (value: number): number => (value > 0 ? Math.min(MOST, Math.ceil(value)) : 0)

/** Which limit stands against a request. `held`: not used up yet, but by those under way it may be. */
export interface Block {
  readonly reason: 'usd' | 'tokens' | 'requests' | 'parallel'
  readonly held: boolean
  /** Nano-dollars or tokens that neither are used nor held; null where it is not them that are short, or all is used up. */
  readonly left: number | null
  /** Requests that hold something are under way. */
  readonly others: boolean
}

/**
 * Null where it may be let in. The worst case must fit into what is left; only where nothing else is under way a request
 * is let in as long as something is left, so that a budget can be used up: by one request at most too much. A budget that lowers what is
 * asked for (`clamp`) needs no such exception, and makes none.
 */
export function blockOf(count: Count, spec: BudgetSpec, claim: SpendEstimate): Block | null {
  const others = count.held > 0
  if (spec.parallel !== null && count.flight.open >= spec.parallel)
    return { reason: 'parallel', held: true, left: null, others }
  if (spec.requests !== null && count.requests >= spec.requests)
    return { reason: 'requests', held: false, left: null, others }
  return (
    blockOfSum('usd', spec, spec.nanoUsd, count.nanoUsd, count.heldNanoUsd, claim.nanoUsd, others) ??
    blockOfSum('tokens', spec, spec.tokens, count.tokens, count.heldTokens, claim.tokens, others)
  )
}

function blockOfSum(
  reason: Block['reason'],
  { clamp }: BudgetSpec,
  limit: number | null,
  used: number,
  held: number,
  claim: number,
  others: boolean,
): Block | null {
  if (limit === null) return null
  if (used >= limit) return { reason, held: false, left: null, others }
  const left = limit - used - held
  return (others || clamp) && claim > left ? { reason, held: true, left: Math.max(0, left), others } : null
}

export function take(count: Count, claim: SpendEstimate): void {
  count.requests++
  count.flight.open++
  count.held++
  count.heldNanoUsd += claim.nanoUsd
  count.heldTokens += claim.tokens
}

/** `count`: of the window in which it was taken. `actual` null: it was let in, and nothing was sent after all. */
export function give(
  count: Count,
  spec: BudgetSpec,
  claim: SpendEstimate,
  actual: SpendEstimate | null,
  now: number,
): void {
  count.flight.open--
  count.held--
  count.heldNanoUsd -= claim.nanoUsd
  count.heldTokens -= claim.tokens
  if (actual === null) {
    count.requests = Math.max(0, count.requests - 1)
    return
  }
  count.ended++
  spend(count, spec, actual, now)
}

/** Adds what was spent. */
export function spend(count: Count, spec: BudgetSpec, actual: SpendEstimate, now: number): void {
  if (spec.pressure && spec.nanoUsd !== null) {
    count.pressure = budgetPressure(count, spec.nanoUsd, actual.nanoUsd, now)
    count.pressedAt = now
  }
  count.nanoUsd += actual.nanoUsd
  count.tokens += actual.tokens
}
