/** Requests of each key in its minute. */

export interface Minute {
  readonly used: number
  /** Until it ends, ms; 0: none has begun. */
  readonly leftMs: number
}

export interface MinuteCounts {
  /** `add`: this request is one of them; else nothing is counted. */
  count(key: string, add: boolean): Minute | Promise<Minute>
}

export const MINUTE_MS = 60_000
export const NO_MINUTE: Minute = { used: 0, leftMs: 0 }

/** More than there can be keys: one whose count is forgotten would begin anew. */
const MOST_COUNTED = 100_000

/** Of this process, by a clock that cannot be set: by the time of day a step forward and back would shut a key for as long. */
export class OwnMinutes implements MinuteCounts {
  readonly #counts = new Map<string, { used: number; readonly endsAt: number }>()
  readonly #now: () => number

  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  count(key: string, add: boolean): Minute {
    const now = this.#now()
    let count = this.#counts.get(key)
    if (count === undefined || now >= count.endsAt) {
      if (!add) return NO_MINUTE
      if (this.#counts.size >= MOST_COUNTED) this.#sweep(now)
      this.#counts.set(key, (count = { used: 0, endsAt: now + MINUTE_MS }))
    }
    if (add) count.used++
    return { used: count.used, leftMs: count.endsAt - now }
  }

  #sweep(now: number): void {
    for (const [key, { endsAt }] of this.#counts) if (endsAt <= now) this.#counts.delete(key)
  }
}

/** What is asked of a client of Redis. */
export interface ScriptRunner {
  eval(script: string, keys: number, ...rest: readonly string[]): Promise<unknown>
}

/** A count without an end would shut its key for ever. */
const COUNT = `
local used = tonumber(redis.call('GET', KEYS[1]) or '0')
if ARGV[1] == '1' then used = redis.call('INCR', KEYS[1]) end
if used == 0 then return {0, 0} end
if redis.call('PTTL', KEYS[1]) < 0 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return {used, redis.call('PTTL', KEYS[1])}
`

/** Of all gateways that share a Redis; while it is away nothing is counted. */
export class SharedMinutes implements MinuteCounts {
  readonly #redis: ScriptRunner

  constructor(redis: ScriptRunner) {
    this.#redis = redis
  }

  async count(key: string, add: boolean): Promise<Minute> {
    try {
      const found = await this.#redis.eval(COUNT, 1, `turnout-rpm-${key}`, add ? '1' : '0', String(MINUTE_MS))
      const [used, leftMs] = found as readonly [number, number]
      return { used, leftMs }
    } catch {
      return NO_MINUTE
    }
  }
}
