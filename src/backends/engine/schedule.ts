/**
 * Which engines of a group run, and whose calls are let to them. Pure: what happens goes in with the time, and what is to be done comes out.
 *
 * Calls for an engine that runs go first for its turn, however many wait for another: two engines that are both in demand change places once
 * a turn, and not with each request. After its turn, or once it has been idle for as long as its start takes, its place goes to whoever
 * waits longest; calls that it has are never cut. Who waits is let in, or refused, in the order in which they came.
 */
import { ended, type EnginePhase, enter, isThere, type Member, type MemberRules, newMember, started } from './member.ts'

export interface GroupRules {
  /** Engines that may have a process at a time; null = any number. */
  readonly members: number | null
  /** What they may take together; null = it is not counted. */
  readonly memoryBytes: number | null
  readonly turnMs: number
}

/** Why one is stopped. */
export type StopReason = 'idle' | 'swap' | 'changed'

export type Order<E, T> =
  | { readonly to: 'start'; readonly engine: E }
  | { readonly to: 'stop'; readonly engine: E; readonly why: StopReason }
  /** `run`: to be given back with the end of the call. */
  | { readonly to: 'admit'; readonly ticket: T; readonly run: number }
  /** `retryMs`: when it is worth another try. */
  | { readonly to: 'refuse'; readonly ticket: T; readonly why: 'failed' | 'crowded'; readonly retryMs: number }

/** Requests that wait in a group. */
export const MOST_WAITING = 256
/** An engine that starts in no time may keep its place for a moment all the same. */
const LEAST_PATIENCE_MS = 250

export class Schedule<E, T> {
  readonly #members = new Map<E, Member>()
  readonly #waiting = new Map<T, E>()
  #rules: GroupRules
  /** When the next one gives its place to one that waits; Infinity: nobody waits for that. */
  #yieldAt = Infinity

  constructor(rules: GroupRules) {
    this.#rules = rules
  }

  rule(rules: GroupRules, now: number): Order<E, T>[] {
    this.#rules = rules
    return this.#settle(now)
  }

  add(engine: E, rules: MemberRules, now: number): void {
    this.#members.set(engine, newMember(rules, now))
  }

  /** It is described in another way. `again`: what is started from now on is another one, and one that runs ends with its calls. */
  renew(engine: E, rules: MemberRules, again: boolean, now: number): Order<E, T>[] {
    const member = this.#of(engine)
    member.rules = rules
    member.leaving ||= again && isThere(member)
    Object.assign(member, { failures: 0, restUntil: 0 })
    return this.#settle(now)
  }

