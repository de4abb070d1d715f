/**
 * The shipped gateway in a simulation: its fleet keeps the books, `plan` decides, and what the simulated engines did teaches it,
 * as in production. It is given nothing else: no speeds, no caches.
 */
import { Fleet } from '../backends/fleet/fleet.ts'
import { type EngineReading, type ModelReading, UNREAD, UNTOLD } from '../core/engine-reading.ts'
import { GatewayError } from '../core/errors.ts'
import { NO_TOKENS } from '../core/no-tokens.ts'
import type { PolicySettings } from '../core/settings.ts'
import type { Strategy } from '../core/strategies.ts'
import type { RoutePlan, Target } from '../core/types.ts'
import { ModelStats } from '../decision/learn/model-stats.ts'
import type { DecisionContext } from '../decision/route/decision.ts'
import { plan } from '../decision/route/plan.ts'
import { buildPolicy, type Policy } from '../policy.ts'
import { ONE_TOPIC, profileOf, requestOf } from './asked.ts'
import type { Failure, Reading } from './instance.ts'
import type { Asked, Router, Sent } from './router.ts'
import { modelName, withoutLooks } from './settings.ts'

export class Shipped implements Router {
  readonly #fleet: Fleet
  readonly #lessons = new ModelStats(ONE_TOPIC)
  readonly #strategy: Strategy | null
  readonly #random: () => number
  readonly #policy: Policy
  /** By name of the backend. */
  readonly #places: ReadonlyMap<string, number>
  /** A request that is called again goes on in the order that was decided when it came, as in dispatch/. */
  readonly #plans = new WeakMap<Asked, RoutePlan>()
  #now = 0

  /** `strategy`: what its callers ask for; null: they leave it to the gateway. */
  constructor(settings: PolicySettings, strategy: Strategy | null, random: () => number) {
    this.#strategy = strategy
    const quiet = withoutLooks(settings)
    this.#random = random
    this.#fleet = new Fleet(quiet, {
      now: () => this.#now,
      onChange: () => {},
      emit: () => {},
      lessons: this.#lessons,
    })
    this.#policy = buildPolicy(quiet, quiet.keys, this.#fleet.catalog)
    this.#places = new Map(quiet.backends.map(({ name }, place) => [name, place]))
  }

  order(asked: Asked, seconds: number): readonly number[] {
    this.#now = 1000 * seconds
    let plan = this.#plans.get(asked)
    if (plan === undefined) this.#plans.set(asked, (plan = this.#planOf(asked, seconds)))
    return plan.order.slice(0, plan.limits.attempts).map((target) => this.#placeOf(target))
  }

  #planOf(asked: Asked, seconds: number): RoutePlan {
    const { table, limits } = this.#policy
    const context: DecisionContext = {
      now: this.#now,
      utcHour: Math.floor(seconds / 3600) % 24,
      pressure: 0,
      recall: () => null,
      random: this.#random,
      prefixes: this.#lessons.prefixes,
    }
    const made = plan(requestOf(asked, this.#strategy), profileOf(asked), table, limits, context)
    made.taken()
    return made
  }

  send(asked: Asked, place: number, seconds: number): Sent {
    const plan = this.#plans.get(asked)!
    const target = plan.order.find((one) => this.#placeOf(one) === place)!
    return new SentCall({ asked, plan, target, at: 1000 * seconds }, this.#fleet, this.#lessons, (now) => {
      this.#now = now
    })
  }

  read(place: number, reading: Reading | null, seconds: number): void {
    this.#now = 1000 * seconds
    const { live } = this.#fleet.catalog.backends[place]!
    if (reading !== null) this.#fleet.told(live, engineReading(reading, live.load.open, this.#now))
  }

  /** Nothing was ever sent over its network. */
  close(): void {
    void this.#fleet.stop()
  }

  #placeOf({ deployment }: Target): number {
    return this.#places.get(deployment.backend.name)!
  }
}

interface Call {
  readonly asked: Asked
  readonly plan: RoutePlan
  readonly target: Target
  /** Clock reading, ms. */
  readonly at: number
}

/** Keeps the books of one call, as `dispatch/` and `accounting/` do. Its methods take seconds. */
class SentCall implements Sent {
  readonly #call: Call
  readonly #fleet: Fleet
  readonly #lessons: ModelStats
  readonly #setNow: (ms: number) => void
  readonly #load
  readonly #place
  #began: number | null = null

  constructor(call: Call, fleet: Fleet, lessons: ModelStats, setNow: (ms: number) => void) {
    const { deployment } = call.target
    this.#call = call
    this.#fleet = fleet
    this.#lessons = lessons
    this.#setNow = setNow
    this.#load = { ...deployment.live.load }
    this.#place = fleet.begin(deployment, call.plan.profile, true)
  }

  began(seconds: number): void {
    this.#setNow(1000 * seconds)
    this.#began = 1000 * seconds
    this.#fleet.began(this.#call.target.deployment, this.#place)
  }

  ended(seconds: number, keptTokens: number): void {
    const { asked, plan, target, at } = this.#call
    const now = 1000 * seconds
    this.#end(now, null)
    const { input, output } = asked.request
    this.#lessons.learn({
      requestId: String(asked.number),
      caller: 'simulation',
      profile: plan.profile,
      target,
      load: this.#load,
      place: this.#place,
      usage: { ...NO_TOKENS, input, cachedInput: keptTokens, output },
      valid: true,
      cut: false,
      ttftMs: this.#began! - at,
      streamMs: now - this.#began!,
      totalMs: null,
      before: this.#place?.kept ?? 0,
    })
  }

  failed(seconds: number, failure: Failure): void {
    this.#end(1000 * seconds, errorOf(failure, this.#began !== null))
  }

  #end(now: number, error: GatewayError | null): void {
    const { plan, target } = this.#call
    this.#setNow(now)
    this.#fleet.end(target.deployment, { endpoint: plan.profile.endpoint, error }, this.#place)
  }
}

function errorOf(failure: Failure, begun: boolean): GatewayError {
  if (failure.why === 'full')
    return new GatewayError('upstream_rate_limited', 'takes no more', { retryAfterMs: 1000 * failure.retrySeconds })
  return begun
    ? new GatewayError('upstream_incomplete', 'went away')
    : new GatewayError('upstream_unreachable', 'is away')
}

/** As the readings of real engines are. `open`: calls of this gateway. */
function engineReading({ model, ...told }: Reading, open: number, now: number): EngineReading {
  const { running, waiting } = told
  const loaded = (is: boolean): ModelReading => ({ ...UNTOLD, loaded: is })
  return {
    ...UNREAD,
    ...told,
    at: now,
    workAt: running === null ? null : now,
    foreign: running === null ? null : Math.max(0, running + (waiting ?? 0) - open),
    modelsAt: now,
    models: model === null || model < 0 ? null : new Map([[modelName(model), loaded(true)]]),
    unnamed: model === null ? UNTOLD : loaded(false),
  }
}
