/** Requests of Google's clients, and of others for backends of Google's. */
import { CHAT, type Endpoint, GEMINI_GENERATE, GEMINI_STREAM } from '../../../src/core/endpoints.ts'
import type { JsonObject } from '../../../src/core/json.ts'
import { atOnce } from '../../../src/core/slices.ts'
import type { Deployment, GatewayRequest } from '../../../src/core/types.ts'
import type { Composing } from '../../../src/formats/format.ts'
import { GEMINI } from '../../../src/formats/gemini/gemini.ts'
import { gatewayRequest } from '../../../src/http/gateway-request.ts'
import { PROVIDERS } from '../../config/load.ts'
import { ANYBODY, deployment } from '../../support/factories.ts'

export const URLS = {
  whole: '/v1beta/models/tiny:generateContent',
  events: '/v1beta/models/tiny:streamGenerateContent?alt=sse',
  array: '/v1beta/models/tiny:streamGenerateContent',
} as const

const requestAt = (endpoint: Endpoint, url: string, body: object): GatewayRequest =>
  gatewayRequest(
    endpoint,
    { id: 'req-1', url, raw: Buffer.from(JSON.stringify(body)), headers: {}, principal: ANYBODY },
    0,
  )

/** As a client of Google's sends it. */
export const geminiRequest = (body: object, url: string = URLS.whole): GatewayRequest =>
  requestAt(url.includes(':stream') ? GEMINI_STREAM : GEMINI_GENERATE, url, body)

export const openAIRequest = (body: object): GatewayRequest =>
  requestAt(CHAT, CHAT.path, { model: 'tiny', messages: [], ...body })

const GOOGLE = PROVIDERS.get('gemini')!

export interface Composed {
  readonly body: JsonObject
  readonly lossy: readonly string[]
}

/** What a backend of Google's is sent. */
export function composed(request: GatewayRequest, model: string, how: Partial<Composing> = {}): Composed {
  const lossy: string[] = []
  const to: Deployment = deployment(`up/${model}`, { backend: { provider: GOOGLE } })
  const place = GOOGLE.endpoints.chat!.find(({ format }) => format === GEMINI.name)!
  const all = { place, inputTokens: 10, effort: null, changes: [], maxTokens: null, ...how, lossy }
  const pieces = atOnce(GEMINI.backend.compose(request, to, all))
  return { body: JSON.parse(Buffer.concat(pieces).toString()) as JsonObject, lossy }
}
