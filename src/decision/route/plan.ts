/** RequestProfile + catalog -> RoutePlan: who is asked, in which order, and why the others are not. Pure. */
import type { DecisionRows } from '../../core/decision-rows.ts'
import type { GatewayError } from '../../core/errors.ts'
import type { Expected, ExpectedBaseline } from '../../core/record.ts'
import type { Limits, SuccessSpec } from '../../core/settings.ts'
import { isUnscored } from '../../core/strategies.ts'
import { COLUMN, COLUMNS } from '../../core/terms.ts'
import { type Trial, withoutOf } from '../../core/trial.ts'
import type { Deployment, GatewayRequest, RequestProfile, RoutePlan, Target } from '../../core/types.ts'
import type { Admission } from './admission.ts'
import { admit } from './candidates.ts'
import { ceilingsOf, keepBelow, NO_CEILINGS } from './ceilings.ts'
import { chosenBeside, unchosen } from './control.ts'
import type { Decision, DecisionContext, Question } from './decision.ts'
import { baselineOf, copyOf, expectedOf } from './expected.ts'
import { fallbackOf } from './fallback.ts'
import type { Field } from './field.ts'
import { heldBy, heldShares } from './held.ts'
import { keptOf, shownOf } from './kept.ts'
import { resolve } from './names.ts'
import { explore, type Pick, rank, stickinessBonus } from './pick.ts'
import { laterBy } from './peers.ts'
import { makersFirst } from './pinned.ts'
import { predict } from './predict.ts'
import { refusalOf, unsureOf } from './refusal.ts'
import type { ResolvedRoute } from './resolutions.ts'
import { boundOf, type RouteTable } from './table.ts'
import { chanceOfEffort, choosesEffort, trialsOf, unitOf } from './trials.ts'
import { lineTrouble, provenFirst, trouble } from './trouble.ts'
import { isHeldBack, rampOf } from './slow-start.ts'
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
  const { choice, set, fallback } = decision.question
  const order = decision.pick.order.map((row) => set.targets[row]!)
  for (const { target } of fallback.order) order.push(target)
  return new Plan(decision, order, choice.rule === null ? limits : { ...limits, ...choice.rule.spec.limits }, null)
}

const ANY_ANSWER: SuccessSpec = { finish: null, json: false, schema: false }

const NONE: readonly Deployment[] = []

class Plan implements RoutePlan {
  readonly order: readonly Target[]
  readonly limits: Limits
  readonly maxTokens: number | null
  readonly refusal: GatewayError | null
  readonly #decision: Decision
  #kept: DecisionRows | null = null

  constructor(decision: Decision, order: readonly Target[], limits: Limits, maxTokens: number | null) {
    this.order = order
    this.limits = limits
    this.maxTokens = maxTokens
    this.#decision = decision
    this.refusal = order.length === 0 ? refusalOf(decision, this.decision) : null
  }

