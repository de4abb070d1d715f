/** What an answer by one candidate would take, into one row of a table of numbers. Pure arithmetic: no object is made. */
import { nanoOf } from '../core/rates.ts'
import { NO_PRICE, type Price } from '../core/settings.ts'
import type { Deployment, RequestProfile, Target } from '../core/types.ts'
import { calibrated } from '../learn/calibration.ts'
import { tpotOf, ttftOf } from '../learn/latency.ts'
import { reasoningShare, usualLength } from '../learn/length.ts'
import { doubtOf, successOf } from '../learn/success.ts'
import { isLocal } from './local.ts'
import type { Remembered } from './memory.ts'

/** Columns of the table. NaN = unknown. Tokens, nano-dollars, milliseconds, shares. */
export const COLUMN = {
  input: 0,
  cached: 1,
  output: 2,
  reasoning: 3,
  /** What it will cost. */
  cost: 4,
  /** The same for comparing, where the price is unknown or nothing. */
  rankCost: 5,
  ttft: 6,
  total: 7,
  success: 8,
  doubt: 9,
  /** Output tokens that nine of ten answers stay below. */
  most: 10,
  quality: 11,
  costTerm: 12,
  latency: 13,
  efficiency: 14,
  /** For staying where the conversation was answered last. */
  affinity: 15,
  utility: 16,
} as const
export const COLUMNS = 17

/** USD for a million tokens that a model of unknown price is taken for: one of the dear ones, so that nobody is surprised. */
const DEAR: Price = { ...NO_PRICE, inputPerMtok: 3, cachedInputPerMtok: 3, outputPerMtok: 15 }
/** USD for an hour of an engine that nobody put a price on: about its electricity. Only to compare with. */
const NOMINAL_PER_HOUR = 0.05
const NANO = 1e9

/** `remembered`: where this conversation was answered last, and how much of it is cached there. */
export function predict(
  rows: Float64Array,
  row: number,
  { deployment, arm }: Target,
  profile: RequestProfile,
  remembered: Remembered | null,
): void {
  const at = row * COLUMNS
  const { latency, live } = deployment
  const input = calibrated(profile.inputTokens, deployment.calibration)
  const cached = remembered === null ? 0 : cachedTokens(deployment, remembered, input)
  rows[at + COLUMN.input] = input
  rows[at + COLUMN.cached] = cached
  const open = live.inflight
  const ttft = ttftOf(latency, input - cached, open)
  const tpot = tpotOf(latency, open)
  // How soon a stream begins says nothing about answers that are no streams of tokens.
  rows[at + COLUMN.ttft] = profile.sense === null ? NaN : 1000 * ttft
  const { sense } = profile
  let output = 0
  if (sense === null) {
    rows[at + COLUMN.reasoning] = 0
    rows[at + COLUMN.most] = 0
    rows[at + COLUMN.success] = NaN
    rows[at + COLUMN.doubt] = NaN
  } else {
    const limit = profile.maxOutput ?? Infinity
    const usual = usualLength(arm, sense)
    output = Math.min(limit, Math.max(1, usual * arm.factors.mean))
    rows[at + COLUMN.reasoning] = output * reasoningShare(arm)
    rows[at + COLUMN.most] = Math.min(limit, usual * arm.factors.most)
    const success = successOf(arm, sense)
    rows[at + COLUMN.success] = success
    rows[at + COLUMN.doubt] = doubtOf(arm, sense, success)
  }
  rows[at + COLUMN.output] = output
  const seconds = ttft + output * tpot
  rows[at + COLUMN.total] = profile.sense === null ? NaN : 1000 * seconds
  const cost = costOf(deployment.facts.price, input, cached, output, rows[at + COLUMN.reasoning]!, seconds / (1 + open))
  rows[at + COLUMN.cost] = cost
  rows[at + COLUMN.rankCost] = comparable(cost, isLocal(deployment), input, output, seconds / (1 + open))
}

/** What the engine has kept of this conversation, as far as it has proven to keep such things. */
function cachedTokens(deployment: Deployment, remembered: Remembered, input: number): number {
  if (remembered.deployment !== deployment.id) return 0
  return Math.min(remembered.tokens, input) * deployment.latency.kept
}

/** Nano-dollars; NaN where a price that counts is unknown. `seconds`: this request's share of the engine's time. */
function costOf(
  price: Price | null,
  input: number,
  cached: number,
  output: number,
  reasoning: number,
  seconds: number,
): number {
  if (price === null) return NaN
  COUNTS.input = input
  COUNTS.cachedInput = cached
  COUNTS.output = output
  COUNTS.reasoning = reasoning
  return nanoOf(price, COUNTS, seconds)
}

/** One for all: a new one for each candidate would be garbage. */
const COUNTS = {
  input: 0,
  cachedInput: 0,
  cacheWrite: 0,
  audioInput: 0,
  imageInput: 0,
  output: 0,
  reasoning: 0,
  audioOutput: 0,
}

/**
 * Nano-dollars for comparing only. What is not known is dear; an engine of one's own (`here`) that costs nothing takes its
 * time all the same, so that of two such the one with less to do is the cheaper.
 */
export function comparable(cost: number, here: boolean, input: number, output: number, seconds: number): number {
  if (cost > 0) return cost
  if (here) return (NOMINAL_PER_HOUR / 3600) * seconds * NANO
  return cost === 0 ? 0 : costOf(DEAR, input, 0, output, 0, seconds)
}
