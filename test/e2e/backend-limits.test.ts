/** What a backend is sent at the most, over sockets: places, queue, keys, deadlines. */
import OpenAI, { APIError } from 'openai'
import type { Test } from 'tap'
import t from 'tap'
import { eventually } from '../support/await.ts'
import { chat, chatStream, CHAT_PATH, errorOf } from '../support/chat.ts'
import { failing, type Plan } from '../support/fault-plan.ts'
import { deferred } from '../support/fault-record.ts'
import { startFaultUpstream } from '../support/fault-upstream.ts'
import { type ConfigObject, hashed, type OwnGateway } from '../support/gateway.ts'
import { RawClient, rawPost } from '../support/raw-client.ts'
import { gatewayFor } from '../support/rig.ts'
import { SlotEngine } from '../support/slot-engine.ts'
import { startEngine } from '../fleet/engine-double.ts'

/** Gateways before engines that take calls for some time, each a backend with these limits. */
async function slotRig(
  test: Test,
  engines: Readonly<Record<string, number>>,
  backend: ConfigObject,
  config: ConfigObject = {},
): Promise<{ gateway: OwnGateway; engines: Readonly<Record<string, SlotEngine>> }> {
  const started: Record<string, SlotEngine> = {}
  for (const [name, ttftMs] of Object.entries(engines)) {
    const engine = await new SlotEngine({ slots: 100, ttftMs, tokens: 2, tokenMs: 5 }).listen()
    started[name] = engine
    test.teardown(() => engine.close())
  }
  const backends = Object.entries(started).map(([name, { url }]) => ({
    name,
    kind: 'openai-compatible',
    url,
    ...backend,
  }))
  return { gateway: await gatewayFor(test, { backends, ...config }), engines: started }
}

interface Shown {
  readonly backends: readonly { readonly name: string; readonly inflight: number; readonly queued: number }[]
}
async function health(url: string, key = 'none'): Promise<Shown['backends']> {
  const answer = await fetch(`${url}/health`, { headers: { authorization: `Bearer ${key}` } })
  return ((await answer.json()) as Shown).backends
}

t.test('never more calls than `parallel` are open, and all who wait are answered', async (t) => {
  const { gateway, engines } = await slotRig(t, { one: 20 }, { limits: { parallel: 2 } })
  const answers = await Promise.all(
    Array.from({ length: 12 }, (_, at) => rawPost(gateway.url, CHAT_PATH, at % 2 === 0 ? chat() : chatStream())),
  )
  for (const answer of answers) {
    t.equal(answer.status, 200)
    await answer.complete
  }
  t.equal(engines['one']!.served, 12)
  t.equal(engines['one']!.peak, 2)
  t.strictSame(
    (await health(gateway.url)).map(({ name, inflight, queued }) => [name, inflight, queued]),
    [['one', 0, 0]],
  )
})

t.test('a queue that is full is told with the wait that is expected, which the official SDK reads', async (t) => {
  const { gateway, engines } = await slotRig(t, { one: 400 }, { limits: { parallel: 1, queue: 1 } })
  const first = rawPost(gateway.url, CHAT_PATH, chat())
  await eventually(5_000, 'the first call', () => engines['one']!.open === 1)
  const second = rawPost(gateway.url, CHAT_PATH, chat())
  await eventually(5_000, 'one that waits', async () => (await health(gateway.url))[0]!.queued === 1)
  const third = await rawPost(gateway.url, CHAT_PATH, chat())
  t.equal(third.status, 503)
  t.match(errorOf(await third.json()), {
    code: 'at_capacity',
    source: 'turnout',
    message: /"one" has no room for about/,
  })
  const ms = Number(third.headers['retry-after-ms'])
  t.ok(ms > 0 && ms < 30_000, `${ms} ms`)
  t.equal(Number(third.headers['retry-after']), Math.max(1, Math.ceil(ms / 1000)))
  const openai = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'any', maxRetries: 0 })
  const refused = await openai.chat.completions
    .create({ model: 'tiny', messages: [{ role: 'user', content: 'x' }] })
    .then(() => null, (error: unknown) => error) // prettier-ignore
  t.ok(refused instanceof APIError)
  t.ok(Number((refused as APIError).headers?.get('retry-after-ms')) > 0)
  t.equal((await first).status, 200)
  t.equal((await second).status, 200)
})

