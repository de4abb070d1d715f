/**
 * Who was down and is back takes its share little by little: caches are cold, and what brought it down may do so again. Until a first
 * request of it is answered it has one at a time, then a share of its weight that grows to the whole. Pure.
 */
import type { BackendLive } from '../../core/types.ts'

/** After this long it has its whole share, whatever became of it. */
export const RAMP_MS = 30_000
const LEAST = 0.1

type Recovering = Pick<BackendLive, 'recovery'>

/** How much of its weight counts, 0.1..1. */
export function rampOf({ recovery }: Recovering, now: number): number {
  if (recovery === null) return 1
  return Math.min(1, Math.max(LEAST, (now - recovery.since) / RAMP_MS))
}

/** Others that are well come first. `due`: it has had no more than its share so far. */
export function isHeldBack(
  { recovery, load }: Recovering & Pick<BackendLive, 'load'>,
  due: boolean,
  now: number,
): boolean {
  if (recovery === null || now - recovery.since >= RAMP_MS) return false
  return !due || (!recovery.answered && load.open > 0)
}
