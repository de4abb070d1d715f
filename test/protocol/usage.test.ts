import t from 'tap'
import { readUsage } from '../../src/protocol/usage.ts'
import { noSamples, samples } from '../support/samples.ts'

const usage = (input: number, cachedInput: number, output: number, reasoning: number): object => ({
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
  ['zero', { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 }, usage(0, 0, 0, 0)],
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
  ['reasoning beside (SGLang)', { prompt_tokens: 1, completion_tokens: 5, reasoning_tokens: 3 }, usage(1, 0, 5, 3)],
]

for (const [name, value, wanted] of CASES) t.test(name, async (t) => t.strictSame(readUsage(value), wanted))

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