t.test('who leaves while it waits makes room at once, and nothing is sent for it', async (t) => {
  const { gateway, engines } = await slotRig(t, { one: 300 }, { limits: { parallel: 1, queue: 1 } })
  const first = rawPost(gateway.url, CHAT_PATH, chat())
  await eventually(5_000, 'the first call', () => engines['one']!.open === 1)
  const impatient = await RawClient.open(gateway.url)
  void impatient.send(CHAT_PATH, { body: chatStream() }).catch(() => undefined)
  await eventually(5_000, 'one that waits', async () => (await health(gateway.url))[0]!.queued === 1)
  impatient.destroy()
  await eventually(5_000, 'room', async () => (await health(gateway.url))[0]!.queued === 0)
  t.equal((await first).status, 200)
  t.equal((await rawPost(gateway.url, CHAT_PATH, chat())).status, 200)
  t.equal(engines['one']!.served, 2)
})

t.test('what cannot meet its deadline is refused at once; what another can serve goes there', async (t) => {
  const route = { name: 'pair', match: { model: ['pair'] }, candidates: ['a/*', 'b/*'], strategy: 'ordered' }
  const { gateway, engines } = await slotRig(t, { a: 500, b: 500 }, { limits: { parallel: 1 } }, { routes: [route] })
  const first = rawPost(gateway.url, CHAT_PATH, chat({ model: 'pair' }))
  await eventually(5_000, 'the first call', () => engines['a']!.open === 1)
  const second = rawPost(gateway.url, CHAT_PATH, chat({ model: 'pair' }))
  await eventually(5_000, 'the second call, elsewhere', () => engines['b']!.open === 1)
  const late = await rawPost(gateway.url, CHAT_PATH, chat({ model: 'pair' }), { 'x-turnout-deadline-ms': '50' })
  t.equal(late.status, 503)
  t.match(errorOf(await late.json()), { code: 'at_capacity', message: /too late for this request/ })
  t.equal((await first).headers['x-turnout-backend'], 'a')
  t.equal((await second).headers['x-turnout-backend'], 'b')
})

t.test('of several keys each call takes another; one that is refused rests alone, and is named nowhere', async (t) => {
  const SECRETS = ['sk-secret-number-one', 'sk-secret-number-two', 'sk-secret-number-three']
  const upstream = await startFaultUpstream({ models: ['tiny'] })
  t.teardown(() => upstream.close())
  const [one, two, three] = SECRETS
  const keys = [one, { key: two, name: 'spare' }, three]
  const gateway = await gatewayFor(t, { backends: [{ name: 'cloud', kind: 'openai-compatible', url: upstream.url, models: ['tiny'], keys }] }) // prettier-ignore
  const usedBy = (): string[] => upstream.requests.map(({ headers }) => String(headers['authorization']).slice(7))
  for (let call = 0; call < 3; call++) t.equal((await rawPost(gateway.url, CHAT_PATH, chat())).status, 200)
  t.strictSame([...usedBy()].sort(), [...SECRETS].sort(), 'each of them once')
  upstream.next({ ...failing(429), headers: { 'retry-after': '30' } })
  const answer = await rawPost(gateway.url, CHAT_PATH, chat())
  t.equal(answer.status, 200)
  t.equal(answer.headers['x-turnout-attempts'], '2')
  const rested = usedBy()[3]!
  for (let call = 0; call < 4; call++) t.equal((await rawPost(gateway.url, CHAT_PATH, chat())).status, 200)
  t.notOk(usedBy().slice(4).includes(rested), 'it is left alone')
  upstream.next(failing(401), failing(401))
  const refused = await rawPost(gateway.url, CHAT_PATH, chat())
  const text = JSON.stringify(await refused.json())
  t.ok(refused.status === 502 || refused.status === 429, `${refused.status}`)
  const all = await rawPost(gateway.url, CHAT_PATH, chat())
  const calls = usedBy().length
  t.ok(Number(all.headers['retry-after-ms']) > 20_000, 'until the first key is back')
  t.equal(usedBy().length, calls, 'and nothing is sent meanwhile')
  const shown = [text, JSON.stringify(await all.json()), await (await fetch(`${gateway.url}/metrics`)).text(), gateway.logged()].join('\n') // prettier-ignore
  for (const secret of SECRETS) t.notOk(shown.includes(secret.slice(3)))
  t.match(shown, /"backend_key_rests".*"key_name":"(1|spare|3)"/)
})

