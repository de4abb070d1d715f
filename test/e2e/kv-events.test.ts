import type OpenAI from 'openai'
import t from 'tap'
import { eventually } from '../support/await.ts'
import { freePort, missing, startVllm } from '../support/engines.ts'
import { startFaultUpstream } from '../support/fault-upstream.ts'
import { gatewayFor } from '../support/rig.ts'
import { batchOf, removed, startPeer, stored } from '../support/zmq-peer.ts'

const BLOCKS = Array.from({ length: 16 }, (_, at) => at)
const TEXT = 'The river runs to the sea. The sea is calm in the morning. A small boat waits in the harbour. '

async function ask(url: string, model: string, content: string): Promise<{ prompt: number; cached: number }> {
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model, messages: [{ role: 'user', content }], max_tokens: 8 }),
  })
  const { usage } = (await response.json()) as { usage: OpenAI.CompletionUsage }
  return { prompt: usage.prompt_tokens, cached: usage.prompt_tokens_details?.cached_tokens ?? 0 }
}

t.test(
  'a gateway follows the KV events of a backend, from its configuration to its log, and stops with it',
  async (t) => {
    const peer = await startPeer()
    const body = {
      id: 'x',
      object: 'chat.completion',
      created: 1,
      model: 'tiny',
      choices: [{ index: 0, message: { role: 'assistant', content: 'yes' }, finish_reason: 'stop' }],
      usage: {
        prompt_tokens: 256,
        completion_tokens: 1,
        total_tokens: 257,
        prompt_tokens_details: { cached_tokens: 0 },
      },
    }
    let answer = (): void => undefined
    const isStored = new Promise<void>((resolve) => (answer = resolve))
    const upstream = await startFaultUpstream({ models: ['tiny'], plan: { body, headersAfter: isStored } })
    t.teardown(() => Promise.all([peer.close(), upstream.close()]))
    const backend = { name: 'gpu', kind: 'vllm', url: upstream.url, models: ['tiny'] }
    const there = peer.subscribed()
    const gateway = await gatewayFor(t, { backends: [{ ...backend, kv_events: `tcp://127.0.0.1:${peer.port}` }] })
    await there
    const { cache } = gateway.deployment('gpu/tiny')
    const asked = ask(gateway.url, 'gpu/tiny', TEXT.repeat(11))
    await eventually(20_000, 'the prompt is taken to be kept', () => cache.seat >= 0)
    peer.publish(0n, batchOf(stored(BLOCKS, null)))
    answer()
    t.strictSame(await asked, { prompt: 256, cached: 0 })
    t.ok(cache.seat >= 0)
    // What was answered is learnt from.
    gateway.logged()
    peer.publish(1n, batchOf(removed(BLOCKS.toReversed())))
    await eventually(20_000, 'nothing of it is taken to be kept', () => cache.seat < 0)
    t.match(gateway.logged(), /"event":"kv_events_followed","backend":"gpu"/)
    await gateway.apply({ backends: [backend] })
    await eventually(20_000, 'it is followed no more', () => peer.open.size === 0)
  },
)

t.test('a real vLLM says what its cache keeps', { skip: missing('vllm') }, async (t) => {
  const [events, replay] = [await freePort(), await freePort()]
  const config = { enable_kv_cache_events: true, publisher: 'zmq', endpoint: `tcp://*:${events}`, replay_endpoint: `tcp://*:${replay}` } // prettier-ignore
  // Blocks of 128 tokens on a CPU: the cache holds 2,432 of them.
  const engine = await startVllm(['--kv-events-config', JSON.stringify(config), '--num-gpu-blocks-override', '20'])
  t.teardown(() => engine.stop())
  const backend = { name: 'real', kind: 'vllm', url: engine.url, kv_events: `tcp://127.0.0.1:${events}`, kv_events_replay: `tcp://127.0.0.1:${replay}` } // prettier-ignore
  const gateway = await gatewayFor(t, { backends: [backend] })
  await eventually(20_000, 'it is followed', () => gateway.logged().includes('kv_events_followed'))
  const text = TEXT.repeat(18)
  const model = `real/${engine.model}`
  const { cache } = gateway.deployment(model)
  const { prompt } = await ask(gateway.url, model, text)
  t.ok(prompt > 384)
  const again = await ask(gateway.url, model, text)
  t.ok(again.cached >= 384, `${again.cached} of ${again.prompt} tokens were kept`)
  t.ok(cache.seat >= 0, 'the map says so too')
  // Others use the engine, and the gateway sees nothing of it but its events.
  for (let at = 0; at < 12 && cache.seat >= 0; at++) await ask(engine.url, engine.model, `${at} ${text}`)
  await eventually(20_000, 'the engine threw it out, and the map knows', () => cache.seat < 0)
  t.equal((await ask(gateway.url, model, text)).cached, 0, 'and it is so')
})
