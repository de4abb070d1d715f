/** A prompt whose estimate is near the limit is counted by the engine's own tokenizer before it is sent. */
import t, { type Test } from 'tap'
import { classify, gatewayRequest } from '../support/factories.ts'
import { chat, CHAT_PATH, errorOf } from '../support/chat.ts'
import type { FaultOptions } from '../support/fault-plan.ts'
import { startFaultUpstream } from '../support/fault-upstream.ts'
import { rawPost } from '../support/raw-client.ts'
import { gatewayFor } from '../support/rig.ts'

const CONTEXT = 1000
const WORD = 'river '
const EACH =
  classify(gatewayRequest({ model: 'tiny', messages: [{ role: 'user', content: WORD.repeat(1000) }] })).inputTokens /
  1000

/** A prompt of about so many tokens, as the gateway counts. */
const prompt = (tokens: number): object =>
  chat({ messages: [{ role: 'user', content: WORD.repeat(Math.round(tokens / EACH)) }] })

type Told = ReturnType<NonNullable<FaultOptions['probe']>>

interface World {
  /** Status and code of the answer, calls of the small and the large engine, and how often the small one counted. */
  readonly ask: (
    tokens: number,
  ) => Promise<readonly [status: number, code: string | null, small: number, large: number, counts: number]>
}

async function world(t: Test, told: () => Told, large: number | null = null): Promise<World> {
  let counts = 0
  const small = await startFaultUpstream({
    probe: ({ path, method }) => {
      if (method !== 'POST' || path !== '/tokenize') return undefined
      counts++
      return told()
    },
  })
  const other = await startFaultUpstream({})
  t.teardown(() => Promise.all([small.close(), other.close()]))
  const gateway = await gatewayFor(t, {
    backends: [
      { name: 'small', kind: 'vllm', url: small.url, models: ['tiny'], weight: 100 },
      ...(large === null ? [] : [{ name: 'large', kind: 'openai-compatible', url: other.url, models: ['tiny'] }]),
    ],
    models: { 'small/tiny': { context: CONTEXT }, ...(large === null ? {} : { 'large/tiny': { context: large } }) },
    routes: [
      {
        name: 'r',
        match: { model: ['tiny'] },
        candidates: large === null ? ['small/*'] : ['small/*', 'large/*'],
        strategy: 'ordered',
      },
    ],
  })
  return {
    ask: async (tokens) => {
      const [before, beforeOther] = [small.requests.length, other.requests.length]
      const already = counts
      const answer = await rawPost(gateway.url, CHAT_PATH, prompt(tokens))
      const body = await answer.json()
      const code = answer.status === 200 ? null : errorOf(body).code
      const calls = small.requests.slice(before).filter(({ path }) => path === CHAT_PATH).length
      return [answer.status, code, calls, other.requests.length - beforeOther, counts - already]
    },
  }
}

t.test('near the limit its count decides', async (t) => {
  let count = 1001
  const { ask } = await world(t, () => ({ body: { count } }))
  t.strictSame(await ask(1000), [400, 'context_length_exceeded', 0, 0, 1])
  t.strictSame(await ask(920), [400, 'context_length_exceeded', 0, 0, 1], 'below the limit as well')
  count = 1000
  t.strictSame(await ask(1080), [200, null, 1, 0, 1])
  t.strictSame(await ask(500), [200, null, 1, 0, 0], 'far below it nobody is asked')
  t.strictSame(await ask(1500), [200, null, 1, 0, 0], 'nor above it: it refuses what is too long')
  t.strictSame(await ask(9000), [400, 'context_length_exceeded', 0, 0, 0])
})

t.test('what does not fit goes to a larger one, and to none that is as small', async (t) => {
  const { ask } = await world(t, () => ({ body: { count: 1200 } }), 4000)
  t.strictSame(
    await ask(1000),
    [200, null, 0, 1, 0],
    'where it is tight the larger one comes first, and nothing need be counted',
  )
  const same = await world(t, () => ({ body: { count: 1200 } }), CONTEXT)
  t.strictSame(await same.ask(1000), [400, 'context_length_exceeded', 0, 0, 1])
})

t.test('a count that fails, or comes too late, fails no request', async (t) => {
  for (const told of [() => ({ status: 500, body: {} }), () => ({ body: { count: 'many' } }), () => undefined]) {
    const { ask } = await world(t, told)
    t.strictSame((await ask(1000)).slice(0, 3), [200, null, 1])
  }
})
