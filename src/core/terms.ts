/**
 * What is expected of a candidate (estimates), and how that is weighed (terms): one row each. The columns of a decision, its
 * record, the explain table, the replay of a log, the weights of the configuration and the docs are made from these rows. An
 * estimate is filled in by `predict`, or, where it exists for a term only, by `score`.
 */
import { keyed, keysOf } from './keyed.ts'
import { NANO_USD } from './money.ts'

export interface Estimate {
  /** Its name in the decision record; null: it is not recorded, and unknown in a replay. */
  readonly field: string | null
  /** Units of the column in one of the record, as where the column counts nano-dollars and the record dollars. */
  readonly per: number
  /** Decimals in the record. */
  readonly digits: number
  /** Its column in the explain table; null: it has none. */
  readonly shown: ShownEstimate | null
}

/**
 * When the explain table has a column. `always`: also where no candidate has any of it; `some`: only where a candidate has
 * some; `weighed` (of estimates): only where a candidate has some and a term of it counts.
 */
export type ColumnRule = 'always' | 'some' | 'weighed'

export interface ShownEstimate {
  readonly heading: string
  /** Stands below the heading; `USD` becomes `USD/1k` where all of the column is tiny. */
  readonly unit: string
  /** `tokens`: whole; `seconds`: of milliseconds; `share`: two decimals; `usd`, `figure`: three significant digits. */
  readonly as: 'tokens' | 'seconds' | 'share' | 'usd' | 'figure'
  readonly column: ColumnRule
  /** It stands before the others. */
  readonly first: boolean
  /** The recorded field that holds its standard deviation. */
  readonly spread: string | null
}

const shown = (
  heading: string,
  unit: string,
  as: ShownEstimate['as'],
  more: Partial<ShownEstimate> = {},
): ShownEstimate => ({ heading, unit, as, column: 'always', first: false, spread: null, ...more })

const unrecorded = { field: null, per: 1, digits: 0, shown: null } as const

/** Tokens, milliseconds, nano-dollars, shares of 1; NaN = unknown. */
export const ESTIMATES = {
  input: { field: 'input_tokens', per: 1, digits: 0, shown: shown('in', 'tok', 'tokens') },
  /** Part of the input: what the engine has kept of the conversation. */
  cached: { field: 'cached_tokens', per: 1, digits: 0, shown: shown('cached', 'tok', 'tokens', { column: 'some' }) },
  output: { field: 'output_tokens', per: 1, digits: 0, shown: shown('out', 'tok', 'tokens') },
  /** Part of the output. */
  reasoning: {
    field: 'reasoning_tokens',
    per: 1,
    digits: 0,
    shown: shown('think', 'tok', 'tokens', { column: 'some' }),
  },
  /** What it will cost. */
  cost: { field: 'cost_usd', per: NANO_USD, digits: 9, shown: shown('cost', 'USD', 'usd') },
  /** The same for comparing: also where the price is unknown or nothing, and never less because others share the engine. */
  compared: { field: 'compared_usd', per: NANO_USD, digits: 9, shown: null },
  ttft: { field: 'ttft_ms', per: 1, digits: 0, shown: shown('TTFT', 's', 'seconds') },
  total: { field: 'total_ms', per: 1, digits: 0, shown: shown('total', 's', 'seconds') },
  success: {
    field: 'success',
    per: 1,
    digits: 3,
    shown: shown('success', '0..1', 'share', { first: true, spread: 'success_sd' }),
  },
  /** Standard deviation of the success. */
  uncertainty: { field: 'success_sd', per: 1, digits: 3, shown: null },
  /** Output tokens that nine of ten answers stay below. */
  most: unrecorded,
  /** What the total is without the wait for a free place. */
  work: unrecorded,
  /** Until the prompt has been read: the load of the model, the gateway's own queue, the prompts before it. */
  reading: unrecorded,
  /** What its prompt costs the requests behind it, in the unit of what they wait: congestion.ts. */
  congestion: unrecorded,
  /** What a caller waits for: of a stream its beginning and a part of its length, else all of it. */
  waited: unrecorded,
  /** Tokens for a useful answer: a part of the prompt's and all of the answer's, divided by its success. */
  spent: unrecorded,
} as const satisfies Readonly<Record<string, Estimate>>

export type EstimateName = keyof typeof ESTIMATES
/** Names in `expected` of the decision record. */
export type ExpectedField = NonNullable<(typeof ESTIMATES)[EstimateName]['field']>

