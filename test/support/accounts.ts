import { subjectOf } from '../../src/accounting/subject.ts'
import type { DecisionRecord } from '../../src/core/record.ts'
import type { Account, AttemptRecord, Cost, Settlement, Usage, Waste } from '../../src/core/settlement.ts'
import { totalOf } from '../../src/core/total.ts'
import type { GatewayRequest, RoutePlan } from '../../src/core/types.ts'
import { ATTEMPT, cost, gatewayRequest, usage } from './factories.ts'

/** A call of backend `a` that went well, unless it has an error. */
export const attempt = (model: string, error: AttemptRecord['error'] = null): AttemptRecord => ({
  ...ATTEMPT,
  backend: 'a',
  model,
  status: 200,
  error,
  answered: error === null,
  ttftMs: 50,
})

/** What its last call took, and whether it was of use. */
export type Ending = Partial<Omit<Settlement, 'total' | 'verdict'>> & {
  readonly usage?: Usage | null
  readonly cost?: Cost | null
  readonly waste?: Waste | null
  readonly success?: boolean
}

const DEFAULTS = {
  attempts: [attempt('m')],
  answered: true,
  ttftMs: 50,
  streamMs: 400,
  totalMs: 500,
  overheadMs: 1,
  finish: 'stop',
  status: 200,
  error: null,
  bytesOut: 10,
}

/** A useful answer by `a/m` that took ten tokens and five, and cost 1.5 USD. What it took stands on the last attempt. */
export function settlement({
  usage: told,
  cost: paid,
  waste = null,
  success = true,
  ...traits
}: Ending = {}): Settlement {
  const one = { ...DEFAULTS, ...traits }
  const took = told === undefined ? usage({ input: 10, cachedInput: 4, output: 5, reasoning: 2 }) : told
  const last = one.attempts.length - 1
  const attempts = one.attempts.map((attempt, index) =>
    index === last && (one.answered || waste !== null)
      ? {
          ...attempt,
          answered: one.answered,
          usage: one.answered ? took : null,
          cost: one.answered ? (paid === undefined ? cost(1_500_000_000) : paid) : null,
          waste,
        }
      : attempt,
  )
  const verdict = { success, score: success ? 1 : null, censored: false, why: null }
  return { ...one, attempts, total: totalOf(attempts), verdict }
}

/** A decision without candidates. */
export const record = (traits: Partial<DecisionRecord> = {}): DecisionRecord => ({
  request_id: 'req-1',
  route: 'coding',
  strategy: 'balanced',
  profile: { class: 'chat', difficulty: null, language: null, input_tokens: 10, needs: ['chat'], affinity: null },
  candidates: [],
  omitted: 0,
  pressure: 0,
  order: [],
  chosen: null,
  baseline: null,
  relaxed: null,
  explored: false,
  propensity: 1,
  ...traits,
})

/** A plan of the route `coding`. */
export const planOf = (traits: Partial<DecisionRecord> = {}): RoutePlan =>
  ({ route: traits.route ?? 'coding', refusal: null, record: record(traits) }) as RoutePlan

const STREAM = gatewayRequest({ model: 'm', stream: true }, { startedAt: 0 })

export function account(
  ending: Settlement = settlement(),
  {
    request = STREAM,
    plan = planOf(),
    route = plan?.route ?? null,
  }: { readonly request?: GatewayRequest; readonly plan?: RoutePlan | null; readonly route?: string | null } = {},
): Account {
  return { request, subject: subjectOf(request, route), plan, settlement: ending, endedAt: 1_700_000_000_000 }
}
