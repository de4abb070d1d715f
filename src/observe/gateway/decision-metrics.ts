import { NANO_USD } from '../../core/money.ts'
import type { RequestRecord } from '../../core/request-record.ts'
import { Baselines } from './baselines.ts'
import type { Registry } from '../metrics/registry.ts'
import type { ExemplarRef } from '../metrics/metric.ts'
import type { Buckets, Histogram } from '../metrics/histogram.ts'
import { type Predicted, predictionRatios } from './predictions.ts'
import { Series } from '../metrics/series.ts'
import type { Cell, Counter } from '../metrics/counter.ts'

/** Even steps of a logarithm around 1, two smaller ones beside it. */
const RATIO_BUCKETS = [0.1, 0.16, 0.25, 0.4, 0.63, 0.8, 1, 1.25, 1.6, 2.5, 4, 6.3, 10]
const DECISION_BUCKETS = [0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.005]
const LIMITS = { max: 2000, open: 1 }

interface Savings {
  readonly baseline: Cell
  readonly own: Cell
  readonly compared: Cell
  readonly uncompared: Cell
}

/** How decisions turned out: what they expected, what they saved, how often they tried something else. */
export class DecisionMetrics {
  readonly #baselines = new Baselines()
  readonly #seconds: Buckets
  readonly #explorations: Series<Cell>
  readonly #savings: Series<Savings>
  readonly #ratios: Readonly<Record<Predicted, Buckets>>

  constructor(families: Registry) {
    const seconds = families.histogram(
      'decision_seconds',
      'Time to profile one request, and to filter and order its candidates.',
      [],
      DECISION_BUCKETS,
    )
    this.#seconds = seconds.series([])
    this.#explorations = byRoute(
      families.counter(
        'explorations_total',
        'Requests that were sent to another than the best candidate, in order to learn.',
        ['route'],
      ),
    )
    const baseline = families.counter(
      'baseline_cost_usd_total',
      'What the compared answers would have cost at the baseline of the route: by the tokens predicted for it, corrected by how its predictions turned out.',
      ['route'],
      NANO_USD,
    )
    const own = families.counter(
      'baseline_own_cost_usd_total',
      'The part of it that the baseline answered itself, which is not an estimate.',
      ['route'],
      NANO_USD,
    )
    const compared = families.counter(
      'baseline_compared_cost_usd_total',
      'What the compared requests did cost, including failed calls; the difference is what was saved.',
      ['route'],
      NANO_USD,
    )
    const uncompared = families.counter(
      'baseline_uncompared_requests_total',
      'Requests that were answered, or cost something, but could not be compared: a cost is unknown, or the answer broke off.',
      ['route'],
    )
    this.#savings = new Series(LIMITS, (path) => ({
      baseline: baseline.series(path),
      own: own.series(path),
      compared: compared.series(path),
      uncompared: uncompared.series(path),
    }))
    this.#ratios = ratiosOf(
      families.histogram(
        'prediction_ratio',
        'Actual to predicted, of answers whose backend reported its usage.',
        ['what'],
        RATIO_BUCKETS,
      ),
    )
  }

  decided(seconds: number): void {
    this.#seconds.observe(seconds)
  }

  /** `route`: that of the record. */
  completed(route: string, record: RequestRecord, mark: ExemplarRef): void {
    // At zero from a route's first request: a rate has no first step.
    this.#explorations.of(route).value += record.explored === true ? 1 : 0
    predictionRatios(record, (what, ratio) => this.#ratios[what].observe(ratio, mark))
    if (record.baseline === null) return
    const comparison = this.#baselines.compare(record.baseline, record)
    if (comparison !== null) {
      const { baseline, own, compared } = this.#savings.of(route)
      baseline.value += comparison.baselineNanoUsd
      if (comparison.own) own.value += comparison.baselineNanoUsd
      compared.value += comparison.comparedNanoUsd
    } else if (record.answered || record.tokens !== null) this.#savings.of(route).uncompared.value++
  }
}

const byRoute = (tally: Counter): Series<Cell> => new Series(LIMITS, (path) => tally.series(path))

const ratiosOf = (histogram: Histogram): Record<Predicted, Buckets> => ({
  input_tokens: histogram.series(['input_tokens']),
  output_tokens: histogram.series(['output_tokens']),
  ttft: histogram.series(['ttft']),
  cost: histogram.series(['cost']),
})
