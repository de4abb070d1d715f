import type { Test } from 'tap'
import t from 'tap'
import { within } from '../support/await.ts'
import { chat, chatStream, CHAT_PATH, errorOf, readStream } from '../support/chat.ts'
import type { FaultOptions } from '../support/fault-plan.ts'
import { deferred } from '../support/fault-record.ts'
import type { FaultUpstream } from '../support/fault-upstream.ts'
import { startFaultUpstream } from '../support/fault-upstream.ts'
import type { GatewayProcess } from '../support/gateway-process.ts'
import { startGatewayProcess } from '../support/gateway-process.ts'
import { WORDS } from '../support/openai-answers.ts'
import { RawClient, rawPost } from '../support/raw-client.ts'

async function start(
  test: Test,
  options: FaultOptions,
  drain: string,
): Promise<{ upstream: FaultUpstream; gateway: GatewayProcess }> {
  const upstream = await startFaultUpstream(options)
  test.teardown(() => upstream.close())
  const backends = [{ name: 'up', kind: 'openai-compatible', url: upstream.url, models: ['tiny'] }]
  const gateway = await startGatewayProcess({ backends, server: { drain } })
  test.teardown(() => gateway.close())
  return { upstream, gateway }
}

t.test('SIGTERM: live answers finish, new requests are refused, and it ends with 0', async (t) => {
  const gate = deferred<true>()
  const { gateway } = await start(t, { plan: { pace: (i) => (i === 3 ? gate.promise : undefined) } }, '10s')
  const kept = await RawClient.open(gateway.url)
  const live = await rawPost(gateway.url, CHAT_PATH, chatStream())
  await live.next()
  gateway.signal('SIGTERM')
  await within(
    2_000,
    'it says so',
    until(() => gateway.logged().includes('SIGTERM')),
  )
  const refused = await within(2_000, 'an answer', kept.send(CHAT_PATH, { body: chat() }))
  t.equal(refused.status, 503)
  t.equal(errorOf(await refused.json()).code, 'shutting_down')
  t.ok(refused.headers['retry-after'])
  gate.resolve(true)
  const got = await within(2_000, 'the live answer', readStream(live))
  t.same([got.text.endsWith(WORDS.at(-1) ?? ''), got.finish, got.errors.length, got.dones], [true, 'stop', 0, 1])
  kept.destroy()
  t.equal(await within(3_000, 'the exit', gateway.exited), 0)
})

t.test('SIGTERM: what does not finish in time ends with an error, never in silence', async (t) => {
  const { gateway, upstream } = await start(t, { plan: { stallAfter: 3 } }, '200ms')
  const live = await rawPost(gateway.url, CHAT_PATH, chatStream())
  const whole = rawPost(gateway.url, CHAT_PATH, chat({ model: 'tiny' }))
  upstream.set({ plan: { headersAfter: 'never' } })
  const waiting = rawPost(gateway.url, CHAT_PATH, chat())
  await live.next()
  await upstream.waitRequest(3)
  gateway.signal('SIGTERM')
  const got = await within(3_000, 'the stream', readStream(live))
  t.equal(got.errors[0]?.code, 'shutting_down')
  t.same([got.dones, got.doneLast], [1, true])
  await (
    await whole
  ).complete
  const answer = await within(3_000, 'the other', waiting)
  t.equal(answer.status, 503)
  t.equal(errorOf(await answer.json()).code, 'shutting_down')
  t.equal(await within(3_000, 'the exit', gateway.exited), 0)
})

t.test('a second signal ends it at once', async (t) => {
  const { gateway } = await start(t, { plan: { stallAfter: 3 } }, '60s')
  const live = await rawPost(gateway.url, CHAT_PATH, chatStream())
  await live.next()
  gateway.signal('SIGTERM')
  await within(
    2_000,
    'it says so',
    until(() => gateway.logged().includes('SIGTERM')),
  )
  gateway.signal('SIGTERM')
  t.not(await within(2_000, 'the exit', gateway.exited), 0)
})

async function until(look: () => boolean): Promise<void> {
  while (!look()) await new Promise((resolve) => setTimeout(resolve, 5))
}
