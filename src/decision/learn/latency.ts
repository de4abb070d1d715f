/**
 * Time to first token and time per output token of one deployment: two estimators, each a small regression with forgetting. Replicas
 * share theirs as long as nothing proves that one is quicker or slower than the others (likeness.ts). Failures teach nothing here, so
 * that what fails fast never looks fast.
 */
import type { Latency, Regression } from '../../core/arm.ts'
import type { LoadView } from '../../core/load.ts'
import { newFlow } from './flow.ts'
import { compare, factorOf, newLikeness, standsAlone } from './likeness.ts'
import { newRegression, observe } from './regression.ts'
import { newRoom } from './room.ts'

/** About the last fifteen answers count: engines are loaded and unloaded within minutes. */
const MEMORY = 0.94
/** Answers of all replicas, before one is compared with what they have taught. */
const COMPARED = 10
/** How many times as long as expected an answer may count for. */
const MOST_AT_ONCE = 5
/** About the last ten answers: how replicas compare changes less than how busy they are. */
const PACE_SHARE = 0.1
/** Relative: an answer that came late or early by a third is nothing unusual. */
const NOISE = 0.33

/** What a feature may be of: of the call, and of the load that it meets. Tokens are those that are read before it, and its own. */
const SIGHT = ['one', 'thousandTokens', 'open'] as const

interface Feature {
  readonly of: (typeof SIGHT)[number]
  /** Seconds for one of it before anything was seen. An engine at hand is quicker to begin and slower to go on than a cloud. */
  readonly local: number
  readonly cloud: number
}

interface Estimator {
  readonly features: readonly Feature[]
  readonly shortest: number
  /** How far off a weight may be at the start: by as much again, and by this where it says nothing. */
  readonly leastSpread: number
}

type Part = 'ttft' | 'tpot'

/** A feature is a row: another one starts at its own weight, and what was learnt of the others stays. */
export const ESTIMATORS: Readonly<Record<Part, Estimator>> = {
  /** Seconds until the first token, once the call has a place. */
  ttft: {
    features: [
      { of: 'one', local: 0.15, cloud: 0.6 },
      { of: 'thousandTokens', local: 0.12, cloud: 0.03 },
      { of: 'open', local: 0.15, cloud: 0 },
    ],
    shortest: 0.02,
    leastSpread: 0.02,
  },
  /** Seconds for each token after it. */
  tpot: {
    features: [
      { of: 'one', local: 0.02, cloud: 0.015 },
      { of: 'open', local: 0.0005, cloud: 0 },
    ],
    shortest: 0.0005,
    leastSpread: 0.001,
  },
}

/** Of the spread. */
const UNSURE = 1

/** `shared`: of all replicas together; null: it is that itself. */
export function newLatency(local: boolean, shared: Latency | null = null): Latency {
  const start = (part: Part): Regression => {
    const weights = ESTIMATORS[part].features.map((feature) => (local ? feature.local : feature.cloud))
    return newRegression(weights, spreadOf(weights, part))
  }
  return {
    ttft: start('ttft'),
    tpot: start('tpot'),
    kept: local ? FIRST_KEPT.local : FIRST_KEPT.cloud,
    keptTold: !local,
    room: newRoom(),
    pace: 0,
    lag: 0,
    alike: newLikeness(),
    flow: newFlow(),
    shared,
  }
}

const spreadOf = (weights: readonly number[], part: Part): number[] =>
  weights.map((value) => Math.max(ESTIMATORS[part].leastSpread, UNSURE * value) ** 2)

/** What is known of this very deployment, else of its replicas: one function for each part, which the compiler writes out where it is called. */
const bestTtft = ({ ttft, shared }: Latency): Regression => (shared !== null && ttft.count === 0 ? shared.ttft : ttft)
const bestTpot = ({ tpot, shared }: Latency): Regression => (shared !== null && tpot.count === 0 ? shared.tpot : tpot)

/** What a prompt takes to be read: as on the other replicas, unless it is proven to be another thing here. Else chance would set equal ones apart. */
const alikeTtft = ({ ttft, alike, shared }: Latency): Regression =>
  shared !== null && !standsAlone(alike, shared.alike) ? shared.ttft : ttft

/** The first answer of a replica: it goes on from what the others have taught, as unsure as at the start, so that a few answers of its own outweigh that. */
function adopt(latency: Latency, part: Part): void {
  const known = latency.shared?.[part]
  const own = latency[part]
  if (known === undefined || known.count === 0 || own.count > 0) return
  own.weights.set(known.weights)
  own.covariance.fill(0)
  const spread = spreadOf([...known.weights], part)
  for (let i = 0; i < spread.length; i++) own.covariance[i * (spread.length + 1)] = spread[i]!
}

/** Before anything was seen. An engine at hand keeps what fits; a cloud spreads what it is asked over many. */
const FIRST_KEPT = { local: 0.9, cloud: 0.5 }
const KEPT_SHARE = 0.2

/** What a call meets, in the order of SIGHT. */
const sight = new Float64Array(SIGHT.length)

