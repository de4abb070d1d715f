/** Requests that only want a model loaded, where no engine loads one when it is told to: it is there already, and nobody is asked. */
import { asksToLoad } from '../core/endpoints.ts'
import type { GatewayRequest } from '../core/types.ts'
import { reachOf } from '../decision/route/reach.ts'
import { formatNamed } from '../formats/formats.ts'
import type { Stages } from '../pipeline.ts'

/** The answer to such a request; null: it is none, or somebody is to be asked. */
export function loadedAnswer(
  request: GatewayRequest,
  { policy, formats }: Pick<Stages, 'policy' | 'formats'>,
): Buffer | null {
  const { endpoint, model, principal } = request
  if (!asksToLoad(endpoint)) return null
  const serving = reachOf(model, principal, policy().table)
  const loads = serving.some(({ backend }) => backend.provider.endpoints.generate !== undefined)
  // What leads nowhere is refused as any request is.
  if (serving.length === 0 || loads) return null
  return formatNamed(endpoint.format, formats).caller.loaded?.(request, Date.now()) ?? null
}