t.test('a limit of one model rests its key for that model alone, and is sent no more while it holds', async (t) => {
  for (const [what, traits, keys] of [
    ['two keys', { keys: ['sk-number-one', 'sk-number-two'] }, 2],
    ['limits', { limits: { parallel: 4 } }, 1],
  ] as const) {
    const upstream = await startFaultUpstream({ models: ['large', 'small'] })
    t.teardown(() => upstream.close())
    const cloud = { name: 'cloud', kind: 'openai-compatible', url: upstream.url, models: ['large', 'small'], ...traits }
    const gateway = await gatewayFor(t, { backends: [cloud] })
    const ask = (model: string): ReturnType<typeof rawPost> => rawPost(gateway.url, CHAT_PATH, chat({ model }))
    const limited = failing(429, { message: 'Rate limit reached for model large', headers: { 'retry-after': '60' } })
    upstream.next(...Array.from({ length: keys }, () => limited))
    t.equal((await ask('large')).status, 429, what)
    t.equal(upstream.requests.length, keys, 'each key once')
    const refused = await ask('large')
    t.equal(refused.status, 429)
    const seconds = Number(refused.headers['retry-after'])
    t.ok(seconds > 50 && seconds <= 60, `${seconds} s`)
    t.equal(upstream.requests.length, keys, 'and no more while it holds')
    for (let call = 0; call < 2; call++) t.equal((await ask('small')).status, 200)
    const [shown] = (await (await fetch(`${gateway.url}/health`)).json() as { backends: { state: string; keys?: { resting_ms: number; resting_models_ms: Record<string, number> }[] }[] }).backends // prettier-ignore
    t.equal(shown!.state, 'ready')
    if (keys === 1) continue
    t.equal(shown!.keys?.length, keys)
    for (const { resting_ms: whole, resting_models_ms: models } of shown!.keys!) {
      t.equal(whole, 0)
      t.strictSame(Object.keys(models), ['large'])
      t.ok(models['large']! > 50_000)
    }
    t.match(gateway.logged(), /"backend_key_rests".*"model":"large"/)
  }
})

t.test('the priority of a key, or less by a header, says who is next; a word that is none is refused', async (t) => {
  const keys = [
    { id: 'batch', hash: hashed('sk-batch'), priority: 'low' },
    { id: 'people', hash: hashed('sk-people'), priority: 'high' },
  ]
  const go = deferred<undefined>()
  const rule = ({ number }: { readonly number: number }): Plan | undefined =>
    number === 1 ? { headersAfter: go.promise } : undefined
  const upstream = await startFaultUpstream({ models: ['tiny'], rule })
  t.teardown(() => upstream.close())
  const one = { name: 'one', kind: 'openai-compatible', url: upstream.url, limits: { parallel: 1 } }
  const gateway = await gatewayFor(t, { backends: [one], keys })
  const order: string[] = []
  const ask = async (name: string, key: string, headers: Readonly<Record<string, string>> = {}): Promise<void> => {
    const answer = await rawPost(gateway.url, CHAT_PATH, chat(), { authorization: `Bearer ${key}`, ...headers })
    t.equal(answer.status, 200)
    await answer.complete
    order.push(name)
  }
  const queued = async (count: number): Promise<void> =>
    eventually(5_000, `${count} that wait`, async () => (await health(gateway.url, 'sk-people'))[0]!.queued === count)
  const all = [ask('first', 'sk-batch')]
  await eventually(5_000, 'the first call', () => upstream.requests.length === 1)
  for (const [at, [name, key, headers]] of [
    ['batch, which asks for more', 'sk-batch', { 'x-turnout-priority': 'high' }],
    ['people, who ask for less', 'sk-people', { 'x-turnout-priority': 'low' }],
    ['people in between', 'sk-people', { 'x-turnout-priority': 'normal' }],
    ['people', 'sk-people', {}],
  ].entries() as Iterable<[number, [string, string, Record<string, string>]]>) {
    all.push(ask(name, key, headers))
    await queued(at + 1)
  }
  go.resolve(undefined)
  await Promise.all(all)
  t.strictSame(order.slice(0, 3), ['first', 'people', 'people in between'])
  t.strictSame(order.slice(3).sort(), ['batch, which asks for more', 'people, who ask for less'])
  const wrong = await rawPost(gateway.url, CHAT_PATH, chat(), { authorization: 'Bearer sk-people', 'x-turnout-priority': 'urgent' }) // prettier-ignore
  t.equal(wrong.status, 400)
  t.match(errorOf(await wrong.json()), {
    param: 'x-turnout-priority',
    message: /"urgent" is none of low, normal, high/,
  })
})

