/**
 * Time to first token and time per output token of one deployment, from its own history: two estimators, each a small
 * regression with forgetting. A replica that has answered nothing yet is expected to be as the others, and goes on from
 * there. Failures teach nothing here, so that what fails fast never looks fast.
 */
import type { Latency, Regression } from '../../core/arm.ts'
import { estimate, newRegression, observe } from './regression.ts'
import { newRoom } from './room.ts'

/** About the last fifteen answers count: engines are loaded and unloaded within minutes. */
const MEMORY = 0.94
/** How many times as long as expected an answer may count for. */
const MOST_AT_ONCE = 5
/** About the last ten answers: how replicas compare changes less than how busy they are. */
const PACE_SHARE = 0.1
const SHORTEST_TTFT = 0.02
const SHORTEST_TPOT = 0.0005
/** Relative: an answer that came late or early by a third is nothing unusual. */
const NOISE = 0.33

/** Seconds at rest, for a thousand input tokens, for each call that is open. An engine at hand is quicker to begin and slower to go on. */
const LOCAL = { ttft: [0.15, 0.12, 0.15], tpot: [0.02, 0.0005] }
const CLOUD = { ttft: [0.6, 0.03, 0], tpot: [0.015, 0] }
/** How far off they may be: by as much again, and by this where they say nothing. */
const UNSURE = 1
const LEAST_TTFT_SPREAD = 0.02
const LEAST_TPOT_SPREAD = 0.001

/** `shared`: of all replicas together; null: it is that itself. */
export function newLatency(local: boolean, shared: Latency | null = null): Latency {
  const start = local ? LOCAL : CLOUD
  return {
    ttft: newRegression(start.ttft, spreadOf(start.ttft, LEAST_TTFT_SPREAD)),
    tpot: newRegression(start.tpot, spreadOf(start.tpot, LEAST_TPOT_SPREAD)),
    kept: FIRST_KEPT,
    room: newRoom(),
    pace: 0,
    lag: 0,
    shared,
  }
}

const spreadOf = (start: readonly number[], least: number): number[] =>
  start.map((value) => Math.max(least, UNSURE * value) ** 2)

type Part = 'ttft' | 'tpot'

/** What is known of this very deployment, else of its replicas. */
const best = (latency: Latency, part: Part): Regression =>
  latency.shared !== null && latency[part].count === 0 ? latency.shared[part] : latency[part]

/** The first answer of a replica: it goes on from what the others have taught, as unsure as at the start, so that a few answers of its own outweigh that. */
function adopt(latency: Latency, part: Part, least: number): void {
  const known = latency.shared?.[part]
  const own = latency[part]
  if (known === undefined || known.count === 0 || own.count > 0) return
  own.weights.set(known.weights)
  own.covariance.fill(0)
  const spread = spreadOf([...known.weights], least)
  for (let i = 0; i < spread.length; i++) own.covariance[i * (spread.length + 1)] = spread[i]!
}

/** Before anything was seen. */
const FIRST_KEPT = 0.5
const KEPT_SHARE = 0.2

const first = new Float64Array(3)
const each = new Float64Array(2)

/** Seconds until the first token of a prompt with so many tokens to read, beside `open` other calls, once it has a place. */
export function ttftOf(latency: Latency, tokens: number, open: number): number {
  first[0] = 1
  first[1] = tokens / 1000
  first[2] = open
  return Math.max(SHORTEST_TTFT, estimate(best(latency, 'ttft'), first))
}

/** Seconds for each output token beside `open` other calls. */
export function tpotOf(latency: Latency, open: number): number {
  each[0] = 1
  each[1] = open
  return Math.max(SHORTEST_TPOT, estimate(best(latency, 'tpot'), each))
}

/** A stream began after `seconds`. */
export function learnTtft(latency: Latency, tokens: number, open: number, seconds: number): void {
  adopt(latency, 'ttft', LEAST_TTFT_SPREAD)
  const lag = seconds / ttftOf(latency.shared ?? latency, tokens, open)
  latency.lag = steadied(latency.lag || 1, lag)
  if (latency.shared !== null) learnTtft(latency.shared, tokens, open, seconds)
  // Errors are relative: a second is much of one, and nothing of a minute.
  const expected = ttftOf(latency, tokens, open)
  const scale = 1 / (NOISE * expected)
  for (let i = 0; i < first.length; i++) first[i]! *= scale
  observe(latency.ttft, first, believable(seconds, expected) * scale, MEMORY)
  keepPositive(latency.ttft)
  rescale(latency.ttft.covariance, ttftOf(latency, tokens, open) / expected)
}

/** A stream went on for `seconds` with `tokens` after the first. */
export function learnTpot(latency: Latency, tokens: number, open: number, seconds: number): void {
  if (tokens < 2) return
  adopt(latency, 'tpot', LEAST_TPOT_SPREAD)
  if (latency.shared !== null) learnTpot(latency.shared, tokens, open, seconds)
  const per = Math.max(SHORTEST_TPOT, seconds / tokens)
  latency.pace = steadied(latency.pace || (latency.shared ?? latency).pace || per, per)
  const expected = tpotOf(latency, open)
  const scale = 1 / (NOISE * expected)
  for (let i = 0; i < each.length; i++) each[i]! *= scale
  observe(latency.tpot, each, believable(per, expected) * scale, MEMORY)
  keepPositive(latency.tpot)
  rescale(latency.tpot.covariance, tpotOf(latency, open) / expected)
}

/** A geometric mean, which the few that hang or come in one piece hardly move. */
const steadied = (known: number, seen: number): number =>
  known * Math.min(MOST_AT_ONCE, Math.max(1 / MOST_AT_ONCE, seen / known)) ** PACE_SHARE

/** One answer that hung says little, several in a row multiply what is expected: an engine that became slow is known after some ten. */
const believable = (seconds: number, expected: number): number => Math.min(seconds, MOST_AT_ONCE * expected)

/** How unsure one is of a time goes with the time: else what grew tenfold would be corrected a hundred times too timidly. */
function rescale(covariance: Float64Array, ratio: number): void {
  for (let i = 0; i < covariance.length; i++) covariance[i]! *= ratio * ratio
}

/**
 * More work never makes an engine faster, whatever a few odd answers say. A weight that would fall below nothing is held there
 * and the others go along as they hang together with it: by itself it would leave its part of each error to them, and under an
 * even load they would run away.
 */
function keepPositive({ weights, covariance }: Regression): void {
  const size = weights.length
  for (let i = 0; i < size; i++) {
    const below = weights[i]!
    if (below >= 0) continue
    const own = covariance[i * size + i]!
    if (own > 0) for (let j = 0; j < size; j++) weights[j]! -= (covariance[j * size + i]! / own) * below
    weights[i] = 0
  }
  for (let i = 0; i < size; i++) weights[i] = Math.max(0, weights[i]!)
}

/** Of `before` tokens of a conversation that this deployment had seen, it told to have kept `cached`. */
export function learnKept(latency: Latency, before: number, cached: number): void {
  if (before < 1) return
  latency.kept += KEPT_SHARE * (Math.min(1, cached / before) - latency.kept)
}
