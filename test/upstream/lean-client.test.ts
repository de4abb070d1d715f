/** What only the lean client has to do for itself: when a connection may carry another request, and when it may not. */
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { type BackendPool, Pools } from '../../src/backends/upstream/pools.ts'
import { transportCode } from '../../src/core/transport.ts'
import { eventually, within } from '../support/await.ts'
import { deferred } from '../support/fault-record.ts'

interface Peer {
  readonly pool: BackendPool
  readonly sockets: readonly Socket[]
  /** Bytes of requests, by connection. */
  readonly read: readonly string[]
}

/** A server that does with each connection what `serve` says: it gets what has come so far, and is called with each piece. */
async function startPeer(test: Test, serve: (socket: Socket, read: string, number: number) => void): Promise<Peer> {
  const sockets: Socket[] = []
  const read: string[] = []
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    const at = sockets.push(socket) - 1
    read.push('')
    socket.on('error', () => undefined)
    socket.on('data', (bytes: Buffer) => {
      const all = `${read[at] ?? ''}${bytes.toString('latin1')}`
      read[at] = all
      serve(socket, all, at + 1)
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const pools = new Pools(5_000, () => performance.now(), 'lean')
  test.teardown(async () => {
    await pools.destroy()
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { pool: pools.of(`http://127.0.0.1:${(server.address() as AddressInfo).port}`), sockets, read }
}

interface Asked {
  readonly end: Promise<string>
  /** What has come of the body. */
  body(): string
  pause(): void
  resume(): void
  abort(): void
}

interface Asks {
  readonly body?: readonly Buffer[]
  readonly onData?: () => void
  readonly headers?: Readonly<Record<string, string>>
}

function ask(pool: BackendPool, { body = [Buffer.from('{}')], onData, headers = {} }: Asks = {}): Asked {
  const link = pool.take(false)
  const end = deferred<string>()
  let text = ''
  link.client.send(
    { path: '/', headers, body },
    {
      onRequestStart: () => link.started(),
      onResponseStart: () => undefined,
      onResponseData(bytes) {
        text += bytes.toString('latin1')
        onData?.()
      },
      onResponseEnd() {
        pool.give(link)
        end.resolve('end')
      },
      onResponseError(thrown) {
        pool.drop(link)
        end.resolve(transportCode(thrown) || thrown.message)
      },
    },
  )
  return {
    end: within(5_000, 'the end', end.promise),
    body: () => text,
    pause: () => link.client.pause(),
    resume: () => link.client.resume(),
    abort: () => link.client.abort(new Error('aborted')),
  }
}

const answer = (text: string): string => `HTTP/1.1 200 OK\r\ncontent-length: ${text.length}\r\n\r\n${text}`

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve))
}

t.test('a small request is one text, a large one goes out in its pieces, and both arrive byte for byte', async (t) => {
  const { pool, read } = await startPeer(t, (socket, all) => {
    const [head = '', body = ''] = all.split(/\r\n\r\n(.*)/s)
    if (body.length === Number(/content-length: (\d+)/.exec(head)?.[1]))
      socket.end('HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n')
  })
  const pieces = [Buffer.from('größe'), Buffer.from([0, 255, 128, 13, 10]), Buffer.from('{}')]
  const sizes = [0, 1, 8_000, 8_192, 9_000, 3_000_000]
  for (const [n, size] of sizes.entries()) {
    const body = [...pieces, Buffer.alloc(size, 'ab')]
    t.equal(await ask(pool, { body, headers: { 'x-a': 'gr\u00f6\u00dfe' } }).end, 'end')
    const [head = '', sent] = read[n]!.split(/\r\n\r\n(.*)/s)
    t.equal(sent, Buffer.concat(body).toString('latin1'), `${size} bytes`)
    t.match(
      head,
      /^POST \/ HTTP\/1\.1\r\nhost: 127\.0\.0\.1:\d+\r\nconnection: keep-alive\r\nx-a: größe\r\ncontent-length: \d+$/,
    )
  }
})

t.test('no header and no path can begin another header or request', async (t) => {
  const { pool, sockets } = await startPeer(t, (socket) => socket.write(answer('ok')))
  for (const headers of [
    { a: 'b\r\nc: d' },
    { a: 'b\nc' },
    { a: 'b\u0000' },
    { a: 'b\u{1f600}' },
    { 'a\r\nb': 'c' },
    { 'a b': 'c' },
    { '': 'c' },
    { host: 'other' },
    { 'content-length': '5' },
    { 'transfer-encoding': 'chunked' },
  ])
    t.throws(() => ask(pool, { headers: { ...headers } }), /a header that cannot be sent/, JSON.stringify(headers))
  const link = pool.take(false)
  const silent = { onRequestStart() {}, onResponseStart() {}, onResponseData() {}, onResponseEnd() {}, onResponseError() {} } // prettier-ignore
  for (const path of ['/a b', '/a\r\nb', '/\u{1f600}'])
    t.throws(() => link.client.send({ path, headers: {}, body: [] }, silent), /a path that is none/)
  await turns(3)
  t.equal(sockets.length, 0)
})

t.test('bytes that nobody asked for are not taken for the next answer', async (t) => {
  const forged = answer('forged')
  for (const when of ['in the same piece', 'in the next turn', 'while the connection is idle']) {
    const { pool, sockets } = await startPeer(t, (socket, _all, number) => {
      socket.write(answer('good') + (number === 1 && when === 'in the same piece' ? forged : ''))
      if (number === 1 && when === 'in the next turn') setImmediate(() => socket.write(forged))
    })
    const first = ask(pool)
    t.equal(await first.end, 'end', when)
    t.equal(first.body(), 'good', when)
    if (when === 'while the connection is idle') sockets[0]!.write(forged)
    await turns(when === 'in the next turn' ? 2 : 5)
    const second = ask(pool)
    t.equal(await second.end, 'end', when)
    t.equal(second.body(), 'good', when)
    t.equal(sockets.length, 2, `${when}: on a new connection`)
  }
})

t.test('an empty line behind an answer is none', async (t) => {
  const { pool, sockets } = await startPeer(t, (socket) => {
    socket.write(answer('good'))
    setImmediate(() => socket.write('\r\n'))
  })
  for (let n = 0; n < 3; n++) {
    t.equal(await ask(pool).end, 'end')
    await turns(5)
  }
  t.equal(sockets.length, 1)
})

t.test('an answer that comes before the request is out ends the connection, and is a whole one', async (t) => {
  const { pool, sockets } = await startPeer(t, (socket, all) => {
    if (all.length > 100_000 && !socket.isPaused()) {
      socket.pause()
      socket.write(answer('too large'))
    }
  })
  const early = ask(pool, { body: [Buffer.alloc(30_000_000)] })
  t.equal(await early.end, 'end')
  t.equal(early.body(), 'too large')
  await turns(5)
  const after = ask(pool)
  await eventually(2_000, 'another connection', () => sockets.length === 2)
  after.abort()
  t.equal(await after.end, 'aborted')
})

t.test('what was held back comes after it, and a connection that was held back serves the next request', async (t) => {
  const large = 'x'.repeat(4_000_000)
  const { pool, sockets } = await startPeer(t, (socket) => socket.write(answer(large)))
  for (let n = 0; n < 3; n++) {
    let pieces = 0
    const one: Asked = ask(pool, {
      onData: () => {
        pieces++
        one.pause()
        setImmediate(() => one.resume())
      },
    })
    t.equal(await one.end, 'end')
    t.equal(one.body().length, large.length)
    t.ok(pieces > 10, `${pieces} pieces`)
    await turns(3)
  }
  t.equal(sockets.length, 1)
})

t.test('a request that is aborted, at any time, ends its connection and is told once', async (t) => {
  const { pool, sockets } = await startPeer(t, (socket) =>
    socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf'),
  )
  const connecting = ask(pool)
  connecting.abort()
  connecting.abort()
  t.equal(await connecting.end, 'aborted')
  const half: Asked = ask(pool, { onData: () => half.abort() })
  t.equal(await half.end, 'aborted')
  t.equal(half.body(), 'half')
  const closed = sockets.at(-1)!
  await eventually(2_000, 'the peer sees the end', () => closed.readableEnded || closed.destroyed)
})

t.test('a connection is closed when it has been idle for as long as the peer keeps it, less a second', async (t) => {
  const { pool, sockets } = await startPeer(t, (socket, all) => {
    const keeps = all.split('POST').length === 2 ? 'timeout=1' : 'timeout=30'
    socket.write(`HTTP/1.1 200 OK\r\nkeep-alive: ${keeps}\r\ncontent-length: 0\r\n\r\n`)
  })
  t.equal(await ask(pool).end, 'end')
  await turns(5)
  t.equal(await ask(pool).end, 'end')
  t.equal(sockets.length, 2, 'a second is none')
})

t.test('nobody there, a name that is none, and a peer that says nothing have names', async (t) => {
  const pools = new Pools(1_000, () => performance.now(), 'lean')
  t.equal(await ask(pools.of('http://127.0.0.1:1')).end, 'ECONNREFUSED')
  t.equal(await ask(pools.of('http://[::1]:1')).end, 'ECONNREFUSED')
  t.match(await ask(pools.of('http://turnout.invalid')).end, /ENOTFOUND|EAI_AGAIN/)
  const { pool } = await startPeer(t, (socket) => socket.end())
  t.equal(await ask(pool).end, 'ECONNRESET')
  await pools.destroy()
})

t.test('what a handler throws is its own failure', async (t) => {
  const { pool } = await startPeer(t, (socket) => socket.write(answer('good')))
  const thrown = ask(pool, {
    onData: () => {
      throw new Error('a handler that fails')
    },
  })
  t.equal(await thrown.end, 'a handler that fails')
  t.equal(await ask(pool).end, 'end')
})
