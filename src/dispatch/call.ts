/** What one call of a backend has to know of the request. */
import type { Call } from '../backends/upstream/call.ts'
import { composeHeaders } from '../backends/upstream/call-headers.ts'
import type { Pools } from '../backends/upstream/pools.ts'
import { pathWithModel } from '../core/ask-place.ts'
import type { EndpointPlace } from '../core/provider.ts'
import { isLoaded } from '../core/residency.ts'
import type { Limits } from '../core/settings.ts'
import type { Deployment, GatewayRequest, RoutePlan, Target } from '../core/types.ts'
import { asks } from '../decision/classify/lacking.ts'
import type { SealMemory } from './seal-memory.ts'
import { checksOf } from '../formats/answer-collector.ts'
import type { BackendSide } from '../formats/format.ts'

export interface CallTools {
  readonly pools: Pools
  readonly now: () => number
  readonly userAgent: string
  readonly seals: SealMemory
}

/** How one call differs from the others of its request. */
export interface CallTraits {
  readonly format: BackendSide
  /** Where it is asked. */
  readonly place: EndpointPlace
  /** What the prompt is expected to be. */
  readonly inputTokens: number
  /** What is sent. */
  readonly body: readonly Buffer[]
  /** On a new connection. */
  readonly fresh: boolean
  /** With which it is made; null: the one that the backend has. */
  readonly key: string | null
  /** 1 for the first call of the request. */
  readonly number: number
  /** Clock readings: when it is sent, and since when it is waited for. */
  readonly startedAt: number
  readonly since: number
}

export function callOf(
  request: GatewayRequest,
  plan: RoutePlan,
  { deployment, effort }: Target,
  { format, place, inputTokens, body, fresh, key, number, startedAt, since }: CallTraits,
  { pools, now, userAgent, seals }: CallTools,
): Call {
  const { backend, model } = deployment
  const ownDeadline = request.deadlineMs !== null && request.deadlineMs < plan.limits.totalMs
  const longest = ownDeadline ? request.deadlineMs : plan.limits.totalMs
  return {
    backend,
    pool: pools.of(backend.root),
    fresh,
    path: pathOf(place, model, request),
    headers: composeHeaders(request, deployment, {
      userAgent,
      call: number,
      type: format.framing.type,
      auth: place.auth,
      key: key ?? backend.key,
    }),
    body,
    stream: request.stream,
    format,
    answer: format.reader(request, {
      inputTokens,
      checks: checksOf(request, plan.success),
      nowMs: Date.now(),
      clock: now,
      keepSeal: (call, seal) => seals.keep(request.principal.id, call, seal),
    }),
    limits: limitsOf(deployment, plan.limits, startedAt),
    totalMs: Math.max(1, longest - (startedAt - request.startedAt)),
    ownDeadline,
    now,
    since,
    asks: (lack) => asks(request, plan.profile, lack) || (effort !== null && lack === 'reasoning'),
  }
}

export function pathOf(
  { path, streamPath, paths, format }: EndpointPlace,
  model: string,
  request: GatewayRequest,
): string {
  const { stream, endpoint } = request
  const asked = endpoint.format === format ? paths?.[endpoint.id] : undefined
  const own = asked ?? (stream ? (streamPath ?? path) : path)
  return own.includes('{') ? pathWithModel(own, model) : own
}

/** An engine that may have to load the model first is given the time for it: each time-out would abort the load. */
function limitsOf({ residency }: Deployment, limits: Limits, now: number): Limits {
  if (isLoaded(residency, now)) return limits
  const { headersMs, ttftMs, loadMs } = limits
  return { ...limits, headersMs: Math.max(headersMs, loadMs), ttftMs: Math.max(ttftMs, loadMs) }
}
