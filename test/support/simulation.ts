/**
 * The decision before simulated engines, in simulated time: the shipped plan, the shipped learning, and engines that work on
 * so many calls at a time while the others wait in line. No clock and no socket, so that hundreds of requests take milliseconds.
 */
import { loadOf, type LoadView } from '../../src/core/load.ts'
import { ALWAYS_LOADED } from '../../src/core/residency.ts'
import { CHAT } from '../../src/core/endpoints.ts'
import type { ModelFacts } from '../../src/core/settings.ts'
import type { Strategy } from '../../src/core/strategies.ts'
import type { Deployment, GatewayRequest, Target } from '../../src/core/types.ts'
import { type Place, Places } from '../../src/backends/fleet/places.ts'
import { ModelStats } from '../../src/decision/learn/model-stats.ts'
import { addFlow } from '../../src/decision/learn/flow.ts'
import { newPromptCache } from '../../src/decision/learn/prompt-caches.ts'
import { NO_TOKENS } from '../../src/core/no-tokens.ts'
import { plan } from '../../src/decision/route/plan.ts'
import { compileRoutes, type RouteTable } from '../../src/decision/route/table.ts'
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
  health,
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

/** What a busy machine does to the gateway, at random. */
export interface Noise {
  /** Milliseconds between stalls of its event loop on average, and how long they are: what comes meanwhile is seen together, in any order. */
  readonly stallEveryMs: number
  readonly stallMs: readonly [number, number]
  /** The engines are on the same machine and stall with it. */
  readonly engines: boolean
  /** Share of what is seen late by itself, and by how much at most. */
  readonly lateShare: number
  readonly lateMs: number
  /** Share of the first tokens that take longer by themselves, and how many times as long at most. */
  readonly tailShare: number
  readonly tail: number
}

