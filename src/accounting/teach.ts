/** What the next decisions learn from the answers of a request. */
import type { Usage } from '../core/settlement.ts'
import type { RequestProfile, RoutePlan } from '../core/types.ts'
import type { ModelStats } from '../decision/learn/model-stats.ts'
import type { Conversations } from '../decision/route/conversations.ts'
import type { Tails } from '../decision/learn/tails.ts'
import type { Attempt } from '../dispatch/attempt.ts'
import { isCut } from '../dispatch/trim.ts'
import type { SettledRequest } from './request-record.ts'
import type { RequestLife } from './request-life.ts'

export type Lessons = Pick<ModelStats, 'learn' | 'follow' | 'heed'> & { readonly tails: Pick<Tails, 'learn'> }

export function teach(settled: SettledRequest, lessons: Lessons): void {
  const { plan, attempts } = settled.life
  if (plan === null || attempts === null) return
  for (const attempt of attempts.made) if (attempt.answered) teachAnswer(attempt, plan, settled, lessons)
  if (plan.trials.some(({ feature }) => feature === 'trim')) teachTails(attempts.made, plan, settled, lessons)
}

/** Of a route that limits answers by how long others were: those that are not limited teach as well. */
function teachTails(
  made: readonly Attempt[],
  { profile }: RoutePlan,
  { life: { request, answer } }: SettledRequest,
  { tails }: Lessons,
): void {
  if (profile.features === null || request.prompt.choices !== 1 || request.prompt.prompts !== 1) return
  for (const attempt of made) {
    const { target, error, trimmed, exchange } = attempt
    const again = error?.code === 'trimmed'
    if (!again && (attempt !== answer || error !== null)) continue
    const usage = again ? null : knownUsage(attempt)
    tails.learn(target.arm.id, profile.features.class, {
      output: usage?.output ?? null,
      reasoning: usage?.reasoning ?? 0,
      unfinished: exchange.track.finish === 'length',
      cutAt: again || isCut(attempt) ? trimmed : null,
    })
  }
}

function teachAnswer(attempt: Attempt, plan: RoutePlan, settled: SettledRequest, lessons: Lessons): void {
  const { life, summary } = settled
  const { request } = life
  const { profile, limits } = plan
  const { verdict } = summary
  const { target, exchange, load, place, error, cold } = attempt
  const now = request.startedAt + summary.totalMs
  const whole = error === null
  const { ttftMs } = exchange
  // The verdict is about the answer that came last.
  const isJudged = attempt === life.answer
  const usage = knownUsage(attempt)
  tellFollower(attempt, usage, profile, now)
  lessons.learn({
    requestId: request.id,
    caller: request.principal.id,
    profile,
    target,
    load,
    place: exchange.streamed ? place : null,
    usage,
    valid: !isJudged || verdict.score === null || verdict.censored ? null : verdict.score > 0,
    cut: isJudged && verdict.censored,
    // Longer than that only a load takes: of one that was not foreseen nothing is to be learnt.
    ttftMs: ttftMs !== null && ttftMs > limits.ttftMs && !cold ? null : ttftMs,
    cold: cold ? { toldMs: exchange.track.loadMs ?? null } : null,
    // A whole answer that goes out as a stream has none.
    streamMs: whole && ttftMs !== null ? now - attempt.committedAt! : null,
    totalMs: whole && ttftMs === null ? now - attempt.startedAt : null,
    before: place?.kept ?? 0,
  })
}

/** Blocks that an engine reports as stored are matched with the prompt of this answer. */
function tellFollower(
  { deployment, startedAt, error }: Attempt,
  usage: Usage | null,
  profile: RequestProfile,
  now: number,
): void {
  if (error !== null || usage === null) return
  const { live, cache } = deployment
  if (live.follower === null) return
  const { prefix } = profile
  live.follower.answered({ cache, prefix, tokens: usage.input, kept: usage.cachedInput, from: startedAt, to: now })
}

/** What is a guess itself teaches nothing. */
const knownUsage = ({ exchange }: Attempt): Usage | null => {
  const { reported } = exchange.track
  return reported?.estimated === true ? null : reported
}

/** The conversation is here from now on. Done at once: an agent's next request may come within a millisecond. */
export function follow({ request, plan, answer }: RequestLife, totalMs: number, conversations: Conversations): void {
  const affinity = plan?.profile.affinity ?? null
  if (affinity === null || answer === null || answer.error !== null) return
  const { id, model } = answer.deployment
  conversations.remember(affinity, { deployment: id, model, at: request.startedAt + totalMs })
}
