/** Calls as they ended -> attempts as they count: what each took, cost and wasted. Pure. */
import { ERRORS } from '../core/errors.ts'
import type { AttemptRecord } from '../core/request-record.ts'
import type { Tried, Usage, Verdict, Waste } from '../core/settlement.ts'
import type { RoutePlan } from '../core/types.ts'
import type { AnswerState } from '../formats/answer-state.ts'
import { costOf, engineSeconds } from './cost.ts'
import { usageOfAnswer, usageOfFailure } from './estimate.ts'
import { wasteOf } from './waste.ts'

export interface Counted {
  readonly plan: RoutePlan | null
  /** When the request began; clock reading. */
  readonly startedAt: number
  /** The answering one, if there is one, is the last. */
  readonly tried: readonly Tried[]
  /** The answer that had begun; null where none had. */
  readonly track: AnswerState | null
  readonly why: Verdict['why']
}

export function attemptsOf(counted: Counted): AttemptRecord[] {
  const { plan, startedAt, tried, track, why } = counted
  return tried.map((one, index) => {
    const answered = track !== null && index === tried.length - 1
    const own = answered ? usageOfAnswer(track, one, plan) : isAtWork(one) ? usageOfFailure(one, plan) : null
    return {
      backend: one.target.deployment.backend.name,
      model: one.target.deployment.model,
      effort: one.target.effort,
      status: one.status,
      error: one.error?.code ?? null,
      answered,
      ttftMs: one.ttftMs,
      startedMs: one.startedAt - startedAt,
      totalMs: one.endedAt - one.startedAt,
      answeredAs: answered ? nameOf(one.target.deployment.model, track.model) : null,
      chunks: answered ? track.size.events : 0,
      usage: own,
      cost: costOf(own, one.target.deployment.facts.price, engineSeconds(one)),
      waste: answered
        ? wasteOf({ track, usage: own, error: one.error, why })
        : wasteOfFailure(one, tried[index + 1] ?? null, own),
      expected: answered ? (plan?.expected(one.target) ?? null) : null,
    }
  })
}

/** What follows the name of a model in that of a version of it. */
const VERSION = /^[-@:]\d[\d.-]{0,15}$/

/** The model that answered, as its engine names it: the one that was called, or a dated version of it. Any other text may be anything. */
function nameOf(model: string, named: string | null): string | null {
  if (named === null || named === model) return named
  return named.startsWith(model) && VERSION.test(named.slice(model.length)) ? named : 'other'
}

const isAtWork = ({ error, sent, told }: Tried): boolean =>
  told !== null || (sent && error !== null && ERRORS[error.code].atWork)

/** A call that ended before its answer had begun: the prompt, read for nothing. */
function wasteOfFailure({ target, error }: Tried, next: Tried | null, usage: Usage | null): Waste | null {
  if (error === null || usage === null) return null
  const tokens = usage.input + usage.output
  if (error.code === 'client_closed') return { reason: 'client_abort', tokens }
  if (next === null) return { reason: 'truncated', tokens }
  return { reason: next.target.deployment === target.deployment ? 'retry' : 'failover', tokens }
}
