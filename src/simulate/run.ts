/**
 * A replay of a trace: the requests come when they came, a gateway decides about each, the engines work. Pure: the time is
 * simulated, chance comes from a seed, and the same arguments have the same outcome.
 */
import { randomFrom } from '../core/random.ts'
import type { Steps } from '../core/slices.ts'
import { Clock } from './clock.ts'
import { Cloud } from './cloud.ts'
import { Engine } from './engine.ts'
import { CLOUD_MODEL, ENGINE_MODELS, type Member } from './fleet-spec.ts'
import type { Failure, Instance } from './instance.ts'
import { Figures, type Outcome } from './figures.ts'
import type { Readings } from './published.ts'
import type { Asked, Router } from './router.ts'
import type { TraceRequest } from './trace.ts'

/** An engine that is away for some time. */
export interface Death {
  readonly place: number
  /** Seconds. */
  readonly at: number
  readonly seconds: number
}

export interface Setting {
  readonly trace: readonly TraceRequest[]
  readonly fleet: readonly Member[]
  /** Gateways that requests are dealt to by turns. */
  readonly gateways: number
  /** Models that requests ask for, by how they begin. */
  readonly models: number
  /** Seconds between two looks of a gateway at an engine; null: it never looks. */
  readonly scrapeSeconds: number | null
  /** What a formula sees of loads is as old as the last look. */
  readonly stale: boolean
  readonly deaths: readonly Death[]
  readonly seed: number
}

export type NewRouter = (readings: Readings, random: () => number, gateway: number) => Router

/** Steps of a thousand events each; `progress`: called between them with the share of the requests that have come. */
export function* simulate(
  setting: Setting,
  newRouter: NewRouter,
  progress: (share: number) => void = () => {},
): Steps<Outcome> {
  const run = new Run(setting, newRouter)
  for (let events = 1; run.next(); events++) {
    if (events % EVENTS_AT_ONCE !== 0) continue
    progress(run.share)
    yield
  }
  run.close()
  return run.outcome()
}

const EVENTS_AT_ONCE = 1_000

class Run {
  readonly #setting: Setting
  readonly #clock = new Clock()
  readonly #instances: readonly Instance[]
  readonly #routers: readonly Router[]
  readonly #figures: Figures
  #arrived = 0
  /** Requests that have come and are not over. */
  #open = 0

  constructor(setting: Setting, newRouter: NewRouter) {
    this.#setting = setting
    this.#figures = new Figures(setting.fleet.length)
    this.#instances = setting.fleet.map((member) => instanceOf(member, this.#clock))
    const how = setting.scrapeSeconds === null ? 'never' : setting.stale ? 'scraped' : 'live'
    const readings: Readings = { how, look: (place) => this.#instances[place]!.read() }
    this.#routers = Array.from({ length: setting.gateways }, (_, gateway) =>
      newRouter(readings, randomFrom(`${setting.seed} ${gateway}`), gateway),
    )
    this.#nextArrival()
    for (const { place, at, seconds } of setting.deaths) {
      this.#clock.at(at, () => this.#instances[place]!.die())
      this.#clock.at(at + seconds, () => this.#instances[place]!.revive())
    }
    this.#scrape(randomFrom(`${setting.seed} scrapes`))
  }

  /** False: everything is over. */
  next(): boolean {
    return this.#clock.next()
  }

  get share(): number {
    return this.#arrived / Math.max(1, this.#setting.trace.length)
  }

  outcome(): Outcome {
    return this.#figures.outcome(
      this.#instances.map(({ busySeconds }) => busySeconds),
      this.#setting.trace.length,
    )
  }

  close(): void {
    for (const router of this.#routers) router.close()
  }

  /** One is set when the one before it has come: there may be millions. */
  #nextArrival(): void {
    const number = this.#arrived
    const request = this.#setting.trace[number]
    if (request === undefined) return
    this.#clock.at(request.at, () => {
      this.#arrived++
      this.#nextArrival()
      this.#open++
      const asked = { number, request, model: modelOf(request, this.#setting.models), at: this.#clock.now }
      this.#try(asked, this.#routers[number % this.#routers.length]!, [])
    })
  }

  /** `tried`: places that have failed. */
  #try(asked: Asked, router: Router, tried: readonly number[]): void {
    const { now } = this.#clock
    const order = router.order(asked, now)
    const place = order.find((one) => !tried.includes(one))
    if (place === undefined) {
      this.#over()
      this.#figures.refused()
      return
    }
    const sent = router.send(asked, place, now)
    const figures = this.#figures
    let begun = false
    let keptTokens = 0
    figures.sent(place)
    this.#instances[place]!.call({
      request: asked.request,
      model: asked.model,
      began: (kept) => {
        begun = true
        sent.began(this.#clock.now)
        figures.began(place, this.#clock.now - asked.at, asked, kept)
        keptTokens = kept
      },
      ended: () => {
        this.#over()
        sent.ended(this.#clock.now, keptTokens)
        figures.ended()
      },
      failed: (failure: Failure) => {
        sent.failed(this.#clock.now, failure)
        figures.failed(failure)
        if (!begun) return this.#try(asked, router, [...tried, place])
        this.#over()
        figures.broken()
      },
    })
  }

  #over(): void {
    this.#open--
  }

  /** Each gateway looks at each engine, at moments of its own. */
  #scrape(random: () => number): void {
    const { scrapeSeconds, fleet } = this.#setting
    if (scrapeSeconds === null) return
    for (const router of this.#routers)
      for (const place of fleet.keys()) {
        const look = (): void => {
          router.read(place, this.#instances[place]!.read(), this.#clock.now)
          if (this.#open > 0 || this.#arrived < this.#setting.trace.length) this.#clock.after(scrapeSeconds, look)
        }
        this.#clock.after(random() * scrapeSeconds, look)
      }
  }
}

const instanceOf = ({ kind, speed }: Member, clock: Clock): Instance =>
  kind === 'cloud' ? new Cloud(CLOUD_MODEL, speed, clock) : new Engine(ENGINE_MODELS[kind], speed, clock)

/** Requests that begin alike beyond what all share ask for the same model. */
const modelOf = ({ blocks }: TraceRequest, models: number): number => (blocks[1] ?? blocks[0] ?? 0) % models
