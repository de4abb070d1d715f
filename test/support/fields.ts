import { decisionRecordOf, valueOf } from '../../src/core/decision-rows.ts'
import type { DecisionRecord } from '../../src/core/record.ts'
import { NO_PRICE, type RouteSpec } from '../../src/core/settings.ts'
import type { Scoring } from '../../src/core/strategies.ts'
import { keyed } from '../../src/core/keyed.ts'
import type { JsonObject } from '../../src/core/json.ts'
import type { Deployment, GatewayRequest, RequestProfile, RoutePlan } from '../../src/core/types.ts'
import type { Decision, DecisionContext } from '../../src/decision/route/decision.ts'
import { valuesOf } from '../../src/decision/route/expected.ts'
import { choose, plan } from '../../src/decision/route/plan.ts'
import { WEIGHT_NAMES, type Weights } from '../../src/core/terms.ts'
import { compileRoutes, type RouteTable } from '../../src/decision/route/table.ts'
import { catalogOf, classify, deployment, gatewayRequest, LIMITS, moment, provider, routeSpec } from './factories.ts'

/** What a model is like: share of good answers, USD for a million output tokens (a third of it for input), seconds, a factor on its length. */
export interface Nature {
  readonly quality: number
  readonly price: number
  readonly ttft: number
  readonly tpot: number
  readonly length: number
}

export const ORDINARY: Nature = { quality: 0.7, price: 1, ttft: 0.5, tpot: 0.02, length: 1 }

/** A deployment that is like that, on an engine of the operator. */
export function like(
  id: string,
  nature: Partial<Nature> = {},
  traits: Parameters<typeof deployment>[1] = {},
): Deployment {
  const { quality, price, ttft, tpot, length } = { ...ORDINARY, ...nature }
  const own = { ...NO_PRICE, inputPerMtok: price / 3, outputPerMtok: price }
  const made = deployment(id, {
    ...traits,
    backend: { provider: provider({ local: true }), ...traits.backend },
    facts: { quality: { default: quality }, price: own, ...traits.facts },
  })
  made.latency.ttft.weights.set([ttft, 0, 0])
  made.latency.tpot.weights.set([tpot, 0])
  for (const { arm } of made.targets)
    for (let i = 0; i < arm.lengthPrior.length; i++) arm.lengthPrior[i]! += Math.log(length)
  return made
}

const between = (random: () => number, low: number, high: number): number => low + (high - low) * random()

/** Any that might be met. */
export const anyNature = (random: () => number): Nature => ({
  quality: between(random, 0.3, 0.95),
  price: 10 ** between(random, -1, 1.5),
  ttft: 10 ** between(random, -0.9, 1),
  tpot: 10 ** between(random, -2.5, -1),
  length: 2 ** between(random, -1.5, 1.5),
})

export const anyWeights = (random: () => number): Weights =>
  keyed(WEIGHT_NAMES, (name) => (name === 'quality' ? between(random, 0.1, 2) : between(random, 0.05, 1.5)))

export interface Situation {
  readonly strategy?: Scoring
  readonly route?: Partial<RouteSpec>
  readonly fields?: JsonObject
  readonly traits?: Partial<GatewayRequest>
  readonly moment?: Partial<DecisionContext>
}

const QUESTION = [{ role: 'user', content: 'Which rivers run through Vienna, and where do they come from?' }]

interface Asked {
  readonly request: GatewayRequest
  readonly table: RouteTable
  readonly profile: RequestProfile
}

function asked(
  { strategy = 'balanced', route = {}, fields = {}, traits = {} }: Situation,
  all: readonly Deployment[],
): Asked {
  const request = gatewayRequest({ model: 'r', messages: QUESTION, ...fields }, traits)
  const table = compileRoutes([routeSpec('r', { strategy, ...route })], [], catalogOf(...all))
  return { request, table, profile: classify(request) }
}

/** With its record, as people and programs read it. */
export type Recorded = RoutePlan & { readonly record: DecisionRecord }

export const recorded = (made: RoutePlan): Recorded => Object.assign(made, { record: decisionRecordOf(made.decision) })

export function planOf(all: readonly Deployment[], situation: Situation = {}): Recorded {
  const { request, table, profile } = asked(situation, all)
  return recorded(plan(request, profile, table, LIMITS, moment(situation.moment)))
}

/** One after the other, each of them carried out, at readings of the clock. */
export function planner(all: readonly Deployment[], situation: Situation): (now?: number) => RoutePlan {
  const { request, table, profile } = asked(situation, all)
  return (now) => {
    const made = plan(
      request,
      profile,
      table,
      LIMITS,
      moment({ ...situation.moment, ...(now === undefined ? {} : { now }) }),
    )
    made.taken()
    return made
  }
}

/** So many one after the other, each of them carried out. */
export function plans(all: readonly Deployment[], situation: Situation, count: number): RoutePlan[] {
  const next = planner(all, situation)
  return Array.from({ length: count }, () => next())
}

/** With what is expected, which is worked out late where only one can be asked. */
export type Estimated = Decision & { readonly values: readonly number[] }

export function decisionOf(all: readonly Deployment[], situation: Situation = {}): Estimated {
  const { request, table, profile } = asked(situation, all)
  const decision = choose(request, profile, table, moment(situation.moment))
  return { ...decision, values: valuesOf(decision) }
}

/** Ids in order. */
export const orderOf = (all: readonly Deployment[], situation: Situation = {}): string[] =>
  planOf(all, situation).order.map(({ deployment }) => deployment.id)

/** A value of the candidate that goes first. */
export const chosen = (decision: Estimated, column: number): number =>
  valueOf(decision, decision.shown.indexOf(decision.pick.order[0]!), column) ?? NaN

/** A request amid a conversation. */
export const ANSWERED: JsonObject = {
  messages: [
    { role: 'user', content: 'Name a river.' },
    { role: 'assistant', content: 'The Danube.' },
    { role: 'user', content: 'And another one?' },
  ],
}