  /** It is not wanted any more: nobody else is let to it, and it ends with its calls. `gone` says when it has. */
  retire(engine: E, now: number): Order<E, T>[] {
    this.#of(engine).leaving = true
    const left = [...this.#waiting].flatMap(([ticket, wanted]) => (wanted === engine ? [ticket] : []))
    for (const ticket of left) this.#waiting.delete(ticket)
    const refused = left.map((ticket) => ({ to: 'refuse', ticket, why: 'failed', retryMs: 0 }) as const)
    return [...refused, ...this.#settle(now)]
  }

  /** It has no process, and need not be known any more. */
  forget(engine: E): void {
    this.#members.delete(engine)
  }

  /** A call that can go to the engine at once: its run; null: it has to wait for it. */
  enter(engine: E): number | null {
    const member = this.#of(engine)
    if (member.phase !== 'running' || member.draining || member.leaving) return null
    member.open++
    return member.run
  }

  /** A call waits for the engine. */
  want(engine: E, ticket: T, now: number): Order<E, T>[] {
    if (this.#waiting.size >= MOST_WAITING)
      return [{ to: 'refuse', ticket, why: 'crowded', retryMs: this.waitMs(engine, now) }]
    this.#waiting.set(ticket, engine)
    return this.#settle(now)
  }

  /** It does not wait any more. */
  leave(ticket: T, now: number): Order<E, T>[] {
    return this.#waiting.delete(ticket) ? this.#settle(now) : []
  }

  /** A call ended that was let to this run. */
  done(engine: E, run: number, now: number): Order<E, T>[] {
    const member = this.#members.get(engine)
    if (member === undefined || member.run !== run) return []
    member.open--
    if (member.open === 0) member.idleSince = now
    return this.#settle(now)
  }

  /** It answers. */
  ready(engine: E, now: number): Order<E, T>[] {
    const member = this.#of(engine)
    if (member.phase !== 'starting') return []
    started(member, now)
    return this.#settle(now)
  }

  /** Its process is gone, by whose doing ever. */
  ended(engine: E, now: number): Order<E, T>[] {
    const member = this.#of(engine)
    ended(member, now)
    member.draining = false
    member.leaving = false
    return this.#settle(now)
  }

  /** Time has passed. */
  tick(now: number): Order<E, T>[] {
    return this.#settle(now)
  }

  /** When `tick` may have something to do; null: nothing waits for time to pass. */
  nextAt(): number | null {
    let next = this.#yieldAt
    for (const { phase, open, rules, idleSince, restUntil } of this.#members.values()) {
      if (phase === 'failed') next = Math.min(next, restUntil)
      if (phase === 'running' && open === 0 && rules.ttlMs !== null) next = Math.min(next, idleSince + rules.ttlMs)
    }
    return next === Infinity ? null : next
  }

  phase(engine: E): EnginePhase {
    return this.#of(engine).phase
  }

  get waiting(): number {
    return this.#waiting.size
  }

  member(engine: E): Readonly<Member> {
    return this.#of(engine)
  }

  /** How long a call that comes now is expected to wait for it, ms; 0: it is let to it at once. */
  waitMs(engine: E, now: number): number {
    const member = this.#of(engine)
    const { phase, since, startMs } = member
    if (phase === 'running' && !member.draining && !member.leaving) return 0
    // A start that takes longer than usual may be over at any moment.
    if (phase === 'starting') return Math.max(startMs / 10, startMs - (now - since))
    const rest = Math.max(0, member.restUntil - now)
    if (this.#roomFor(member, this.#used(null))) return rest + startMs
    let place = Infinity
    for (const [other, one] of this.#members)
      if (other !== engine && one.phase === 'running') place = Math.min(place, this.#yieldsAt(other, one) - now)
    const ahead = new Set(
      [...this.#waiting.values()].filter((wanted) => wanted !== engine && !isThere(this.#of(wanted))),
    )
    return rest + startMs + (place === Infinity ? 0 : Math.max(0, place)) + ahead.size * this.#rules.turnMs
  }

  #of(engine: E): Member {
    const member = this.#members.get(engine)
    if (member === undefined) throw new Error('an engine of another group')
    return member
  }

  /** When it has to give its place to one that waits: at the end of its turn, or before where it has nothing to do. */
  #yieldsAt(engine: E, member: Member): number {
    const turn = member.since + this.#rules.turnMs
    if (member.open > 0 || this.#isWanted(engine)) return turn
    const patience = Math.max(LEAST_PATIENCE_MS, Math.min(member.startMs, this.#rules.turnMs))
    return member.idleSince + Math.min(patience, Math.max(0, turn - member.idleSince))
  }

  #isWanted(engine: E): boolean {
    for (const wanted of this.#waiting.values()) if (wanted === engine) return true
    return false
  }

  /** What those that have a process take, without `leaving`. */
  #used(leaving: ReadonlySet<Member> | null): { members: number; bytes: number } {
    const used = { members: 0, bytes: 0 }
    for (const member of this.#members.values()) {
      if (!isThere(member) || leaving?.has(member) === true) continue
      used.members++
      used.bytes += member.rules.memoryBytes ?? 0
    }
    return used
  }

  #roomFor({ rules }: Member, used: { readonly members: number; readonly bytes: number }): boolean {
    const { members, memoryBytes } = this.#rules
    if (members !== null && used.members >= members) return false
    return memoryBytes === null || used.bytes + (rules.memoryBytes ?? 0) <= memoryBytes
  }

  #settle(now: number): Order<E, T>[] {
    const orders: Order<E, T>[] = []
    this.#yieldAt = Infinity
    for (const member of this.#members.values()) {
      if (member.phase === 'failed' && now >= member.restUntil) enter(member, 'stopped', now)
      member.draining = false
    }
    this.#refuse(orders, now)
    this.#unload(orders, now)
    this.#fill(orders, now)
    this.#admit(orders)
    return orders
  }

  /** Nobody waits for one that rests: another candidate may answer, and a caller can come again. */
  #refuse(orders: Order<E, T>[], now: number): void {
    for (const [ticket, engine] of this.#waiting) {
      const { phase, restUntil, startMs } = this.#of(engine)
      if (phase !== 'failed') continue
      this.#waiting.delete(ticket)
      orders.push({ to: 'refuse', ticket, why: 'failed', retryMs: restUntil - now + startMs })
    }
  }

  /** Those that nobody asks for any more, and those that are to end. */
  #unload(orders: Order<E, T>[], now: number): void {
    for (const [engine, member] of this.#members) {
      if (member.phase !== 'running' || member.open > 0) continue
      const { ttlMs } = member.rules
      if (member.leaving) this.#stop(orders, engine, 'changed', now)
      else if (ttlMs !== null && now >= member.idleSince + ttlMs && !this.#isWanted(engine))
        this.#stop(orders, engine, 'idle', now)
    }
  }

  #stop(orders: Order<E, T>[], engine: E, why: StopReason, now: number): void {
    enter(this.#of(engine), 'stopping', now)
    orders.push({ to: 'stop', engine, why })
  }

  /** Starts what is waited for, the longest waiting first. Where there is no room for it, those behind it do not take what is freed. */
  #fill(orders: Order<E, T>[], now: number): void {
    for (const engine of new Set(this.#waiting.values())) {
      const member = this.#of(engine)
      if (member.phase !== 'stopped') continue
      if (this.#roomFor(member, this.#used(null))) {
        enter(member, 'starting', now)
        orders.push({ to: 'start', engine })
      } else return this.#makeRoom(orders, member, now)
    }
  }

  #makeRoom(orders: Order<E, T>[], wanted: Member, now: number): void {
    const leaving = new Set<Member>()
    for (const member of this.#members.values()) if (member.phase === 'stopping') leaving.add(member)
    const running = [...this.#members].filter(([, { phase }]) => phase === 'running')
    // Those that yield first come first; of those that have nothing to do, the one that has had nothing for longest.
    running.sort(([a, one], [b, other]) => this.#yieldsAt(a, one) - this.#yieldsAt(b, other))
    for (const [engine, member] of running) {
      if (this.#roomFor(wanted, this.#used(leaving))) return
      const at = this.#yieldsAt(engine, member)
      if (at > now) {
        this.#yieldAt = at
        return
      }
      leaving.add(member)
      if (member.open > 0) member.draining = true
      else this.#stop(orders, engine, 'swap', now)
    }
  }

  #admit(orders: Order<E, T>[]): void {
    for (const [ticket, engine] of this.#waiting) {
      const run = this.enter(engine)
      if (run === null) continue
      this.#waiting.delete(ticket)
      orders.push({ to: 'admit', ticket, run })
    }
  }
}
