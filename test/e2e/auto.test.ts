/** `model: auto` over two engines and two models of a cloud. */
import t, { type Test } from 'tap'
import type { DecisionRecord } from '../../src/core/record.ts'
import { CHAT_PATH } from '../support/chat.ts'
import type { FaultUpstream } from '../support/fault-upstream.ts'
import { startFaultUpstream } from '../support/fault-upstream.ts'
import type { FaultOptions } from '../support/fault-plan.ts'
import type { Gateway } from '../support/gateway.ts'
import { gatewayFor } from '../support/rig.ts'

const EASY = 'What is the capital of France?'
const HARD =
  'Let $f$ be a holomorphic function on the unit disc with $f(0)=0$ and $|f(z)|<1$. Prove that $|f(z)|\\le|z|$, and ' +
  'determine all functions for which equality holds at some nonzero point. Then generalise the proof to the polydisc.'

interface World {
  readonly gateway: Gateway
  readonly engines: readonly [FaultUpstream, FaultUpstream]
  readonly cloud: FaultUpstream
}

async function world(test: Test, engine: FaultOptions = {}, config: object = {}, small = 'gpt-5-mini'): Promise<World> {
  const start = async (options: FaultOptions): Promise<FaultUpstream> => {
    const upstream = await startFaultUpstream(options)
    test.teardown(() => upstream.close())
    return upstream
  }
  const first = await start({ models: ['qwen3-8b'], plan: { firstAfter: 20, pace: 5 }, ...engine })
  const second = await start({ models: ['qwen3-8b'], plan: { firstAfter: 20, pace: 5 }, ...engine })
  const cloud = await start({ models: [small, 'gpt-5'], plan: { firstAfter: 150, pace: 5 } })
  const gateway = await gatewayFor(test, {
    backends: [
      { name: 'gpu-a', kind: 'vllm', url: first.url },
      { name: 'gpu-b', kind: 'vllm', url: second.url },
      { name: 'cloud', kind: 'openai', url: cloud.url, key: 'sk-test', models: [small, 'gpt-5'] },
    ],
    ...config,
  })
  return { gateway, engines: [first, second], cloud }
}

const post = (gateway: Gateway, path: string, body: object, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(gateway.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })

const ask = (content: string, model = 'auto', more: object = {}): object => ({
  model,
  stream: true,
  messages: [{ role: 'user', content }],
  ...more,
})

async function decided(gateway: Gateway, body: object, headers: Record<string, string> = {}): Promise<DecisionRecord> {
  const response = await post(gateway, '/v1/route', body, headers)
  t.equal(response.status, 200)
  return (await response.json()) as DecisionRecord
}

const chosen = async (gateway: Gateway, body: object, headers: Record<string, string> = {}): Promise<string> => {
  const { chosen: one } = await decided(gateway, body, headers)
  return `${one!.backend}/${one!.model}`
}

/** The whole answer is read, so that it has been learnt from when this resolves. */
async function answered(gateway: Gateway, body: object, headers: Record<string, string> = {}): Promise<Headers> {
  const response = await post(gateway, CHAT_PATH, body, headers)
  t.equal(response.status, 200)
  await response.text()
  return response.headers
}

t.test('an easy question stays at home, a hard one goes up', async (t) => {
  const { gateway, engines, cloud } = await world(
    t,
    {},
    { routes: [{ name: 'default', candidates: ['*'], explore: false }] },
  )
  t.match(await chosen(gateway, ask(EASY)), /^gpu-[ab]\/qwen3-8b$/)
  t.match(await chosen(gateway, ask(HARD)), /^cloud\/gpt-5/)
  const before = cloud.requests.length
  t.match((await answered(gateway, ask(EASY))).get('x-turnout-backend'), /^gpu-/)
  t.equal(cloud.requests.length, before, 'nothing of the easy one reached the cloud')
  t.ok(engines[0].requests.length + engines[1].requests.length > 0)
  const other = await world(t, {}, { routes: [{ name: 'default', candidates: ['*'], explore: false }] })
  t.equal((await answered(other.gateway, ask(HARD))).get('x-turnout-backend'), 'cloud')
})

t.test('who costs more is asked where quality is all that counts, who costs least where cost is', async (t) => {
  // By what was published gpt-5-mini is nearly as good; nobody pays five times as much for so little.
  const { gateway } = await world(t, {}, {}, 'gpt-5-nano')
  t.equal(await chosen(gateway, ask(HARD, 'auto:best')), 'cloud/gpt-5')
  t.match(await chosen(gateway, ask(HARD, 'auto:cheap')), /^(gpu-|cloud\/gpt-5-nano)/)
  t.match(await chosen(gateway, ask(HARD, 'auto:local')), /^gpu-/)
  const ceiling = await decided(gateway, ask(HARD, 'auto:best'), { 'x-turnout-max-cost-usd': '0.0015' })
  t.ok(ceiling.candidates.some(({ model, dropped }) => model === 'gpt-5' && dropped?.filter === 'cost'))
  t.not(ceiling.chosen?.model, 'gpt-5')
})

