/** What an answer by each of the candidates would take, into the rows of a table of numbers. Pure arithmetic: no object is made. */
import type { TextFeatures } from '../../core/arm.ts'
import type { LoadView } from '../../core/load.ts'
import { NANO_USD } from '../../core/money.ts'
import { isTimed, textNanoUsd, timedNanoUsd } from '../../core/rates.ts'
import { NO_PRICE, type Price } from '../../core/settings.ts'
import { COLUMN, COLUMNS } from '../../core/terms.ts'
import type { Deployment, RequestProfile, Target } from '../../core/types.ts'
import { calibrated } from '../learn/calibration.ts'
import { tpotOf, ttftOf } from '../learn/latency.ts'
import { factorsFor, reasoningShare, usualLength } from '../learn/length.ts'
import { waitOf } from '../learn/room.ts'
import { doubtOf, successOf } from '../learn/success.ts'
import { isLocal } from './local.ts'
import type { Remembered } from './conversations.ts'

/** USD for a million tokens that a model of unknown price is taken for: one of the dear ones, so that nobody is surprised. */
const DEAR: Price = { ...NO_PRICE, inputPerMtok: 3, cachedInputPerMtok: 3, outputPerMtok: 15 }
/** USD for an hour of an engine that nobody put a price on: about its electricity. Only to compare with. */
const NOMINAL_PER_HOUR = 0.05

/** What stands in the rows of a decision, and how busy who is asked is; `load` null: as it is at the moment. */
export interface Estimated {
  readonly targets: readonly Target[]
  /** Rows that are estimated: the places of their targets. */
  readonly live: readonly number[]
  readonly load: LoadView | null
}

/**
 * Fills in the rows, one kind of number after the other: of short loops that call nothing large no number becomes an object,
 * nor where NaN is stored by itself: chosen by `? :` it makes an object of the other number.
 * `remembered`: where this conversation was answered last, and how much of it is cached there.
 */
export function predict(
  rows: Float64Array,
  estimated: Estimated,
  profile: RequestProfile,
  remembered: Remembered | null,
): void {
  predictPrompts(rows, estimated, profile.inputTokens, remembered)
  predictAnswers(rows, estimated, profile)
  predictTimes(rows, estimated, profile.generates)
  predictCosts(rows, estimated)
}

function predictPrompts(
  rows: Float64Array,
  { targets, live }: Estimated,
  tokens: number,
  remembered: Remembered | null,
): void {
  for (let place = 0; place < live.length; place++) {
    const row = live[place]!
    const at = row * COLUMNS
    const { deployment } = targets[row]!
    const input = calibrated(tokens, deployment.calibration)
    rows[at + COLUMN.input] = input
    rows[at + COLUMN.cached] = remembered === null ? 0 : cachedTokens(deployment, remembered, input)
  }
}

/** Their tokens, and how good they will be. */
function predictAnswers(
  rows: Float64Array,
  { targets, live }: Estimated,
  { features, maxOutput }: RequestProfile,
): void {
  if (features === null) {
    for (const row of live) noAnswer(rows, row * COLUMNS)
    return
  }
  predictLengths(rows, targets, live, features, maxOutput ?? Infinity)
  predictSuccess(rows, targets, live, features)
  predictDoubts(rows, targets, live, features)
}

function predictSuccess(
  rows: Float64Array,
  targets: readonly Target[],
  live: readonly number[],
  features: TextFeatures,
): void {
  for (let place = 0; place < live.length; place++) {
    const row = live[place]!
    rows[row * COLUMNS + COLUMN.success] = successOf(targets[row]!.arm, features)
  }
}

function predictDoubts(
  rows: Float64Array,
  targets: readonly Target[],
  live: readonly number[],
  features: TextFeatures,
): void {
  for (let place = 0; place < live.length; place++) {
    const row = live[place]!
    const at = row * COLUMNS
    rows[at + COLUMN.uncertainty] = doubtOf(targets[row]!.arm, features, rows[at + COLUMN.success]!)
  }
}

function noAnswer(rows: Float64Array, at: number): void {
  rows[at + COLUMN.output] = 0
  rows[at + COLUMN.reasoning] = 0
  rows[at + COLUMN.most] = 0
  rows[at + COLUMN.success] = NaN
  rows[at + COLUMN.uncertainty] = NaN
}

