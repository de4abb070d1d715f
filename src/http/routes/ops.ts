/** Probes and the scrape: outside of authentication, but for the list of backends. */
import type { FastifyInstance } from 'fastify'
import { isUp } from '../../core/backend-state.ts'
import { dateOf, untilOf } from '../../core/moment.ts'
import type { Lane } from '../../backends/gate/lane.ts'
import type { Fleet } from '../../backends/fleet/fleet.ts'
import { formatFor, EXPOSITION_FORMATS } from '../../observe/metrics/exposition.ts'
import type { Stages } from '../../pipeline.ts'

/** Open to everybody. `ready`: false while the gateway starts or stops; no backend has a say in it. */
export function opsRoutes(
  scope: FastifyInstance,
  { books, metrics }: Pick<Stages, 'books' | 'metrics'>,
  ready: () => boolean,
): void {
  const config = { silent: true }
  scope.get('/health/liveness', { config }, () => ({ status: 'ok' }))
  scope.get('/health/readiness', { config }, (_request, reply) =>
    reply.code(ready() ? 200 : 503).send({ status: ready() ? 'ok' : 'stopping' }),
  )
  scope.get('/metrics', { config }, async (request, reply) => {
    const format = formatFor(request.headers.accept)
    void reply.header('content-type', EXPOSITION_FORMATS[format]).header('vary', 'accept')
    books.flush()
    return await metrics.scrape(format)
  })
}

/** One of several keys of a backend, by its name. */
function keyLine(lane: Lane, left: (until: number) => number) {
  const rest = lane.restFor(null)
  const models = [...lane.restingModels].map(([model, { until }]) => [model, left(until)] as const)
  return {
    name: lane.key!.name,
    inflight: lane.open,
    resting_ms: left(rest.until),
    reason: left(rest.until) === 0 ? null : rest.code,
    resting_models_ms: Object.fromEntries(models.filter(([, ms]) => ms > 0)),
  }
}

/** For whoever has a key. */
export function healthRoute(scope: FastifyInstance, fleet: Fleet, now: () => number): void {
  scope.get('/health', { config: { silent: true, free: true } }, () => {
    const at = { clock: now(), day: Date.now() }
    const left = (until: number): number => Math.max(0, Math.round(until - at.clock))
    const backends = fleet
      .states()
      .map(({ retryAfterUntil, ejectedUntil, pausedUntil, since, until, gate, ...backend }) => ({
        ...backend,
        ...(gate === null || gate.lanes.length < 2 ? {} : { keys: gate.lanes.map((lane) => keyLine(lane, left)) }),
        since: dateOf(since, at),
        seconds: Math.max(0, Math.round((at.clock - since) / 1000)),
        until: until === null ? null : untilOf(until, at),
        cooling_ms: left(retryAfterUntil),
        resting_ms: left(Math.max(ejectedUntil, pausedUntil)),
      }))
    return { status: backends.some((backend) => isUp(backend.state)) ? 'ok' : 'degraded', backends }
  })
}
