import t from 'tap'
import { GatewayError } from '../../src/core/errors.ts'
import { parseFeedback } from '../../src/http/routes/feedback-body.ts'

function refusal(body: unknown): GatewayError {
  try {
    parseFeedback(body)
  } catch (thrown) {
    if (thrown instanceof GatewayError) return thrown
    throw thrown
  }
  throw new Error('it was accepted')
}

t.test('feedback with an id and a score is taken', async (t) => {
  t.strictSame(parseFeedback({ request_id: 'r-1', score: 0.25 }), { requestId: 'r-1', score: 0.25 })
  t.strictSame(parseFeedback({ request_id: 'r', score: 0, comment: 'unknown fields pass', user: 7 }).score, 0)
  t.equal(parseFeedback({ request_id: 'x'.repeat(128), score: 1 }).score, 1)
})

const BAD: readonly (readonly [body: unknown, param: string | null, says: RegExp])[] = [
  [null, null, /JSON object/],
  [[], null, /JSON object/],
  ['text', null, /JSON object/],
  [{ score: 1 }, 'request_id', /`request_id` is missing.*x-request-id/],
  [{ request_id: '', score: 1 }, 'request_id', /string/],
  [{ request_id: 7, score: 1 }, 'request_id', /string/],
  [{ request_id: 'x'.repeat(129), score: 1 }, 'request_id', /128/],
  [{ request_id: 'r' }, 'score', /`score` is missing.*0.*1/],
  [{ request_id: 'r', score: null }, 'score', /number from 0/],
  [{ request_id: 'r', score: '1' }, 'score', /number from 0/],
  [{ request_id: 'r', score: 1.01 }, 'score', /number from 0/],
  [{ request_id: 'r', score: -0.1 }, 'score', /number from 0/],
  [{ request_id: 'r', score: NaN }, 'score', /number from 0/],
]

t.test('bad ones name the field and the remedy', async (t) => {
  for (const [body, param, says] of BAD) {
    const error = refusal(body)
    t.match(error, { code: 'invalid_request', status: 400, param }, JSON.stringify(body))
    t.match(error.message, says)
  }
})
