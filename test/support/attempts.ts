import { SealMemory } from '../../src/dispatch/seal-memory.ts'
import { CHAT } from '../../src/core/endpoints.ts'
import { ownPlaces } from '../../src/core/ask-place.ts'
import type { EndpointPlace } from '../../src/core/provider.ts'
import { RequestLife } from '../../src/accounting/request-life.ts'
import { Exchange } from '../../src/backends/upstream/exchange.ts'
import { Pools } from '../../src/backends/upstream/pools.ts'
import { loadOf } from '../../src/core/load.ts'
import { type ErrorCode, GatewayError } from '../../src/core/errors.ts'
import type { Deployment, GatewayRequest, RoutePlan, Target } from '../../src/core/types.ts'
import { Attempt } from '../../src/dispatch/attempt.ts'
import { Attempts } from '../../src/dispatch/attempts.ts'
import type { DispatchTools } from '../../src/dispatch/tools.ts'
import type { OpenAIAnswerState } from '../../src/formats/openai/answer-state.ts'
import { FORMATS } from '../../src/formats/formats.ts'
import { CLIENT } from './client.ts'
import { Clock } from './clock.ts'
import { callOf } from './exchange-rig.ts'
import { gatewayRequest, LIMITS, profile } from './factories.ts'

/** A fleet that only writes down what it is told: begin and end of calls, and what backends refuse. */
export class FleetLog {
  readonly lines: string[] = []
  readonly #refusesUsage: (deployment: Deployment) => void
  readonly fleet: DispatchTools['fleet'] = {
    gateOf: () => null,
    begin: ({ id }) => {
      this.lines.push(`begin ${id}`)
      return null
    },
    began: () => undefined,
    seatOf: () => null,
    end: ({ id }, outcome) =>
      void this.lines.push(`end ${id} ${outcome === null ? 'unread' : (outcome.error?.code ?? 'ok')}`),
    adapted: ({ id }, changes) => void this.lines.push(`adapted ${id} ${changes.join()}`),
    refusesUsage: (deployment) => {
      this.lines.push(`refuses ${deployment.backend.name}`)
      this.#refusesUsage(deployment)
    },
  }

  /** `refusesUsage`: called with a deployment whose backend refuses to report usage. */
  constructor(refusesUsage: (deployment: Deployment) => void = () => undefined) {
    this.#refusesUsage = refusesUsage
  }
}

const CLOCK = new Clock()
const POOLS = new Pools(LIMITS.connectMs, CLOCK.now, CLIENT)

export interface AttemptTraits {
  readonly error?: ErrorCode | GatewayError | null
  /** Whether its answer began: unless said otherwise where there is no error. */
  readonly answered?: boolean
  /** Clock readings. */
  readonly startedAt?: number
  readonly committedAt?: number
  readonly endedAt?: number | null
  readonly open?: number
  readonly exchange?: Partial<Pick<Exchange, 'status' | 'ttftMs' | 'endedAt' | 'sent' | 'streamed' | 'body'>>
  readonly track?: Partial<OpenAIAnswerState>
}

/** A call as it ended, over an exchange that never went out: from 10 to 25. */
export function attemptOf(target: Target, traits: AttemptTraits = {}): Attempt {
  const { startedAt = 10, endedAt = 25, open = 0, track } = traits
  const error = typeof traits.error === 'string' ? new GatewayError(traits.error, 'x') : (traits.error ?? null)
  const exchange = new Exchange(callOf(POOLS, CLOCK, 'http://10.0.0.5:8000'))
  Object.assign(exchange, { status: error === null ? 200 : null, sent: true, ...traits.exchange })
  Object.assign(exchange.track, track)
  const attempt = new Attempt({
    target,
    exchange,
    startedAt,
    cold: false,
    load: loadOf(open),
    place: null,
    pass: null,
    queuedMs: 0,
    lease: null,
    askedAt: ASKED_AT,
    lossy: [],
    trimmed: null,
    path: null,
    fresh: false,
    addsUsage: false,
  })
  if (traits.answered ?? error === null) attempt.committedAt = traits.committedAt ?? 20
  attempt.endedAt = endedAt
  attempt.error = error
  return attempt
}

/** A plan without a decision. */
export const planTo = (order: readonly Target[], traits: Partial<RoutePlan> = {}): RoutePlan => ({
  route: 'coding',
  order,
  refusal: null,
  unsure: [],
  limits: LIMITS,
  maxTtftMs: null,
  profile: profile(),
  success: { finish: null, json: false, schema: false },
  get decision(): never {
    throw new Error('this plan has no decision')
  },
  maxTokens: null,
  strategy: 'balanced',
  explored: false,
  trials: [],
  expected: () => null,
  laterBy: () => null,
  baseline: () => null,
  lowered: (maxTokens) => planTo(order, { ...traits, maxTokens }),
  taken: () => undefined,
  ...traits,
})

export interface LifeTraits {
  readonly request?: GatewayRequest
  readonly plan?: RoutePlan | null
  /** Null: it ended before any call could be made. */
  readonly made?: readonly Attempt[] | null
  readonly error?: GatewayError | null
  /** The clock at the end; the request came at its `startedAt`. */
  readonly now?: () => number
  readonly fleet?: DispatchTools['fleet']
}

/** A request whose calls have been made. */
export function lifeOf({ made = [], error = null, ...traits }: LifeTraits = {}): RequestLife {
  const request = traits.request ?? gatewayRequest({ model: 'm' }, { startedAt: 3 })
  const now = traits.now ?? (() => 30)
  const life = new RequestLife(request, now)
  life.plan = traits.plan === undefined ? planTo(made?.map(({ target }) => target) ?? []) : traits.plan
  if (made !== null && life.plan !== null) {
    const tools = {
      fleet: traits.fleet ?? new FleetLog().fleet,
      pools: POOLS,
      formats: FORMATS,
      now,
      userAgent: 'test',
      seals: new SealMemory(),
    }
    life.attempts = new Attempts(request, life.plan, { gone: false, stop: null }, tools)
    life.attempts.made.push(...made)
  }
  life.error = error
  return life
}

export const [ASKED_AT] = ownPlaces([CHAT]).chat as [EndpointPlace]
