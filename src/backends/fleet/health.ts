/** The fleet's own view of what is known of a backend, and when it is looked at again. */
import { isUp } from '../../core/backend-state.ts'
import { loadOf, type LoadView } from '../../core/load.ts'
import type { BackendLive, QueueView } from '../../core/types.ts'

/** The fleet's own view of `BackendLive`. */
export type LiveState = { -readonly [K in keyof Omit<BackendLive, 'load' | 'queue'>]: BackendLive[K] } & {
  readonly load: { -readonly [K in keyof LoadView]: LoadView[K] }
  readonly queue: { -readonly [K in keyof QueueView]: QueueView[K] }
  /** Ms until its engine is there, which the gateway starts; null: it runs by itself. */
  comesIn: (() => number) | null
}

/** Nothing is known. */
export const newLive = (): LiveState => ({
  state: 'unknown',
  reason: null,
  since: 0,
  until: null,
  recovery: null,
  load: loadOf(0),
  queue: { waiting: 0, seconds: 0, full: false },
  retryAfterUntil: 0,
  reading: null,
  refusesUsage: false,
  follower: null,
  comesIn: null,
})

const WARMING_MS = 1_000

/**
 * Milliseconds until a backend is looked at again. `failures` counts looks in a row that told too little; `random` is 0..1:
 * backends that went down together are not asked together for ever.
 */
export function nextLook(
  live: BackendLive,
  failures: number,
  { intervalMs, retryMs }: { readonly intervalMs: number; readonly retryMs: number },
  random: number,
): number {
  if (live.state === 'warming_up') return WARMING_MS
  const wanted =
    isUp(live.state) && failures === 0 ? intervalMs : retryMs * 2 ** Math.min(Math.max(failures - 1, 0), 20)
  return Math.max(1, Math.min(wanted, intervalMs) * (0.8 + 0.2 * random))
}
