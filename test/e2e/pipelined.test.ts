/** Requests that a caller sends ahead of the answers: each of them is cancelled when it leaves, and no answer gets into another. */
import { once } from 'node:events'
import t from 'tap'
import { letPass, within } from '../support/await.ts'
import { chat, chatStream, CHAT_PATH } from '../support/chat.ts'
import { RawClient } from '../support/raw-client.ts'
import { singleRig } from '../support/rig.ts'

const LIMIT_MS = 200

function post(body: object): string {
  const text = JSON.stringify(body)
  return `POST ${CHAT_PATH} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${text.length}\r\n\r\n${text}`
}

for (const way of ['destroy', 'reset'] as const)
  t.test(`a hundred on one connection, then ${way}: all engines are freed`, async (t) => {
    const { gateway, upstream } = await singleRig(t, { plan: { headersAfter: 'never' } })
    // Ten that are not timed: where the code runs for the first time, compiling it would be what is measured.
    const first = await RawClient.open(gateway.url)
    first.socket.write(post(chat()).repeat(10))
    await within(5_000, 'the first calls', upstream.waitRequest(10))
    first[way]()
    await within(3_000, 'the first ones closed', Promise.all(upstream.requests.map((request) => request.closed)))
    const client = await RawClient.open(gateway.url)
    client.socket.write(post(chat()).repeat(100))
    await within(5_000, 'all calls', upstream.waitRequest(110))
    const leftAt = performance.now()
    client[way]()
    const closed = await within(3_000, 'all closed', Promise.all(upstream.requests.map((request) => request.closed)))
    const took = Math.max(...closed.map(({ at }) => at)) - leftAt
    t.ok(took <= LIMIT_MS, `${took.toFixed(1)} ms`)
    t.equal(await gateway.settled('turnout_requests_total', { status: '499' }, 110), 110)
    t.equal(await gateway.settled('turnout_inflight_requests', {}, 0), 0)
  })

for (const pause of [0, 400])
  t.test(`the second is done, the first hangs, and the caller leaves ${pause} ms later`, async (t) => {
    const { gateway, upstream } = await singleRig(t)
    upstream.next({ headersAfter: 'never' }, {})
    const client = await RawClient.open(gateway.url)
    client.socket.write(post(chat()) + post(chat()))
    const second = await within(2_000, 'the second call', upstream.waitRequest(2))
    await second.finished
    // The gateway tells a FIN that comes with a request from a later one.
    await letPass(pause, 'so long has the caller been there')
    const leftAt = performance.now()
    client.destroy()
    const { at } = await within(2_000, 'the first call ends', upstream.requests[0]!.closed)
    t.ok(at - leftAt <= LIMIT_MS, `${(at - leftAt).toFixed(1)} ms`)
    t.equal(await gateway.settled('turnout_inflight_requests', {}, 0), 0)
  })

t.test('two, a FIN behind them, and a caller that still reads: both are answered, in order', async (t) => {
  const { gateway, upstream } = await singleRig(t)
  upstream.next({ headersAfter: 100, words: ['first'] }, { words: ['second'] })
  const client = await RawClient.open(gateway.url)
  let text = ''
  client.socket.on('data', (bytes: Buffer) => (text += bytes.toString()))
  client.socket.end(post(chat()) + post(chat()))
  await within(3_000, 'the end', client.closed)
  t.equal(text.match(/HTTP\/1\.1 200/g)?.length, 2)
  t.ok(text.includes('first') && text.indexOf('first') < text.indexOf('second'))
  t.equal(await gateway.metric('turnout_requests_total', { status: '499' }), 0)
})

t.test('garbage behind a request: nothing of it gets into the answer, and the call ends', async (t) => {
  const { gateway, upstream } = await singleRig(t, { plan: { stallAfter: 2 } })
  const client = await RawClient.open(gateway.url)
  let text = ''
  client.socket.on('data', (bytes: Buffer) => (text += bytes.toString()))
  const answer = await client.send(CHAT_PATH, { body: chatStream() })
  await answer.next()
  client.socket.write('GARBAGE\r\n\r\n')
  await within(2_000, 'the connection is cut', once(client.socket, 'end'))
  client.destroy()
  t.equal(text.match(/HTTP\/1\.1/g)?.length, 1, text)
  await within(LIMIT_MS, 'the engine is freed', upstream.requests[0]!.closed)
})
