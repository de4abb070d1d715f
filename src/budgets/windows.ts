/** Calendar windows, UTC. Pure. */
import type { Period } from '../core/budget.ts'

export interface Window {
  /** Epoch ms; the end is not part of it. */
  readonly startsAt: number
  readonly endsAt: number
}

const LENGTHS = { minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const

/** The window that `at` (epoch ms) is in. A limit without a period has one that never ends. */
export function windowOf(per: Period | null, at: number): Window {
  if (per === null) return { startsAt: 0, endsAt: Infinity }
  if (per !== 'month') {
    const startsAt = at - (at % LENGTHS[per])
    return { startsAt, endsAt: startsAt + LENGTHS[per] }
  }
  const date = new Date(at)
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()]
  return { startsAt: Date.UTC(year, month, 1), endsAt: Date.UTC(year, month + 1, 1) }
}
