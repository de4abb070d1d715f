/** Which state a backend is in, by what is known of it. Pure. Times are readings of the fleet's clock, ms. */
import type { BackendState } from '../../core/backend-state.ts'
import { type EngineReading, type ModelReading } from '../../core/engine-reading.ts'

/** What looks and calls have proven. */
export type Presence =
  | { readonly is: 'unknown' }
  /** `note`: what is wrong with it although it answers. */
  | { readonly is: 'there'; readonly note: string | null }
  | { readonly is: 'loading'; readonly since: number }
  /** Of an engine that the gateway starts: there is none, or it has not answered yet. Its own limit ends that. */
  | { readonly is: 'off' }
  | { readonly is: 'starting' }
  /** It refuses the key for its list of models. */
  | { readonly is: 'locked'; readonly reason: string }
  | { readonly is: 'away'; readonly reason: string }

/** It does not want to be asked for a while. */
export interface Pause {
  readonly state: 'full' | 'rate_limited'
  readonly reason: string | null
  readonly from: number
  readonly until: number
}

export interface StateFacts {
  readonly presence: Presence
  /** A call was refused for the key, and none was answered since; `until`: then a call tries it again. */
  readonly key: { readonly reason: string; readonly until: number } | null
  readonly pause: Pause | null
  /** By what it tells of itself. */
  readonly sleeping: boolean
  /** It was seen to have no room; `until`: for so long it counts as seen. */
  readonly busy: { readonly reason: string; readonly until: number }
  /** A request wakes it. */
  readonly wakes: boolean
}

export interface Verdict {
  readonly state: BackendState
  readonly reason: string | null
  /** When it is over, or a call tries again; null: nobody knows. */
  readonly until: number | null
  /** When it is another one, whatever happens or not; null: never. */
  readonly next: number | null
}

/** A model that loads for longer than this will not come. */
const LONGEST_LOADING_MS = 5 * 60_000

export function stateOf({ presence, key, pause, sleeping, busy, wakes }: StateFacts, now: number): Verdict {
  const lasting = (state: BackendState, reason: string | null, until: number | null = null): Verdict => ({
    state,
    reason,
    until,
    next: null,
  })
  if (presence.is === 'away') return lasting('down', presence.reason)
  if (presence.is === 'locked') return lasting('auth_error', presence.reason)
  if (presence.is === 'off') return lasting('sleeping', 'it is started by a request for it')
  if (presence.is === 'starting') return lasting('warming_up', 'it is being started')
  if (presence.is === 'loading') {
    const patience = presence.since + LONGEST_LOADING_MS
    if (now >= patience) return lasting('down', 'loading for more than 5 minutes')
    return { state: 'warming_up', reason: 'loading', until: null, next: patience }
  }
  if (key !== null) return lasting('auth_error', key.reason, key.until)
  if (pause !== null && now < pause.until) {
    const { state, reason, until } = pause
    return { state, reason, until, next: until }
  }
  if (presence.is === 'unknown') return lasting('unknown', null)
  if (sleeping) return lasting('sleeping', wakes ? 'it wakes at a request' : 'it must be woken by hand')
  if (now < busy.until) return { state: 'busy', reason: busy.reason, until: null, next: busy.until }
  return lasting('ready', presence.note)
}

type Told = Pick<EngineReading, 'at' | 'running' | 'waiting' | 'slots' | 'most' | 'sleeping' | 'models'>

/** It, or all that it could load, has left its memory. */
export function isAsleep(reading: Pick<Told, 'sleeping' | 'models'> | null): boolean {
  if (reading === null) return false
  if (reading.sleeping === true) return true
  if (reading.models === null) return false
  const models = [...reading.models.values()]
  return models.some((one) => one.sleeping === true) && !models.some(isThere)
}

const isThere = ({ loaded, loading }: ModelReading): boolean => loaded === true || loading === true

/** Why a request that comes now would wait; null: it would not, as far as is known. `open`: calls of this gateway; `room`: how many were seen to be worked on at a time. */
export function crowdOf(
  reading: Pick<Told, 'running' | 'waiting' | 'slots'> | null,
  open: number,
  room: number | null,
): string | null {
  if ((reading?.waiting ?? 0) > 0) return 'requests wait in it'
  const slots = reading?.slots ?? room
  return slots !== null && Math.max(open, reading?.running ?? 0) >= slots ? 'all its slots are taken' : null
}

/** It was full at `since`, and has told since then that it is not. */
export function hasRoom(
  reading: Pick<Told, 'at' | 'running' | 'waiting' | 'slots' | 'most'> | null,
  since: number,
): boolean {
  if (reading === null || reading.at === null || reading.at <= since) return false
  const { running, waiting, slots, most } = reading
  if (most !== null && running !== null) return running + (waiting ?? 0) < most
  return waiting === 0 && running !== null && (slots === null || running < slots)
}
