/** List prices and context windows of clouds, from the data that comes with @pydantic/genai-prices. It asks no network. */
import { NO_PRICE, type Price } from '../core/settings.ts'
import { calcPrice, type ModelPrice, type PriceCalculation } from '@pydantic/genai-prices'

export interface Listed {
  readonly price: Price | null
  readonly context: number | null
  /** The price is another one at other hours: it holds until the next half hour. */
  readonly hourly: boolean
}

/** Charged per request, beside all tokens: a price for tokens alone would be too low. */
const PER_REQUEST = 'requests_kcount'

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

function look(list: string, model: string, timestamp: Date): PriceCalculation | null {
  try {
    return calcPrice({}, model.replace(/^models\//, ''), { providerId: list, timestamp })
  } catch {
    return null
  }
}

/** Of tiers the first one: most requests are below the next. No price for input means that the price is unknown, never that it is nothing. */
function priceOf(price: ModelPrice): Price | null {
  const input = amount(price['input_mtok'])
  if (input === null || price[PER_REQUEST] !== undefined) return null
  return {
    ...NO_PRICE,
    inputPerMtok: input,
    cachedInputPerMtok: amount(price['cache_read_mtok']),
    outputPerMtok: amount(price['output_mtok']),
  }
}

function amount(value: ModelPrice[string]): number | null {
  const base = typeof value === 'object' ? value.base : value
  return base === undefined || !Number.isFinite(base) || base < 0 ? null : base
}
