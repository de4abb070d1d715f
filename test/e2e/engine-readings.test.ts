/** What real engines tell while they work: in /health and in the metrics. llama.cpp in CI, the others by `npm run test:engines`. */
import type { Test } from 'tap'
import t from 'tap'
import type { EngineStatus } from '../../src/backends/fleet/engine-status.ts'
import { eventually } from '../support/await.ts'
import { CHAT_PATH, chat } from '../support/chat.ts'
import { type Engine, missing, startLlama, startLlamaRouter, startOllama, startVllm } from '../support/engines.ts'
import type { Gateway } from '../support/gateway.ts'
import { rawPost } from '../support/raw-client.ts'
import { gatewayFor } from '../support/rig.ts'

const DISCOVERY = { interval: '300ms', poll: '60ms' }
const CALLERS = 8

async function front(
  t: Test,
  kind: string,
  start: () => Promise<Engine>,
): Promise<{ engine: Engine; gateway: Gateway }> {
  const engine = await start()
  t.teardown(() => engine.stop())
  const backends = [{ name: 'real', kind, url: engine.url, loads_on_demand: true }]
  return { engine, gateway: await gatewayFor(t, { backends, discovery: DISCOVERY }) }
}

async function told(gateway: Gateway): Promise<EngineStatus | null> {
  const health = (await (await fetch(`${gateway.url}/health`)).json()) as {
    backends: { engine: EngineStatus | null }[]
  }
  return health.backends[0]!.engine
}

const figure = (gateway: Gateway, name: string): Promise<number> =>
  gateway.metric(`turnout_backend_${name}`, { backend: 'real' })

/** Callers that ask again as soon as they are answered; resolves with what was asked, once `seen` is so and all are answered. */
async function underLoad(gateway: Gateway, model: string, seen: () => Promise<boolean>): Promise<number> {
  let done = false
  let answers = 0
  const caller = async (): Promise<void> => {
    for (let turn = 0; !done; turn++) {
      const content = `${'the river and the old house '.repeat(20)}${turn}`
      const answer = await rawPost(
        gateway.url,
        CHAT_PATH,
        chat({ model, max_tokens: 400, messages: [{ role: 'user', content }] }),
      )
      await answer.complete
      if (answer.status === 200) answers++
    }
  }
  const callers = Array.from({ length: CALLERS }, caller)
  try {
    await eventually(30_000, 'it is seen', seen)
  } finally {
    done = true
    await Promise.all(callers)
  }
  return answers
}

t.test('llama.cpp tells what runs and waits, and that it is idle again', { skip: missing('llama') }, async (t) => {
  const { engine, gateway } = await front(t, 'llamacpp', startLlama)
  await eventually(5_000, 'its slots', async () => (await told(gateway))?.slots === 2)
  t.match(
    await told(gateway),
    { running: null, waiting: null, sleeping: false, loaded: [engine.model] },
    'not asked yet',
  )
  const answers = await underLoad(gateway, engine.model, async () => {
    const { running, waiting } = (await told(gateway)) ?? {}
    return running === 2 && (waiting ?? 0) >= 1 && (await figure(gateway, 'running')) > 0
  })
  t.ok(answers >= CALLERS)
  await eventually(5_000, 'its idleness', async () => (await told(gateway))?.running === 0)
})

t.test('llama.cpp whose metrics are off tells its slots', { skip: missing('llama') }, async (t) => {
  const { engine, gateway } = await front(t, 'llamacpp', () => startLlama([], ['--metrics']))
  await underLoad(gateway, engine.model, async () => (await told(gateway))?.running === 2)
  t.match(await told(gateway), { waiting: null, slots: 2 })
  await eventually(5_000, 'its idleness', async () => (await told(gateway))?.running === 0)
})

t.test(
  'llama.cpp goes to sleep although it is looked at, and wakes for a request',
  { skip: missing('llama') },
  async (t) => {
    const { engine, gateway } = await front(t, 'llamacpp', () => startLlama(['--sleep-idle-seconds', '2']))
    const asleep = async (): Promise<boolean> => (await told(gateway))?.sleeping === true
    await eventually(10_000, 'its sleep', asleep)
    t.match(await told(gateway), { loaded: [] })
    const answer = await rawPost(gateway.url, CHAT_PATH, chat({ model: engine.model, max_tokens: 8 }))
    await answer.complete
    t.equal(answer.status, 200)
    await eventually(5_000, 'that it is awake', async () => (await told(gateway))?.sleeping === false)
    await eventually(10_000, 'its next sleep', asleep)
  },
)

t.test(
  'a router of llama.cpp tells which models it has loaded, and what they do',
  { skip: missing('llama') },
  async (t) => {
    const { gateway } = await front(t, 'llamacpp', () => startLlamaRouter(['first', 'second']))
    await eventually(5_000, 'its models', async () => (await told(gateway))?.loaded?.length === 0)
    await underLoad(gateway, 'second', async () => {
      const { loaded, running } = (await told(gateway)) ?? {}
      return loaded?.join() === 'second' && running === 2
    })
  },
)

t.test('Ollama tells what it has loaded', { skip: missing('ollama') }, async (t) => {
  const { engine, gateway } = await front(t, 'ollama', startOllama)
  await eventually(5_000, 'its version', async () => /^\d+\.\d+/.test((await told(gateway))?.version ?? ''))
  t.match(await told(gateway), { loaded: [], running: null, waiting: null, kv_usage_ratio: null, read_ms_ago: Number })
  const ask = async (more: object): Promise<void> => {
    const body = { model: engine.model, prompt: 'The river', stream: false, options: { num_predict: 4 }, ...more }
    const answer = await rawPost(gateway.url, '/api/generate', body)
    await answer.complete
    t.equal(answer.status, 200)
  }
  await ask({})
  await eventually(5_000, 'its load', async () => (await told(gateway))?.loaded?.join() === engine.model)
  await ask({ keep_alive: 0 })
  await eventually(10_000, 'its unload', async () => (await told(gateway))?.loaded?.length === 0)
})

t.test('vLLM tells its load, its cache and what waits', { skip: missing('vllm') }, async (t) => {
  const { engine, gateway } = await front(t, 'vllm', startVllm)
  await eventually(5_000, 'its reading', async () => (await told(gateway))?.running === 0)
  t.match(await told(gateway), { waiting: 0, kv_usage_ratio: 0, sleeping: false, version: /^\d+\.\d+/ })
  await underLoad(gateway, engine.model, async () => {
    const { running, waiting, kv_usage_ratio: kv } = (await told(gateway)) ?? {}
    const seen = running === 4 && (waiting ?? 0) >= 1 && (kv ?? 0) > 0
    if (seen) t.comment(`running ${running}, waiting ${waiting}, KV cache ${kv}`)
    return seen
  })
  await eventually(10_000, 'its idleness', async () => (await told(gateway))?.running === 0)
})
