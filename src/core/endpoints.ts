import type { FormatName } from './format-names.ts'

/** What is asked of a backend, whatever the caller calls it: provider files have a place for each. `tokens`: how many a prompt has; `generate`: what only an engine with templates of its own can do, such as to load a model. */
export const ASKS = ['chat', 'completions', 'embeddings', 'rerank', 'tokens', 'generate'] as const
export type Ask = (typeof ASKS)[number]

/** Every inference path of the gateway. Authentication, limits, metrics and the log apply to each row by construction. */
export interface Endpoint {
  readonly id: string
  readonly path: string
  /** False: answered with `not_implemented` (404) and `missing` until it is built. */
  readonly served: boolean
  readonly streams: boolean
  /** Wire format of its callers. */
  readonly format: string
  /** What a backend is asked for; null: no backend is. */
  readonly asks: Ask | null
  /** It answers how many tokens the prompt of a request for this endpoint has; null: it does not. */
  readonly counts: Endpoint | null
  /** What the caller can do instead, for rows that are not served. */
  readonly missing: string
}

const row = (
  id: string,
  path: string,
  streams: boolean,
  asks: Ask | null,
  format: FormatName = 'openai-chat',
): Endpoint => ({ id, path, served: true, streams, format, asks, counts: null, missing: '' })

const counting = (id: string, path: string, counts: Endpoint): Endpoint => ({
  ...counts,
  id,
  path,
  streams: false,
  asks: null,
  counts,
})

const later = (id: string, path: string, missing: string, format: FormatName = 'openai-chat'): Endpoint => ({
  id,
  path,
  served: false,
  streams: false,
  format,
  asks: null,
  counts: null,
  missing,
})

export const CHAT = row('chat', '/v1/chat/completions', true, 'chat')
export const COMPLETIONS = row('completions', '/v1/completions', true, 'completions')
export const EMBEDDINGS = row('embeddings', '/v1/embeddings', false, 'embeddings')
export const RERANK = row('rerank', '/v1/rerank', false, 'rerank')
export const MESSAGES = row('messages', '/v1/messages', true, 'chat', 'anthropic-messages')
export const RESPONSES = row('responses', '/v1/responses', true, 'chat', 'openai-responses')
/** Takes the body of any of them and answers what would be decided about it. */
export const DRY_RUN = row('route', '/v1/route', false, null)
/** Takes what somebody thinks of an answer. */
export const FEEDBACK = row('feedback', '/v1/feedback', false, null)

export const OLLAMA_CHAT = row('ollama_chat', '/api/chat', true, 'chat', 'ollama')
export const OLLAMA_GENERATE = row('ollama_generate', '/api/generate', true, 'chat', 'ollama')
export const OLLAMA_EMBED = row('ollama_embed', '/api/embed', false, 'embeddings', 'ollama')
/** The older form, for one text. */
export const OLLAMA_EMBEDDINGS = row('ollama_embeddings', '/api/embeddings', false, 'embeddings', 'ollama')

/** What the same paths ask for where the body says so: see `ReadRequest.endpoint`. One object for each, by which they are told apart. */
export const OLLAMA_RAW: Endpoint = { ...OLLAMA_GENERATE, asks: 'completions' }
export const OLLAMA_TEMPLATE: Endpoint = { ...OLLAMA_GENERATE, asks: 'generate' }
/** Nothing is said: the model is to be loaded, or unloaded. */
export const OLLAMA_LOAD: Endpoint = { ...OLLAMA_GENERATE, asks: 'generate', streams: false }
export const OLLAMA_LOAD_CHAT: Endpoint = { ...OLLAMA_CHAT, asks: 'generate', streams: false }

/** It says nothing, and only wants its model loaded. */
export const asksToLoad = (endpoint: Endpoint): boolean => endpoint === OLLAMA_LOAD || endpoint === OLLAMA_LOAD_CHAT

/** Google's API: the model stands in the path. */
export const GEMINI_GENERATE = row('gemini_generate', '/v1beta/models/*:generateContent', true, 'chat', 'gemini')
export const GEMINI_COUNT = counting('gemini_count', '/v1beta/models/*:countTokens', GEMINI_GENERATE)
export const GEMINI_STREAM = row('gemini_stream', '/v1beta/models/*:streamGenerateContent', true, 'chat', 'gemini')
export const GEMINI_EMBED = row('gemini_embed', '/v1beta/models/*:embedContent', false, 'embeddings', 'gemini')
export const GEMINI_EMBED_BATCH = row(
  'gemini_embed_batch',
  '/v1beta/models/*:batchEmbedContents',
  false,
  'embeddings',
  'gemini',
)

export const ENDPOINTS: readonly Endpoint[] = [
  CHAT,
  COMPLETIONS,
  EMBEDDINGS,
  RERANK,
  OLLAMA_CHAT,
  OLLAMA_GENERATE,
  OLLAMA_EMBED,
  OLLAMA_EMBEDDINGS,
  RESPONSES,
  counting('input_tokens', '/v1/responses/input_tokens', RESPONSES),
  GEMINI_GENERATE,
  GEMINI_STREAM,
  GEMINI_COUNT,
  GEMINI_EMBED,
  GEMINI_EMBED_BATCH,
  MESSAGES,
  counting('count_tokens', '/v1/messages/count_tokens', MESSAGES),
  later(
    'compact',
    '/v1/responses/compact',
    'only OpenAI can read what it compacts; ask POST /v1/responses for a summary, and send that in place of the conversation',
    'openai-responses',
  ),
  later('audio', '/v1/audio/*', 'audio endpoints are not built yet; call the backend directly'),
  later('images', '/v1/images/*', 'image endpoints are not built yet; call the backend directly'),
  later('moderations', '/v1/moderations', 'moderations are not built yet; call the backend directly'),
  DRY_RUN,
  FEEDBACK,
]
