import t from 'tap'
import { wasteOf, type Wasted } from '../../src/accounting/waste.ts'
import { clientClosed, GatewayError } from '../../src/core/errors.ts'
import { newTrail } from '../../src/core/trail.ts'
import type { RoutePlan, Waste } from '../../src/core/types.ts'
import { AnswerTrack } from '../../src/protocol/track.ts'

const PLAN = { record: { profile: { input_tokens: 40 } } } as unknown as RoutePlan
const CALL = { backend: 'a', model: 'm', status: 200, error: null, ttftMs: null }

function wasted(
  track: Partial<AnswerTrack> | null,
  error: GatewayError | null = null,
  calls = 1,
  why: Wasted['why'] = 'finish',
): Waste | null {
  const trail = newTrail()
  for (let call = 0; call < calls; call++) trail.attempts.push(CALL)
  const ending: Wasted = { plan: PLAN, trail, track: track && Object.assign(new AnswerTrack(), track), error, why }
  return wasteOf(ending)
}

const USAGE = { input: 30, cachedInput: 0, output: 12, reasoning: 0 }

t.test('the usage where there is one, else prompt and events', async (t) => {
  t.strictSame(wasted({ usage: USAGE, content: true, finish: 'length' }), { reason: 'truncated', tokens: 42 })
  t.strictSame(wasted({ events: 7, content: true }, clientClosed()), { reason: 'client_abort', tokens: 47 })
})

t.test('why', async (t) => {
  const whole = { usage: USAGE, content: true }
  t.equal(wasted({ ...whole, content: false }, null, 1, 'empty')?.reason, 'empty')
  t.equal(wasted({ ...whole, content: false }, null, 1, 'finish')?.reason, 'empty')
  t.equal(wasted(whole, null, 1, 'finish')?.reason, 'truncated')
  t.equal(wasted(whole, null, 1, 'truncated')?.reason, 'truncated')
  t.equal(wasted(whole, null, 1, 'refusal')?.reason, 'refusal')
  for (const why of ['not_json', 'schema_mismatch', 'unknown_tool', 'arguments_mismatch', 'no_tool_call'] as const)
    t.equal(wasted(whole, null, 1, why)?.reason, 'invalid_output', why)
  t.equal(wasted({ content: true }, new GatewayError('upstream_incomplete', 'x'))?.reason, 'truncated')
})

t.test('a caller who left before any answer leaves a prompt behind, where somebody had it', async (t) => {
  t.strictSame(wasted(null, clientClosed()), { reason: 'client_abort', tokens: 40 })
  t.equal(wasted(null, clientClosed(), 0), null)
})

t.test('nobody answered: nothing is known to be wasted', async (t) => {
  t.equal(wasted(null, new GatewayError('upstream_error', 'x')), null)
})
