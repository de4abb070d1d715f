/** What a request came to, in one value: its answer, its headers and its record report views of it. Pure. */
import type { AttemptRecord } from '../core/request-record.ts'
import type { CheckResult, Judgement, Total, Verdict } from '../core/settlement.ts'
import { totalOf } from '../core/total.ts'
import type { Attempt } from '../dispatch/attempt.ts'
import type { Attempts } from '../dispatch/attempts.ts'
import { recordsOf, withWaste } from './attempt-records.ts'
import { checkOf, type CheckRequest, isCheckRequest } from './fit.ts'
import { type JudgedRequest, PENDING, verdictOf } from './verdict.ts'

export interface EndedRequest extends JudgedRequest {
  readonly answer: Attempt | null
  /** Null where it ended before any call. */
  readonly attempts: Pick<Attempts, 'made' | 'first'> | null
}

/** Times are durations in ms. */
interface Sums {
  readonly attempts: readonly AttemptRecord[]
  /** Of all attempts together. */
  readonly total: Total
  /** Of the first attempt that answered; null where none did, and for a whole answer. */
  readonly ttftMs: number | null
  readonly totalMs: number
  /** From the first frame in hand to the end; null where there was none. */
  readonly streamMs: number | null
  /** Of the last attempt that answered. */
  readonly finish: string | null
}

export interface FinalSummary extends Sums {
  readonly verdict: Verdict
  readonly check: null
}

export interface PendingSummary extends Sums {
  readonly verdict: Judgement
  /** What is still to be checked of the answer, in another thread. */
  readonly check: CheckRequest
}

export type Summary = FinalSummary | PendingSummary

/** `endedAt`: clock reading. */
export function summarise(ended: EndedRequest, endedAt: number): Summary {
  const { request, plan, attempts } = ended
  const records = recordsOf(attempts?.made ?? [], plan, request.startedAt, endedAt)
  const check = checkOf(ended)
  if (isCheckRequest(check)) return summaryOf(ended, records, endedAt, PENDING, check)
  const verdict = verdictOf(ended, check)
  return summaryOf(ended, judgedAttempts(ended, records, verdict.why), endedAt, verdict, null)
}

/** The summary once its answer was checked. */
export function concluded(ended: EndedRequest, pending: PendingSummary, result: CheckResult): FinalSummary {
  const verdict = verdictOf(ended, result)
  const attempts = judgedAttempts(ended, pending.attempts, verdict.why)
  return { ...pending, attempts, total: totalOf(attempts), verdict, check: null }
}

function summaryOf<V extends Judgement, C extends CheckRequest | null>(
  { request, attempts, answer }: EndedRequest,
  records: readonly AttemptRecord[],
  endedAt: number,
  verdict: V,
  check: C,
): Sums & { readonly verdict: V; readonly check: C } {
  const first = attempts?.first ?? null
  return {
    attempts: records,
    total: totalOf(records),
    ttftMs: first === null ? null : first.exchange.ttftMs,
    totalMs: endedAt - request.startedAt,
    streamMs: first === null ? null : endedAt - first.committedAt!,
    finish: answer === null ? null : answer.exchange.track.finish,
    verdict,
    check,
  }
}

function judgedAttempts(
  { attempts, answer, error }: EndedRequest,
  records: readonly AttemptRecord[],
  why: Verdict['why'],
): readonly AttemptRecord[] {
  if (attempts === null || answer === null || error !== null) return records
  return withWaste(records, attempts.made.lastIndexOf(answer), answer.exchange.track, why)
}
