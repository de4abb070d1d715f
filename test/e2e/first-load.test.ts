/** An Ollama that tells the context of loaded models only: a prompt that may fit has its model loaded first, and none is cut. */
import t, { type Test } from 'tap'
import { chat, CHAT_PATH } from '../support/chat.ts'
import { json, type Seen, startEngine } from '../fleet/engine-double.ts'
import { rawPost } from '../support/raw-client.ts'
import { gatewayFor } from '../support/rig.ts'

/** More than the 4,096 tokens of a small machine. */
const LONG = 'word '.repeat(6_000)

const ANSWER = {
  ...{ id: 'c', object: 'chat.completion', created: 1, model: 'tiny' },
  choices: [{ index: 0, message: { role: 'assistant', content: 'Fine.' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 },
}

interface World {
  readonly ask: (
    content: string,
    headers?: Record<string, string>,
  ) => Promise<readonly [status: number, code: string | null]>
  /** Requests that loaded the model, and those that it was asked to answer. */
  readonly loads: () => readonly Seen[]
  readonly chats: () => number
  readonly shown: () => Promise<readonly [context: number | null, from: string | null]>
}

/** `context`: with which it loads its model; null: it cannot be loaded. */
async function world(t: Test, context: number | null, parameters = ''): Promise<World> {
  let loaded = false
  const engine = await startEngine({
    'GET /': { status: 200, body: 'Ollama is running' },
    'GET /api/version': json({ version: '0.34.4' }),
    'GET /api/tags': json({ models: [{ name: 'tiny', model: 'tiny', size: 1000, details: { family: 'llama' } }] }),
    'GET /api/ps': () =>
      json({ models: loaded ? [{ name: 'tiny', model: 'tiny', size: 0, context_length: context }] : [] }),
    'POST /api/show': json({
      parameters,
      model_info: { 'llama.context_length': 131_072 },
      capabilities: ['completion'],
    }),
    'POST /api/generate': () => {
      if (context === null) return json({ error: 'out of memory' }, 500)
      loaded = true
      return json({ model: 'tiny', response: '', done: true, done_reason: 'load' })
    },
    'POST /v1/chat/completions': () => {
      loaded = true
      return json(ANSWER)
    },
  })
  t.teardown(() => engine.close())
  const { url } = await gatewayFor(t, { backends: [{ name: 'own', kind: 'ollama', url: engine.root }] })
  const at = (path: string): readonly Seen[] => engine.seen.filter((one) => one.path === path)
  return {
    ask: async (content, headers = {}) => {
      const answer = await rawPost(url, CHAT_PATH, chat({ messages: [{ role: 'user', content }] }), headers)
      const { error = null } = await answer.json<{ error?: { code: string } }>()
      return [answer.status, error?.code ?? null]
    },
    loads: () => at('/api/generate'),
    chats: () => at('/v1/chat/completions').length,
    shown: async () => {
      const { deployments } = (await (await fetch(`${url}/v1/deployments`)).json()) as {
        deployments: readonly { readonly context_tokens: number | null; readonly context_from: string | null }[]
      }
      const [one] = deployments
      return [one!.context_tokens, one!.context_from]
    },
  }
}

t.test('its first prompt is a long one, and its machine has much memory', async (t) => {
  const { ask, loads, chats, shown } = await world(t, 32_768)
  t.strictSame(await shown(), [4096, 'usual'])
  const answers = await Promise.all([ask(LONG), ask(LONG), ask(LONG)])
  t.strictSame(answers, [[200, null], [200, null], [200, null]]) // prettier-ignore
  t.strictSame(await shown(), [32_768, 'engine'])
  t.strictSame(loads().map(({ body }) => JSON.parse(body) as object), [{ model: 'tiny' }], 'one load for all of them') // prettier-ignore
  t.equal(chats(), 3)
})

t.test('its machine is a small one: the prompt is refused with what it really has, and nothing is cut', async (t) => {
  const { ask, loads, chats, shown } = await world(t, 4096)
  t.strictSame(await ask(LONG), [400, 'context_length_exceeded'])
  t.strictSame(await shown(), [4096, 'engine'])
  t.strictSame(await ask(LONG), [400, 'context_length_exceeded'])
  t.strictSame([loads().length, chats()], [1, 0])
})

t.test('a model that cannot be loaded is not asked for again at once', async (t) => {
  const { ask, loads, chats } = await world(t, null)
  for (let i = 0; i < 3; i++) t.strictSame(await ask(LONG), [400, 'context_length_exceeded'])
  t.strictSame([loads().length, chats()], [1, 0])
})

t.test(
  'nothing is loaded for a prompt that fits, for one that no context has room for, or where the context is set',
  async (t) => {
    const { ask, loads } = await world(t, 32_768)
    t.strictSame(await ask('word '.repeat(140_000)), [400, 'context_length_exceeded'])
    t.strictSame(await ask('Hello'), [200, null])
    t.equal(loads().length, 0)
    const set = await world(t, 2048, 'num_ctx                        2048')
    t.strictSame(await set.ask(LONG), [400, 'context_length_exceeded'])
    t.equal(set.loads().length, 0)
  },
)