  get unsure(): readonly Deployment[] {
    return (this.refusal?.overflow ?? null) === null ? NONE : unsureOf(this.#decision)
  }

  get route(): string {
    return this.#decision.question.choice.route
  }

  get strategy(): string {
    return this.#decision.question.choice.strategy
  }

  get explored(): boolean {
    return this.#decision.pick.explored
  }

  get trials(): readonly Trial[] {
    return this.#decision.question.trials
  }

  get maxTtftMs(): number | null {
    return this.#decision.question.choice.rule?.spec.maxTtftMs ?? null
  }

  get success(): SuccessSpec {
    return this.#decision.question.choice.rule?.spec.success ?? ANY_ANSWER
  }

  get profile(): RequestProfile {
    return this.#decision.question.profile
  }

  get decision(): DecisionRows {
    return (this.#kept ??= keptOf(this.#decision, this.maxTokens))
  }

  expected(target: Target): Expected | null {
    return expectedOf(this.#decision, target)
  }

  laterBy(target: Target, peer: Target, now: number): number | null {
    return laterBy(this.#decision, target, peer, now)
  }

  baseline(): ExpectedBaseline | null {
    return baselineOf(this.#decision.question)
  }

  lowered(maxTokens: number): RoutePlan {
    return new Plan(this.#decision, this.order, this.limits, maxTokens)
  }

  taken(): void {
    const { rota, set, now } = this.#decision.question
    const [first] = this.#decision.pick.order
    if (first === undefined) return
    const { backend, live } = set.targets[first]!.deployment
    rota.take(set.seats[first]!, backend.weight * rampOf(live, now))
  }
}

export function choose(
  request: GatewayRequest,
  profile: RequestProfile,
  table: RouteTable,
  moment: DecisionContext,
): Decision {
  const { model, principal, strategy, headers } = request
  const choice = resolve({ model, principal, strategy, headers, profile, utcHour: moment.utcHour }, table)
  const trials = trialsOf(request, profile, choice)
  const efforts = !withoutOf(trials).includes('effort')
  const set = table.candidates.of(choice, boundOf(principal, table), request, profile, efforts)
  const admission = admit(set, profile)
  const ceilings = ceilingsOf(request, choice)
  const question = {
    request,
    profile,
    table,
    choice,
    set,
    fallback: fallbackOf(set, request, profile, moment.now),
    ceilings,
    trials,
    remembered: profile.continues ? moment.recall(profile.affinity) : null,
    pressure: moment.pressure,
    rota: table.rotas.of(choice.candidates, !isUnscored(choice.scoring)),
    now: moment.now,
  }
  return admission.live.length === 1 && ceilings === NO_CEILINGS
    ? onlyOne(question, admission, moment)
    : weighed(question, admission, moment)
}

/** Nothing depends on what is expected of it. */
function onlyOne(question: Question, admission: Admission, { prefixes }: DecisionContext): Decision {
  const pick = { order: admission.live, explored: false, propensity: chanceOfEffort(question.trials) }
  const { live, cache } = question.set.targets[admission.live[0]!]!.deployment
  // What is expected is worked out when somebody reads it, and by then the prompt itself is there.
  const only = { load: { ...live.load }, held: heldBy(cache, question.profile, prefixes) }
  return { question, admission, relaxed: null, pick, shown: shownOf(pick.order, admission), values: null, only }
}

/** Grows with the largest field; a decision is over before the next one begins. */
let scratch = new Float64Array(64 * COLUMNS)
let troubles = new Float64Array(64)

/** Estimates, ceilings, order. */
function weighed(question: Question, admitted: Admission, moment: DecisionContext): Decision {
  const { request, profile, choice, set, ceilings, remembered, pressure, rota } = question
  const { now, random, recall } = moment
  const { length } = set.targets
  if (troubles.length < length) {
    scratch = new Float64Array(2 * length * COLUMNS)
    troubles = new Float64Array(2 * length)
  }
  const rows = scratch
  const weights = weightsOf(choice.scoring, pressure)
  const { targets, seats } = set
  const held = heldShares(targets, admitted.live, profile, moment)
  predict(rows, { targets, live: admitted.live, held, rota, seats, load: null, now }, profile)
  const unscored = isUnscored(choice.scoring)
  for (const row of admitted.live) {
    const target = set.targets[row]!
    score(rows, row, weights, request.stream, stickinessBonus(target, remembered))
    const known = trouble(target.deployment, request, profile, rows[row * COLUMNS + COLUMN.most]!, now)
    const { live } = target.deployment
    const held = isHeldBack(live, rota.isDue(set.seats[row]!), now) ? 0.75 : 0
    troubles[row] = Math.max(known, held, unscored ? lineTrouble(live.queue) : 0)
  }
  const { admission, relaxed } =
    ceilings === NO_CEILINGS ? { admission: admitted, relaxed: null } : keepBelow(ceilings, rows, admitted)
  const { live } = admission
  const field = { candidates: set.targets, live, rows, troubles, rota, seats: set.seats, key: profile.affinity }
  provenFirst(field, set.targets, troubles, profile)
  const { sealedBy } = request.prompt
  const last = sealedBy.length === 0 ? null : recall(profile.affinity, true)
  const order = makersFirst(rank(field, choice.scoring), set.targets, troubles, sealedBy, last)
  const pick = pickOf(order, field, question, random)
  const shown = shownOf(pick.order, admission)
  const values = copyOf(rows, shown, admission.excluded)
  return { question, admission, relaxed, pick, shown, values, only: null }
}

/** Who goes first: the best, or another by chance. What only the maker of an earlier answer can read leaves nothing to chance. */
function pickOf(order: readonly number[], field: Field, question: Question, random: () => number): Pick {
  const { request, profile, choice, trials } = question
  const trial = trials.find(({ feature }) => feature === 'routing')
  const explores = mayExplore(request, profile, choice)
  const isFree = trial !== undefined && order.length > 0 && request.prompt.sealedBy.length === 0
  if (isFree && trial.control) {
    const chosen = choosesEffort(profile, choice) ? 1 - trial.share : 1
    return unchosen(order, field, { trial, unit: unitOf(request, profile), explores, chosen })
  }
  const own = explores ? explore(order, field, random) : { order, explored: false, propensity: 1 }
  const chance = chanceOfEffort(trials)
  const pick = chance === 1 ? own : { ...own, propensity: own.propensity * chance }
  return isFree && !withoutOf(trials).includes('effort') ? chosenBeside(pick, field, trial) : pick
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
