/** RequestProfile + catalog -> RoutePlan: who is asked, in which order, and why the others are not. Pure. */
import type { DecisionRows } from '../../core/decision-rows.ts'
import type { Expected, ExpectedBaseline } from '../../core/record.ts'
import type { Limits, SuccessSpec } from '../../core/settings.ts'
import { isUnscored } from '../../core/strategies.ts'
import type { Capability } from '../../core/capabilities.ts'
import type { Deployment, GatewayRequest, RequestProfile, RoutePlan, Target } from '../../core/types.ts'
import type { GatewayError } from '../../core/errors.ts'
import { ceilingsOf, relax } from './ceilings.ts'
import type { Decision, DecisionContext } from './decision.ts'
import { baselineOf, expectedOf } from './expected.ts'
import { fallbackOf } from './fallback.ts'
import { filterOf, type FilterContext, type FilterName, FILTERS, refuses, tight } from './filters.ts'
import { keptOf, shownOf, valuesOf } from './kept.ts'
import { type ResolvedRoute, resolve } from './names.ts'
import { explore, stickinessBonus, rank } from './pick.ts'
import { COLUMN, COLUMNS } from '../../core/terms.ts'
import { predict } from './predict.ts'
import { refusalOf } from './refusal.ts'
import { boundOf, type RouteTable } from './table.ts'
import { score, weightsOf } from './utility.ts'

/** Where nothing can be called, `refusal` names for each candidate what ruled it out. Throws only where nothing has the name that the request asks for. */
export function plan(
  request: GatewayRequest,
  profile: RequestProfile,
  table: RouteTable,
  limits: Limits,
  moment: DecisionContext,
): RoutePlan {
  const decision = choose(request, profile, table, moment)
  const { choice, question, candidates, pick } = decision
  const fallback = choice.fallback.length === 0 ? [] : fallbackOf(question, candidates).targets
  const order = [...pick.order.map((row) => candidates[row]!), ...fallback]
  return new Plan(decision, order, choice.rule === null ? limits : { ...limits, ...choice.rule.spec.limits }, null)
}

const ANY_ANSWER: SuccessSpec = { finish: null, json: false, schema: false }

class Plan implements RoutePlan {
  readonly route: string
  readonly strategy: string
  readonly explored: boolean
  readonly success: SuccessSpec
  readonly profile: RequestProfile
  readonly order: readonly Target[]
  readonly limits: Limits
  readonly maxTokens: number | null
  readonly refusal: GatewayError | null
  readonly #decision: Decision
  #kept: DecisionRows | null = null

  constructor(decision: Decision, order: readonly Target[], limits: Limits, maxTokens: number | null) {
    const { choice, pick, profile } = decision
    this.route = choice.route
    this.strategy = choice.strategy
    this.explored = pick.explored
    this.success = choice.rule?.spec.success ?? ANY_ANSWER
    this.profile = profile
    this.order = order
    this.limits = limits
    this.maxTokens = maxTokens
    this.#decision = decision
    this.refusal = order.length === 0 ? refusalOf(decision, this.decision) : null
  }