t.test(
  'how long a request waited is in the log, the ledger and the metrics, and is no time of the gateway',
  async (t) => {
    const { gateway, engines } = await slotRig(t, { one: 200 }, { limits: { parallel: 1 } })
    const first = rawPost(gateway.url, CHAT_PATH, chat())
    await eventually(5_000, 'the first call', () => engines['one']!.open === 1)
    const second = await rawPost(gateway.url, CHAT_PATH, chat())
    t.equal((await first).status, 200)
    t.ok(Number(second.headers['x-turnout-overhead-ms']) < 100, `${second.headers['x-turnout-overhead-ms']} ms`)
    t.equal(await gateway.settled('turnout_queue_seconds_count', { backend: 'one' }, 1), 1)
    t.equal(await gateway.metric('turnout_backend_queue_length', { backend: 'one' }), 0)
    const waited = [...gateway.logged().matchAll(/"queue_ms":([\d.]+)/g)].map(([, ms]) => Number(ms))
    t.equal(waited.length, 1)
    t.ok(waited[0]! > 50 && waited[0]! < 2_000, `${waited[0]} ms`)
  },
)

t.test(
  'when the backend fails, those who wait there are served elsewhere; one that has nowhere else waits for its return',
  async (t) => {
    const route = { name: 'pair', match: { model: ['pair'] }, candidates: ['a/*', 'b/*'], strategy: 'ordered' }
    const a = await startFaultUpstream({ models: ['tiny'], plan: { headersAfter: 'never' } })
    t.teardown(() => a.close())
    const b = await startFaultUpstream({ models: ['tiny'] })
    t.teardown(() => b.close())
    const gateway = await gatewayFor(t, {
      backends: [
        { name: 'a', kind: 'openai-compatible', url: a.url, limits: { parallel: 1 } },
        { name: 'b', kind: 'openai-compatible', url: b.url, limits: { rpm: 1, queue: 0 } },
      ],
      routes: [route],
      discovery: { retry: '50ms' },
    })
    // The minute of `b` is used up, so that both wait at `a`.
    t.equal((await rawPost(gateway.url, CHAT_PATH, chat({ model: 'b/tiny' }))).status, 200)
    const open = rawPost(gateway.url, CHAT_PATH, chat({ model: 'a/tiny' }))
    await eventually(5_000, 'the call that holds the place', () => a.requests.length === 1)
    const bound = rawPost(gateway.url, CHAT_PATH, chat({ model: 'a/tiny' }))
    const movable = rawPost(gateway.url, CHAT_PATH, chat({ model: 'pair' }))
    await eventually(5_000, 'two that wait', async () => (await health(gateway.url))[0]!.queued === 2)
    await gateway.apply({
      backends: [
        { name: 'a', kind: 'openai-compatible', url: a.url, limits: { parallel: 1 } },
        { name: 'b', kind: 'openai-compatible', url: b.url },
      ],
      routes: [route],
      discovery: { retry: '50ms' },
    })
    a.set({ modelsPlan: { drop: 'reset' }, plan: { drop: 'reset' } })
    a.cut('reset')
    t.not((await open).status, 200)
    const moved = await movable
    t.equal(moved.status, 200)
    t.equal(moved.headers['x-turnout-backend'], 'b')
    a.set({ models: ['tiny'], plan: {} })
    const answer = await bound
    t.equal(answer.status, 200)
    t.equal(answer.headers['x-turnout-backend'], 'a')
  },
)

