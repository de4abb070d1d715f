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
  readonly attempts: Pick<Attempts, 'made'> | null
}

/** The total is that of all attempts together. Times are durations in ms. */
interface Sums extends Total {
  readonly attempts: readonly AttemptRecord[]
  /** Of the first attempt that answered; null where none did, and for a whole answer. */
  readonly ttftMs: number | null
  readonly totalMs: number
  /** From the first frame in hand to the end; null where there was none. */
  readonly streamMs: number | null
  /** Of the last attempt that answered. */
  readonly finish: string | null
}

export interface FinalSummary extends Sums, Verdict {
  readonly check: null
}

export interface PendingSummary extends Sums, Judgement {
  /** What is still to be checked of the answer, in another thread. */
  readonly check: CheckRequest
}

export type Summary = FinalSummary | PendingSummary

/** `endedAt`: clock reading. */
export function summarise(ended: EndedRequest, endedAt: number): Summary {
  const { request, plan, attempts, answer } = ended
  const made = attempts?.made ?? []
  const first = made.find(({ answered }) => answered)
  const records = recordsOf(made, plan, request.startedAt, endedAt)
  const sums = {
    attempts: records,
    ...totalOf(records),
    ttftMs: first?.exchange.ttftMs ?? null,
    totalMs: endedAt - request.startedAt,
    streamMs: first === undefined ? null : endedAt - first.committedAt!,
    finish: answer?.exchange.track.finish ?? null,
  }
  const check = checkOf(ended)
  return isCheckRequest(check) ? { ...sums, ...PENDING, check } : concluded(ended, sums, check)
}

/** `result`: how the content of the answer was found to fit; null where there was nothing to check. */
export function concluded(ended: EndedRequest, sums: Sums, result: CheckResult | null): FinalSummary {
  const verdict = verdictOf(ended, result)
  const attempts = judgedAttempts(ended, sums.attempts, verdict.why)
  const total = attempts === sums.attempts ? null : totalOf(attempts)
  return { ...sums, attempts, ...total, ...verdict, check: null }
}

function judgedAttempts(
  { attempts, answer, error }: EndedRequest,
  records: readonly AttemptRecord[],
  why: Verdict['why'],
): readonly AttemptRecord[] {
  if (attempts === null || answer === null || error !== null) return records
  return withWaste(records, attempts.made.lastIndexOf(answer), answer.exchange.track, why)
}
