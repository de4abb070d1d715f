/** What one key of a backend may be sent, and what it is at; of a backend with one key, or none, the whole of it. */
import type { ErrorCode } from '../../core/errors.ts'
import type { BackendKey, BackendSpec, LaneLimits } from '../../core/settings.ts'
import { type Counted, Minute } from './minute.ts'

/** It was refused: not before then (clock reading), and by what. */
export interface Rest {
  readonly until: number
  readonly code: ErrorCode | null
}

const NO_REST: Rest = { until: 0, code: null }
const NO_LIMITS: LaneLimits = { rpm: null, tpm: null, parallel: null }

export class Lane {
  /** Null: the backend has one key, or none. */
  key: BackendKey | null
  limits: LaneLimits
  /** Calls that are open. */
  open = 0
  readonly minute = new Minute()
  /** How often it was refused. */
  rests = 0
  #rest = NO_REST
  /** Of single models: each may have a limit of its own. */
  readonly #restOf = new Map<string, Rest>()
  /** When it was taken last: of equals, the one that has rested longest is next. */
  #taken = 0

  constructor(key: BackendKey | null, limits: LaneLimits) {
    this.key = key
    this.limits = limits
  }

  /** `model` null: for all of them. The longest wish counts. */
  rest(model: string | null, code: ErrorCode, until: number): void {
    const before = model === null ? this.#rest : (this.#restOf.get(model) ?? NO_REST)
    if (until <= before.until) return
    if (model === null) this.#rest = { until, code }
    else this.#restOf.set(model, { until, code })
  }

  /** What keeps it from calls of a model; null: from any call. */
  restFor(model: string | null): Rest {
    const own = model === null ? undefined : this.#restOf.get(model)
    return own !== undefined && own.until > this.#rest.until ? own : this.#rest
  }

  /** Models that it is not called for. */
  get restingModels(): Iterable<readonly [string, Rest]> {
    return this.#restOf
  }

  /**
   * Clock reading from which on it takes a call of so many tokens, as far as that is a matter of time; Infinity: a call must end first.
   * One that takes more than a whole minute allows is sent when nothing else counts.
   */
  freeAt(tokens: number, model: string | null, now: number): number {
    const { rpm, tpm, parallel } = this.limits
    if (parallel !== null && this.open >= parallel) return Infinity
    return Math.max(now, this.restFor(model).until, this.rateAt(0, rpm, tpm, tokens, now))
  }

  /** The same by its limits of a minute, behind `ahead` calls like this one. */
  rateAt(ahead: number, rpm: number | null, tpm: number | null, tokens: number, now: number): number {
    if (rpm === null && tpm === null) return now
    this.minute.pass(now)
    const byCalls = rpm === null ? now : this.#callsAt(rpm, ahead, now)
    const byTokens = tpm === null ? now : this.#tokensAt(tpm, Math.min(tokens, tpm), ahead, now)
    return Math.max(now, byCalls, byTokens)
  }

  take(tokens: number, now: number, turn: number): Counted {
    this.open++
    this.#taken = turn
    return this.minute.add(now, Math.min(tokens, this.limits.tpm ?? tokens))
  }

  /** Whether a call is better made here: the share of its limits that is in use, then calls that are open, then whose turn it is. */
  before(other: Lane, now: number): boolean {
    const [own, its] = [this.#use(now), other.#use(now)]
    if (own !== its) return own < its
    return this.open === other.open ? this.#taken < other.#taken : this.open < other.open
  }

  #use(now: number): number {
    const { rpm, tpm, parallel } = this.limits
    this.minute.pass(now)
    return Math.max(
      parallel === null ? 0 : this.open / parallel,
      rpm === null ? 0 : this.minute.calls / rpm,
      tpm === null ? 0 : this.minute.tokens / tpm,
    )
  }

  #callsAt(rpm: number, ahead: number, now: number): number {
    const minutes = Math.floor(ahead / rpm)
    return minutes * 60_000 + Math.max(now, this.minute.callsAt(rpm - 1 - (ahead % rpm)))
  }

  #tokensAt(tpm: number, tokens: number, ahead: number, now: number): number {
    const wanted = tokens * (ahead + 1)
    const minutes = Math.ceil(wanted / tpm) - 1
    return minutes * 60_000 + Math.max(now, this.minute.tokensAt(tpm - (wanted - minutes * tpm)))
  }
}

/** One lane for each key, or one for all calls. Keys that are there already go on with what they are at. */
export function lanesOf({ keys, limits }: Pick<BackendSpec, 'keys' | 'limits'>, before: readonly Lane[]): Lane[] {
  const common = limits ?? NO_LIMITS
  const limitsOf = ({ rpm, tpm, parallel }: LaneLimits): LaneLimits => ({
    rpm: rpm ?? common.rpm,
    tpm: tpm ?? common.tpm,
    parallel: parallel ?? common.parallel,
  })
  return (keys.length === 0 ? [null] : keys).map((key) => {
    const known = before.find((lane) => lane.key?.secret === key?.secret)
    const own = limitsOf(key ?? NO_LIMITS)
    if (known === undefined) return new Lane(key, own)
    // Its name may be its position, which changes with the keys before it.
    known.key = key
    known.limits = own
    return known
  })
}
