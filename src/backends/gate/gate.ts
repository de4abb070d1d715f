/**
 * The limits of one backend, and the requests that wait for it. A request that finds a place is sent at once. One that does not waits here
 * if it can be expected to be served in time, and is otherwise refused at once, with the wait that it would have had.
 */
import type { ErrorCode } from '../../core/errors.ts'
import type { BackendSpec } from '../../core/settings.ts'
import type { QueueView } from '../../core/types.ts'
import type { Entrant, Refusal, RefusalReason } from './entrant.ts'
import { type Lane, lanesOf } from './lane.ts'
import { OpenCalls } from './open-calls.ts'
import { Pass, type Spent } from './pass.ts'
import { costOf } from './shares.ts'
import { Turns } from './turns.ts'
import { type Places, secondsUntil } from './wait.ts'
import { type Answer, Waiting } from './waiting.ts'
import { WaitQueue, type Waiter } from './wait-queue.ts'

export interface GateTools {
  /** Monotonic, ms. */
  now(): number
  /** Calls `then` after so many ms; what it returns takes that back. */
  timer(ms: number, then: () => void): () => void
  /** Requests that the engine itself works on at a time, in all or of this model; null: it does not say. */
  slots(model: string | null): number | null
  /** Nothing that is known of the backend, or of the model there, is against a call of it. */
  isWell(model: string): boolean
  /** Whether a call of the model has to load it first, and for how long, in seconds; 0: it is there. */
  loadSeconds(model: string): number
  /** A key was refused; `model` null: for all of them. */
  rested(key: string, code: ErrorCode, ms: number, model: string | null): void
}

/** What a place is asked for; `model` null: whichever. */
type Wanted = Pick<Entrant, 'input' | 'output'> & { readonly model: string | null }

export type GateSpec = Pick<BackendSpec, 'keys' | 'limits'>

/** Nothing is known of how long a call stays. */
const FIRST_STAY_MS = 2_000
const STAY_SHARE = 0.1
/** What is shown of a wait for a minute to pass is looked at again as often. */
const REFRESH_MS = 1_000
const NOTHING: Wanted = { input: 0, output: 0, model: null }

export class Gate {
  /** How many were refused, by why. */
  readonly refused = new Map<RefusalReason, number>()
  readonly #tools: GateTools
  readonly #view: { -readonly [K in keyof QueueView]: QueueView[K] }
  readonly #queue = new WaitQueue()
  /** Who waits elsewhere, and takes a place here that nobody of `#queue` can take. */
  readonly #guests = new WaitQueue(this.#queue.shares)
  readonly #waiting = new Map<Waiter, Waiting>()
  readonly #turns: Turns
  #spec: GateSpec
  #lanes: readonly Lane[]
  #turn = 0
  /** How long a call usually keeps its place, ms. */
  #stay = 0
  /** Tokens that one usually uses. */
  #tokens = 0
  readonly #open: OpenCalls
  /** Its backend cannot be called at the moment: nobody is served. */
  #held = false
  #untimed: (() => void) | null = null

  /** `open`: calls that are under way. What is known of the queue is written to `view`. */
  constructor(
    spec: GateSpec,
    view: { -readonly [K in keyof QueueView]: QueueView[K] },
    open: number,
    tools: GateTools,
  ) {
    this.#spec = spec
    this.#view = view
    this.#open = new OpenCalls(open)
    this.#tools = tools
    this.#turns = new Turns((model) => tools.loadSeconds(model))
    this.#lanes = lanesOf(spec, [])
  }

  get lanes(): readonly Lane[] {
    return this.#lanes
  }

  /** A place, at once; a wait for one; or why there is none. */
  enter(entrant: Entrant): Pass | Waiting | Refusal {
    const now = this.#tools.now()
    const lane = this.#next(this.#queue, now) === null ? this.#laneFor(entrant, now) : null
    if (lane !== null) {
      const pass = this.#give(entrant, lane, now)
      this.#look(now)
      return pass
    }
    const seconds = this.#secondsFor(entrant, 0, now)
    const reason = this.#reasonAgainst(entrant, seconds, now)
    if (reason !== null) return this.#refuse(reason, seconds, entrant, now)
    const since = Math.min(now, entrant.since)
    const waiter = this.#queue.add(entrant, { since, until: Math.min(since + this.#longest, entrant.latest), from: 0 })
    const waiting = new Waiting()
    this.#list(this.#queue, waiter, waiting)
    this.#look(now)
    return waiting
  }

