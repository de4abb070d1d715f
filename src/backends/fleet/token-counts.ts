/** How many tokens a prompt has, as its backend counts them. Nothing that goes wrong here says anything about the health of a backend. */
import { BoundedMap } from '../../core/bounded-map.ts'
import { pathWithModel } from '../../core/ask-place.ts'
import type { EndpointPlace } from '../../core/provider.ts'
import { inSlices } from '../../core/slices.ts'
import type { Deployment, GatewayRequest } from '../../core/types.ts'
import { formatNamed, type Formats } from '../../formats/formats.ts'
import { HttpClient } from '../upstream/http-client.ts'
import { credentials } from './ask.ts'

/** Clients ask before each turn, and estimate for themselves where no answer comes at once. */
const LIMIT_MS = 2_000
/** So long a place is not asked again that told nothing. */
const REST_MS = 60_000
const MOST_RESTING = 1_024

export class TokenCounts {
  readonly #client = new HttpClient({ connectMs: LIMIT_MS, idleMs: 4_000 })
  readonly #formats: Formats
  readonly #now: () => number
  /** By deployment and path, until when. */
  readonly #resting = new BoundedMap<string, number>(MOST_RESTING)

  constructor(formats: Formats, now: () => number) {
    this.#formats = formats
    this.#now = now
  }

  /** Null where the backend does not tell. */
  async of(request: GatewayRequest, deployment: Deployment, limitMs = LIMIT_MS): Promise<number | null> {
    const signal = AbortSignal.timeout(limitMs)
    const { tokens: places = [] } = deployment.backend.provider.endpoints
    // Where the caller's own format is spoken, nothing of it is lost before it is counted.
    const own = places.filter(({ format }) => format === request.endpoint.format)
    for (const place of [...own, ...places.filter((one) => !own.includes(one))]) {
      const key = `${deployment.id} ${place.path}`
      if ((this.#resting.get(key) ?? 0) > this.#now()) continue
      const told = await this.#ask(request, deployment, place, signal).catch(() => null)
      if (told !== null) return told
      this.#resting.renew(key, this.#now() + REST_MS)
    }
    return null
  }

  async close(): Promise<void> {
    await this.#client.destroy()
  }

  async #ask(
    request: GatewayRequest,
    deployment: Deployment,
    place: EndpointPlace,
    signal: AbortSignal,
  ): Promise<number | null> {
    const { backend, model } = deployment
    const side = formatNamed(place.format, this.#formats).backend
    const { counter } = side
    if (counter === undefined) return null
    const how = { place, inputTokens: 0, effort: null, changes: [], maxTokens: null, lossy: [] }
    const composed = Buffer.concat(await inSlices(side.compose(request, deployment, how)))
    const { status, text } = await this.#client.call({
      url: backend.root + pathWithModel(place.path, model),
      method: 'POST',
      headers: { ...credentials(backend, place.auth), 'content-type': 'application/json' },
      body: counter.asking(composed, model),
      signal,
    })
    return status === 200 ? counter.told(text) : null
  }
}
