/** Calls as they ended -> attempts as they count: what each took, cost and wasted. Pure. */
import type { ErrorCode } from '../core/errors.ts'
import type { Attempt, Cost, Tried, Usage, Verdict, Waste } from '../core/settlement.ts'
import type { RoutePlan } from '../core/types.ts'
import type { AnswerTrack } from '../protocol/track.ts'
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
  readonly track: AnswerTrack | null
  readonly why: Verdict['why']
}

export function attemptsOf(counted: Counted): Attempt[] {
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
      ttftMs: one.ttftMs,
      startedMs: one.startedAt - startedAt,
      totalMs: one.endedAt - one.startedAt,
      answeredAs: answered ? track.model : null,
      chunks: answered ? track.size.events : 0,
      usage: own,
      cost: costOf(own, one.target.deployment.facts.price, engineSeconds(one)),
      waste: answered
        ? wasteOf({ track, usage: own, error: one.error, why })
        : wasteOfFailure(one, tried[index + 1] ?? null, own),
    }
  })
}

/** By these it is seen that the backend had the prompt and was at work on it. */
const AT_WORK: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'client_closed',
  'ttft_timeout',
  'idle_timeout',
  'total_timeout',
  'deadline_exceeded',
  'upstream_incomplete',
  'upstream_bad_response',
])

const isAtWork = ({ error, sent }: Tried): boolean => sent && error !== null && AT_WORK.has(error.code)

/** A call that ended before its answer had begun: the prompt, read for nothing. */
function wasteOfFailure({ target, error }: Tried, next: Tried | null, usage: Usage | null): Waste | null {
  if (error === null || usage === null) return null
  const tokens = usage.input + usage.output
  if (error.code === 'client_closed') return { reason: 'client_abort', tokens }
  if (next === null) return { reason: 'truncated', tokens }
  return { reason: next.target.deployment === target.deployment ? 'retry' : 'failover', tokens }
}

/** Of all attempts together; null where none told or was estimated. */
export function usageOfAll(attempts: readonly Attempt[]): Usage | null {
  let sum: Usage | null = null
  for (const { usage } of attempts) if (usage !== null) sum = sum === null ? usage : added(sum, usage)
  return sum
}

const added = (one: Usage, other: Usage): Usage => ({
  input: one.input + other.input,
  cachedInput: one.cachedInput + other.cachedInput,
  cacheWrite: one.cacheWrite + other.cacheWrite,
  audioInput: one.audioInput + other.audioInput,
  imageInput: one.imageInput + other.imageInput,
  output: one.output + other.output,
  reasoning: one.reasoning + other.reasoning,
  audioOutput: one.audioOutput + other.audioOutput,
  chargedNanoUsd:
    one.chargedNanoUsd === null || other.chargedNanoUsd === null ? null : one.chargedNanoUsd + other.chargedNanoUsd,
  tier: other.tier,
  estimated: one.estimated || other.estimated,
})

/** Of all attempts together; null where one that took tokens has no known cost, or none took any. */
export function costOfAll(attempts: readonly Attempt[]): Cost | null {
  let sum: Cost | null = null
  for (const { usage, cost } of attempts) {
    if (usage === null) continue
    if (cost === null) return null
    sum =
      sum === null
        ? cost
        : { nanoUsd: sum.nanoUsd + cost.nanoUsd, source: cost.source, estimated: sum.estimated || cost.estimated }
  }
  return sum
}