/** What came from elsewhere counts as what came from here. */
function look(tokens: number, load: LoadView, open: number): void {
  const foreign = load.foreign ?? 0
  sight[0] = 1
  sight[1] = (tokens + load.pending + load.foreignPending) / 1000
  sight[2] = open + foreign
}

/** Places of the features in `sight`: to call a function for each would take 30 ns more for each candidate. */
const placesOf = (part: Part): Int32Array => Int32Array.from(ESTIMATORS[part].features, ({ of }) => SIGHT.indexOf(of))
const TTFT = placesOf('ttft')
const TPOT = placesOf('tpot')
const SHORTEST_TTFT = ESTIMATORS.ttft.shortest
const SHORTEST_TPOT = ESTIMATORS.tpot.shortest

function estimated({ weights }: Regression, places: Int32Array): number {
  let seconds = 0
  for (let i = 0; i < places.length; i++) seconds += weights[i]! * sight[places[i]!]!
  return seconds
}

/** Seconds until the first token of a prompt with so many tokens to read, beside this load (or so many calls), once it has a place. */
export function ttftOf(latency: Latency, tokens: number, load: LoadView, open = load.open): number {
  look(tokens, load, open)
  return Math.max(SHORTEST_TTFT, estimated(bestTtft(latency), TTFT))
}

/** Seconds until a prompt with so many tokens to read has been read, beside this load: the part of `ttftOf` that depends on tokens. */
export function readingOf(latency: Latency, tokens: number, load: LoadView): number {
  look(tokens, load, load.open)
  return sight[PLACE_OF_TOKENS]! * alikeTtft(latency).weights[THOUSAND]!
}

/** Prompt tokens that it reads in a second. */
export const prefillRateOf = (latency: Latency): number =>
  1000 / Math.max(LEAST_PER_THOUSAND, alikeTtft(latency).weights[THOUSAND]!)

/** Short prompts do not show what a token takes: none is read a million times a second. */
const LEAST_PER_THOUSAND = 0.001
const PLACE_OF_TOKENS = SIGHT.indexOf('thousandTokens')
const THOUSAND = ESTIMATORS.ttft.features.findIndex(({ of }) => of === 'thousandTokens')

/** Seconds for each output token beside this load. */
export function tpotOf(latency: Latency, load: LoadView): number {
  look(0, load, load.open)
  return Math.max(SHORTEST_TPOT, estimated(bestTpot(latency), TPOT))
}

/** A stream began after `seconds`. */
export function learnTtft(latency: Latency, tokens: number, load: LoadView, seconds: number): void {
  adopt(latency, 'ttft')
  const lag = seconds / ttftOf(latency.shared ?? latency, tokens, load)
  latency.lag = steadied(latency.lag || 1, lag)
  const { shared, alike } = latency
  if (shared !== null) {
    if (shared.ttft.count >= COMPARED) compare(alike, shared.alike, lag)
    // How it differs from the others says nothing of them.
    learnTtft(shared, tokens, load, seconds / factorOf(alike, shared.alike))
  }
  takeIn(latency.ttft, TTFT, ttftOf(latency, tokens, load), seconds)
}

/** A stream went on for `seconds` with `tokens` after the first. */
export function learnTpot(latency: Latency, tokens: number, load: LoadView, seconds: number): void {
  if (tokens < 2) return
  adopt(latency, 'tpot')
  const { shared } = latency
  const per = Math.max(SHORTEST_TPOT, seconds / tokens)
  if (shared !== null) learnTpot(shared, tokens, load, seconds)
  latency.pace = steadied(latency.pace || (shared ?? latency).pace || per, per)
  takeIn(latency.tpot, TPOT, tpotOf(latency, load), per)
}

const scaled = { ttft: new Float64Array(TTFT.length), tpot: new Float64Array(TPOT.length) }

/** What was seen last (`sight`) took `seconds` where `expected` were. Errors are relative: a second is much of one, and nothing of a minute. */
function takeIn(regression: Regression, places: Int32Array, expected: number, seconds: number): void {
  const features = places === TTFT ? scaled.ttft : scaled.tpot
  const shortest = places === TTFT ? SHORTEST_TTFT : SHORTEST_TPOT
  const scale = 1 / (NOISE * expected)
  for (let i = 0; i < places.length; i++) features[i] = sight[places[i]!]! * scale
  observe(regression, features, believable(seconds, expected) * scale, MEMORY)
  keepPositive(regression)
  rescale(regression.covariance, Math.max(shortest, estimated(regression, places)) / expected)
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

/**
 * Of `before` tokens of a prompt that it was taken to have kept, it told to have kept `cached`. An engine that never told of any may
 * keep them all the same and not say so.
 */
export function learnKept(latency: Latency, before: number, cached: number): void {
  if (cached > 0) latency.keptTold = true
  if (before < 1 || !latency.keptTold) return
  latency.kept += KEPT_SHARE * (Math.min(1, cached / before) - latency.kept)
}
