/** Every metric of the gateway. Labels are bounded: values come from the configuration and the catalog, never from a caller. */
import type { BudgetSpec } from '../../core/budget.ts'
import type { Emit } from '../../core/events.ts'
import type { RequestObserver, RequestRecord } from '../../core/request-record.ts'
import { isUnpriced } from '../../core/total.ts'
import { BudgetMetrics, type LimitsReading, type RefusalReason } from './budget-metrics.ts'
import { DecisionMetrics } from './decision-metrics.ts'
import { expose, type ExpositionFormat } from '../metrics/exposition.ts'
import { Registry } from '../metrics/registry.ts'
import type { Metric } from '../metrics/metric.ts'
import { engineMetrics } from './engine-metrics.ts'
import { type BackendReading, fleetMetrics } from './fleet-metrics.ts'
import { HintMetrics, type HintStrengths } from './hint-metrics.ts'
import { ledgerMetrics, type LedgerReading } from './ledger-metrics.ts'
import { type RouteLabels, PlaceMetrics } from './place-metrics.ts'
import { prefixMetrics, type PrefixMapReading } from './prefix-metrics.ts'
import { RequestMetrics } from './request-metrics.ts'
import type { MeasuredSavings } from '../savings/report.ts'
import { savingsMetrics } from './savings-metrics.ts'
import { TrialMetrics } from './trial-metrics.ts'

/** What other parts know and metrics show; read at each scrape. */
export interface MetricsSources {
  readonly version: string
  /** Equal for gateways that are configured alike. */
  readonly configHash: number
  readonly backends: () => readonly BackendReading[]
  /** All budgets of the configuration, those of keys too. */
  readonly budgets?: readonly BudgetSpec[]
  readonly limits?: () => LimitsReading
  readonly ledger?: () => LedgerReading
  readonly prefixes?: () => PrefixMapReading
  readonly strengthOf?: HintStrengths
  readonly savings?: () => readonly MeasuredSavings[]
}

const NO_PROMPTS: PrefixMapReading = { blocks: 0, bytes: 0 }

export class Metrics implements RequestObserver {
  readonly readsDecisions = 'none'
  readonly #families = new Registry()
  readonly #requests = new RequestMetrics(this.#families)
  readonly #places = new PlaceMetrics(this.#families)
  readonly #decisions = new DecisionMetrics(this.#families)
  readonly #trials = new TrialMetrics(this.#families)
  readonly #budgets: BudgetMetrics
  readonly #hints: HintMetrics
  /** Counts what happened beside requests. */
  readonly happened: Emit
  #configHash: number

  constructor({
    version,
    configHash,
    backends,
    budgets = [],
    limits,
    ledger,
    prefixes = () => NO_PROMPTS,
    strengthOf,
    savings = () => [],
  }: MetricsSources) {
    this.#configHash = configHash
    fleetMetrics(this.#families, backends)
    this.happened = engineMetrics(this.#families, backends)
    this.#budgets = new BudgetMetrics(this.#families, budgets, limits ?? null)
    ledgerMetrics(this.#families, ledger ?? null)
    prefixMetrics(this.#families, prefixes)
    this.#hints = new HintMetrics(this.#families, strengthOf ?? null)
    savingsMetrics(this.#families, savings)
    this.#families.gauge('config_hash', 'The same number on gateways with the same configuration.', [], (read) =>
      read(this.#configHash),
    )
    this.#families.gauge('build_info', 'Always 1.', ['version'], (read) => read(1, version))
  }

  /** Another configuration is in force. */
  apply({
    configHash,
    budgets,
  }: Pick<MetricsSources, 'configHash'> & { readonly budgets: readonly BudgetSpec[] }): void {
    this.#configHash = configHash
    this.#budgets.apply(budgets)
  }

  get families(): readonly Metric[] {
    return this.#families.all
  }

  /** All metrics as they stand, in one piece: no request ends in the middle of it. */
  scrape(format: ExpositionFormat): Promise<string> {
    return expose(this.#families.all, format)
  }

  /** Counts an answer for which no backend was needed. */
  plain(endpoint: string, status: number, error: string): void {
    this.#requests.plain(endpoint, status, error)
  }

  decided(seconds: number): void {
    this.#decisions.decided(seconds)
  }

  /** Counts a request that a budget turned away. */
  refused(budget: string, reason: RefusalReason): void {
    this.#budgets.refused(budget, reason)
  }

  /** Counts a soft threshold that was passed. */
  softReached(budget: string): void {
    this.#budgets.softReached(budget)
  }

  /** Counts a finished request; called once for each. */
  onCompleted(record: RequestRecord): void {
    const mark = { requestId: record.id, at: record.endedAt }
    const route = record.route ?? 'none'
    let own: RouteLabels | null = null
    let first: RouteLabels | null = null
    let unpriced: RouteLabels | null = null
    for (const attempt of record.attempts) {
      const place = this.#places.place(route, attempt.backend, attempt.model)
      this.#places.attempted(place, attempt, mark)
      if (isUnpriced(attempt)) unpriced = place
      if (attempt.answered) first ??= place
      if (attempt.backend === record.backend && attempt.model === record.model) own = place
    }
    // Once for a request, as its name says, whatever number of its calls had no price.
    if (record.partial && unpriced !== null) this.#places.unpriced(unpriced)
    own ??= this.#places.nowhere(route)
    this.#requests.completed(own, first, record, mark)
    if (record.success) this.#places.succeeded(own)
    if (record.hinted !== null) this.#hints.hinted(record.hinted)
    if (record.planned) this.#decisions.completed(route, record, mark)
    this.#trials.completed(route, record)
  }
}
