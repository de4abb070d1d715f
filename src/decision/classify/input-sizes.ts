/** Tokens of what is embedded, ranked or completed: a text, token numbers, or lists of them. Pure; of a long list some speak for all. */
import { KEPT_BYTES, textBytes } from '../../core/cut-text.ts'
import { isObject } from '../../core/is-object.ts'
import type { Prompt } from '../../core/prompt.ts'
import type { Json } from '../../core/json.ts'
import { tokensOf } from './tokens.ts'

type Texts = Pick<Prompt, 'textWithin'>

/** Tokens of all texts, and of the longest. */
export const sizes = (value: Json | undefined, prompt: Texts): [all: number, longest: number] =>
  Array.isArray(value) && value.length > MOST_TEXTS
    ? sampledSizes(value as readonly Json[], prompt)
    : [tokensIn(value, prompt), longestIn(value, prompt)]

/** So many texts are read each by itself; of more, some speak for all. */
const MOST_TEXTS = 2_048
const SAMPLE = 512

function sampledSizes(list: readonly Json[], prompt: Texts): [all: number, longest: number] {
  if (typeof list[0] === 'number') return [list.length, list.length]
  let weight = 0
  let heaviest = 0
  let longest: Json | undefined
  for (const one of list) {
    const own = weightOf(one, prompt)
    weight += own
    if (own <= heaviest) continue
    heaviest = own
    longest = one
  }
  let [sampled, tokens] = [0, 0]
  const step = list.length / SAMPLE
  for (let at = 0; at < list.length; at += step) {
    const one = list[Math.floor(at)]
    sampled += weightOf(one, prompt)
    tokens += tokensIn(one, prompt, 1)
  }
  return [sampled === 0 ? 0 : (tokens * weight) / sampled, tokensIn(longest, prompt, 1)]
}

/** Bytes of a text, numbers of a list: what its tokens grow with. */
function weightOf(value: Json | undefined, prompt: Texts): number {
  if (typeof value === 'string') return value.length > KEPT_BYTES ? textBytes(value) : value.length
  if (Array.isArray(value)) return value.length
  return isObject(value) ? weightOf(prompt.textWithin(value), prompt) : 1
}

/** A text, a list of texts or of token numbers. */
export function tokensIn(value: Json | undefined, prompt: Texts, depth = 0): number {
  if (typeof value === 'string') return tokensOf(value)
  if (typeof value === 'number') return 1
  if (depth > 3) return 0
  if (Array.isArray(value)) {
    // Tokens as numbers, by the million.
    if (typeof value[0] === 'number') return value.length
    return (value as readonly Json[]).reduce<number>((sum, one) => sum + tokensIn(one, prompt, depth + 1), 0)
  }
  return isObject(value) ? tokensIn(prompt.textWithin(value), prompt, depth + 1) : 0
}

/** Of several texts the longest; a list of token numbers is one text. */
function longestIn(value: Json | undefined, prompt: Texts): number {
  if (!Array.isArray(value) || typeof value[0] === 'number') return tokensIn(value, prompt)
  return (value as readonly Json[]).reduce<number>((longest, one) => Math.max(longest, tokensIn(one, prompt)), 0)
}
