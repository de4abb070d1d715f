/** Where, and so in which wire format, a deployment is asked. Pure. */
import type { Endpoint } from './endpoints.ts'
import type { EndpointPlace, Provider } from './provider.ts'
import type { Deployment } from './types.ts'

type Asked = Pick<Deployment, 'backend' | 'model' | 'health'>

/**
 * The place in the caller's own format, where there is one: its bytes pass. Else, for what generates text, the provider's preferred
 * one. `now`: clock reading; a place that the deployment said not to have comes last. Null: it cannot be asked.
 */
export function placeFor({ backend, model, health }: Asked, endpoint: Endpoint, now: number): EndpointPlace | null {
  const places = endpoint.asks === null ? undefined : backend.provider.endpoints[endpoint.asks]
  if (places === undefined) return null
  let first: EndpointPlace | null = null
  let refused: EndpointPlace | null = null
  for (const place of places) {
    const own = place.format === endpoint.format
    if (!(own || endpoint.streams) || !takes(place, model)) continue
    if (isRefused(health, placeKey(endpoint, place), now)) refused ??= place
    else if (own) return place
    else first ??= place
  }
  return first ?? refused
}

const takes = ({ models }: EndpointPlace, model: string): boolean =>
  models === null || new RegExp(models, 'i').test(model)

/** Under which it is remembered that a deployment does not have a place. */
export const placeKey = ({ asks, id }: Endpoint, { format }: EndpointPlace): string =>
  format === 'openai-chat' ? (asks ?? id) : `${asks ?? id} as ${format}`

export function isRefused({ unsupportedUntil }: Deployment['health'], key: string, now: number): boolean {
  return unsupportedUntil.size > 0 && (unsupportedUntil.get(key) ?? 0) > now
}

/** Places of a backend that takes requests as the gateway itself does. */
export const ownPlaces = (endpoints: readonly Endpoint[]): Provider['endpoints'] =>
  Object.fromEntries(
    endpoints.flatMap(({ asks, path, format }) =>
      asks === null ? [] : [[asks, [{ path, format, streamPath: null, models: null, auth: null, lacks: [] }]]],
    ),
  )
