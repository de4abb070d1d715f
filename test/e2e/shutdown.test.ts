import { once } from 'node:events'
import type { Test } from 'tap'
import t from 'tap'
import { eventually, letPass, within } from '../support/await.ts'
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
  const client = await RawClient.open(gateway.url)
  const live = await client.send(CHAT_PATH, { body: chatStream() })
  await live.next()
  gateway.signal('SIGTERM')
  await saysSo(gateway)
  await t.rejects(RawClient.open(gateway.url), { code: 'ECONNREFUSED' }, 'nobody new')
  const refused = client.send(CHAT_PATH, { body: chat() })
  gate.resolve(true)
  const got = await within(2_000, 'the live answer', readStream(live))
  t.same([got.text.endsWith(WORDS.at(-1) ?? ''), got.finish, got.errors.length, got.dones], [true, 'stop', 0, 1])
  const answer = await within(2_000, 'an answer', refused)
  t.equal(answer.status, 503)
  t.equal(errorOf(await answer.json()).code, 'shutting_down')
  t.match(answer.headers, { 'retry-after': '1', connection: 'close' })
  t.equal(await within(1_000, 'the exit', gateway.exited), 0)
})

t.test('SIGTERM: connections without an answer under way do not delay it', async (t) => {
  const { gateway } = await start(t, {}, '60s')
  const used = await RawClient.open(gateway.url)
  await (
    await used.send(CHAT_PATH, { body: chat() })
  ).complete
  const clients = [used]
  for (const bytes of [
    '',
    'POST /v1/chat',
    `POST ${CHAT_PATH} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n{"mod`,
  ]) {
    const client = await RawClient.open(gateway.url)
    client.socket.write(bytes)
    clients.push(client)
  }
  // Another connection that was opened later has its answer: the bytes above have arrived.
  await (
    await rawPost(gateway.url, CHAT_PATH, chat())
  ).complete
  gateway.signal('SIGTERM')
  t.equal(await within(1_000, 'the exit', gateway.exited), 0)
  for (const { socket } of clients) if (!socket.readableEnded) await within(1_000, 'closed', once(socket, 'end'))
  for (const client of clients) client.destroy()
})

t.test('SIGTERM: the rest of an answer that has ended still reaches a slow reader', async (t) => {
  const { gateway } = await start(t, { plan: { words: ['x'.repeat(12 << 20)] } }, '10s')
  const client = await RawClient.open(gateway.url)
  client.socket.pause()
  const asked = client.send(CHAT_PATH, { body: chat() })
  t.equal(await gateway.settled('turnout_requests_total', { endpoint: 'chat' }, 1), 1)
  gateway.signal('SIGTERM')
  await saysSo(gateway)
  await letPass(200, 'the process does not end')
  client.socket.resume()
  const answer = await within(2_000, 'the answer', asked)
  t.ok((await within(5_000, 'the body', answer.body())).length > 12 << 20)
  t.equal(await within(1_000, 'the exit', gateway.exited), 0)
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
  await saysSo(gateway)
  gateway.signal('SIGTERM')
  t.not(await within(2_000, 'the exit', gateway.exited), 0)
})

const saysSo = (gateway: GatewayProcess): Promise<void> =>
  eventually(2_000, 'it says so', () => gateway.logged().includes('SIGTERM'))
