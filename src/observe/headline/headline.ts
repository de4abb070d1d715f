/**
 * The five headline numbers: useful answers, cost, tokens, waste, time to the first token. Defined here for whoever shows them, of
 * whatever requests. Pure.
 */
import { z } from 'zod'
import { usdOf } from '../../core/money.ts'
import type { Sums } from './sums.ts'

const count = z.number()
const known = z.number().nullable()

/** Under the names that they have in every JSON. `null`: there is nothing to divide by, or nothing was measured. */
export const headlineSchema = z.object({
  /** 1. Useful answers, and their share in all requests that have a row in the ledger: refused ones too. */
  requests: count,
  successes: count,
  success_ratio: known,
  /** 2. What is known of the cost, of all calls, wasted ones too; for each useful answer. Unpriced: took tokens of unknown cost. */
  cost_usd: count,
  unpriced_requests: count,
  cost_per_success_usd: known,
  /** 3. Tokens of input and output, of all calls; for each useful answer. */
  tokens: count,
  tokens_per_success: known,
  /** 4. Tokens that helped nobody, and their share in all. */
  waste_tokens: count,
  waste_ratio: known,
  /** 5. Time to the first token, of streams, ms: to within 1 %. */
  streams: count,
  ttft_median_ms: known,
  ttft_p95_ms: known,
})

export type Headline = Readonly<z.output<typeof headlineSchema>>

export function headlineOf({ requests, successes, tokens, nanoUsd, unpriced, waste, ttft }: Sums): Headline {
  const all = tokens.input + tokens.output
  const wasted = [...waste.values()].reduce((sum, one) => sum + one, 0)
  return {
    requests,
    successes,
    success_ratio: rounded(ratio(successes, requests), 4),
    cost_usd: usdOf(nanoUsd),
    unpriced_requests: unpriced,
    cost_per_success_usd: rounded(ratio(usdOf(nanoUsd), successes), 9),
    tokens: all,
    tokens_per_success: rounded(ratio(all, successes), 1),
    waste_tokens: wasted,
    waste_ratio: rounded(ratio(wasted, all), 4),
    streams: ttft.count,
    ttft_median_ms: rounded(ttft.quantile(0.5), 1),
    ttft_p95_ms: rounded(ttft.quantile(0.95), 1),
  }
}

const ratio = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole)

const rounded = (value: number | null, decimals: number): number | null =>
  value === null ? null : Number(value.toFixed(decimals))