t.test('limits that change hold at once for who waits; a backend that goes takes its queue along', async (t) => {
  const { gateway, engines } = await slotRig(t, { one: 300 }, { limits: { parallel: 1 } })
  const { url } = engines['one']!
  const backends = (more: ConfigObject): ConfigObject => ({ backends: [{ name: 'one', kind: 'openai-compatible', url, ...more }] }) // prettier-ignore
  const first = rawPost(gateway.url, CHAT_PATH, chat())
  await eventually(5_000, 'the first call', () => engines['one']!.open === 1)
  const waiting = [1, 2, 3].map(() => rawPost(gateway.url, CHAT_PATH, chat()))
  await eventually(5_000, 'three that wait', async () => (await health(gateway.url))[0]!.queued === 3)
  await gateway.apply(backends({ limits: { parallel: 3 } }))
  await eventually(5_000, 'three calls', () => engines['one']!.open === 3)
  t.equal(engines['one']!.peak, 3)
  await gateway.apply(backends({}))
  for (const answer of await Promise.all([first, ...waiting])) t.equal(answer.status, 200)
  await gateway.apply(backends({ limits: { parallel: 1 } }))
  const held = rawPost(gateway.url, CHAT_PATH, chat())
  await eventually(5_000, 'one call', () => engines['one']!.open === 1)
  const left = rawPost(gateway.url, CHAT_PATH, chat())
  await eventually(5_000, 'one that waits', async () => (await health(gateway.url))[0]!.queued === 1)
  await gateway.apply({ backends: [{ name: 'two', kind: 'openai-compatible', url, models: ['other'] }] })
  t.equal((await held).status, 200)
  const refused = await left
  t.equal(refused.status, 503)
  t.match(errorOf(await refused.json()), { code: 'at_capacity', message: /cannot be called any more/ })
})

t.test('limits that are taken away and written again count the calls of before, until they end', async (t) => {
  const { gateway, engines } = await slotRig(t, { one: 400 }, { limits: { parallel: 1 } })
  const { url } = engines['one']!
  const backends = (more: ConfigObject): ConfigObject => ({ backends: [{ name: 'one', kind: 'openai-compatible', url, ...more }] }) // prettier-ignore
  const first = rawPost(gateway.url, CHAT_PATH, chat())
  await eventually(5_000, 'the first call', () => engines['one']!.open === 1)
  await gateway.apply(backends({}))
  const second = rawPost(gateway.url, CHAT_PATH, chat())
  await eventually(5_000, 'the second call', () => engines['one']!.open === 2)
  await gateway.apply(backends({ limits: { parallel: 1 } }))
  const third = rawPost(gateway.url, CHAT_PATH, chat())
  await eventually(5_000, 'one that waits', async () => (await health(gateway.url))[0]!.queued === 1)
  for (const answer of await Promise.all([first, second, third])) t.equal(answer.status, 200)
  t.equal(engines['one']!.peak, 2)
})

t.test('the only key of a backend has the limits that are written with it', async (t) => {
  const { gateway, engines } = await slotRig(t, { one: 50 }, { keys: [{ key: 'sk-only-one-of-them', parallel: 1 }] })
  const answers = await Promise.all([1, 2, 3].map(() => rawPost(gateway.url, CHAT_PATH, chat())))
  t.strictSame(answers.map(({ status }) => status).sort(), [200, 503, 503]) // prettier-ignore
  t.equal(engines['one']!.peak, 1)
})

t.test('a gateway that stops refuses those who still wait at the end of its time', async (t) => {
  const { gateway, engines } = await slotRig(t, { one: 10_000 }, { limits: { parallel: 1 } })
  const answers = [rawPost(gateway.url, CHAT_PATH, chat())]
  await eventually(5_000, 'the first call', () => engines['one']!.open === 1)
  answers.push(rawPost(gateway.url, CHAT_PATH, chat()))
  await eventually(5_000, 'one that waits', async () => (await health(gateway.url))[0]!.queued === 1)
  await gateway.close()
  for (const answer of await Promise.all(answers)) {
    t.equal(answer.status, 503)
    t.match(errorOf(await answer.json()), { code: 'shutting_down' })
  }
  t.equal(engines['one']!.served, 1)
})

t.test(
  'a burst before equal engines is shared out between their queues, and no engine idles while the other has one',
  async (t) => {
    const { gateway, engines } = await slotRig(t, { a: 60, b: 60 }, { limits: { parallel: 2 } })
    for (let call = 0; call < 6; call++) await (await rawPost(gateway.url, CHAT_PATH, chatStream())).complete
    const before = Object.values(engines).map(({ served }) => served)
    const answers = await Promise.all(Array.from({ length: 24 }, () => rawPost(gateway.url, CHAT_PATH, chatStream())))
    for (const answer of answers) {
      t.equal(answer.status, 200)
      await answer.complete
    }
    const shares = Object.values(engines).map(({ served }, at) => served - before[at]!)
    t.ok(Math.min(...shares) >= 9, shares.join(' and '))
    t.strictSame(Object.values(engines).map(({ peak }) => peak), [2, 2]) // prettier-ignore
  },
)