  get decision(): DecisionRows {
    return (this.#kept ??= keptOf(this.#decision, this.maxTokens))
  }

  expected(target: Target): Expected | null {
    return expectedOf(this.#decision, target)
  }

  baseline(): ExpectedBaseline | null {
    return baselineOf(this.#decision)
  }

  lowered(maxTokens: number): RoutePlan {
    return new Plan(this.#decision, this.order, this.limits, maxTokens)
  }

  taken(): void {
    const { rota, seats, candidates, pick } = this.#decision
    const [first] = pick.order
    if (first !== undefined) rota.take(seats[first]!, candidates[first]!.deployment.backend.weight)
  }
}

/** Grows with the largest field; a decision is over before the next one begins. */
let scratch = new Float64Array(64 * COLUMNS)
let troubles = new Float64Array(64)

export function choose(
  request: GatewayRequest,
  profile: RequestProfile,
  table: RouteTable,
  moment: DecisionContext,
): Decision {
  const { model, principal, strategy, headers } = request
  const choice = resolve({ model, principal, strategy, headers, profile, utcHour: moment.utcHour }, table)
  const bounds = { spec: choice.rule?.spec ?? null, scoring: choice.scoring, key: boundOf(principal, table) }
  const question = { request, profile, choice, bounds, table, now: moment.now }
  const { candidates, dropped, seats } = filtered(question)
  const { length } = candidates
  if (troubles.length < length) {
    scratch = new Float64Array(2 * length * COLUMNS)
    troubles = new Float64Array(2 * length)
  }
  const rows = scratch
  const remembered = profile.continues ? moment.recall(profile.affinity) : null
  const weights = weightsOf(choice.scoring, moment.pressure)
  for (let row = 0; row < length; row++) {
    if (dropped[row] !== null) continue
    const candidate = candidates[row]!
    predict(rows, row, candidate, profile, remembered)
    score(rows, row, weights, request.stream, remembered === null ? 0 : stickinessBonus(candidate, remembered))
    troubles[row] = trouble(candidate.deployment, question, rows[row * COLUMNS + COLUMN.most]!)
  }
  const ceilings = ceilingsOf(request, choice)
  const relaxed = relax(ceilings, rows, dropped)
  const live: number[] = []
  for (let row = 0; row < length; row++) if (dropped[row] === null) live.push(row)
  const rota = table.rotas.of(choice.candidates, !isUnscored(choice.scoring))
  provenFirst(candidates, live, (row) => rota.groups[seats[row]!]!, profile)
  const field = { candidates, live, rows, troubles, rota, seats, key: profile.affinity }
  const order = rank(field, choice.scoring)
  const pick = mayExplore(request, profile, choice)
    ? explore(order, field, moment.random)
    : { order, explored: false, propensity: 1 }
  const shown = shownOf(order, dropped)
  return {
    request,
    profile,
    choice,
    question,
    candidates,
    shown,
    values: valuesOf(rows, shown, (row) => dropped[row] === null || FILTERS[dropped[row]!].estimated),
    dropped,
    ceilings,
    relaxed,
    pick,
    pressure: moment.pressure,
    rota,
    seats,
  }
}

/** All candidates at the efforts that come into question, and which filter takes them out. */
function filtered(question: FilterContext): { candidates: Target[]; dropped: (FilterName | null)[]; seats: number[] } {
  const { choice, profile } = question
  const candidates: Target[] = []
  const dropped: (FilterName | null)[] = []
  const seats: number[] = []
  for (let index = 0; index < choice.candidates.length; index++) {
    const deployment = choice.candidates[index]!
    const filter = filterOf(deployment, question)
    if (deployment.targets.length === 1 && profile.effort === null) {
      candidates.push(deployment.targets[0]!)
      dropped.push(filter)
      seats.push(index)
      continue
    }
    for (const target of targetsOf(deployment, profile, choice, filter !== null)) {
      candidates.push(target)
      dropped.push(filter)
      seats.push(index)
    }
  }
  return { candidates, dropped, seats }
}

/** The caller's own effort is kept; who names a model gets it as it is; else each effort is a candidate. */
function targetsOf(
  { targets }: Deployment,
  profile: RequestProfile,
  { open, scoring }: ResolvedRoute,
  asItIs: boolean,
): readonly Target[] {
  const { effort } = profile
  if (effort !== null) return [targets.find((target) => target.effort === effort) ?? { ...targets[0]!, effort }]
  if (asItIs || !open || isUnscored(scoring) || !profile.generates || targets.length === 1) return [targets[0]!]
  return targets.slice(1)
}

/** 0 = nothing is known against it; the higher, the later it is asked. */
function trouble(deployment: Deployment, question: FilterContext, most: number): number {
  const { live, health } = deployment
  const { profile, now } = question
  if (refuses(deployment, question)) return 3
  if (live.state === 'down') return 2
  if (live.state === 'warming_up' || Math.max(live.retryAfterUntil, health.retryAfterUntil, health.ejectedUntil) > now)
    return 1
  return tight(deployment, profile, most) ? 0.5 : 0
}

/** All that is asked is in the facts. */
const isDeclared = ({ facts }: Deployment, { needs }: RequestProfile): boolean =>
  needs.every((need) => isCommon(need) || facts.capabilities[need] !== undefined)

/** Those that are known to have what the request needs come before those of which nothing is known, where there are both. */
function provenFirst(
  candidates: readonly Target[],
  live: readonly number[],
  groupOf: (row: number) => number,
  profile: RequestProfile,
): void {
  if (profile.needs.every(isCommon)) return
  const unproven = live.filter((row) => isUnproven(candidates[row]!.deployment, profile))
  if (unproven.length === live.length) return
  // What a replica has answered, of which nothing was known before, the others can do as well.
  const answered = live.filter((row) => !unproven.includes(row) && !isDeclared(candidates[row]!.deployment, profile))
  const proven = new Set(answered.map(groupOf))
  for (const row of unproven) if (troubles[row] === 0 && !proven.has(groupOf(row))) troubles[row] = 0.25
}

const isCommon = (need: Capability): boolean => need === 'chat' || need === 'reasoning'

function isUnproven({ facts, health }: Deployment, { needs }: RequestProfile): boolean {
  for (const need of needs)
    if (!isCommon(need) && facts.capabilities[need] === undefined && !health.answers.has(need)) return true
  return false
}

/** Only where the caller left the choice to the gateway, and nothing is under way. */
const mayExplore = (
  request: GatewayRequest,
  profile: RequestProfile,
  { open, rule, scoring }: ResolvedRoute,
): boolean =>
  open &&
  !isUnscored(scoring) &&
  rule?.spec.explore !== false &&
  profile.generates &&
  !profile.continues &&
  !request.noFallback
