/** The queue before a backend, as callers of every dialect, budgets and lists of models meet it. */
import type { Test } from 'tap'
import t from 'tap'
import { ENDPOINTS } from '../../src/core/endpoints.ts'
import { type EngineDouble, type Reply, type Seen, startEngine } from '../fleet/engine-double.ts'
import { eventually, letPass } from '../support/await.ts'
import { chat, CHAT_PATH, chatStream } from '../support/chat.ts'
import { askIn, waysOf } from '../support/dialects.ts'
import { deferred } from '../support/fault-record.ts'
import type { FaultUpstream } from '../support/fault-upstream.ts'
import { startFaultUpstream } from '../support/fault-upstream.ts'
import { type Gateway, hashed } from '../support/gateway.ts'
import { RawClient, rawPost } from '../support/raw-client.ts'
import { seeded } from '../support/random.ts'
import { gatewayFor } from '../support/rig.ts'
import { SlotEngine } from '../support/slot-engine.ts'

const TOKEN = 'admin-secret'

async function queued(gateway: Gateway, key = 'none'): Promise<number> {
  const answer = await fetch(`${gateway.url}/health`, { headers: { authorization: `Bearer ${key}` } })
  return ((await answer.json()) as { backends: { queued: number }[] }).backends[0]!.queued
}

/** Its calls are answered at once until `hold`, and then when they are let go. */
async function holdable(test: Test): Promise<{ readonly upstream: FaultUpstream; readonly hold: () => () => void }> {
  const upstream = await startFaultUpstream({ models: ['tiny'] })
  test.teardown(() => upstream.close())
  return {
    upstream,
    hold() {
      const go = deferred<undefined>()
      upstream.set({ plan: { headersAfter: go.promise } })
      return () => {
        upstream.set({ plan: {} })
        go.resolve(undefined)
      }
    },
  }
}

t.test('who would be served too late is told the same wait in every dialect, streamed or not', async (t) => {
  const { upstream, hold } = await holdable(t)
  const backend = { name: 'one', kind: 'openai-compatible', url: upstream.url, limits: { parallel: 1 } }
  const gateway = await gatewayFor(t, { backends: [backend] })
  const ms = { before: performance.now(), after: 0 }
  t.equal((await rawPost(gateway.url, CHAT_PATH, chat())).status, 200)
  ms.after = performance.now()
  const release = hold()
  const open = [rawPost(gateway.url, CHAT_PATH, chat()), rawPost(gateway.url, CHAT_PATH, chat())]
  await eventually(5_000, 'one that waits', async () => (await queued(gateway)) === 1)
  const told = new Set<number>()
  const asked = ENDPOINTS.filter(({ served, asks, counts }) => served && asks === 'chat' && counts === null)
  for (const endpoint of asked)
    for (const stream of waysOf(endpoint)) {
      const answer = await askIn(endpoint, gateway.url, {
        model: 'tiny',
        stream,
        headers: { 'x-turnout-deadline-ms': '1' },
      })
      const what = `${endpoint.id}, ${stream ? 'streamed' : 'whole'}`
      t.equal(answer.status, endpoint.format === 'anthropic-messages' ? 529 : 503, what)
      const wait = Number(answer.headers.get('retry-after-ms'))
      told.add(wait)
      t.equal(Number(answer.headers.get('retry-after')), Math.max(1, Math.ceil(wait / 1000)), what)
      const text = await answer.text()
      t.match(text, /has no room for about .* too late for this request/, what)
      if (endpoint.format === 'gemini') t.ok(text.includes(`"retryDelay":"${wait / 1000}s"`), text)
    }
  t.ok(asked.length >= 7, `${asked.length} dialects`)
  // Two calls are before it, each of which takes as long as the one that has ended.
  t.equal(told.size, 1, [...told].join())
  const [wait] = told
  t.ok(wait! >= 1 && wait! <= 2 * (ms.after - ms.before) + 1, `${wait} ms`)
  release()
  for (const one of open) t.equal((await one).status, 200)
})

interface Budgeted {
  readonly budget: string
  readonly used: { readonly requests: number }
  readonly reserved: { readonly tokens: number }
  readonly in_flight: number
}

