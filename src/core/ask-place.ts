/** Where, and so in which wire format, a deployment is asked. Pure. */
import type { Capability } from './capabilities.ts'
import type { Ask, Endpoint } from './endpoints.ts'
import type { EndpointPlace, Provider, Wish } from './provider.ts'
import type { Wishes } from './settings.ts'
import type { Deployment } from './types.ts'

type Asked = Pick<Deployment, 'backend' | 'model' | 'facts' | 'health'>

/** What is translated between wire formats; anything else is asked in the caller's own. */
const TRANSLATED: ReadonlySet<Ask | null> = new Set<Ask>(['chat', 'completions', 'embeddings'])

/**
 * The place in the caller's own format, where there is one: its bytes pass. Else, for what can be translated, the provider's preferred
 * one. One that has no word for what the operator wishes of the backend comes after those that do, one that lacks something of `needs`,
 * or of what the request says and only the maker of its format serves (`particular`), after those that do not; last comes one that the deployment said not to have, `now` being a clock reading. Null: it cannot be asked.
 */
export function placeFor(
  { backend, model, facts, health }: Asked,
  endpoint: Endpoint,
  needs: readonly Capability[],
  now: number,
  particular = false,
): EndpointPlace | null {
  const places = endpoint.asks === null ? undefined : backend.provider.endpoints[endpoint.asks]
  if (places === undefined) return null
  if (places.length === 1) return canBeAsked(places[0]!, endpoint, model) ? places[0]! : null
  const wishes = wishesOf(facts.wishes)
  let best: EndpointPlace | null = null
  let least = Infinity
  for (const place of places) {
    if (!canBeAsked(place, endpoint, model)) continue
    const own = place.format === endpoint.format
    const refused = health.unsupportedUntil.size > 0 && isRefused(health, placeKey(endpoint, place), now)
    const untold = wishes.some((wish) => place.tells?.includes(wish) !== true)
    const lacks = lacksOne(place, needs) || (own && particular && place.maker !== true)
    const rank = (refused ? 8 : 0) + (lacks ? 4 : 0) + (untold ? 2 : 0) + (own ? 0 : 1)
    if (rank < least) {
      least = rank
      best = place
    }
  }
  return best
}

const NO_WISHES: readonly Wish[] = []

function wishesOf({ numCtx, keepAlive, think }: Wishes): readonly Wish[] {
  if (numCtx === null && keepAlive === null && think === null) return NO_WISHES
  const wishes: readonly (readonly [Wish, unknown])[] = [
    ['num_ctx', numCtx],
    ['keep_alive', keepAlive],
    ['think', think],
  ]
  return wishes.flatMap(([wish, value]) => (value === null ? [] : [wish]))
}

const lacksOne = ({ lacks }: EndpointPlace, needs: readonly Capability[]): boolean =>
  lacks.length > 0 && needs.some((need) => lacks.includes(need))

const canBeAsked = (place: EndpointPlace, { asks, format }: Endpoint, model: string): boolean =>
  (place.format === format || TRANSLATED.has(asks)) && takes(place, model)

const takes = ({ models }: EndpointPlace, model: string): boolean => models === null || patternOf(models).test(model)

/** As many as provider files have, each made once: it is looked at for each call. */
const PATTERNS = new Map<string, RegExp>()

function patternOf(models: string): RegExp {
  const known = PATTERNS.get(models) ?? new RegExp(models, 'i')
  PATTERNS.set(models, known)
  return known
}

/** What gets lost wherever the model can be asked. */
export function lacksEverywhere({ endpoints, lacks }: Provider, ask: Ask, model: string): readonly Capability[] {
  const [first, ...others] = (endpoints[ask] ?? []).filter((place) => takes(place, model))
  if (first === undefined) return lacks
  return [...lacks, ...first.lacks.filter((lack) => others.every((place) => place.lacks.includes(lack)))]
}

/** The place of all whose callers speak another format. */
export const preferredPlace = ({ endpoints }: Provider, ask: Ask, model: string): EndpointPlace | null =>
  endpoints[ask]?.find((place) => takes(place, model)) ?? null

/** Under which it is remembered that a deployment does not have a place. */
export const placeKey = ({ asks, id }: Endpoint, { format }: EndpointPlace): string =>
  format === 'openai-chat' ? (asks ?? id) : `${asks ?? id} as ${format}`

export function isRefused({ unsupportedUntil }: Deployment['health'], key: string, now: number): boolean {
  return unsupportedUntil.size > 0 && (unsupportedUntil.get(key) ?? 0) > now
}

/** `path` with the model in it. A name that begins with the folder which the path has for it (`models/`) does not say it twice. */
export function pathWithModel(path: string, model: string): string {
  const at = path.indexOf('{model}')
  const folder = path.slice(path.lastIndexOf('/', at - 2) + 1, at)
  const name = folder !== '' && model.startsWith(folder) ? model.slice(folder.length) : model
  return path.replace('{model}', () => encodeURIComponent(name))
}

/** Places of a backend that takes requests as the gateway itself does. */
export const ownPlaces = (endpoints: readonly Endpoint[]): Provider['endpoints'] =>
  Object.fromEntries(
    endpoints.flatMap(({ asks, path, format }) =>
      asks === null ? [] : [[asks, [{ path, format, streamPath: null, models: null, auth: null, lacks: [] }]]],
    ),
  )
