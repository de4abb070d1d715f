/** Prices of the file -> Price. */
import { NO_PRICE, type Price, type Rates } from '../core/settings.ts'
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

const toRates = (input: RatesInput): Rates => ({
  inputPerMtok: input.input_per_mtok_usd ?? null,
  cachedInputPerMtok: input.cached_input_per_mtok_usd ?? null,
  cacheWritePerMtok: input.cache_write_per_mtok_usd ?? null,
  audioInputPerMtok: input.audio_input_per_mtok_usd ?? null,
  imageInputPerMtok: input.image_input_per_mtok_usd ?? null,
  outputPerMtok: input.output_per_mtok_usd ?? null,
  reasoningPerMtok: input.reasoning_per_mtok_usd ?? null,
  audioOutputPerMtok: input.audio_output_per_mtok_usd ?? null,
})
