/** Reads the body of a request of Ollama's API. Pure. */
import {
  type Endpoint,
  OLLAMA_CHAT,
  OLLAMA_GENERATE,
  OLLAMA_LOAD,
  OLLAMA_LOAD_CHAT,
  OLLAMA_RAW,
  OLLAMA_TEMPLATE,
} from '../../core/endpoints.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import type { Steps } from '../../core/slices.ts'
import { ContentsPrompt } from '../contents-prompt.ts'
import type { Names, ReadRequest } from '../format.ts'
import { modelIn, type ReadObject, readObject, readObjectInSteps, streamIn } from '../json/read-object.ts'
import { spellingOf } from './prompt.ts'

export const readRequest = (raw: Buffer, endpoint: Endpoint): ReadRequest => read(readObject(raw), endpoint)

/** The same for a large body. */
export function* readLargeRequest(raw: Buffer, endpoint: Endpoint): Steps<ReadRequest> {
  return read(yield* readObjectInSteps(raw), endpoint)
}

const NO_NAMES: Names = { session: null, agent: null, user: null }

function read(object: ReadObject, path: Endpoint): ReadRequest {
  const { body } = object
  const endpoint = askedFor(body, path)
  const model = modelIn(object)
  const prompt = new ContentsPrompt(endpoint, spellingOf(endpoint), object)
  // It streams where nothing is said.
  const stream = streamIn(body, endpoint.streams) && endpoint.streams
  return { model, stream, prompt, names: NO_NAMES, endpoint }
}

/** What the body makes of it. */
function askedFor(body: JsonObject, path: Endpoint): Endpoint {
  if (path.id === OLLAMA_CHAT.id) return isEmpty(body['messages']) ? OLLAMA_LOAD_CHAT : path
  if (path.id !== OLLAMA_GENERATE.id) return path
  if (isEmpty(body['prompt'])) return OLLAMA_LOAD
  if (OF_OLLAMA_ALONE.some((name) => !isEmpty(body[name]))) return OLLAMA_TEMPLATE
  return body['raw'] === true ? OLLAMA_RAW : path
}

/** No other engine has a template to fill, or knows these token ids. */
const OF_OLLAMA_ALONE = ['suffix', 'template', 'context', '_debug_render_only'] as const

const isEmpty = (value: Json | undefined): boolean =>
  value === undefined ||
  value === null ||
  value === false ||
  value === '' ||
  (Array.isArray(value) && value.length === 0)
