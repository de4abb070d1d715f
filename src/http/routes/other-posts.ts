/** The rows of the table that are no inference: what is asked about it, and what is not built. */
import type { FastifyInstance } from 'fastify'
import type { TokenCounts } from '../../backends/fleet/token-counts.ts'
import { DRY_RUN, type Endpoint, FEEDBACK } from '../../core/endpoints.ts'
import { GatewayError } from '../../core/errors.ts'
import type { Stages } from '../../pipeline.ts'
import { countRoute } from './count-tokens.ts'
import { answerDryRun } from './dry-run.ts'
import { takeFeedback } from './feedback.ts'
import { incoming } from './incoming.ts'

/** Whether the pipeline serves it; those are taken by lane.ts. */
export const isInference = (endpoint: Endpoint): boolean =>
  endpoint.served && endpoint.counts === null && endpoint !== DRY_RUN && endpoint !== FEEDBACK

export function otherPosts(
  scope: FastifyInstance,
  endpoints: readonly Endpoint[],
  stages: Stages,
  counts: TokenCounts,
): void {
  for (const endpoint of endpoints) {
    const config = { endpoint }
    if (endpoint === DRY_RUN)
      scope.post(endpoint.path, { config }, (request, reply) => answerDryRun(incoming(request), request, reply, stages))
    else if (endpoint === FEEDBACK)
      scope.post(endpoint.path, { config }, (request) => takeFeedback(incoming(request), stages))
    else if (endpoint.counts !== null) countRoute(scope, endpoint, endpoint.counts, stages, counts)
    else if (!endpoint.served)
      scope.post(
        endpoint.path,
        { config, onRequest: (_request, _reply, done) => done(missing(endpoint)) },
        () => undefined,
      )
  }
}

const missing = (endpoint: Endpoint): GatewayError =>
  new GatewayError('not_implemented', `POST ${endpoint.path}: ${endpoint.missing}.`)
