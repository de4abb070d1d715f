/** A request as the log or the ledger tells it -> what was on offer, what was chosen and how it ended. Pure. */
import { type Fields, isObject } from '../core/is-object.ts'
import type { TaskClass } from '../core/capabilities.ts'
import type { ErrorSource } from '../core/errors.ts'
import { keyed } from '../core/keyed.ts'
import { type ExpectedField, RECORDED } from '../core/terms.ts'

/** By these a policy is judged. USD, a share of 1, milliseconds (TTFT of streams only), tokens of prompt and answer. */
export const MEASURES = ['cost_usd', 'success', 'ttft_ms', 'total_ms', 'tokens'] as const
export type Measure = (typeof MEASURES)[number]

/** NaN = unknown. */
export type Measured = Readonly<Record<Measure, number>>

/** A candidate as it was recorded. */
export interface LoggedOption {
  /** `backend/model` */
  readonly id: string
  readonly backend: string
  readonly model: string
  readonly effort: string | null
  /** The filter that took it out. */
  readonly dropped: string | null
  /** All that the decision record holds of it, and `tokens` of prompt and answer; NaN = unknown, or the log is of a gateway that did not say. */
  readonly expected: Measured & Readonly<Record<ExpectedField, number>>
}

export interface Logged {
  readonly id: string
  readonly caller: string
  /** As it was asked for. */
  readonly model: string
  readonly endpoint: string
  readonly stream: boolean
  /** Epoch ms of its beginning. */
  readonly time: number
  readonly class: TaskClass
  readonly needs: readonly string[]
  readonly inputTokens: number
  readonly route: string
  readonly strategy: string
  readonly options: readonly LoggedOption[]
  /** Place of the chosen one among the options. */
  readonly chosen: number
  /** Above 0, at most 1. */
  readonly propensity: number
  /** How it ended. All unknown where the caller was at fault or left: that tells nothing about the choice. */
  readonly observed: Measured
}

/** The same for a line of the log and for a row of the ledger. */
export interface Told {
  readonly id: unknown
  readonly caller: unknown
  readonly model: unknown
  readonly endpoint: unknown
  readonly stream: boolean
  /** Epoch ms of its end; NaN = unknown. */
  readonly endedAt: number
  /** Who was at fault; null: nobody. */
  readonly fault: ErrorSource | null
  /** The decision record with its outcome. */
  readonly decision: unknown
}

/** Null: no decision with candidates, a choice and an outcome in it. */
export function loggedOf(told: Told): Logged | null {
  const { decision, stream, endedAt } = told
  if (!isObject(decision) || !isObject(decision['chosen']) || !isObject(decision['outcome'])) return null
  const { profile, candidates, chosen, outcome, propensity = 1 } = decision
  if (!isObject(profile) || !Array.isArray(candidates)) return null
  const options: LoggedOption[] = []
  for (const candidate of candidates as unknown[]) {
    const option = optionOf(candidate)
    if (option === null) return null
    options.push(option)
  }
  const place = options.findIndex(
    ({ backend, model, effort }) =>
      backend === chosen['backend'] && model === chosen['model'] && effort === (chosen['effort'] ?? null),
  )
  if (place < 0 || !(number(propensity) > 0 && number(propensity) <= 1) || !Number.isFinite(endedAt)) return null
  const wait = number(outcome['total_ms'])
  return {
    id: text(told.id),
    caller: text(told.caller),
    model: text(told.model),
    endpoint: text(told.endpoint),
    stream,
    time: endedAt - (wait > 0 ? wait : 0),
    class: text(profile['class']) as TaskClass,
    needs: Array.isArray(profile['needs']) ? profile['needs'].filter((need) => typeof need === 'string') : [],
    inputTokens: number(profile['input_tokens']),
    route: text(decision['route']),
    strategy: text(decision['strategy']),
    options,
    chosen: place,
    propensity: number(propensity),
    observed: observedOf(told, outcome),
  }
}

const FIELDS = RECORDED.map(({ field }) => field)

function optionOf(candidate: unknown): LoggedOption | null {
  if (!isObject(candidate) || !isObject(candidate['expected'])) return null
  const { backend, model, effort, dropped, expected } = candidate
  if (typeof backend !== 'string' || typeof model !== 'string') return null
  const recorded = keyed(FIELDS, (field) => number(expected[field]))
  return {
    id: `${backend}/${model}`,
    backend,
    model,
    effort: typeof effort === 'string' ? effort : null,
    dropped: isObject(dropped) ? text(dropped['filter']) : null,
    expected: { ...recorded, tokens: recorded.input_tokens + recorded.output_tokens },
  }
}

const UNKNOWN: Measured = { cost_usd: NaN, success: NaN, ttft_ms: NaN, total_ms: NaN, tokens: NaN }

function observedOf({ fault, stream }: Told, outcome: Fields): Measured {
  if (fault === 'caller' || fault === 'policy') return UNKNOWN
  const { tokens, success } = outcome
  return {
    // The known part of it is no measure of the whole.
    cost_usd: outcome['cost_partial'] === true ? NaN : number(outcome['cost_usd']),
    success: typeof success === 'boolean' ? Number(success) : NaN,
    ttft_ms: stream ? number(outcome['ttft_ms']) : NaN,
    total_ms: number(outcome['total_ms']),
    tokens: isObject(tokens) ? number(tokens['input']) + number(tokens['output']) : NaN,
  }
}

const number = (value: unknown): number => (typeof value === 'number' && Number.isFinite(value) ? value : NaN)
const text = (value: unknown): string => (typeof value === 'string' ? value : '')
