import t from 'tap'
import { GatewayError, type ErrorCode } from '../../src/core/errors.ts'
import {
  forgetRefusals,
  recordOutcome,
  newHealth,
  type HealthState,
} from '../../src/backends/fleet/deployment-health.ts'
import { classify, gatewayRequest } from '../support/factories.ts'

const fail = (own: HealthState, code: ErrorCode, now: number, endpoint = 'chat'): void =>
  recordOutcome(own, endpoint, new GatewayError(code, 'x'), now)
const succeed = (own: HealthState, endpoint = 'chat'): void => recordOutcome(own, endpoint, null, 0)

t.test('each failure in a row doubles the rest, up to a minute; a success ends it', async (t) => {
  const own = newHealth()
  const rests: number[] = []
  for (let round = 0; round < 20; round++) {
    fail(own, 'upstream_error', 1000)
    rests.push(own.ejectedUntil - 1000)
  }
  t.strictSame(rests.slice(0, 8), [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000])
  t.equal(rests.at(-1), 60_000)
  succeed(own)
  t.equal(own.ejectedUntil, 0)
  fail(own, 'ttft_timeout', 500)
  t.equal(own.ejectedUntil, 1500)
})

t.test('what is not its fault costs no rest', async (t) => {
  const own = newHealth()
  for (const code of [
    'invalid_request',
    'context_length_exceeded',
    'content_filter',
    'client_closed',
    'shutting_down',
    'total_timeout',
    'deadline_exceeded',
  ] as const)
    fail(own, code, 1000)
  t.match(own, { ejectedUntil: 0, failures: 0 })
  t.equal(own.unsupportedUntil.size, 0)
})

t.test('an endpoint that it does not have is remembered for a while, others are not touched', async (t) => {
  const own = newHealth()
  succeed(own, 'embeddings')
  t.ok(own.answers.has('embeddings'))
  fail(own, 'upstream_unsupported', 1000, 'embeddings')
  t.equal(own.unsupportedUntil.get('embeddings'), 601_000)
  t.notOk(own.answers.has('embeddings'))
  t.notOk(own.unsupportedUntil.has('chat'))
  t.equal(own.ejectedUntil, 0)
  fail(own, 'upstream_model_missing', 1000, 'chat')
  t.ok(own.unsupportedUntil.has('chat'))
  succeed(own, 'embeddings')
  t.notOk(own.unsupportedUntil.has('embeddings'))
})

t.test(
  'a context that it tells in refusing a prompt holds for a while, unless the caller had asked for another one',
  async (t) => {
    const request = gatewayRequest({ model: 'tiny', messages: [{ role: 'user', content: 'Hello' }] })
    const profile = classify(request)
    const told = (most: number | null, context: number | null = null): HealthState => {
      const own = newHealth()
      const error = new GatewayError('context_length_exceeded', 'x', { overflow: { tokens: 5000, most } })
      recordOutcome(own, 'chat', error, 1000, { request, profile: { ...profile, context } })
      return own
    }
    t.strictSame(told(4096).context, { tokens: 4096, until: 601_000 })
    for (const most of [null, 0, -1, 0.5, Infinity, 2 ** 60]) t.equal(told(most).context, null, String(most))
    t.equal(told(2048, 2048).context, null, 'it was loaded so for that caller')
    const own = told(4096)
    forgetRefusals(own)
    t.equal(own.context, null)
  },
)
