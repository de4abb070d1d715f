import type { FormatName } from './format-names.ts'

/** What is asked of a backend, whatever the caller calls it: provider files have a place for each. `tokens`: how many a prompt has. */
export const ASKS = ['chat', 'completions', 'embeddings', 'rerank', 'tokens'] as const
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

export const counting = (id: string, path: string, counts: Endpoint): Endpoint => ({
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
const MESSAGES_HINT = 'the Anthropic Messages API is not built yet; call POST /v1/chat/completions'
export const MESSAGES = later('messages', '/v1/messages', MESSAGES_HINT, 'anthropic-messages')
/** Takes the body of any of them and answers what would be decided about it. */
export const DRY_RUN = row('route', '/v1/route', false, null)
/** Takes what somebody thinks of an answer. */
export const FEEDBACK = row('feedback', '/v1/feedback', false, null)

export const ENDPOINTS: readonly Endpoint[] = [
  CHAT,
  COMPLETIONS,
  EMBEDDINGS,
  RERANK,
  later('responses', '/v1/responses', 'the Responses API is not built yet; call POST /v1/chat/completions'),
  MESSAGES,
  later('count_tokens', '/v1/messages/count_tokens', MESSAGES_HINT, 'anthropic-messages'),
  later('audio', '/v1/audio/*', 'audio endpoints are not built yet; call the backend directly'),
  later('images', '/v1/images/*', 'image endpoints are not built yet; call the backend directly'),
  later('moderations', '/v1/moderations', 'moderations are not built yet; call the backend directly'),
  DRY_RUN,
  FEEDBACK,
]