export interface Term {
  /** The estimate that is weighed; null: the term is added as it is, and has no weight. */
  readonly of: EstimateName | null
  /** What counts for one of its weight, in words; null: it has no weight. */
  readonly weight: string | null
  /** `steps`: the more the better, by so much of the estimate; `doublings`: the less the better, by factors of two. */
  readonly scale: 'steps' | 'doublings'
  /** Of the weighed amount, for the documents: in the estimate's unit of the record. */
  readonly unit: string
  /** One of the scale's steps. */
  readonly step: number
  /** Where the term is nothing. References are fixed, so that a third candidate never changes the order of two others. */
  readonly zero: number
  /** Of `doublings`: less than this makes no difference. */
  readonly least: number
  /** It weighs more while a budget is spent faster than it lasts. */
  readonly underPressure: boolean
  /** Of its column in the explain table. */
  readonly heading: string
  /** `some` where no strategy weighs it: otherwise all tables have a column of zeros. */
  readonly column: Exclude<ColumnRule, 'weighed'>
}

const doublings = { scale: 'doublings', step: 1, underPressure: false, column: 'always' } as const

/** They sum to the utility of a candidate, in the order of the record and the explain table. */
export const TERMS = {
  quality: {
    of: 'success',
    weight: 'ten points of expected success',
    scale: 'steps',
    unit: 'success',
    step: 0.1,
    zero: 0.5,
    least: 0,
    underPressure: false,
    heading: 'qual.',
    column: 'always',
  },
  cost: {
    ...doublings,
    of: 'compared',
    weight: 'a factor of two in cost',
    unit: 'USD',
    zero: 0.001 * NANO_USD,
    least: 0.000_001 * NANO_USD,
    underPressure: true,
    heading: 'cost',
  },
  latency: {
    ...doublings,
    of: 'waited',
    weight: 'a factor of two in time',
    unit: 'ms',
    zero: 1000,
    least: 50,
    heading: 'lat.',
  },
  efficiency: {
    ...doublings,
    of: 'spent',
    weight: 'a factor of two in tokens per useful answer',
    unit: 'tokens',
    zero: 500,
    least: 1,
    heading: 'eff.',
  },
  /** For staying where the conversation was answered last: see pick.ts. */
  affinity: { ...doublings, of: null, weight: null, unit: '', zero: 0, least: 0, heading: 'stay', column: 'some' },
} as const satisfies Readonly<Record<string, Term>>

export type TermName = keyof typeof TERMS
/** A term that a strategy or a route can weigh. */
export type WeightName = {
  [T in TermName]: (typeof TERMS)[T]['weight'] extends null ? never : T
}[TermName]
/** How much each of the terms counts. */
export type Weights = Readonly<Record<WeightName, number>>

export const ESTIMATE_NAMES = keysOf(ESTIMATES)
export const TERM_NAMES = keysOf(TERMS)
export const WEIGHT_NAMES = TERM_NAMES.filter((name): name is WeightName => TERMS[name].weight !== null)

/** A term that is not named weighs nothing. */
export const weightsFrom = (given: Readonly<Partial<Record<WeightName, number | undefined>>>): Weights =>
  keyed(WEIGHT_NAMES, (name) => given[name] ?? 0)

const RECORDED_NAMES = ESTIMATE_NAMES.filter((name) => ESTIMATES[name].field !== null)
const UNRECORDED_NAMES = ESTIMATE_NAMES.filter((name) => ESTIMATES[name].field === null)

/** Columns that are kept when the decision is over: the recorded estimates, their sum by weights, the terms. They come first. */
export const KEPT_COLUMNS = RECORDED_NAMES.length + 1 + TERM_NAMES.length
/** Behind them stand the estimates that only the decision itself reads. */
export const COLUMNS = KEPT_COLUMNS + UNRECORDED_NAMES.length

export const COLUMN = {
  ...keyed(ESTIMATE_NAMES, (name) =>
    ESTIMATES[name].field === null ? KEPT_COLUMNS + UNRECORDED_NAMES.indexOf(name) : RECORDED_NAMES.indexOf(name),
  ),
  utility: RECORDED_NAMES.length,
}
export const TERM_COLUMN = keyed(TERM_NAMES, (_, place) => RECORDED_NAMES.length + 1 + place)

export interface RecordedEstimate extends Pick<Estimate, 'per' | 'digits' | 'shown'> {
  readonly field: ExpectedField
  readonly column: number
  /** The terms that weigh it. */
  readonly terms: readonly TermName[]
}

/** The estimates that the decision record holds, in its order. */
export const RECORDED: readonly RecordedEstimate[] = ESTIMATE_NAMES.flatMap((name) => {
  const { field, per, digits, shown } = ESTIMATES[name]
  const terms = TERM_NAMES.filter((term) => TERMS[term].of === name)
  return field === null ? [] : [{ field, column: COLUMN[name], per, digits, shown, terms }]
})
