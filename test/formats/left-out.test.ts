import t from 'tap'
import type { Json, JsonObject } from '../../src/core/json.ts'
import { maySkip } from '../../src/formats/openai/left-out.ts'

/** Field -> values that mean what an absent field means, values that mean something else. */
const VALUES: Readonly<Record<string, readonly [same: readonly Json[], other: readonly Json[]]>> = {
  store: [[true, false, null], []],
  user: [['u-1', null], []],
  service_tier: [['flex', 'auto'], []],
  parallel_tool_calls: [[true, null], [false]],
  logprobs: [
    [false, null],
    [true, 0, 5],
  ],
  logit_bias: [[{}, null], [{ '1': 1 }]],
  n: [[1], [2]],
  verbosity: [['medium'], ['low', 'high']],
  response_format: [[{ type: 'text' }], [{ type: 'json_object' }]],
  tools: [[[]], [[{ type: 'function', function: { name: 'f' } }]]],
  tool_choice: [['none'], ['required', 'auto']],
  stop: [[[]], ['x', ['x']]],
  top_p: [[1], [0.5]],
  presence_penalty: [[0], [1]],
  frequency_penalty: [[0], [-1]],
  temperature: [[null], [0, 1]],
  seed: [[null], [0, 1]],
  reasoning_effort: [[null], ['none', 'medium']],
}

t.test('a field may be left out where its value says the same as none', (t) => {
  for (const [field, [same, other]] of Object.entries(VALUES)) {
    for (const value of same) t.ok(maySkip(field, { [field]: value }), `${field}: ${JSON.stringify(value)}`)
    for (const value of other) t.notOk(maySkip(field, { [field]: value }), `${field}: ${JSON.stringify(value)}`)
  }
  t.end()
})

t.test('some fields mean something beside another one only', (t) => {
  const tools: JsonObject = { tools: [{ type: 'function' }] }
  t.ok(maySkip('tool_choice', { ...tools, tool_choice: 'auto' }))
  t.notOk(maySkip('tool_choice', { ...tools, tool_choice: 'none' }))
  t.ok(maySkip('top_logprobs', { top_logprobs: 5 }))
  t.notOk(maySkip('top_logprobs', { top_logprobs: 5, logprobs: true }))
  t.end()
})
