/** What a policy would have chosen among what was on offer, with the gateway's own scoring. Pure. */
import { loadOf } from '../core/load.ts'
import { ENDPOINTS } from '../core/endpoints.ts'
import type { Provider } from '../core/provider.ts'
import { NANO_USD } from '../core/money.ts'
import { isUnscored, scoringName } from '../core/strategies.ts'
import { COLUMN, COLUMNS, RECORDED } from '../core/terms.ts'
import { newRoom } from '../decision/learn/room.ts'
import { isOutOfReach } from '../decision/route/bounds.ts'
import { relax } from '../decision/route/ceilings.ts'
import { filterRow } from '../decision/route/filters.ts'
import { rank } from '../decision/route/pick.ts'
import { comparable } from '../decision/route/predict.ts'
import { score, weightsOf } from '../decision/route/utility.ts'
import type { Logged, LoggedOption } from './logged.ts'
import { isWithin, keyBound, type ReplayPlace, type ReplayPolicy, runsHere } from './policy.ts'
import { type ReplayRule, ruleOf } from './rule.ts'

export interface ReplayJudgement {
  /** Place among the options; null: none. */
  readonly choice: number | null
  /** Null where there is a choice. `refused`: the policy rules all of them out; `not_recorded`: what it would ask is not in the record. */
  readonly why: 'unknown_model' | 'refused' | 'not_recorded' | null
  /** The policy would have considered others too, and the record has no expectation of them. */
  readonly incomplete: boolean
  readonly passedOver: boolean
  readonly route: string | null
  readonly strategy: string | null
}

export function replayOne(logged: Logged, policy: ReplayPolicy): ReplayJudgement {
  const rule = ruleOf(policy, logged)
  if (rule === null) {
    const nothing = { choice: null, incomplete: false, passedOver: false, route: null, strategy: null }
    return { ...nothing, why: 'unknown_model' }
  }
  const { options } = logged
  const admitted = (place: ReplayPlace): boolean => isAdmitted(place, rule, logged, policy)
  let incomplete = isBeyond(rule, logged, policy, admitted)
  const dropped = options.map((option): string | null => {
    if (!admitted(option)) return 'route'
    // All other filters tell a fact, which no policy changes.
    if (option.dropped !== null && filterRow(option.dropped)?.byPolicy !== true) return option.dropped
    if (Number.isFinite(option.expected.total_ms) && isAsked(option, rule, options)) return null
    incomplete ||= Number.isNaN(option.expected.total_ms) || !options.some((one) => isSame(one, option) && isPlain(one))
    return 'not_recorded'
  })
  const first = order(logged, rule, dropped, policy)[0] ?? null
  return {
    choice: first,
    why: first !== null ? null : incomplete ? 'not_recorded' : 'refused',
    incomplete,
    passedOver: rule.passedOver,
    route: rule.route,
    strategy: scoringName(rule.scoring),
  }
}

/** What the record does not tell is the same of all. */
const LIKE = { weight: 1, calls: 0, room: newRoom(), pace: 0, lag: 0 }

/** By utility; where some are as good as each other load has decided, so the one that was chosen goes first. */
function order(logged: Logged, rule: ReplayRule, dropped: (string | null)[], policy: ReplayPolicy): number[] {
  const { options, chosen } = logged
  const rows = new Float64Array(options.length * COLUMNS)
  const weights = weightsOf(rule.scoring)
  options.forEach((option, row) => {
    if (dropped[row] !== null) return
    fillFromRecord(rows, row, option, policy)
    score(rows, row, weights, logged.stream)
  })
  const { maxCostUsd, maxTtftMs } = rule.spec ?? { maxCostUsd: null, maxTtftMs: null }
  relax({ cost: NANO_USD * (maxCostUsd ?? Infinity), ttft: maxTtftMs ?? Infinity, total: Infinity }, rows, dropped)
  const live = [...dropped.keys()].filter((row) => dropped[row] === null)
  const asked = options[chosen]!.id
  const deployments = new Map(
    options.map(({ id }) => [
      id,
      { id, backend: LIKE, health: LIKE, live: { load: loadOf(id === asked ? 0 : 1) }, latency: LIKE },
    ]),
  )
  const candidates = options.map(({ id }) => ({ deployment: deployments.get(id)!, effort: null }))
  const unknown = { rota: null, seats: [], key: null }
  return rank({ ...unknown, candidates, live, rows, troubles: new Float64Array(options.length) }, rule.scoring)
}

/** A candidate of a record as a row of numbers: what the record does not hold is unknown, and weighs nothing. */
export function fillFromRecord(
  rows: Float64Array,
  row: number,
  option: LoggedOption,
  { backends }: Pick<ReplayPolicy, 'backends'>,
): void {
  const { expected } = option
  const at = row * COLUMNS
  rows.fill(NaN, at, at + COLUMNS)
  for (const { field, column, per } of RECORDED) rows[at + column] = expected[field] * per
  rows[at + COLUMN.cached] ||= 0
  if (!Number.isNaN(expected.compared_usd)) return
  // The log is of a gateway that did not say.
  const { input_tokens: input, output_tokens: output, total_ms: total } = expected
  const cost = rows[at + COLUMN.cost]!
  rows[at + COLUMN.compared] = comparable(cost, runsHere(option, backends), input, output, total / 1000)
}

function isAdmitted(place: ReplayPlace, rule: ReplayRule, { caller, endpoint }: Logged, policy: ReplayPolicy): boolean {
  const backend = policy.backends.get(place.backend)
  if (backend === undefined || !hasEndpoint(backend.provider, endpoint) || !rule.takes(place)) return false
  const { spec, scoring } = rule
  return isWithin(place, { spec, scoring, key: keyBound(caller, place, policy) }, policy.backends)
}

/** `endpoint`: its id, as the log has it. */
function hasEndpoint({ endpoints }: Provider, endpoint: string): boolean {
  const asks = ENDPOINTS.find(({ id }) => id === endpoint)?.asks ?? null
  return asks !== null && endpoints[asks] !== undefined
}

/** Efforts are candidates only where the gateway scores; else a model is asked as it is. */
const isAsked = (option: LoggedOption, { open, scoring }: ReplayRule, options: readonly LoggedOption[]): boolean =>
  (open && !isUnscored(scoring)) || isPlain(option) || options.filter((one) => isSame(one, option)).length === 1

const isPlain = ({ effort }: LoggedOption): boolean => effort === null
const isSame = (one: ReplayPlace, other: ReplayPlace): boolean => one.id === other.id

/** Whether the policy leads to a model that the record does not hold. */
function isBeyond(
  rule: ReplayRule,
  logged: Logged,
  policy: ReplayPolicy,
  admitted: (place: ReplayPlace) => boolean,
): boolean {
  const { options, endpoint } = logged
  const recorded = (place: ReplayPlace): boolean => options.some((option) => isSame(option, place))
  if (policy.declared.some((place) => admitted(place) && !recorded(place))) return true
  for (const [name, backend] of policy.backends) {
    const { provider } = backend
    if (provider.discovery.length === 0 || !hasEndpoint(provider, endpoint)) continue
    if (isOutOfReach(backend, rule)) continue
    if (options.some((option) => option.backend === name)) continue
    if (rule.patterns.some((pattern) => leadsTo(name, pattern))) return true
  }
  return false
}

/** Whether the pattern is about this backend; one that names models only may or may not be. */
function leadsTo(backend: string, pattern: string): boolean {
  const [head = ''] = pattern.split('*')
  if (head.includes('/')) return head.startsWith(`${backend}/`)
  return pattern === '*' || (pattern.includes('/') && `${backend}/`.startsWith(head))
}
