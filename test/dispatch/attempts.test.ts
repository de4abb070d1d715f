import { SealMemory } from '../../src/dispatch/seal-memory.ts'
import t from 'tap'
import type { Test } from 'tap'
import { GatewayError } from '../../src/core/errors.ts'
import { type Limits, type ModelFacts, NO_PRICE } from '../../src/core/settings.ts'
import { RequestLife } from '../../src/accounting/request-life.ts'
import type { Caller, Deployment, GatewayRequest } from '../../src/core/types.ts'
import type { Attempt } from '../../src/dispatch/attempt.ts'
import { Attempts } from '../../src/dispatch/attempts.ts'
import { plan } from '../../src/decision/route/plan.ts'
import { compileRoutes } from '../../src/decision/route/table.ts'
import { type Formats, FORMATS } from '../../src/formats/formats.ts'
import { OPENAI } from '../../src/formats/openai/openai.ts'
import { Pools } from '../../src/backends/upstream/pools.ts'
import { CLIENT } from '../support/client.ts'
import { catalogOf, deployment, gatewayRequest, LIMITS, live, classify, moment } from '../support/factories.ts'
import { FleetLog } from '../support/attempts.ts'
import { failing, type FaultOptions } from '../support/fault-plan.ts'
import { type FaultUpstream, startFaultUpstream } from '../support/fault-upstream.ts'

interface Outcome {
  /** The first call that was answered. */
  readonly committed: Attempt | null
  readonly error: GatewayError | null
  readonly attempts: Attempts
  /** Begin and end of calls, as the fleet was told. */
  readonly fleet: readonly string[]
}

interface World {
  readonly upstreams: readonly FaultUpstream[]
  readonly deployments: readonly Deployment[]
  /** Begin and end of all calls. */
  readonly begun: readonly string[]
  go(request: GatewayRequest, limits?: Partial<Limits>, caller?: Caller): Promise<Outcome>
}

/** Backends a, b, c.. that are asked in this order. */
async function world(
  t: Test,
  options: readonly FaultOptions[],
  facts: readonly Partial<ModelFacts>[] = [],
  formats: Formats = FORMATS,
): Promise<World> {
  const begun: string[] = []
  const upstreams = await Promise.all(options.map((one) => startFaultUpstream(one)))
  const lives = upstreams.map(() => live())
  const deployments = upstreams.map(({ url }, index) =>
    deployment(`${'abcd'[index]!}/tiny`, { backend: { root: url }, live: lives[index]!, facts: facts[index] ?? {} }),
  )
  const pools = new Pools(1000, () => performance.now(), CLIENT)
  t.teardown(async () => {
    await pools.destroy()
    await Promise.all(upstreams.map((one) => one.close()))
  })
  const go: World['go'] = async (request, limits = {}, caller = { gone: false, stop: null }) => {
    const log = new FleetLog((deployment) => {
      lives[deployments.indexOf(deployment)]!.refusesUsage = true
    })
    const seals = new SealMemory()
    const tools = { pools, formats, now: () => performance.now(), userAgent: 'test', seals, fleet: log.fleet }
    const table = compileRoutes([], [], catalogOf(...deployments))
    const route = plan(request, classify(request), table, { ...LIMITS, ...limits }, moment())
    const attempts = new Attempts(request, route, caller, tools)
    const committed = await attempts.next().finally(() => begun.push(...log.lines))
    return { committed, error: committed === null ? attempts.failure : null, attempts, fleet: log.lines }
  }
  return { upstreams, deployments, begun, go }
}

const ask = (traits: Partial<GatewayRequest> = {}, stream = false): GatewayRequest =>
  gatewayRequest(
    { model: 'tiny', messages: [{ role: 'user', content: 'x' }], ...(stream ? { stream } : {}) },
    { startedAt: performance.now(), ...traits },
  )

const counts = (of: World): string => of.upstreams.map(({ requests }) => requests.length).join(' ')

