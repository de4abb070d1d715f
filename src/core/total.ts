/**
 * What calls took together: the one place where tokens, money and waste are added up. Budgets, ledger, metrics, sessions,
 * headers, records and spans show a view of it, and none of them adds up calls by rules of its own. Pure.
 */
import { keyed } from './keyed.ts'
import { TOKEN_KINDS } from './tokens.ts'
import type { AttemptRecord } from './request-record.ts'
import type { SpendEstimate, Cost, Tokens, Total, Waste } from './settlement.ts'

/** A call as far as it counts. */
export interface AttemptCost extends Pick<AttemptRecord, 'cost' | 'waste'> {
  readonly usage: Tokens | null
}

export const NO_TOTAL: Total = { tokens: null, cost: null, partial: false, waste: [] }

/** Of the calls of a request, in their order. */
export function totalOf(calls: readonly AttemptCost[]): Total {
  let { tokens, cost, partial } = NO_TOTAL
  let waste: Waste[] | null = null
  for (const call of calls) {
    if (call.usage !== null) tokens = tokens === null ? call.usage : tokensOfBoth(tokens, call.usage)
    if (call.cost !== null) cost = cost === null ? call.cost : costOfBoth(cost, call.cost)
    if (isUnpriced(call)) partial = true
    if (call.waste !== null) addWaste((waste ??= []), call.waste)
  }
  return { tokens, cost, partial, waste: waste ?? NO_TOTAL.waste }
}

/** It took tokens, and what they cost is not known. */
export const isUnpriced = ({ usage, cost }: AttemptCost): boolean => usage !== null && cost === null

/** What counts against budgets: what is known; null where no backend was called, and nothing counts. */
export const spentOf = ({
  calls,
  tokens,
  cost,
}: Pick<Total, 'tokens' | 'cost'> & { readonly calls: number }): SpendEstimate | null =>
  calls === 0 ? null : { nanoUsd: cost?.nanoUsd ?? 0, tokens: tokens === null ? 0 : tokens.input + tokens.output }

/** All waste together, by the reason of the last; null where there was none. */
export function wasteInAll({ waste }: Pick<Total, 'waste'>): Waste | null {
  const last = waste.at(-1)
  if (last === undefined || waste.length === 1) return last ?? null
  return { reason: last.reason, tokens: waste.reduce((sum, { tokens }) => sum + tokens, 0) }
}

const tokensOfBoth = (one: Tokens, other: Tokens): Tokens => ({
  ...keyed(TOKEN_KINDS, (kind) => one[kind] + other[kind]),
  estimated: one.estimated || other.estimated,
})

const costOfBoth = (one: Cost, other: Cost): Cost => ({
  nanoUsd: one.nanoUsd + other.nanoUsd,
  source: one.source === other.source ? one.source : 'mixed',
  estimated: one.estimated || other.estimated,
})

/** Each reason once; the last one that occurred comes last. */
function addWaste(all: Waste[], { reason, tokens }: Waste): void {
  const at = all.findIndex((one) => one.reason === reason)
  const before = at < 0 ? 0 : all.splice(at, 1)[0]!.tokens
  all.push({ reason, tokens: before + tokens })
}
