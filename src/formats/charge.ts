/**
 * What a backend itself says that an answer costs, in every form that is documented. What clearly is an amount and has none
 * of these forms is 'unknown': neither free nor at the list price. Amounts are USD but where a name says otherwise. Pure.
 */
import { nanoUsdOf } from '../core/money.ts'
import { type Fields, isObject } from '../core/is-object.ts'
import type { Charge } from '../core/settlement.ts'

/** xAI: 1 USD is 10^10 ticks. */
const TICKS = 1e10
/** More than any answer costs: such an amount is a fault, or in another unit. */
const MOST_USD = 100_000
const DECIMAL = /^\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/

/** Amounts at the top of `usage`: OpenRouter, Vercel, LiteLLM in streams; DeepInfra; LLM Gateway. */
const IN_USAGE = ['cost', 'estimated_cost', 'cost_usd_total'] as const
/** Beside the usage, where nothing is documented to have them. */
const BESIDE = ['total_cost', 'estimated_cost', 'cost_usd', 'total_price', 'price', 'credits_used', 'billing'] as const
/** Objects beside the usage that may tell of money. */
const HOLDERS = ['meta', 'provider'] as const
/** Members that look like money, of whatever backend: `credits_used`, `total_price`, `cost_rub`. */
const MONEY = /cost|price|charge|credit|spend|usd/i

/** By the `usage` of an answer. */
export function chargeInUsage(usage: Fields): Charge {
  const ticks = amountOf(usage['cost_in_usd_ticks'])
  if (ticks !== null) return nanoCharge(ticks / TICKS)
  // Perplexity and Bifrost.
  if (isObject(usage['cost'])) return chargeOfParts(usage['cost'])
  for (const name of IN_USAGE) {
    const amount = amountOf(usage[name])
    if (amount !== null) return isForeign(usage) ? 'unknown' : withUpstream(amount, usage)
  }
  return speaksOfMoney(usage) ? 'unknown' : null
}

/**
 * By what an answer, or an event of a stream, has beside its usage: NanoGPT's pricing, Vercel's metadata, OpenCode Zen's
 * and Eden AI's `cost`.
 */
export function chargeBeside(member: (name: string) => unknown): Charge {
  const pricing = member('x_nanogpt_pricing')
  if (isObject(pricing)) return inUsd(pricing, [pricing['costUsd'], pricing['cost'], pricing['amount']])
  const debited = gatewayCost(member('provider_metadata')) ?? gatewayCost(partOf(member('choices')))
  if (debited !== null) return debited
  const cost = member('cost')
  if (isObject(cost)) return chargeOfParts(cost)
  if (cost !== undefined && cost !== null) return chargeOf(cost)
  return BESIDE.some((name) => isSaid(member(name))) || HOLDERS.some((name) => holdsMoney(member(name)))
    ? 'unknown'
    : null
}

/** Aside, or in an object's own usage (AI/ML API). */
const holdsMoney = (value: unknown): boolean =>
  isObject(value) &&
  Object.keys(value).some((name) =>
    MONEY.test(name) ? isSaid(value[name]) : name === 'usage' && holdsMoney(value[name]),
  )

const isSaid = (value: unknown): boolean => value !== undefined && value !== null

/** By a `usage` that counts no tokens. None are free there: some say so in each event, before they know. */
export function chargeWithoutTokens(usage: unknown): Charge {
  const charge = isObject(usage) ? chargeInUsage(usage) : null
  return charge === 0 ? null : charge
}

/** What tells of a charge in an event that has no usage: it is parsed for its sake. */
export const HAS_CHARGE = new RegExp(
  `"(?:cost|x_nanogpt_pricing|provider_metadata|${[...BESIDE, ...HOLDERS].join('|')})"`,
)

/**
 * By the headers of a whole answer: those of another Turnout, which counts its failed calls as well, and of LiteLLM. The
 * headers of a stream leave before anybody knows what it will cost.
 */
export function chargeInHeaders(headers: Readonly<Record<string, string | string[] | undefined>>): Charge {
  const own = headers['x-turnout-cost-usd']
  if (headers['x-turnout-cost-partial'] === 'true') return 'unknown'
  const told = own ?? headers['x-litellm-response-cost']
  return told === undefined || told === '' || told === 'None' ? null : chargeOf(told)
}

/** An amount in an object: its total, in USD. */
const chargeOfParts = (cost: Fields): Charge => inUsd(cost, [cost['total_cost']])

const inUsd = (holder: Fields, amounts: readonly unknown[]): Charge =>
  isForeign(holder) ? 'unknown' : chargeOf(amounts.find(isSaid))

const isForeign = ({ currency }: Fields): boolean => typeof currency === 'string' && currency.toUpperCase() !== 'USD'

/** An amount that stands where one must be. */
function chargeOf(value: unknown): Charge {
  const amount = amountOf(value)
  return amount === null ? 'unknown' : nanoCharge(amount)
}

/**
 * With a key of one's own (`is_byok`), OpenRouter's cost is its fee alone, and the rest is in the details: where that is
 * unknown, all is. Answers of before `is_byok` had more upstream than was charged.
 */
function withUpstream(amount: number, usage: Fields): Charge {
  const details = usage['cost_details']
  const upstream = isObject(details) ? amountOf(details['upstream_inference_cost']) : null
  const byok = usage['is_byok']
  if (byok === true) return upstream === null ? 'unknown' : nanoCharge(amount + upstream)
  if (typeof byok !== 'boolean' && upstream !== null && upstream > amount) return nanoCharge(amount + upstream)
  return nanoCharge(amount)
}

/** A negative number says nothing. */
function speaksOfMoney(usage: Fields): boolean {
  for (const name in usage) {
    if (!MONEY.test(name)) continue
    const value = usage[name]
    const known = name === 'cost_in_usd_ticks' || IN_USAGE.some((one) => one === name)
    if (value !== undefined && value !== null && !(known && typeof value === 'number')) return true
  }
  return false
}

/** Vercel: the amount debited, as a decimal text; in the answer, or in its message. Null where there is none. */
function gatewayCost(metadata: unknown): Charge {
  const gateway = isObject(metadata) ? metadata['gateway'] : undefined
  const cost = isObject(gateway) ? gateway['cost'] : undefined
  return cost === undefined || cost === null ? null : chargeOf(cost)
}

function partOf(choices: unknown): unknown {
  const first: unknown = Array.isArray(choices) ? choices[0] : undefined
  const part = isObject(first) ? (first['message'] ?? first['delta']) : undefined
  return isObject(part) ? part['provider_metadata'] : undefined
}

/** Numbers, and texts of them; null where it is no amount. */
function amountOf(value: unknown): number | null {
  const number = typeof value === 'string' && DECIMAL.test(value.trim()) ? Number(value) : value
  return typeof number === 'number' && number >= 0 ? number : null
}

const nanoCharge = (usd: number): Charge => (usd <= MOST_USD ? nanoUsdOf(usd) : 'unknown')
