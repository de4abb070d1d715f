/** RoutePlan -> Committed: attempts in order until the first frame of an answer is in hand. */
import { clientClosed, ERRORS, GatewayError } from '../core/errors.ts'
import type { Limits } from '../core/settings.ts'
import type { Caller, Deployment, GatewayRequest, RoutePlan, Target } from '../core/types.ts'
import { mayLoad } from '../backends/fleet/health.ts'
import type { Fleet } from '../backends/fleet/fleet.ts'
import type { Place } from '../backends/fleet/places.ts'
import { composeHeaders } from '../backends/upstream/call-headers.ts'
import { Exchange } from '../backends/upstream/exchange.ts'
import { badAnswer } from '../backends/upstream/fault.ts'
import type { Pools } from '../backends/upstream/pools.ts'
import { nextStep } from './next-step.ts'
import type { Trail } from '../core/trail.ts'
import { checksOf } from '../formats/answer-collector.ts'
import { usageTold } from '../formats/usage-so-far.ts'
import { asks } from '../decision/classify/lacking.ts'
import { calibrated } from '../decision/learn/calibration.ts'
import { atOnce, inSlices } from '../core/slices.ts'
import { LARGE_BYTES } from '../formats/json/parse-large.ts'
import type { BackendSide, PieceRecoder } from '../formats/format.ts'
import { type Formats, formatNamed } from '../formats/formats.ts'

/** An answer has begun: from here on no other backend can be asked without the caller seeing it. */
export interface Committed {
  readonly exchange: Exchange
  readonly deployment: Deployment
  readonly target: Target
  /** Calls that were open beside it when it was sent. */
  readonly open: number
  readonly place: Place | null
  /** The whole answer as the caller should see it, where it was not streamed. */
  readonly body: Buffer | null
  /** For an answer that comes in pieces and may have to change its form. */
  readonly recoder: PieceRecoder | null
}

/** The parts of the gateway that a dispatch works with. */
export interface DispatchTools {
  readonly fleet: Fleet
  readonly pools: Pools
  readonly formats: Formats
  readonly now: () => number
  readonly userAgent: string
}

interface Failed {
  readonly deployment: Deployment
  readonly error: GatewayError
}

/** Throws the GatewayError that the caller should see. */
export async function dispatch(
  request: GatewayRequest,
  plan: RoutePlan,
  caller: Caller,
  trail: Trail,
  tools: DispatchTools,
): Promise<Committed> {
  const budget = plan.limits.attempts
  const queue = request.noFallback ? plan.order.slice(0, 1) : [...plan.order]
  const failures: Failed[] = []
  let asked = 0
  const withoutUsage = new Set<Deployment>()
  let changes: readonly string[] = []
  while (queue.length > 0 && asked < budget) {
    const target = queue.shift()!
    const { deployment } = target
    const place = deployment.backend.provider.endpoints[request.endpoint.id]!
    const format = formatNamed(place.format, tools.formats).backend
    const withUsage = format.asksUsage(request, deployment)
    asked++
    const outcome = await attempt(request, plan, target, caller, trail, tools, format, changes)
    if (!(outcome instanceof GatewayError)) {
      trail.committedAt = tools.now()
      if (changes.length > 0) tools.fleet.adapted(deployment, changes)
      return outcome
    }
    if (outcome.code === 'client_closed' || outcome.code === 'shutting_down') throw outcome
    if (withUsage && !withoutUsage.has(deployment) && format.refusesUsage(outcome)) {
      withoutUsage.add(deployment)
      tools.fleet.refusesUsage(deployment)
      queue.unshift(target)
      // It was our field that was refused: the attempt is not the caller's to lose.
      asked--
      continue
    }
    const change = format.adaptation(outcome, request, [...deployment.health.adapted.keys(), ...changes])
    if (change !== null) {
      changes = [...changes, change]
      queue.unshift(target)
      asked--
      continue
    }
    changes = []
    failures.push({ deployment, error: outcome })
    const step = nextStep(outcome)
    if (step === 'stop') throw outcome
    if (step === 'larger') keepLarger(queue, deployment)
  }
  throw verdict(failures, request, plan)
}