t.test('what names a model gets it, and its effort is left alone', async (t) => {
  const { gateway, cloud } = await world(t)
  for (const model of ['gpu-b/qwen3-8b', 'cloud/gpt-5'])
    for (let turn = 0; turn < 5; turn++) {
      const headers = await answered(gateway, ask(EASY, model))
      t.equal(`${headers.get('x-turnout-backend')}/${headers.get('x-turnout-model')}`, model)
    }
  const bodies = cloud.requests.map(({ json }) => json as Readonly<Record<string, unknown>>)
  t.ok(bodies.length > 0)
  for (const body of bodies) t.notOk('reasoning_effort' in body)
})

t.test('the chosen effort reaches the cloud, the own one of the caller always', async (t) => {
  const { gateway, cloud } = await world(t, {}, { routes: [{ name: 'up', candidates: ['cloud/*'], explore: false }] })
  const { chosen: one } = await decided(gateway, ask(HARD, 'up'))
  t.type(one!.effort, 'string')
  await answered(gateway, ask(HARD, 'up'))
  const sent = (): unknown => (cloud.requests.at(-1)!.json as { reasoning_effort?: unknown }).reasoning_effort
  t.equal(sent(), one!.effort === 'none' ? 'minimal' : one!.effort)
  await answered(gateway, ask(EASY, 'up', { reasoning_effort: 'high' }))
  t.equal(sent(), 'high')
  const record = await decided(gateway, ask(EASY, 'up', { reasoning_effort: 'high' }))
  t.strictSame([...new Set(record.candidates.map(({ effort }) => effort))], ['high'])
})

t.test('engines that became slow lose the easy questions to the cloud, and get them back', async (t) => {
  let slow = true
  const rule = (): object => ({ firstAfter: slow ? 1200 : 20, pace: 5 })
  const { gateway } = await world(t, { rule }, { routes: [{ name: 'default', candidates: ['*'], explore: false }] })
  t.match(await chosen(gateway, ask(EASY)), /^gpu-/, 'as long as nobody knows')
  for (let turn = 0; turn < 3; turn++) await answered(gateway, ask(EASY, 'cloud/gpt-5-mini'))
  for (let turn = 0; turn < 3; turn++)
    await Promise.all(['gpu-a', 'gpu-b'].map((name) => answered(gateway, ask(EASY, `${name}/qwen3-8b`))))
  t.equal(await chosen(gateway, ask(EASY, 'auto:fast')), 'cloud/gpt-5-mini')
  const { candidates } = await decided(gateway, ask(EASY))
  const waits = candidates.filter(({ backend }) => backend.startsWith('gpu-')).map(({ expected }) => expected.ttft_ms!)
  t.ok(
    waits.every((wait) => wait > 600),
    `${waits.join(', ')} ms are expected`,
  )
  slow = false
  for (let turn = 0; turn < 20; turn++) await answered(gateway, ask(EASY, 'gpu-a/qwen3-8b'))
  t.equal(await chosen(gateway, ask(EASY)), 'gpu-a/qwen3-8b')
})

t.test('feedback teaches: a model that keeps failing at something is not asked for it any more', async (t) => {
  const { gateway } = await world(t, {}, { routes: [{ name: 'default', candidates: ['*'], explore: false }] })
  t.match(await chosen(gateway, ask(EASY)), /^gpu-/)
  for (let turn = 0; turn < 12; turn++) {
    const headers = await answered(gateway, ask(EASY, 'gpu-a/qwen3-8b', { reasoning_effort: 'none' }))
    const judged = await post(gateway, '/v1/feedback', { request_id: headers.get('x-request-id'), score: 0 })
    t.strictSame([judged.status, await judged.json()], [200, { status: 'learnt' }])
  }
  t.match(await chosen(gateway, ask(EASY)), /^cloud\//)
  const record = await decided(gateway, ask(EASY))
  const local = record.candidates.find(({ backend, effort }) => backend === 'gpu-b' && effort === 'none')
  t.ok(local!.expected.success! < 0.4, 'the other engine serves the same model')
})

t.test('feedback that nobody can use', async (t) => {
  const { gateway } = await world(t)
  const headers = await answered(gateway, ask(EASY))
  const id = headers.get('x-request-id')
  t.equal((await post(gateway, '/v1/feedback', { request_id: id, score: 1 })).status, 200)
  const long = await post(gateway, '/v1/feedback', { request_id: id, score: 1, note: 'x'.repeat(64 * 1024) })
  t.equal(long.status, 413, 'it is parsed in one go')
  const again = await post(gateway, '/v1/feedback', { request_id: id, score: 1 })
  t.equal(again.status, 404)
  t.match(await again.json(), { error: { code: 'answer_not_found', param: 'request_id', source: 'caller' } })
  const wrong = await post(gateway, '/v1/feedback', { request_id: id, score: 7 })
  t.match(await wrong.json(), { error: { code: 'invalid_request', param: 'score' } })
})
