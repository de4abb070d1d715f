/** What the events of an OpenAI-shaped stream tell about the answer, and what of them the caller may see. Pure. */
import { type Fields, isObject } from '../../core/is-object.ts'
import type { Usage } from '../../core/settlement.ts'
import { Again } from './again.ts'
import { chargeOfBoth } from '../usage-so-far.ts'
import { chargeBeside, chargeWithoutTokens, HAS_CHARGE } from '../charge.ts'
import type { Mend } from './choices.ts'
import { wantsText } from './collect.ts'
import { mended } from './mend.ts'
import { isMoreOfCall } from './tool-calls.ts'
import type { OpenAIAnswerState } from './answer-state.ts'
import { isDone } from './done.ts'
import { frameText, type SseFrame } from '../sse.ts'
import { embeddedFault, readFault } from '../read-fault.ts'
import type { EventVerdict } from '../format.ts'
import type { UpstreamFault } from '../upstream-fault.ts'
import { isPlainUsage, readTimings, readUsage } from './usage.ts'
import { type UsageWish, usageJson, withoutUsage } from './usage-chunk.ts'

const SWALLOW: EventVerdict = { kind: 'swallow' }
const DONE: EventVerdict = { kind: 'done' }
const GARBAGE: EventVerdict = { kind: 'garbage' }

/**
 * Judges one event and notes what it tells. Most events are only searched, not parsed: the searched-for names end with
 * a quote, so the same words inside of a JSON text (where quotes are escaped) do not match.
 * `wish`: who sees usage. At the end it goes out in an event of its own, so none of these has any.
 */
export function readFrame(frame: SseFrame, track: OpenAIAnswerState, wish: UsageWish): EventVerdict {
  const data = frame.data
  if (data === null) return { kind: 'send', raw: frame.raw }
  if (isDone(data)) {
    track.done = true
    return DONE
  }
  // A cut-off or foreign payload would throw in the caller's SDK.
  const text = data.charCodeAt(0) === OPEN && data.charCodeAt(data.length - 1) === CLOSE ? data : data.trim()
  if (text.charCodeAt(0) !== OPEN || text.charCodeAt(text.length - 1) !== CLOSE) {
    return frame.event === 'error' ? { kind: 'fault', fault: readFault(frameText(frame)) } : GARBAGE
  }
  return look(frame, data, track, wish)
}

const OPEN = 0x7b
const CLOSE = 0x7d
const QUOTE = 0x22
const NULL = 0x6e
const SPACE = 0x20
const COMMA = 0x2c
const COLON = 0x3a
const ZERO = 0x30
const CLOSE_LIST = 0x5d

function look(frame: SseFrame, data: string, track: OpenAIAnswerState, wish: UsageWish): EventVerdict {
  track.size.event(data)
  track.usageIsOld = true
  const known = again(frame, data, track)
  if (known !== null) return { kind: 'send', raw: known }
  const usage = memberStart(data, 'usage"')
  const counted = usage > 0 && data.charCodeAt(usage) === OPEN
  const charged = track.finishWord !== null && HAS_CHARGE.test(data)
  if (counted || charged || mayBeFault(frame, data) || !isPlain(data, track)) return parseFrame(frame, track, wish)
  const verdict: EventVerdict =
    usage > 0 && wish === 'hidden' ? rewritten(frame, null, 'top') : { kind: 'send', raw: frame.raw }
  // Where each event has something of its own (a time, padding) it is not worth its while.
  if (verdict.kind === 'send' && isPowerOfTwo(++track.unlike)) track.again = Again.of(frame, verdict.raw, 'text')
  return verdict
}

/** What to send for an event that is like the last one but for its piece of text or of arguments; null where it is not. */
function again(frame: SseFrame, data: string, track: OpenAIAnswerState): Buffer | null {
  const last = track.choices.lone === null ? null : track.again
  const raw = last?.take(frame, data) ?? null
  if (last === null || raw === null) return null
  if (last.brings === 'arguments') {
    const piece = last.piece(frame, data)
    if (piece === null) return null
    track.more(piece)
  }
  track.unlike = 0
  return raw
}

