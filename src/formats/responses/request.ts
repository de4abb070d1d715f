/** A request of the Responses API as far as the gateway must understand it. Pure. */
import type { Endpoint } from '../../core/endpoints.ts'
import type { JsonObject } from '../../core/json.ts'
import type { SchemaSource } from '../../core/prompt.ts'
import type { Steps } from '../../core/slices.ts'
import type { GatewayRequest } from '../../core/types.ts'
import { ContentsPrompt, type Spelling } from '../contents-prompt.ts'
import type { Asked, ReadRequest } from '../format.ts'
import {
  invalidMember,
  missingMember,
  modelIn,
  type ReadObject,
  readObject,
  readObjectInSteps,
  streamIn,
} from '../json/read-object.ts'
import { says } from './fields.ts'
import { contentsOf } from './contents.ts'
import { namesIn } from './names.ts'
import { particularOf, tellsPlainTools } from './particular.ts'

export const NAME = 'openai-responses'

const SPELLING: Spelling = {
  format: NAME,
  member: 'input',
  contentsOf,
  tools: ['tools'],
  toolSchemas,
  answerSchema,
  // What an answer was given to is put before the request: nothing of it is with a backend.
  previousAnswer: () => undefined,
  particular: particularOf,
}

function answerSchema(prompt: ContentsPrompt): SchemaSource | null {
  const json = prompt.bytesOf('text')
  return json === null ? null : { json, holders: ['format'], schema: 'schema' }
}

function toolSchemas(prompt: ContentsPrompt): SchemaSource[] {
  const json = prompt.bytesOf('tools')
  if (tellsPlainTools(prompt.body)) return json === null ? [] : [{ json, holders: [], schema: 'parameters' }]
  // Tools in namespaces, and in items of the conversation, are called by other names than stand in the body.
  const list = prompt.contents().tools.map(({ name, schema }) => ({ name, ...(schema === null ? {} : { schema }) }))
  return [{ json: Buffer.from(JSON.stringify(list)), holders: [], schema: 'schema' }]
}

/** Throws `invalid_json` or `invalid_request`, which names the member and what it should be. */
export const readRequest = (raw: Buffer, endpoint: Endpoint, asked: Asked): ReadRequest =>
  checked(readObject(raw), endpoint, asked)

/** The same for a large body. */
export function* readRequestInSteps(raw: Buffer, endpoint: Endpoint, asked: Asked): Steps<ReadRequest> {
  return checked(yield* readObjectInSteps(raw), endpoint, asked)
}

function checked(object: ReadObject, endpoint: Endpoint, { continued = false }: Asked): ReadRequest {
  const { body } = object
  const model = modelIn(object)
  const stream = streamIn(body, false)
  for (const [name, refused, remedy] of REFUSED)
    if (refused(body)) throw invalidMember(name, `\`${name}\` is not served here: ${remedy}.`)
  if (says(body['previous_response_id']) && !continued)
    throw invalidMember('previous_response_id', '`previous_response_id` is the id of no answer that is kept here.')
  const { input } = body
  if (typeof input !== 'string' && !Array.isArray(input))
    throw missingMember(body, 'input', '`input` must be a string or an array of items.')
  return { model, stream, prompt: new ContentsPrompt(endpoint, SPELLING, object), names: namesIn(body) }
}

/** What would need a keeping of its own: each with what the caller can do instead. */
const REFUSED: readonly (readonly [name: string, refused: (body: JsonObject) => boolean, remedy: string])[] = [
  [
    'background',
    ({ background }) => background === true,
    'an answer is given on the connection that asks for it; leave it out, and set `stream` for a long answer',
  ],
  [
    'conversation',
    ({ conversation }) => says(conversation),
    'go on from an answer with `previous_response_id`, or send the whole conversation as `input`',
  ],
  [
    'prompt',
    ({ prompt }) => says(prompt),
    'templates are with their maker; write the text into `instructions` and `input`',
  ],
]

/** Of a request that came in this format; throws where it came in another one. */
export function responsesPrompt({ prompt }: GatewayRequest): ContentsPrompt {
  if (prompt instanceof ContentsPrompt && prompt.spelling === SPELLING) return prompt
  throw new Error('the request did not come in this format')
}

/** Whether it came in this format. */
export const isOwn = ({ prompt }: GatewayRequest): boolean =>
  prompt instanceof ContentsPrompt && prompt.spelling === SPELLING
