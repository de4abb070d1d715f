/**
 * The decision before simulated engines, in simulated time: the shipped plan, the shipped learning, and engines that work on
 * so many calls at a time while the others wait in line. No clock and no socket, so that hundreds of requests take milliseconds.
 */
import { CHAT } from '../../src/core/endpoints.ts'
import type { ModelFacts, Strategy } from '../../src/core/settings.ts'
import type { Deployment, GatewayRequest, Target } from '../../src/core/types.ts'
import { type Place, Places } from '../../src/fleet/places.ts'
import { Lessons } from '../../src/learn/lessons.ts'
import { NO_TOKENS } from '../../src/protocol/usage.ts'
import { plan } from '../../src/route/plan.ts'
import { compileRoutes, type RouteTable } from '../../src/route/table.ts'
import {
  backend,
  catalogOf,
  classify,
  facts,
  gatewayRequest,
  LIMITS,
  live,
  moment,
  provider,
  standing,
  WEIGHTS,
} from './factories.ts'

export interface EngineTraits {
  readonly name: string
  /** Calls that it works on at a time. */
  readonly slots: number
  /** Of a call that has a slot: ms until its first token, and for each token. */
  readonly ttftMs?: number
  readonly tokenMs?: number
  readonly weight?: number
  readonly facts?: Partial<ModelFacts>
  readonly model?: string
  readonly local?: boolean
}

/** One call of an engine as it was seen there. */
interface Call {
  readonly engine: Engine
  readonly target: Target
  readonly place: Place
  readonly open: number
  readonly sentAt: number
  readonly request: GatewayRequest
  readonly tokens: number
  readonly ended: () => void
  firstAt: number
}

class Engine {
  readonly name: string
  readonly slots: number
  ttftMs: number
  tokenMs: number
  readonly deployment: Deployment
  readonly places = new Places()
  readonly waiting: Call[] = []
  running = 0
  served = 0

  constructor(traits: EngineTraits, lessons: Lessons) {
    const { slots, ttftMs = 30, tokenMs = 10 } = traits
    this.name = traits.name
    this.slots = slots
    this.ttftMs = ttftMs
    this.tokenMs = tokenMs
    const { name, weight = 1, model = 'tiny', local = true } = traits
    const own = backend({ name, weight, provider: provider({ kind: 'engine', local }) })
    const known = facts(traits.facts)
    const deployment = {
      id: `${name}/${model}`,
      backend: own,
      model,
      facts: known,
      live: live(),
      standing: standing(),
      targets: [] as Target[],
      calibration: lessons.calibrationOf(model),
      latency: lessons.latencyOf(own.provider, model),
    }
    for (const arm of lessons.armsOf(model, known)) deployment.targets.push({ deployment, effort: arm.effort, arm })
    this.deployment = deployment
  }
}

export interface Seen {
  /** Requests by engine. */
  readonly shares: Readonly<Record<string, number>>
  /** Milliseconds to the first token, as they came. */
  readonly ttfts: readonly number[]
  /** Requests that had to wait for a slot while another engine had a free one. */
  readonly idled: number
  /** Requests of a session that went elsewhere than the one before. */
  readonly moved: number
}

export interface Load {
  readonly parallel: number
  readonly requests: number
  readonly model?: string
  readonly strategy?: Strategy | null
  /** Tokens of the n-th answer. */
  readonly tokens?: (n: number) => number
  /** All of them at once, and the next ones when all have ended; else each is followed by the next. */
  readonly waves?: boolean
  readonly stream?: boolean
  /** Of the n-th request. */
  readonly session?: (n: number) => string | null
}

export class Simulation {
  readonly lessons = new Lessons(WEIGHTS)
  readonly engines: Engine[]
  readonly #random: () => number
  readonly #events: { at: number; order: number; run: () => void }[] = []
  #table: RouteTable
  #now = 1000
  #count = 0
  #moved = 0
  readonly #memory = new Map<string, { deployment: string; model: string; tokens: number; at: number }>()

  constructor(engines: readonly EngineTraits[], random: () => number) {
    this.engines = engines.map((traits) => new Engine(traits, this.lessons))
    this.#random = random
    this.#table = compileRoutes([], [], catalogOf(...this.engines.map(({ deployment }) => deployment)))
  }

  add(traits: EngineTraits): void {
    this.engines.push(new Engine(traits, this.lessons))
    this.#table = compileRoutes([], [], catalogOf(...this.engines.map(({ deployment }) => deployment)))
  }

