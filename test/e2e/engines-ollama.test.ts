/** What the gateway knows of a real Ollama: which context a call meets, what is loaded, and that no prompt is cut in silence. */
import OpenAI from 'openai'
import { Ollama } from 'ollama'
import t from 'tap'
import { missing, startOllama } from '../support/engines.ts'
import { rawPost } from '../support/raw-client.ts'
import { gatewayFor } from '../support/rig.ts'

interface Shown {
  readonly id: string
  readonly context_tokens: number | null
  readonly context_from: string | null
  readonly trained_context_tokens: number | null
  readonly loaded: boolean | null
  readonly load_seconds: number | null
}

t.test('a real Ollama: context, residency, and no silent cut', { skip: missing('ollama') }, async (t) => {
  const engine = await startOllama()
  t.teardown(() => engine.stop())
  const { model } = engine
  const gateway = await gatewayFor(t, {
    discovery: { interval: '300ms', poll: '100ms' },
    backends: [{ name: 'real', kind: 'ollama', url: engine.url }],
  })
  const openai = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'any', maxRetries: 0 })
  const shown = async (): Promise<Shown> => {
    const { deployments } = (await (await fetch(`${gateway.url}/v1/deployments`)).json()) as { deployments: Shown[] }
    return deployments.find(({ id }) => id === `real/${model}`)!
  }
  /** Each question is as long a wait as the answer takes. */
  const until = async (what: string, holds: (one: Shown) => boolean): Promise<void> => {
    const latest = performance.now() + 10_000
    for (let one = await shown(); !holds(one); one = await shown())
      if (performance.now() > latest) throw new Error(`${what}: ${JSON.stringify(one)}`)
  }
  const becomes = (loaded: boolean): Promise<void> => until(`loaded ${loaded}`, (one) => one.loaded === loaded)
  const inForce = async (): Promise<readonly number[]> => {
    const { models } = (await (await fetch(`${engine.url}/api/ps`)).json()) as { models: { context_length: number }[] }
    return models.map(({ context_length }) => context_length)
  }
  const native = (body: object): Promise<Response> =>
    fetch(`${engine.url}/api/chat`, { method: 'POST', body: JSON.stringify({ model, stream: false, ...body }) })
  const short = [{ role: 'user' as const, content: 'The river' }]

  await t.test(
    'the context of its model file counts before anything is loaded, not what it was trained for',
    async (t) => {
      t.match(await shown(), { context_tokens: 2048, context_from: 'engine', trained_context_tokens: 4096 })
      await becomes(false)
    },
  )

  await t.test('a call loads it, which is seen, and how long that took is learnt', async (t) => {
    await new Ollama({ host: gateway.url }).chat({ model, messages: short, options: { num_predict: 3 } })
    await becomes(true)
    t.strictSame(await inForce(), [2048])
    await until(
      'a load that was learnt',
      ({ load_seconds: seconds }) => seconds !== null && seconds > 0.05 && seconds < 60,
    )
    const listed = (await openai.models.retrieve(model)) as OpenAI.Model & { context_length: number; loaded: boolean }
    t.match(listed, { context_length: 2048, loaded: true })
  })

  await t.test('another client that loads it with another context changes nothing for our calls', async (t) => {
    await (await native({ messages: short, options: { num_ctx: 512, num_predict: 2 } })).text()
    t.strictSame(await inForce(), [512])
    t.equal((await shown()).context_tokens, 2048)
    await openai.chat.completions.create({ model, messages: short, max_completion_tokens: 3 })
    t.strictSame(await inForce(), [2048], 'as our call loads it')
  })

  const turns = (count: number) =>
    Array.from({ length: count }, (_, at) => ({
      role: at % 2 === 0 ? ('user' as const) : ('assistant' as const),
      content: 'The old house stands by the river and the sea is near. '.repeat(12),
    }))
  const sayings = { messages: turns(61), max_tokens: 3 }

  await t.test(
    'a conversation that it would cut in silence is refused, with both numbers, in every dialect',
    async (t) => {
      const cut = await native({ messages: sayings.messages, options: { num_predict: 3 } })
      t.equal(cut.status, 200, 'the engine itself answers')
      const { prompt_eval_count: read } = (await cut.json()) as { prompt_eval_count: number }
      t.ok(read <= 2048, `it has read ${read} tokens of it`)
      for (const [path, body] of [
        ['/v1/chat/completions', { model, ...sayings }],
        [
          '/v1/chat/completions',
          {
            model,
            messages: [
              {
                role: 'user',
                content: turns(61)
                  .map(({ content }) => content)
                  .join(''),
              },
            ],
          },
        ],
        ['/v1/messages', { model, ...sayings }],
        ['/v1/responses', { model, input: sayings.messages }],
        ['/api/chat', { model, messages: sayings.messages, stream: false }],
      ] as const) {
        const answer = await rawPost(gateway.url, path, body)
        t.equal(answer.status, 400, path)
        t.match(
          JSON.stringify(await answer.json()),
          /its context is 2048 tokens, the prompt has about \d{4,5}|\d{4,5} tokens > 2048 maximum/,
          path,
        )
      }
      t.equal(
        (await openai.chat.completions.create({ model, messages: turns(5), max_completion_tokens: 3 })).model,
        model,
        'what fits is answered',
      )
    },
  )

  await t.test('what leaves it is seen to have left, and a keep-alive is followed', async () => {
    await (await native({ messages: [], keep_alive: 0 })).text()
    await becomes(false)
    await (await native({ messages: short, keep_alive: '2s', options: { num_predict: 2 } })).text()
    await becomes(true)
    await becomes(false)
  })
})