t.test('the first one answers', async (t) => {
  const it = await world(t, [{}, {}])
  const { committed, attempts, fleet } = await it.go(ask())
  t.equal(committed?.deployment, it.deployments[0])
  t.strictSame(fleet, ['begin a/tiny'], 'its end is told when the answer is settled')
  t.strictSame(attempts.made, [committed])
  t.equal(attempts.answer, committed)
  t.ok(committed !== null && committed.committedAt !== null && committed.startedAt <= committed.committedAt)
  t.match(committed, { answered: true, endedAt: null, error: null })
  t.equal(counts(it), '1 0')
})

t.test('the next one after a failure', async (t) => {
  const it = await world(t, [{ plan: failing(500) }, { plan: failing(503) }, {}])
  const { committed, attempts, fleet } = await it.go(ask())
  t.equal(committed?.deployment, it.deployments[2])
  t.match(attempts.made, [
    { deployment: { id: 'a/tiny' }, exchange: { status: 500 }, error: { code: 'upstream_error' }, answered: false },
    { deployment: { id: 'b/tiny' }, exchange: { status: 503 }, error: { code: 'overloaded' }, answered: false },
    { deployment: { id: 'c/tiny' }, exchange: { status: 200 }, error: null, answered: true },
  ])
  t.strictSame(fleet, [
    'begin a/tiny',
    'end a/tiny upstream_error',
    'begin b/tiny',
    'end b/tiny overloaded',
    'begin c/tiny',
  ])
})

t.test('no more calls than the limit', async (t) => {
  const it = await world(t, [{ plan: failing(500) }, { plan: failing(500) }, {}])
  const { error } = await it.go(ask(), { attempts: 2 })
  t.equal(counts(it), '1 1 0')
  t.equal(error?.code, 'upstream_error')
  t.match(error?.message, '2 backends failed')
})

t.test('no fallback: the first one only', async (t) => {
  const it = await world(t, [{ plan: failing(500) }, {}])
  const { error } = await it.go(ask({ noFallback: true }))
  t.equal(error?.code, 'upstream_error')
  t.equal(counts(it), '1 0')
})

t.test("a caller's mistake is not repeated elsewhere", async (t) => {
  const it = await world(t, [{ plan: failing(422, { message: 'top_p is wrong' }) }, {}])
  const { error } = await it.go(ask())
  t.match(error, { code: 'invalid_request', status: 422, message: 'top_p is wrong' })
  t.equal(counts(it), '1 0')
})

const TOO_LONG: FaultOptions = { plan: failing(400, { code: 'context_length_exceeded' }) }

t.test('too long: only larger ones are asked', async (t) => {
  const facts = [{ context: 4096 }, { context: 4096 }, { context: 2048 }, { context: 8192 }]
  const it = await world(t, [TOO_LONG, {}, {}, {}], facts)
  const { committed } = await it.go(ask())
  t.equal(committed?.deployment.backend.name, 'd')
  t.equal(counts(it), '1 0 0 1')
})

t.test('too long for the largest', async (t) => {
  const it = await world(t, [TOO_LONG, {}], [{ context: 4096 }, { context: 4096 }])
  t.match((await it.go(ask())).error, { code: 'context_length_exceeded', status: 400 })
  t.equal(counts(it), '1 0')
})

t.test('who is too long for one, while others fail, hears of it', async (t) => {
  const it = await world(t, [{ plan: failing(500) }, TOO_LONG])
  t.equal((await it.go(ask())).error?.code, 'context_length_exceeded')
})

t.test('full everywhere: the shortest wait', async (t) => {
  const it = await world(t, [
    { plan: failing(429, { headers: { 'retry-after': '30' } }) },
    { plan: failing(503, { headers: { 'retry-after': '4' } }) },
  ])
  t.match((await it.go(ask())).error, { code: 'upstream_rate_limited', status: 429, retryAfterMs: 4000 })
})

t.test('full here, broken there: the fault speaks, and the wait is told', async (t) => {
  const it = await world(t, [{ plan: failing(429, { headers: { 'retry-after': '4' } }) }, { plan: failing(500) }])
  t.match((await it.go(ask())).error, { code: 'upstream_error', status: 502, retryAfterMs: 4000 })
})

