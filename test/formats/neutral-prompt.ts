/** A prompt of no wire format: whatever format has to write it goes by its contents alone. */
import type { Contents } from '../../src/core/prompt.ts'
import type { Endpoint } from '../../src/core/endpoints.ts'
import { CHAT, ENDPOINTS } from '../../src/core/endpoints.ts'
import { atOnce } from '../../src/core/slices.ts'
import type { EndpointPlace, Provider } from '../../src/core/provider.ts'
import type { Deployment, GatewayRequest } from '../../src/core/types.ts'
import { ContentsPrompt } from '../../src/formats/contents-prompt.ts'
import type { Format, ReadRequest } from '../../src/formats/format.ts'
import { PROVIDERS } from '../config/load.ts'
import { deployment, gatewayRequest, provider } from '../support/factories.ts'

export const MODEL = 'parrot'

export function neutralPrompt(contents: Contents, endpoint: Endpoint): ContentsPrompt {
  const spelling = {
    format: 'none',
    member: 'contents',
    contentsOf: () => contents,
    tools: [],
    toolSchemas: () => [],
    answerSchema: () => null,
    previousAnswer: () => undefined,
  }
  return new ContentsPrompt(endpoint, spelling, { raw: Buffer.from('{}'), body: {}, members: [] })
}

/** Where callers of a format ask for a chat, and whether the answer streams there where the path says so. */
export function chatEndpoint({ name }: Format, stream: boolean): Endpoint {
  const own = ENDPOINTS.filter(({ format, asks }) => format === name && asks === 'chat')
  return own.find(({ path }) => path.includes(stream ? ':stream' : ':generate')) ?? own[0] ?? { ...CHAT, format: name }
}

/** Models of the makers that take all that their format can say. */
const MODELS: Readonly<Record<string, string>> = { 'anthropic-messages': 'claude-opus-4-6', gemini: 'gemini-2.5-flash' }

export const modelOf = ({ name }: Format): string => MODELS[name] ?? MODEL

interface Asked {
  readonly place: EndpointPlace
  readonly deployment: Deployment
}

/** The maker of the format, as its file in config/providers/ has it; else a backend that takes all that the format can say. */
export function makerOf(format: Format): Asked {
  for (const one of format.name === 'openai-chat' ? [] : PROVIDERS.values()) {
    const place = one.endpoints.chat?.find((own) => own.format === format.name && own.maker === true)
    if (place !== undefined) return { place, deployment: deployed(format, one) }
  }
  const any = provider({
    request: { thoughts: 'reasoning_content', outputLimit: 'max_completion_tokens', freeTools: true },
  })
  const place = {
    path: '/ask',
    streamPath: null,
    format: format.name,
    models: null,
    auth: null,
    lacks: [],
    maker: true,
  }
  return { place, deployment: deployed(format, any) }
}

const deployed = (format: Format, one: Provider): Deployment =>
  deployment(`up/${modelOf(format)}`, { backend: { provider: one } })

export function neutralRequest(contents: Contents, format: Format, stream = false): GatewayRequest {
  const endpoint = chatEndpoint(format, stream)
  return gatewayRequest({ model: modelOf(format) }, { endpoint, stream, prompt: neutralPrompt(contents, endpoint) })
}

export interface Written {
  readonly raw: Buffer
  readonly lossy: readonly string[]
}

/** The request as `format` writes it for its backends. `maker`: for the makers of the format themselves. */
export function written(contents: Contents, format: Format, stream = false, maker = true): Written {
  const lossy: string[] = []
  const { place, deployment: asked } = makerOf(format)
  const how = { place: { ...place, maker }, inputTokens: 10, effort: null, changes: [], maxTokens: null, lossy }
  const pieces = atOnce(format.backend.compose(neutralRequest(contents, format, stream), asked, how))
  return { raw: Buffer.concat(pieces), lossy }
}

/** A body as the caller's side of `format` reads it. */
export function readBy(format: Format, raw: Buffer, stream = false): ReadRequest {
  const endpoint = chatEndpoint(format, stream)
  return format.caller.read(raw, endpoint, {
    url: `${endpoint.path.replace('*', modelOf(format))}?alt=sse`,
    headers: {},
  })
}

/** The same request by a caller of that format. */
export function requestOf(contents: Contents, format: Format, stream: boolean): GatewayRequest {
  const { raw } = written(contents, format, stream)
  const { prompt, model } = readBy(format, raw, stream)
  return gatewayRequest(raw.toString(), { endpoint: chatEndpoint(format, stream), stream, prompt, model })
}
