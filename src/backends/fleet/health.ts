/** What the outcome of a request says about its backend. Pure, but for the one value that it is given to change. */
import { ERRORS, type GatewayError } from '../../core/errors.ts'
import type { LoadView } from '../../core/load.ts'
import type { BackendLive, QueueView } from '../../core/types.ts'
import { wished } from './deployment-health.ts'

/** The fleet's own view of `BackendLive`. */
export type LiveState = { -readonly [K in keyof Omit<BackendLive, 'load' | 'queue'>]: BackendLive[K] } & {
  readonly load: { -readonly [K in keyof LoadView]: LoadView[K] }
  readonly queue: { -readonly [K in keyof QueueView]: QueueView[K] }
}

/** A refused key is seldom a matter of seconds, yet a fixed one should be noticed within a minute. */
const AUTH_COOLING_MS = 30_000
const QUOTA_COOLING_MS = 300_000

/**
 * `up`: it answered. `lost`: no connection. `null`: no news, as for every mistake of a caller.
 * Wishes of the backend to be left alone are written to `live.retryAfterUntil`; the longest one counts.
 */
export function learn(live: LiveState, error: GatewayError | null, now: number): 'up' | 'lost' | null {
  if (error === null) return 'up'
  switch (ERRORS[error.code].health) {
    case 'down':
      return 'lost'
    // Of one model: it rests alone (health.ts), and the others go on.
    case 'busy':
      if (error.about === 'backend') cool(live, now + wished(error))
      return null
    case 'key':
      cool(live, now + AUTH_COOLING_MS)
      return null
    case 'credit':
      if (error.about === 'backend') cool(live, now + QUOTA_COOLING_MS)
      return null
    default:
      return null
  }
}

function cool(live: LiveState, until: number): void {
  if (until > live.retryAfterUntil) live.retryAfterUntil = until
}

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
    live.state === 'ready' && failures === 0 ? intervalMs : retryMs * 2 ** Math.min(Math.max(failures - 1, 0), 20)
  return Math.max(1, Math.min(wanted, intervalMs) * (0.8 + 0.2 * random))
}
