/** Counts of tokens: exact where the engine tells, else estimated, and never at the cost of anybody's health. */
import Anthropic from '@anthropic-ai/sdk'
import t, { type Test } from 'tap'
import { within } from '../support/await.ts'
import type { FaultUpstream } from '../support/fault-upstream.ts'
import { startFaultUpstream } from '../support/fault-upstream.ts'
import type { FaultOptions } from '../support/fault-plan.ts'
import type { Gateway } from '../support/gateway.ts'
import { messages } from '../support/messages.ts'
import { rawPost } from '../support/raw-client.ts'
import { gatewayFor, singleRig } from '../support/rig.ts'

const PATH = '/v1/messages/count_tokens'

interface Counting {
  readonly gateway: Gateway
  readonly engine: FaultUpstream
  /** Bodies with which it was asked, by path. */
  readonly asked: Map<string, Record<string, unknown>>
}

/** A gateway before an engine of a kind, whose answers beside inference are `told`, by path. */
async function counting(
  t: Test,
  kind: string,
  told: Readonly<Record<string, NonNullable<ReturnType<NonNullable<FaultOptions['probe']>>>>>,
): Promise<Counting> {
  const asked = new Map<string, Record<string, unknown>>()
  const engine = await startFaultUpstream({
    probe: ({ path, method, json }) => {
      if (method === 'POST') asked.set(path, { ...json })
      return method === 'POST' ? told[path] : undefined
    },
  })
  t.teardown(() => engine.close())
  const gateway = await gatewayFor(t, { backends: [{ name: 'up', kind, url: engine.url, models: ['tiny'] }] })
  return { gateway, engine, asked }
}

t.test('vLLM counts with its own tokenizer', async (t) => {
  const { gateway, asked } = await counting(t, 'vllm', {
    '/tokenize': { body: { count: 11, max_model_len: 2048, tokens: [1, 537], token_strs: null } },
  })
  const body = messages({
    system: [
      { type: 'text', text: 'x-anthropic-billing-header: cch=1;' },
      { type: 'text', text: 'Be brief.' },
    ],
    tools: [{ name: 'look', input_schema: { type: 'object' } }],
  })
  const answer = await rawPost(gateway.url, PATH, body)
  t.strictSame(await answer.json(), { input_tokens: 11 })
  t.equal(answer.headers['request-id'], answer.headers['x-request-id'])
  t.strictSame(asked.get('/tokenize'), {
    model: 'tiny',
    messages: [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Where does the river run?' },
    ],
    tools: [{ type: 'function', function: { name: 'look', parameters: { type: 'object' } } }],
  })
})

t.test('llama.cpp counts what it is asked in the words of the caller', async (t) => {
  const { gateway, asked } = await counting(t, 'llamacpp', { [PATH]: { body: { input_tokens: 19 } } })
  const claude = new Anthropic({ baseURL: gateway.url, apiKey: 'any', maxRetries: 0 })
  const { input_tokens: tokens } = await claude.messages.countTokens({
    model: 'claude-local-tiny',
    messages: [{ role: 'user', content: 'Hi' }],
    system: 'S',
  })
  t.equal(tokens, 19)
  t.strictSame(asked.get(PATH), { model: 'tiny', messages: [{ role: 'user', content: 'Hi' }], system: 'S' })
})

const FAILURES: Readonly<Record<string, Parameters<typeof counting>[2]>> = {
  'no such path': { '/tokenize': { status: 404, body: { detail: 'Not Found' } } },
  'a fault': { '/tokenize': { status: 500, body: 'x' } },
  'what is no JSON': { '/tokenize': { body: 'x' } },
  'another answer': { '/tokenize': { body: { tokens: 'many' } } },
  'a reset': { '/tokenize': { drop: 'reset' } },
}

for (const [name, told] of Object.entries(FAILURES))
  t.test(`behind ${name} the count is an estimate, and the backend is as well as before (AT-81)`, async (t) => {
    const { gateway, asked } = await counting(t, 'vllm', told)
    for (let turn = 0; turn < 6; turn++) {
      const answer = await rawPost(gateway.url, PATH, messages())
      t.equal(answer.status, 200)
      t.match(await answer.json(), { input_tokens: Number })
    }
    t.equal(asked.size, 1)
    t.equal(await gateway.metric('turnout_backend_up', { backend: 'up' }), 1)
    t.equal(await gateway.metric('turnout_breaker_open', { backend: 'up' }), 0)
    t.equal((await rawPost(gateway.url, '/v1/messages', messages())).status, 200)
  })

t.test('an engine that says nothing does not hold the answer up for long', async (t) => {
  const { gateway } = await counting(t, 'vllm', { '/tokenize': { headersAfter: 'never' } })
  const answer = await within(4_000, 'the count', rawPost(gateway.url, PATH, messages()))
  t.match(await answer.json(), { input_tokens: Number })
  const again = await within(1_000, 'the next count', rawPost(gateway.url, PATH, messages()))
  t.equal(again.status, 200, 'it is not waited for again')
})

t.test('where no engine tells, what was learnt of its tokenizer counts', async (t) => {
  const { gateway, upstream } = await singleRig(t)
  const text = 'The river runs to the sea, and the sea is far. '.repeat(40)
  const body = messages({ messages: [{ role: 'user', content: text }] })
  const count = async (): Promise<number> =>
    (await (await rawPost(gateway.url, PATH, body)).json<{ input_tokens: number }>()).input_tokens
  const before = await count()
  t.ok(before > 300 && before < 700, `${before} tokens`)
  const usage = {
    prompt_tokens: Math.round(before / 3),
    completion_tokens: 2,
    total_tokens: Math.round(before / 3) + 2,
  }
  const choices = [{ index: 0, message: { role: 'assistant', content: 'So.' }, finish_reason: 'stop' }]
  for (let turn = 0; turn < 5; turn++) {
    upstream.next({ body: { id: 'c', object: 'chat.completion', created: 1, model: 'tiny', choices, usage } })
    await (await rawPost(gateway.url, '/v1/messages', body)).json()
  }
  await gateway.settled('turnout_successes_total', {}, 5)
  const after = await count()
  t.ok(after < before / 2, `${after} tokens, ${before} before`)
})

t.test('a readable body is counted whoever should answer it; another is refused in the envelope', async (t) => {
  const { gateway, upstream } = await singleRig(t)
  t.match(await (await rawPost(gateway.url, PATH, messages({ model: 'nobody' }))).json(), { input_tokens: Number })
  const broken = await rawPost(gateway.url, PATH, '{"model"')
  t.equal(broken.status, 400)
  t.match(await broken.json(), {
    type: 'error',
    error: { type: 'invalid_request_error' },
    request_id: broken.headers['request-id'],
  })
  t.equal((await rawPost(gateway.url, PATH, { model: 'tiny' })).status, 400)
  t.equal(upstream.requests.length, 0)
})
