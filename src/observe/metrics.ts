/** Every metric of the gateway, in one table. Labels are bounded: values come from the configuration and the catalog, never from a caller. */
import { Gauge, Histogram, Registry } from 'prom-client'
import type { Account, Attempt, Book, Cost, Settlement, Usage } from '../core/settlement.ts'
import type { BackendState } from '../core/types.ts'
import { type Cell, Series, Tally } from './tally.ts'

export interface BackendGauge {
  readonly name: string
  readonly state: BackendState
  readonly inflight: number
}

const LATENCY_BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600]
const TTFT_BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 1, 2, 5, 10, 20, 60]
const TOKEN_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.015, 0.02, 0.03, 0.05, 0.075, 0.1, 0.2, 0.5, 1]
const OVERHEAD_BUCKETS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1]
const DECISION_BUCKETS = [0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.005]

/** More models than this (a cloud lists hundreds) share the label `other`. */
const MAX_MODELS = 200
const STATES: readonly BackendState[] = ['unknown', 'ready', 'warming_up', 'down']

interface AnswerSeries {
  readonly successes: Cell
  readonly unpriced: Cell
  readonly cost: Cell
  readonly input: Cell
  readonly cachedInput: Cell
  readonly output: Cell
  readonly reasoning: Cell
}

export class Metrics implements Book {
  readonly registry = new Registry()
  readonly #models = new Set<string>()
  readonly #requests = new Series<Cell>()
  readonly #attempts = new Series<Cell>()
  readonly #answers = new Series<AnswerSeries>()
  readonly #waste = new Series<Cell>()

