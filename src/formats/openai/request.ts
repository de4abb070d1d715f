/** A request body as far as the gateway must understand it. Unknown fields are nobody's business and pass. Pure. */
import type { Endpoint } from '../../core/endpoints.ts'
import type { Steps } from '../../core/slices.ts'
import type { Json } from '../../core/json.ts'
import type { ReadRequest } from '../format.ts'
import { namesIn } from './names.ts'
import { OpenAIPrompt } from './prompt.ts'
import {
  missingMember,
  modelIn,
  type ReadObject,
  readObject,
  readObjectInSteps,
  streamIn,
} from '../json/read-object.ts'

export interface OpenAIRequest extends ReadRequest {
  readonly prompt: OpenAIPrompt
}

type Check = (value: Json | undefined) => boolean

interface Need {
  /** One of them must hold something: first the usual one, then those of single engines. */
  readonly fields: readonly string[]
  readonly takes: Check
  readonly wanted: string
}

const isFilledObject: Check = (value) =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0
const isArray: Check = (value) => Array.isArray(value)
const isArrayOrObject: Check = (value) => Array.isArray(value) || isFilledObject(value)
const isInput: Check = (value) => typeof value === 'string' || isArrayOrObject(value)
/** A list of texts is no content; parts of one are objects. */
const isContent: Check = (value) =>
  typeof value === 'string' || isFilledObject(value) || (Array.isArray(value) && value.some(isFilledObject))

/**
 * What each endpoint cannot do without: engines differ in what they make of a request that holds nothing, up to a 500. Which form
 * an input may have, and beside which fields, is for the engine to say.
 */
const NEEDS: Readonly<Record<string, readonly Need[]>> = {
  chat: [{ fields: ['messages'], takes: isArray, wanted: 'an array of messages' }],
  completions: [
    {
      fields: ['prompt', 'prompt_embeds', 'prompt_token_ids', 'input_ids', 'input_prefix', 'messages'],
      takes: isInput,
      wanted: 'a string, an array or an object',
    },
  ],
  embeddings: [
    {
      fields: ['input', 'messages', 'inputs', 'input_ids', 'content', 'texts', 'text', 'images', 'image', 'prompt'],
      takes: isInput,
      wanted: 'a string, an array or an object',
    },
  ],
  rerank: [
    { fields: ['query', 'queries', 'text_1', 'data_1'], takes: isContent, wanted: 'a string or its content' },
    {
      fields: ['documents', 'texts', 'passages', 'text_2', 'data_2'],
      takes: isArrayOrObject,
      wanted: 'an array of documents',
    },
  ],
}

/** Throws `invalid_json` or `invalid_request`, which names the field and what it should be. */
export const parseBody = (raw: Buffer, endpoint: Endpoint): OpenAIRequest => checked(readObject(raw), endpoint)

/** The same for a large body. */
export function* parseLargeBody(raw: Buffer, endpoint: Endpoint): Steps<OpenAIRequest> {
  return checked(yield* readObjectInSteps(raw), endpoint)
}

function checked(object: ReadObject, endpoint: Endpoint): OpenAIRequest {
  const { body, raw, members } = object
  const model = modelIn(object)
  const stream = streamIn(body, false)
  for (const { fields, takes, wanted } of NEEDS[endpoint.id] ?? []) {
    const [usual = ''] = fields
    if (!fields.some((field) => takes(body[field]))) throw missingMember(body, usual, `\`${usual}\` must be ${wanted}.`)
  }
  return {
    model,
    stream: stream && endpoint.streams,
    prompt: new OpenAIPrompt(endpoint, body, raw, members),
    names: namesIn(body),
  }
}