t.test('503 always says when to come back', async (t) => {
  const it = await world(t, [{ plan: failing(503) }])
  t.match((await it.go(ask())).error, { code: 'overloaded', retryAfterMs: 1000 })
})

t.test('a refused stream_options is left out, on the same backend', async (t) => {
  const it = await world(t, [{ refusesStreamOptions: true }, {}])
  const { committed, fleet } = await it.go(ask({}, true))
  t.equal(committed?.deployment.backend.name, 'a')
  t.equal(counts(it), '2 0')
  t.ok(fleet.includes('refuses a'))
  committed?.exchange.cancel(new GatewayError('client_closed', 'over'))
})

t.test('a refused stream_options is left out on each backend that refuses it', async (t) => {
  const broken: FaultOptions = {
    refusesStreamOptions: true,
    rule: ({ json }) => (json?.['stream_options'] === undefined ? failing(500) : undefined),
  }
  const it = await world(t, [broken, { refusesStreamOptions: true }])
  const { committed, error, fleet } = await it.go(ask({}, true))
  t.equal(error, null, 'the caller never sent that field')
  t.equal(committed?.deployment.backend.name, 'b')
  t.equal(counts(it), '2 2')
  t.ok(fleet.includes('refuses a') && fleet.includes('refuses b'))
  committed?.exchange.cancel(new GatewayError('client_closed', 'over'))
})

t.test('the same where only one call is allowed', async (t) => {
  for (const [name, traits, limits] of [
    ['by the limit', {}, { attempts: 1 }],
    ['by the caller', { noFallback: true }, {}],
  ] as const) {
    const it = await world(t, [{ refusesStreamOptions: true }, {}])
    const { error, committed } = await it.go(ask(traits, true), limits)
    t.not(error?.code, 'no_backend', `${name}: a backend was there and was asked`)
    t.equal(committed?.deployment.backend.name ?? error?.code, 'a', name)
    t.equal(it.upstreams[1]?.requests.length, 0, name)
    committed?.exchange.cancel(new GatewayError('client_closed', 'over'))
  }
})

t.test('who wants usage is answered without it', async (t) => {
  const it = await world(t, [{ refusesStreamOptions: true }])
  const request = gatewayRequest(
    { model: 'tiny', messages: [], stream: true, stream_options: { include_usage: true } },
    { startedAt: performance.now() },
  )
  const { committed } = await it.go(request)
  t.equal(committed?.deployment.backend.name, 'a')
  t.equal(counts(it), '2')
  committed?.exchange.cancel(new GatewayError('client_closed', 'over'))
})

t.test('a caller who has left costs no call', async (t) => {
  const it = await world(t, [{}])
  const { error } = await it.go(ask(), {}, { gone: true, stop: null })
  t.equal(error?.code, 'client_closed')
  t.equal(counts(it), '0')
})

t.test('a caller who leaves while a backend thinks', async (t) => {
  const it = await world(t, [{ plan: { headersAfter: 'never' } }, {}])
  const caller: Caller = { gone: false, stop: null }
  const outcome = it.go(ask(), {}, caller)
  await it.upstreams[0]?.waitRequest(1)
  caller.stop?.(new GatewayError('client_closed', 'gone'))
  const { error, fleet } = await outcome
  t.equal(error?.code, 'client_closed')
  t.equal(counts(it), '1 0')
  t.strictSame(fleet, ['begin a/tiny', 'end a/tiny client_closed'])
})

t.test("the caller's deadline ends everything", async (t) => {
  const it = await world(t, [{ plan: { headersAfter: 'never' } }, {}])
  const { error } = await it.go(ask({ deadlineMs: 80 }))
  t.match(error, { code: 'deadline_exceeded', source: 'caller' })
  t.equal(counts(it), '1 0')
})

