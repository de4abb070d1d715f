/** What is to be checked of the content of an answer. */
import type { CheckResult } from '../core/settlement.ts'
import type { SchemaSource } from '../core/prompt.ts'
import type { GatewayRequest } from '../core/types.ts'
import type { AnswerCollector, ToolCall } from '../formats/answer-collector.ts'
import { type JudgedRequest, verdictOf } from './verdict.ts'

/** Everything that a check needs, as plain data: it is answered in another thread. */
export interface CheckRequest {
  /** Must be JSON; null where only calls are to be checked. */
  readonly text: string | null
  /** Null where the text has no schema to fit. */
  readonly format: SchemaSource | null
  readonly calls: readonly ToolCall[]
  /** The lists of tools that the request declares. */
  readonly tools: readonly SchemaSource[]
}

export interface Checker {
  /** Never rejects; `unchecked` where no answer came in time. */
  check(question: CheckRequest): Promise<CheckResult>
}

/** Largest JSON with the schema of an answer, and largest list of tools, that answers are held against, in bytes. */
const MOST_FORMAT_BYTES = 64 * 1024
const MOST_TOOLS_BYTES = 512 * 1024

/**
 * How the content of a complete answer fits, where that is plain, else what a checker has to check; null where there is
 * nothing to check, or the answer is of no use anyway.
 */
export function checkOf(ended: JudgedRequest): CheckRequest | CheckResult | null {
  const collected = ended.answer?.exchange.track.collected ?? null
  if (collected === null || !verdictOf(ended, null).success) return null
  return checkOfContent(ended.request, collected)
}

export const isCheckRequest = (check: CheckRequest | CheckResult | null): check is CheckRequest =>
  typeof check === 'object' && check !== null

function checkOfContent({ prompt }: GatewayRequest, collected: AnswerCollector): CheckRequest | CheckResult | null {
  const { lost, calls, text, checks } = collected
  if (lost) return 'unchecked'
  if (calls.length > 0) {
    const tools = prompt.toolSchemas()
    if (tools.some(({ json }) => json.length > MOST_TOOLS_BYTES)) return 'unchecked'
    return { text: null, format: null, calls, tools: tools.map(copied) }
  }
  if (checks.mustCall) return 'no_tool_call'
  if (!checks.json) return null
  const format = prompt.answerSchema()
  if (format !== null && format.json.length > MOST_FORMAT_BYTES) return 'unchecked'
  return { text, format: format && copied(format), calls: [], tools: [] }
}

/** What goes to another thread takes all of its memory along, which would be that of the whole body. */
const copied = (source: SchemaSource): SchemaSource => ({ ...source, json: new Uint8Array(source.json) })
