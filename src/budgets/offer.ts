/** The worst case of a request, made lower where budgets have less left and let it be lowered. */
import type { BudgetSpec } from '../core/budget.ts'
import type { Bid, SpendEstimate } from '../core/settlement.ts'
import { type Block, bounded } from './count.ts'

export class Offer {
  readonly #bid: Bid
  readonly #room = { nanoUsd: Infinity, tokens: Infinity }
  claim: SpendEstimate
  /** Tokens that each answer is to be cut at; null = as it is. */
  maxTokens: number | null = null

  constructor(bid: Bid) {
    this.#bid = bid
    this.claim = bounded({ nanoUsd: bid.nanoUsd, tokens: bid.tokens })
  }

  /** `spec` stood against it. True where the claim is lower now, and may be tried again. */
  lower({ clamp }: BudgetSpec, { reason, left }: Block): boolean {
    if (!clamp || left === null || this.#bid.lower === undefined) return false
    const kind = reason === 'usd' ? 'nanoUsd' : 'tokens'
    this.#room[kind] = Math.min(this.#room[kind], left)
    const lowered = this.#bid.lower(this.#room)
    if (lowered === null) return false
    this.claim = bounded({ nanoUsd: lowered.nanoUsd, tokens: lowered.tokens })
    this.maxTokens = lowered.maxTokens
    return true
  }
}