t.test('an error body made to break its reader breaks nothing', async (t) => {
  const deep = '['.repeat(30_000) + ']'.repeat(30_000)
  const it = await world(t, [
    { plan: { status: 500, body: deep } },
    { plan: { status: 400, body: `{"detail":${deep}}` } },
  ])
  const { attempts } = await it.go(ask())
  t.equal(attempts.made[0]?.error?.code, 'upstream_error')
  t.equal(counts(it), '1 1')
})

/** Reads an answer to its end: the error that it broke off by, or null. */
const ended = (attempt: Attempt): Promise<GatewayError | null> =>
  new Promise((resolve) =>
    attempt.exchange.attach({ write: () => true, end: () => resolve(null), fail: (error) => resolve(error) }),
  )

t.test('an answer that breaks off may be followed by another call, and both are in the record', async (t) => {
  const price = { ...NO_PRICE, inputPerMtok: 1, outputPerMtok: 2 }
  const it = await world(
    t,
    [{ plan: { words: ['a', 'b', 'c'], cut: { events: 3, how: 'reset' } } }, { plan: failing(500) }, {}],
    [{ price }, { price }, { price }],
  )
  const request = ask({}, true)
  const { committed: first, attempts, fleet } = await it.go(request)
  t.equal(first?.deployment, it.deployments[0])
  const error = await ended(first!)
  t.equal(error?.code, 'upstream_incomplete')
  attempts.end(error)
  const second = await attempts.next()
  t.equal(second?.deployment, it.deployments[2], 'the one between them failed')
  t.equal(attempts.answer, second)
  t.equal(await ended(second!), null)
  attempts.end(null)
  t.equal(counts(it), '1 1 1')
  t.strictSame(fleet, [
    'begin a/tiny',
    'end a/tiny upstream_incomplete',
    'begin b/tiny',
    'end b/tiny upstream_error',
    'begin c/tiny',
    'end c/tiny ok',
  ])
  const life = new RequestLife(request, () => performance.now())
  life.attempts = attempts
  const { summary } = life
  t.match(summary.attempts, [
    { backend: 'a', answered: true, error: 'upstream_incomplete', waste: { reason: 'failover' } },
    { backend: 'b', answered: false, error: 'upstream_error', waste: null },
    { backend: 'c', answered: true, error: null, waste: null },
  ])
  const [broken, , whole] = summary.attempts
  t.equal(summary.total.tokens?.output, broken!.usage!.output + whole!.usage!.output)
  t.equal(summary.total.cost?.nanoUsd, broken!.cost!.nanoUsd + whole!.cost!.nanoUsd)
  t.ok(broken!.usage!.output > 0 && whole!.usage!.output > 0)
  t.equal(summary.ttftMs, first?.exchange.ttftMs, 'the caller has had its first token of the first answer')
  t.match(summary, { finish: 'stop', verdict: { success: true, why: null } })
})

t.test('an answer that breaks off where no other backend is left', async (t) => {
  const it = await world(t, [{ plan: { cut: { events: 2, how: 'reset' } } }])
  const { committed, attempts } = await it.go(ask({}, true))
  const error = await ended(committed!)
  attempts.end(error)
  t.equal(await attempts.next(), null)
  t.match(attempts.failure, { code: 'upstream_incomplete' })
  t.equal(await attempts.next(), null, 'nor later')
})

t.test('no second call while the answer of the first one goes well', async (t) => {
  const it = await world(t, [{}, {}])
  const { attempts } = await it.go(ask())
  await t.rejects(attempts.next(), { message: /has not failed/ })
  t.equal(counts(it), '1 0')
})

t.test('a format that throws before a call is sent leaves no call open', async (t) => {
  const throws = (): never => {
    throw new Error('a member that is not there')
  }
  for (const part of ['compose', 'reader', 'asksUsage']) {
    const formats = new Map([['openai-chat', { ...OPENAI, backend: { ...OPENAI.backend, [part]: throws } }]])
    const it = await world(t, [{}], [], formats)
    await t.rejects(it.go(ask()), /not there/, part)
    t.strictSame(it.begun, [], part)
    t.equal(counts(it), '0', part)
  }
})
