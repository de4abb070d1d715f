/** What the outcome of a call says about its backend, or about the one model that was called. Pure. */
import type { BackendState } from '../../core/backend-state.ts'
import { ERRORS, type GatewayError } from '../../core/errors.ts'
import type { BackendSpec } from '../../core/settings.ts'
import { keyWords } from './refused-list.ts'
import type { Pause } from './state-of.ts'

export type News =
  /** It answered. */
  | { readonly is: 'up' }
  /** There is no connection. */
  | { readonly is: 'lost'; readonly reason: string }
  /** It refuses the key. */
  | { readonly is: 'key'; readonly reason: string }
  /** It, or the one model, wants to be left alone for `ms`. */
  | {
      readonly is: 'pause'
      readonly about: 'backend' | 'model'
      readonly state: Pause['state']
      readonly reason: string | null
      readonly ms: number
    }

/** Where nobody says how long. */
const REST_MS = 1_000
/** Who is full is so for moments, whatever it says; a limit may be one of the hour. */
const LONGEST_FULL_MS = 60_000
const LONGEST_LIMITED_MS = 3_600_000
const NO_CREDIT_MS = 300_000

const UP: News = { is: 'up' }

/** Null: nothing, as every mistake of a caller. */
export function newsOf(error: GatewayError | null, spec: BackendSpec): News | null {
  if (error === null) return UP
  const about = error.about === 'request' ? null : error.about
  switch (ERRORS[error.code].health) {
    case 'down':
      return { is: 'lost', reason: error.code === 'connect_timeout' ? 'no connection in time' : 'no connection' }
    case 'key':
      return { is: 'key', reason: `HTTP ${error.upstreamStatus ?? 401}: ${keyWords(spec)}` }
    case 'busy':
      return about === null ? null : { is: 'pause', about, ...roomless(error, spec) }
    case 'credit':
      if (about !== 'backend') return null
      return { is: 'pause', about, state: 'rate_limited', reason: 'no credit left', ms: NO_CREDIT_MS }
    default:
      return null
  }
}

/** An engine of one's own that refuses without naming a time has no limit but its room. */
function roomless(
  { code, retryAfterMs }: GatewayError,
  { provider }: BackendSpec,
): Pick<Pause, 'state' | 'reason'> & { readonly ms: number } {
  const wish = retryAfterMs ?? REST_MS
  if (code === 'upstream_rate_limited' && !(provider.local && retryAfterMs === null))
    return { state: 'rate_limited', reason: null, ms: Math.min(wish, LONGEST_LIMITED_MS) }
  return { state: 'full', reason: null, ms: Math.min(wish, LONGEST_FULL_MS) }
}

/** Whether a look tells more than the call that has changed the state: that it is not there, refuses the key for its list as well, or has no room while it loads. */
export const mayTellMore = (state: BackendState, { provider }: BackendSpec): boolean =>
  state === 'down' || state === 'auth_error' || (state === 'full' && provider.local)
