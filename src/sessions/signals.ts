/** What a session looks like when its agent goes in circles. Texts are hashed and not kept; what is remembered has a fixed size. */
import type { StepHashes } from '../core/request-record.ts'

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
export interface StepTrace {
  /** Of the last steps; the oldest are overwritten. */
  readonly steps: Int32Array
  nextStep: number
  /** Of the last calls of tools, each once. Null: there were none; a table for them takes a quarter of a session of one request. */
  calls: Int32Array | null
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

export const newTrace = (): StepTrace => ({
  steps: new Int32Array(REMEMBERED),
  nextStep: 0,
  calls: null,
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

export function countEnding(tallies: Tallies, trace: StepTrace, { useful, at, fresh }: Ended): void {
  tallies.failing = useful ? 0 : tallies.failing + 1
  if (at - trace.burnFrom >= BURN_MS) {
    trace.burnFrom = at
    trace.burnt = 0
  }
  trace.burnt += fresh
  tallies.burning = trace.burnt
}

/** What the request sent. `repeated`: the SDK sends one again that had failed. */
export function countStep(
  tallies: Tallies,
  trace: StepTrace,
  step: StepHashes | null,
  useful: boolean,
  repeated: boolean,
): void {
  trace.retries = (trace.retries << 1) | (repeated ? 1 : 0)
  tallies.retrying = ones(trace.retries)
  if (step === null) return
  // A question that lies further back than is looked is the one before.
  const question = step.question ?? trace.question
  // The same step again because it failed, or because the SDK repeats it, is no circle.
  if (useful && !repeated) {
    tallies.repeated_request = trace.steps.includes(step.step) ? tallies.repeated_request + 1 : 0
    tallies.no_new_question = question === trace.question ? tallies.no_new_question + 1 : 0
  }
  trace.question = question
  trace.steps[trace.nextStep++ % REMEMBERED] = step.step
  if (step.calls === 0 || step.place === trace.place) return
  trace.place = step.place
  const calls = (trace.calls ??= new Int32Array(REMEMBERED))
  const known = calls.includes(step.calls)
  tallies.same_tool_call = known ? tallies.same_tool_call + 1 : 1
  if (!known) calls[trace.nextCall++ % REMEMBERED] = step.calls
}

function ones(bits: number): number {
  let count = 0
  for (let rest = bits >>> 0; rest !== 0; rest = (rest & (rest - 1)) >>> 0) count++
  return count
}
