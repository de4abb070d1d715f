/** The body of a request as an object: parsed once, its long texts cut, and the place of each member in its bytes. Pure. */
import { nearestWord } from '../../core/did-you-mean.ts'
import { GatewayError } from '../../core/errors.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import type { Steps } from '../../core/slices.ts'
import type { Member } from '../../core/types.ts'
import { BodySize } from './body-size.ts'
import { digest } from './digest.ts'
import { members, memberValue } from './members.ts'
import { parseLarge } from './parse-large.ts'
import { OPEN_BRACE, skipSpace } from './scan.ts'

export interface ReadObject {
  readonly raw: Buffer
  /** Its texts are not decoded (one character for each byte), and long ones are cut: core/cut-text.ts. */
  readonly body: JsonObject
  readonly members: readonly Member[]
}

/** Throws `invalid_json`, or `invalid_request` where a member is there twice. */
export function readObject(raw: Buffer): ReadObject {
  const tally = new BodySize()
  const list = members(raw, tally) ?? refuse(raw)
  return once({ raw, body: parseObject(digest(raw, tally.longTexts), raw.length), members: list })
}

/** The same for a large body. */
export function* readObjectInSteps(raw: Buffer): Steps<ReadObject> {
  const { body, members: list } = yield* parseLarge(raw)
  return once({ raw, body, members: list })
}

const MODEL_LENGTH = 512

/** Its `model`. Throws `invalid_request` where that is no name. */
export function modelIn({ body, raw, members: list }: ReadObject): string {
  const model = exact(body['model'], raw, list)
  if (typeof model !== 'string' || model === '')
    throw missingMember(body, 'model', '`model` must be a string; write "auto" to let the gateway choose.')
  return checkedModel(model)
}

/** Names are matched against the patterns of routes, whose cost grows with the length. */
export function checkedModel(model: string): string {
  if (model.length > MODEL_LENGTH) throw invalidMember('model', `\`model\` is longer than ${MODEL_LENGTH} characters.`)
  return model
}

/** `unsaid`: what it means where the body does not say. */
export function streamIn(body: JsonObject, unsaid: boolean): boolean {
  const stream = body['stream'] ?? unsaid
  if (typeof stream !== 'boolean') throw invalidMember('stream', '`stream` must be true or false.')
  return stream
}

/** A member that is required, with the one that stands for it under another name. */
export function missingMember(body: JsonObject, name: string, message: string): GatewayError {
  // Of a body with many members, or with long names, none was meant.
  const names = Object.keys(body)
    .slice(0, 50)
    .filter((one) => one.length <= 40)
  const near = body[name] === undefined ? nearestWord(name, names) : null
  return invalidMember(
    name,
    near === null ? message : `${message.slice(0, -1)}; write \`${name}\` instead of \`${near}\`.`,
  )
}

export const invalidMember = (param: string, message: string): GatewayError =>
  new GatewayError('invalid_request', message, { param })

/** Engines differ in which of two equal keys they read; what the gateway judged must be what the engine gets. */
function once(object: ReadObject): ReadObject {
  const { body, members: list } = object
  if (list.length === Object.keys(body).length) return object
  const keys = list.map(({ key }) => key)
  const twice = (keys.find((key, index) => keys.indexOf(key) !== index) ?? '').slice(0, 100)
  throw invalidMember(twice, `\`${twice}\` is there twice.`)
}

/** Says what is wrong with a text that is no object. Where the scan gives up, the parser has done so before. */
function refuse(raw: Buffer): never {
  if (raw.length === 0) throw new GatewayError('invalid_json', 'The body is empty; send a JSON object.')
  if (raw[skipSpace(raw, 0)] === OPEN_BRACE) parseObject(raw.toString('latin1'), raw.length)
  throw new GatewayError('invalid_json', 'The body must be one JSON object.')
}

/** The one text that must be exact. */
function exact(model: Json | undefined, raw: Buffer, list: readonly Member[]): unknown {
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
