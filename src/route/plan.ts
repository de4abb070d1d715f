/** RequestProfile + catalog -> RoutePlan: who is asked, in which order, and why the others are not. Pure. */
import type { Limits } from '../core/settings.ts'
import type { Deployment, GatewayRequest, RequestProfile, RoutePlan, Target } from '../core/types.ts'
import { type Ceilings, ceilingsOf, relax, type Relaxed } from './ceilings.ts'
import { judge, type Question, tight } from './filters.ts'
import type { Remembered } from './memory.ts'
import { type Choice, resolve } from './names.ts'
import { type Candidate, explore, loyalty, type Pick, rank } from './pick.ts'
import { COLUMN, COLUMNS, predict } from './predict.ts'
import { recordOf, refusalOf } from './record.ts'
import type { RouteTable } from './table.ts'
import { score, weightsOf } from './utility.ts'

/** What is neither in the request nor in the table. */
export interface Moment {
  /** Reading of the monotonic clock, ms. */
  readonly now: number
  /** Hour of the day, UTC. */
  readonly utcHour: number
  readonly recall: (affinity: string | null) => Remembered | null
  /** From 0 to 1. */
  readonly random: () => number
}

/** A decision with all that led to it. */
export interface Decision {
  readonly request: GatewayRequest
  readonly profile: RequestProfile
  readonly choice: Choice
  readonly question: Question
  readonly candidates: readonly Candidate[]
  /** One row for each candidate; see COLUMN. */
  readonly rows: Float64Array
  /** Which filter took it out; null = none. */
  readonly dropped: readonly (string | null)[]
  readonly ceilings: Ceilings
  readonly relaxed: Relaxed
  readonly pick: Pick
}

/** Throws a GatewayError that names, for each candidate, what ruled it out. */
export function plan(
  request: GatewayRequest,
  profile: RequestProfile,
  table: RouteTable,
  limits: Limits,
  moment: Moment,
): RoutePlan {
  const decision = decide(request, profile, table, moment)
  const { choice, candidates, pick } = decision
  const first = pick.order[0]
  if (first === undefined) throw refusalOf(decision)
  const order = pick.order.map((row) => targetOf(candidates[row]!, profile))
  let record: RoutePlan['record'] | null = null
  return {
    route: choice.route,
    order: [...order, ...fallbackOf(decision)],
    limits: choice.rule === null ? limits : { ...limits, ...choice.rule.spec.limits },
    profile,
    // Only who reads it pays for it.
    get record() {
      return (record ??= recordOf(decision))
    },
  }
}

const targetOf = ({ deployment, arm }: Candidate, profile: RequestProfile): Target => ({
  deployment,
  effort: profile.effort ?? arm.effort,
  arm,
})

function decide(request: GatewayRequest, profile: RequestProfile, table: RouteTable, moment: Moment): Decision {
  const choice = resolve(request.model, request.principal, request.strategy, table)
  const question = { profile, principal: request.principal, choice, table }
  const { candidates, dropped } = filtered(question)
  const rows = new Float64Array(candidates.length * COLUMNS)
  const troubles = new Float64Array(candidates.length)
  const remembered = profile.continues ? moment.recall(profile.affinity) : null
  const weights = weightsOf(choice.scoring)
  for (const [row, candidate] of candidates.entries()) {
    if (dropped[row] !== null) continue
    predict(rows, row, candidate.deployment, candidate.arm, profile, remembered)
    score(rows, row, weights, request.stream)
    rows[row * COLUMNS + COLUMN.utility]! += loyalty(candidate, remembered)
    troubles[row] = trouble(candidate.deployment, profile, rows[row * COLUMNS + COLUMN.most]!, moment.now)
  }
  const ceilings = ceilingsOf(request, choice)
  const relaxed = relax(ceilings, candidates, rows, dropped)
  const live = [...candidates.keys()].filter((row) => dropped[row] === null)
  const order = rank(candidates, live, rows, troubles, choice.scoring)
  const pick = mayExplore(request, profile, choice)
    ? explore(order, rows, troubles, [moment.random(), moment.random()])
    : { order, explored: false, propensity: 1 }
  return { request, profile, choice, question, candidates, rows, dropped, ceilings, relaxed, pick }
}

/** All candidates at the efforts that come into question, and which filter takes them out. */
function filtered(question: Question): { candidates: Candidate[]; dropped: (string | null)[] } {
  const { choice, profile } = question
  const candidates: Candidate[] = []
  const dropped: (string | null)[] = []
  for (const deployment of choice.candidates) {
    const filter = judge(deployment, question)?.filter ?? null
    for (const arm of armsOf(deployment, profile, choice, filter)) {
      candidates.push({ deployment, arm })
      dropped.push(filter)
    }
  }
  return { candidates, dropped }
}

/** The caller's own effort is kept; who names a model gets it as it is; else each effort is a candidate. */
function armsOf(
  { arms }: Deployment,
  profile: RequestProfile,
  { open, scoring }: Choice,
  filter: string | null,
): Deployment['arms'] {
  if (arms.length === 1) return arms
  if (profile.effort !== null) {
    const own = arms.find(({ effort }) => effort === profile.effort)
    return [own ?? arms[0]!]
  }
  if (!open || scoring === 'ordered' || filter !== null || profile.sense === null) return [arms[0]!]
  return arms.slice(1)
}

/** 0 = nothing is known against it; the higher, the later it is asked. */
function trouble(deployment: Deployment, profile: RequestProfile, most: number, now: number): number {
  const { live, standing } = deployment
  if ((standing.refuses.get(profile.endpoint) ?? 0) > now) return 3
  if (live.state === 'down') return 2
  if (live.state === 'warming_up' || live.coolUntil > now || standing.restUntil > now) return 1
  return tight(deployment, profile, most) ? 0.5 : 0
}

/** Only where the caller left the choice to the gateway, and nothing is under way. */
const mayExplore = (request: GatewayRequest, profile: RequestProfile, { open, rule, scoring }: Choice): boolean =>
  open &&
  scoring !== 'ordered' &&
  rule?.spec.explore !== false &&
  profile.sense !== null &&
  !profile.continues &&
  !request.noFallback

/** Those that are tried when all candidates have failed, as they are written. */
function fallbackOf({ choice, question, profile, candidates }: Decision): Target[] {
  const taken = new Set(candidates.map(({ deployment }) => deployment))
  return choice.fallback
    .filter((deployment) => !taken.has(deployment) && judge(deployment, question) === null)
    .map((deployment) => targetOf({ deployment, arm: armsOf(deployment, profile, choice, 'fallback')[0]! }, profile))
}