t.test(
  'who waits before one engine is served by the equal one that has room first, and falls back to the one it left',
  async (t) => {
    const holding = async () => {
      const go = deferred<undefined>()
      const upstream = await startFaultUpstream({ models: ['tiny'], plan: { headersAfter: go.promise } })
      t.teardown(() => upstream.close())
      return { upstream, go }
    }
    const engines = { a: await holding(), b: await holding() }
    const gateway = await gatewayFor(t, {
      backends: Object.entries(engines).map(([name, { upstream: { url } }]) => ({ name, kind: 'openai-compatible', url, limits: { parallel: 1 } })), // prettier-ignore
    })
    const first = [1, 2].map(() => rawPost(gateway.url, CHAT_PATH, chat()))
    await eventually(5_000, 'a call at each', () => Object.values(engines).every(({ upstream }) => upstream.requests.length === 1)) // prettier-ignore
    const waiting = rawPost(gateway.url, CHAT_PATH, chat())
    await eventually(5_000, 'one that waits', async () =>
      (await health(gateway.url)).some(({ queued }) => queued === 1),
    )
    const home = (await health(gateway.url)).find(({ queued }) => queued === 1)!.name as 'a' | 'b'
    const other = home === 'a' ? 'b' : 'a'
    engines[other].upstream.set({ plan: failing(500) })
    engines[other].go.resolve(undefined)
    await eventually(5_000, 'it is sent to the other', () => engines[other].upstream.requests.length === 2)
    engines[home].upstream.set({ plan: {} })
    engines[home].go.resolve(undefined)
    const answer = await waiting
    t.equal(answer.status, 200)
    t.equal(answer.headers['x-turnout-backend'], home, 'which is the next to be tried when the other fails')
    t.equal(answer.headers['x-turnout-attempts'], '2')
    for (const one of first) t.equal((await one).status, 200)
    t.strictSame((await health(gateway.url)).map(({ inflight, queued }) => [inflight, queued]), [[0, 0], [0, 0]]) // prettier-ignore
  },
)

t.test('a model of Ollama of which it answers one call at a time is sent one, and others beside it', async (t) => {
  const open = new Map<string, number>()
  const peaks = new Map<string, number>()
  const gates: (() => void)[] = []
  const answer = async ({ body }: { readonly body: string }): Promise<{ status: number; body: string }> => {
    const { model } = JSON.parse(body) as { model: string }
    const now = (open.get(model) ?? 0) + 1
    open.set(model, now)
    peaks.set(model, Math.max(now, peaks.get(model) ?? 0))
    await new Promise<void>((resolve) => gates.push(resolve))
    open.set(model, open.get(model)! - 1)
    const message = { role: 'assistant', content: 'hello' }
    return { status: 200, body: JSON.stringify({ model, message, done: true, done_reason: 'stop', prompt_eval_count: 3, eval_count: 1 }) } // prettier-ignore
  }
  const models = [['llama3.2', 'llama'], ['qwen3-vl', 'qwen3vl']].map(([model, family]) => ({ name: model, model, details: { family } })) // prettier-ignore
  const engine = await startEngine({
    'GET /api/tags': { status: 200, body: JSON.stringify({ models }) },
    'GET /api/ps': { status: 200, body: JSON.stringify({ models: models.map((one) => ({ ...one, context_length: 4096, expires_at: '2999-01-01T00:00:00Z' })) }) }, // prettier-ignore
    'POST /api/chat': answer,
    'POST /v1/chat/completions': answer,
  })
  t.teardown(() => engine.close())
  const gateway = await gatewayFor(t, {
    backends: [{ name: 'home', kind: 'ollama', url: engine.root, limits: { queue: 8 } }],
  })
  const ask = (model: string): ReturnType<typeof rawPost> => rawPost(gateway.url, '/api/chat', JSON.stringify({ model, messages: [{ role: 'user', content: 'x' }], stream: false })) // prettier-ignore
  const asked = ['qwen3-vl', 'qwen3-vl', 'llama3.2', 'qwen3-vl', 'llama3.2'].map(ask)
  await eventually(5_000, 'three that are sent, two that wait', async () => {
    const [shown] = await health(gateway.url)
    return gates.length === 3 && shown!.queued === 2 && shown!.inflight === 3
  })
  for (let served = 0; served < 5; served++) {
    await eventually(5_000, 'one that is open', () => gates.length > 0)
    gates.shift()!()
  }
  for (const one of await Promise.all(asked)) t.equal(one.status, 200)
  t.strictSame(Object.fromEntries(peaks), { 'qwen3-vl': 1, 'llama3.2': 2 })
})
