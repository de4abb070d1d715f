/** What the events of an OpenAI-shaped stream tell about the answer, and what of them the caller may see. Pure. */
import type { Usage } from '../core/settlement.ts'
import type { AnswerTrack } from './track.ts'
import { members, splice } from './members.ts'
import { frameText, isDone, type SseFrame } from './sse.ts'
import { embeddedFault, readFault, type UpstreamFault } from './upstream-error.ts'
import { readUsage } from './usage.ts'

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
 * `hideUsage`: the caller did not ask for usage, so it must not see any.
 */
export function readFrame(frame: SseFrame, track: AnswerTrack, hideUsage: boolean): FrameVerdict {
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
  return look(frame, data, track, hideUsage)
}

const OPEN = 0x7b
const CLOSE = 0x7d
const QUOTE = 0x22
const NULL = 0x6e

function look(frame: SseFrame, data: string, track: AnswerTrack, hideUsage: boolean): FrameVerdict {
  track.events++
  if (!track.content && CONTENT.test(data)) {
    track.content = true
    track.refused = REFUSAL.test(data)
  }
  const finish = memberStart(data, '"finish_reason"')
  if (finish > 0 && data.charCodeAt(finish) === QUOTE)
    track.finish = data.slice(finish + 1, data.indexOf('"', finish + 1))
  const usage = memberStart(data, '"usage"')
  const error = memberStart(data, '"error"')
  const suspicious = (error > 0 && data.charCodeAt(error) !== NULL) || frame.event === 'error' || FLAT_ERROR.test(data)
  const counted = usage > 0 && data.charCodeAt(usage) === OPEN
  if (track.started && !suspicious && !counted) {
    if (track.collected?.wants(data)) track.collected.event(frameText(frame))
    return usage > 0 && hideUsage ? withoutUsage(frame) : { kind: 'send', raw: frame.raw }
  }
  return parseFrame(frame, track, hideUsage && usage > 0)
}

/** The slow path: the first event, events with usage, and those that may hold an error. */
function parseFrame(frame: SseFrame, track: AnswerTrack, hideUsage: boolean): FrameVerdict {
  let value: unknown
  try {
    value = JSON.parse(frameText(frame))
  } catch {
    return GARBAGE
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return GARBAGE
  const event = value as Readonly<Record<string, unknown>>
  const fault = embeddedFault(event) ?? (frame.event === 'error' ? embeddedFault({ error: event }) : null)
  if (fault !== null) return { kind: 'fault', fault }
  track.started = true
  noteOrigin(event, track)
  const choices = Array.isArray(event['choices']) ? (event['choices'] as readonly unknown[]) : []
  const usage = usageOf(event, choices)
  if (usage !== null) track.usage = usage
  track.collected?.choices(choices)
  if (!hideUsage) return { kind: 'send', raw: frame.raw }
  return usage !== null && choices.length === 0 ? SWALLOW : withoutUsage(frame)
}

/** What every event of a stream repeats; the first that tells it counts. */
function noteOrigin({ id, created, model }: Readonly<Record<string, unknown>>, track: AnswerTrack): void {
  if (track.id === null && typeof id === 'string' && id !== '') track.id = id
  if (track.created === null && typeof created === 'number') track.created = created
  if (track.model === null && typeof model === 'string' && model !== '') track.model = model
}

/** Groq has had it in a field of its own, Moonshot in the last choice. */
function usageOf(event: Readonly<Record<string, unknown>>, choices: readonly unknown[]): Usage | null {
  const groq = event['x_groq'] as { usage?: unknown } | undefined
  const first = choices[0] as { usage?: unknown } | null | undefined
  return readUsage(event['usage']) ?? readUsage(groq?.usage) ?? readUsage(first?.usage)
}

/** The event without its top-level `usage`: what the caller would have had without our asking. */
function withoutUsage(frame: SseFrame): FrameVerdict {
  const payload = frame.raw.subarray(frame.dataStart, frame.dataEnd)
  const list = members(payload)
  if (list === null) return GARBAGE
  if (!list.some((member) => member.key === 'usage')) return { kind: 'send', raw: frame.raw }
  const kept = splice(payload, list, { set: NOTHING, remove: USAGE })
  return { kind: 'send', raw: Buffer.concat([DATA, kept, END]) }
}

const NOTHING: ReadonlyMap<string, string> = new Map()
const USAGE: ReadonlySet<string> = new Set(['usage'])
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
