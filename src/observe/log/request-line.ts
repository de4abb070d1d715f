/** A finished request as JSON objects, for the log and the ledger. No prompts, no secrets, no addresses. */
import { type CandidateName, type DecisionRows, valueOf } from '../../core/decision-rows.ts'
import { usdOf } from '../../core/money.ts'
import type { AttemptRecord, RequestRecord } from '../../core/request-record.ts'
import type { Total } from '../../core/settlement.ts'
import { COLUMN } from '../../core/terms.ts'
import { wasteInAll } from '../../core/total.ts'
import { failureLine } from './failure.ts'

const round = (ms: number | null): number | null => (ms === null ? null : Math.round(ms * 10) / 10)

/** The line of a finished request: what it was, where it went and what came next to it, and what it came to; without the whole decision. */
export const requestLine = (record: RequestRecord): object => ({
  request_id: record.id,
  caller: record.key,
  endpoint: record.endpoint,
  model: record.requestedModel,
  stream: record.stream,
  status: record.status,
  team: record.team ?? undefined,
  user: record.user ?? undefined,
  session: record.session ?? undefined,
  agent: record.agent ?? undefined,
  error: record.error === null || record.failure === null ? undefined : failureLine(record.error, record.failure),
  overhead_ms: round(record.overheadMs),
  bytes_out: record.bytesOut,
  route: record.route ?? undefined,
  strategy: record.strategy ?? undefined,
  class: record.class ?? undefined,
  chosen: choiceOf(record.decision, 0),
  next: choiceOf(record.decision, 1),
  outcome: outcomeOf(record),
})

/** The candidate at a place of the order; absent where there is none. */
function choiceOf(decision: DecisionRows | null, place: number): object | undefined {
  const name = decision?.order[place]
  if (decision === null || name === undefined) return undefined
  const utility = valueOf(decision, placeOf(decision, name), COLUMN.utility)
  return {
    backend: name.backend,
    model: name.model,
    effort: name.effort ?? undefined,
    utility: utility === null ? null : Math.round(utility * 1000) / 1000,
  }
}

const placeOf = ({ candidates }: DecisionRows, { id, effort }: CandidateName): number =>
  candidates.findIndex((one) => one.id === id && one.effort === effort)

/** What a record must hold for `outcomeOf`: that of an answer that is about to end will do. */
export type RequestOutcome = Total &
  Pick<RequestRecord<boolean | null>, 'ttftMs' | 'totalMs' | 'finish' | 'success' | 'score' | 'why'> & {
    readonly attempts: readonly Pick<AttemptRecord, 'backend' | 'model' | 'status' | 'error' | 'ttftMs'>[]
  }

/** `outcome` of the decision record. */
export const outcomeOf = (record: RequestOutcome): object => ({
  attempts: record.attempts.map(({ backend, model, status, error, ttftMs }) => ({
    backend,
    model,
    status,
    error,
    ttft_ms: round(ttftMs),
  })),
  ...totalShown(record),
  ttft_ms: round(record.ttftMs),
  total_ms: round(record.totalMs),
  finish: record.finish,
  success: record.success,
  score: record.score,
  why: record.why,
})

const totalShown = (total: Total): object => ({
  tokens:
    total.tokens === null
      ? null
      : {
          input: total.tokens.input,
          cached_input: total.tokens.cachedInput,
          output: total.tokens.output,
          reasoning: total.tokens.reasoning,
          estimated: total.tokens.estimated || undefined,
        },
  cost_usd: total.cost === null ? null : usdOf(total.cost.nanoUsd),
  cost_partial: total.partial || undefined,
  cost_source: total.cost?.source,
  wasted: wasteInAll(total),
})
