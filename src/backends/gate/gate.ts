/**
 * What one backend is sent at the most, and who waits for it. A request that finds a place is sent at once; one that does not waits here, as
 * long as it can be expected to be served in time, or is told at once when it would be.
 */
import type { ErrorCode } from '../../core/errors.ts'
import type { BackendSpec, LaneLimits } from '../../core/settings.ts'
import type { QueueView } from '../../core/types.ts'
import type { Entrant, Refusal, RefusalReason } from './entrant.ts'
import { Lane } from './lane.ts'
import { Pass, type Spent } from './pass.ts'
import { costOf } from './shares.ts'
import { Turns } from './turns.ts'
import { secondsUntil } from './wait.ts'
import { WaitQueue, type Waiter } from './wait-queue.ts'

export interface GateTools {
  /** Monotonic, ms. */
  now(): number
  /** Calls `then` after so many ms; what it returns takes that back. */
  timer(ms: number, then: () => void): () => void
  /** Requests that the engine itself works on at a time; null: it does not say. */
  slots(): number | null
  /** Whether a call of the model has to load it first, and for how long, in seconds; 0: it is there. */
  loadSeconds(model: string): number
  /** A key was refused; `model` null: for all of them. */
  rested(key: string, code: ErrorCode, ms: number, model: string | null): void
}

/** One that waits. `cancel`: it wants no place any more, and the answer is null. */
export interface Waiting {
  readonly answer: Promise<Pass | Refusal | null>
  cancel(): void
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
const NO_LIMITS: LaneLimits = { rpm: null, tpm: null, parallel: null }

export class Gate {
  /** How many were refused, by why. */
  readonly refused = new Map<RefusalReason, number>()
  readonly #tools: GateTools
  readonly #view: { -readonly [K in keyof QueueView]: QueueView[K] }
  readonly #queue = new WaitQueue()
  readonly #answers = new Map<Waiter, (answer: Pass | Refusal | null) => void>()
  readonly #turns: Turns
  #spec: GateSpec
  #lanes: readonly Lane[] = []
  #turn = 0
  /** How long a call keeps its place, ms. */
  #stay = 0
  /** What one takes, usually. */
  #tokens = 0
  /** Open calls that another gate let through, or that began while there was none. */
  #strangers: number
  /** It cannot be called at the moment: who waits goes on waiting. */
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
    this.#strangers = open
    this.#tools = tools
    this.#turns = new Turns((model) => tools.loadSeconds(model))
    this.#build(spec)
  }

  get lanes(): readonly Lane[] {
    return this.#lanes
  }

  /** A place, at once; a wait for one; or why there is none. */
  enter(entrant: Entrant): Pass | Waiting | Refusal {
    const now = this.#tools.now()
    const lane = this.#next(now) === null ? this.#laneFor(entrant, now) : null
    if (lane !== null) {
      const pass = this.#give(entrant, lane, now)
      this.#look(now)
      return pass
    }
    const seconds = this.#secondsFor(entrant, this.#queue.before(entrant), now)
    const reason = this.#reasonAgainst(entrant, seconds, now)
    if (reason !== null) return this.#refuse(reason, seconds, entrant, now)
    const waiter = this.#queue.add(entrant, now, Math.min(now + this.#longest, entrant.latest))
    const answer = new Promise<Pass | Refusal | null>((resolve) => this.#answers.set(waiter, resolve))
    this.#look(now)
    return {
      answer,
      cancel: () => {
        if (this.#answer(waiter, () => null)) this.#look(this.#tools.now())
      },
    }
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
    if (this.#strangers === 0) return
    this.#strangers--
    this.#pump()
  }

  /** Its backend cannot be called: those who have somewhere else to go do so, the others wait until `release`, where `returns` says that it will come. */
  hold(returns: boolean): void {
    this.#held = returns
    this.#scatter(({ entrant }) => entrant.others)
  }

  release(): void {
    if (!this.#held) return
    this.#held = false
    this.#pump()
  }

  /** Other limits or keys are in force: who waits goes on by them. */
  apply(spec: GateSpec): void {
    this.#spec = spec
    this.#build(spec)
    this.#pump()
  }

  /** The backend is gone, or has no limits any more: nobody waits here, and no wait is shown. */
  close(): void {
    this.#scatter(() => true)
    this.#untimed?.()
    this.#untimed = null
    this.#view.seconds = 0
    this.#view.full = false
  }

  get #longest(): number {
    return this.#spec.limits?.queueWaitMs ?? 0
  }

  /** Keys that are there already go on with what they are at. */
  #build({ keys, limits }: GateSpec): void {
    const common = limits ?? NO_LIMITS
    const limitsOf = ({ rpm, tpm, parallel }: LaneLimits): LaneLimits => ({
      rpm: rpm ?? common.rpm,
      tpm: tpm ?? common.tpm,
      parallel: parallel ?? common.parallel,
    })
    const before = this.#lanes
    this.#lanes = (keys.length === 0 ? [null] : keys).map((key) => {
      const known = before.find((lane) => lane.key?.secret === key?.secret)
      const own = key === null ? limitsOf(NO_LIMITS) : limitsOf(key)
      if (known === undefined) return new Lane(key, own)
      // Its name may be its position, which changes with the keys before it.
      known.key = key
      known.limits = own
      return known
    })
  }

