/** What a whole JSON answer tells about itself. Pure. */
import type { Steps } from '../../core/slices.ts'
import { chargeOfBoth } from '../usage-so-far.ts'
import { chargeBeside, chargeWithoutTokens } from '../charge.ts'
import { members, memberValue } from '../json/members.ts'
import { outlineOf } from '../json/outline.ts'
import type { OpenAIAnswerState } from './answer-state.ts'
import type { BodyVerdict } from '../format.ts'
import { embeddedFault } from '../read-fault.ts'
import { isPlainUsage, readTimings, readUsage } from './usage.ts'

/** More than this of what is read at all would be read for more than 50 ms. */
const MOST_READ_BYTES = 1.5 * 1024 * 1024

/** The same for a large one, in steps. */
export function* readLargeBody(body: Buffer, track: OpenAIAnswerState): Steps<BodyVerdict> {
  const whole = yield* outlineOf(body, true)
  track.unread = whole !== null && whole.json.length > MOST_READ_BYTES
  const outline = track.unread ? yield* outlineOf(body, false) : whole
  if (whole === null || outline === null) return 'garbage'
  track.size.text(whole.cut + (track.unread ? whole.json.length : 0))
  return readBody(outline.json, track)
}

type Fields = (key: string) => unknown

/** Up to here one parse of everything is cheaper than finding the members; above it (embeddings by the thousand) only what is asked for is parsed. */
const PARSE_WHOLE_BYTES = 32 * 1024

/** The fault inside of an answer, or null after noting usage, model and finish in `track`; 'garbage' where it is no JSON answer. */
export function readBody(body: Buffer, track: OpenAIAnswerState): BodyVerdict {
  const json = trimStart(body)
  if (json[0] === 0x5b) return readList(json, track)
  const field = fieldsOf(json)
  if (field === null) return 'garbage'
  // What failed may be charged all the same.
  noteUsage(field, track)
  const error = field('error')
  if (error) return embeddedFault({ error })
  if (field('object') === 'error')
    return embeddedFault({
      object: 'error',
      message: field('message'),
      type: field('type'),
      code: field('code'),
      param: field('param'),
    })
  const model = field('model')
  if (typeof model === 'string') track.model = model
  return readChoices(field, track)
}

function noteUsage(field: Fields, track: OpenAIAnswerState): void {
  const told = field('usage')
  const tier = field('service_tier')
  if (typeof tier === 'string' && tier !== '') track.tier = tier
  track.charge = chargeOfBoth(track.charge, chargeBeside(field))
  if (readUsage(told) === null) track.charge = chargeOfBoth(track.charge, chargeWithoutTokens(told))
  const groq = field('x_groq') as { usage?: unknown } | null | undefined
  const usage = readUsage(told) ?? readUsage(groq?.usage) ?? readTimings(field('timings'))
  track.usageIsPlain = isPlainUsage(told)
  if (usage !== null) track.reported = { ...usage, tier: usage.tier ?? track.tier }
}

function fieldsOf(json: Buffer): Fields | null {
  if (json.length > PARSE_WHOLE_BYTES) {
    const list = members(json)
    return list && ((key) => memberValue(json, list, key))
  }
  try {
    const value: unknown = JSON.parse(json.toString())
    if (typeof value !== 'object' || value === null) return null
    return (key) => (value as Readonly<Record<string, unknown>>)[key]
  } catch {
    return null
  }
}

/** SGLang's rerank answers a bare array, Gemini puts its errors into one. */
function readList(json: Buffer, track: OpenAIAnswerState): BodyVerdict {
  try {
    const list = JSON.parse(json.toString()) as unknown[]
    track.content = list.length > 0
    return embeddedFault(list[0])
  } catch {
    return 'garbage'
  }
}

function readChoices(field: Fields, track: OpenAIAnswerState): BodyVerdict {
  const choices = field('choices')
  if (choices === undefined) {
    track.content = field('data') !== undefined || field('results') !== undefined
    return null
  }
  if (track.unread) return null
  if (!Array.isArray(choices)) return 'garbage'
  const fault = embeddedFault({ choices })
  if (fault !== null) return fault
  if (track.reported === null) track.size.choices(choices)
  track.mends = track.take(choices as readonly unknown[], true)
  return null
}

/** DeepSeek sends blank lines before the answer while a request waits. */
function trimStart(body: Buffer): Buffer {
  let start = 0
  while (start < body.length && body[start]! <= 0x20) start++
  return start === 0 ? body : body.subarray(start)
}
