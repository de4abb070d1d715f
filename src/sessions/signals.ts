/** What a session looks like when its agent goes in circles. Pure; texts are hashed and not kept. */
import { keptLength, textBytes } from '../core/cut-text.ts'
import type { Json, JsonObject } from '../core/settings.ts'

/**
 * - `repeated_request`: the last message is one of the last eight, for so many requests.
 * - `same_tool_call`: the model calls the same tools with the same arguments, so many times in a row.
 * - `failing`: so many requests in a row got no useful answer.
 * - `retrying`: so many requests were repeats by the SDK, by its own count.
 * - `no_new_question`: so many requests since a person's (or the agent's) last new text: a long task, or one without an end.
 * What they cannot see: the same question in other words, and work that is done well but for nothing.
 */
export const SIGNALS = {
  repeated_request: 3,
  same_tool_call: 3,
  failing: 5,
  retrying: 3,
  no_new_question: 50,
} as const
export type Signal = keyof typeof SIGNALS

export type Tallies = Record<Signal, number>

export const newTallies = (): Tallies => ({
  repeated_request: 0,
  same_tool_call: 0,
  failing: 0,
  retrying: 0,
  no_new_question: 0,
})

export const raised = (tallies: Tallies): Signal[] =>
  (Object.keys(SIGNALS) as Signal[]).filter((signal) => tallies[signal] >= SIGNALS[signal])

/** What is remembered of the requests before. */
export interface Trace {
  /** Hashes of last messages; the oldest are overwritten. */
  readonly messages: Int32Array
  next: number
  /** Of the last text of a user, and of the last calls of tools. 0 = none yet. */
  question: number
  calls: number
}

const REMEMBERED = 8

export const newTrace = (): Trace => ({ messages: new Int32Array(REMEMBERED), next: 0, question: 0, calls: 0 })

/** Counts one request. `useful`: it got a useful answer. */
export function count(tallies: Tallies, trace: Trace, body: JsonObject, useful: boolean, retried: boolean): void {
  tallies.failing = useful ? 0 : tallies.failing + 1
  if (retried) tallies.retrying++
  const list = body['messages']
  if (!Array.isArray(list) || list.length === 0) return
  const messages = list as readonly Json[]
  const last = hashOf(messages.at(-1))
  // The same again because it failed, or was asked again by the SDK, is no circle.
  if (useful && !retried) tallies.repeated_request = trace.messages.includes(last) ? tallies.repeated_request + 1 : 0
  trace.messages[trace.next++ % REMEMBERED] = last
  const question = hashOf(messages.findLast((message) => roleOf(message) === 'user'))
  tallies.no_new_question = question === trace.question ? tallies.no_new_question + 1 : 0
  trace.question = question
  const caller = messages.findLast((message) => roleOf(message) === 'assistant')
  const called = isObject(caller) ? caller['tool_calls'] : undefined
  if (roleOf(messages.at(-1)) !== 'tool' || !Array.isArray(called)) return
  const calls = (called as readonly Json[]).reduce<number>(
    (sum, call) => mix(sum, hashOf(isObject(call) ? call['function'] : null)),
    1,
  )
  tallies.same_tool_call = calls === trace.calls ? tallies.same_tool_call + 1 : 1
  trace.calls = calls
}

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const roleOf = (message: Json | undefined): Json | undefined => (isObject(message) ? message['role'] : undefined)

/** Characters that are read of each text: its beginning, and its length. */
const READ = 512
const DEEPEST = 6
/** Ids are new each time, whatever is asked. */
const PASSING: ReadonlySet<string> = new Set(['id', 'tool_call_id'])

function hashOf(value: Json | undefined, depth = 0): number {
  if (typeof value === 'string') return textHash(value)
  if (Array.isArray(value) && depth < DEEPEST)
    return (value as readonly Json[]).reduce<number>((sum, one) => mix(sum, hashOf(one, depth + 1)), 2)
  if (!isObject(value) || depth >= DEEPEST) return textHash(typeof value === 'object' ? '' : String(value))
  return Object.entries(value).reduce<number>(
    (sum, [key, one]) => (PASSING.has(key) ? sum : mix(mix(sum, textHash(key)), hashOf(one, depth + 1))),
    3,
  )
}

const mix = (one: number, other: number): number => Math.imul(one ^ other, 0x01000193) | 0

function textHash(text: string): number {
  const length = Math.min(READ, keptLength(text))
  let value = 0x811c9dc5
  for (let at = 0; at < length; at++) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193)
  return mix(value, textBytes(text)) || 1
}
