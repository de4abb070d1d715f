/** Reports, once for each window, that a budget is nearly spent, and that it is. */
import { usdOf } from '../core/money.ts'
import { Occasionally } from '../core/occasionally.ts'
import type { BudgetEvent, BudgetNotice } from '../core/events.ts'
import type { BudgetSpec } from '../core/budget.ts'
import type { Count } from './count.ts'
import type { LimiterOptions, Post } from './limiter.ts'

/** Notices under way; more are dropped: a webhook that hangs must not fill the memory. */
const MOST_OPEN = 8
const ATTEMPTS = 2

export class Notices {
  readonly #emit: (event: BudgetEvent) => void
  readonly #post: Post
  readonly #first: NonNullable<LimiterOptions['first']> | null
  readonly #open = new Set<Promise<void>>()
  /** By budget: a budget of sessions may have thousands of counts, each with a notice. */
  readonly #dropped = new Map<string, Occasionally>()

  constructor({ emit, post, first }: Pick<LimiterOptions, 'emit' | 'post' | 'first'>) {
    this.#emit = emit
    this.#post = post
    this.#first = first ?? null
  }

  /** After something was spent. */
  spent(spec: BudgetSpec, id: string, count: Count): void {
    const share = Math.max(
      shareOf(count.nanoUsd, spec.nanoUsd),
      shareOf(count.tokens, spec.tokens),
      shareOf(count.requests, spec.requests),
    )
    if (share >= 1) return this.exceeded(spec, id, count)
    if (spec.soft === null || share < spec.soft || count.told >= 1) return
    count.told = 1
    this.#notify('budget_soft', spec, id, count)
  }

  /** It is used up. */
  exceeded(spec: BudgetSpec, id: string, count: Count): void {
    if (count.told === 2) return
    count.told = 2
    this.#notify('budget_exceeded', spec, id, count)
  }

  /** Waits for those under way. */
  async close(): Promise<void> {
    while (this.#open.size > 0) await Promise.all(this.#open)
  }

  #notify(event: BudgetNotice['event'], spec: BudgetSpec, id: string, count: Count): void {
    const notice = noticeOf(event, spec, id, count)
    if (this.#first === null) return this.#publish(notice, spec)
    this.#track(
      this.#first(event, spec, id).then((first) => {
        if (first) this.#publish(notice, spec)
      }),
    )
  }

  #publish(notice: BudgetNotice, { name, webhook }: BudgetSpec): void {
    this.#emit(notice)
    if (webhook === null) return
    if (this.#open.size >= MOST_OPEN) return this.#drop(name, 'too many')
    this.#track(this.#send(webhook, notice, name))
  }

  #track(work: Promise<void>): void {
    const tracked = work.finally(() => this.#open.delete(tracked))
    this.#open.add(tracked)
  }

  /** Never rejects. The address may hold a secret: it is shown nowhere. */
  async #send(webhook: string, notice: BudgetNotice, budget: string): Promise<void> {
    let why = ''
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      why = await this.#post(webhook, notice)
      if (why === '') return
    }
    this.#drop(budget, why)
  }

  #drop(budget: string, why: string): void {
    const dropped = this.#dropped.get(budget) ?? new Occasionally()
    this.#dropped.set(budget, dropped)
    const more = dropped.due()
    if (more === null) return
    const event = { event: 'webhook_dropped', budget, why } as const
    this.#emit(more === 0 ? event : { ...event, more })
  }
}

const shareOf = (used: number, limit: number | null): number => (limit === null ? 0 : limit === 0 ? 1 : used / limit)

const noticeOf = (event: BudgetNotice['event'], spec: BudgetSpec, id: string, count: Count): BudgetNotice => ({
  event,
  budget: spec.name,
  of: spec.of,
  id,
  per: spec.per,
  limit: { usd: spec.nanoUsd === null ? null : usdOf(spec.nanoUsd), tokens: spec.tokens, requests: spec.requests },
  used: { usd: usdOf(count.nanoUsd), tokens: count.tokens, requests: count.requests },
  resets_at: count.endsAt === Infinity ? null : new Date(count.endsAt).toISOString(),
})
