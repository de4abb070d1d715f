/** Budgets counted in Redis, by all gateways together; what this one sees of them, and what it does while Redis cannot be asked. */
import { randomUUID } from 'node:crypto'
import { GatewayError } from '../core/errors.ts'
import type { BudgetSpec } from '../core/budget.ts'
import type { Bid, SpendEstimate, Subject } from '../core/settlement.ts'
import { Backlog } from './backlog.ts'
import { bounded } from './count.ts'
import { LastKnownCounts } from './last-known-counts.ts'
import type { BudgetState, Limiter, LimiterOptions, Reservation, TokensLeft } from './limiter.ts'
import { MemoryLimiter } from './memory.ts'
import { hasSums, type SharedCount } from './redis-keys.ts'
import type { Lease, RedisStore, Reserved, Used } from './redis-store.ts'
import { Offer } from './offer.ts'
import { refusal } from './refusal.ts'

/** A process that dies gives back its places after so long. */
const LEASE_MS = 60_000
/** How soon it is noticed that Redis is back. */
const PROBE_MS = 500
/** How often it is looked at what others have spent. */
const LOOK_MS = 5_000
const MOST_LOOKED_AT = 500
/** Of the same kind on the way to Redis at once. */
const AT_ONCE = 200
/** A claim is made lower so often, while others take what was left. */
const MOST_TRIES = 8
const FORGETFUL = 'Redis loses at once what is written to it'

export class SharedLimiter implements Limiter {
  readonly #store: RedisStore
  /** What this process knows: for metrics and prices, and to count with while Redis is away. */
  readonly #local: MemoryLimiter
  readonly #options: LimiterOptions
  readonly #leaseMs: number
  readonly #backlog: Backlog
  readonly #heard = new LastKnownCounts()
  readonly #open = new Map<string, Lease>()
  readonly #timers: readonly NodeJS.Timeout[]
  readonly #instance = randomUUID()
  #numbered = 0
  #up = true
  #probing = false
  /** The name of what Redis knows; '' = not heard yet. Another one is a Redis that has forgotten all. */
  #epoch = ''
  #reminding: Promise<void> | null = null

