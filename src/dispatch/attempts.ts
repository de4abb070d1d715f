/**
 * The calls of one request: which backend is called next, and what became of each call. It lives as long as the request, so
 * that an answer that breaks off may be followed by another call.
 */
import type { Lease } from '../backends/engine/group.ts'
import { blamesKey } from '../backends/gate/blame.ts'
import type { Pass } from '../backends/gate/pass.ts'
import { Exchange } from '../backends/upstream/exchange.ts'
import { isRefused, placeFor, placeKey } from '../core/ask-place.ts'
import { clientClosed, GatewayError } from '../core/errors.ts'
import { isLoaded } from '../core/residency.ts'
import type { EndpointPlace } from '../core/provider.ts'
import { atOnce, inSlices } from '../core/slices.ts'
import type { Caller, Deployment, GatewayRequest, RoutePlan, Target } from '../core/types.ts'
import { calibrated } from '../decision/learn/calibration.ts'
import { LARGE_BYTES } from '../formats/json/parse-large.ts'
import { inOnePiece } from '../formats/json/splice.ts'
import { type BackendSide, ONCE } from '../formats/format.ts'
import { backendSide } from '../formats/translated.ts'
import { Attempt } from './attempt.ts'
import { callOf } from './call.ts'
import { changesFor } from './changes-for.ts'
import { engineLease } from './engine-lease.ts'
import { type Admitted, type Door, enter } from './entry.ts'
import { isNearLimit, overflowOf } from './exact-fit.ts'
import { failureOfAll, unknownShape } from './failure.ts'
import { keepLarger, lacksPlace, nextStep } from './next-step.ts'
import { phased } from './prefills.ts'
import type { DispatchTools } from './tools.ts'
import { spentOf } from './spent.ts'
import { cutError, isCut, limitFor } from './trim.ts'

export class Attempts {
  /** Calls that were sent, in order; the last one may still be open. */
  readonly made: Attempt[] = []
  readonly #request: GatewayRequest
  readonly #plan: RoutePlan
  readonly #caller: Caller
  readonly #tools: DispatchTools
  readonly #queue: Target[]
  /** Backends that may still be called. A call that is repeated on the same backend for the gateway's own sake costs none. */
  #left: number
  /** Changes by which the target that comes next may take what it has refused. */
  #adaptations: readonly string[] = []
  /** An answer was cut at a limit that was learnt: the others have none. */
  #whole = false
  /** The next call needs a new connection. */
  #fresh = false
  readonly #failed: Attempt[] = []
  /** Why backends were not called: they had no place for it, or their engines were not ready. */
  readonly #turnedAway: GatewayError[] = []
  /** That it waited for places, in all, and before its first call; ms. */
  queuedMs = 0
  queuedFirstMs = 0
  /** When it began to wait for its next call; null: it has not. */
  #waitsSince: number | null = null
  /** Of a call that its backend has not seen: the next one goes by it. */
  #kept: Pass | null = null
  /** Whose engines were asked whether the prompt fits, and what the first said for which it does not. */
  readonly #counted = new Set<Deployment>()
  #tooLong: GatewayError | null = null
  readonly #withoutUsage: Deployment[] = []
  /** What ended the calls, where it was not that none was left. */
  #stoppedBy: GatewayError | null = null
  #over = false

  constructor(request: GatewayRequest, plan: RoutePlan, caller: Caller, tools: DispatchTools) {
    this.#request = request
    this.#plan = plan
    this.#caller = caller
    this.#tools = tools
    this.#queue = request.noFallback ? plan.order.slice(0, 1) : [...plan.order]
    this.#left = plan.limits.attempts
  }

