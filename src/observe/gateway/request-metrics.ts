import { type RequestRecord, soleAnswer } from '../../core/request-record.ts'
import type { Registry } from '../metrics/registry.ts'
import type { ExemplarRef } from '../metrics/metric.ts'
import type { Buckets, Histogram } from '../metrics/histogram.ts'
import type { RouteLabels } from './place-metrics.ts'
import { Series } from '../metrics/series.ts'
import type { Cell } from '../metrics/counter.ts'

const LATENCY_BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600]
const TTFT_BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 1, 2, 5, 10, 20, 60]
const TOKEN_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.015, 0.02, 0.03, 0.05, 0.075, 0.1, 0.2, 0.5, 1]
const OVERHEAD_BUCKETS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1]

const MAX_SERIES = 2000
/** Each of them has a dozen lines and more. */
const MAX_HISTOGRAMS = 200

/** How requests end, and how long they take. */
export class RequestMetrics {
  readonly #requests: Series<Cell>
  readonly #duration: Series<Buckets>
  readonly #ttft: Series<Buckets>
  readonly #tpot: Series<Buckets>
  readonly #overhead: Series<Buckets>
  readonly #queue: Series<Buckets>

  constructor(families: Registry) {
    const requests = families.counter('requests_total', 'Requests by outcome.', [
      'route',
      'backend',
      'model',
      'endpoint',
      'stream',
      'status',
      'error',
    ])
    this.#requests = new Series({ max: MAX_SERIES, open: 3 }, (path) => requests.series(path))
    this.#duration = seriesOf(
      families.histogram(
        'request_duration_seconds',
        'Time from the request to the end of its answer.',
        ['route', 'endpoint', 'stream'],
        LATENCY_BUCKETS,
      ),
      1,
    )
    this.#ttft = seriesOf(
      families.histogram(
        'time_to_first_token_seconds',
        'Time from the call of the backend to the first event of its stream.',
        ['backend', 'model'],
        TTFT_BUCKETS,
      ),
      2,
    )
    this.#tpot = seriesOf(
      families.histogram(
        'time_per_output_token_seconds',
        'Mean time between output tokens after the first, for each stream.',
        ['backend', 'model'],
        TOKEN_BUCKETS,
      ),
      2,
    )
    this.#overhead = seriesOf(
      families.histogram(
        'overhead_seconds',
        'Time that the gateway added before the first byte.',
        ['endpoint', 'stream'],
        OVERHEAD_BUCKETS,
      ),
      0,
    )
    this.#queue = seriesOf(
      families.histogram(
        'queue_seconds',
        'Time that requests waited in the queue of a backend with limits of its own, only for requests that waited; `backend`: the one that was then called.',
        ['backend'],
        LATENCY_BUCKETS,
      ),
      1,
    )
  }

  /** One for which no backend was needed. */
  plain(endpoint: string, status: number, error: string): void {
    this.#requests.of('none', 'none', 'none', endpoint, 'false', String(status), error).value++
  }

  /** `first`: where the first part of the answer came from; null where there was none. */
  completed(place: RouteLabels, first: RouteLabels | null, record: RequestRecord, mark: ExemplarRef): void {
    const { endpoint, status, error } = record
    const stream = record.stream ? 'true' : 'false'
    const { route, backend, model } = place
    this.#requests.of(route, backend, model, endpoint, stream, String(status), error ?? 'none').value++
    this.#duration.of(route, endpoint, stream).observe(record.totalMs / 1000, mark)
    if (record.queueMs > 0) this.#queue.of(backend).observe(record.queueMs / 1000)
    if (!record.answered) return
    this.#overhead.of(endpoint, stream).observe(record.overheadMs / 1000)
    if (record.stream) this.#streamed(place, first ?? place, record, mark)
  }

  #streamed(place: RouteLabels, first: RouteLabels, record: RequestRecord, mark: ExemplarRef): void {
    const { ttftMs, streamMs } = record
    if (ttftMs !== null) this.#ttft.of(first.backend, first.model).observe(ttftMs / 1000, mark)
    // Calls that failed before the answer have no part in the stream; a stream of several calls has the pace of none of them.
    const output = soleAnswer(record)?.usage?.output ?? 0
    if (output < 2 || streamMs === null) return
    this.#tpot.of(place.backend, place.model).observe(streamMs / 1000 / (output - 1))
  }
}

const seriesOf = (histogram: Histogram, open: number): Series<Buckets> =>
  new Series({ max: MAX_HISTOGRAMS, open }, (path) => histogram.series(path))
