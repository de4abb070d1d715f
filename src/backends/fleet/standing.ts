/** What is known of one backend, and the state that follows from it: each change is told once. */
import type { BackendState } from '../../core/backend-state.ts'
import type { LiveState } from './health.ts'
import type { News } from './news.ts'
import { crowdOf, hasRoom, isAsleep, type Pause, type Presence, stateOf } from './state-of.ts'

/** So long after it was seen without room a backend counts as busy: under load it has none, and has some again, many times a second. */
const BUSY_MS = 2_000
/** A refused key is seldom a matter of seconds, yet a mended one should be noticed within a minute. */
export const KEY_MS = 30_000

export class Standing {
  readonly #live: LiveState
  readonly #moved: (from: BackendState) => void
  #presence: Presence = { is: 'unknown' }
  #key: { readonly reason: string; readonly until: number } | null = null
  #pause: Pause | null = null
  readonly #busy = { reason: '', until: -Infinity }
  #wasDown = false
  /** A request wakes it when it sleeps. */
  wakes = true
  /** How many calls it was seen to work on at a time; null: it was never seen to be full. */
  room: number | null = null
  /** When the state is another one, whatever happens or not; null: never. */
  next: number | null = null

  /** `moved` is called after each change of the state or of its reason. */
  constructor(live: LiveState, now: number, moved: (from: BackendState) => void) {
    this.#live = live
    this.#moved = moved
    live.since = now
  }

  get isLoading(): boolean {
    return this.#presence.is === 'loading'
  }

  /** A look found it, or it serves without one. */
  found(note: string | null, now: number): void {
    if (this.#presence.is === 'locked') this.#key = null
    this.#presence = { is: 'there', note }
    this.review(now)
  }

  /** What is wrong with it although it answers. */
  noted(note: string | null, now: number): void {
    if (this.#presence.is !== 'there') return
    this.#presence = { is: 'there', note }
    this.review(now)
  }

  loading(now: number): void {
    if (this.#presence.is !== 'loading') this.#presence = { is: 'loading', since: now }
    this.review(now)
  }

  /** An engine that the gateway starts has no process, or one that has not answered yet. */
  own(is: 'off' | 'starting', now: number): void {
    this.#presence = { is }
    this.#pause = null
    this.review(now)
  }

  /** A look was refused for the key. */
  locked(reason: string, now: number): void {
    this.#presence = { is: 'locked', reason }
    this.review(now)
  }

  away(reason: string, now: number): void {
    this.#presence = { is: 'away', reason }
    this.#busy.until = -Infinity
    this.review(now)
  }

  /** A call ended. `note`: as for `found`. */
  called(news: Exclude<News, { readonly is: 'pause' }>, note: string | null, now: number): void {
    switch (news.is) {
      case 'up':
        this.#key = null
        if (this.#presence.is !== 'there') this.#presence = { is: 'there', note }
        this.review(now)
        this.#answered()
        return
      case 'lost':
        if (this.#presence.is !== 'away') this.away(news.reason, now)
        return
      case 'key':
        this.#key = { reason: news.reason, until: now + KEY_MS }
    }
    this.review(now)
  }

  /** It, or all of its models, want to be left alone. The longest wish counts. */
  pausedBy(pause: Pause): void {
    if (this.#pause !== null && this.#pause.until > Math.max(pause.until, pause.from)) return
    this.#pause = pause
    this.review(pause.from)
  }

  /** An answer to one of its first requests has begun. */
  began(): void {
    this.#answered()
  }

  /** It has told something of itself. */
  read(now: number): void {
    const { reading } = this.#live
    if (this.#pause?.state === 'full' && hasRoom(reading, this.#pause.from)) this.#pause = null
    this.review(now)
  }

  /** A call came. */
  loaded(now: number): void {
    const wasBusy = now < this.#busy.until
    this.#crowd(now)
    if (!wasBusy && now < this.#busy.until) this.review(now)
  }

  /** Its wishes were for another key. */
  keyChanged(now: number): void {
    this.#key = null
    this.#pause = null
    if (this.#presence.is === 'locked') this.#presence = { is: 'unknown' }
    this.review(now)
  }

  review(now: number): void {
    const live = this.#live
    this.#crowd(now)
    const facts = {
      presence: this.#presence,
      key: this.#key,
      pause: this.#pause,
      sleeping: isAsleep(live.reading),
      busy: this.#busy,
      wakes: this.wakes,
    }
    const { state, reason, until, next } = stateOf(facts, now)
    this.next = next
    live.until = until
    live.retryAfterUntil = Math.max(this.#key?.until ?? 0, this.#pause?.until ?? 0)
    if (live.state === state && live.reason === reason) return
    const from = live.state
    live.state = state
    live.reason = reason
    live.since = now
    this.#recover(state, now)
    this.#moved(from)
  }

  #crowd(now: number): void {
    const { reading, load } = this.#live
    const why = crowdOf(reading, load.open, this.room)
    if (why === null) return
    if (now >= this.#busy.until) this.#busy.reason = why
    this.#busy.until = now + BUSY_MS
  }

  #recover(state: BackendState, now: number): void {
    if (state === 'down') {
      this.#wasDown = true
      this.#live.recovery = null
    } else if (this.#wasDown && this.#presence.is === 'there') {
      this.#wasDown = false
      this.#live.recovery = { since: now, answered: false }
    }
  }

  #answered(): void {
    const { recovery } = this.#live
    if (recovery?.answered === false) this.#live.recovery = { ...recovery, answered: true }
  }
}
