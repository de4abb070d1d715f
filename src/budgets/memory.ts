/** Budgets counted in this process. */
import type { BudgetSpec } from '../core/budget.ts'
import type { Bid, SpendEstimate, Subject } from '../core/settlement.ts'
import { blockOf, bounded, clear, type Count, give, spend, type Sums, take } from './count.ts'
import { Counts } from './counts.ts'
import type { BudgetState, Limiter, LimiterOptions, Reservation, TokensLeft } from './limiter.ts'
import { Notices } from './notices.ts'
import { Offer } from './offer.ts'
import { budgetPressure } from './pressure.ts'
import { refusal } from './refusal.ts'
import { compileRule, type BudgetRule, type SpecOf, specsOf } from './rules.ts'
import type { LimitsSnapshot } from './snapshot.ts'

/** A rule, what it counts this request under, and the count. */
interface Hit {
  readonly spec: BudgetSpec
  readonly id: string
  readonly count: Count
}

const NOTHING: Reservation = { claim: null, maxTokens: null, settle: () => undefined }

export class MemoryLimiter implements Limiter {
  #rules: readonly BudgetRule[]
  /** Of keys: an object for each, for as long as the key is the same. */
  readonly #own = new WeakMap<readonly BudgetSpec[], readonly BudgetRule[]>()
  readonly #counts = new Counts()
  readonly #superseded = new WeakSet<BudgetSpec>()
  readonly #now: () => number
  readonly #ownOfAll: () => readonly BudgetSpec[]
  readonly #notices: Notices
  readonly #onRefused: LimiterOptions['onRefused']
  #presses: boolean
  readonly up = true
  /** Something was counted since the last look. */
  changed = false
  /** Of what is in no ledger. */
  urgent = false

  constructor(budgets: readonly BudgetSpec[], options: LimiterOptions) {
    this.#rules = budgets.map(compileRule)
    this.#presses = budgets.some(({ pressure }) => pressure)
    this.#now = options.now
    this.#ownOfAll = options.own ?? ((): readonly BudgetSpec[] => [])
    this.#notices = new Notices(options)
    this.#onRefused = options.onRefused
  }

  apply(budgets: readonly BudgetSpec[]): void {
    for (const { spec } of this.#rules) this.#superseded.add(spec)
    for (const spec of budgets) this.#superseded.delete(spec)
    this.#rules = budgets.map(compileRule)
    this.#presses = budgets.some(({ pressure }) => pressure)
    this.#counts.apply(this.specsOf())
    // What is counted of a budget that is gone is written too: it may come back.
    this.changed = this.urgent = true
  }

  /** False: another limit, or none, has its place. */
  inForce(spec: BudgetSpec): boolean {
    return !this.#superseded.has(spec)
  }

  binds(own: readonly BudgetSpec[]): boolean {
    return this.#rules.length > 0 || own.length > 0
  }

  reserve(subject: Subject, own: readonly BudgetSpec[], bid: Bid): Reservation {
    const offer = new Offer(bid)
    const now = this.#now()
    const hits = this.#hits(subject, own, now)
    for (let at = 0; at < hits.length; at++) {
      const { spec, id, count } = hits[at]!
      const block = blockOf(count, spec, offer.claim)
      if (block === null) continue
      // A lower claim fits where the higher one did.
      if (offer.lower(spec, block)) {
        at--
        continue
      }
      this.#onRefused(spec.name, block.reason)
      if (!block.held) this.#notices.exceeded(spec, id, count)
      throw refusal({ spec, id, block, claim: offer.claim, endsAt: count.endsAt, now })
    }
    return this.#taken(hits, offer.claim, offer.maxTokens)
  }

  /** The same without asking: somebody else has let it in. */
  mirror(subject: Subject, own: readonly BudgetSpec[], claim: SpendEstimate): Reservation {
    return this.#taken(this.#hits(subject, own, this.#now()), claim, null)
  }

  #taken(hits: readonly Hit[], claim: SpendEstimate, maxTokens: number | null): Reservation {
    if (hits.length === 0) return NOTHING
    for (const { count } of hits) take(count, claim)
    this.changed = true
    return this.#reservation(hits, claim, maxTokens)
  }

