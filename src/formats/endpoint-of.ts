/** Whose body it is: for dry runs, which take those of all inference endpoints. Pure. */
import {
  CHAT,
  COMPLETIONS,
  DRY_RUN,
  EMBEDDINGS,
  type Endpoint,
  ENDPOINTS,
  FEEDBACK,
  GEMINI_EMBED,
  GEMINI_EMBED_BATCH,
  GEMINI_GENERATE,
  MESSAGES,
  OLLAMA_CHAT,
  OLLAMA_EMBED,
  OLLAMA_GENERATE,
  RERANK,
  RESPONSES,
} from '../core/endpoints.ts'
import { GatewayError } from '../core/errors.ts'
import type { Member } from '../core/types.ts'
import { BodySize } from './json/body-size.ts'
import { members, memberValue } from './json/members.ts'
import { OPEN_BRACE, OPEN_BRACKET, skipSpace, skipValue } from './json/scan.ts'

/** Members that give an endpoint away where all of them are there, the surest first. */
const MARKS: readonly (readonly [endpoint: Endpoint, ...members: string[]])[] = [
  [EMBEDDINGS, 'encoding_format'],
  [GEMINI_GENERATE, 'contents'],
  [GEMINI_EMBED_BATCH, 'requests'],
  [MESSAGES, 'output_config'],
  [MESSAGES, 'stop_sequences'],
  [MESSAGES, 'system', 'messages'],
  ...['options', 'keep_alive', 'think', 'format'].flatMap((own) => [
    [OLLAMA_CHAT, own, 'messages'] as const,
    [OLLAMA_GENERATE, own, 'prompt'] as const,
    [OLLAMA_EMBED, own, 'input'] as const,
  ]),
  [CHAT, 'messages'],
  [RESPONSES, 'instructions'],
  [RESPONSES, 'max_output_tokens'],
  [RESPONSES, 'previous_response_id'],
  ...['stream', 'tools', 'text', 'reasoning', 'include', 'store', 'temperature'].map(
    (own) => [RESPONSES, own, 'input'] as const,
  ),
  [OLLAMA_GENERATE, 'system', 'prompt'],
  [COMPLETIONS, 'prompt'],
  [COMPLETIONS, 'prompt_embeds'],
  [RERANK, 'documents'],
  [RERANK, 'query'],
  [GEMINI_EMBED, 'content'],
  [EMBEDDINGS, 'input'],
]

const INFERENCE = ENDPOINTS.filter(
  (endpoint) => endpoint !== DRY_RUN && endpoint !== FEEDBACK && endpoint.counts === null,
)

/** What a dry run can be about. */
export const DRY_RUN_ENDPOINTS: readonly string[] = INFERENCE.filter(({ served }) => served).map(({ id }) => id)

/** By the caller's word, else by the members of the body (`list`, where they are known). Throws where neither tells, or where the endpoint is not built. */
export function endpointOf(raw: Buffer, asked: string | null, list: readonly Member[] | null = null): Endpoint {
  const endpoint = asked === null ? byMembers(raw, list ?? members(raw, new BodySize())) : byName(asked)
  if (endpoint.served) return endpoint
  throw new GatewayError('not_implemented', `POST ${endpoint.path}: ${endpoint.missing}.`)
}

/**
 * The path that a body would be sent to. `model`: the caller's word, where the path has one; null: the body's own. Throws where neither
 * tells.
 */
export function pathOf(
  { path }: Endpoint,
  raw: Buffer,
  model: string | null,
  list: readonly Member[] | null = null,
): string {
  if (!path.includes('*')) return path
  const own = memberValue(raw, list ?? members(raw) ?? [], 'model')
  const named = model ?? (typeof own === 'string' ? own.replace(/^models\//, '') : '')
  if (named !== '') return path.replace('*', encodeURIComponent(named))
  throw invalid(
    'model',
    'The model stands in the path of this API, not in its body; name it by ?model= (turnout explain: --model).',
  )
}

function byName(asked: string): Endpoint {
  const endpoint = INFERENCE.find(({ id }) => id === asked)
  if (endpoint !== undefined) return endpoint
  throw invalid('endpoint', `"${asked.slice(0, 100)}" is none of the endpoints ${DRY_RUN_ENDPOINTS.join(', ')}.`)
}

/** What is no object at all counts as a chat; its parser says what is wrong. */
function byMembers(raw: Buffer, list: readonly Member[] | null): Endpoint {
  if (list === null) return CHAT
  const keys = new Set(list.map(({ key }) => key))
  const found = MARKS.find(([, ...marks]) => marks.every((mark) => keys.has(mark)))?.[0]
  if (found === EMBEDDINGS && !keys.has('encoding_format') && holdsItems(raw, list)) return RESPONSES
  if (found !== undefined) return found
  const known = DRY_RUN_ENDPOINTS.join(', ')
  const marks = '`messages`, `prompt`, `input`, `contents`, or `query` and `documents`'
  throw invalid(
    'endpoint',
    `The body has none of ${marks}, so its endpoint is unknown; name it by ?endpoint= (turnout explain: --endpoint): ${known}.`,
  )
}

/** Messages and calls, which nobody embeds. */
function holdsItems(raw: Buffer, list: readonly Member[]): boolean {
  const at = list.findLast(({ key }) => key === 'input')?.valueStart
  if (at === undefined || raw[at] !== OPEN_BRACKET) return false
  const start = skipSpace(raw, at + 1)
  if (raw[start] !== OPEN_BRACE) return false
  const first = members(raw.subarray(start, skipValue(raw, start, null))) ?? []
  return first.some(({ key }) => key === 'role' || key === 'type')
}

const invalid = (param: string, message: string): GatewayError =>
  new GatewayError('invalid_request', message, { param })
