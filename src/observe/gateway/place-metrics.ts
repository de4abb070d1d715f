import { keyed } from '../../core/keyed.ts'
import { TOKEN_KINDS, type TokenKind, TOKENS } from '../../core/tokens.ts'
import { NANO_USD, usdOf } from '../../core/money.ts'
import type { AttemptRecord } from '../../core/request-record.ts'
import type { Usage } from '../../core/settlement.ts'
import type { Registry } from '../metrics/registry.ts'
import type { ExemplarRef } from '../metrics/metric.ts'
import { OTHER, Series } from '../metrics/series.ts'
import type { Cell, Counter } from '../metrics/counter.ts'

/** More models than this (a cloud lists hundreds) share the label `other`. */
const MAX_MODELS = 200
/** Combinations of route, backend and model that have series of their own. */
const MAX_PLACES = 500
const MAX_SERIES = 2000

interface Spending {
  readonly tokens: Readonly<Record<TokenKind, Cell>>
  readonly estimatedInput: Cell
  readonly estimatedOutput: Cell
  readonly successes: Cell
  readonly cost: Cell
  readonly unpriced: Cell
}

/** Where requests go, by labels that are bounded. */
export interface RouteLabels {
  readonly route: string
  readonly backend: string
  readonly model: string
  /** Made with the first call that took something. */
  spending: Spending | null
}

/** What is counted by route, backend and model. */
export class PlaceMetrics {
  readonly #attempts: Counter
  readonly #tokens: Counter
  readonly #estimated: Counter
  readonly #successes: Counter
  readonly #wasted: Counter
  readonly #cost: Counter
  readonly #unpriced: Counter
  readonly #models = new Set<string>()
  readonly #places = new Series<RouteLabels>({ max: MAX_PLACES, open: 3 }, ([route, backend, model]) => ({
    route: route!,
    backend: backend!,
    model: model!,
    spending: null,
  }))
  readonly #waste = new Series<Cell>({ max: MAX_SERIES, open: 3 }, (path) => this.#wasted.series(path))
  readonly #outcomes = new Series<Cell>({ max: MAX_SERIES, open: 2 }, (path) => this.#attempts.series(path))

  constructor(families: Registry) {
    const place = ['route', 'backend', 'model']
    this.#attempts = families.counter(
      'attempts_total',
      'Calls of backends; the outcome is `ok` or a code of the error table.',
      ['backend', 'model', 'outcome'],
    )
    this.#tokens = families.counter(
      'tokens_total',
      'Tokens of all calls; cached input is part of input, reasoning of output.',
      [...place, 'kind'],
    )
    this.#estimated = families.counter(
      'estimated_tokens_total',
      'The part of the tokens that is an estimate, because a backend did not report all of them.',
      [...place, 'kind'],
    )
    this.#successes = families.counter(
      'successes_total',
      'Useful answers: complete, allowed finish reason, not empty, valid where that was requested.',
      place,
    )
    this.#wasted = families.counter(
      'wasted_tokens_total',
      'Input and output tokens without a useful answer; estimated where the backend reported no usage.',
      [...place, 'reason'],
    )
    this.#cost = families.counter('cost_usd_total', 'Cost of all calls, including failed ones.', place, NANO_USD)
    this.#unpriced = families.counter(
      'unpriced_requests_total',
      'Requests that took tokens at an unknown cost, counted at the last such call.',
      place,
    )
  }

  /** The labels of a request for which no backend was called. */
  nowhere(route: string): RouteLabels {
    return this.#places.of(route, 'none', 'none')
  }

  place(route: string, backend: string, model: string): RouteLabels {
    return this.#places.of(route, backend, this.#bounded(model))
  }

  /** A call ended. */
  attempted(place: RouteLabels, { error, usage, cost, waste }: AttemptRecord, mark: ExemplarRef): void {
    const { route, backend, model } = place
    this.#outcomes.of(backend, model, error ?? 'ok').value++
    if (waste !== null) this.#waste.of(route, backend, model, waste.reason).value += waste.tokens
    if (usage === null && cost === null) return
    const spending = this.#spending(place)
    if (cost !== null) {
      spending.cost.value += cost.nanoUsd
      spending.cost.exemplar = { mark, value: usdOf(cost.nanoUsd) }
    }
    if (usage !== null) count(usage, spending)
  }

  /** A request has ended that took tokens at an unknown cost, here last. */
  unpriced(place: RouteLabels): void {
    this.#spending(place).unpriced.value++
  }

  succeeded(place: RouteLabels): void {
    this.#spending(place).successes.value++
  }

  #bounded(model: string): string {
    if (this.#models.has(model)) return model
    if (this.#models.size >= MAX_MODELS) return OTHER
    this.#models.add(model)
    return model
  }

  #spending(place: RouteLabels): Spending {
    return (place.spending ??= this.#newSpending([place.route, place.backend, place.model]))
  }

  #newSpending(path: readonly string[]): Spending {
    return {
      // Most backends never report a rare one.
      tokens: keyed(TOKEN_KINDS, (kind) => {
        const { name, rare } = TOKENS[kind]
        return this.#tokens.series([...path, name], rare)
      }),
      estimatedInput: this.#estimated.series([...path, 'input']),
      estimatedOutput: this.#estimated.series([...path, 'output']),
      successes: this.#successes.series(path),
      cost: this.#cost.series(path),
      unpriced: this.#unpriced.series(path),
    }
  }
}

/** Written out: a loop over the kinds takes several times as long, for each call. */
function count(usage: Usage, { tokens, estimatedInput, estimatedOutput }: Spending): void {
  tokens.input.value += usage.input
  tokens.cachedInput.value += usage.cachedInput
  tokens.output.value += usage.output
  tokens.reasoning.value += usage.reasoning
  tokens.cacheWrite.value += usage.cacheWrite
  tokens.hourCacheWrite.value += usage.hourCacheWrite
  tokens.audioInput.value += usage.audioInput
  tokens.imageInput.value += usage.imageInput
  tokens.audioOutput.value += usage.audioOutput
  if (!usage.estimated) return
  estimatedInput.value += usage.input
  estimatedOutput.value += usage.output
}
