import t from 'tap'
import type { Charge } from '../../src/core/settlement.ts'
import { chargeOfBoth } from '../../src/formats/usage-so-far.ts'
import { chargeBeside, chargeInHeaders, chargeInUsage } from '../../src/formats/charge.ts'
import { readUsage, writeUsage } from '../../src/formats/openai/usage.ts'

type Table<T> = Readonly<Record<string, readonly [T, Charge]>>

/** Nano-dollars. */
const IN_USAGE: Table<object> = {
  'nothing of the kind': [{ queue_time: 0.1, prompt_cache_miss_tokens: 4, search_context_size: 'low' }, null],
  'OpenRouter, Vercel, Requesty, LiteLLM in streams: a number': [{ cost: 0.00014 }, 140_000],
  'a number as text': [{ cost: '0.00014' }, 140_000],
  'in powers of ten': [{ cost: '1.4e-4' }, 140_000],
  free: [{ cost: 0 }, 0],
  'null is absent': [{ cost: null }, null],
  'OpenRouter, paid there': [
    { cost: 0.0002, is_byok: false, cost_details: { upstream_inference_cost: 0.0002 } },
    200_000,
  ],
  'OpenRouter, paid there and discounted': [
    { cost: 0.0001, is_byok: false, cost_details: { upstream_inference_cost: 0.0002 } },
    100_000,
  ],
  "OpenRouter with a key of one's own": [
    { cost: 0.00001, is_byok: true, cost_details: { upstream_inference_cost: 0.0002 } },
    210_000,
  ],
  'the same of a free model': [{ cost: 0, is_byok: true, cost_details: { upstream_inference_cost: 0 } }, 0],
  'the same, of before is_byok': [{ cost: 0.95, cost_details: { upstream_inference_cost: 19 } }, 19_950_000_000],
  "a key of one's own, unknown upstream: null": [
    { cost: 0, is_byok: true, cost_details: { upstream_inference_cost: null } },
    'unknown',
  ],
  "a key of one's own, unknown upstream: absent": [{ cost: 0, is_byok: true, cost_details: {} }, 'unknown'],
  "a key of one's own, unknown upstream: no details": [{ cost: 0.00001, is_byok: true }, 'unknown'],
  "a key of one's own, unknown upstream: details are null": [
    { cost: 0.00001, is_byok: true, cost_details: null },
    'unknown',
  ],
  Perplexity: [
    { cost: { input_tokens_cost: 7e-6, output_tokens_cost: 1.49e-4, request_cost: 0.005, total_cost: 0.005156 } },
    5_156_000,
  ],
  "Perplexity's agents: with its currency": [
    { cost: { currency: 'USD', input_cost: 0.001, output_cost: 0.002, total_cost: 0.003 } },
    3_000_000,
  ],
  'Bifrost: no request fee': [{ cost: { input_tokens_cost: 1e-6, output_tokens_cost: 2e-6, total_cost: 3e-6 } }, 3_000],
  'an object in another currency': [{ cost: { currency: 'EUR', total_cost: 0.003 } }, 'unknown'],
  'an object without a total': [{ cost: { input: 0.001, output: 0.002 } }, 'unknown'],
  'an object whose total is none': [{ cost: { total_cost: 'free' } }, 'unknown'],
  'an empty object': [{ cost: {} }, 'unknown'],
  'a list': [{ cost: [0.001] }, 'unknown'],
  'a text that is no number': [{ cost: '$0.01' }, 'unknown'],
  'a flag': [{ cost: true }, 'unknown'],
  'xAI: ticks': [{ cost_in_usd_ticks: 37_756_000 }, 3_775_600],
  'xAI: less than a nano-dollar is rounded': [{ cost_in_usd_ticks: 14 }, 1],
  'xAI: ticks as text': [{ cost_in_usd_ticks: '37756000' }, 3_775_600],
  'xAI: no number': [{ cost_in_usd_ticks: {} }, 'unknown'],
  DeepInfra: [{ estimated_cost: 8.775e-6 }, 8_775],
  'LLM Gateway': [
    { cost_usd_total: 0.000125, cost_usd_input: 0.000025, cost_usd_output: 0.0001, cost_usd_request: 0 },
    125_000,
  ],
  'LLM Gateway, without its total': [{ cost_usd_input: 0.000025, cost_usd_output: 0.0001 }, 'unknown'],
  'credits of another currency': [{ credits_used: 1250 }, 'unknown'],
  'a price that nobody documents': [{ total_price: 0.01, price_unit: 'usd' }, 'unknown'],
  'a cost in roubles': [{ cost_rub: 1.4 }, 'unknown'],
  'details of a cost, without the cost': [{ cost_details: { upstream_inference_cost: 0.01 } }, 'unknown'],
  'another amount beside the known one': [{ cost: 0.5, market_cost: 0.7, gateway_cost: 0.6 }, 500_000_000],
}