  #reservation(hits: readonly Hit[], claim: SpendEstimate, maxTokens: number | null): Reservation {
    let open = true
    return {
      claim,
      maxTokens,
      settle: (told) => {
        if (!open) return
        const actual = told === null ? null : bounded(told)
        open = false
        this.changed = true
        const now = this.#now()
        for (const { spec, id, count } of hits) {
          give(count, spec, claim, actual, now)
          // Of a window that is over there is nothing to be done any more.
          if (now < count.endsAt && this.inForce(spec)) this.#notices.spent(spec, id, count)
        }
      },
    }
  }

  pressure(subject: Subject, own: readonly BudgetSpec[]): number {
    if (!this.#presses && !own.some(({ pressure }) => pressure)) return 0
    const now = this.#now()
    let most = 0
    for (const { spec, count } of this.#hits(subject, own, now))
      if (spec.pressure && spec.nanoUsd !== null) most = Math.max(most, budgetPressure(count, spec.nanoUsd, 0, now))
    return most
  }

  /** What the subject counts against. */
  matches(subject: Subject, own: readonly BudgetSpec[]): readonly Pick<Hit, 'spec' | 'id'>[] {
    return this.#hits(subject, own, this.#now())
  }

  /** What all gateways together have used in the window that ends then; it stands above what this one has counted. */
  learn(spec: BudgetSpec, id: string, endsAt: number, used: Sums): void {
    const now = this.#now()
    const count = this.#counts.at(spec, id, now)
    // An answer that was asked for in a window that is over by now.
    if (count.endsAt !== endsAt) return
    const others = { nanoUsd: Math.max(0, used.nanoUsd - count.nanoUsd), tokens: 0 }
    spend(count, spec, others, now)
    Object.assign(count, { nanoUsd: used.nanoUsd, tokens: used.tokens, requests: used.requests })
    this.#notices.spent(spec, id, count)
  }

  /** Somebody else refused for it. */
  exceeded(spec: BudgetSpec, id: string): void {
    this.#notices.exceeded(spec, id, this.#counts.of(spec, id, this.#now()))
  }

  tokensLeft(key: string, own: readonly BudgetSpec[]): TokensLeft | null {
    const spec = own.find(({ tokens, of }) => tokens !== null && of === 'key')
    if (spec === undefined) return null
    const now = this.#now()
    const { tokens, heldTokens, endsAt } = this.#counts.of(spec, key, now)
    const limit = spec.tokens!
    return { limit, remaining: Math.max(0, limit - tokens - heldTokens), resetMs: endsAt - now }
  }

  /** An earlier request, as the ledger has it; it counts in the window that it began in: `at`. */
  replay(subject: Subject, own: readonly BudgetSpec[], at: number, actual: SpendEstimate): void {
    for (const { spec, count } of this.#hits(subject, own, this.#now())) {
      if (at < count.startsAt || at >= count.endsAt) continue
      this.changed = true
      count.requests++
      count.ended++
      spend(count, spec, bounded(actual), Math.max(at, count.pressedAt))
    }
  }

  states(): BudgetState[] {
    const now = this.#now()
    return this.#counts.all(now).map(({ spec, id, count }) => ({
      name: spec.name,
      of: spec.of,
      id,
      per: spec.per,
      windowEndsAt: spec.per === null ? null : count.endsAt,
      limit: { nanoUsd: spec.nanoUsd, tokens: spec.tokens, requests: spec.requests, parallel: spec.parallel },
      used: { nanoUsd: count.nanoUsd, tokens: count.tokens, requests: count.requests },
      reserved: { nanoUsd: count.heldNanoUsd, tokens: count.heldTokens },
      inflight: count.flight.open,
    }))
  }

  allStates(): BudgetState[] {
    return this.states()
  }

  reset(name: string, id: string | null): number {
    let found = 0
    for (const { counts } of this.#counts.named(name, id)) {
      counts.forEach(clear)
      found++
    }
    this.changed = this.urgent = true
    return found
  }

  /** How many counts there are. */
  get size(): number {
    return this.#counts.size
  }

  /** `seq`: of the last row of the ledger that is counted. */
  snapshot(seq: number): LimitsSnapshot {
    return { version: 1, seq, counts: this.#counts.snapshot(this.#now()) }
  }

  /** What an earlier run had counted. */
  restore(snapshot: LimitsSnapshot): void {
    this.#counts.restore(snapshot.counts, this.#now(), this.specsOf())
  }

  has(name: string): boolean {
    return this.#specs().some((spec) => spec.name === name)
  }

  /** By the budgets of this moment, those of keys too. */
  specsOf(): SpecOf {
    return specsOf(this.#specs())
  }

  #specs(): BudgetSpec[] {
    return [...this.#rules.map(({ spec }) => spec), ...this.#ownOfAll()]
  }

  async close(): Promise<void> {
    await this.#notices.close()
  }

  #hits(subject: Subject, own: readonly BudgetSpec[], now: number): Hit[] {
    const hits: Hit[] = []
    for (const { spec, idOf } of this.#rules) {
      const id = idOf(subject)
      if (id !== null) hits.push({ spec, id, count: this.#counts.of(spec, id, now) })
    }
    if (own.length === 0) return hits
    for (const { spec, idOf } of this.#rulesOf(own)) {
      const id = idOf(subject)
      if (id !== null) hits.push({ spec, id, count: this.#counts.of(spec, id, now) })
    }
    return hits
  }

  #rulesOf(own: readonly BudgetSpec[]): readonly BudgetRule[] {
    let rules = this.#own.get(own)
    if (rules === undefined) this.#own.set(own, (rules = own.map(compileRule)))
    return rules
  }
}
