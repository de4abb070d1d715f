/** Whose body it is: for dry runs, which take those of all inference endpoints. Pure. */
import {
  CHAT,
  COMPLETIONS,
  DRY_RUN,
  EMBEDDINGS,
  type Endpoint,
  ENDPOINTS,
  MESSAGES,
  RERANK,
  RESPONSES,
} from '../core/endpoints.ts'
import { GatewayError } from '../core/errors.ts'
import type { Member } from '../core/types.ts'
import { members } from './json/members.ts'
import { BodySize } from './json/body-size.ts'

/** The member that gives an endpoint away, the surest first. */
const MARKS: readonly (readonly [member: string, endpoint: Endpoint])[] = [
  ['encoding_format', EMBEDDINGS],
  ['output_config', MESSAGES],
  ['stop_sequences', MESSAGES],
  ['messages', CHAT],
  ['instructions', RESPONSES],
  ['max_output_tokens', RESPONSES],
  ['prompt', COMPLETIONS],
  ['prompt_embeds', COMPLETIONS],
  ['documents', RERANK],
  ['query', RERANK],
  ['input', EMBEDDINGS],
]

const INFERENCE = ENDPOINTS.filter(
  (endpoint) => endpoint !== DRY_RUN && endpoint.counts === null && endpoint.id !== 'feedback',
)

/** By the caller's word, else by the members of the body (`list`, where they are known). Throws where neither tells, or where the endpoint is not built. */
export function endpointOf(raw: Buffer, asked: string | null, list: readonly Member[] | null = null): Endpoint {
  const endpoint = asked === null ? byMembers(list ?? members(raw, new BodySize())) : byName(asked)
  if (endpoint.served) return endpoint
  throw new GatewayError('not_implemented', `POST ${endpoint.path}: ${endpoint.missing}.`)
}

function byName(asked: string): Endpoint {
  const endpoint = INFERENCE.find(({ id }) => id === asked)
  if (endpoint !== undefined) return endpoint
  const known = INFERENCE.filter(({ served }) => served).map(({ id }) => id)
  throw invalid(`?endpoint="${asked.slice(0, 100)}" is none of ${known.join(', ')}.`)
}

/** What is no object at all counts as a chat; its parser says what is wrong. */
function byMembers(list: readonly Member[] | null): Endpoint {
  if (list === null) return CHAT
  const found = MARKS.find(([mark]) => list.some(({ key }) => key === mark))
  if (found !== undefined) return found[1]
  throw invalid(
    'The body has none of `messages`, `prompt`, `input`, or `query` and `documents`, so its endpoint is unknown; add ?endpoint=chat or another.',
  )
}

const invalid = (message: string): GatewayError => new GatewayError('invalid_request', message, { param: 'endpoint' })
