/** List prices and context windows of clouds, from the data that comes with @pydantic/genai-prices. It asks no network. */
import { createRequire } from 'node:module'
import type * as GenaiPrices from '@pydantic/genai-prices'
import type { ModelPrice, PriceCalculation, Tier } from '@pydantic/genai-prices'
import { NO_PRICE, type Price, type Rates } from '../../core/settings.ts'

export interface Listed {
  readonly price: Price | null
  readonly context: number | null
  /** The price is another one at other hours: it holds until the next half hour. */
  readonly hourly: boolean
}

/** `list`: the library's name of a price list. Null: it does not know the model. */
export function listed(list: string, model: string, now: Date): Listed | null {
  const found = look(list, model, now)
  if (found === null) return null
  const { prices, context_window } = found.model
  return {
    price: priceOf(found.model_price),
    context: context_window ?? null,
    hourly: Array.isArray(prices) && prices.some(({ constraint }) => constraint?.type === 'time_of_date'),
  }
}

const load = createRequire(import.meta.url)
let library: typeof GenaiPrices | null = null

function look(list: string, model: string, timestamp: Date): PriceCalculation | null {
  // Loaded when a price list is first asked: it takes 5 MB, which engines of one's own have no use for.
  library ??= load('@pydantic/genai-prices') as typeof GenaiPrices
  try {
    return library.calcPrice({}, model.replace(/^models\//, ''), { providerId: list, timestamp })
  } catch {
    return null
  }
}

/** The library's names of rates. */
const RATES: Readonly<Record<keyof Rates, string>> = {
  inputPerMtok: 'input_mtok',
  cachedInputPerMtok: 'cache_read_mtok',
  cacheWritePerMtok: 'cache_write_mtok',
  hourCacheWritePerMtok: 'cache_write_1h_mtok',
  audioInputPerMtok: 'input_audio_mtok',
  imageInputPerMtok: 'input_image_mtok',
  outputPerMtok: 'output_mtok',
  reasoningPerMtok: 'output_reasoning_mtok',
  audioOutputPerMtok: 'output_audio_mtok',
}
const KINDS = Object.keys(RATES) as readonly (keyof Rates)[]
/** USD for a thousand requests, beside their tokens. */
const FEE = 'requests_kcount'

/** No price for input means that the price is unknown, never that it is nothing. */
function priceOf(price: ModelPrice): Price | null {
  const base = ratesOf(price, 0)
  if (base.inputPerMtok === null) return null
  const starts = new Set(KINDS.flatMap((kind) => tiersOf(price[RATES[kind]]).map(({ start }) => start)))
  const tiers = [...starts].sort((a, b) => a - b)
  const fee = amount(price[FEE], 0)
  return {
    ...NO_PRICE,
    ...base,
    tiers: tiers.map((aboveInput) => ({ aboveInput, rates: ratesOf(price, aboveInput) })),
    perRequest: fee === null ? null : fee / 1000,
  }
}

/** `above`: tiers that start up to there are passed. */
const ratesOf = (price: ModelPrice, above: number): Rates =>
  Object.fromEntries(KINDS.map((kind) => [kind, amount(price[RATES[kind]], above)])) as unknown as Rates

const tiersOf = (value: ModelPrice[string]): readonly Tier[] => (typeof value === 'object' ? value.tiers : [])

function amount(value: ModelPrice[string], above: number): number | null {
  const passed = tiersOf(value).findLast(({ start }) => start <= above && above > 0)
  const found = passed?.price ?? (typeof value === 'object' ? value.base : value)
  return found === undefined || !Number.isFinite(found) || found < 0 ? null : found
}