t.test('a charge in the usage is read', async (t) => {
  for (const [name, [usage, charge]] of Object.entries(IN_USAGE)) {
    const whole = { prompt_tokens: 7, completion_tokens: 149, total_tokens: 156, ...usage }
    t.equal(chargeInUsage(whole), charge, name)
    const read = readUsage(whole)!
    t.equal(read.chargedNanoUsd, charge, name)
    t.strictSame(readUsage(JSON.parse(JSON.stringify(writeUsage(read)))), read, `${name}: written and read again`)
    const newer = readUsage({ input_tokens: 7, output_tokens: 149, ...usage })!
    t.strictSame([newer.input, newer.output, newer.chargedNanoUsd], [7, 149, charge], `${name}: by the newer names`)
  }
})

const inMessage = (gateway: object): object => ({ choices: [{ message: { provider_metadata: { gateway } } }] })
const BESIDE: Table<object> = {
  nothing: [{ id: 'c', choices: [] }, null],
  'NanoGPT, from its balance': [
    { x_nanogpt_pricing: { amount: 0.0012, currency: 'USD', costUsd: 0.0012, inputTokens: 9 } },
    1_200_000,
  ],
  'NanoGPT: cost': [{ x_nanogpt_pricing: { cost: 0.0012, currency: 'USD' } }, 1_200_000],
  'NanoGPT: amount alone': [{ x_nanogpt_pricing: { amount: 0.0012 } }, 1_200_000],
  'NanoGPT in XNO': [{ x_nanogpt_pricing: { amount: 0.0012, currency: 'XNO' } }, 'unknown'],
  'NanoGPT, no amount': [{ x_nanogpt_pricing: { paymentSource: 'USD' } }, 'unknown'],
  'OpenCode Zen': [{ choices: [], cost: '0.00014' }, 140_000],
  'OpenCode Go, by subscription': [{ choices: [], cost: '0' }, 0],
  'Eden AI': [{ cost: 0.002 }, 2_000_000],
  'a cost of no known form': [{ cost: { eur: 1 } }, 'unknown'],
  'a text that is no amount': [{ cost: 'free' }, 'unknown'],
  'Vercel, in the answer': [{ provider_metadata: { gateway: { cost: '0.0045405', marketCost: '0.005' } } }, 4_540_500],
  'Vercel, in the message': [inMessage({ cost: '0.0045405' }), 4_540_500],
  'Vercel, in a delta': [
    { choices: [{ delta: { provider_metadata: { gateway: { cost: '0.0045405' } } } }] },
    4_540_500,
  ],
  'Vercel, without a cost': [inMessage({ routing: {} }), null],
  'other metadata': [{ provider_metadata: { google: { x: 1 } }, choices: [null] }, null],
}

t.test('a charge beside the usage is read', async (t) => {
  for (const [name, [answer, charge]] of Object.entries(BESIDE))
    t.equal(
      chargeBeside((member) => (answer as Record<string, unknown>)[member]),
      charge,
      name,
    )
})

const IN_HEADERS: Table<Readonly<Record<string, string>>> = {
  nothing: [{ 'content-type': 'application/json' }, null],
  LiteLLM: [{ 'x-litellm-response-cost': '5.85e-06' }, 5_850],
  'LiteLLM, which does not know': [{ 'x-litellm-response-cost': 'None' }, null],
  'LiteLLM, of a stream': [{ 'x-litellm-response-cost': '' }, null],
  'no number': [{ 'x-litellm-response-cost': 'n/a' }, 'unknown'],
  'another Turnout': [{ 'x-turnout-cost-usd': '0.000005' }, 5_000],
  'another Turnout that does not know all': [
    { 'x-turnout-cost-usd': '0.000005', 'x-turnout-cost-partial': 'true' },
    'unknown',
  ],
}

t.test('a charge in the headers is read', async (t) => {
  for (const [name, [headers, charge]] of Object.entries(IN_HEADERS)) t.equal(chargeInHeaders(headers), charge, name)
})

t.test('of charges in several places a known one counts', async (t) => {
  t.equal(chargeOfBoth(5, 7), 7)
  t.equal(chargeOfBoth(null, 7), 7)
  t.equal(chargeOfBoth('unknown', 7), 7, 'what is known goes first')
  t.equal(chargeOfBoth(5, 'unknown'), 5)
  t.equal(chargeOfBoth('unknown', null), 'unknown')
  t.equal(chargeOfBoth(null, 'unknown'), 'unknown')
  t.equal(chargeOfBoth(null, null), null)
})
