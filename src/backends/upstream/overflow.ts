/** By how much a prompt is too long, in the words of engines and clouds. Pure. */
import type { Overflow } from '../../core/errors.ts'

/** The first that is there counts: some tell the tokens of prompt and answer together before those of the prompt. */
const TOKENS: readonly RegExp[] = [
  /(\d+) (?:in the messages|of text input|input tokens)/i,
  /(?:too long: |request \(|\(length |n_keep: ?|prompt tokens \()(\d+)/i,
  /context limit: (\d+) \+/i,
  /(?:resulted in|requested)(?: about)? (\d+) tokens/i,
]
const MOST: readonly RegExp[] = [
  /\+ \d+ > (\d+)/,
  /tokens > (\d+)/i,
  /(?:context length|context size|context window|maximum model length|n_ctx)(?: is| only| of|:| \()*\s*(\d+)/i,
]

/** What a refusal says of it. */
export const overflowOf = (message: string): Overflow => ({
  tokens: numberBy(TOKENS, message),
  most: numberBy(MOST, message),
})

function numberBy(patterns: readonly RegExp[], message: string): number | null {
  for (const pattern of patterns) {
    const found = pattern.exec(message)?.[1]
    if (found !== undefined) return Number(found)
  }
  return null
}