const isPowerOfTwo = (count: number): boolean => (count & (count - 1)) === 0

function mayBeFault(frame: SseFrame, data: string): boolean {
  const error = memberStart(data, 'error"')
  return (error > 0 && data.charCodeAt(error) !== NULL) || frame.event === 'error' || FLAT_ERROR.test(data)
}

/** More text or reasoning of the only choice: nothing that would change what is known of the answer, or that is put right. */
function isPlain(data: string, track: OpenAIAnswerState): boolean {
  const { lone, substance, sure } = track.choices
  if (lone === null || !substance) return false
  const finish = memberStart(data, 'finish_reason"')
  if (finish > 0 && data.charCodeAt(finish) === QUOTE && data.charCodeAt(finish + 1) !== QUOTE) return false
  const calls = memberStart(data, 'tool_calls"')
  if (calls > 0 && data.charCodeAt(calls) !== NULL && data.charCodeAt(calls + 1) !== CLOSE_LIST) return false
  if (!isOf(data, lone, track)) return false
  return (sure || !ANSWER.test(data)) && !(track.collected !== null && wantsText(track.collected, data))
}

/** Whether the event has this choice and no other. Where the engine writes the index is looked for once. */
function isOf(data: string, choice: number, track: OpenAIAnswerState): boolean {
  if (!data.startsWith(INDEX, track.indexAt)) track.indexAt = data.indexOf(INDEX)
  if (track.indexAt < 0) return choice === 0
  const at = valueStart(data, track.indexAt + INDEX.length)
  const next = data.charCodeAt(at + 1)
  const whole = next === COMMA || next === CLOSE || next === SPACE
  return whole && data.charCodeAt(at) === ZERO + choice && data.indexOf(INDEX, at) < 0
}

const INDEX = '"index"'

/** The slow path: all until the answer has begun, and events with usage, a finish reason, a tool call, or what may be an error. */
function parseFrame(frame: SseFrame, track: OpenAIAnswerState, wish: UsageWish): EventVerdict {
  let value: unknown
  try {
    value = JSON.parse(frameText(frame))
  } catch {
    return GARBAGE
  }
  if (!isObject(value)) return GARBAGE
  const fault = faultOf(value, frame)
  const choices = Array.isArray(value['choices']) ? (value['choices'] as readonly unknown[]) : []
  const usage = usageOf(value, choices)
  noteCharge(value, usage, track)
  if (fault !== null) {
    // What failed may be charged all the same.
    track.reported = usage ?? track.reported
    return { kind: 'fault', fault }
  }
  noteOrigin(value, track)
  const mends = track.take(choices, false)
  const own = choices.length === 0 && isObject(value['usage'])
  if (usage !== null) noteUsage(usage, value, own, frame, track, wish)
  if (own) return SWALLOW
  const clean = wish === 'everywhere' || (wish === 'end' && usage === null && !isObject(value['usage']))
  const verdict: EventVerdict =
    clean && mends === null ? { kind: 'send', raw: frame.raw } : rewritten(frame, mends, clean ? 'nothing' : 'nested')
  const more = mends === null && usage === null && isMoreOfCall(choices)
  track.again = more && verdict.kind === 'send' ? Again.of(frame, verdict.raw, 'arguments') : null
  return verdict
}

const faultOf = (event: Fields, frame: SseFrame): UpstreamFault | null =>
  embeddedFault(event) ?? (frame.event === 'error' ? embeddedFault({ error: event }) : null)

function noteCharge(event: Fields, usage: Usage | null, track: OpenAIAnswerState): void {
  const beside = chargeBeside((name) => event[name])
  const told = usage === null ? chargeOfBoth(beside, chargeWithoutTokens(event['usage'])) : beside
  track.charge = chargeOfBoth(told, track.charge)
}

