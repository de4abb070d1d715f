/** What is asked about the content of an answer, and who is asked. */
import type { CheckResult } from '../core/settlement.ts'
import type { GatewayRequest } from '../core/types.ts'
import type { AnswerCollector, ToolCall } from '../formats/openai/answer-collector.ts'
import { type Judged, verdictOf } from './verdict.ts'

/** Everything that a check needs, as plain data: it is answered in another thread. */
export interface CheckRequest {
  /** Must be JSON; null where only calls are to be checked. */
  readonly text: string | null
  /** JSON of the request's `response_format`; null where the text has no schema to fit. */
  readonly format: Uint8Array | null
  readonly calls: readonly ToolCall[]
  /** JSON of the lists of tools that the request declares. */
  readonly tools: readonly Uint8Array[]
}

export interface Checker {
  /** Never rejects; `unchecked` where no answer came in time. */
  check(question: CheckRequest): Promise<CheckResult>
}

/** Largest `response_format`, and largest list of tools, that answers are held against, in bytes. */
const MOST_FORMAT_BYTES = 64 * 1024
const MOST_TOOLS_BYTES = 512 * 1024

/**
 * How the content of a finished answer fits, where that is plain, else the question for a checker; null where there is
 * nothing to check, or the answer is of no use anyway.
 */
export function fitAtOnce(ending: Judged): CheckRequest | CheckResult | null {
  const collected = ending.committed?.exchange.track.collected ?? null
  if (collected === null || !verdictOf(ending, null).success) return null
  return questionOf(ending.request, collected)
}

export const isQuestion = (fit: CheckRequest | CheckResult | null): fit is CheckRequest =>
  typeof fit === 'object' && fit !== null

/** The question, or its answer where that is plain. */
export function questionOf(request: GatewayRequest, collected: AnswerCollector): CheckRequest | CheckResult | null {
  const { lost, calls, text, checks } = collected
  if (lost) return 'unchecked'
  if (calls.length > 0) {
    const tools = [bytesOf(request, 'tools'), bytesOf(request, 'functions')].filter((list) => list !== null)
    if (tools.some(({ length }) => length > MOST_TOOLS_BYTES)) return 'unchecked'
    return { text: null, format: null, calls, tools }
  }
  if (checks.mustCall) return 'no_tool_call'
  if (!checks.json) return null
  const format = bytesOf(request, 'response_format')
  if (format !== null && format.length > MOST_FORMAT_BYTES) return 'unchecked'
  return { text, format, calls: [], tools: [] }
}

/** A copy: what goes to another thread takes all of its memory along, which would be that of the whole body. */
function bytesOf({ raw, members }: GatewayRequest, key: string): Uint8Array<ArrayBuffer> | null {
  const member = members.find((one) => one.key === key)
  return member === undefined ? null : new Uint8Array(raw.subarray(member.valueStart, member.valueEnd))
}
