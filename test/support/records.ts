import { CHAT } from '../../src/core/endpoints.ts'
import { GatewayError } from '../../src/core/errors.ts'
import type { DecisionRows } from '../../src/core/decision-rows.ts'
import { type AttemptRecord, lastAnswer, type RequestRecord } from '../../src/core/request-record.ts'
import type { Cost, Usage, Waste } from '../../src/core/settlement.ts'
import { totalOf } from '../../src/core/total.ts'
import { failureRecordOf } from '../../src/observe/log/failure.ts'
import { ATTEMPT, cost, usage } from './factories.ts'

/** A call of backend `a` that went well and answered, unless it has an error. */
export const attempt = (model: string, error: AttemptRecord['error'] = null): AttemptRecord => ({
  ...ATTEMPT,
  backend: 'a',
  model,
  status: 200,
  error,
  answered: error === null,
  ttftMs: 50,
})

/** A request of the route `coding` before anything was called for it. */
const REQUEST: RequestRecord = {
  id: 'req-1',
  key: 'anonymous',
  team: null,
  user: null,
  route: 'coding',
  session: null,
  agent: null,
  endpoint: CHAT.id,
  path: CHAT.path,
  requestedModel: 'm',
  stream: true,
  labels: {},
  trace: null,
  sampling: null,
  explained: false,
  repeated: false,
  step: null,
  hinted: null,
  planned: true,
  strategy: 'balanced',
  class: 'chat',
  explored: false,
  trials: [],
  affinity: null,
  maxTokens: null,
  baseline: null,
  decision: null,
  attempts: [],
  calls: 0,
  answered: false,
  backend: null,
  model: null,
  effort: null,
  tokens: null,
  cost: null,
  partial: false,
  waste: [],
  ttftMs: null,
  totalMs: 500,
  streamMs: null,
  queueMs: 0,
  overheadMs: 1,
  endedAt: 1_700_000_000_000,
  finish: null,
  success: false,
  score: null,
  why: null,
  status: 200,
  error: null,
  failure: null,
  bytesOut: 10,
}

/** A request after these calls: what follows from them, follows from them. */
export function after(attempts: readonly AttemptRecord[], traits: Partial<RequestRecord> = {}): RequestRecord {
  const place = lastAnswer({ attempts }) ?? attempts.at(-1) ?? null
  return {
    ...REQUEST,
    attempts,
    calls: attempts.length,
    answered: attempts.some(({ answered }) => answered),
    backend: place?.backend ?? null,
    model: place?.model ?? null,
    effort: place?.effort ?? null,
    ...totalOf(attempts),
    ...traits,
  }
}

/** How a request ended that was answered by `a/m`, with ten tokens and five, for 1.5 USD. */
export interface Ending extends Partial<Omit<RequestRecord, 'error' | 'cost'>> {
  /** Of the last attempt. */
  readonly usage?: Usage | null
  readonly cost?: Cost | null
  readonly wasted?: Waste | null
  readonly error?: GatewayError | null
}

export function finished(ending: Ending = {}): RequestRecord {
  const { usage: told, cost: paid, wasted = null, error = null, success = true, ...traits } = ending
  const took = told === undefined ? usage({ input: 10, cachedInput: 4, output: 5, reasoning: 2 }) : told
  const given = traits.attempts ?? [attempt('m')]
  const answered = traits.answered ?? true
  const attempts = given.map((one, index) =>
    index === given.length - 1
      ? {
          ...one,
          answered,
          usage: answered ? took : one.usage,
          cost: answered ? (paid === undefined ? cost(1_500_000_000) : paid) : one.cost,
          waste: wasted,
        }
      : { ...one, answered: false },
  )
  return after(attempts, {
    ...{ ttftMs: 50, streamMs: 400, finish: 'stop', success, score: success ? 1 : null },
    ...(error === null ? {} : { error: error.code, failure: failureRecordOf(error) }),
    ...traits,
    attempts,
  })
}

/** A decision without candidates. */
export const decided = (traits: Partial<DecisionRows> = {}): DecisionRows => ({
  requestId: 'req-1',
  route: 'coding',
  strategy: 'balanced',
  class: 'chat',
  step: null,
  difficulty: null,
  language: null,
  inputTokens: 10,
  needs: ['chat'],
  affinity: null,
  candidates: [],
  excluded: [],
  values: [],
  omitted: 0,
  order: [],
  baseline: null,
  ceilings: { cost: null, ttft: null, total: null },
  relaxed: null,
  pressure: 0,
  trials: [],
  explored: false,
  propensity: 1,
  maxTokens: null,
  ...traits,
})
