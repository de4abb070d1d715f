/** What an answer by each of the candidates would take, into the rows of a table of numbers. Pure arithmetic: no object is made. */
import type { TextFeatures } from '../../core/arm.ts'
import { NANO_USD } from '../../core/money.ts'
import { isTimed, textNanoUsd, timedNanoUsd } from '../../core/rates.ts'
import { NO_PRICE, type Price } from '../../core/settings.ts'
import { COLUMN, COLUMNS } from '../../core/terms.ts'
import { loadWait } from '../../core/residency.ts'
import type { RequestProfile, Target } from '../../core/types.ts'
import { calibrated } from '../learn/calibration.ts'
import { readingOf, tpotOf, ttftOf } from '../learn/latency.ts'
import { factorsFor, reasoningShare, usualLength } from '../learn/length.ts'
import { waitOf } from '../learn/room.ts'
import { doubtOf, successOf } from '../learn/success.ts'
import { isLocal } from './local.ts'
import { predictCongestion } from './congestion.ts'
import type { Estimated } from './estimated.ts'

/** USD for a million tokens that a model of unknown price is taken for: one of the dear ones, so that nobody is surprised. */
const DEAR: Price = { ...NO_PRICE, inputPerMtok: 3, cachedInputPerMtok: 3, outputPerMtok: 15 }
/** USD for an hour of an engine that nobody put a price on: about its electricity. Only to compare with. */
const NOMINAL_PER_HOUR = 0.05

/**
 * Fills in the rows, one kind of number after the other: of short loops that call nothing large no number becomes an object,
 * nor where NaN is stored by itself: chosen by `? :` it makes an object of the other number.
 */
export function predict(rows: Float64Array, estimated: Estimated, profile: RequestProfile): void {
  predictPrompts(rows, estimated, profile.inputTokens)
  predictAnswers(rows, estimated, profile)
  predictTimes(rows, estimated, profile.generates)
  predictCongestion(rows, estimated)
  predictCosts(rows, estimated)
}

function predictPrompts(rows: Float64Array, { targets, live, held }: Estimated, tokens: number): void {
  for (let place = 0; place < live.length; place++) {
    const row = live[place]!
    const at = row * COLUMNS
    const { deployment } = targets[row]!
    const input = calibrated(tokens, deployment.calibration)
    rows[at + COLUMN.input] = input
    // As far as it has proven to keep such things.
    rows[at + COLUMN.cached] = held[row]! * input * deployment.latency.kept
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

/** Instances of one model share its arm, and stand side by side: what is expected of the answer of one is expected of all. */
const isSame = (targets: readonly Target[], before: number, row: number): boolean =>
  before >= 0 && targets[before]!.arm === targets[row]!.arm

function predictSuccess(
  rows: Float64Array,
  targets: readonly Target[],
  live: readonly number[],
  features: TextFeatures,
): void {
  let before = -1
  for (let place = 0; place < live.length; place++) {
    const row = live[place]!
    if (isSame(targets, before, row)) {
      rows[row * COLUMNS + COLUMN.success] = rows[before * COLUMNS + COLUMN.success]!
      continue
    }
    before = row
    rows[row * COLUMNS + COLUMN.success] = successOf(targets[row]!.arm, features)
  }
}

function predictDoubts(
  rows: Float64Array,
  targets: readonly Target[],
  live: readonly number[],
  features: TextFeatures,
): void {
  let before = -1
  for (let place = 0; place < live.length; place++) {
    const row = live[place]!
    const at = row * COLUMNS
    if (isSame(targets, before, row)) {
      rows[at + COLUMN.uncertainty] = rows[before * COLUMNS + COLUMN.uncertainty]!
      continue
    }
    before = row
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
  let before = -1
  for (let place = 0; place < live.length; place++) {
    const row = live[place]!
    const at = row * COLUMNS
    if (isSame(targets, before, row)) {
      rows[at + COLUMN.output] = rows[before * COLUMNS + COLUMN.output]!
      rows[at + COLUMN.reasoning] = rows[before * COLUMNS + COLUMN.reasoning]!
      rows[at + COLUMN.most] = rows[before * COLUMNS + COLUMN.most]!
      continue
    }
    before = row
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

/** Its reading is compared with that of its replicas. */
const hasReplicas = ({ rota, seats }: Estimated, row: number): boolean =>
  rota !== null && rota.paired && rota.sizes[rota.groups[seats[row]!]!]! > 1

function predictTimes(rows: Float64Array, estimated: Estimated, generates: boolean): void {
  const { targets, live, load, now } = estimated
  if (waits.length < targets.length) {
    waits = new Float64Array(2 * targets.length)
    works = new Float64Array(2 * targets.length)
  }
  for (let place = 0; place < live.length; place++) {
    const row = live[place]!
    const at = row * COLUMNS
    const { latency, live: state, residency } = targets[row]!.deployment
    const met = load ?? state.load
    const fresh = rows[at + COLUMN.input]! - rows[at + COLUMN.cached]!
    const before = loadWait(residency, now) + state.queue.seconds
    const wait = before + waitOf(latency.room, met.open)
    const start = ttftOf(latency, fresh, met)
    const work = start + rows[at + COLUMN.output]! * tpotOf(latency, met)
    waits[row] = wait
    works[row] = work
    // How soon a stream begins says nothing about answers that are no streams of tokens.
    if (generates) {
      if (hasReplicas(estimated, row)) rows[at + COLUMN.reading] = 1000 * (before + readingOf(latency, fresh, met))
      rows[at + COLUMN.ttft] = 1000 * (wait + start)
      rows[at + COLUMN.total] = 1000 * (wait + work)
      rows[at + COLUMN.work] = 1000 * work
    } else {
      rows[at + COLUMN.reading] = NaN
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

/**
 * Nano-dollars for comparing only. What is not known is dear; an engine of one's own (`here`) that costs nothing takes its
 * time all the same. `seconds`: what the request would take of it by itself, beside those that are open.
 */
export function comparable(cost: number, here: boolean, input: number, output: number, seconds: number): number {
  if (cost > 0) return cost
  if (here) return (NOMINAL_PER_HOUR / 3600) * seconds * NANO_USD
  return cost === 0 ? 0 : textNanoUsd(DEAR, input, 0, output, 0, seconds)
}