  constructor(budgets: readonly BudgetSpec[], store: RedisStore, options: LimiterOptions, leaseMs = LEASE_MS) {
    this.#store = store
    this.#options = options
    this.#leaseMs = leaseMs
    this.#local = new MemoryLimiter(budgets, {
      ...options,
      // One of all the processes that see it tells of it.
      first: (event, spec, id) => {
        const now = options.now()
        return store.first(store.count(spec, id, now), event, now).catch(() => true)
      },
    })
    this.#backlog = new Backlog(
      (lost) => options.emit({ event: 'settlements_lost', count: lost }),
      (thrown) => this.#away(thrown),
    )
    this.#timers = [
      setInterval(() => void this.#goOn(), leaseMs / 3).unref(),
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

  apply(budgets: readonly BudgetSpec[]): void {
    this.#local.apply(budgets)
    this.#heard.apply(this.#local.specsOf())
  }

  binds(own: readonly BudgetSpec[]): boolean {
    return this.#local.binds(own)
  }

  async reserve(subject: Subject, own: readonly BudgetSpec[], bid: Bid, requestId: string): Promise<Reservation> {
    const now = this.#options.now()
    const counts = this.#local.matches(subject, own).map(({ spec, id }) => this.#store.count(spec, id, now))
    if (counts.length === 0) return { claim: null, maxTokens: null, settle: () => undefined }
    const offer = new Offer(bid)
    for (let tries = 1; ; tries++) {
      // Callers name their requests as they like, and may name two the same; in containers every process has the same number.
      const id = `${requestId}#${this.#instance}.${++this.#numbered}`
      const holding: Lease = { id, counts, claim: offer.claim, epoch: '' }
      // Requests do not wait for what is known to be away.
      if (!this.#up) return this.#reserveAlone(subject, own, bid, holding, false)
      let reserved: Reserved
      try {
        reserved = await this.#ask(holding)
      } catch (thrown) {
        this.#away(thrown)
        return this.#reserveAlone(subject, own, bid, holding, true)
      }
      if (reserved.outcome === 'refused') {
        const { spec, id: who, endsAt } = counts[reserved.at]!
        const { block } = reserved
        // Others may have taken what was left a moment ago.
        if (tries < MOST_TRIES && offer.lower(spec, block)) continue
        this.#options.onRefused(spec.name, block.reason)
        if (!block.held) this.#local.exceeded(spec, who)
        throw refusal({ spec, id: who, block, claim: offer.claim, endsAt, now })
      }
      holding.epoch = reserved.epoch
      for (const count of counts) this.#heard.use(count)
      return this.#held(holding, this.#local.mirror(subject, own, holding.claim), offer.maxTokens)
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

  async allStates(): Promise<readonly BudgetState[]> {
    const local = this.#local.states()
    if (!this.#up) return local
    try {
      const shared = await this.#store.states(this.#local.specsOf(), this.#options.now())
      const known = new Set(shared.map(placeOf))
      return [...shared, ...local.filter((one) => !known.has(placeOf(one)))]
    } catch (thrown) {
      this.#away(thrown)
      return local
    }
  }

  has(name: string): boolean {
    return this.#local.has(name)
  }

  async reset(name: string, id: string | null): Promise<number> {
    let there: number
    try {
      there = await this.#store.reset(name, id)
    } catch (thrown) {
      this.#away(thrown)
      const message = `Budget "${name}" cannot be reset: the budget store that gateways share is unavailable.`
      throw new GatewayError('budget_store_unavailable', message, { retryAfterMs: 1_000 })
    }
    this.#heard.forget(name, id)
    return Math.max(there, this.#local.reset(name, id))
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer)
    await this.#backlog.flush()
    await this.#local.close()
    this.#store.close()
  }

  /** Rejects where Redis cannot be asked. */
  async #ask(holding: Lease): Promise<Reserved> {
    const reserve = (): Promise<Reserved> =>
      this.#store.reserve(holding, this.#leaseMs, this.#epoch, this.#options.now())
    let reserved = await reserve()
    if (reserved.outcome === 'forgotten') {
      await this.#reseed()
      reserved = await reserve()
    }
    if (reserved.outcome === 'forgotten') throw new Error(FORGETFUL)
    if (this.#epoch === '') this.#epoch = reserved.epoch
    return reserved
  }

  #held(holding: Lease, local: Reservation, maxTokens: number | null): Reservation {
    this.#open.set(holding.id, holding)
    return {
      claim: local.claim,
      maxTokens,
      settle: (actual) => {
        if (!this.#open.delete(holding.id)) return
        const spent = actual === null ? null : bounded(actual)
        local.settle(spent)
        this.#backlog.add(() => this.#settle(holding, spent))
      },
    }
  }

  /** `spent` null: it was not sent after all. Rejects where Redis cannot be asked. */
  async #settle(holding: Lease, spent: SpendEstimate | null): Promise<void> {
    const settle = () => this.#store.settle(holding, spent, this.#epoch, this.#options.now())
    let used = await settle()
    if (used === null) {
      await this.#reseed()
      used = await settle()
    }
    if (used === null) throw new Error(FORGETFUL)
    this.#learn(holding.counts, used)
  }

  #learn(counts: readonly SharedCount[], used: readonly Used[]): void {
    counts.forEach((count, index) => {
      // By a limit that is not in force any more nothing is to be said of it.
      if (!hasSums(count) || !this.#local.inForce(count.spec)) return
      const { held, ...sums } = used[index]!
      // Each gateway tells of those under way itself.
      this.#heard.note(count, { ...sums, requests: Math.max(0, sums.requests - held) })
      this.#local.learn(count.spec, count.id, count.endsAt, sums)
    })
  }

  /**
   * While Redis is away: limits that are open count in this process alone, one that is closed refuses. `asked`: Redis may have
   * taken it, although no answer came.
   */
  #reserveAlone(subject: Subject, own: readonly BudgetSpec[], bid: Bid, holding: Lease, asked: boolean): Reservation {
    try {
      this.#refuseClosed(holding)
      const local = this.#local.reserve(subject, own, bid)
      return this.#held(holding, local, local.maxTokens)
    } catch (thrown) {
      if (asked) this.#backlog.add(() => this.#settle(holding, null))
      throw thrown
    }
  }

  #refuseClosed({ counts }: Lease): void {
    const closed = counts.find(({ spec }) => spec.onStoreError === 'deny')
    if (closed === undefined) return
    this.#options.onRefused(closed.spec.name, 'away')
    throw new GatewayError(
      'budget_store_unavailable',
      `Budget "${closed.spec.name}" cannot be checked: the budget store that gateways share is unavailable, and this budget refuses requests without it.`,
      { retryAfterMs: 1_000 },
    )
  }

  /** Leases of what is under way. Rejects where Redis cannot be asked. */
  async #refresh(): Promise<void> {
    const open = [...this.#open.values()]
    for (let at = 0; at < open.length; at += AT_ONCE)
      await Promise.all(
        open.slice(at, at + AT_ONCE).map(async (holding) => {
          // One that has ended meanwhile would hold its place again.
          if (!this.#open.has(holding.id)) return
          holding.epoch = await this.#store.refresh(holding, this.#leaseMs, this.#options.now())
        }),
      )
  }

  /** Redis was started without what it knew: it is told what it was last heard to know, and what is under way. */
  #reseed(): Promise<void> {
    return (this.#reminding ??= this.#remindNow().finally(() => (this.#reminding = null)))
  }

  async #remindNow(): Promise<void> {
    const now = this.#options.now()
    let epoch = await this.#store.reseed([], now)
    // Another request has seen to it; told again it could undo that a budget was set back.
    if (epoch === this.#epoch) return
    const known = this.#heard.all(now)
    for (let at = 0; at < known.length; at += AT_ONCE)
      epoch = await this.#store.reseed(known.slice(at, at + AT_ONCE), now)
    await this.#refresh()
    this.#epoch = epoch
  }

  async #goOn(): Promise<void> {
    if (!this.#up) return
    try {
      await this.#refresh()
      if ([...this.#open.values()].some(({ epoch }) => epoch !== this.#epoch)) await this.#reseed()
    } catch (thrown) {
      this.#away(thrown)
    }
  }

  /** What others have spent of the budgets that are in use here. */
  async #look(): Promise<void> {
    if (!this.#up) return
    const counts = this.#heard
      .all(this.#options.now())
      .slice(0, MOST_LOOKED_AT)
      .map(([count]) => count)
    try {
      const { epoch, used } = await this.#store.read(counts)
      if (epoch === this.#epoch) this.#learn(counts, used)
      else if (this.#epoch !== '') await this.#reseed()
    } catch (thrown) {
      this.#away(thrown)
    }
  }

  async #probe(): Promise<void> {
    if (this.#up || this.#probing) return
    this.#probing = true
    try {
      const epoch = await this.#store.reseed([], this.#options.now())
      if (this.#epoch !== '' && epoch !== this.#epoch) await this.#reseed()
      else await this.#refresh()
      this.#epoch = epoch
      this.#back()
    } catch (thrown) {
      this.#store.failed(thrown)
    } finally {
      this.#probing = false
    }
  }

  #away(thrown: unknown): void {
    if (this.#up) this.#options.emit({ event: 'store_away' })
    this.#up = false
    this.#store.failed(thrown)
  }

  #back(): void {
    this.#options.emit({ event: 'store_back' })
    this.#up = true
    this.#backlog.retry()
  }
}

const placeOf = ({ name, of, per, id }: BudgetState): string => `${name}\n${of}\n${per ?? ''}\n${id}`