/** One call of an engine as it was seen there. */
interface Call {
  readonly engine: Engine
  readonly target: Target
  readonly place: Place
  readonly load: LoadView
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
  readonly #load = loadOf(0)
  readonly places = new Places(this.#load)
  readonly waiting: Call[] = []
  running = 0
  served = 0

  constructor(traits: EngineTraits, lessons: ModelStats) {
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
      live: live({ load: this.#load }),
      health: health(),
      residency: ALWAYS_LOADED,
      targets: [] as Target[],
      calibration: lessons.calibrationOf(model),
      latency: lessons.latencyOf(own.provider, model),
      cache: newPromptCache(own.provider),
    }
    for (const arm of lessons.armsOf(model, known)) deployment.targets.push({ deployment, effort: arm.effort, arm })
    this.deployment = deployment
  }
}

export interface Seen {
  /** The engine of each request, as they were sent. */
  readonly engines: readonly string[]
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
  readonly noise?: Noise | null
}

export class Simulation {
  readonly lessons = new ModelStats(WEIGHTS)
  readonly engines: Engine[]
  readonly #random: () => number
  readonly #events: { at: number; order: number; run: () => void }[] = []
  #table: RouteTable
  #now = 1000
  #count = 0
  #moved = 0
  #noise: Noise | null = null
  #stall = { from: 0, to: 0 }
  #sent: string[] = []
  readonly #memory = new Map<string, { deployment: string; model: string; at: number }>()

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
    noise = null,
  }: Load): Seen {
    this.#noise = noise
    this.#stall = { from: this.#now, to: this.#now }
    this.#sent = []
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
      engines: this.#sent,
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
    const load = { ...engine.deployment.live.load }
    const place = engine.places.sent(request.stream, this.#now, profile.inputTokens)
    const call = {
      engine,
      target,
      place,
      load,
      sentAt: this.#now,
      request,
      tokens,
      ended,
      firstAt: 0,
    }
    addFlow(engine.deployment.latency.flow, profile.inputTokens, this.#now)
    engine.served++
    this.#sent.push(engine.name)
    engine.waiting.push(call)
    const elsewhere = this.engines.some((one) => one.running + one.waiting.length < one.slots)
    const wait = engine.running + engine.waiting.length > engine.slots && elsewhere
    this.#begun.set(call, (started) => begun(started, wait))
    this.#start(engine)
  }

  readonly #begun = new Map<Call, (call: Call) => void>()

  /** At the engine. */
  #start(engine: Engine): void {
    while (engine.running < engine.slots && engine.waiting.length > 0) {
      const call = engine.waiting.shift()!
      engine.running++
      const { ttftMs, tokenMs } = engine
      const noise = (): number => 0.9 + 0.2 * this.#random()
      this.#work(ttftMs * noise() * this.#tail(), () => {
        this.#see(() => this.#first(call))
        this.#work(tokenMs * call.tokens * noise(), () => {
          engine.running--
          this.#start(engine)
          this.#see(() => this.#end(call))
        })
      })
    }
  }

  #first(call: Call): void {
    call.firstAt = this.#now
    call.engine.places.began(call.place, this.#now)
    this.#begun.get(call)!(call)
    this.#begun.delete(call)
  }

  #end(call: Call): void {
    // Its first token is still on the way.
    if (call.firstAt === 0) return this.#after(1, () => this.#end(call))
    const { engine, target, place, load, request, tokens } = call
    engine.places.ended(place)
    const profile = classify(request)
    const usage = { ...NO_TOKENS, input: profile.inputTokens, output: tokens }
    const { stream } = request
    this.lessons.learn({
      requestId: request.id,
      caller: 'anybody',
      profile,
      target,
      load,
      place: stream ? place : null,
      usage,
      valid: true,
      cut: false,
      ttftMs: stream ? call.firstAt - call.sentAt : null,
      streamMs: stream ? this.#now - call.firstAt : null,
      totalMs: stream ? null : this.#now - call.sentAt,
      before: 0,
    })
    const { id, model } = target.deployment
    if (profile.affinity !== null) this.#memory.set(profile.affinity, { deployment: id, model, at: this.#now })
    call.ended()
  }

  #tail(): number {
    const noise = this.#noise
    return noise !== null && this.#random() < noise.tailShare ? 1 + this.#random() * (noise.tail - 1) : 1
  }

  /** An engine is done with something. */
  #work(ms: number, run: () => void): void {
    this.#after(this.#noise?.engines === true ? this.#awake(this.#now + ms) - this.#now : ms, run)
  }

  /** The gateway sees something that happened now. */
  #see(run: () => void): void {
    const noise = this.#noise
    if (noise === null) return run()
    const late = this.#random() < noise.lateShare ? this.#random() * noise.lateMs : 0
    this.#after(this.#awake(this.#now + late) - this.#now, run)
  }

  /** When it comes to what happens at this time. */
  #awake(at: number): number {
    const { stallEveryMs, stallMs } = this.#noise!
    while (this.#stall.to < at) {
      const from = this.#stall.to - stallEveryMs * Math.log(1 - this.#random())
      this.#stall = { from, to: from + stallMs[0] + this.#random() * (stallMs[1] - stallMs[0]) }
    }
    return at < this.#stall.from ? at : this.#stall.to + 2 * this.#random()
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

/** By what is wrong with the machine. */
export const NOISES: readonly Noise[] = [
  { stallEveryMs: 300, stallMs: [20, 300], engines: false, lateShare: 0, lateMs: 0, tailShare: 0, tail: 1 },
  { stallEveryMs: 200, stallMs: [20, 150], engines: true, lateShare: 0.05, lateMs: 60, tailShare: 0.05, tail: 5 },
  { stallEveryMs: 5000, stallMs: [20, 300], engines: false, lateShare: 0.1, lateMs: 100, tailShare: 0.2, tail: 10 },
  { stallEveryMs: 1000, stallMs: [20, 100], engines: true, lateShare: 0.3, lateMs: 200, tailShare: 0, tail: 1 },
]