t.test('what a budget has set aside for a request that waits is given back, however its wait ends', async (t) => {
  const { upstream, hold } = await holdable(t)
  const up = (name: string) => ({ name, kind: 'openai-compatible', url: upstream.url, models: ['tiny'], limits: { parallel: 1 } }) // prettier-ignore
  const config = {
    keys: [{ id: 'ann', hash: hashed('sk-ann'), team: 'red' }],
    budgets: [{ name: 'day', of: 'team', tokens: 1_000_000, per: 'day' }],
    admin: { port: 0, token: hashed(TOKEN) },
  }
  const gateway = await gatewayFor(t, { backends: [up('one')], ...config })
  const budget = async (): Promise<Budgeted> => {
    const answer = await fetch(`${gateway.adminUrl}/admin/budgets`, { headers: { authorization: `Bearer ${TOKEN}` } })
    return ((await answer.json()) as { budgets: Budgeted[] }).budgets[0]!
  }
  const ann = { authorization: 'Bearer sk-ann' }
  const ask = (
    body: Record<string, unknown>,
    more: Readonly<Record<string, string>> = {},
  ): ReturnType<typeof rawPost> => rawPost(gateway.url, CHAT_PATH, body, { ...ann, ...more })
  for (let call = 0; call < 3; call++) t.equal((await ask(chat())).status, 200)
  const release = hold()
  const open = ask(chat())
  await eventually(5_000, 'the call that holds the place', () => upstream.requests.length === 4)
  const alone = (await budget()).reserved.tokens
  t.ok(alone > 0)

  const leaving = await RawClient.open(gateway.url)
  void leaving.send(CHAT_PATH, { body: chatStream(), headers: ann }).catch(() => undefined)
  const late = ask(chat(), { 'x-turnout-deadline-ms': '700' })
  await eventually(5_000, 'two that wait', async () => (await queued(gateway, 'sk-ann')) === 2)
  t.match(await budget(), { in_flight: 3 })
  t.ok((await budget()).reserved.tokens > alone, 'as long as they wait')
  leaving.destroy()
  const refused = await late
  t.equal(refused.status, 503)
  await eventually(5_000, 'what they held', async () => (await budget()).reserved.tokens === alone)

  const moved = [ask(chat()), ask(chatStream())]
  await eventually(5_000, 'two that wait', async () => (await queued(gateway, 'sk-ann')) === 2)
  await gateway.apply({ backends: [up('two')], ...config })
  for (const one of await Promise.all(moved)) t.equal(one.status, 503)
  await eventually(5_000, 'what they held', async () => (await budget()).in_flight === 1)
  release()
  t.equal((await open).status, 200)
  await eventually(5_000, 'the end', async () => (await budget()).in_flight === 0)
  t.match(await budget(), { reserved: { tokens: 0 }, used: { requests: 4 } }, 'the four that were sent')
  t.equal((await ask(chat())).status, 200)
  t.equal(upstream.requests.length, 5)
})

t.test('a list of models is asked for with a key that works, as long as there is one', async (t) => {
  const refused = new Set(['sk-number-one'])
  const answering =
    (body: object) =>
    ({ headers }: Seen): Reply =>
      refused.has((headers.authorization ?? '').slice(7))
        ? { status: 401, body: '{"error":{"message":"Incorrect API key provided"}}' }
        : { status: 200, body: JSON.stringify(body) }
  const engine: EngineDouble = await startEngine({
    'GET /v1/models': answering({ object: 'list', data: [{ id: 'tiny', object: 'model' }] }),
    'POST /v1/chat/completions': answering({
      id: 'x',
      object: 'chat.completion',
      model: 'tiny',
      choices: [{ index: 0, message: { role: 'assistant', content: 'hello' }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
    }),
  })
  t.teardown(() => engine.close())
  const listers = (): string[] => engine.seen.filter(({ method }) => method === 'GET').map(({ headers }) => String(headers.authorization).slice(10)) // prettier-ignore
  const gateway = await gatewayFor(t, {
    discovery: { interval: '30ms' },
    backends: [{ name: 'cloud', kind: 'openai-compatible', url: engine.root, keys: ['sk-number-one', 'sk-number-two', 'sk-number-six'] }], // prettier-ignore
  })
  t.equal((await rawPost(gateway.url, CHAT_PATH, chat())).status, 200, 'its models are known')
  t.strictSame(listers().slice(0, 2), ['number-one', 'number-two'])
  await eventually(5_000, 'further lists', () => listers().length > 4)
  t.notOk(listers().slice(2).includes('number-one'), 'the one that answered is asked again')
  refused.add('sk-number-two')
  for (let call = 0; call < 4; call++) t.equal((await rawPost(gateway.url, CHAT_PATH, chat())).status, 200)
  const before = listers().length
  await eventually(5_000, 'further lists', () => listers().length > before + 2)
  t.strictSame(new Set(listers().slice(before + 1)), new Set(['number-six']), 'a key that rests is left alone')
})

t.test('callers that leave at any moment, before two engines with limits, leave nothing behind', async (t) => {
  const engines = await Promise.all([1, 2].map(() => new SlotEngine({ slots: 9, ttftMs: 10, tokens: 4, tokenMs: 4 }).listen())) // prettier-ignore
  for (const engine of engines) t.teardown(() => engine.close())
  const gateway = await gatewayFor(t, {
    backends: engines.map(({ url }, at) => ({ name: `e${at}`, kind: 'openai-compatible', url, limits: { parallel: 2 } })), // prettier-ignore
  })
  const random = seeded(7)
  const leave = async (at: number): Promise<void> => {
    const client = await RawClient.open(gateway.url)
    const answer = client.send(CHAT_PATH, { body: at % 2 === 0 ? chat() : chatStream() }).catch(() => null)
    await letPass(Math.floor(80 * random()), 'it leaves while it waits, is sent, or is answered')
    client.destroy()
    await answer
  }
  for (let round = 0; round < 4; round++) await Promise.all(Array.from({ length: 25 }, (_, at) => leave(at)))
  const idle = async (): Promise<boolean> => {
    const answer = await fetch(`${gateway.url}/health`)
    const { backends } = (await answer.json()) as { backends: { queued: number; inflight: number }[] }
    return backends.every(({ queued: waiting, inflight }) => waiting === 0 && inflight === 0)
  }
  await eventually(5_000, 'nothing is open', idle)
  // An engine learns a moment later than the gateway that a caller has left, so until here it may see one call more.
  await eventually(5_000, 'nothing is open there', () => engines.every(({ open }) => open === 0))
  for (const engine of engines) engine.peak = 0
  const answers = await Promise.all(Array.from({ length: 8 }, () => rawPost(gateway.url, CHAT_PATH, chat())))
  for (const { status } of answers) t.equal(status, 200)
  t.ok(await idle(), 'and all places were there')
  for (const { peak } of engines) t.ok(peak <= 2, `${peak} at a time`)
})