/** The last counts are the true ones: some engines count as they go. */
function noteUsage(
  usage: Usage,
  event: Fields,
  own: boolean,
  frame: SseFrame,
  track: OpenAIAnswerState,
  wish: UsageWish,
): void {
  track.reported = usage.tier === null && track.tier !== null ? { ...usage, tier: track.tier } : usage
  track.usageIsOld = false
  if (wish === 'hidden') return
  const plain = isPlainUsage(event['usage'])
  track.usageEvent = own && plain && Array.isArray(event['choices']) ? frame.raw : null
  track.usageJson = plain ? usageJson(frame.raw.subarray(frame.dataStart, frame.dataEnd)) : null
}

/** What every event of a stream repeats; the first that tells it counts, but for the tier, which may be another one in the end. */
function noteOrigin({ id, created, model, service_tier: tier }: Fields, track: OpenAIAnswerState): void {
  if (track.id === null && typeof id === 'string' && id !== '') track.id = id
  if (track.created === null && typeof created === 'number') track.created = created
  if (track.model === null && typeof model === 'string' && model !== '') track.model = model
  if (typeof tier === 'string' && tier !== '') track.tier = tier
}

/** Groq has had it in a field of its own, Moonshot in the last choice, llama.cpp has times instead where it was not asked. */
function usageOf(event: Fields, choices: readonly unknown[]): Usage | null {
  const groq = event['x_groq'] as { usage?: unknown } | null | undefined
  const first = choices[0] as { usage?: unknown } | null | undefined
  return (
    readUsage(event['usage']) ??
    readUsage(groq?.usage) ??
    readUsage(first?.usage) ??
    (event['timings'] === undefined ? null : readTimings(event['timings']))
  )
}

/** The event with its choices put right and without its usage, where that is not to be seen; `nested`: at the top and in its choices. */
function rewritten(
  frame: SseFrame,
  mends: readonly (Mend | null)[] | null,
  hides: 'nothing' | 'top' | 'nested',
): EventVerdict {
  const payload = frame.raw.subarray(frame.dataStart, frame.dataEnd)
  const kept = rightPayload(payload, mends, hides)
  if (kept === null) return GARBAGE
  return { kind: 'send', raw: kept === payload ? frame.raw : Buffer.concat([DATA, kept, END]) }
}

/** Null where it cannot be written: what is nested deeper than any stack can be parsed, but not put into words again. */
function rightPayload(
  payload: Buffer,
  mends: readonly (Mend | null)[] | null,
  hides: 'nothing' | 'top' | 'nested',
): Buffer | null {
  try {
    const right = mends === null ? payload : mended(payload, mends)
    return hides === 'nothing' ? right : withoutUsage(right, hides === 'nested')
  } catch {
    return null
  }
}

const DATA = Buffer.from('data: ')
const END = Buffer.from('\n\n')

/** What may be a part of an answer, and not only of the thinking before it. */
const ANSWER =
  /"(?:content|text|refusal)"\s*:\s*(?:"[^"]|\[)|"(?:function_call|audio|images|image)"\s*:\s*(?:[[{](?![\]}])|"[^"])/

const FLAT_ERROR = /"object": ?"error"/

/**
 * Offset of the value of the member `name` (with its closing quote: a search for the opening one finds many more), wherever it is nested; the first that is not null, else the last null; 0 where there is none.
 * With both its quotes the name cannot match inside of a text, where quotes are escaped.
 */
function memberStart(data: string, name: string): number {
  let found = 0
  let at = data.indexOf(name)
  while (at >= 0) {
    const end = at + name.length
    const next = data.charCodeAt(at - 1) === QUOTE ? valueStart(data, end) : 0
    if (next > 0) {
      found = next
      if (data.charCodeAt(next) !== NULL) return next
    }
    at = data.indexOf(name, end)
  }
  return found
}

/** Offset of the value behind the name that ends before `from`; 0 where no colon follows. */
function valueStart(data: string, from: number): number {
  let at = from
  while (data.charCodeAt(at) === SPACE) at++
  if (data.charCodeAt(at) !== COLON) return 0
  at++
  while (data.charCodeAt(at) === SPACE) at++
  return at
}