/** One call. What it is committed to, or the error where it is not. */
async function attempt(
  request: GatewayRequest,
  plan: RoutePlan,
  target: Target,
  caller: Caller,
  trail: Trail,
  tools: DispatchTools,
  format: BackendSide,
  changes: readonly string[],
  fresh = false,
): Promise<Committed | GatewayError> {
  const { deployment, effort } = target
  const { backend } = deployment
  if (caller.gone) return clientClosed()
  const composing = format.compose(request, deployment, {
    effort,
    changes: changesFor(deployment, tools.now(), changes),
    maxTokens: plan.maxTokens,
  })
  const body = request.raw.length > LARGE_BYTES ? await inSlices(composing) : atOnce(composing)
  // It may have left meanwhile; the call is not counted before it is made.
  if (caller.gone) return clientClosed()
  trail.current = deployment
  const sentAt = tools.now()
  trail.firstSentAt ??= sentAt
  trail.lastSentAt = sentAt
  const ownDeadline = request.deadlineMs !== null && request.deadlineMs < plan.limits.totalMs
  const longest = ownDeadline ? request.deadlineMs : plan.limits.totalMs
  const exchange = new Exchange({
    backend,
    pool: tools.pools.of(backend.root),
    fresh,
    path: backend.provider.endpoints[request.endpoint.id]!.path,
    headers: composeHeaders(request, deployment, tools.userAgent, trail.tried.length + 1),
    body,
    stream: request.stream,
    format,
    answer: format.reader(request, {
      inputTokens: calibrated(plan.profile.inputTokens, deployment.calibration),
      checks: checksOf(request, plan.success),
    }),
    limits: limitsOf(deployment, plan.limits, sentAt),
    totalMs: Math.max(1, longest - (sentAt - request.startedAt)),
    ownDeadline,
    now: tools.now,
    asks: (lack) => asks(request, plan.profile, lack) || (effort !== null && lack === 'reasoning'),
  })
  caller.stop = (why): void => exchange.cancel(why)
  const { open } = deployment.live.load
  const place = tools.fleet.begin(deployment, request.stream)
  try {
    await exchange.commit()
    tools.fleet.began(deployment, place)
    return {
      exchange,
      deployment,
      target,
      open,
      place,
      body: exchange.body && (await exchange.answer.finishedBody(exchange.body)),
      recoder: exchange.body === null ? exchange.answer.pieceRecoder() : null,
    }
  } catch (thrown) {
    // The gateway's own reader of shapes may fail on an answer; what it throws may quote it.
    const error =
      thrown instanceof GatewayError
        ? thrown
        : badAnswer(backend, 'sent an answer of a shape that is not known', exchange.status)
    const { status, sent, unread } = exchange
    const asked = { request, profile: plan.profile }
    tools.fleet.end(deployment, unread ? null : { endpoint: request.endpoint.id, error, asked }, place)
    const told = usageTold(exchange.track)
    trail.tried.push({ target, startedAt: sentAt, endedAt: tools.now(), status, error, ttftMs: null, open, sent, told })
    trail.current = null
    // It was our connection that was old: a call like any other in the books, but not one that the caller has lost.
    return unread && !fresh ? attempt(request, plan, target, caller, trail, tools, format, changes, true) : error
  }
}

/** An engine that may have to load the model first is given the time for it: each time-out would abort the load. */
function limitsOf({ backend, live, model }: Deployment, limits: Limits, now: number): Limits {
  if (!backend.loadsOnDemand || !mayLoad(live, model, now)) return limits
  const { headersMs, ttftMs, loadMs } = limits
  return { ...limits, headersMs: Math.max(headersMs, loadMs), ttftMs: Math.max(ttftMs, loadMs) }
}

/** Adaptations by which the deployment is called at this moment: those that its refusals have taught, then those of this request. */
function changesFor({ health }: Deployment, now: number, tried: readonly string[]): readonly string[] {
  if (health.adapted.size === 0) return tried
  const learnt = [...health.adapted].flatMap(([change, until]) => (until > now ? [change] : []))
  return [...learnt, ...tried]
}

/** Leaves those whose context is not known to be as small. */
function keepLarger(queue: Target[], refused: Deployment): void {
  const context = refused.facts.context ?? 0
  const larger = queue.filter(({ deployment }) =>
    deployment.facts.context === null ? deployment.model !== refused.model : deployment.facts.context > context,
  )
  queue.splice(0, queue.length, ...larger)
}

/**
 * The first cause speaks, a limit of load only where there was no other, and that a model cannot only where all said so: with any
 * other the request may still succeed. Whoever was busy says when to come back.
 */
function verdict(failed: readonly Failed[], request: GatewayRequest, plan: RoutePlan): GatewayError {
  const failures = failed.map(({ error }) => error)
  const first = failures[0]
  if (first === undefined) return new GatewayError('no_backend', 'No backend could be tried.', { retryAfterMs: 2000 })
  const able = failures.filter((error) => error.code !== 'upstream_cannot')
  if (able.length === 0) return nobodyCan(failed, plan)
  const isBusy = (error: GatewayError): boolean => error.about !== 'request' && ERRORS[error.code].health === 'busy'
  const chosen =
    able.find((error) => error.code === 'context_length_exceeded') ?? able.find((error) => !isBusy(error)) ?? able[0]!
  const waits = failures.filter(isBusy).map((error) => error.retryAfterMs ?? 1000)
  const message =
    failures.length === 1
      ? chosen.message
      : `${failures.length} backends failed: ${failures.map((error) => error.message).join(' | ')}`
  return new GatewayError(chosen.code, message, {
    param: chosen.param,
    status: chosen.status,
    retryAfterMs: waits.length > 0 ? Math.min(...waits) : usualWait(chosen),
    cause: chosen.cause ?? request.id,
    upstreamStatus: chosen.upstreamStatus,
    upstreamCode: chosen.upstreamCode,
    about: chosen.about,
  })
}

/** Milliseconds, where no backend said when to come back. A status of the backend that is passed on speaks for itself. */
function usualWait({ code, status }: GatewayError): number | null {
  const row = ERRORS[code]
  return typeof row.retry === 'number' && status === row.status ? row.retry : null
}

/** One refusal in its own words; of several, and of those that were ruled out before, each with its reason. */
function nobodyCan(failed: readonly Failed[], { record }: RoutePlan): GatewayError {
  const { error } = failed[0]!
  const { message, param, status, upstreamStatus, upstreamCode, about } = error
  const ruledOut = record.candidates.flatMap(({ backend, model, dropped }) =>
    dropped === null ? [] : [`${backend}/${model}: ${dropped.why}`],
  )
  const details = { param, status, upstreamStatus, upstreamCode, about, lack: error.lack }
  if (failed.length === 1 && ruledOut.length === 0) return new GatewayError('upstream_cannot', message, details)
  const said = failed.map(({ deployment, error }) => `${deployment.id}: ${error.message}`)
  const list = [...said, ...new Set(ruledOut)].slice(0, NAMED).join('; ')
  return new GatewayError('upstream_cannot', `No candidate can serve this request: ${list}`, details)
}

/** Candidates that a refusal names. */
const NAMED = 20
