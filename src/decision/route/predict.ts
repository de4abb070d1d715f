/** What an answer by one candidate would take, into one row of a table of numbers. Pure arithmetic: no object is made. */
import type { Arm, Latency } from '../../core/arm.ts'
import type { LoadView } from '../../core/load.ts'
import { NANO_USD } from '../../core/money.ts'
import { isTimed, answerNanoUsd } from '../../core/rates.ts'
import { NO_PRICE, type Price } from '../../core/settings.ts'
import { COLUMN, COLUMNS } from '../../core/terms.ts'
import { NO_COUNTS, type TokenKind } from '../../core/tokens.ts'
import type { Deployment, RequestProfile, Target } from '../../core/types.ts'
import { calibrated } from '../learn/calibration.ts'
import { tpotOf, ttftOf } from '../learn/latency.ts'
import { reasoningShare, usualLength } from '../learn/length.ts'
import { waitOf } from '../learn/room.ts'
import { doubtOf, successOf } from '../learn/success.ts'
import { isLocal } from './local.ts'
import type { Remembered } from './conversations.ts'

/** USD for a million tokens that a model of unknown price is taken for: one of the dear ones, so that nobody is surprised. */
const DEAR: Price = { ...NO_PRICE, inputPerMtok: 3, cachedInputPerMtok: 3, outputPerMtok: 15 }
/** USD for an hour of an engine that nobody put a price on: about its electricity. Only to compare with. */
const NOMINAL_PER_HOUR = 0.05

/** `remembered`: where this conversation was answered last, and how much of it is cached there. */
export function predict(
  rows: Float64Array,
  row: number,
  { deployment, arm }: Target,
  profile: RequestProfile,
  remembered: Remembered | null,
  load: LoadView = deployment.live.load,
): void {
  const at = row * COLUMNS
  const input = calibrated(profile.inputTokens, deployment.calibration)
  rows[at + COLUMN.input] = input
  rows[at + COLUMN.cached] = remembered === null ? 0 : cachedTokens(deployment, remembered, input)
  predictAnswer(rows, at, arm, profile)
  predictTimes(rows, at, deployment.latency, profile.generates, load)
  predictCost(rows, at, deployment, load.open)
}

/** Its tokens, and how good it will be. */
function predictAnswer(rows: Float64Array, at: number, arm: Arm, { features, maxOutput }: RequestProfile): void {
  if (features === null) {
    rows[at + COLUMN.output] = 0
    rows[at + COLUMN.reasoning] = 0
    rows[at + COLUMN.most] = 0
    rows[at + COLUMN.success] = NaN
    rows[at + COLUMN.uncertainty] = NaN
    return
  }
  const limit = maxOutput ?? Infinity
  const usual = usualLength(arm, features)
  const output = Math.min(limit, Math.max(1, usual * arm.factors.mean))
  rows[at + COLUMN.output] = output
  rows[at + COLUMN.reasoning] = output * reasoningShare(arm)
  rows[at + COLUMN.most] = Math.min(limit, usual * arm.factors.most)
  const success = successOf(arm, features)
  rows[at + COLUMN.success] = success
  rows[at + COLUMN.uncertainty] = doubtOf(arm, features, success)
}

/** Seconds of the candidate whose times were predicted last: those that count for its cost also where nobody waits for a token. */
const SECONDS = { wait: NaN, work: NaN }

function predictTimes(rows: Float64Array, at: number, latency: Latency, generates: boolean, load: LoadView): void {
  const wait = waitOf(latency.room, load.open)
  const start = ttftOf(latency, rows[at + COLUMN.input]! - rows[at + COLUMN.cached]!, load)
  const work = start + rows[at + COLUMN.output]! * tpotOf(latency, load)
  SECONDS.wait = wait
  SECONDS.work = work
  // How soon a stream begins says nothing about answers that are no streams of tokens.
  rows[at + COLUMN.ttft] = generates ? 1000 * (wait + start) : NaN
  rows[at + COLUMN.total] = generates ? 1000 * (wait + work) : NaN
  rows[at + COLUMN.work] = generates ? 1000 * work : NaN
}

function predictCost(rows: Float64Array, at: number, deployment: Deployment, open: number): void {
  const { price } = deployment.facts
  const { wait, work } = SECONDS
  const input = rows[at + COLUMN.input]!
  const output = rows[at + COLUMN.output]!
  COUNTS.input = input
  COUNTS.cachedInput = rows[at + COLUMN.cached]!
  COUNTS.output = output
  COUNTS.reasoning = rows[at + COLUMN.reasoning]!
  const cost = price === null ? NaN : answerNanoUsd(price, COUNTS, (wait + work) / (1 + open))
  rows[at + COLUMN.cost] = cost
  // What is charged of an engine's time is shared among the open calls; compared by that, the busiest would look cheapest.
  const whole = price !== null && isTimed(price) ? answerNanoUsd(price, COUNTS, work) : cost
  rows[at + COLUMN.compared] = comparable(whole, isLocal(deployment), input, output, work)
}

/** What the engine has kept of this conversation, as far as it has proven to keep such things. */
function cachedTokens(deployment: Deployment, remembered: Remembered, input: number): number {
  if (remembered.deployment !== deployment.id) return 0
  return Math.min(remembered.tokens, input) * deployment.latency.kept
}

/** One for all: a new one for each candidate would be garbage. */
const COUNTS: Record<TokenKind, number> = { ...NO_COUNTS }

/**
 * Nano-dollars for comparing only. What is not known is dear; an engine of one's own (`here`) that costs nothing takes its
 * time all the same. `seconds`: what the request would take of it by itself, beside those that are open.
 */
export function comparable(cost: number, here: boolean, input: number, output: number, seconds: number): number {
  if (cost > 0) return cost
  if (here) return (NOMINAL_PER_HOUR / 3600) * seconds * NANO_USD
  return cost === 0 ? 0 : answerNanoUsd(DEAR, { ...NO_COUNTS, input, output }, seconds)
}