  /** Takes who waits in, as long as there are places. */
  #pump(): void {
    const now = this.#tools.now()
    this.#expire(now)
    while (!this.#held) {
      const waiter = this.#next(now)
      const lane = waiter === null ? null : this.#laneFor(waiter.entrant, now)
      if (waiter === null || lane === null) break
      this.#answer(waiter, () => this.#give(waiter.entrant, lane, now))
    }
    this.#look(now)
  }

  #next(now: number): Waiter | null {
    if (this.#queue.size === 0) return null
    return this.#queue.next(
      (model) => this.restsUntil(model) > now,
      (model) => this.#turns.has(model, now, this.#longest),
    )
  }

  #laneFor({ input, output, model }: Wanted, now: number): Lane | null {
    if (!this.#hasSlot) return null
    let best: Lane | null = null
    for (const lane of this.#lanes)
      if (lane.freeAt(input + output, model, now) <= now && (best === null || lane.before(best, now))) best = lane
    return best
  }

  /** Whether the engine has room for one call more, by its own word, where it is to be asked. */
  get #hasSlot(): boolean {
    const most = this.#most
    return most === null || this.#open < most
  }

  /** Calls that may be open in all; null: what the lanes say counts. */
  get #most(): number | null {
    const [first, ...others] = this.#lanes
    if (others.length === 0 && first!.limits.parallel !== null) return first!.limits.parallel
    const { limits } = this.#spec
    return limits?.queues === true && limits.parallel === null ? this.#tools.slots() : null
  }

  get #open(): number {
    let open = this.#strangers
    for (const lane of this.#lanes) open += lane.open
    return open
  }

  #give(entrant: Entrant, lane: Lane, now: number): Pass {
    const { input, output, caller, model } = entrant
    this.#tokens += STAY_SHARE * (input + output - this.#tokens)
    this.#turns.taken(model, now)
    const counted = lane.take(input + output, now, ++this.#turn)
    const share = this.#queue.shares.serve(caller, costOf(input, output))
    return new Pass({ gate: this, lane, counted, share, entrant, at: now }, (...back) => this.#back(...back))
  }

  #back({ lane, counted, share, entrant, at }: Pass, sent: boolean, spent: Spent | null): void {
    lane.open--
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

  #secondsFor({ input, output, model }: Wanted, ahead: number, now: number): number {
    const tokens = input + output
    const stay = this.#stay === 0 ? this.#firstStay : this.#stay
    return secondsUntil({ lanes: this.#lanes, most: this.#most, open: this.#open, stay, ahead, tokens, model, now })
  }

  /** A first guess, by which nobody is refused who may wait. */
  get #firstStay(): number {
    return Math.min(FIRST_STAY_MS, this.#longest / ((this.#spec.limits?.queue ?? 0) + 1))
  }

  #reasonAgainst({ latest }: Entrant, seconds: number, now: number): RefusalReason | null {
    const at = now + 1000 * seconds
    if (at > latest) return 'deadline'
    if (this.#queue.size >= (this.#spec.limits?.queue ?? 0)) return 'full'
    return at > now + this.#longest ? 'wait' : null
  }

  #refuse(reason: RefusalReason, seconds: number, { model }: Entrant, now: number): Refusal {
    this.refused.set(reason, (this.refused.get(reason) ?? 0) + 1)
    const [first] = this.#lanes.map((lane) => lane.restFor(model)).sort((a, b) => a.until - b.until)
    const resting = first!.until > now
    const rate = resting || this.#lanes.every((lane) => lane.freeAt(this.#tokens, model, now) < Infinity)
    return {
      refused: reason,
      by: rate && this.#hasSlot ? 'rate' : 'busy',
      rest: resting ? first!.code : null,
      retryAfterMs: Math.max(1, Math.ceil(1000 * seconds)),
    }
  }

  /** It waits no longer; false: it did not. `what`: made when it has left the queue. */
  #answer(waiter: Waiter, what: () => Pass | Refusal | null): boolean {
    const answer = this.#answers.get(waiter)
    if (answer === undefined) return false
    this.#answers.delete(waiter)
    this.#queue.remove(waiter)
    answer(what())
    return true
  }

  /** Sends away those of whom `who` is true. */
  #scatter(who: (waiter: Waiter) => boolean): void {
    const now = this.#tools.now()
    for (const waiter of [...this.#queue]) if (who(waiter)) this.#sendAway(waiter, 'moved', 0, now)
    this.#look(now)
  }

  #sendAway(waiter: Waiter, reason: RefusalReason, seconds: number, now: number): void {
    this.#answer(waiter, () => this.#refuse(reason, seconds, waiter.entrant, now))
  }

  /** Those who have waited as long as may be. */
  #expire(now: number): void {
    for (let one = this.#queue.soonest; one !== null && one.until <= now; one = this.#queue.soonest)
      this.#giveUp(one, now)
  }

  #giveUp(waiter: Waiter, now: number): void {
    const { entrant, since, until } = waiter
    const seconds = this.#secondsFor(entrant, this.#queue.before(entrant) - 1, now)
    this.#sendAway(waiter, until < since + this.#longest ? 'deadline' : 'wait', seconds, now)
  }

  /** What others see of it, and when to look again. */
  #look(now: number): void {
    const { limits } = this.#spec
    const waiting = this.#queue.size
    const usual = { input: this.#tokens, output: 0, model: null }
    const seconds = waiting === 0 && this.#laneFor(usual, now) !== null ? 0 : this.#secondsFor(usual, waiting, now)
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
    if (seconds === 0 && this.#queue.size === 0) return Infinity
    const { input, output, model } = (this.#next(now) ?? this.#queue.soonest)?.entrant ?? NOTHING
    const free = this.#lanes.map((lane) => lane.freeAt(input + output, model, now))
    // A wait for a call to end is told by its end.
    const shown = free.some((at) => at < Infinity) ? now + REFRESH_MS : Infinity
    return Math.min(shown, ...free.filter((at) => at > now), this.#queue.soonest?.until ?? Infinity)
  }
}
