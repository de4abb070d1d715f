import t from 'tap'
import type { Usage } from '../../src/core/settlement.ts'
import { NO_TOKENS } from '../../src/core/no-tokens.ts'
import { readTimings, readUsage, writeUsage } from '../../src/formats/openai/usage.ts'
import { noSamples, samples } from '../support/samples.ts'

const usage = (input: number, cachedInput: number, output: number, reasoning: number): Usage => ({
  ...NO_TOKENS,
  input,
  cachedInput,
  output,
  reasoning,
})

const CASES: readonly (readonly [name: string, value: unknown, wanted: object | null])[] = [
  ['nothing', undefined, null],
  ['null', null, null],
  ['an array', [1], null],
  ['a number', 3, null],
  ['an empty object', {}, null],
  ['no number', { prompt_tokens: '3', completion_tokens: null }, null],
  ['a negative number', { prompt_tokens: -3 }, null],
  ['infinite', { prompt_tokens: Infinity }, null],
  ['prompt and completion', { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 }, usage(3, 0, 4, 0)],
  ['the newer names', { input_tokens: 3, output_tokens: 4 }, usage(3, 0, 4, 0)],
  ['a total only', { total_tokens: 9 }, usage(9, 0, 0, 0)],
  ['a total and the output', { total_tokens: 9, completion_tokens: 4 }, usage(5, 0, 4, 0)],
  ['more output than total', { total_tokens: 3, completion_tokens: 4 }, usage(0, 0, 4, 0)],
  ['zero is no count', { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 }, null],
  [
    'cached and reasoning',
    {
      prompt_tokens: 10,
      completion_tokens: 5,
      prompt_tokens_details: { cached_tokens: 8 },
      completion_tokens_details: { reasoning_tokens: 2 },
    },
    usage(10, 8, 5, 2),
  ],
  [
    'details that are null (vLLM)',
    { prompt_tokens: 1, completion_tokens: 2, prompt_tokens_details: null, completion_tokens_details: null },
    usage(1, 0, 2, 0),
  ],
  ['DeepSeek', { prompt_tokens: 10, completion_tokens: 1, prompt_cache_hit_tokens: 6 }, usage(10, 6, 1, 0)],
  ['Moonshot, Together', { prompt_tokens: 10, completion_tokens: 1, cached_tokens: 4 }, usage(10, 4, 1, 0)],
  [
    'OpenAI, every kind of token',
    {
      prompt_tokens: 100,
      completion_tokens: 50,
      total_tokens: 150,
      prompt_tokens_details: { cached_tokens: 40, cache_write_tokens: 30, audio_tokens: 5, image_tokens: 6 },
      completion_tokens_details: { reasoning_tokens: 20, audio_tokens: 7 },
    },
    { ...usage(100, 40, 50, 20), cacheWrite: 30, audioInput: 5, imageInput: 6, audioOutput: 7 },
  ],
  [
    'Anthropic: input without the cache',
    {
      input_tokens: 10,
      cache_read_input_tokens: 2000,
      cache_creation_input_tokens: 500,
      output_tokens: 3,
      service_tier: 'standard',
    },
    { ...usage(2510, 2000, 3, 0), cacheWrite: 500, tier: 'standard' },
  ],
  [
    'Gemini: thoughts beside the output',
    { prompt_tokens: 10, completion_tokens: 5, total_tokens: 40 },
    usage(10, 0, 30, 25),
  ],
  [
    'Grok: the same, and told',
    {
      prompt_tokens: 10,
      completion_tokens: 5,
      total_tokens: 40,
      completion_tokens_details: { reasoning_tokens: 25 },
    },
    usage(10, 0, 30, 25),
  ],
  [
    'OpenRouter: its cost',
    {
      prompt_tokens: 10,
      completion_tokens: 5,
      cost: 0.00014,
      is_byok: false,
      cost_details: { upstream_inference_cost: null },
    },
    { ...usage(10, 0, 5, 0), chargedNanoUsd: 140_000 },
  ],
  [
    "OpenRouter with a key of one's own",
    {
      prompt_tokens: 10,
      completion_tokens: 5,
      cost: 0.00001,
      is_byok: true,
      cost_details: { upstream_inference_cost: 0.0002 },
    },
    { ...usage(10, 0, 5, 0), chargedNanoUsd: 210_000 },
  ],
  ['a cost that is none', { prompt_tokens: 1, completion_tokens: 1, cost: -1 }, usage(1, 0, 1, 0)],
  [
    'a guess of another gateway',
    { prompt_tokens: 1, completion_tokens: 1, estimated: true },
    { ...usage(1, 0, 1, 0), estimated: true },
  ],
  ['reasoning beside (SGLang)', { prompt_tokens: 1, completion_tokens: 5, reasoning_tokens: 3 }, usage(1, 0, 5, 3)],
]

for (const [name, value, wanted] of CASES) t.test(name, async (t) => t.strictSame(readUsage(value), wanted))

t.test('what is written is read as the same', async (t) => {
  for (const [name, value] of CASES) {
    const read = readUsage(value)
    if (read === null) continue
    const back = readUsage(JSON.parse(JSON.stringify(writeUsage(read))))
    t.strictSame(back, read, name)
  }
})

t.test('the timings of llama.cpp are usage', async (t) => {
  t.strictSame(readTimings({ cache_n: 236, prompt_n: 1, predicted_n: 35, prompt_ms: 30.9 }), usage(237, 236, 35, 0))
  t.strictSame(readTimings({ prompt_n: 4, predicted_n: 2 }), usage(4, 0, 2, 0))
  for (const none of [undefined, null, {}, [], { prompt_ms: 3 }, 'x']) t.equal(readTimings(none), null)
})

t.test('every recorded answer with a usage is read', { skip: noSamples }, async (t) => {
  let read = 0
  for (const { name, status, headers, body } of samples()) {
    if (status !== 200 || !headers['content-type']?.includes('json')) continue
    let value: { usage?: { prompt_tokens?: number; completion_tokens?: number } }
    try {
      value = JSON.parse(body.toString()) as typeof value
    } catch {
      continue
    }
    if (value.usage?.prompt_tokens === undefined) continue
    const got = readUsage(value.usage)
    t.equal(got?.input, value.usage.prompt_tokens, name)
    t.equal(got?.output, value.usage.completion_tokens ?? 0, name)
    read++
  }
  t.ok(read >= 10, `${read} answers`)
})
