import t from 'tap'
import { loadOf } from '../../src/core/load.ts'
import { NO_PRICE, type Price } from '../../src/core/settings.ts'
import type { JsonObject } from '../../src/core/json.ts'
import type { Deployment, RequestProfile } from '../../src/core/types.ts'
import { COLUMN, COLUMNS } from '../../src/core/terms.ts'
import { predict } from '../../src/decision/route/predict.ts'
import { EMBEDDINGS } from '../../src/core/endpoints.ts'
import { classify, gatewayRequest, live, provider } from '../support/factories.ts'
import { like, planOf } from '../support/fields.ts'

const asking = (fields: JsonObject = {}): RequestProfile =>
  classify(gatewayRequest({ model: 'auto', messages: [{ role: 'user', content: 'word '.repeat(400) }], ...fields }))

type Row = Readonly<Record<keyof typeof COLUMN, number>>

/** `held`: share of the prompt that is taken to be kept there. */
function predicted(one: Deployment, profile: RequestProfile = asking(), held = 0): Row {
  const rows = new Float64Array(2 * COLUMNS)
  const targets = [one.targets[0]!, one.targets[0]!]
  predict(rows, { targets, live: [1], held: [0, held], rota: null, seats: [0, 1], load: null, now: 0 }, profile)
  t.ok(
    rows.subarray(0, COLUMNS).every((value) => value === 0),
    'its own row alone',
  )
  return Object.fromEntries(Object.entries(COLUMN).map(([name, at]) => [name, rows[COLUMNS + at]!])) as Row
}

const price = (traits: Partial<Price>): Price => ({
  ...NO_PRICE,
  ...traits,
})
const priced = (traits: Partial<Price> | null, local = true): Deployment =>
  like('a/m', {}, { backend: { provider: provider({ local }) }, facts: { price: traits && price(traits) } })

const near = (found: number, wanted: number): boolean => Math.abs(found / wanted - 1) < 1e-9

t.test('time: to the first token, then for each', async (t) => {
  const row = predicted(like('a/m', { ttft: 0.8, tpot: 0.02 }))
  t.ok(near(row.ttft, 800))
  t.ok(near(row.total, 800 + 20 * row.output))
})

t.test('load makes it later', async (t) => {
  const one = like('a/m', {}, { live: live({ load: loadOf(4) }) })
  one.latency.ttft.weights.set([0.5, 0, 0.25])
  one.latency.tpot.weights.set([0.02, 0.01])
  const row = predicted(one)
  t.ok(near(row.ttft, 1500))
  t.ok(near(row.total, 1500 + 60 * row.output))
})

t.test('cost from the price of tokens, in nano-dollars', async (t) => {
  const row = predicted(priced({ inputPerMtok: 2, outputPerMtok: 8 }))
  t.ok(near(row.cost, 2000 * row.input + 8000 * row.output))
  t.equal(row.compared, row.cost)
})

t.test('tiers, thoughts at their own rate, and fees, as in the books', async (t) => {
  const tiers = [{ aboveInput: 100, rates: { ...NO_PRICE, inputPerMtok: 4 } }]
  const row = predicted(priced({ inputPerMtok: 2, outputPerMtok: 8, perRequest: 0.001, tiers }))
  t.ok(near(row.cost, 4000 * row.input + 8000 * row.output + 1e6))
  const thinks = {
    facts: {
      efforts: ['none', 'high'] as const,
      price: price({ inputPerMtok: 0, outputPerMtok: 8, reasoningPerMtok: 1 }),
    },
  }
  const thought = predicted(like('a/m', {}, thinks))
  t.ok(thought.reasoning > 0)
  t.ok(near(thought.cost, 8000 * (thought.output - thought.reasoning) + 1000 * thought.reasoning))
})

