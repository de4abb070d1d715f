import { createServer } from 'node:net'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import type { KvEvent } from '../../src/backends/kv-events/kv-batch.ts'
import { KvStream } from '../../src/backends/kv-events/kv-stream.ts'
import { eventually } from '../support/await.ts'
import { freePort } from '../support/engines.ts'
import { batchOf, CLEARED, frame, greeting, messageOf, readyOf, removed, sequence, startPeer, stored } from '../support/zmq-peer.ts' // prettier-ignore

const until = (look: () => boolean): Promise<void> => eventually(20_000, look.toString(), look)

interface Followed {
  readonly stream: KvStream
  readonly seen: string[]
}

const textOf = (event: KvEvent): string =>
  event.kind === 'cleared' ? 'cleared' : `${event.kind} ${event.hashes.join(',')}${event.kind === 'stored' ? ` after ${event.parent ?? '-'} by ${event.blockSize}` : ''}` // prettier-ignore

async function follow(t: Test, port: number, replay: number | null = null): Promise<Followed> {
  const seen: string[] = []
  const stream = new KvStream(
    { host: '127.0.0.1', port },
    replay === null ? null : { host: '127.0.0.1', port: replay },
    {
      // prettier-ignore
      events: (events) => seen.push(...events.map(textOf)),
      restarted: () => seen.push('restarted'),
      missed: (batches) => seen.push(`missed ${batches}`),
      state: (why) => seen.push(`state ${why ?? 'there'}`),
    },
  )
  t.teardown(() => stream.stop())
  await stream.start()
  return { stream, seen }
}

for (const { cut, minor } of [
  { cut: 0, minor: 1 },
  { cut: 0, minor: 0 },
  { cut: 1, minor: 1 },
  { cut: 13, minor: 1 },
])
  // prettier-ignore
  t.test(`events are read from a publisher of ZMTP 3.${minor} that writes ${cut || 'all'} bytes at a time`, async (t) => {
    const peer = await startPeer({ cut, minor })
    t.teardown(() => peer.close())
    const there = peer.subscribed()
    const { seen } = await follow(t, peer.port)
    await there
    t.strictSame(peer.heard.filter((text) => !text.startsWith('READY')), [minor === 1 ? 'SUBSCRIBE ' : 'message 01'])
    peer.publish(0n, batchOf(stored([1, 2n ** 63n + 1n], null), stored([new Uint8Array([1, 2, 3])], 1, 128)))
    peer.publish(1n, batchOf(removed([1]), ['SomethingNew', 1], CLEARED))
    peer.send(messageOf([Buffer.from('topic'), sequence(2n), Buffer.from('no msgpack')]))
    peer.send(messageOf([Buffer.from('two'), sequence(3n)]))
    peer.publish(3n, batchOf(removed([9])))
    await until(() => seen.includes('removed 9'))
    t.strictSame(seen, ['state there', 'stored 1,9223372036854775809 after - by 16', 'stored AQID after 1 by 128', 'removed 1', 'cleared', 'removed 9']) // prettier-ignore
  })

t.test('a batch of a thousand blocks comes in one long frame', async (t) => {
  const peer = await startPeer()
  t.teardown(() => peer.close())
  const there = peer.subscribed()
  const { seen } = await follow(t, peer.port)
  await there
  peer.publish(0n, batchOf(stored(Array.from({ length: 1000 }, (_, at) => at), null, 128))) // prettier-ignore
  await until(() => seen.length === 2)
  t.equal(seen[1]?.length, `stored ${Array.from({ length: 1000 }, (_, at) => at).join(',')} after - by 128`.length)
})

t.test('it comes back after each break, and an engine that counts from the start again was started anew', async (t) => {
  const port = await freePort()
  const { seen, stream } = await follow(t, port)
  await until(() => seen.includes('state connection refused'))
  let peer = await startPeer({}, port)
  await peer.subscribed()
  peer.publish(7n, batchOf(removed([1])))
  await until(() => seen.includes('removed 1'))
  const again = peer.subscribed()
  peer.cut()
  await again
  peer.publish(8n, batchOf(removed([2])))
  await until(() => seen.includes('removed 2'))
  t.notOk(
    seen.some((text) => /missed|restarted/.test(text)),
    'nothing was missed',
  )
  await peer.close()
  peer = await startPeer({}, port)
  t.teardown(() => peer.close())
  await peer.subscribed()
  peer.publish(0n, batchOf(removed([3])))
  await until(() => seen.includes('removed 3'))
  t.strictSame(seen.slice(-2), ['restarted', 'removed 3'])
  stream.stop()
  await until(() => peer.open.size === 0)
  const { length } = seen
  peer.publish(1n, batchOf(removed([4])))
  t.equal(seen.length, length, 'nothing comes once it was stopped')
})

