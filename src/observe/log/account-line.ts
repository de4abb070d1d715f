/** A finished request and its decision as JSON objects, for the log and the ledger. No prompts, no secrets, no addresses. */
import { requestedModel } from '../../core/requested-model.ts'
import type { Account, Judgement, Settlement, Total } from '../../core/settlement.ts'
import { wasteInAll } from '../../core/total.ts'
import { causeOf, failureOf } from './failure.ts'

const round = (ms: number | null): number | null => (ms === null ? null : Math.round(ms * 10) / 10)

/** The line of a finished request, without its decision. */
export function accountLine(account: Account): object {
  const { request, subject, settlement } = account
  const { error } = settlement
  return {
    request_id: request.id,
    caller: request.principal.id,
    endpoint: request.endpoint.id,
    model: requestedModel(account),
    stream: request.stream,
    status: settlement.status,
    team: subject.team ?? undefined,
    user: subject.user ?? undefined,
    session: subject.session ?? undefined,
    agent: subject.agent ?? undefined,
    error: error === null ? undefined : { ...failureOf(error), cause: causeOf(error.cause) },
    overhead_ms: round(settlement.overheadMs),
    bytes_out: settlement.bytesOut,
  }
}

/** The record of design 2.7, outcome included; null where nothing was decided. */
export function decisionOf({ plan, settlement }: Account): object | null {
  return plan === null ? null : { ...plan.record, outcome: outcomeOf(settlement) }
}

/** `outcome` of the decision record. */
export const outcomeOf = (settlement: Settlement<Judgement>): object => ({
  attempts: settlement.attempts.map(({ backend, model, status, error, ttftMs }) => ({
    backend,
    model,
    status,
    error,
    ttft_ms: round(ttftMs),
  })),
  ...totalShown(settlement.total),
  ttft_ms: round(settlement.ttftMs),
  total_ms: round(settlement.totalMs),
  finish: settlement.finish,
  success: settlement.verdict.success,
  score: settlement.verdict.score,
  why: settlement.verdict.why,
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
  cost_usd: total.cost === null ? null : total.cost.nanoUsd / 1e9,
  cost_partial: total.partial || undefined,
  cost_source: total.cost?.source,
  wasted: wasteInAll(total),
})
