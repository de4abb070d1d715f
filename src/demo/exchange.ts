/** One request to a simulation, and the means to answer it. */
import type { ServerResponse } from 'node:http'
import { DemoFault } from './fault.ts'
import type { Body } from './fields.ts'
import type { DemoModel } from './models.ts'
import type { Pace } from './pace.ts'

export interface Exchange {
  readonly model: DemoModel
  readonly seed: number
  readonly body: Body
  readonly response: ServerResponse
  readonly pace: Pace
  /** The reader has gone, or the demo ends. */
  readonly signal: AbortSignal
  json(status: number, value: object): void
}

/** How many tokens an answer may have. Refuses a prompt that leaves no room. */
export function roomFor(promptTokens: number, wanted: number | null, { context }: DemoModel, param: string): number {
  if (promptTokens >= context)
    throw new DemoFault(
      `This model's maximum context length is ${context} tokens. However, your request has ${promptTokens} tokens.`,
      param,
      'context_length_exceeded',
    )
  return Math.min(wanted ?? Infinity, context - promptTokens)
}
