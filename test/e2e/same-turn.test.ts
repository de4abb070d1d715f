/** Requests that come in the same turn of the event loop are read in a row, then answered in a row: none of them has to do with another. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { IncomingMessage } from 'node:http'
import t from 'tap'
import { AtOnce } from '../../src/core/at-once.ts'
import { within } from '../support/await.ts'
import { chat, CHAT_PATH } from '../support/chat.ts'
import { RawClient } from '../support/raw-client.ts'
import { gatewayFor, rig, singleRig } from '../support/rig.ts'
import { startFaultUpstream } from '../support/fault-upstream.ts'

const START = 'http.server.request.start'

/** Calls `then` in the very moment when the body of a request of this process is whole, behind all who wait for that. */
function onWhole(port: number, then: (request: IncomingMessage) => void): () => void {
  const seen = (message: unknown): void => {
    const { request } = message as { readonly request: IncomingMessage }
    if (request.socket.localPort === port) process.nextTick(() => request.on('end', () => then(request)))
  }
  subscribe(START, seen)
  return () => unsubscribe(START, seen)
}

const post = (body: string): string =>
  `POST ${CHAT_PATH} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`

t.test('what comes together is handed on together, in its order, and nothing is kept', async (t) => {
  const seen: number[][] = []
  const numbers = new AtOnce<number>((all) => seen.push([...all]))
  for (const one of [1, 2, 3]) numbers.add(one)
  await Promise.resolve()
  numbers.add(4)
  t.strictSame(seen, [], 'not before the turn is over')
  await new Promise((resolve) => setImmediate(resolve))
  numbers.add(5)
  await new Promise((resolve) => setImmediate(resolve))
  t.strictSame(seen, [[1, 2, 3, 4], [5]])
})

t.test('a bad request among others is refused, and the others are answered', async (t) => {
  const { gateway, upstream } = await singleRig(t)
  const clients = await Promise.all(Array.from({ length: 40 }, () => RawClient.open(gateway.url)))
  const statuses = await Promise.all(
    clients.map(async (client, at) => {
      const bodies: readonly (string | object)[] = [
        chat(),
        '{"model":',
        chat({ model: 'nowhere' }),
        chat({ messages: 1 }),
      ]
      const answer = await client.send(CHAT_PATH, { body: bodies[at % 4]! })
      await answer.body()
      client.destroy()
      return answer.status
    }),
  )
  t.strictSame(statuses, Array.from({ length: 10 }, () => [200, 400, 404, 400]).flat())
  t.equal(upstream.requests.length, 10)
  t.equal(await gateway.settled('turnout_inflight_requests', {}, 0), 0)
})

/** The headers of a request of this process that says `x-breaks: N` can be read so many times, by Node and by the lane, then reading them throws. */
function breakRequests(): () => void {
  const seen = (message: unknown): void => {
    const { request } = message as { readonly request: IncomingMessage }
    const { headers } = request
    let left = Number(headers['x-breaks'] ?? Infinity)
    if (left === Infinity) return
    const get = (): typeof headers => {
      if (left-- > 0) return headers
      throw new Error('odd headers')
    }
    Object.defineProperty(request, 'headers', { get })
  }
  subscribe(START, seen)
  return () => unsubscribe(START, seen)
}

t.test('what is thrown while a request is let in ends this request alone', async (t) => {
  const { gateway, upstream } = await singleRig(t)
  t.teardown(breakRequests())
  const clients = await Promise.all(Array.from({ length: 9 }, () => RawClient.open(gateway.url)))
  const answers = await Promise.all(
    clients.map(async (client, at) => {
      const headers = at % 3 === 1 ? { 'x-breaks': String(2 + (at - 1) / 3) } : {}
      const answer = await client.send(CHAT_PATH, { body: chat(), headers })
      const text = (await answer.body()).toString()
      client.destroy()
      return [answer.status, text.includes('internal_error')]
    }),
  )
  const [good, bad] = [
    [200, false],
    [500, true],
  ]
  t.strictSame(answers, [good, bad, good, good, bad, good, good, bad, good])
  t.equal(upstream.requests.length, 6)
  t.equal(await gateway.settled('turnout_inflight_requests', {}, 0), 0)
})

