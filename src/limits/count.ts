/** How much of one budget one id has used, and whether a request may still be let in. Pure but for the count itself. */
import type { BudgetSpec, Period } from '../core/principal.ts'
import type { Claim } from '../core/settlement.ts'
import { pressed } from './pressure.ts'
import { windowOf } from './windows.ts'

/** What is used in a window. */
export interface Sums extends Claim {
  readonly requests: number
}

export interface Count {
  /** Epoch ms. */
  startsAt: number
  endsAt: number
  nanoUsd: number
  tokens: number
  requests: number
  /** Of requests that are under way in this window. */
  heldNanoUsd: number
  heldTokens: number
  held: number
  /** In flight, whenever they began. */
  inflight: number
  /** How much dearer money is; see pressure.ts. */
  pressure: number
  /** Epoch ms of the last look at the pressure. */
  pressedAt: number
  /** What somebody was told of in this window: 0 nothing, 1 the soft share, 2 the limit. */
  told: 0 | 1 | 2
}

export function newCount(per: Period | null, now: number): Count {
  const { startsAt, endsAt } = windowOf(per, now)
  const nothing = { nanoUsd: 0, tokens: 0, requests: 0, heldNanoUsd: 0, heldTokens: 0, held: 0, inflight: 0 }
  return { startsAt, endsAt, ...nothing, pressure: 0, pressedAt: now, told: 0 }
}

/** Begins a new window where the old one is over. What is under way counts in the window that it began in. */
export function roll(count: Count, per: Period | null, now: number): void {
  // A clock that is set back does not open a window again.
  if (now < count.endsAt) return
  const pressure = count.pressure / 2
  clear(count)
  Object.assign(count, windowOf(per, now), { heldNanoUsd: 0, heldTokens: 0, held: 0, pressure, pressedAt: now })
}

/** As if nothing had been spent in this window. What is held by those under way stays held. */
export function clear(count: Count): void {
  Object.assign(count, { nanoUsd: 0, tokens: 0, requests: 0, pressure: 0, told: 0 })
}

/** 100,000 USD: more of them than there can be requests add up to a whole number still. */
const MOST = 1e14

/** Callers and backends name numbers as they like: one of no size would be in the sums for ever. */
export function bounded(claim: Claim): Claim {
  const nanoUsd = whole(claim.nanoUsd)
  const tokens = whole(claim.tokens)
  return nanoUsd === claim.nanoUsd && tokens === claim.tokens ? claim : { nanoUsd, tokens }
}

const whole = (value: number): number => (value > 0 ? Math.min(MOST, Math.ceil(value)) : 0)

/** Which limit stands against a request. `held`: not used up yet, but by those under way it may be. */
export interface Block {
  readonly reason: 'usd' | 'tokens' | 'requests' | 'parallel'
  readonly held: boolean
}

/**
 * Null where it may be let in. The worst case must fit into what is left; only where nothing else is under way a request
 * is let in as long as something is left, so that a budget can be used up: by one request at most too much.
 */
export function blockOf(count: Count, spec: BudgetSpec, claim: Claim): Block | null {
  if (spec.parallel !== null && count.inflight >= spec.parallel) return { reason: 'parallel', held: true }
  if (spec.requests !== null && count.requests >= spec.requests) return { reason: 'requests', held: false }
  return (
    blockOfSum('usd', spec.nanoUsd, count.nanoUsd, count.heldNanoUsd, claim.nanoUsd, count.held) ??
    blockOfSum('tokens', spec.tokens, count.tokens, count.heldTokens, claim.tokens, count.held)
  )
}

function blockOfSum(
  reason: Block['reason'],
  limit: number | null,
  used: number,
  held: number,
  claim: number,
  others: number,
): Block | null {
  if (limit === null) return null
  if (used >= limit) return { reason, held: false }
  return others > 0 && used + held + claim > limit ? { reason, held: true } : null
}

export function take(count: Count, claim: Claim): void {
  count.requests++
  count.inflight++
  count.held++
  count.heldNanoUsd += claim.nanoUsd
  count.heldTokens += claim.tokens
}

/** `startsAt`: of the window in which it was taken. */
export function give(count: Count, spec: BudgetSpec, startsAt: number, claim: Claim, actual: Claim, now: number): void {
  count.inflight--
  if (count.startsAt !== startsAt) return
  count.held--
  count.heldNanoUsd -= claim.nanoUsd
  count.heldTokens -= claim.tokens
  spend(count, spec, actual, now)
}

/** Adds what was spent. */
export function spend(count: Count, spec: BudgetSpec, actual: Claim, now: number): void {
  if (spec.pressure && spec.nanoUsd !== null) {
    count.pressure = pressed(count, spec.nanoUsd, actual.nanoUsd, now)
    count.pressedAt = now
  }
  count.nanoUsd += actual.nanoUsd
  count.tokens += actual.tokens
}
