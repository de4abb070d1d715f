/** A request as far as the gateway must understand it: the model, and how its answer is sent, stand in the path. Pure. */
import { boundName } from '../../core/caller-name.ts'
import type { Endpoint } from '../../core/endpoints.ts'
import { isObject } from '../../core/is-object.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import type { Steps } from '../../core/slices.ts'
import type { Asked, Names, ReadRequest } from '../format.ts'
import { checkedModel, invalidMember, type ReadObject, readObject, readObjectInSteps } from '../json/read-object.ts'
import { type Delivery, GeminiPrompt } from './prompt.ts'

export interface GeminiRequest extends ReadRequest {
  readonly prompt: GeminiPrompt
}

/** Throws `invalid_json` or `invalid_request`, which names the member and what it should be. */
export const readRequest = (raw: Buffer, endpoint: Endpoint, asked: Asked): GeminiRequest =>
  requestOf(readObject(raw), endpoint, asked)

/** The same for a large body. */
export function* readLargeRequest(raw: Buffer, endpoint: Endpoint, asked: Asked): Steps<GeminiRequest> {
  return requestOf(yield* readObjectInSteps(raw), endpoint, asked)
}

function requestOf(read: ReadObject, endpoint: Endpoint, { url }: Asked): GeminiRequest {
  const object = wrapped(read)
  const delivery = deliveryOf(endpoint, url)
  return {
    model: modelOf(url),
    stream: delivery !== 'whole',
    prompt: new GeminiPrompt(endpoint, object, delivery),
    names: namesIn(object.body['labels']),
  }
}

/** Where only tokens are counted, the request may stand in a member. */
const WRAPPERS = ['generateContentRequest', 'generate_content_request']

function wrapped(object: ReadObject): ReadObject {
  const member = object.members.find(({ key }) => WRAPPERS.includes(key))
  return member === undefined ? object : readObject(object.raw.subarray(member.valueStart, member.valueEnd))
}

const MODEL = /\/models\/(.+):[a-z]+$/i

/** Between `/models/` and the last colon. */
function modelOf(url: string): string {
  const [path = ''] = url.split('?', 1)
  const written = MODEL.exec(path)?.[1] ?? ''
  let model = written
  try {
    model = decodeURIComponent(written)
  } catch {
    // It is taken as it stands.
  }
  if (model === '') throw invalidMember('model', 'The path names no model: /v1beta/models/MODEL:generateContent.')
  return checkedModel(model)
}

const AS_EVENTS = /[?&](?:\$|%24)?alt=sse(?:&|$)/i

function deliveryOf({ streams, path }: Endpoint, url: string): Delivery {
  if (!streams || !path.endsWith(':streamGenerateContent')) return 'whole'
  return AS_EVENTS.test(url) ? 'events' : 'array'
}

/** The one place of this form for words of the caller's own. */
function namesIn(labels: Json | undefined): Names {
  const told: JsonObject = isObject(labels) ? labels : {}
  return { session: boundName(told['session_id']), agent: boundName(told['agent']), user: boundName(told['user']) }
}
