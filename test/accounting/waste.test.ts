import t from 'tap'
import { wasteOf, type Wasted } from '../../src/accounting/waste.ts'
import { clientClosed, GatewayError } from '../../src/core/errors.ts'
import type { Waste } from '../../src/core/settlement.ts'
import { OpenAIAnswerState } from '../../src/formats/openai/answer-state.ts'
import { usage } from '../support/factories.ts'

const wasted = (content: boolean, error: GatewayError | null, why: Wasted['why']): Waste | null =>
  wasteOf({
    track: Object.assign(new OpenAIAnswerState(), { content }),
    usage: usage({ input: 30, output: 12 }),
    error,
    why,
  })

t.test('why', async (t) => {
  t.strictSame(wasted(true, null, 'truncated'), { reason: 'truncated', tokens: 42 })
  t.equal(wasted(false, null, 'empty')?.reason, 'empty')
  t.equal(wasted(false, null, 'finish')?.reason, 'empty')
  t.equal(wasted(true, null, 'finish')?.reason, 'truncated')
  t.equal(wasted(true, null, 'refusal')?.reason, 'refusal')
  for (const why of ['not_json', 'schema_mismatch', 'unknown_tool', 'arguments_mismatch', 'no_tool_call'] as const)
    t.equal(wasted(true, null, why)?.reason, 'invalid_output', why)
  t.equal(wasted(true, new GatewayError('upstream_incomplete', 'x'), 'upstream_incomplete')?.reason, 'truncated')
  t.equal(wasted(true, clientClosed(), 'client_closed')?.reason, 'client_abort')
})

t.test('a useful answer wastes nothing', async (t) => {
  t.equal(wasted(true, null, null), null)
  t.equal(wasted(true, null, 'unchecked'), null)
})
