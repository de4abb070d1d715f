import t from 'tap'
import { costOf, engineSeconds } from '../../src/accounting/cost.ts'
import { NO_TOKENS } from '../../src/core/no-tokens.ts'
import { NO_PRICE, type Price } from '../../src/core/settings.ts'
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

t.test('each kind of token at its rate, and what is left at the usual one', async (t) => {
  const full: Price = {
    ...NO_PRICE,
    inputPerMtok: 10,
    cachedInputPerMtok: 1,
    cacheWritePerMtok: 12,
    hourCacheWritePerMtok: 16,
    audioInputPerMtok: 40,
    imageInputPerMtok: 20,
    outputPerMtok: 30,
    reasoningPerMtok: 50,
    audioOutputPerMtok: 80,
  }
  const all: Usage = {
    ...NO_TOKENS,
    input: 100,
    cachedInput: 40,
    cacheWrite: 20,
    hourCacheWrite: 5,
    audioInput: 10,
    imageInput: 5,
    output: 60,
    reasoning: 30,
    audioOutput: 10,
  }
  // 25 x 10 + 40 x 1 + 15 x 12 + 5 x 16 + 10 x 40 + 5 x 20 = 1050; 20 x 30 + 30 x 50 + 10 x 80 = 2900.
  t.equal(costOf(all, full, 0)?.nanoUsd, 3_950_000)
  t.equal(costOf(all, { ...full, hourCacheWritePerMtok: null }, 0)?.nanoUsd, 3_930_000, 'at the rate of other writes')
  // 100 x 10 + 60 x 30 where the parts have no rates of their own.
  t.equal(costOf(all, { ...NO_PRICE, inputPerMtok: 10, outputPerMtok: 30 }, 0)?.nanoUsd, 2_800_000)
  const overlapping = { ...NO_TOKENS, input: 50, cachedInput: 40, audioInput: 40 }
  t.equal(costOf(overlapping, full, 0)?.nanoUsd, 440_000, 'cached audio is not counted twice: 40 x 1 + 10 x 40')
})

t.test('the highest tier that is passed, for the whole request; its nulls are the base', async (t) => {
  const tiered: Price = {
    ...price(1, 0.1, 10),
    tiers: [
      { aboveInput: 400, rates: { ...NO_PRICE, inputPerMtok: 4 } },
      { aboveInput: 200, rates: { ...NO_PRICE, inputPerMtok: 2, outputPerMtok: 15 } },
    ],
  }
  const at = (input: number, cached = 0): number | undefined => costOf(usage(input, cached, 10), tiered, 0)?.nanoUsd
  t.equal(at(200), 200_000 + 100_000, 'at the limit: not yet')
  t.equal(at(201), 402_000 + 150_000)
  t.equal(at(400), 800_000 + 150_000)
  t.equal(at(500), 2_000_000 + 100_000, 'output of the highest tier is the base’s, not that of the one below')
  t.equal(at(300, 100), 400_000 + 10_000 + 150_000, 'cached tokens count for the tier')
})

t.test('a price is multiplied by the factor of its service tier', async (t) => {
  const tiers = { ...price(1, null, 1), serviceTiers: { flex: 0.5, priority: 2, free: 0 } }
  const at = (tier: string | null) => costOf({ ...usage(1000, 0, 0), tier }, tiers, 0)
  t.strictSame(at(null), { nanoUsd: 1_000_000, source: 'price', estimated: false })
  t.strictSame(at('flex'), { nanoUsd: 500_000, source: 'price', estimated: false })
  t.equal(at('priority')?.nanoUsd, 2_000_000)
  t.equal(at('free')?.nanoUsd, 0)
  t.equal(at('default')?.estimated, false)
  t.strictSame(at('batch'), { nanoUsd: 1_000_000, source: 'price', estimated: true }, 'nobody told its factor')
  t.equal(at('constructor')?.nanoUsd, 1_000_000)
})

t.test('fees, engine time, and the word of the backend', async (t) => {
  const used = usage(1000, 0, 100)
  t.equal(costOf(used, { ...price(1, null, 2), perRequest: 0.005 }, 0)?.nanoUsd, 6_200_000)
  t.equal(costOf(used, { ...NO_PRICE, perRequest: 0.005 }, 0)?.nanoUsd, 5_000_000, 'a fee alone')
  t.strictSame(costOf(used, { ...NO_PRICE, perGpuHour: 3.6 }, 0.25), {
    nanoUsd: 250_000,
    source: 'engine_time',
    estimated: false,
  })
  t.equal(costOf(used, { ...price(1, null, 2), perGpuHour: 3.6 }, 9)?.nanoUsd, 1_200_000, 'prices of tokens go first')
  const told = { ...used, chargedNanoUsd: 42, estimated: true }
  t.strictSame(costOf(told, price(1, null, 2), 0), { nanoUsd: 42, source: 'backend', estimated: true })
  t.strictSame(costOf({ ...used, chargedNanoUsd: 0 }, null, 0), { nanoUsd: 0, source: 'backend', estimated: false })
  t.equal(engineSeconds({ startedAt: 100, endedAt: 2100, open: 3 }), 0.5)
})