  /**
   * A request that waits at another gate takes a place here as well, from `from` on (clock reading), where nobody who waits here can take it
   * but for those of a lower priority.
   */
  welcome(entrant: Entrant, waiting: Waiting, from: number): void {
    if (waiting.over) return
    this.#list(this.#guests, this.#guests.add(entrant, { since: entrant.since, until: Infinity, from }), waiting)
    this.#pump()
  }

  /** Whether another key can be tried at this moment. */
  hasOther(model: string): boolean {
    return this.#lanes.length > 1 && this.restsUntil(model) <= this.#tools.now()
  }

  /**
   * The key of a call was refused: it rests alone; `pass` null: all of them do. `model`: for this one only. Who waits for what will not be
   * back in time is told now.
   */
  rest(pass: Pass | null, code: ErrorCode, ms: number, model: string | null = null): void {
    const now = this.#tools.now()
    for (const lane of pass === null ? this.#lanes : [pass.lane]) {
      lane.rest(model, code, now + ms)
      if (pass === null || lane.key === null) continue
      lane.rests++
      this.#tools.rested(lane.key.name, code, ms, model)
    }
    for (const waiter of [...this.#queue])
      if (this.restsUntil(waiter.entrant.model) > waiter.until) this.#giveUp(waiter, now)
    this.#look(now)
  }

  /** When the first of its keys can be called for the model again (clock reading); null: for any. */
  restsUntil(model: string | null): number {
    let first = Infinity
    for (const lane of this.#lanes) first = Math.min(first, lane.restFor(model).until)
    return first
  }

  /** A call that this gate did not let through has ended. */
  strangerLeft(): void {
    if (this.#open.strangers === 0) return
    this.#open.strangers--
    this.#pump()
  }

  /** Its backend cannot be called. Requests that others can serve leave; the rest wait for `release`. `returns`: that will be called. */
  hold(returns: boolean): void {
    this.#held = returns
    this.#scatter(({ entrant }) => entrant.others)
  }

  release(): void {
    this.#held = false
    this.#pump()
  }

  /** Other limits or keys are in force, also for those who wait already. */
  apply(spec: GateSpec): void {
    this.#spec = spec
    this.#lanes = lanesOf(spec, this.#lanes)
    this.#pump()
  }

  /** The backend is gone, or has no limits any more: nobody waits here, and no wait is shown. */
  close(): void {
    this.#scatter(() => true)
    for (const guest of [...this.#guests]) this.#drop(this.#guests, guest)
    this.#untimed?.()
    this.#untimed = null
    this.#view.seconds = 0
    this.#view.full = false
  }

  get #longest(): number {
    return this.#spec.limits?.queueWaitMs ?? 0
  }

  /** Takes who waits in, as long as there are places. */
  #pump(): void {
    const now = this.#tools.now()
    this.#expire(now)
    while (!this.#held) {
      const guest = this.#next(this.#guests, now)
      const own = this.#next(this.#queue, now)
      const first = own === null || (guest !== null && guest.entrant.priority > own.entrant.priority)
      if (!(first && this.#serve(this.#guests, guest, now)) && !this.#serve(this.#queue, own, now)) break
    }
    this.#look(now)
  }

  /** False: there is nobody, or no place. */
  #serve(queue: WaitQueue, waiter: Waiter | null, now: number): boolean {
    const lane = waiter === null ? null : this.#laneFor(waiter.entrant, now)
    if (waiter === null || lane === null) return false
    this.#answer(queue, waiter, () => this.#give(waiter.entrant, lane, now))
    return true
  }

  #next(queue: WaitQueue, now: number): Waiter | null {
    if (queue.size === 0) return null
    return queue.next(
      now,
      (model) =>
        this.restsUntil(model) > now ||
        this.#open.of(model) >= this.#mostOf(model) ||
        (queue === this.#guests && !this.#tools.isWell(model)),
      (model) => this.#turns.has(model, now, this.#longest),
    )
  }

  #laneFor({ input, output, model }: Wanted, now: number): Lane | null {
    if (!this.#hasSlot(model)) return null
    let best: Lane | null = null
    for (const lane of this.#lanes)
      if (lane.freeAt(input + output, model, now) <= now && (best === null || lane.before(best, now))) best = lane
    return best
  }

  /** Whether the engine has room for one call more, by its own word, where it is to be asked. */
  #hasSlot(model: string | null): boolean {
    const most = this.#most
    return (most === null || this.#open.all < most) && (model === null || this.#open.of(model) < this.#mostOf(model))
  }

  /** Calls that may be open in all; null: what the lanes say counts. */
  get #most(): number | null {
    const [first, ...others] = this.#lanes
    if (others.length === 0 && first!.limits.parallel !== null) return first!.limits.parallel
    return this.#asksEngine ? this.#tools.slots(null) : null
  }

  /** The same of one model; Infinity: it has as many as are free. */
  #mostOf(model: string): number {
    return (this.#asksEngine ? this.#tools.slots(model) : null) ?? Infinity
  }

  get #asksEngine(): boolean {
    const { limits } = this.#spec
    return limits?.queues === true && limits.parallel === null
  }

  #give(entrant: Entrant, lane: Lane, now: number): Pass {
    const { input, output, caller, model } = entrant
    this.#tokens += STAY_SHARE * (input + output - this.#tokens)
    this.#turns.taken(model, now)
    this.#open.began(model)
    const counted = lane.take(input + output, now, ++this.#turn)
    const share = this.#queue.shares.serve(caller, costOf(input, output))
    return new Pass({ gate: this, lane, counted, share, entrant, at: now }, (...back) => this.#back(...back))
  }

  #back({ lane, counted, share, entrant, at }: Pass, sent: boolean, spent: Spent | null): void {
    lane.open--
    this.#open.ended(entrant.model)
    const expected = costOf(entrant.input, entrant.output)
    if (!sent) {
      lane.minute.remove(counted)
      share.served -= expected
    } else {
      const stay = this.#tools.now() - at
      this.#stay = this.#stay === 0 ? stay : this.#stay + STAY_SHARE * (stay - this.#stay)
      if (spent !== null) {
        lane.minute.settle(counted, spent.input + spent.output)
        share.served += costOf(spent.input, spent.output) - expected
      }
    }
    this.#pump()
  }

  /** `counted`: it is one of those who wait. */
  #secondsFor(entrant: Entrant, counted: 0 | 1, now: number): number {
    const { model } = entrant
    const most = this.#mostOf(model)
    const ofModel =
      most === Infinity
        ? null
        : { most, open: this.#open.of(model), ahead: this.#queue.before(entrant, model) - counted }
    return this.#secondsUntil(entrant, this.#queue.before(entrant) - counted, ofModel, now)
  }

  #secondsUntil({ input, output, model }: Wanted, ahead: number, ofModel: Places | null, now: number): number {
    const places = { most: this.#most, open: this.#open.all, ahead }
    const stay = this.#stay === 0 ? this.#firstStay : this.#stay
    return secondsUntil({ lanes: this.#lanes, places, ofModel, stay, tokens: input + output, model, now })
  }

  /** A guess for the time before any call has ended, so short that nobody is refused by it. */
  get #firstStay(): number {
    return Math.min(FIRST_STAY_MS, this.#longest / ((this.#spec.limits?.queue ?? 0) + 1))
  }

  #reasonAgainst({ latest, since }: Entrant, seconds: number, now: number): RefusalReason | null {
    const at = now + 1000 * seconds
    if (at > latest) return 'deadline'
    if (this.#queue.size >= (this.#spec.limits?.queue ?? 0)) return 'full'
    return at > Math.min(now, since) + this.#longest ? 'wait' : null
  }

  #refuse(reason: RefusalReason, seconds: number, { model, input, output }: Entrant, now: number): Refusal {
    this.refused.set(reason, (this.refused.get(reason) ?? 0) + 1)
    const [first] = this.#lanes.map((lane) => lane.restFor(model)).sort((a, b) => a.until - b.until)
    const resting = first!.until > now
    const free = this.#lanes.map((lane) => lane.freeAt(input + output, model, now))
    const rate = resting || free.every((at) => at > now && at < Infinity)
    return {
      refused: reason,
      by: rate && this.#hasSlot(model) ? 'rate' : 'busy',
      rest: resting ? first!.code : null,
      retryAfterMs: Math.max(1, Math.ceil(1000 * seconds)),
    }
  }

  #list(queue: WaitQueue, waiter: Waiter, waiting: Waiting): void {
    this.#waiting.set(waiter, waiting)
    waiting.listed(() => {
      if (!this.#drop(queue, waiter) || queue === this.#guests) return
      // Whoever stood behind it may have a place.
      this.#pump()
    })
  }

  /** False: it is gone already. */
  #drop(queue: WaitQueue, waiter: Waiter): boolean {
    queue.remove(waiter)
    return this.#waiting.delete(waiter)
  }

  /** `what`: made when it has left the queue. */
  #answer(queue: WaitQueue, waiter: Waiter, what: () => Answer): void {
    const waiting = this.#waiting.get(waiter)!
    this.#drop(queue, waiter)
    waiting.settle(what())
  }

  /** Refuses those for whom `who` is true. */
  #scatter(who: (waiter: Waiter) => boolean): void {
    const now = this.#tools.now()
    for (const waiter of [...this.#queue]) if (who(waiter)) this.#sendAway(waiter, 'moved', 0, now)
    this.#look(now)
  }

  #sendAway(waiter: Waiter, reason: RefusalReason, seconds: number, now: number): void {
    this.#answer(this.#queue, waiter, () => this.#refuse(reason, seconds, waiter.entrant, now))
  }

  /** Those who have waited as long as may be. */
  #expire(now: number): void {
    for (let one = this.#queue.soonest; one !== null && one.until <= now; one = this.#queue.soonest)
      this.#giveUp(one, now)
  }

  #giveUp(waiter: Waiter, now: number): void {
    const { entrant, since, until } = waiter
    const seconds = this.#secondsFor(entrant, 1, now)
    this.#sendAway(waiter, until < since + this.#longest ? 'deadline' : 'wait', seconds, now)
  }

  /** What others see of it, and when to look again. */
  #look(now: number): void {
    const { limits } = this.#spec
    const waiting = this.#queue.size
    const usual = { input: this.#tokens, output: 0, model: null }
    const seconds =
      waiting === 0 && this.#laneFor(usual, now) !== null ? 0 : this.#secondsUntil(usual, waiting, null, now)
    this.#view.waiting = waiting
    this.#view.seconds = seconds
    this.#view.full = seconds > 0 && (waiting >= (limits?.queue ?? 0) || 1000 * seconds > this.#longest)
    this.#untimed?.()
    this.#untimed = null
    const at = this.#nextLook(seconds, now)
    if (at < Infinity) this.#untimed = this.#tools.timer(Math.max(1, at - now), () => this.#pump())
  }

  /** Clock reading; Infinity: something else will happen first. */
  #nextLook(seconds: number, now: number): number {
    const guests = this.#guests.size > 0 && this.#hasSlot(null)
    if (seconds === 0 && this.#queue.size === 0 && !guests) return Infinity
    const { input, output, model } = (this.#next(this.#queue, now) ?? this.#queue.soonest)?.entrant ?? NOTHING
    const free = this.#lanes.map((lane) => lane.freeAt(input + output, model, now))
    // A wait for a call to end is told by its end.
    const shown = free.some((at) => at < Infinity) ? now + REFRESH_MS : Infinity
    const wanted = guests ? this.#guests.firstAfter(now) : Infinity
    return Math.min(shown, wanted, ...free.filter((at) => at > now), this.#queue.soonest?.until ?? Infinity)
  }
}
