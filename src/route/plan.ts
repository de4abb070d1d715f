/** RequestProfile + catalog -> RoutePlan: who is asked, in which order, and why the others are not. Pure. */
import { GatewayError } from '../core/errors.ts'
import type { Limits } from '../core/settings.ts'
import type { CandidateRecord, Deployment, Dropped, GatewayRequest, RequestProfile, RoutePlan } from '../core/types.ts'
import { judge } from './filters.ts'
import { type Choice, resolve } from './names.ts'
import type { RouteTable } from './table.ts'

const UNKNOWN_TERMS = { quality: null, cost: null, latency: null, efficiency: null } as const

/** `now` is a reading of the monotonic clock in ms, `utcHour` (0..23) is that of the wall clock. Throws a GatewayError that names, for each candidate, what ruled it out. */
export function plan(
  request: GatewayRequest,
  profile: RequestProfile,
  table: RouteTable,
  limits: Limits,
  now: number,
  utcHour: number,
): RoutePlan {
  const { model, principal, strategy, headers } = request
  const choice = resolve({ model, principal, strategy, headers, profile, utcHour }, table)
  const able: Deployment[] = []
  const candidates: CandidateRecord[] = []
  const question = { profile, principal, choice, table }
  for (const deployment of choice.candidates) {
    const dropped = judge(deployment, question)
    if (dropped === null) able.push(deployment)
    candidates.push(record(deployment, profile, dropped))
  }
  if (able.length === 0) throw nobody(request, choice, candidates)
  const order = inOrder(able, choice.strategy, profile, now)
  return {
    route: choice.route,
    order: order.map((deployment) => ({ deployment, effort: null })),
    limits: choice.rule === null ? limits : { ...limits, ...choice.rule.spec.limits },
    record: {
      request_id: request.id,
      route: choice.route,
      strategy: choice.strategy,
      profile: {
        class: profile.class,
        difficulty: profile.difficulty,
        input_tokens: profile.inputTokens,
        needs: profile.needs,
        affinity: profile.affinity,
      },
      candidates,
      order: order.map((deployment) => deployment.id),
      relaxed: null,
    },
  }
}

/**
 * Usable ones first; then least in flight; then lowest expected TTFT (one that never streamed has 0, so it gets its chance,
 * and one that failed rests, so it does not get it for ever); then the one that was called least.
 */
function inOrder(
  able: readonly Deployment[],
  strategy: string,
  { endpoint }: RequestProfile,
  now: number,
): readonly Deployment[] {
  if (able.length === 1) return able
  const streams = endpoint === 'chat' || endpoint === 'completions'
  const ttft = ({ standing }: Deployment): number => (streams ? (standing.ttftMs ?? 0) : 0)
  return [...able].sort((a, b) => {
    const health = trouble(a, endpoint, now) - trouble(b, endpoint, now)
    if (health !== 0 || strategy === 'ordered') return health
    return a.live.inflight - b.live.inflight || ttft(a) - ttft(b) || a.standing.calls - b.standing.calls
  })
}

/** 0 = nothing is known against it; the higher, the later it is asked. */
function trouble({ live, standing }: Deployment, endpoint: string, now: number): number {
  if ((standing.refuses.get(endpoint) ?? 0) > now) return 3
  if (live.state === 'down') return 2
  return live.state === 'warming_up' || live.coolUntil > now || standing.restUntil > now ? 1 : 0
}

const record = (deployment: Deployment, profile: RequestProfile, dropped: Dropped | null): CandidateRecord => ({
  backend: deployment.backend.name,
  model: deployment.model,
  effort: null,
  dropped,
  expected: {
    input_tokens: profile.inputTokens,
    cached_tokens: null,
    output_tokens: null,
    reasoning_tokens: null,
    cost_usd: null,
    ttft_ms: deployment.standing.ttftMs,
    total_ms: null,
    success: null,
  },
  terms: UNKNOWN_TERMS,
  utility: null,
})

function nobody(request: GatewayRequest, { route }: Choice, candidates: readonly CandidateRecord[]): GatewayError {
  if (candidates.length === 0) {
    return new GatewayError('no_backend', `Route "${route}" reaches no model at the moment; see GET /health.`, {
      retryAfterMs: 2000,
      route,
    })
  }
  const reasons = candidates
    .slice(0, 20)
    .map(({ backend, model, dropped }) => `${backend}/${model}: ${dropped?.why ?? ''}`)
  const all = (filter: string): boolean => candidates.every(({ dropped }) => dropped?.filter === filter)
  const tooLong = candidates.some(({ dropped }) => dropped?.filter === 'context')
  const list = `${reasons.join('; ')}${candidates.length > 20 ? `; and ${candidates.length - 20} more` : ''}.`
  if (all('policy'))
    return new GatewayError('forbidden', `This key may not use "${request.model}".`, { param: 'model', route })
  if (tooLong)
    return new GatewayError('context_length_exceeded', `The prompt is too long for every candidate: ${list}`, {
      param: 'messages',
      route,
    })
  return new GatewayError('unsupported', `No candidate can serve this request: ${list}`, { route })
}
