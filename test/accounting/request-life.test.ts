import t from 'tap'
import { GatewayError } from '../../src/core/errors.ts'
import { AnswerCollector } from '../../src/formats/answer-collector.ts'
import { attemptOf, lifeOf } from '../support/attempts.ts'
import { deployment, gatewayRequest, usage } from '../support/factories.ts'

const [A, B] = ['a/m', 'b/m'].map((id) => deployment(id).targets[0]!)
const request = gatewayRequest({ model: 'm' }, { startedAt: 100 })

t.test('what the gateway itself took', async (t) => {
  const sent = lifeOf({ request, made: null, now: () => 105 })
  t.equal(sent.overheadMs, 5, 'nothing was sent')
  const failed = lifeOf({ request, made: [attemptOf(A!, { startedAt: 103, error: 'overloaded' })] })
  failed.headAt = 999
  t.equal(failed.overheadMs, 3, 'waiting for backends is not ours')
  const answered = lifeOf({ request, made: [attemptOf(A!, { startedAt: 103, committedAt: 500 })] })
  answered.headAt = 502
  t.equal(answered.overheadMs, 5, 'from the first frame to its departure is')
  answered.headAt = 400
  t.equal(answered.overheadMs, 3, 'headers that went out with a comment, before the first frame')
  const twice = lifeOf({
    request,
    made: [
      attemptOf(A!, { startedAt: 103, committedAt: 500, answered: true, error: 'upstream_incomplete' }),
      attemptOf(B!, { startedAt: 600, committedAt: 700 }),
    ],
  })
  twice.headAt = 502
  t.equal(twice.overheadMs, 5, 'the first frame is that of the first answer')
})

t.test('the answer is the last call that answered, wherever it stands', async (t) => {
  t.equal(lifeOf({ made: null }).answer, null)
  t.equal(lifeOf({ made: [attemptOf(A!, { error: 'overloaded' })] }).answer, null)
  const answered = attemptOf(A!, { answered: true, error: 'upstream_incomplete' })
  t.equal(lifeOf({ made: [answered, attemptOf(B!, { error: 'overloaded' })] }).answer, answered)
  const second = attemptOf(B!)
  t.equal(lifeOf({ made: [answered, second] }).answer, second)
})

t.test('what the answer and the record report is one summary: looked at twice it is the same', async (t) => {
  let time = 200
  const track = { content: true, finish: 'stop' as const, reported: usage({ input: 10, output: 5 }) }
  const life = lifeOf({ request, made: [attemptOf(A!, { endedAt: null, track })], now: () => time })
  const { summary } = life
  t.match(summary, { totalMs: 100, total: { tokens: { output: 5 } }, verdict: { success: true }, check: null })
  time = 300
  t.equal(life.summary, summary)
})

t.test('what an answer holds is still to be checked: there is no verdict yet', async (t) => {
  const collected = new AnswerCollector({ json: true, mustCall: false })
  const exchange = { streamed: true }
  const life = lifeOf({
    request,
    made: [attemptOf(A!, { exchange, track: { content: true, finish: 'stop', collected } })],
  })
  t.match(life.summary, { verdict: { success: null, why: null }, check: { text: '' } })
})

t.test('a failure ends the call that is open, and the summary is made anew', async (t) => {
  const open = attemptOf(A!, { endedAt: null, track: { content: true } })
  const life = lifeOf({ request, made: [open] })
  t.equal(life.summary.verdict.success, true)
  const error = new GatewayError('internal_error', 'x')
  life.fail(error)
  t.equal(open.error, error)
  t.not(open.endedAt, null)
  t.match(life.summary, { verdict: { success: false, why: 'internal_error' }, attempts: [{ error: 'internal_error' }] })
})
