import { NANO_USD } from '../../core/money.ts'
import type { RequestRecord } from '../../core/request-record.ts'
import type { Cell } from '../metrics/counter.ts'
import type { Registry } from '../metrics/registry.ts'
import { Series } from '../metrics/series.ts'

const LABELS = ['route', 'feature', 'group']

interface Group {
  readonly requests: Cell
  readonly useful: Cell
  readonly cost: Cell
  readonly unpriced: Cell
  readonly tokens: Cell
  readonly streams: Cell
  readonly ttft: Cell
}

/** What requests came to that have a feature, and those of the control group that go without it. */
export class TrialMetrics {
  readonly #groups: Series<Group>

  constructor(families: Registry) {
    const counter = (name: string, help: string, unit?: number) => families.counter(`trial_${name}`, help, LABELS, unit)
    const requests = counter(
      'requests_total',
      'Requests of routes with a control group: those of it (`control`) go without the feature, the others (`rest`) have it.',
    )
    const useful = counter('useful_answers_total', 'Those of them that got a useful answer.')
    const cost = counter('cost_usd_total', 'What is known of their cost.', NANO_USD)
    const unpriced = counter('unpriced_requests_total', 'Those of them whose cost is unknown, or a part of it.')
    const tokens = counter('tokens_total', 'Tokens of input and output that they took.')
    const streams = counter('streams_total', 'Those of them that got a first token.')
    const ttft = counter('ttft_seconds_total', 'What these waited for the first token, added up.', 1000)
    this.#groups = new Series({ max: 500, open: 1 }, (path) => ({
      requests: requests.series(path),
      useful: useful.series(path),
      cost: cost.series(path),
      unpriced: unpriced.series(path),
      tokens: tokens.series(path),
      streams: streams.series(path),
      ttft: ttft.series(path),
    }))
  }

  /** `route`: that of the record. */
  completed(route: string, { trials, success, cost, partial, tokens, ttftMs }: RequestRecord): void {
    for (const { feature, control } of trials) {
      const group = this.#groups.of(route, feature, control ? 'control' : 'rest')
      group.requests.value++
      if (success) group.useful.value++
      group.cost.value += cost?.nanoUsd ?? 0
      if (partial) group.unpriced.value++
      if (tokens !== null) group.tokens.value += tokens.input + tokens.output
      if (ttftMs === null) continue
      group.streams.value++
      group.ttft.value += ttftMs
    }
  }
}
