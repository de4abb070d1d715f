/** Budgets counted in Redis, by all gateways together; what this one sees of them, and what it does while Redis cannot be asked. */
import { randomUUID } from 'node:crypto'
import { GatewayError } from '../core/errors.ts'
import type { BudgetSpec } from '../core/principal.ts'
import type { Claim, Subject } from '../core/settlement.ts'
import { Backlog } from './backlog.ts'
import type { BudgetState, Limiter, LimiterOptions, Reservation, TokensLeft } from './limiter.ts'
import { MemoryLimiter } from './memory.ts'
import type { RedisStore, SharedCount } from './redis-store.ts'
import { refusal } from './refusal.ts'

/** A process that dies gives back its places after so long. */
const LEASE_MS = 60_000
const REFRESH_MS = 20_000
/** How soon it is noticed that Redis is back. */
const PROBE_MS = 500
/** How often it is looked at what others have spent. */
const LOOK_MS = 5_000
const MOST_LOOKED_AT = 500

interface Open {
  readonly counts: readonly SharedCount[]
  readonly claim: Claim
}

export class SharedLimiter implements Limiter {
  readonly #store: RedisStore
  /** What this process knows: for metrics and prices, and to count with while Redis is away. */
  readonly #local: MemoryLimiter
  readonly #options: LimiterOptions
  readonly #backlog: Backlog
  readonly #open = new Map<string, Open>()
  readonly #timers: readonly NodeJS.Timeout[]
  readonly #instance = randomUUID()
  #numbered = 0
  #up = true

  constructor(budgets: readonly BudgetSpec[], store: RedisStore, options: LimiterOptions) {
    this.#store = store
    this.#options = options
    this.#local = new MemoryLimiter(budgets, {
      ...options,
      // One of all the processes that see it tells of it.
      first: (what, ms) => store.first(what, ms).catch(() => true),
    })
    this.#backlog = new Backlog((lost) => options.tell({ event: 'settlements_lost', count: lost }))
    this.#timers = [
      setInterval(() => void this.#refresh(), REFRESH_MS).unref(),
      setInterval(() => void this.#look(), LOOK_MS).unref(),
      setInterval(() => void this.#probe(), PROBE_MS).unref(),
    ]
  }

  /** Whether Redis answered when it was asked last. */
  get up(): boolean {
    return this.#up
  }

  /** Nothing is left to be told. */
  get settled(): boolean {
    return this.#backlog.idle
  }

  binds(own: readonly BudgetSpec[]): boolean {
    return this.#local.binds(own)
  }

  async reserve(subject: Subject, own: readonly BudgetSpec[], claim: Claim, requestId: string): Promise<Reservation> {
    const now = this.#options.now()
    const counts = this.#local.matches(subject, own).map(({ spec, id }) => this.#store.count(spec, id, now))
    if (counts.length === 0) return { settle: () => undefined }
    // Requests do not wait for what is known to be away.
    if (!this.#up) return this.#reserveAlone(subject, own, claim, counts)
    // Callers name their requests as they like, and may name two the same; in containers every process has the same number.
    const id = `${requestId}#${this.#instance}.${++this.#numbered}`
    let refused
    try {
      refused = await this.#store.reserve(counts, id, LEASE_MS, claim, now)
    } catch {
      this.#away()
      // It may have been counted although no answer came.
      this.#backlog.add(() => this.#store.settle(counts, id, claim, { nanoUsd: 0, tokens: 0 }, false))
      return this.#reserveAlone(subject, own, claim, counts)
    }
    if (refused !== null) {
      const { spec, id: who, endsAt } = counts[refused.at]!
      this.#options.onRefused(spec.name, refused.block.reason)
      if (!refused.block.held) this.#local.exceeded(spec, who)
      throw refusal(spec, who, refused.block, endsAt, now)
    }
    this.#open.set(id, { counts, claim })
    const local = this.#local.mirror(subject, own, claim)
    return {
      settle: (actual) => {
        if (!this.#open.delete(id)) return
        local.settle(actual)
        this.#settle(counts, id, claim, actual)
      },
    }
  }

  pressure(subject: Subject, own: readonly BudgetSpec[]): number {
    return this.#local.pressure(subject, own)
  }

  tokensLeft(key: string, own: readonly BudgetSpec[]): TokensLeft | null {
    return this.#local.tokensLeft(key, own)
  }

  states(): readonly BudgetState[] {
    return this.#local.states()
  }

  async reset(name: string, id: string | null): Promise<number> {
    const here = this.#local.reset(name, id)
    return Math.max(here, await this.#store.reset(name, id))
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer)
    await this.#backlog.flush()
    await this.#local.close()
    this.#store.close()
  }

  #settle(counts: readonly SharedCount[], id: string, claim: Claim, actual: Claim): void {
    this.#backlog.add(async () => {
      const used = await this.#store.settle(counts, id, claim, actual, true)
      counts.forEach(({ spec, id: who }, index) => this.#local.learn(spec, who, used[index]!))
    })
  }

  /** While Redis is away: limits that are open count in this process alone, one that is closed refuses. */
  #reserveAlone(
    subject: Subject,
    own: readonly BudgetSpec[],
    claim: Claim,
    counts: readonly SharedCount[],
  ): Reservation {
    const closed = counts.find(({ spec }) => spec.whenAway === 'closed')
    if (closed !== undefined) {
      this.#options.onRefused(closed.spec.name, 'away')
      throw new GatewayError(
        'limits_away',
        `Budget "${closed.spec.name}" cannot be looked up: the store that gateways share is away, and this budget is closed without it.`,
        { retryAfterMs: 1_000 },
      )
    }
    const local = this.#local.reserve(subject, own, claim)
    return {
      settle: (actual) => {
        local.settle(actual)
        this.#backlog.add(() => this.#store.add(counts, actual, this.#options.now()))
      },
    }
  }

  async #refresh(): Promise<void> {
    for (const [id, { counts, claim }] of [...this.#open]) {
      try {
        await this.#store.refresh(counts, id, LEASE_MS, claim)
      } catch {
        return this.#away()
      }
    }
  }

  /** What others have spent of the budgets that are in use here. */
  async #look(): Promise<void> {
    if (!this.#up) return
    const now = this.#options.now()
    for (const { spec, id } of this.#local.inUse(MOST_LOOKED_AT)) {
      try {
        this.#local.learn(spec, id, await this.#store.read(this.#store.count(spec, id, now)))
      } catch {
        return this.#away()
      }
    }
  }

  async #probe(): Promise<void> {
    if (this.#up) return
    try {
      await this.#store.ping()
      this.#back()
    } catch {
      // The next probe asks again.
    }
  }

  #away(): void {
    if (this.#up) this.#options.tell({ event: 'store_away' })
    this.#up = false
  }

  #back(): void {
    if (!this.#up) this.#options.tell({ event: 'store_back' })
    this.#up = true
    this.#backlog.retry()
  }
}