  readonly #requestsTotal = this.#counter('requests_total', 'Requests by how they ended.', [
    'route',
    'backend',
    'model',
    'endpoint',
    'stream',
    'status',
    'error',
  ])
  readonly #duration = this.#histogram(
    'request_duration_seconds',
    'From the request to the end of its answer.',
    ['route', 'endpoint', 'stream'],
    LATENCY_BUCKETS,
  )
  readonly #ttft = this.#histogram(
    'time_to_first_token_seconds',
    'From the call of the backend to the first event of its stream.',
    ['backend', 'model'],
    TTFT_BUCKETS,
  )
  readonly #tpot = this.#histogram(
    'time_per_output_token_seconds',
    'Mean time between output tokens after the first, for each stream.',
    ['backend', 'model'],
    TOKEN_BUCKETS,
  )
  readonly #overhead = this.#histogram(
    'overhead_seconds',
    'What the gateway added before the first byte.',
    ['endpoint', 'stream'],
    OVERHEAD_BUCKETS,
  )
  readonly #attemptsTotal = this.#counter(
    'attempts_total',
    'Calls of backends; the outcome is `ok` or a code of the error table.',
    ['backend', 'model', 'outcome'],
  )
  readonly #tokens = this.#counter(
    'tokens_total',
    'Tokens that backends reported; cached input is part of input, reasoning of output.',
    ['route', 'backend', 'model', 'kind'],
  )
  readonly #successes = this.#counter(
    'successes_total',
    'Useful answers: complete, allowed finish reason, not empty, valid where that was asked for.',
    ['route', 'backend', 'model'],
  )
  readonly #wasted = this.#counter(
    'wasted_tokens_total',
    'Input and output tokens without a useful answer; estimated where the backend told no usage.',
    ['route', 'backend', 'model', 'reason'],
  )
  readonly #cost = this.#counter('cost_usd_total', 'What priced answers cost.', ['route', 'backend', 'model'])
  readonly #unpriced = this.#counter(
    'unpriced_requests_total',
    'Answers whose cost is unknown, for want of a price or of a usage.',
    ['route', 'backend', 'model'],
  )
  readonly #decision = this.#histogram(
    'decision_seconds',
    'Profile, filters and order of one request.',
    [],
    DECISION_BUCKETS,
  )

  /** `backends` is asked at each scrape. */
  constructor(backends: () => readonly BackendGauge[]) {
    this.#gauge('inflight_requests', 'Open calls of backends.', ['backend'], (set) => {
      for (const { name, inflight } of backends()) set({ backend: name }, inflight)
    })
    this.#gauge('backend_up', '1 where the backend can be asked.', ['backend'], (set) => {
      for (const { name, state } of backends()) set({ backend: name }, state === 'ready' ? 1 : 0)
    })
    this.#gauge('backend_state', '1 for the state that the backend is in.', ['backend', 'state'], (set) => {
      for (const { name, state } of backends())
        for (const one of STATES) set({ backend: name, state: one }, one === state ? 1 : 0)
    })
  }

  /** Counts an answer for which no backend was needed. */
  plain(endpoint: string, status: number, error: string): void {
    const none = { route: 'none', backend: 'none', model: 'none' }
    const series = this.#requests.of(['none', 'none', 'none', endpoint, 'false', String(status), error], () =>
      this.#requestsTotal.series({ ...none, endpoint, stream: 'false', status: String(status), error }),
    )
    series.value++
  }

  decided(seconds: number): void {
    this.#decision.observe(seconds)
  }

  /** Counts a finished request; called once for each. */
  settled({ request, plan, settlement }: Account): void {
    const { attempts, status } = settlement
    const last = attempts.at(-1)
    const route = plan?.route ?? 'none'
    const backend = last?.backend ?? 'none'
    const model = last === undefined ? 'none' : this.#model(last.model)
    const endpoint = request.endpoint.id
    const stream = request.stream ? 'true' : 'false'
    const code = String(status)
    const error = settlement.error?.code ?? 'none'
    const requests = this.#requests.of([route, backend, model, endpoint, stream, code, error], () =>
      this.#requestsTotal.series({ route, backend, model, endpoint, stream, status: code, error }),
    )
    requests.value++
    this.#duration.observe({ route, endpoint, stream }, settlement.totalMs / 1000)
    for (const attempt of attempts) this.#attempted(attempt, route)
    if (!settlement.answered) return
    this.#overhead.observe({ endpoint, stream }, settlement.overheadMs / 1000)
    const answers = this.#answers.of([route, backend, model], () => this.#answerSeries({ route, backend, model }))
    this.#answered(settlement, answers)
    if (request.stream) this.#latencies(settlement, { backend, model })
  }

  #attempted({ backend, model: name, error, usage, cost, waste }: Attempt, route: string): void {
    const model = this.#model(name)
    const outcome = error ?? 'ok'
    const series = this.#attempts.of([backend, model, outcome], () =>
      this.#attemptsTotal.series({ backend, model, outcome }),
    )
    series.value++
    if (waste !== null) {
      const { reason } = waste
      const wasted = this.#waste.of([route, backend, model, reason], () =>
        this.#wasted.series({ route, backend, model, reason }),
      )
      wasted.value += waste.tokens
    }
    if (usage === null) return
    const answers = this.#answers.of([route, backend, model], () => this.#answerSeries({ route, backend, model }))
    spent(usage, cost, answers)
  }

  #answered({ success }: Settlement, series: AnswerSeries): void {
    if (success) series.successes.value++
  }

  #latencies({ ttftMs, streamMs, usage }: Settlement, labels: { backend: string; model: string }): void {
    if (ttftMs !== null) this.#ttft.observe(labels, ttftMs / 1000)
    if (usage === null || usage.output < 2 || streamMs === null) return
    this.#tpot.observe(labels, streamMs / 1000 / (usage.output - 1))
  }

  #answerSeries(labels: { route: string; backend: string; model: string }): AnswerSeries {
    return {
      successes: this.#successes.series(labels),
      unpriced: this.#unpriced.series(labels),
      cost: this.#cost.series(labels),
      input: this.#tokens.series({ ...labels, kind: 'input' }),
      cachedInput: this.#tokens.series({ ...labels, kind: 'cached_input' }),
      output: this.#tokens.series({ ...labels, kind: 'output' }),
      reasoning: this.#tokens.series({ ...labels, kind: 'reasoning' }),
    }
  }

  #model(name: string): string {
    if (this.#models.has(name)) return name
    if (this.#models.size >= MAX_MODELS) return 'other'
    this.#models.add(name)
    return name
  }

  #counter<L extends string>(name: string, help: string, labelNames: readonly L[]): Tally<L> {
    return new Tally(`turnout_${name}`, help, labelNames, this.registry)
  }

  #histogram<L extends string>(name: string, help: string, labelNames: readonly L[], buckets: number[]): Histogram<L> {
    return new Histogram({ name: `turnout_${name}`, help, labelNames, buckets, registers: [this.registry] })
  }

  #gauge<L extends string>(
    name: string,
    help: string,
    labelNames: readonly L[],
    collect: (set: (labels: Partial<Record<L, string>>, value: number) => void) => void,
  ): void {
    const gauge: Gauge = new Gauge({
      name: `turnout_${name}`,
      help,
      labelNames,
      registers: [this.registry],
      collect: () => {
        gauge.reset()
        collect((labels, value) => gauge.set(labels, value))
      },
    })
  }
}

function spent(usage: Usage, cost: Cost | null, series: AnswerSeries): void {
  if (cost === null) series.unpriced.value++
  else series.cost.value += cost.nanoUsd / 1e9
  series.input.value += usage.input
  series.cachedInput.value += usage.cachedInput
  series.output.value += usage.output
  series.reasoning.value += usage.reasoning
}
