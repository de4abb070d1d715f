/** A request in Google's form. */
import type { Endpoint } from '../../core/endpoints.ts'
import { isObject } from '../../core/is-object.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import type { GatewayRequest } from '../../core/types.ts'
import { ContentsPrompt, type Spelling } from '../contents-prompt.ts'
import type { ReadObject } from '../json/read-object.ts'
import { contentsOf } from './contents.ts'
import { embeddingOf } from './embedding-request.ts'
import { member } from './member.ts'
import { GEMINI_NAME } from './name.ts'

/** How the answer comes: whole, as server-sent events, or as one JSON array that is sent in pieces. */
export type Delivery = 'whole' | 'events' | 'array'

export class GeminiPrompt extends ContentsPrompt {
  readonly delivery: Delivery

  constructor(endpoint: Endpoint, object: ReadObject, delivery: Delivery) {
    super(endpoint, SPELLING, object)
    this.delivery = delivery
  }
}

export const wantsArray = ({ prompt }: GatewayRequest): boolean =>
  prompt instanceof GeminiPrompt && prompt.delivery === 'array'

const SPELLING: Spelling = {
  format: GEMINI_NAME,
  member: 'contents',
  contentsOf,
  tools: ['tools'],
  toolSchemas(prompt) {
    const tools = prompt.contents().tools.map(({ name, schema }) => ({ name, schema: schema ?? {} }))
    return [{ json: Buffer.from(JSON.stringify(tools)), holders: [], schema: 'schema' }]
  },
  answerSchema(prompt) {
    const schema = prompt.contents().answer?.schema ?? null
    if (schema === null) return null
    return { json: Buffer.from(JSON.stringify({ schema })), holders: [], schema: 'schema' }
  },
  previousAnswer: () => undefined,
  inputs(body: JsonObject): Json | undefined {
    const asked = body['requests'] !== undefined || isObject(member(body, 'content'))
    return asked ? embeddingOf(body, () => undefined).embedding.inputs : undefined
  },
}
