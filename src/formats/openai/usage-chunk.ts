/** Where the usage of a stream goes: out of all its events, and into one of its own at the end. Pure. */
import { members, memberValue } from '../json/members.ts'
import { splice } from '../json/splice.ts'
import { changeElements } from './mend.ts'
import { chunkHead } from './chunk.ts'
import type { GatewayRequest } from '../../core/types.ts'
import { encodeEvent } from '../sse.ts'
import type { OpenAIAnswerState } from './answer-state.ts'
import type { OpenAIPrompt } from './prompt.ts'
import { writeUsage } from './usage.ts'

/** Who sees the usage of a stream: nobody, the last event, or each event that has one (vLLM's `continuous_usage_stats`). */
export type UsageWish = 'hidden' | 'end' | 'everywhere'

export function usageWish({ wantsUsage, streamOptions }: OpenAIPrompt): UsageWish {
  if (!wantsUsage) return 'hidden'
  return streamOptions?.['continuous_usage_stats'] === true ? 'everywhere' : 'end'
}

/** The last event before the end: `choices: []` and the usage, as OpenAI sends it. The engine's own bytes where it did. */
export function usageEvent(state: OpenAIAnswerState, request: GatewayRequest, nowMs: number): Buffer {
  if (state.usageEvent !== null) return state.usageEvent
  const usage = state.settled ?? state.reported
  const tier = usage?.tier ?? state.tier
  const head = JSON.stringify({
    ...chunkHead(request, state, nowMs),
    choices: [],
    ...(tier === null ? {} : { service_tier: tier }),
  })
  const json = state.usageJson ?? JSON.stringify(usage && writeUsage(usage))
  return encodeEvent(`${head.slice(0, -1)},"usage":${json}}`)
}

/** The JSON of the usage at the top of an event; null where it has none there. */
export function usageJson(json: Buffer): string | null {
  const member = members(json)?.findLast(({ key }) => key === 'usage')
  return member === undefined ? null : json.toString('utf8', member.valueStart, member.valueEnd)
}

/**
 * The event without its usage: what the caller would have had without our asking. The same buffer where it has none;
 * null where it is no JSON object. `nested`: Groq's and Moonshot's places are looked at as well.
 */
export function withoutUsage(json: Buffer, nested: boolean): Buffer | null {
  const list = members(json)
  if (list === null) return null
  const set = new Map<string, string>()
  if (nested)
    for (const { key, valueStart, valueEnd } of list) {
      const value = json.subarray(valueStart, valueEnd)
      const bare = key === 'x_groq' ? bareObject(value) : key === 'choices' ? changeElements(value, bareObject) : value
      if (bare !== value) set.set(key, bare.toString())
    }
  if (set.size === 0 && !list.some(({ key }) => key === 'usage')) return json
  return splice(json, list, { set, remove: USAGE })
}

const NOTHING: ReadonlyMap<string, string> = new Map()
const USAGE: ReadonlySet<string> = new Set(['usage'])

function bareObject(json: Buffer): Buffer {
  const list = members(json)
  if (list === null || memberValue(json, list, 'usage') === undefined) return json
  return splice(json, list, { set: NOTHING, remove: USAGE })
}
