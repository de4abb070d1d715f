/** What the outcome of a call says about its backend, and how a refused or sleeping one is ranked. */
import t from 'tap'
import { type ErrorCode, type ErrorDetails, GatewayError } from '../../src/core/errors.ts'
import { loadOf } from '../../src/core/load.ts'
import { newsOf } from '../../src/backends/fleet/news.ts'
import { trouble } from '../../src/decision/route/trouble.ts'
import { backend, classify, deployment, gatewayRequest, live, provider } from '../support/factories.ts'

const own = backend({ provider: provider({ local: true }), key: 'sk-a' })
const cloud = backend({ provider: provider({ local: false }), key: 'sk-a', keyFrom: 'A_KEY' })

t.test('error -> news', async (t) => {
  const full = (ms: number, about = 'backend') => ({ is: 'pause', about, state: 'full', reason: null, ms })
  const limited = (ms: number, about = 'backend', reason: string | null = null) => ({
    ...{ is: 'pause', about, state: 'rate_limited', reason, ms },
  })
  const cases: readonly (readonly [ErrorCode, ErrorDetails, spec: typeof own, object | null])[] = [
    ['overloaded', {}, own, full(1_000)],
    ['overloaded', { retryAfterMs: 5_000 }, own, full(5_000)],
    ['overloaded', { retryAfterMs: 600_000 }, cloud, full(60_000)],
    ['overloaded', { about: 'model' }, cloud, full(1_000, 'model')],
    ['upstream_rate_limited', {}, own, full(1_000)],
    ['upstream_rate_limited', { retryAfterMs: 5_000 }, own, limited(5_000)],
    ['upstream_rate_limited', {}, cloud, limited(1_000)],
    ['upstream_rate_limited', { about: 'model', retryAfterMs: 120_000 }, cloud, limited(120_000, 'model')],
    ['upstream_rate_limited', { retryAfterMs: 86_400_000 }, cloud, limited(3_600_000)],
    ['upstream_rate_limited', { about: 'request' }, cloud, null],
    ['upstream_quota', {}, cloud, limited(300_000, 'backend', 'no credit left')],
    ['upstream_quota', { about: 'request' }, cloud, null],
    ['upstream_auth', { upstreamStatus: 403 }, cloud, { is: 'key', reason: 'HTTP 403: the key in A_KEY is refused' }],
    ['upstream_auth', { upstreamStatus: 401 }, own, { is: 'key', reason: 'HTTP 401: its `key` is refused' }],
    ['upstream_unreachable', {}, own, { is: 'lost', reason: 'no connection' }],
    ['connect_timeout', {}, own, { is: 'lost', reason: 'no connection in time' }],
    ['upstream_error', {}, own, null],
    ['invalid_request', {}, own, null],
    ['client_closed', {}, own, null],
  ]
  for (const [code, details, spec, news] of cases)
    t.strictSame(newsOf(new GatewayError(code, 'x', details), spec), news, `${code} ${JSON.stringify(details)}`)
  t.strictSame(newsOf(null, own), { is: 'up' })
})

t.test('what a state costs in the order', async (t) => {
  const request = gatewayRequest({ model: 'm', messages: [{ role: 'user', content: 'Hi' }] })
  const profile = classify(request)
  const NOW = 1_000
  const wakes = (by: boolean) => ({ provider: provider({ local: true, response: { wakes: by } }) })
  const cases: readonly (readonly [string, Parameters<typeof live>[0], byItself: boolean, number])[] = [
    ['ready', { state: 'ready' }, true, 0],
    ['busy', { state: 'busy' }, true, 0],
    ['asleep, and a request wakes it', { state: 'sleeping' }, true, 0],
    ['asleep until somebody wakes it', { state: 'sleeping' }, false, 2],
    ['full', { state: 'full', until: NOW + 1, retryAfterUntil: NOW + 1 }, true, 1],
    ['at a limit', { state: 'rate_limited', until: NOW + 1, retryAfterUntil: NOW + 1 }, true, 1],
    ['loading', { state: 'warming_up' }, true, 1],
    ['a key that was just refused', { state: 'auth_error', until: NOW + 1 }, true, 2],
    ['one that may be good again', { state: 'auth_error', until: NOW }, true, 0],
    ['which somebody finds out', { state: 'auth_error', until: NOW, load: loadOf(1) }, true, 2],
    ['a key that is refused for the list', { state: 'auth_error', until: null }, true, 2],
    ['down', { state: 'down' }, true, 2],
  ]
  for (const [what, now, byItself, expected] of cases) {
    const one = deployment('a/m', { backend: wakes(byItself), live: live(now) })
    t.equal(trouble(one, request, profile, 10, NOW), expected, what)
  }
})
