/**
 * Whether a prompt fits, as the engine's own tokenizer counts: asked only where the estimate is so near the limit that it cannot tell.
 * What goes wrong here says nothing: the request is sent then, and the engine decides.
 */
import type { TokenCounts } from '../backends/fleet/token-counts.ts'
import { GatewayError } from '../core/errors.ts'
import type { Deployment, GatewayRequest, RequestProfile } from '../core/types.ts'
import { calibrated } from '../decision/learn/calibration.ts'

/** Share of the context by which the estimate may be off. */
const NEAR = 0.1
/** A caller waits for it. */
const LIMIT_MS = 1_000

/** The estimate cannot tell, and the engine can. */
export function isNearLimit({ facts, backend, calibration }: Deployment, profile: RequestProfile): boolean {
  const { context } = facts
  if (context === null || profile.endpoint !== 'chat') return false
  if ((backend.provider.endpoints.tokens ?? NOWHERE).length === 0) return false
  return Math.abs(calibrated(profile.longestTokens, calibration) - context) <= NEAR * context
}

const NOWHERE: readonly never[] = []

/** Null: it fits, or nobody can say. */
export async function overflowOf(
  request: GatewayRequest,
  deployment: Deployment,
  counts: Pick<TokenCounts, 'of'>,
): Promise<GatewayError | null> {
  const { context } = deployment.facts
  const tokens = await counts.of(request, deployment, LIMIT_MS)
  if (context === null || tokens === null || tokens <= context) return null
  return new GatewayError(
    'context_length_exceeded',
    `${deployment.id}: its context is ${context} tokens, the prompt has ${tokens}.`,
    { overflow: { tokens, most: context } },
  )
}
