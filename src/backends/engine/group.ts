/** Engines that share what not all of them can have at a time: does what their schedule says, and keeps its time. */
import type { Engine } from './engine.ts'
import type { EnginePhase, MemberRules } from './member.ts'
import { type GroupRules, type Order, Schedule } from './schedule.ts'

/** The right to send one call to an engine. */
export interface Lease {
  /** The call has ended, however. */
  end(): void
}

/** Why a call was not let to its engine. */
export interface Refusal {
  readonly why: 'failed' | 'crowded'
  /** When it is worth another try. */
  readonly retryMs: number
}

/** A call that waits for its engine. */
export interface Ticket {
  /** Never rejects. */
  readonly admitted: Promise<Lease | Refusal>
  /** It does not wait any more. One that was let in meanwhile gives its lease back itself. */
  leave(): void
}

interface Waiter {
  readonly engine: Engine
  readonly answer: (said: Lease | Refusal) => void
}

/** A timer of Node that is set to more than 2^31 ms ends at once. */
const LONGEST_MS = 24 * 3_600_000

export class Group {
  readonly #schedule: Schedule<Engine, Waiter>
  readonly #now: () => number
  readonly #engines = new Set<Engine>()
  /** Resolved when their engine has no process any more. */
  readonly #leaving = new Map<Engine, () => void>()
  #timer: NodeJS.Timeout | null = null
  #closed = false

  constructor(rules: GroupRules, now: () => number) {
    this.#now = now
    this.#schedule = new Schedule(rules)
  }

  get empty(): boolean {
    return this.#engines.size === 0
  }

  rule(rules: GroupRules): void {
    this.#obey(this.#schedule.rule(rules, this.#now()))
  }

  add(engine: Engine): void {
    this.#engines.add(engine)
    this.#schedule.add(engine, rulesOf(engine), this.#now())
  }

  renew(engine: Engine, again: boolean): void {
    this.#obey(this.#schedule.renew(engine, rulesOf(engine), again, this.#now()))
  }

  /** Resolves when its process is gone: its calls end first. */
  retire(engine: Engine): Promise<void> {
    const gone = new Promise<void>((resolve) => this.#leaving.set(engine, resolve))
    this.#obey(this.#schedule.retire(engine, this.#now()))
    this.#forget(engine)
    return gone
  }

  /** The call may be sent at once; null: it has to wait. */
  enter(engine: Engine): Lease | null {
    const run = this.#schedule.enter(engine)
    return run === null ? null : this.#lease(engine, run)
  }

  wait(engine: Engine): Ticket {
    let answer: Waiter['answer'] = () => undefined
    const admitted = new Promise<Lease | Refusal>((resolve) => (answer = resolve))
    const waiter = { engine, answer }
    this.#obey(this.#schedule.want(engine, waiter, this.#now()))
    return { admitted, leave: () => this.#obey(this.#schedule.leave(waiter, this.#now())) }
  }

  phase(engine: Engine): EnginePhase {
    return this.#schedule.phase(engine)
  }

  waitMs(engine: Engine): number {
    return this.#schedule.waitMs(engine, this.#now())
  }

  get waiting(): number {
    return this.#schedule.waiting
  }

  /** Nothing is started any more. */
  close(): void {
    this.#closed = true
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }

  ready(engine: Engine): void {
    this.#obey(this.#schedule.ready(engine, this.#now()))
  }

  ended(engine: Engine): void {
    this.#obey(this.#schedule.ended(engine, this.#now()))
    this.#forget(engine)
  }

  #forget(engine: Engine): void {
    const gone = this.#leaving.get(engine)
    const phase = this.#schedule.phase(engine)
    if (gone === undefined || (phase !== 'stopped' && phase !== 'failed')) return
    this.#leaving.delete(engine)
    this.#engines.delete(engine)
    this.#schedule.forget(engine)
    gone()
  }

  #lease(engine: Engine, run: number): Lease {
    let over = false
    return {
      end: () => {
        if (over) return
        over = true
        this.#obey(this.#schedule.done(engine, run, this.#now()))
      },
    }
  }

  #obey(orders: readonly Order<Engine, Waiter>[]): void {
    for (const order of orders) {
      if (order.to === 'start') this.#start(order.engine)
      else if (order.to === 'stop') order.engine.stop(order.why)
      else if (order.to === 'admit') order.ticket.answer(this.#lease(order.ticket.engine, order.run))
      else order.ticket.answer({ why: order.why, retryMs: order.retryMs })
    }
    this.#setTimer()
    for (const engine of this.#engines) engine.hooks.moved(engine)
  }

  #start(engine: Engine): void {
    if (!this.#closed) engine.start(this)
  }

  #setTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    const at = this.#schedule.nextAt()
    this.#timer = null
    if (at === null || this.#closed) return
    const left = Math.min(LONGEST_MS, Math.max(1, Math.ceil(at - this.#now())))
    this.#timer = setTimeout(() => this.#obey(this.#schedule.tick(this.#now())), left)
    this.#timer.unref()
  }
}

const rulesOf = ({ spec }: Engine): MemberRules => ({ memoryBytes: spec.memoryBytes, ttlMs: spec.ttlMs })
