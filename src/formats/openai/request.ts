/** A request body as far as the gateway must understand it. Unknown fields are nobody's business and pass. Pure. */
import type { Endpoint } from '../../core/endpoints.ts'
import { GatewayError } from '../../core/errors.ts'
import type { Steps } from '../../core/slices.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import type { Member } from '../../core/types.ts'
import type { ReadRequest } from '../format.ts'
import { namesIn } from './names.ts'
import { OpenAIPrompt } from './prompt.ts'
import { digest } from '../json/digest.ts'
import { members, memberValue } from '../json/members.ts'
import { parseLarge } from '../json/parse-large.ts'
import { OPEN_BRACE, skipSpace } from '../json/scan.ts'
import { BodySize } from '../json/body-size.ts'

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

const MODEL_LENGTH = 512

/** Throws `invalid_json` or `invalid_request`, which names the field and what it should be. */
export function parseBody(raw: Buffer, endpoint: Endpoint): OpenAIRequest {
  const tally = new BodySize()
  const list = members(raw, tally) ?? refuse(raw)
  return checked(parseObject(digest(raw, tally.longTexts), raw.length), list, raw, endpoint)
}

/** The same for a large body. */
export function* parseLargeBody(raw: Buffer, endpoint: Endpoint): Steps<OpenAIRequest> {
  const { body, members: list } = yield* parseLarge(raw)
  return checked(body, list, raw, endpoint)
}

function checked(body: JsonObject, list: readonly Member[], raw: Buffer, endpoint: Endpoint): OpenAIRequest {
  if (list.length !== Object.keys(body).length) refuseTwin(list)
  const model = decoded(body['model'], raw, list)
  if (typeof model !== 'string' || model === '')
    throw invalid('model', '`model` must be a string; write "auto" to let the gateway choose.')
  // Names are matched against the patterns of routes, whose cost grows with the length.
  if (model.length > MODEL_LENGTH) throw invalid('model', `\`model\` is longer than ${MODEL_LENGTH} characters.`)
  const stream = body['stream'] ?? false
  if (typeof stream !== 'boolean') throw invalid('stream', '`stream` must be true or false.')
  for (const { fields, takes, wanted } of NEEDS[endpoint.id] ?? []) {
    const [usual = ''] = fields
    if (!fields.some((field) => takes(body[field]))) throw invalid(usual, `\`${usual}\` must be ${wanted}.`)
  }
  return {
    model,
    stream: stream && endpoint.streams,
    prompt: new OpenAIPrompt(endpoint, body, raw, list),
    names: namesIn(body),
  }
}

/** Says what is wrong with a text that is no object. Where the scan gives up, the parser has done so before. */
function refuse(raw: Buffer): never {
  if (raw.length === 0) throw new GatewayError('invalid_json', 'The body is empty; send a JSON object.')
  if (raw[skipSpace(raw, 0)] === OPEN_BRACE) parseObject(raw.toString('latin1'), raw.length)
  throw new GatewayError('invalid_json', 'The body must be one JSON object.')
}

/** Engines differ in which of two equal keys they read; what the gateway judged must be what the engine gets. */
function refuseTwin(list: readonly Member[]): never {
  const keys = list.map(({ key }) => key)
  const twice = keys.find((key, index) => keys.indexOf(key) !== index) ?? ''
  throw invalid(twice.slice(0, 100), `\`${twice.slice(0, 100)}\` is there twice.`)
}

/** The one text that must be exact. */
function decoded(model: Json | undefined, raw: Buffer, list: readonly Member[]): unknown {
  return typeof model === 'string' && /[^\x20-\x7e]/.test(model) ? memberValue(raw, list, 'model') : model
}

/** `bytes`: of the body; a text of another length was cut, and its positions are not those of the body. */
function parseObject(text: string, bytes: number): JsonObject {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (thrown) {
    // V8's message quotes the text around the fault, which is a part of the prompt.
    const position = text.length === bytes ? /position \d+/.exec((thrown as Error).message)?.[0] : undefined
    throw new GatewayError(
      'invalid_json',
      `The body is not valid JSON${position === undefined ? '' : ` (at ${position})`}.`,
    )
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new GatewayError('invalid_json', 'The body must be a JSON object.')
  return value as JsonObject
}

const invalid = (param: string, message: string): GatewayError =>
  new GatewayError('invalid_request', message, { param })
