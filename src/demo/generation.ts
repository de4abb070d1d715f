/** The tokens of one choice, cut as the request wants it. */
import { tokenize } from './tokens.ts'

export interface Generation {
  readonly tokens: readonly string[]
  /** Why it ended: `end` is what a complete one of its kind says. */
  readonly finish: string
}

/** `room`: how many tokens it may have. */
export function generate(text: string, stops: readonly string[], room: number, end: string): Generation {
  let cut = text.length
  for (const stop of stops) {
    const at = text.indexOf(stop)
    if (at >= 0 && at < cut) cut = at
  }
  const tokens = tokenize(text.slice(0, cut))
  return tokens.length > room ? { tokens: tokens.slice(0, room), finish: 'length' } : { tokens, finish: end }
}

export interface DemoUsage {
  readonly prompt_tokens: number
  readonly completion_tokens: number
  readonly total_tokens: number
  readonly prompt_tokens_details: { readonly cached_tokens: number }
}

export function usageOf(promptTokens: number, generations: readonly Generation[]): DemoUsage {
  const output = generations.reduce((sum, { tokens }) => sum + tokens.length, 0)
  return {
    prompt_tokens: promptTokens,
    completion_tokens: output,
    total_tokens: promptTokens + output,
    prompt_tokens_details: { cached_tokens: 0 },
  }
}
