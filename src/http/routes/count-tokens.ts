/** How many tokens the prompt of a request has, in the words of the format that asks. Nothing is generated, and nothing is charged. */
import type { FastifyInstance } from 'fastify'
import type { TokenCounts } from '../../backends/fleet/token-counts.ts'
import type { Endpoint } from '../../core/endpoints.ts'
import { GatewayError } from '../../core/errors.ts'
import type { Deployment, GatewayRequest } from '../../core/types.ts'
import { calibrated } from '../../decision/learn/calibration.ts'
import { formatNamed } from '../../formats/formats.ts'
import { dryRun, type Stages } from '../../pipeline.ts'
import { EndpointPaths } from '../endpoint-paths.ts'
import { noSuchPath, pathOf } from '../paths.ts'
import { anyRequest, type Incoming } from '../gateway-request.ts'
import { incoming } from './incoming.ts'

/** `of`: the endpoint whose bodies it takes. */
export function countRoute(
  scope: FastifyInstance,
  endpoint: Endpoint,
  of: Endpoint,
  stages: Stages,
  counts: TokenCounts,
): void {
  const format = formatNamed(of.format, stages.formats).caller
  const paths = new EndpointPaths([endpoint])
  // A name in a path may hold slashes, and Fastify knows such a one at the end only.
  scope.post(endpoint.path.replace(/\*.*$/, '*'), { config: { endpoint, free: true } }, async (request) => {
    if (paths.at(pathOf(request.url)) === null) throw noSuchPath(request.method, pathOf(request.url))
    return format.counted?.(await tokensOf(incoming(request), of, stages, counts))
  })
}

/** As the engine counts that would be asked, else a guess by what was learnt of it. Throws only where the body cannot be read. */
export async function tokensOf(
  asked: Incoming,
  endpoint: Endpoint,
  stages: Stages,
  counts: TokenCounts,
): Promise<number> {
  const request = await anyRequest(endpoint, asked, stages.now(), stages.formats, stages.answers)
  const deployment = firstFor(request, stages)
  const told = deployment === null ? null : await counts.of(request, deployment)
  if (told !== null) return told
  const { inputTokens } = stages.classify(request)
  return Math.max(1, Math.round(deployment === null ? inputTokens : calibrated(inputTokens, deployment.calibration)))
}

/** Whom the request itself would go to; null: to nobody, of which it is told when it is made. */
function firstFor(request: GatewayRequest, stages: Stages): Deployment | null {
  try {
    return dryRun(request, stages).order[0]?.deployment ?? null
  } catch (thrown) {
    if (thrown instanceof GatewayError) return null
    throw thrown
  }
}
