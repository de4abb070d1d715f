/** The same question at every path that answers a chat, as its callers write it. */
import type { Endpoint } from '../../src/core/endpoints.ts'
import type { JsonObject } from '../../src/core/json.ts'

/** How a caller asks, and knows that a stream has ended. */
interface Dialect {
  body(model: string, stream: boolean): JsonObject
  /** Whether these are the last bytes of a stream that broke, as its protocol has them. */
  readonly broken: RegExp
  readonly whole: RegExp
}

const TEXT = 'Go on.'
const SAID = [{ role: 'user', content: TEXT }]
const MOST = 200

const LINE = /\{"error":.*\}\n$/
const GEMINI: Dialect = {
  body: () => ({ contents: [{ role: 'user', parts: [{ text: TEXT }] }], generationConfig: { maxOutputTokens: MOST } }),
  broken: /data: \{"error":[^\n]*\}\n\n$/,
  whole: /"finishReason":"STOP"[^\n]*\}\n\n$/,
}

/** By id of the endpoint. */
const DIALECTS: Readonly<Record<string, Dialect>> = {
  chat: {
    body: (model, stream) => ({ model, stream, messages: SAID, max_tokens: MOST }),
    broken: /data: \{"error":[^\n]*\}\n\ndata: \[DONE\]\n\n$/,
    whole: /data: \[DONE\]\n\n$/,
  },
  responses: {
    body: (model, stream) => ({ model, stream, input: TEXT, max_output_tokens: MOST, store: false }),
    broken: /event: response\.failed\ndata: [^\n]*\n\n$/,
    whole: /event: response\.completed\ndata: [^\n]*\n\n$/,
  },
  messages: {
    body: (model, stream) => ({ model, stream, messages: SAID, max_tokens: MOST }),
    broken: /event: error\ndata: \{"type":"error"[^\n]*\n\n$/,
    whole: /event: message_stop\ndata: [^\n]*\n\n$/,
  },
  ollama_chat: {
    body: (model, stream) => ({ model, stream, messages: SAID, options: { num_predict: MOST } }),
    broken: LINE,
    whole: /"done":true[^\n]*\}\n$/,
  },
  ollama_generate: {
    body: (model, stream) => ({ model, stream, prompt: TEXT, options: { num_predict: MOST } }),
    broken: LINE,
    whole: /"done":true[^\n]*\}\n$/,
  },
  gemini_generate: GEMINI,
  gemini_stream: GEMINI,
}

/** Throws where a path is served that is not written about here. */
export function dialectOf({ id }: Endpoint): Dialect {
  const dialect = DIALECTS[id]
  if (dialect === undefined) throw new Error(`a caller of the endpoint "${id}" is not written about in dialects.ts`)
  return dialect
}

/** Answers of some paths always stream, and of some never. */
export const waysOf = ({ path }: Endpoint): readonly boolean[] =>
  path.includes(':stream') ? [true] : path.includes(':generate') ? [false] : [false, true]

export interface Asking {
  readonly model: string
  readonly stream: boolean
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

export async function askIn(
  endpoint: Endpoint,
  url: string,
  { model, stream, headers, signal }: Asking,
): Promise<Response> {
  const path = endpoint.path.replace('*', encodeURIComponent(model))
  return fetch(`${url}${path}${path.includes(':stream') ? '?alt=sse' : ''}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(dialectOf(endpoint).body(model, stream)),
    ...(signal === undefined ? {} : { signal }),
  })
}
