/** What the events of an OpenAI-shaped stream tell about the answer, and what of them the caller may see. Pure. */
import type { Usage } from '../core/settlement.ts'
import type { AnswerTrack } from './track.ts'
import { frameText, isDone, type SseFrame } from './sse.ts'
import { embeddedFault, readFault, type UpstreamFault } from './upstream-error.ts'
import { type Fields, isFields, isPlainUsage, readTimings, readUsage } from './usage.ts'
import { type UsageWish, usageJson, withoutUsage } from './usage-chunk.ts'

/** What to do with one stream event. */
export type FrameVerdict =
  | { readonly kind: 'send'; readonly raw: Buffer }
  | { readonly kind: 'swallow' }
  | { readonly kind: 'done' }
  | { readonly kind: 'fault'; readonly fault: UpstreamFault }
  | { readonly kind: 'garbage' }

const SWALLOW: FrameVerdict = { kind: 'swallow' }
const DONE: FrameVerdict = { kind: 'done' }
const GARBAGE: FrameVerdict = { kind: 'garbage' }

/**
 * Judges one event and notes what it tells. Most events are only searched, not parsed: the searched-for names end with
 * a quote, so the same words inside of a JSON text (where quotes are escaped) do not match.
 * `wish`: who sees usage. At the end it goes out in an event of its own, so none of these has any.
 */
export function readFrame(frame: SseFrame, track: AnswerTrack, wish: UsageWish): FrameVerdict {
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

function look(frame: SseFrame, data: string, track: AnswerTrack, wish: UsageWish): FrameVerdict {
  track.size.event(data)
  if (!track.content && CONTENT.test(data)) {
    track.content = true
    track.refused = REFUSAL.test(data)
  }
  const finish = memberStart(data, '"finish_reason"')
  const finished = finish > 0 && data.charCodeAt(finish) === QUOTE
  if (finished) track.finish = data.slice(finish + 1, data.indexOf('"', finish + 1))
  const usage = memberStart(data, '"usage"')
  const error = memberStart(data, '"error"')
  const suspicious = (error > 0 && data.charCodeAt(error) !== NULL) || frame.event === 'error' || FLAT_ERROR.test(data)
  const counted = usage > 0 && data.charCodeAt(usage) === OPEN
  track.usageIsOld = true
  if (track.started && !suspicious && !counted && !(finished && data.includes(TIMINGS))) {
    if (track.collected?.wants(data)) track.collected.event(frameText(frame))
    return usage > 0 && wish === 'hidden' ? bare(frame, false) : { kind: 'send', raw: frame.raw }
  }
  return parseFrame(frame, track, wish)
}

/** The slow path: the first event, events with usage, and those that may hold an error. */
function parseFrame(frame: SseFrame, track: AnswerTrack, wish: UsageWish): FrameVerdict {
  let value: unknown
  try {
    value = JSON.parse(frameText(frame))
  } catch {
    return GARBAGE
  }
  if (!isFields(value)) return GARBAGE
  const fault = embeddedFault(value) ?? (frame.event === 'error' ? embeddedFault({ error: value }) : null)
  if (fault !== null) return { kind: 'fault', fault }
  track.started = true
  noteOrigin(value, track)
  const choices = Array.isArray(value['choices']) ? (value['choices'] as readonly unknown[]) : []
  track.collected?.choices(choices)
  const usage = usageOf(value, choices)
  const own = choices.length === 0 && isFields(value['usage'])
  if (usage !== null) noteUsage(usage, value, own, frame, track, wish)
  if (own) return SWALLOW
  const clean = wish === 'everywhere' || (wish === 'end' && usage === null && !isFields(value['usage']))
  return clean ? { kind: 'send', raw: frame.raw } : bare(frame, true)
}

/** The last counts are the true ones: some engines count as they go. */
function noteUsage(
  usage: Usage,
  event: Fields,
  own: boolean,
  frame: SseFrame,
  track: AnswerTrack,
  wish: UsageWish,
): void {
  track.usage = usage.tier === null && track.tier !== null ? { ...usage, tier: track.tier } : usage
  track.usageIsOld = false
  if (wish === 'hidden') return
  const plain = isPlainUsage(event['usage'])
  track.usageEvent = own && plain && Array.isArray(event['choices']) ? frame.raw : null
  track.usageJson = plain ? usageJson(frame.raw.subarray(frame.dataStart, frame.dataEnd)) : null
}

/** What every event of a stream repeats; the first that tells it counts, but for the tier, which may be another one in the end. */
function noteOrigin({ id, created, model, service_tier: tier }: Fields, track: AnswerTrack): void {
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

/** The event without its usage. */
function bare(frame: SseFrame, nested: boolean): FrameVerdict {
  const payload = frame.raw.subarray(frame.dataStart, frame.dataEnd)
  const kept = withoutUsage(payload, nested)
  if (kept === null) return GARBAGE
  return { kind: 'send', raw: kept === payload ? frame.raw : Buffer.concat([DATA, kept, END]) }
}

const TIMINGS = '"timings"'
const DATA = Buffer.from('data: ')
const END = Buffer.from('\n\n')

/** A delta that carries something: text, reasoning, a tool call, audio, a legacy completion's text. */
const CONTENT =
  /"(?:content|reasoning_content|reasoning|text|refusal|arguments)": ?"[^"]|"(?:tool_calls|function_call|audio)": ?[[{](?![\]}])/

const REFUSAL = /"refusal": ?"[^"]/

const FLAT_ERROR = /"object": ?"error"/

/**
 * Offset of the value of the member `quoted`, wherever it is nested; the first that is not null, else the last null; 0 where there is none.
 * With both its quotes the name cannot match inside of a text, where quotes are escaped.
 */
function memberStart(data: string, quoted: string): number {
  let found = 0
  let at = data.indexOf(quoted)
  while (at >= 0) {
    let next = at + quoted.length
    while (data.charCodeAt(next) === 0x20) next++
    if (data.charCodeAt(next) === 0x3a) {
      next++
      while (data.charCodeAt(next) === 0x20) next++
      found = next
      if (data.charCodeAt(next) !== NULL) return next
    }
    at = data.indexOf(quoted, next)
  }
  return found
}
