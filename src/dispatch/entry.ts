/** A place for a call at a backend that is not sent whatever comes: at once, after a wait in its queue, or none. */
import type { Gate } from '../backends/gate/gate.ts'
import type { Entrant, Refusal } from '../backends/gate/entrant.ts'
import { Pass } from '../backends/gate/pass.ts'
import { ERRORS, GatewayError } from '../core/errors.ts'
import { rankOf } from '../core/priority.ts'
import type { Caller, GatewayRequest, RoutePlan, Target } from '../core/types.ts'
import { calibrated } from '../decision/learn/calibration.ts'

/** `pass` null: its backend takes whatever it is sent. */
export interface Admitted {
  readonly target: Target
  readonly pass: Pass | null
  /** That it waited for it, ms. */
  readonly queuedMs: number
}

/** A target, and what stands before it; null: it takes whatever it is sent. */
export interface Door {
  readonly target: Target
  readonly gate: Gate | null
}

export interface Asking {
  readonly request: GatewayRequest
  readonly plan: RoutePlan
  readonly caller: Caller
  /** The request can be served elsewhere as well. */
  readonly others: boolean
  /** Where; read only if it has to wait. */
  readonly doors: () => Iterable<Door>
  /** When it began to wait, at backends before this one; null: it has not. Clock reading. */
  readonly since: number | null
  readonly now: () => number
}

/**
 * An error: there is none, or the caller has left, or the gateway stops. Who waits takes the first free place of any target that is as good,
 * once it has waited as long as its first token would come later there.
 */
export function enter(
  gate: Gate,
  target: Target,
  asking: Asking,
): Admitted | GatewayError | Promise<Admitted | GatewayError> {
  const { caller, now, plan } = asking
  const entered = gate.enter(entrantOf(target, asking))
  if (entered instanceof Pass) return { target, pass: entered, queuedMs: 0 }
  if ('refused' in entered) return refusalOf(entered, target)
  const since = now()
  const elsewhere = new Map<Entrant, Target>()
  for (const { target: peer, gate: other } of asking.doors()) {
    const later = other === null || other === gate ? null : plan.laterBy(target, peer, since)
    if (other === null || later === null) continue
    const entrant = entrantOf(peer, asking)
    elsewhere.set(entrant, peer)
    other.welcome(entrant, entered, since + Math.max(0, later))
  }
  let stopped: GatewayError | null = null
  caller.stop = (why): void => {
    stopped = why
    entered.cancel()
  }
  return entered.answer.then((answer) => {
    caller.stop = null
    if (answer instanceof Pass)
      return { target: elsewhere.get(answer.entrant) ?? target, pass: answer, queuedMs: now() - since }
    return answer === null ? stopped! : refusalOf(answer, target)
  })
}

function entrantOf(target: Target, { request, plan, others, since, now }: Asking): Entrant {
  const { deployment } = target
  const { profile, limits, maxTokens } = plan
  const expected = plan.expected(target)
  const most = Math.min(maxTokens ?? Infinity, deployment.facts.maxOutput ?? Infinity)
  // What is expected until its first token, without the wait that is decided about here.
  const start = Math.max(0, (expected?.ttftMs ?? 0) - 1000 * deployment.live.queue.seconds)
  const { startedAt, deadlineMs } = request
  return {
    caller: request.principal.id,
    priority: rankOf(request.priority),
    model: deployment.model,
    input: Math.ceil(calibrated(profile.inputTokens, deployment.calibration)),
    output: profile.generates ? Math.ceil(Math.min(profile.maxOutput ?? expected?.output ?? 0, most)) : 0,
    latest: Math.min(
      startedAt + limits.totalMs,
      startedAt + (deadlineMs ?? Infinity) - start,
      startedAt + (plan.maxTtftMs ?? Infinity) - start,
    ),
    others,
    since: since ?? now(),
  }
}

/** What the caller is told, where nobody else can serve it. */
function refusalOf({ refused, by, rest, retryAfterMs }: Refusal, { deployment }: Target): GatewayError {
  const name = `Backend "${deployment.backend.name}"`
  if (refused === 'moved')
    return new GatewayError('at_capacity', `${name} cannot be called any more; the request was waiting for it.`, {
      retryAfterMs: MOVED_MS,
    })
  const wait = retryAfterMs < 10_000 ? `${(retryAfterMs / 1000).toFixed(1)} s` : `${Math.round(retryAfterMs / 1000)} s`
  const held =
    rest !== null ? 'was refused what it asks for' : by === 'rate' ? 'is at its limit of a minute' : 'has no room'
  const why = {
    full: 'no more requests may wait for it',
    wait: 'none may wait for so long',
    deadline: 'that is too late for this request',
  }[refused]
  const code =
    rest !== null && ERRORS[rest].health !== 'busy' ? rest : by === 'rate' ? 'upstream_rate_limited' : 'at_capacity'
  return new GatewayError(code, `${name} ${held} for about ${wait}, and ${why}.`, { retryAfterMs })
}

/** Where it may be back soon. */
const MOVED_MS = 2_000