t.test('cost from the price of an hour: the share of the engine that it takes', async (t) => {
  const alone = priced({ perGpuHour: 3.6 })
  t.ok(near(predicted(alone).cost, (1e6 * predicted(alone).total) / 1000))
  const shared = priced({ perGpuHour: 3.6 })
  ;(shared.live.load as { open: number }).open = 3
  t.ok(near(predicted(shared).cost, predicted(alone).cost / 4))
})

t.test('an unknown price is no price of zero', async (t) => {
  for (const unknown of [null, {}, { inputPerMtok: 1 }, { outputPerMtok: 1 }]) {
    const row = predicted(priced(unknown, false))
    t.ok(Number.isNaN(row.cost), JSON.stringify(unknown))
    t.ok(
      row.compared > predicted(priced({ inputPerMtok: 1, outputPerMtok: 5 }, false)).compared,
      'it is taken for dear',
    )
  }
  const { record } = planOf([priced(null, false)])
  t.equal(record.candidates[0]!.expected.cost_usd, null)
})

t.test('an engine at hand without a price costs its electricity, for comparing only', async (t) => {
  const row = predicted(priced(null))
  t.ok(Number.isNaN(row.cost))
  t.ok(row.compared > 0 && row.compared < predicted(priced(null, false)).compared)
})

t.test('what is kept of the prompt is not paid for twice, nor read again', async (t) => {
  const one = priced({ inputPerMtok: 10, cachedInputPerMtok: 1, outputPerMtok: 0 })
  one.latency.kept = 0.8
  one.latency.ttft.weights.set([0.1, 1, 0])
  const row = predicted(one, asking(), 0.75)
  const kept = 0.8 * 0.75 * row.input
  t.ok(near(row.cached, kept), 'as far as it has proven to keep such things')
  t.ok(near(row.cost, 10_000 * (row.input - kept) + 1000 * kept))
  t.ok(near(row.ttft, 100 + row.input - kept))
  t.equal(predicted(one, asking(), 0).cached, 0)
  const unpriced = priced({ inputPerMtok: 10, outputPerMtok: 0 })
  t.ok(near(predicted(unpriced, asking(), 0.75).cost, 10_000 * row.input), 'without a price for it, the full one')
})

t.test('the caller’s limit of tokens holds', async (t) => {
  const row = predicted(like('a/m', { length: 50 }), asking({ max_tokens: 40 }))
  t.equal(row.output, 40)
  t.equal(row.most, 40)
})

t.test('reasoning is a part of the output', async (t) => {
  const thinks = like('a/m', {}, { facts: { efforts: ['none', 'high'], quality: { default: 0.7 } } })
  const row = predicted(thinks)
  t.ok(row.reasoning > 0 && row.reasoning < row.output)
  t.equal(predicted(like('a/m')).reasoning, 0)
})

t.test('the tokenizer of the model', async (t) => {
  const one = like('a/m')
  one.calibration.factor = 1.5
  t.ok(near(predicted(one).input, 1.5 * asking().inputTokens))
})

t.test('embeddings: nothing to answer, so nothing is said of success', async (t) => {
  const profile = classify(gatewayRequest({ model: 'm', input: 'What is it?' }, { endpoint: EMBEDDINGS }))
  const row = predicted(priced({ inputPerMtok: 0.02 }), profile)
  t.ok(Number.isNaN(row.success))
  t.equal(row.output, 0)
  t.ok(near(row.cost, 20 * row.input), 'and no price of output is missed')
})

t.test('every figure is a number, whatever the text', async (t) => {
  for (const content of ['', ' ', '\u0000', '日本語のテキスト', 'x'.repeat(100_000), '🙂'.repeat(50), '\n\n\n']) {
    const row = predicted(
      like('a/m'),
      classify(gatewayRequest({ model: 'auto', messages: [{ role: 'user', content }] })),
    )
    for (const [name, value] of Object.entries(row))
      t.ok(Number.isFinite(value), `${name} of ${JSON.stringify(content.slice(0, 9))}`)
    t.ok(row.success > 0 && row.success < 1)
    t.ok(row.output >= 1 && row.most >= 1)
  }
})
