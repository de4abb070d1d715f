/** Prices of the file -> Price. */
import { NO_PRICE, type Price, type Rates } from '../core/settings.ts'
import { keyed } from '../core/keyed.ts'
import { RATE_NAMES, rateOption, TOKEN_KINDS } from '../core/tokens.ts'
import type { ConfigFile } from './schema.ts'

type PriceInput = NonNullable<ConfigFile['backends'][number]['price']>
type RatesInput = Omit<NonNullable<PriceInput['tiers']>[number], 'above_input_tokens'>

export function toPrice(input: PriceInput | undefined): Price | null {
  if (input === undefined) return null
  return {
    ...NO_PRICE,
    ...toRates(input),
    tiers: (input.tiers ?? []).map((tier) => ({ aboveInput: tier.above_input_tokens, rates: toRates(tier) })),
    serviceTiers: input.service_tiers ?? {},
    perRequest: input.per_request_usd ?? null,
    perGpuHour: input.per_gpu_hour_usd ?? null,
  }
}

const toRates = (input: RatesInput): Rates =>
  keyed(RATE_NAMES, (_, place) => input[rateOption(TOKEN_KINDS[place]!)] ?? null)
