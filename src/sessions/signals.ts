/** What a session looks like when its agent goes in circles. Texts are hashed and not kept; what is remembered has a fixed size. */
import type { Prompt, Role } from '../core/prompt.ts'
import { mix } from '../formats/json/fingerprint.ts'

/** From which number on a signal is raised. */
export const SIGNALS = {
  /** So many requests in a row came to a step that was among the last eight: the same question, or the same result of the same call. */
  repeated_request: 3,
  /** So many steps in a row called tools as one of the last eight did: the same names with the same arguments, one after the other or in turns. */
  same_tool_call: 4,
  /** So many requests in a row got no useful answer. */
  failing: 5,
  /** So many of the last 32 requests, one in eight, were repeats by the SDK, by its own count. */
  retrying: 4,
  /** So many requests since a person last said something new: a long task, or one without an end. */
  no_new_question: 50,
  /** So many tokens, without those that a cache had, within ten minutes. */
  burning: 2_000_000,
} as const
export type Signal = keyof typeof SIGNALS
export const SIGNAL_NAMES = Object.keys(SIGNALS) as readonly Signal[]

export type Tallies = Record<Signal, number>

export const newTallies = (): Tallies => ({
  repeated_request: 0,
  same_tool_call: 0,
  failing: 0,
  retrying: 0,
  no_new_question: 0,
  burning: 0,
})

export const raised = (tallies: Tallies): Signal[] =>
  SIGNAL_NAMES.filter((signal) => tallies[signal] >= SIGNALS[signal])

const REMEMBERED = 8
const BURN_MS = 600_000

/** What is remembered of the requests before. Hashes; 0 = none yet. */
export interface Trace {
  /** Of the last steps; the oldest are overwritten. */
  readonly steps: Int32Array
  nextStep: number
  /** Of the last calls of tools, each once. */
  readonly calls: Int32Array
  nextCall: number
  /** Which call was the last: the same one, sent again, is no new one. */
  place: number
  /** Of the last text of a user. */
  question: number
  /** One bit for each of the last 32 requests: it was a repeat. */
  retries: number
  burnFrom: number
  burnt: number
}

export const newTrace = (): Trace => ({
  steps: new Int32Array(REMEMBERED),
  nextStep: 0,
  calls: new Int32Array(REMEMBERED),
  nextCall: 0,
  place: 0,
  question: 0,
  retries: 0,
  burnFrom: 0,
  burnt: 0,
})

/** How a request ended. `at`: epoch ms; `fresh`: tokens that no cache had. */
export interface Ended {
  readonly useful: boolean
  readonly at: number
  readonly fresh: number
}

export function countEnding(tallies: Tallies, trace: Trace, { useful, at, fresh }: Ended): void {
  tallies.failing = useful ? 0 : tallies.failing + 1
  if (at - trace.burnFrom >= BURN_MS) {
    trace.burnFrom = at
    trace.burnt = 0
  }
  trace.burnt += fresh
  tallies.burning = trace.burnt
}

/** What was asked. `again`: the SDK says that it asks once more. */
export function countAsking(tallies: Tallies, trace: Trace, prompt: Prompt, useful: boolean, again: boolean): void {
  trace.retries = (trace.retries << 1) | (again ? 1 : 0)
  tallies.retrying = ones(trace.retries)
  if (prompt.length === 0) return
  const asked = read(prompt, trace.question)
  // The same again because it failed, or was asked again by the SDK, is no circle.
  if (useful && !again) {
    tallies.repeated_request = trace.steps.includes(asked.step) ? tallies.repeated_request + 1 : 0
    tallies.no_new_question = asked.question === trace.question ? tallies.no_new_question + 1 : 0
  }
  trace.question = asked.question
  trace.steps[trace.nextStep++ % REMEMBERED] = asked.step
  if (asked.calls === 0 || asked.place === trace.place) return
  trace.place = asked.place
  const known = trace.calls.includes(asked.calls)
  tallies.same_tool_call = known ? tallies.same_tool_call + 1 : 1
  if (!known) trace.calls[trace.nextCall++ % REMEMBERED] = asked.calls
}

interface Asked {
  readonly step: number
  readonly question: number
  /** Of the calls whose results are sent; 0 = there are none. */
  readonly calls: number
  readonly place: number
}

/** "Yes" and "go on" say something only with what they answer. */
const SHORT = 40

/** `before`: the last question that was seen; one that lies far back is taken for it. */
function read(prompt: Prompt, before: number): Asked {
  const last = prompt.length - 1
  const question = lastOf(prompt, 'user')
  const asked = question === null ? before : prompt.fingerprintOf(question)
  if (prompt.roleOf(last) === 'tool') {
    const caller = lastOf(prompt, 'assistant')
    const calls = caller === null ? null : prompt.callsOf(caller)
    const what = calls?.what ?? 0
    // "Done" is what many calls give: a result is that of its call.
    const step = mix(prompt.fingerprintOf(last), what)
    return { step, question: asked, calls: what, place: mix(calls?.ids ?? 0, prompt.length) }
  }
  const own = last === question ? asked : prompt.fingerprintOf(last)
  const step = isShort(prompt, last) ? mix(own, prompt.fingerprintOf(last - 1)) : own
  return { step, question: last === question ? step : asked, calls: 0, place: 0 }
}

/** Messages that are looked at from the end. */
const FARTHEST = 64

function lastOf(prompt: Prompt, role: Role): number | null {
  const end = Math.max(0, prompt.length - FARTHEST)
  for (let at = prompt.length - 1; at >= end; at--) if (prompt.roleOf(at) === role) return at
  return null
}

const isShort = (prompt: Prompt, at: number): boolean => (prompt.textLengthOf(at) ?? Infinity) <= SHORT

function ones(bits: number): number {
  let count = 0
  for (let rest = bits >>> 0; rest !== 0; rest = (rest & (rest - 1)) >>> 0) count++
  return count
}
