import { NO_TOKENS } from '../../src/protocol/usage.ts'
import { NO_PRICE } from '../../src/core/settings.ts'
import t from 'tap'
import { costOf } from '../../src/accounting/cost.ts'
import type { Price } from '../../src/core/settings.ts'
import type { Usage } from '../../src/core/settlement.ts'

const price = (input: number | null, cached: number | null, output: number | null): Price => ({
  ...NO_PRICE,
  inputPerMtok: input,
  cachedInputPerMtok: cached,
  outputPerMtok: output,
})
const usage = (input: number, cachedInput: number, output: number, reasoning = 0): Usage => ({
  ...NO_TOKENS,
  input,
  cachedInput,
  output,
  reasoning,
})

const CASES: readonly (readonly [name: string, usage: Usage | null, price: Price | null, wanted: number | null])[] = [
  ['a million tokens each way', usage(1e6, 0, 1e6), price(1.25, null, 10), 11_250_000_000],
  ['a thousand', usage(1000, 0, 100), price(1.25, 0.125, 10), 2_250_000],
  ['cached tokens at their price', usage(1000, 800, 0), price(1, 0.1, 10), 280_000],
  ['cached tokens without a price of their own', usage(1000, 800, 0), price(1, null, 10), 1_000_000],
  ['cached for nothing', usage(1000, 1000, 0), price(1, 0, 10), 0],
  ['more cached than input', usage(100, 500, 0), price(1, 0.5, 1), 50_000],
  ['reasoning is part of the output', usage(0, 0, 100, 90), price(1, 1, 10), 1_000_000],
  ['rounded once', usage(1, 0, 1), price(0.0004, null, 0.0004), 1],
  ['rounded down', usage(1, 0, 0), price(0.0004, null, 0.0004), 0],
  ['a short text of a cheap model is not free', usage(1, 0, 0), price(0.02, null, null), 20],
  ['free', usage(1000, 0, 1000), price(0, 0, 0), 0],
  ['no usage', null, price(1, 1, 1), null],
  ['no price', usage(1, 0, 1), null, null],
  ['no price for input', usage(1, 0, 1), price(null, 1, 1), null],
  ['no price for output', usage(1, 0, 1), price(1, 1, null), null],
  ['no price for output, and none of it (embeddings)', usage(1000, 0, 0), price(1, null, null), 1_000_000],
  ['nothing used', usage(0, 0, 0), price(1, 1, 1), 0],
]

for (const [name, used, prices, wanted] of CASES)
  t.test(name, async (t) => t.equal(costOf(used, prices, 0)?.nanoUsd ?? null, wanted))
