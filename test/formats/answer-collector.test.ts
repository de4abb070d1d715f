import t from 'tap'
import { EMBEDDINGS } from '../../src/core/endpoints.ts'
import { AnswerCollector, checksOf, MOST_COLLECTED } from '../../src/formats/answer-collector.ts'
import { wantsText } from '../../src/formats/openai/collect.ts'
import { OpenAIAnswerState } from '../../src/formats/openai/answer-state.ts'
import { gatewayRequest } from '../support/factories.ts'

const USUAL = { finish: null, json: false, schema: false }
const TOOLS = [{ type: 'function', function: { name: 'f' } }]

t.test('what is gathered for which request', async (t) => {
  const checks = (body: object, success = USUAL): unknown => checksOf(gatewayRequest({ model: 'm', ...body }), success)
  t.equal(checks({}), null)
  t.equal(checks({ response_format: { type: 'text' }, tools: [] }), null)
  t.strictSame(checks({ response_format: { type: 'json_object' } }), { json: true, mustCall: false })
  t.strictSame(checks({ response_format: { type: 'json_schema' } }), { json: true, mustCall: false })
  t.strictSame(checks({}, { ...USUAL, json: true }), { json: true, mustCall: false })
  t.strictSame(checks({}, { ...USUAL, schema: true }), { json: true, mustCall: false })
  t.strictSame(checks({ tools: TOOLS }), { json: false, mustCall: false })
  t.strictSame(checks({ functions: [{ name: 'f' }] }), { json: false, mustCall: false })
  for (const tool_choice of ['required', 'any', { type: 'function', function: { name: 'f' } }])
    t.strictSame(checks({ tools: TOOLS, tool_choice }), { json: false, mustCall: true })
  t.strictSame(checks({ tools: TOOLS, tool_choice: 'auto' }), { json: false, mustCall: false })
  const embeddings = gatewayRequest({ model: 'm', input: 'x' }, { endpoint: EMBEDDINGS })
  t.equal(checksOf(embeddings, { ...USUAL, json: true }), null)
})

const gathered = (json: boolean, ...choices: readonly object[]): AnswerCollector => {
  const track = new OpenAIAnswerState()
  track.collected = new AnswerCollector({ json, mustCall: false })
  for (const choice of choices) track.take([choice], false)
  return track.collected
}
const piece = (...tool_calls: object[]): object => ({ index: 0, delta: { tool_calls } })

t.test('text: of the first choice, in any form', async (t) => {
  const collected = gathered(
    true,
    { index: 0, delta: { role: 'assistant', content: '' } },
    { index: 1, delta: { content: 'other' } },
    { index: 0, delta: { content: '{"a":', reasoning_content: 'hm' } },
    {
      delta: {
        content: [
          { type: 'thinking', thinking: [] },
          { type: 'text', text: '"ü"' },
        ],
      },
    },
    { index: 0, text: '}' },
    { index: 0, delta: null },
  )
  t.equal(collected.text, '{"a":"ü"}')
  t.equal(gathered(false, { delta: { content: 'x' } }).text, '', 'nobody asked')
})

t.test('tool calls in pieces', async (t) => {
  const calls = (...pieces: object[]): unknown => gathered(false, ...pieces).calls
  const two = [
    { name: 'f', arguments: '{"a":1}' },
    { name: 'g', arguments: '{}' },
  ]
  t.strictSame(
    calls(
      piece({ index: 0, id: 'c1', type: 'function', function: { name: 'f', arguments: '' } }),
      piece({ index: 0, function: { arguments: '{"a"' } }, { index: 1, id: 'c2', function: { name: 'g' } }),
      piece({ index: 1, function: { arguments: '{}' } }, { index: 0, id: '', function: { arguments: ':1}' } }),
    ),
    two,
    'by index',
  )
  t.strictSame(
    calls(
      piece({ id: 'c1', function: { name: 'f', arguments: '{"a"' } }),
      piece({ function: { arguments: ':1}' } }),
      piece({ id: 'c2', function: { name: 'g', arguments: '{}' } }),
    ),
    two,
    'without index',
  )
  t.strictSame(
    calls(
      piece({ index: 0, id: 'c1', function: { name: 'f', arguments: '{"a":1}' } }),
      piece({ index: 0, id: 'c2', function: { name: 'g', arguments: {} } }),
    ),
    two,
    'all with index 0, arguments as an object',
  )
  t.strictSame(
    calls(
      piece({ index: 0, id: 'c1', function: { name: 'f', arguments: '{"a":' } }),
      piece({ index: 0, id: 'c1', function: { name: 'f', arguments: '1}' } }),
    ),
    [two[0]],
    'id and name in each piece',
  )
  t.strictSame(
    calls(
      { delta: { function_call: { name: 'f', arguments: '{"a"' } } },
      { delta: { function_call: { arguments: ':1}' } } },
    ),
    [two[0]],
    'the old form',
  )
  t.strictSame(calls(piece({ index: 0, type: 'custom', custom: { name: 'c', input: 'text' } })), [
    { name: 'c', arguments: null },
  ])
})

t.test('which events are parsed', async (t) => {
  const event = (delta: object): string => JSON.stringify({ choices: [{ index: 0, delta }], usage: null })
  const text = event({ content: 'x' })
  const call = event({ tool_calls: [{ index: 0 }] })
  const nothing = [
    event({}),
    event({ content: '' }),
    event({ tool_calls: [] }),
    event({ tool_calls: null, content: null }),
  ]
  const json = new AnswerCollector({ json: true, mustCall: false })
  const tools = new AnswerCollector({ json: false, mustCall: false })
  t.strictSame(
    [text, call, ...nothing].map((data) => wantsText(json, data)),
    [true, false, false, false, false, false],
  )
  t.strictSame(
    [text, call, ...nothing].map((data) => wantsText(tools, data)),
    [false, false, false, false, false, false],
  )
  t.ok(wantsText(json, '{ "choices": [ { "delta": { "content" : "x" } } ] }'), 'with blanks')
})

t.test('no more than the limit is collected of an answer', async (t) => {
  const half = 'x'.repeat(MOST_COLLECTED / 2)
  t.equal(gathered(true, { delta: { content: half } }, { delta: { content: half } }).lost, false)
  const over = gathered(true, { delta: { content: half } }, { delta: { content: half } }, { delta: { content: 'x' } })
  t.strictSame([over.lost, over.text, wantsText(over, '{"content":"x"}')], [true, '', false])
  t.ok(
    gathered(false, piece(...Array.from({ length: 129 }, (_, index) => ({ index, id: `c${index}`, function: {} }))))
      .lost,
  )
  const huge = new AnswerCollector({ json: true, mustCall: false })
  t.notOk(wantsText(huge, `{"choices":[{"delta":{"content":"${'y'.repeat(2 * MOST_COLLECTED)}"}}]}`))
  t.ok(huge.lost, 'not even parsed')
})
