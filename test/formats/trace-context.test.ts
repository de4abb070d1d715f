import t from 'tap'
import { beginTrace, callSpanId, traceparent } from '../../src/formats/trace-context.ts'

const ID = '0af7651916cd43dd8448eb211c80319c'
const PARENT = 'b7ad6b7169203331'

t.test("a caller's trace goes on, as it was sampled", async (t) => {
  t.match(beginTrace({ traceparent: `00-${ID}-${PARENT}-01`, tracestate: 'a=1,b=2' }, 0), {
    traceId: ID,
    parentId: PARENT,
    sampled: true,
    state: 'a=1,b=2',
    spanId: /^[\da-f]{16}$/,
  })
  t.match(beginTrace({ traceparent: `00-${ID}-${PARENT}-00` }, 1), { traceId: ID, sampled: false, state: null })
  t.equal(beginTrace({ traceparent: `00-${ID}-${PARENT}-03` }, 0).sampled, true, 'other flags do not count')
  t.equal(beginTrace({ traceparent: `00-${ID}-${PARENT}-02` }, 1).sampled, false)
})

t.test('a trace begins where there is none', async (t) => {
  const bad = [
    undefined,
    '',
    'x',
    `ff-${ID}-${PARENT}-01`,
    `00-${'0'.repeat(32)}-${PARENT}-01`,
    `00-${ID}-${'0'.repeat(16)}-01`,
    `00-${ID}-${PARENT}-01-more`,
    `00-${ID}-${PARENT}-01`.toUpperCase(),
    [`00-${ID}-${PARENT}-01`, `00-${ID}-${PARENT}-01`],
  ]
  for (const given of bad) {
    const trace = beginTrace({ traceparent: given, tracestate: 'a=1' }, 1)
    t.match(trace, { parentId: null, sampled: true, state: null, traceId: /^[\da-f]{32}$/ }, String(given))
    t.not(trace.traceId, ID)
  }
  t.equal(beginTrace({}, 0.3, () => 0.29).sampled, true)
  t.equal(beginTrace({}, 0.3, () => 0.3).sampled, false)
  t.equal(beginTrace({}, 0, () => 0).sampled, false)
  t.not(beginTrace({}, 1).traceId, beginTrace({}, 1).traceId)
})

t.test('a state that could break a line is none', async (t) => {
  for (const state of ['a=1\nb', 'ä=1', 'x'.repeat(513), ''])
    t.equal(beginTrace({ traceparent: `00-${ID}-${PARENT}-01`, tracestate: state }, 1).state, null, state.slice(0, 9))
})

t.test('each call has an id of its own', async (t) => {
  const trace = { traceId: ID, spanId: '00f067aa0ba902fe', parentId: null, sampled: true, state: null }
  t.equal(callSpanId(trace, 1), '00f067aa0ba902ff')
  t.equal(callSpanId(trace, 2), '00f067aa0ba90200')
  t.equal(traceparent(trace, 3), `00-${ID}-00f067aa0ba90201-01`)
  t.equal(traceparent({ ...trace, sampled: false }, 1), `00-${ID}-00f067aa0ba902ff-00`)
})
