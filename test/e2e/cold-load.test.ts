/** Engines that load a model when it is asked for, and stop loading it when their client leaves. */
import t from 'tap'
import { chat, CHAT_PATH, chatStream, COMPLETIONS_PATH, errorOf } from '../support/chat.ts'
import type { Plan } from '../support/fault-plan.ts'
import { rawPost } from '../support/raw-client.ts'
import { rig, singleRig } from '../support/rig.ts'

const LIMITS = { headers: '100ms', ttft: '100ms', load: '3s' }
const COLD: readonly Plan[] = [{ headersAfter: 400 }, { firstAfter: 400 }]

const kinds: readonly [string, Record<string, unknown>][] = [
  ['ollama', { kind: 'ollama' }],
  ['LM Studio', { kind: 'lmstudio' }],
  ['llama-swap', { kind: 'llama-swap' }],
  ['an engine without a kind of its own', { kind: 'openai-compatible', loads_on_demand: true }],
  ['a router of llama.cpp', { kind: 'llamacpp', loads_on_demand: true }],
]

async function codeOf(url: string, path = CHAT_PATH, body: object = chatStream()): Promise<string> {
  const response = await rawPost(url, path, body)
  if (response.status !== 200) return errorOf(await response.json()).code
  await response.blocks()
  return 'ok'
}

t.test('an engine that loads on demand is given the time for it', async (t) => {
  for (const [name, backend] of kinds)
    for (const plan of COLD)
      for (const path of [CHAT_PATH, COMPLETIONS_PATH]) {
        const { gateway, upstream } = await singleRig(t, { plan }, { limits: LIMITS, backend })
        const body = path === CHAT_PATH ? chatStream() : { model: 'tiny', prompt: 'x', stream: true }
        t.equal(await codeOf(gateway.url, path, body), 'ok', `${name} ${path} ${JSON.stringify(plan)}`)
        t.equal(upstream.requests.length, 1)
        await gateway.close()
      }
})

t.test('all others are not', async (t) => {
  for (const kind of ['openai-compatible', 'vllm', 'llamacpp', 'sglang'])
    for (const plan of COLD) {
      const { gateway } = await singleRig(t, { plan }, { limits: LIMITS, backend: { kind } })
      t.match(await codeOf(gateway.url), /^(headers|ttft)_timeout$/, `${kind} ${JSON.stringify(plan)}`)
      await gateway.close()
    }
})

t.test('with the model loaded the usual limits hold; after a time-out it may be gone again', async (t) => {
  const { gateway, upstream } = await singleRig(t, {}, { limits: LIMITS, backend: { kind: 'ollama' } })
  t.equal(await codeOf(gateway.url), 'ok')
  upstream.set({ plan: COLD[0]! })
  t.equal(await codeOf(gateway.url), 'ttft_timeout')
  t.equal(await codeOf(gateway.url), 'ok', 'the next one waits for the load')
  t.equal(await codeOf(gateway.url), 'ttft_timeout', 'and then it is loaded')
})

t.test('another model of the same engine may have taken its place', async (t) => {
  const { gateway, upstreams } = await rig(t, {
    upstreams: { up: { models: ['tiny', 'other'] } },
    config: { limits: LIMITS },
    backend: { kind: 'ollama' },
  })
  t.equal(await codeOf(gateway.url), 'ok')
  t.equal(await codeOf(gateway.url, CHAT_PATH, chatStream({ model: 'other' })), 'ok')
  upstreams['up']!.set({ plan: COLD[0]! })
  t.equal(await codeOf(gateway.url), 'ok')
})

t.test('`limits.load` ends it, and never shortens the usual limits', async (t) => {
  const plan: Plan = { headersAfter: 'never' }
  const { gateway } = await singleRig(
    t,
    { plan },
    { limits: { ...LIMITS, load: '200ms' }, backend: { kind: 'ollama' } },
  )
  const startedAt = performance.now()
  const response = await rawPost(gateway.url, CHAT_PATH, chatStream())
  t.match(errorOf(await response.json()), { code: 'ttft_timeout', message: /200 ms/ })
  t.ok(performance.now() - startedAt >= 195)
  t.equal(
    await codeOf(
      (
        await singleRig(
          t,
          { plan: { headersAfter: 50 } },
          { limits: { ...LIMITS, load: '1ms' }, backend: { kind: 'ollama' } },
        )
      ).gateway.url,
    ),
    'ok',
  )
})

t.test('whole answers have no such limit, as before', async (t) => {
  const { gateway } = await singleRig(t, { plan: COLD[0]! }, { limits: LIMITS, backend: { kind: 'ollama' } })
  const response = await rawPost(gateway.url, CHAT_PATH, chat())
  t.equal(response.status, 200)
})
