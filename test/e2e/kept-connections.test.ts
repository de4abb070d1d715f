import { Socket } from 'node:net'
import t from 'tap'
import { eventually, letPass } from '../support/await.ts'
import { chat, CHAT_PATH, chatStream, errorOf } from '../support/chat.ts'
import type { FaultUpstream } from '../support/fault-upstream.ts'
import { seeded } from '../support/random.ts'
import { rawPost } from '../support/raw-client.ts'
import { pairRig, singleRig } from '../support/rig.ts'

async function statusOf(url: string, body: object): Promise<number> {
  const response = await rawPost(url, CHAT_PATH, body)
  await response.complete
  return response.status
}

t.test('a backend that reads a request and hangs up does not get it again', async (t) => {
  const one = async (drop: 'reset' | 'fin', headersAfter: number, attempts: number, stream: boolean): Promise<void> => {
    const label = `${drop} after ${headersAfter} ms, ${attempts} attempts, ${stream ? 'streamed' : 'whole'}`
    const { gateway, upstream } = await singleRig(t, {}, { limits: { attempts } })
    t.equal(await statusOf(gateway.url, chat()), 200, label)
    upstream.set({ plan: { headersAfter, drop } })
    const response = await rawPost(gateway.url, CHAT_PATH, { ...chat(), stream })
    t.equal(response.status, 502, label)
    t.equal(errorOf(await response.json()).code, 'upstream_unreachable', label)
    t.equal(response.headers['x-turnout-attempts'], '1', label)
    t.equal(upstream.requests.length, 2, label)
    t.equal(upstream.requests[1]!.reused, true, label)
  }
  for (const drop of ['reset', 'fin'] as const)
    for (const stream of [true, false])
      await Promise.all(
        [0, 50, 400, 700].flatMap((after) => [1, 3].map((attempts) => one(drop, after, attempts, stream))),
      )
})

t.test('a request with a large body, and one on a new connection, are not sent again either', async (t) => {
  const { gateway, upstream } = await singleRig(t, { plan: { drop: 'reset' } })
  t.equal(await statusOf(gateway.url, chat()), 502)
  t.equal(upstream.requests.length, 1)
  const large = chat({ messages: [{ role: 'user', content: 'word '.repeat(200_000) }] })
  for (const drop of ['reset', 'fin'] as const) {
    const { gateway, upstream } = await singleRig(t)
    t.equal(await statusOf(gateway.url, chat()), 200)
    upstream.set({ plan: { drop } })
    t.equal(await statusOf(gateway.url, large), 502, drop)
    t.equal(upstream.requests.length, 2, drop)
  }
})

t.test('one that reads and hangs up is followed by the next backend, and both calls are counted', async (t) => {
  for (const drop of ['reset', 'fin'] as const) {
    const { gateway, upstreams } = await pairRig(t)
    t.equal(await statusOf(gateway.url, chat({ model: 'pair' })), 200)
    upstreams.a.set({ plan: { drop } })
    const response = await rawPost(gateway.url, CHAT_PATH, chat({ model: 'pair' }))
    t.equal(response.status, 200)
    t.match(response.headers, { 'x-turnout-attempts': '2', 'x-turnout-backend': 'b' })
    t.equal(upstreams.a.requests.length, 2)
  }
})

/** Closes the backend's side of a kept connection when a request is about to be written on it: the race in its worst moment. */
function closesBehindUs(upstream: FaultUpstream, how: 'fin' | 'reset', times: number): () => void {
  let left = times
  // eslint-disable-next-line @typescript-eslint/unbound-method -- it is called with its socket
  const { write } = Socket.prototype
  // Whatever client it is writes to a socket.
  Socket.prototype.write = function (this: Socket, ...what: Parameters<typeof write>) {
    if (this.remotePort === upstream.port && String(what[0]).startsWith('POST ') && left > 0) {
      left--
      upstream.closeIdle(how)
    }
    return write.apply(this, what)
  } as typeof write
  return () => void (Socket.prototype.write = write)
}

