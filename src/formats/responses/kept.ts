/** What is kept of an answer, and how another request goes on from it. Pure. */
import { hash } from 'node:crypto'
import { type Fields, isObject } from '../../core/is-object.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import type { GatewayRequest } from '../../core/types.ts'
import type { KeptAnswers, KeptItem, Reference } from '../format.ts'
import { elements, members, memberValue } from '../json/members.ts'
import { invalidMember } from '../json/read-object.ts'
import { splice } from '../json/splice.ts'
import { eventsOf } from './as-events.ts'
import { textOf } from './fields.ts'
import { responsesPrompt } from './request.ts'

const PREVIOUS = Buffer.from('"previous_response_id"')
const ITEM = Buffer.from('"item_reference"')

export const KEPT: KeptAnswers = {
  member: 'previous_response_id',
  references,
  continued,
  record,
  answerIn,
  eventsIn,
  itemsIn,
}

/** Ids that a body refers to. Most refer to none, which a search tells: both names cannot stand inside of a text, where quotes are escaped. */
function references(raw: Buffer): Reference | null {
  if (!raw.includes(PREVIOUS) && !raw.includes(ITEM)) return null
  const list = members(raw)
  if (list === null) return null
  const previous = memberValue(raw, list, 'previous_response_id')
  const input = memberValue(raw, list, 'input')
  const items = itemsOf(input).flatMap((item) =>
    item['type'] === 'item_reference' && typeof item['id'] === 'string' ? [item['id']] : [],
  )
  const answer = typeof previous === 'string' && previous !== '' ? previous : null
  return answer === null && items.length === 0 ? null : { answer, items }
}

const itemsOf = (value: unknown): readonly Fields[] =>
  Array.isArray(value) ? (value as readonly unknown[]).filter((item): item is Fields => isObject(item)) : []

/** The same request with all of it in `input`. */
function continued(raw: Buffer, answer: Buffer | null, holding: ReadonlyMap<string, Buffer>): Buffer {
  const list = members(raw) ?? []
  const at = list.findLast(({ key }) => key === 'input')
  const own = at === undefined ? null : raw.subarray(at.valueStart, at.valueEnd)
  const before = answer === null ? [] : [arrayIn(answer, 'input'), outputOf(answer)]
  const all = [...before, own === null ? NOTHING : listedIn(own, holding)].filter((part) => part.length > 0)
  const input = [OPEN, ...all.flatMap((part, index) => (index === 0 ? [part] : [COMMA, part])), CLOSE]
  return splice(raw, list, { set: new Map([['input', input]]), remove: NO_KEYS })
}

const NO_KEYS: ReadonlySet<string> = new Set()
const NOTHING = Buffer.alloc(0)
const OPEN = Buffer.from('[')
const CLOSE = Buffer.from(']')
const COMMA = Buffer.from(',')

/** What is between the brackets of the input of a request. A text is a message. */
function listedIn(input: Buffer, holding: ReadonlyMap<string, Buffer>): Buffer {
  const parts = elements(input, 0)
  if (parts === null) return input[0] === QUOTE ? messageOf(input) : NOTHING
  if (holding.size === 0) return inner(input)
  return Buffer.concat(
    parts.flatMap(({ start, end }, index) => {
      const element = input.subarray(start, end)
      const item = JSON.parse(element.toString()) as Json
      const isReference = isObject(item) && item['type'] === 'item_reference'
      const told = isReference ? heldItem(textOf(item['id']) ?? '', holding, index) : element
      return index === 0 ? [told] : [COMMA, told]
    }),
  )
}

const QUOTE = 0x22

function heldItem(id: string, holding: ReadonlyMap<string, Buffer>, at: number): Buffer {
  const record = holding.get(id)
  const found = record === undefined ? [] : [...itemsOf(outputIn(record)), ...itemsIn(record)]
  const item = found.find((one) => one['id'] === id)
  if (item !== undefined) return Buffer.from(JSON.stringify(item))
  throw invalidMember(`input[${at}]`, `\`input[${at}]\` refers to an item that is not kept here; send the item itself.`)
}

const messageOf = (text: Buffer): Buffer =>
  Buffer.concat([Buffer.from('{"type":"message","role":"user","content":'), text, Buffer.from('}')])

/** A list without its brackets. */
const inner = (list: Buffer): Buffer => {
  const text = list.subarray(1, list.lastIndexOf(CLOSE_BRACKET))
  return text.toString('latin1').trim() === '' ? NOTHING : text
}
const CLOSE_BRACKET = 0x5d

/** Null where the caller wants nothing kept, or the answer has no name. */
function record(request: GatewayRequest, whole: Buffer): KeptItem | null {
  const prompt = responsesPrompt(request)
  if (prompt.body['store'] === false) return null
  const response = JSON.parse(whole.toString()) as JsonObject
  const { id } = response
  const input = prompt.bytesOf('input')
  if (typeof id !== 'string' || id === '' || input === null) return null
  const items = itemsOf(response['output']).flatMap((item) => (typeof item['id'] === 'string' ? [item['id']] : []))
  const bytes = [
    Buffer.from('{"input":['),
    listedIn(input, NO_RECORDS),
    Buffer.from('],"response":'),
    whole,
    Buffer.from('}'),
  ]
  return { id, items, record: Buffer.concat(bytes) }
}

const NO_RECORDS: ReadonlyMap<string, Buffer> = new Map()

/** What is between the brackets of a list in a record. */
function arrayIn(json: Buffer, name: string): Buffer {
  const found = members(json)?.findLast(({ key }) => key === name)
  return found === undefined ? NOTHING : inner(json.subarray(found.valueStart, found.valueEnd))
}

const outputOf = (kept: Buffer): Buffer => arrayIn(answerIn(kept), 'output')
const outputIn = (kept: Buffer): unknown => (JSON.parse(answerIn(kept).toString()) as JsonObject)['output']

/** The answer as it was given. */
function answerIn(kept: Buffer): Buffer {
  const found = members(kept)?.findLast(({ key }) => key === 'response')
  return found === undefined ? NOTHING : kept.subarray(found.valueStart, found.valueEnd)
}

/** The answer as the stream that it might have come as. */
function eventsIn(kept: Buffer): readonly Buffer[] {
  return eventsOf(answerIn(kept)) ?? []
}

/** What an answer was given to, each item with an id. */
function itemsIn(kept: Buffer): readonly JsonObject[] {
  const { input, response } = JSON.parse(kept.toString()) as {
    readonly input: readonly JsonObject[]
    readonly response: JsonObject
  }
  return input.map((item, at) => {
    const message = item['type'] === undefined ? { type: 'message', ...item } : item
    const content = message['content']
    const whole =
      typeof content === 'string' ? { ...message, content: [{ type: partType(message), text: content }] } : message
    return typeof item['id'] === 'string'
      ? whole
      : { ...whole, id: idOf(whole, `${textOf(response['id']) ?? ''} ${at}`) }
  })
}

const partType = ({ role }: JsonObject): string => (role === 'assistant' ? 'output_text' : 'input_text')

const PREFIXES: Readonly<Record<string, string>> = {
  message: 'msg',
  function_call: 'fc',
  function_call_output: 'fco',
  reasoning: 'rs',
}

const idOf = ({ type }: JsonObject, seed: string): string =>
  `${PREFIXES[textOf(type) ?? ''] ?? 'item'}_${hash('sha256', seed, 'hex').slice(0, 24)}`
