/**
 * The shadow price of a budget: by how much money should count for more, so that the budget lasts until its window ends.
 * It rises while what is left is spent faster than the time that is left goes by, and falls while it is not. Pure.
 */

/** Of a whole window spent at twice the pace: ten times as dear. */
const GAIN = 10
const MOST = 8

export interface Pressed {
  readonly endsAt: number
  /** Spent before. */
  readonly nanoUsd: number
  readonly pressure: number
  readonly pressedAt: number
}

/** After `spent` more of `limit`, at `now`; 0 = money is worth what it is. */
export function budgetPressure(count: Pressed, limit: number, spent: number, now: number): number {
  const left = limit - count.nanoUsd
  const time = count.endsAt - count.pressedAt
  const share = left <= 0 ? 1 : Math.min(1, spent / left)
  const elapsed = time <= 0 ? 1 : Math.min(1, Math.max(0, (now - count.pressedAt) / time))
  return Math.min(MOST, Math.max(0, count.pressure + GAIN * (share - elapsed)))
}
