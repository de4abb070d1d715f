/**
 * What tokens cost at a price. Arithmetic only, and no object is made, no iterator either: decisions and claims do it for each candidate.
 */
import { NANO_USD } from './money.ts'
import type { TokenCounts } from './tokens.ts'
import type { Price, Rates } from './settings.ts'

/** Whether answers are charged by the time that the engine takes for them. */
export const isTimed = ({ perGpuHour, inputPerMtok }: Price): boolean => perGpuHour !== null && inputPerMtok === null

/**
 * Nano-dollars of an answer, not rounded; NaN where a price that counts is unknown. `seconds`: its share of the engine's
 * time, for engines with a price of their time. USD for a million tokens is a thousand nano-dollars for one.
 */
export function answerNanoUsd(price: Price, counts: TokenCounts, seconds: number): number {
  if (isTimed(price)) return timedNanoUsd(price, seconds)
  const fee = NANO_USD * (price.perRequest ?? 0)
  return isFeeOnly(price) ? fee : 1000 * (inputCost(price, counts) + outputCost(price, counts)) + fee
}

/** The same of tokens of text, of which nothing is written into a cache: all that is known of an answer before it comes. */
export function textNanoUsd(
  price: Price,
  input: number,
  cached: number,
  output: number,
  reasoning: number,
  seconds: number,
): number {
  if (isTimed(price)) return timedNanoUsd(price, seconds)
  const fee = NANO_USD * (price.perRequest ?? 0)
  if (isFeeOnly(price)) return fee
  const read = rate(price, input, 'inputPerMtok') ?? NaN
  const kept = Math.min(cached, input)
  let tokens = (input - kept) * read + part(price, input, kept, 'cachedInputPerMtok', read)
  if (output !== 0) {
    const written = rate(price, input, 'outputPerMtok') ?? NaN
    const thought = Math.min(reasoning, output)
    tokens += (output - thought) * written + part(price, input, thought, 'reasoningPerMtok', written)
  }
  return 1000 * tokens + fee
}

/** Of an answer that is charged by the engine's time. */
export const timedNanoUsd = ({ perGpuHour, perRequest }: Price, seconds: number): number =>
  NANO_USD * ((perGpuHour! / 3600) * seconds + (perRequest ?? 0))

const isFeeOnly = ({ inputPerMtok, outputPerMtok, perRequest }: Price): boolean =>
  inputPerMtok === null && outputPerMtok === null && perRequest !== null

function inputCost(price: Price, counts: TokenCounts): number {
  const { input } = counts
  const full = rate(price, input, 'inputPerMtok') ?? NaN
  // Parts may overlap (audio that was cached); together they are never more than the whole.
  const cached = Math.min(counts.cachedInput, input)
  const written = Math.min(counts.cacheWrite, input - cached)
  const kept = Math.min(counts.hourCacheWrite, written)
  const audio = Math.min(counts.audioInput, input - cached - written)
  const image = Math.min(counts.imageInput, input - cached - written - audio)
  return (
    (input - cached - written - audio - image) * full +
    part(price, input, cached, 'cachedInputPerMtok', full) +
    part(price, input, written - kept, 'cacheWritePerMtok', full) +
    hourCost(price, input, kept, full) +
    part(price, input, audio, 'audioInputPerMtok', full) +
    part(price, input, image, 'imageInputPerMtok', full)
  )
}

/** Most prices know one rate for all that is written. */
const hourCost = (price: Price, input: number, tokens: number, full: number): number =>
  tokens === 0
    ? 0
    : part(price, input, tokens, 'hourCacheWritePerMtok', rate(price, input, 'cacheWritePerMtok') ?? full)

function outputCost(price: Price, { input, output, reasoning, audioOutput }: TokenCounts): number {
  if (output === 0) return 0
  const full = rate(price, input, 'outputPerMtok') ?? NaN
  const thought = Math.min(reasoning, output)
  const audio = Math.min(audioOutput, output - thought)
  return (
    (output - thought - audio) * full +
    part(price, input, thought, 'reasoningPerMtok', full) +
    part(price, input, audio, 'audioOutputPerMtok', full)
  )
}

/** Tokens of a kind that may have a rate of its own. */
const part = (price: Price, input: number, tokens: number, kind: keyof Rates, full: number): number =>
  tokens === 0 ? 0 : tokens * (rate(price, input, kind) ?? full)

/** Of the highest tier that the input is above, else the base's. */
function rate(price: Price, input: number, kind: keyof Rates): number | null {
  let above = -1
  let found: number | null = null
  const { tiers } = price
  for (let index = 0; index < tiers.length; index++) {
    const { aboveInput, rates } = tiers[index]!
    if (input > aboveInput && aboveInput > above) {
      above = aboveInput
      found = rates[kind]
    }
  }
  return found ?? price[kind]
}

/** USD for a million tokens of the dearest kind at the dearest tier that up to `input` tokens reach; null where no tier has a price of `base`. */
export function dearestRate(
  price: Price,
  input: number,
  base: keyof Rates,
  others: readonly (keyof Rates)[],
): number | null {
  let most = dearestOf(price, price, base, others)
  const { tiers } = price
  for (let index = 0; index < tiers.length; index++) {
    const { aboveInput, rates } = tiers[index]!
    if (input > aboveInput) most = Math.max(most, dearestOf(rates, price, base, others))
  }
  return most < 0 ? null : most
}

/** Of one tier; what it does not say is as in the base. -1: it has no price of `base`. */
function dearestOf(rates: Rates, price: Price, base: keyof Rates, others: readonly (keyof Rates)[]): number {
  const full = rates[base] ?? price[base]
  if (full === null) return -1
  let most = full
  for (let index = 0; index < others.length; index++) {
    const kind = others[index]!
    most = Math.max(most, rates[kind] ?? price[kind] ?? full)
  }
  return most
}