function predictLengths(
  rows: Float64Array,
  targets: readonly Target[],
  live: readonly number[],
  features: TextFeatures,
  limit: number,
): void {
  for (let place = 0; place < live.length; place++) {
    const row = live[place]!
    const at = row * COLUMNS
    const { arm } = targets[row]!
    const usual = usualLength(arm, features)
    const { mean, most } = factorsFor(arm)
    const output = Math.min(limit, Math.max(1, usual * mean))
    rows[at + COLUMN.output] = output
    rows[at + COLUMN.reasoning] = output * reasoningShare(arm)
    rows[at + COLUMN.most] = Math.min(limit, usual * most)
  }
}

/** Seconds of the wait and of the work, by row: they count for the cost also where nobody waits for a token. Grows with the largest field. */
let waits = new Float64Array(64)
let works = new Float64Array(64)

function predictTimes(rows: Float64Array, { targets, live, load }: Estimated, generates: boolean): void {
  if (waits.length < targets.length) {
    waits = new Float64Array(2 * targets.length)
    works = new Float64Array(2 * targets.length)
  }
  for (let place = 0; place < live.length; place++) {
    const row = live[place]!
    const at = row * COLUMNS
    const { latency, live: now } = targets[row]!.deployment
    const met = load ?? now.load
    const wait = waitOf(latency.room, met.open) + now.queue.seconds
    const start = ttftOf(latency, rows[at + COLUMN.input]! - rows[at + COLUMN.cached]!, met)
    const work = start + rows[at + COLUMN.output]! * tpotOf(latency, met)
    waits[row] = wait
    works[row] = work
    // How soon a stream begins says nothing about answers that are no streams of tokens.
    if (generates) {
      rows[at + COLUMN.ttft] = 1000 * (wait + start)
      rows[at + COLUMN.total] = 1000 * (wait + work)
      rows[at + COLUMN.work] = 1000 * work
    } else {
      rows[at + COLUMN.ttft] = NaN
      rows[at + COLUMN.total] = NaN
      rows[at + COLUMN.work] = NaN
    }
  }
}

function predictCosts(rows: Float64Array, { targets, live, load }: Estimated): void {
  for (let place = 0; place < live.length; place++) {
    const row = live[place]!
    const at = row * COLUMNS
    const { deployment } = targets[row]!
    const { price } = deployment.facts
    const input = rows[at + COLUMN.input]!
    const output = rows[at + COLUMN.output]!
    const work = works[row]!
    const seconds = (waits[row]! + work) / (1 + (load ?? deployment.live.load).open)
    const cached = rows[at + COLUMN.cached]!
    const reasoning = rows[at + COLUMN.reasoning]!
    const here = isLocal(deployment)
    if (price === null) {
      rows[at + COLUMN.cost] = NaN
      rows[at + COLUMN.compared] = comparable(NaN, here, input, output, work)
      continue
    }
    const cost = textNanoUsd(price, input, cached, output, reasoning, seconds)
    rows[at + COLUMN.cost] = cost
    // What is charged of an engine's time is shared among the open calls; compared by that, the busiest would look cheapest.
    const whole = isTimed(price) ? timedNanoUsd(price, work) : cost
    rows[at + COLUMN.compared] = comparable(whole, here, input, output, work)
  }
}

/** What the engine has kept of this conversation, as far as it has proven to keep such things. */
function cachedTokens(deployment: Deployment, remembered: Remembered, input: number): number {
  if (remembered.deployment !== deployment.id) return 0
  return Math.min(remembered.tokens, input) * deployment.latency.kept
}

/**
 * Nano-dollars for comparing only. What is not known is dear; an engine of one's own (`here`) that costs nothing takes its
 * time all the same. `seconds`: what the request would take of it by itself, beside those that are open.
 */
export function comparable(cost: number, here: boolean, input: number, output: number, seconds: number): number {
  if (cost > 0) return cost
  if (here) return (NOMINAL_PER_HOUR / 3600) * seconds * NANO_USD
  return cost === 0 ? 0 : textNanoUsd(DEAR, input, 0, output, 0, seconds)
}