  run({
    parallel,
    requests,
    model = 'tiny',
    strategy = null,
    tokens = () => 20,
    waves = false,
    stream = true,
    session = () => null,
  }: Load): Seen {
    for (const engine of this.engines) engine.served = 0
    const ttfts: number[] = []
    let idled = 0
    this.#moved = 0
    let sent = 0
    let open = 0
    const send = (): void => {
      if (sent >= requests) return
      const n = sent++
      open++
      const ended = (): void => {
        open--
        if (!waves) send()
        else if (open === 0) for (let i = 0; i < parallel; i++) this.#after(1, send)
      }
      const request = gatewayRequest(
        { model, stream, messages: [{ role: 'user', content: `Question ${n}: which rivers run through Vienna?` }] },
        { id: `r${this.#count++}`, endpoint: CHAT, strategy, session: session(n) },
      )
      this.#send(request, tokens(n), ended, (call, wait) => {
        ttfts.push(call.firstAt - call.sentAt)
        if (wait) idled++
      })
    }
    for (let i = 0; i < parallel; i++) this.#after(i * 0.2, send)
    this.#drain()
    return {
      shares: Object.fromEntries(this.engines.map(({ name, served }) => [name, served])),
      ttfts,
      idled,
      moved: this.#moved,
    }
  }

  #send(request: GatewayRequest, tokens: number, ended: () => void, begun: (call: Call, wait: boolean) => void): void {
    const profile = classify(request)
    const recall = (key: string | null) => (key === null ? null : (this.#memory.get(key) ?? null))
    const made = plan(request, profile, this.#table, LIMITS, moment({ now: this.#now, random: this.#random, recall }))
    made.taken()
    const target = made.order[0]!
    const last = recall(profile.affinity)
    if (last !== null && last.deployment !== target.deployment.id) this.#moved++
    const engine = this.engines.find(({ deployment }) => deployment === target.deployment)!
    const load = engine.deployment.live as { inflight: number }
    const place = engine.places.sent(request.stream)
    const call = { engine, target, place, open: load.inflight, sentAt: this.#now, request, tokens, ended, firstAt: 0 }
    load.inflight++
    engine.served++
    engine.waiting.push(call)
    const elsewhere = this.engines.some((one) => one.running + one.waiting.length < one.slots)
    const wait = engine.running + engine.waiting.length > engine.slots && elsewhere
    this.#begun.set(call, (started) => begun(started, wait))
    this.#start(engine)
  }

  readonly #begun = new Map<Call, (call: Call) => void>()

  #start(engine: Engine): void {
    while (engine.running < engine.slots && engine.waiting.length > 0) {
      const call = engine.waiting.shift()!
      engine.running++
      const { ttftMs, tokenMs } = engine
      const noise = (): number => 0.9 + 0.2 * this.#random()
      this.#after(ttftMs * noise(), () => {
        call.firstAt = this.#now
        engine.places.began(call.place)
        this.#begun.get(call)!(call)
        this.#begun.delete(call)
        this.#after(tokenMs * call.tokens * noise(), () => this.#end(call))
      })
    }
  }

  #end(call: Call): void {
    const { engine, target, place, open, request, tokens } = call
    engine.running--
    ;(engine.deployment.live as { inflight: number }).inflight--
    engine.places.ended(place)
    const profile = classify(request)
    const usage = { ...NO_TOKENS, input: profile.inputTokens, output: tokens }
    const { stream } = request
    this.lessons.learn({
      requestId: request.id,
      caller: 'anybody',
      profile,
      target,
      open,
      place: stream ? place : null,
      usage,
      valid: true,
      cut: false,
      ttftMs: stream ? call.firstAt - call.sentAt : null,
      streamMs: stream ? this.#now - call.firstAt : null,
      totalMs: stream ? null : this.#now - call.sentAt,
      before: null,
    })
    const { id, model } = target.deployment
    if (profile.affinity !== null)
      this.#memory.set(profile.affinity, { deployment: id, model, tokens: usage.input + usage.output, at: this.#now })
    this.#start(engine)
    call.ended()
  }

  #after(ms: number, run: () => void): void {
    this.#events.push({ at: this.#now + ms, order: this.#count++, run })
  }

  #drain(): void {
    while (this.#events.length > 0) {
      let next = 0
      for (let i = 1; i < this.#events.length; i++) {
        const [one, other] = [this.#events[i]!, this.#events[next]!]
        if (one.at < other.at || (one.at === other.at && one.order < other.order)) next = i
      }
      const [event] = this.#events.splice(next, 1)
      this.#now = event!.at
      event!.run()
    }
  }
}

export const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!
