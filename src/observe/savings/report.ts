/** Measured savings under the names that they have in every JSON. Pure. */
import { z } from 'zod'
import { NANO_USD } from '../../core/money.ts'
import { FEATURES } from '../../core/trial.ts'
import { type Group, type Sum, SUM } from './group.ts'
import { type Difference, differenceOf, type Ratio, ratioOf, relativeOf, shareOf } from './ratio.ts'
import type { Trialled } from './savings.ts'

const number = z.number()
/** `low` and `high`: 95 of 100 such intervals hold the true value. */
const interval = z.object({ value: number, low: number, high: number })

const measure = z.object({
  control: number.nullable(),
  rest: number.nullable(),
  /** The rest minus the control group. Null: nothing can be told, see `why`. */
  difference: interval.nullable(),
  /** As a share of the value of the control group. */
  relative: interval.nullable(),
  /** `few`: too few conversations; `unpriced`: too many requests of unknown cost; `none`: neither group has any, such as streams. */
  why: z.enum(['few', 'unpriced', 'none']).nullable(),
})

const group = z.object({ requests: number, useful_answers: number, unpriced_requests: number })

export const savingsSchema = z.object({
  route: z.string(),
  feature: z.enum(FEATURES),
  /** Of the requests that go without the feature. */
  share: number,
  control: group,
  rest: group,
  cost_per_success_usd: measure,
  tokens_per_success: measure,
  success_ratio: measure,
  /** The mean, of streams. */
  ttft_ms: measure,
  /** Of the rest, all its useful answers together; negative: it took more. Null: nothing can be told. */
  saved: z.object({ usd: interval.nullable(), tokens: interval.nullable() }),
  /** Share of the tokens that backends did not report, and the gateway guessed. */
  estimated_tokens_ratio: number,
})

export type MeasuredSavings = Readonly<z.output<typeof savingsSchema>>
export type MeasuredDifference = MeasuredSavings['cost_per_success_usd']
type Why = MeasuredDifference['why']

/** With fewer conversations in a group that have any of what is divided by nothing is said. */
export const FEWEST = 30
/** Where more are of unknown cost, they may be of another kind than those whose cost is known. */
const MOST_UNPRICED = 0.01

interface Kind {
  readonly above: Sum
  readonly below: Sum
  /** So many of its units are one of what is shown. */
  readonly unit: number
  readonly digits: number
  readonly share?: true
}

const COST: Kind = { above: SUM.cost, below: SUM.priced, unit: NANO_USD, digits: 9 }
const TOKENS: Kind = { above: SUM.tokens, below: SUM.useful, unit: 1, digits: 1 }
const SUCCESS: Kind = { above: SUM.useful, below: SUM.requests, unit: 1, digits: 5, share: true }
const TTFT: Kind = { above: SUM.ttft, below: SUM.streams, unit: 1, digits: 1 }

export function savingsOf({ route, feature, share, control, rest }: Trialled): MeasuredSavings {
  const cost = compared(control, rest, COST)
  const tokens = compared(control, rest, TOKENS)
  return {
    route,
    feature,
    share,
    control: groupOf(control),
    rest: groupOf(rest),
    cost_per_success_usd: cost,
    tokens_per_success: tokens,
    success_ratio: compared(control, rest, SUCCESS),
    ttft_ms: compared(control, rest, TTFT),
    saved: { usd: savedOf(cost, rest.priced, 6), tokens: savedOf(tokens, rest.useful, 0) },
    estimated_tokens_ratio: rounded((control.guessed + rest.guessed) / Math.max(1, control.tokens + rest.tokens), 4),
  }
}

const groupOf = ({ requests, useful, unpriced }: Group): MeasuredSavings['control'] => ({
  requests,
  useful_answers: useful,
  unpriced_requests: unpriced,
})

function compared(control: Group, rest: Group, kind: Kind): MeasuredDifference {
  const [a, b] = [ratio(control, kind), ratio(rest, kind)]
  const shown = (one: Ratio | null): number | null => one && rounded(one.value / kind.unit, kind.digits)
  const why = whyNot(control, rest, kind)
  // What is not all of the cost is no cost.
  const values = why === 'unpriced' ? { control: null, rest: null } : { control: shown(a), rest: shown(b) }
  if (why !== null || a === null || b === null) return { ...values, difference: null, relative: null, why }
  return {
    ...values,
    difference: each(differenceOf(b, a, kind.share), (value) => rounded(value / kind.unit, kind.digits)),
    relative: each(relativeOf(b, a), (value) => rounded(value, 4)),
    why,
  }
}

function ratio(group: Group, { above, below, share }: Kind): Ratio | null {
  const known = ratioOf(group.pairs(above, below))
  return known === null || share === undefined ? known : shareOf(known, group.requests)
}

function whyNot(control: Group, rest: Group, kind: Kind): Why {
  const unpriced = (group: Group): boolean => group.unpriced > MOST_UNPRICED * group.requests
  if (kind === COST && (unpriced(control) || unpriced(rest))) return 'unpriced'
  if (control.total(kind.below) + rest.total(kind.below) === 0) return 'none'
  const few = (group: Group): boolean => group.pairs(kind.above, kind.below).filter(hasSome).length < FEWEST
  return few(control) || few(rest) ? 'few' : null
}

const hasSome = ([, below]: readonly [number, number]): boolean => below > 0

/** What all of the answers together would have taken more. */
const savedOf = (
  { difference }: MeasuredDifference,
  answers: number,
  digits: number,
): MeasuredSavings['saved']['usd'] =>
  difference && {
    value: rounded(-difference.value * answers, digits),
    low: rounded(-difference.high * answers, digits),
    high: rounded(-difference.low * answers, digits),
  }

function each(difference: Difference | null, of: (value: number) => number): Difference | null {
  if (difference === null) return null
  return { value: of(difference.value), low: of(difference.low), high: of(difference.high) }
}

/** Plus 0: there is no -0 in JSON. */
const rounded = (value: number, digits: number): number => Number(value.toFixed(digits)) + 0