t.test('a connection that was closed before the request came is replaced, and the call counted', async (t) => {
  const large = { messages: [{ role: 'user', content: 'word '.repeat(200_000) }] }
  for (const how of ['fin', 'reset'] as const)
    for (const attempts of [1, 3])
      for (const body of [chat(), chatStream(), chat(large)]) {
        const label = `${how}, ${attempts} attempts`
        const { gateway, upstream } = await singleRig(t, {}, { limits: { attempts } })
        t.equal(await statusOf(gateway.url, chat()), 200, label)
        const stop = closesBehindUs(upstream, how, 1)
        const response = await rawPost(gateway.url, CHAT_PATH, body)
        stop()
        t.equal(response.status, 200, label)
        t.equal(await response.complete, true, label)
        t.equal(response.headers['x-turnout-attempts'], '2', label)
        t.equal(upstream.requests.length, 2, `${label}: the backend has read it once`)
        t.equal(await gateway.settled('turnout_attempts_total', { backend: 'up' }, 3), 3, label)
        const states = (await (await fetch(`${gateway.url}/health`)).json()) as { backends?: readonly object[] }
        t.notMatch(JSON.stringify(states), /down|no connection/, 'and the backend is none the worse for it')
      }
})

t.test('a new connection that is closed at once is not tried a third time', async (t) => {
  const { gateway, upstream } = await singleRig(t)
  t.equal(await statusOf(gateway.url, chat()), 200)
  const stop = closesBehindUs(upstream, 'fin', 2)
  const response = await rawPost(gateway.url, CHAT_PATH, chat())
  stop()
  t.equal(response.status, 502)
  t.equal(response.headers['x-turnout-attempts'], '2')
})

t.test('connections that the backend closed while they were idle cost no request', async (t) => {
  for (const afterwards of ['fin', 'reset'] as const) {
    const { gateway, upstream } = await singleRig(t, { plan: { afterwards } })
    for (let i = 0; i < 20; i++)
      t.equal(await statusOf(gateway.url, i % 2 === 0 ? chat() : chatStream()), 200, `${afterwards} ${i}`)
    t.ok(upstream.requests.every(({ reused }) => !reused))
    t.equal(upstream.requests.length, 20)
  }
})

t.test('all of many kept connections closed at one moment cost no request', async (t) => {
  for (const how of ['fin', 'reset'] as const) {
    const { gateway, upstream } = await singleRig(t, { plan: { headersAfter: 30 } })
    const eight = (): Promise<number[]> => Promise.all(Array.from({ length: 8 }, () => statusOf(gateway.url, chat())))
    t.same(new Set(await eight()), new Set([200]))
    const stop = closesBehindUs(upstream, how, 1)
    t.same(new Set(await eight()), new Set([200]), how)
    stop()
    t.equal(upstream.requests.length, 16, how)
  }
})

t.test('backends that close idle connections at any time: every request is answered, and read once', async (t) => {
  const seed = Number(process.env['SEED'] ?? 11)
  for (const [least, most] of [
    [20, 60],
    [40, 40],
    [15, 200],
  ] as const) {
    const random = seeded(seed)
    const { gateway, upstream } = await singleRig(t, { idleMs: () => least + random() * (most - least) })
    const gaps = Math.max(4, most * 1.5)
    const worker = async (name: number): Promise<void> => {
      for (let i = 0; i < 25; i++) {
        const status = await statusOf(gateway.url, chat({ user: `${name}-${i}`, stream: i % 2 === 0 }))
        t.equal(status, 200, `idle ${least}..${most} ms, seed ${seed}`)
        await letPass(random() * gaps, 'connections are idle for any time')
      }
    }
    await Promise.all(Array.from({ length: 8 }, (_, name) => worker(name)))
    const seen = upstream.requests.map(({ json }) => json?.['user'])
    t.equal(seen.length, 200)
    t.equal(new Set(seen).size, 200)
  }
})

t.test(
  'after a restart of the backend its connections are used again, once one was left open',
  { timeout: 60_000 },
  async (t) => {
    const { gateway, upstream } = await singleRig(t)
    const reused = async (): Promise<boolean> => {
      t.equal(await statusOf(gateway.url, chat()), 200)
      return upstream.requests.at(-1)!.reused
    }
    t.equal(await reused(), false)
    t.equal(await reused(), true)
    upstream.closeIdle('fin')
    await upstream.waitSockets(0)
    await eventually(20_000, 'a connection that is used again', reused)
    t.equal(await reused(), true)
  },
)

t.test('busy connections are used again', async (t) => {
  const { gateway, upstream } = await singleRig(t)
  for (let i = 0; i < 10; i++) t.equal(await statusOf(gateway.url, chat()), 200)
  t.same(
    upstream.requests.map(({ reused }) => reused),
    [false, ...Array.from({ length: 9 }, () => true)],
  )
})