t.test(
  'what was missed is asked for again where its place is named, in order and before what came meanwhile',
  async (t) => {
    const all = Array.from({ length: 10 }, (_, at) => batchOf(removed([at])))
    const asked: string[] = []
    const router = await startPeer({ type: 'ROUTER', cut: 5 }, 0, ([empty, from]) => {
      asked.push(`${empty?.length} ${from?.readBigUInt64BE()}`)
      const first = Number(from?.readBigUInt64BE())
      const again = all.slice(first).map((payload, at) => messageOf([Buffer.alloc(0), sequence(BigInt(first + at)), payload])) // prettier-ignore
      return [...again, messageOf([Buffer.alloc(0), sequence(-1n), Buffer.alloc(0)])]
    })
    const peer = await startPeer()
    t.teardown(() => Promise.all([peer.close(), router.close()]))
    const there = peer.subscribed()
    const { seen } = await follow(t, peer.port, router.port)
    await there
    peer.publish(0n, all[0]!)
    peer.publish(5n, all[5]!)
    peer.publish(6n, all[6]!)
    await until(() => seen.includes('removed 6'))
    t.strictSame(seen, ['state there', ...[0, 1, 2, 3, 4, 5, 6].map((at) => `removed ${at}`)])
    t.strictSame(asked, ['0 1'])
    await until(() => router.open.size === 0)
  },
)

t.test('what nobody says again is told as missed, and the stream goes on', async (t) => {
  const router = await startPeer({ type: 'ROUTER' }, 0, () => [
    messageOf([Buffer.alloc(0), sequence(-1n), Buffer.alloc(0)]),
  ])
  for (const replay of [null, 1, router.port]) {
    const peer = await startPeer()
    t.teardown(() => peer.close())
    const there = peer.subscribed()
    const { seen } = await follow(t, peer.port, replay)
    await there
    peer.publish(3n, batchOf(removed([3])))
    peer.publish(6n, batchOf(removed([6])))
    peer.publish(7n, batchOf(removed([7])))
    await until(() => seen.includes('removed 7'))
    t.strictSame(seen, ['state there', 'removed 3', 'missed 2', 'removed 6', 'removed 7'], String(replay))
  }
  await router.close()
})

t.test('a peer of another kind is told, and tried again later', async (t) => {
  for (const [bytes, says] of [
    ['HTTP/1.1 400 Bad Request\r\n\r\n', 'it speaks no ZMTP'],
    [Buffer.concat([greeting(), readyOf('PULL')]), 'it is no PUB, but PULL'],
    [Buffer.concat([greeting(), readyOf('\x1b[2J')]), 'it is no PUB, but unknown'],
    [Buffer.concat([greeting(), messageOf([Buffer.from('early')])]), 'a message before READY'],
    [Buffer.concat([greeting(), frame(4, Buffer.from('\x05ERROR\x03why'))]), 'it refuses the connection'],
    [Buffer.concat([greeting(), readyOf('PUB'), frame(4, Buffer.from('\x04PING'))]), 'a PING without a time'],
    [greeting('PLAIN'), 'it asks for PLAIN, and only NULL is spoken here'],
  ] as const) {
    const server = createServer((socket) => {
      socket.on('error', () => undefined)
      socket.write(bytes)
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { seen, stream } = await follow(t, (server.address() as AddressInfo).port)
    await until(() => seen.some((text) => text !== 'state there'))
    t.equal(seen.filter((text) => text !== 'state there')[0], `state ${says}`)
    stream.stop()
    server.close()
  }
})

t.test('a PING is answered with what it carries', async (t) => {
  const peer = await startPeer()
  t.teardown(() => peer.close())
  const there = peer.subscribed()
  await follow(t, peer.port)
  await there
  peer.send(frame(4, Buffer.from('\x04PING\x00\x64context')))
  await until(() => peer.heard.includes(`PONG ${Buffer.from('context').toString('hex')}`))
})
