/** What calls took where their backends do not say. Pure. */
import { ERRORS } from '../core/errors.ts'
import type { Usage } from '../core/settlement.ts'
import type { RoutePlan, Target } from '../core/types.ts'
import type { Attempt } from '../dispatch/attempt.ts'
import { calibrated } from '../decision/learn/calibration.ts'
import { usageSoFar } from '../formats/usage-so-far.ts'
import type { AnswerState } from '../formats/answer-state.ts'
import { NO_TOKENS } from '../core/no-tokens.ts'

type Failable = Pick<Attempt, 'target' | 'error'>

/** An answer that had begun. What the backend reported, else a guess from what came; a whole answer where all of it is charged. */
export function usageOfAnswer(track: AnswerState, { target, error }: Failable, plan: RoutePlan | null): Usage {
  const usage = usageSoFar(track, inputOf(target, plan), error === null)
  const ended = track.done || ((track.settled ?? track.reported) !== null && track.finish !== null)
  const whole = ended && !track.cutShort
  return whole || !chargedInFull(target, track.cutShort || hungUp(error)) ? usage : inFull(usage, target, plan)
}

/** A call that ended before its answer began, on a backend that was at work on it: what that reported, else the prompt was read. */
export function usageOfFailure(reported: Usage | null, { target, error }: Failable, plan: RoutePlan | null): Usage {
  const usage = reported ?? { ...NO_TOKENS, input: inputOf(target, plan), estimated: true }
  return chargedInFull(target, hungUp(error)) ? inFull(usage, target, plan) : usage
}

const inputOf = ({ deployment }: Target, plan: RoutePlan | null): number =>
  Math.round(calibrated(plan?.profile.inputTokens ?? 0, deployment.calibration))

/** `left`: the gateway has ended the call before the backend did. */
const chargedInFull = ({ deployment }: Target, left: boolean): boolean =>
  left && deployment.backend.onAbort === 'estimate'

const hungUp = (error: Failable['error']): boolean => error !== null && ERRORS[error.code].hungUp

/** With the output that was expected of the whole answer, where less of it came. */
function inFull(usage: Usage, target: Target, plan: RoutePlan | null): Usage {
  const expected = plan?.expected(target) ?? null
  return {
    ...usage,
    output: Math.max(usage.output, Math.round(expected?.output ?? 0)),
    reasoning: Math.max(usage.reasoning, Math.round(expected?.reasoning ?? 0)),
    estimated: true,
  }
}
