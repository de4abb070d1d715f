/** Requests of Ollama's clients, as the gateway reads them. */
import type { Endpoint } from '../../../src/core/endpoints.ts'
import type { JsonObject } from '../../../src/core/json.ts'
import { atOnce } from '../../../src/core/slices.ts'
import { valuesOf } from '../../../src/core/options/option.ts'
import { WISH_OPTIONS } from '../../../src/core/options/options.ts'
import type { Wishes } from '../../../src/core/settings.ts'
import type { GatewayRequest } from '../../../src/core/types.ts'
import type { ReadRequest } from '../../../src/formats/format.ts'
import { OLLAMA_FORMAT } from '../../../src/formats/ollama/ollama.ts'
import { deployment, gatewayRequest } from '../../support/factories.ts'
import { PROVIDERS } from '../../config/load.ts'

export const read = (endpoint: Endpoint, body: object | string): ReadRequest =>
  OLLAMA_FORMAT.caller.read(Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)), endpoint, {
    url: endpoint.path,
    headers: {},
  })

export function asked(path: Endpoint, body: object): GatewayRequest {
  const { prompt, model, stream, endpoint = path } = read(path, body)
  return gatewayRequest(JSON.stringify(body), { endpoint, prompt, model, stream })
}

const OLLAMA = PROVIDERS.get('ollama')!

export interface Sent {
  readonly text: string
  readonly json: JsonObject
  readonly lossy: readonly string[]
}

/** What a backend gets; `wishes`: of its operator. */
export function sent(
  request: GatewayRequest,
  wishes: Partial<Wishes> = {},
  how: { readonly effort?: 'none' | 'low' | 'medium' | 'high'; readonly maxTokens?: number } = {},
): Sent {
  const facts = { wishes: { ...valuesOf(WISH_OPTIONS), ...wishes } }
  const place = OLLAMA.endpoints.chat!.find(({ format }) => format === 'ollama')!
  const lossy: string[] = []
  const composing = { place, inputTokens: 10, effort: null, changes: [], maxTokens: null, lossy, ...how }
  const pieces = atOnce(
    OLLAMA_FORMAT.backend.compose(
      request,
      deployment('up/parrot', { backend: { provider: OLLAMA }, facts }),
      composing,
    ),
  )
  const text = Buffer.concat(pieces).toString()
  return { text, json: JSON.parse(text) as JsonObject, lossy }
}