  /** Why there is no next call, once `next` has returned null. */
  get failure(): GatewayError {
    const unsent = this.#failed.length + this.#turnedAway.length === 0
    return (
      this.#stoppedBy ??
      (unsent ? this.#tooLong : null) ??
      failureOfAll(this.#failed, this.#turnedAway, this.#request, this.#plan)
    )
  }

  /** The first call whose answer began; null where none did. */
  get first(): Attempt | null {
    for (const attempt of this.made) if (attempt.answered) return attempt
    return null
  }

  /** The last call whose answer began: how this one ends is how the answer ends. */
  get answer(): Attempt | null {
    const { made } = this
    for (let index = made.length - 1; index >= 0; index--) if (made[index]!.answered) return made[index]!
    return null
  }

  /** Makes calls until the answer of one has begun, and returns that one; null where none does. The one before it must have failed. */
  async next(): Promise<Attempt | null> {
    while (!this.#over) {
      const next = this.#nextTarget()
      const target = next !== null && this.#isDoubtful(next) ? await this.#fitting(next) : next
      const attempt = target === null ? null : await this.#call(target)
      if (attempt === null) this.#over = true
      else if (attempt.answered) return attempt
    }
    return null
  }

  /** Ends the call that is open, where one is. `error`: why it failed; null where its answer is complete. */
  end(error: GatewayError | null): void {
    this.#end(error, false)
  }

  /** `again`: another call may follow. */
  #end(error: GatewayError | null, again: boolean): void {
    const last = this.made.at(-1)
    if (last === undefined || last.endedAt !== null) return
    const { exchange, deployment, place } = last
    const { fleet, now } = this.#tools
    last.error = error
    last.endedAt = exchange.endedAt ?? now()
    const asked = { request: this.#request, profile: this.#plan.profile }
    const endpoint = placeKey(this.#request.endpoint, last.askedAt)
    last.lease?.end()
    const keeps = again && exchange.unread && !last.fresh
    if (keeps) this.#kept = last.pass
    const spent = keeps ? 'kept' : spentOf(last)
    fleet.end(deployment, exchange.unread ? null : { endpoint, error, asked }, place, last.pass, spent)
  }

  /** What the last call teaches about the next one; null where there is none. */
  #nextTarget(): Target | null {
    const last = this.made.at(-1)
    if (last === undefined) return this.#take()
    const { target, deployment, error, exchange } = last
    const format = this.#formatOf(last.askedAt)
    if (error === null) throw new Error('another call, and the one before it has not failed')
    // The connection was too old: the backend has not seen the call.
    this.#fresh = exchange.unread && !last.fresh
    if (this.#fresh) return target
    if (error.code === 'client_closed' || error.code === 'shutting_down') return this.#stop(error)
    if (this.#amends(last, error, format)) return target
    const change = format.adaptation(error, this.#request, [...deployment.health.adapted.keys(), ...this.#adaptations])
    if (change !== null) {
      this.#adaptations = [...this.#adaptations, change]
      return target
    }
    // An older version of the engine lacks this place, and has another.
    if (lacksPlace(error) && this.#hasAnother(deployment)) return target
    this.#adaptations = []
    this.#failed.push(last)
    const gate = last.pass === null ? null : this.#tools.fleet.gateOf(deployment)
    if (this.#left > 0 && blamesKey(error) && gate?.hasOther(deployment.model)) {
      this.#left--
      return target
    }
    const step = nextStep(error)
    if (step === 'stop') return this.#stop(error)
    if (step === 'larger') keepLarger(this.#queue, deployment)
    return this.#take()
  }

  /** It failed by what the gateway had added: the next call is made without that. */
  #amends({ deployment, addsUsage }: Attempt, error: GatewayError, format: BackendSide): boolean {
    if (error.code === 'trimmed') return (this.#whole = true)
    if (!addsUsage || this.#withoutUsage.includes(deployment) || !format.refusesUsage(error)) return false
    this.#withoutUsage.push(deployment)
    this.#tools.fleet.refusesUsage(deployment)
    return true
  }

  /** Its engine is asked whether the prompt fits, once. */
  #isDoubtful({ deployment }: Target): boolean {
    return (
      this.#tools.counts !== undefined && !this.#counted.has(deployment) && isNearLimit(deployment, this.#plan.profile)
    )
  }

  /** The first, from this one on, whose engine does not count more tokens than fit. */
  async #fitting(first: Target): Promise<Target | null> {
    for (let target: Target | null = first; target !== null; target = this.#queue.shift() ?? null) {
      if (!this.#isDoubtful(target)) return target
      const { deployment } = target
      this.#counted.add(deployment)
      const overflow = await overflowOf(this.#request, deployment, this.#tools.counts!)
      if (overflow === null) return target
      this.#tooLong ??= overflow
      keepLarger(this.#queue, deployment)
    }
    return null
  }

  #take(): Target | null {
    if (this.#left === 0) return null
    this.#left--
    return this.#queue.shift() ?? null
  }

  #placeOf(deployment: Deployment): EndpointPlace {
    const { endpoint, prompt } = this.#request
    const { needs } = this.#plan.profile
    const place = placeFor(deployment, endpoint, needs, this.#tools.now(), prompt.particular !== null)
    if (place === null) throw new Error(`${deployment.id} has no ${endpoint.id}, and is in the plan`)
    return place
  }

  /** A place that it has not said to lack. */
  #hasAnother(deployment: Deployment): boolean {
    const key = placeKey(this.#request.endpoint, this.#placeOf(deployment))
    return !isRefused(deployment.health, key, this.#tools.now())
  }

  #formatOf({ format }: EndpointPlace): BackendSide {
    return backendSide(format, this.#request.endpoint.format, this.#tools.formats)
  }

  #stop(error: GatewayError): null {
    this.#stoppedBy = error
    return null
  }

  /** One call, until its answer has begun or it has failed. Null where no call was made: the caller has left, or there is no place for it anywhere. */
  #call(first: Target): Promise<Attempt | null> {
    const entry = this.#enter(first)
    return entry instanceof Promise ? entry.then((admitted) => this.#admitted(admitted)) : this.#admitted(entry)
  }

  #admitted(admitted: Admitted | null): Promise<Attempt | null> {
    if (admitted === null) return Promise.resolve(null)
    this.#waitsSince = null
    const { pass, target } = admitted
    const sending = target.deployment.backend.engine === null ? this.#send(admitted, null) : this.#start(admitted)
    if (pass === null) return sending
    return sending.catch((thrown: unknown) => {
      pass.unused()
      throw thrown
    })
  }

  /** A place for the call: there, or at the next one that has any. Nothing is awaited where there is one at once. */
  #enter(first: Target): Admitted | null | Promise<Admitted | null> {
    const pass = this.#kept
    this.#kept = null
    if (pass !== null) return { target: first, pass, queuedMs: 0 }
    for (let target: Target | null = first; target !== null; target = this.#queue.shift() ?? null) {
      if (this.#caller.gone) return this.#stop(clientClosed())
      const gate = this.#tools.fleet.gateOf(target.deployment)
      if (gate === null) return { target, pass: null, queuedMs: 0 }
      const others = this.#queue.length > 0
      const asking = { request: this.#request, plan: this.#plan, caller: this.#caller, others, now: this.#tools.now }
      const entered = enter(gate, target, { ...asking, since: this.#waitsSince, doors: () => this.#doors() })
      if (entered instanceof Promise) return this.#waited(entered, target)
      if (!(entered instanceof GatewayError)) return entered
      this.#turnedAway.push(entered)
    }
    return null
  }

  /** Where else it can be served. */
  *#doors(): Generator<Door, void> {
    for (const target of this.#queue)
      if (!this.#isDoubtful(target)) yield { target, gate: this.#tools.fleet.gateOf(target.deployment) }
  }

  async #waited(entering: Promise<Admitted | GatewayError>, first: Target): Promise<Admitted | null> {
    const since = this.#tools.now()
    this.#waitsSince ??= since
    const entered = await entering
    const queuedMs = this.#tools.now() - since
    this.queuedMs += queuedMs
    if (this.made.length === 0) this.queuedFirstMs += queuedMs
    if (!(entered instanceof GatewayError)) {
      // Another had room first: this one is the next to be called, if that fails.
      const at = this.#queue.indexOf(entered.target)
      if (at >= 0) this.#queue.splice(0, at + 1, first, ...this.#queue.slice(0, at))
      return entered
    }
    if (entered.code === 'client_closed' || entered.code === 'shutting_down') return this.#stop(entered)
    this.#turnedAway.push(entered)
    const next = this.#queue.shift()
    return next === undefined ? null : await this.#enter(next)
  }

  /** A call of an engine that the gateway starts: once it is there, or to the next target. */
  async #start(admitted: Admitted): Promise<Attempt | null> {
    const { target, pass } = admitted
    const { fleet, now } = this.#tools
    const seat = fleet.seatOf(target.deployment)
    if (seat === null) return await this.#send(admitted, null)
    const [request, plan, caller, queue] = [this.#request, this.#plan, this.#caller, this.#queue]
    const lease = await engineLease(seat, target, { request, plan, caller, now, queue, fleet })
    if (!(lease instanceof GatewayError)) return await this.#sendBy(lease, admitted)
    pass?.unused()
    if (nextStep(lease) === 'stop') return this.#stop(lease)
    this.#turnedAway.push(lease)
    const next = this.#queue.shift()
    return next === undefined ? null : await this.#call(next)
  }

  async #sendBy(lease: Lease, admitted: Admitted): Promise<Attempt | null> {
    let attempt = null
    try {
      return (attempt = await this.#send(admitted, lease))
    } finally {
      // Else its end gives it back.
      if (attempt === null) lease.end()
    }
  }

  async #send({ target, pass, queuedMs }: Admitted, lease: Lease | null): Promise<Attempt | null> {
    const { fleet, now, pools, prefills, tails } = this.#tools
    const request = this.#request
    const { deployment } = target
    if (this.#caller.gone) {
      pass?.unused()
      return this.#stop(clientClosed())
    }
    const askedAt = this.#placeOf(deployment)
    const format = this.#formatOf(askedAt)
    const lossy: string[] = []
    const inputTokens = calibrated(this.#plan.profile.inputTokens, deployment.calibration)
    const { maxTokens, thought, trimmed } = limitFor(request, this.#plan, target, this.#whole ? undefined : tails)
    const composing = format.compose(request, deployment, {
      place: askedAt,
      inputTokens,
      effort: target.effort,
      changes: changesFor(deployment, now(), this.#adaptations),
      maxTokens,
      learnt: trimmed !== null,
      thought,
      lossy,
      sealOf: (call) => this.#tools.seals.recall(request.principal.id, call),
    })
    const large = request.raw.length > LARGE_BYTES
    // Where the client takes one buffer a large one is joined here, which can be done in slices.
    const steps = large && !pools.takesPieces(deployment.backend.root) ? inOnePiece(composing) : composing
    const body = large ? await inSlices(steps) : atOnce(steps)
    const since = now()
    const caller = this.#caller
    const phasing = { request, caller, plan: this.#plan, deployment, pass, format, askedAt, inputTokens, body }
    const phases = phased(prefills, phasing)
    const phase = phases instanceof Promise ? await phases : phases
    // It may have left meanwhile.
    if (phase.over !== null) {
      pass?.unused()
      return this.#stop(phase.over)
    }
    const startedAt = now()
    const traits = {
      format,
      place: askedAt,
      inputTokens,
      body: phase.body,
      fresh: this.#fresh,
      key: pass?.key?.secret ?? null,
      number: this.made.length + 1,
      startedAt,
      since,
    }
    const exchange = new Exchange(callOf(request, this.#plan, target, traits, this.#tools))
    // What throws comes before `begin`: only the end of an attempt gives its place back.
    const addsUsage = format.asksUsage(request, deployment)
    this.#caller.stop = (why): void => exchange.cancel(why)
    const attempt = new Attempt({
      target,
      exchange,
      startedAt: since,
      load: { ...deployment.live.load },
      cold: !isLoaded(deployment.residency, startedAt),
      place: fleet.begin(deployment, phase.unread, request.stream),
      pass,
      queuedMs,
      lease,
      fresh: this.#fresh,
      addsUsage,
      askedAt,
      lossy,
      trimmed,
      path: phase.path,
    })
    this.made.push(attempt)
    try {
      await exchange.commit()
      fleet.began(deployment, attempt.place)
      if (isCut(attempt, exchange.body !== null)) throw cutError()
      const whole = exchange.body === null ? null : exchange.answer.finishedBody(exchange.body)
      if (whole === null) attempt.recoder = exchange.answer.pieceRecoder()
      else attempt.body = whole instanceof Promise ? await whole : whole
      attempt.committedAt = now()
      const learnt = this.#adaptations.filter((change) => !change.startsWith(ONCE))
      if (learnt.length > 0) fleet.adapted(deployment, learnt)
    } catch (thrown) {
      this.#end(thrown instanceof GatewayError ? thrown : unknownShape(attempt), true)
    }
    return attempt
  }
}