t.test('on one connection the answers keep the order of their requests', async (t) => {
  const { gateway, upstream } = await singleRig(t)
  upstream.next({ headersAfter: 40, words: ['first'] }, { words: ['second'] }, { headersAfter: 20, words: ['third'] })
  const client = await RawClient.open(gateway.url)
  let text = ''
  client.socket.on('data', (bytes: Buffer) => (text += bytes.toString()))
  client.socket.end(post(JSON.stringify(chat())).repeat(3))
  await within(3_000, 'the end', client.closed)
  const places = ['first', 'second', 'third'].map((word) => text.indexOf(word))
  t.ok(places[0]! > 0 && places[0]! < places[1]! && places[1]! < places[2]!, places.join())
})

t.test('a caller that leaves between the last byte and the reading costs no call', async (t) => {
  const { gateway, upstream } = await singleRig(t)
  const clients = await Promise.all(Array.from({ length: 10 }, () => RawClient.open(gateway.url)))
  const stop = onWhole(gateway.port, ({ socket, headers }) => {
    if (headers['x-leaves'] === '1') socket.resetAndDestroy()
  })
  t.teardown(stop)
  const outcomes = await Promise.all(
    clients.map(async (client, at) => {
      const headers = at % 2 === 0 ? {} : { 'x-leaves': '1' }
      return await client.send(CHAT_PATH, { body: chat(), headers }).then(
        ({ status }) => status,
        () => 'left',
      )
    }),
  )
  t.strictSame(outcomes, Array.from({ length: 5 }, () => [200, 'left']).flat())
  t.equal(upstream.requests.length, 5)
  t.equal(await gateway.settled('turnout_requests_total', { status: '499' }, 5), 5)
  t.equal(await gateway.settled('turnout_inflight_requests', {}, 0), 0)
})

t.test('requests of one turn see the load of each other', async (t) => {
  const upstreams = await Promise.all(
    ['a', 'b', 'c', 'd'].map(() => startFaultUpstream({ plan: { headersAfter: 300 } })),
  )
  for (const upstream of upstreams) t.teardown(() => upstream.close())
  const backends = upstreams.map(({ url }, at) => ({
    name: 'abcd'[at],
    kind: 'openai-compatible',
    url,
    models: ['tiny'],
  }))
  const gateway = await gatewayFor(t, { backends })
  const client = await RawClient.open(gateway.url)
  client.socket.write(post(JSON.stringify(chat())).repeat(40))
  await within(5_000, 'all calls', Promise.all(upstreams.map((upstream) => upstream.waitRequest(10))))
  t.strictSame(upstreams.map(({ requests }) => requests.length), [10, 10, 10, 10]) // prettier-ignore
  client.destroy()
})

t.test('a budget that has room for one lets one of a turn in', async (t) => {
  const { gateway, upstreams } = await rig(t, {
    upstreams: { up: { plan: { headersAfter: 50 } } },
    config: { budgets: [{ name: 'one', of: 'gateway', parallel: 1 }] },
  })
  const client = await RawClient.open(gateway.url)
  let text = ''
  client.socket.on('data', (bytes: Buffer) => (text += bytes.toString()))
  client.socket.end(post(JSON.stringify(chat())).repeat(5))
  await within(3_000, 'the end', client.closed)
  t.strictSame(text.match(/HTTP\/1\.1 [2-5]\d\d/g), [
    'HTTP/1.1 200',
    ...Array.from({ length: 4 }, () => 'HTTP/1.1 429'),
  ])
  t.equal(upstreams['up']!.requests.length, 1)
})
