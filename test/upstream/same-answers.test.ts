/** Both clients over real sockets: the same bytes are the same answer, or the same failure, and leave the connection in the same state. */
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { Pools } from '../../src/backends/upstream/pools.ts'
import { isNotHttp, transportCode } from '../../src/core/transport.ts'
import { CLIENT_NAMES, type ClientName } from '../../src/core/settings.ts'
import { within } from '../support/await.ts'
import { mutated, RESPONSES } from './responses.ts'

interface Outcome {
  readonly status: number | null
  readonly headers: unknown
  readonly body: string
  readonly end: string
  /** The next request goes out on the same connection. */
  readonly reused: boolean
}

interface Peer {
  readonly root: string
  /** What it answers to the next request. */
  answer: Buffer
  last: Socket | null
}

const GOOD = Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n')

async function startPeer(test: Test): Promise<Peer> {
  const sockets = new Set<Socket>()
  const peer: { answer: Buffer; last: Socket | null; root: string } = { answer: GOOD, last: null, root: '' }
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined).on('end', () => socket.end())
    socket.on('data', (bytes: Buffer) => {
      // Requests are small, and each comes in one piece; an empty line is none.
      if (!bytes.includes('POST')) return
      peer.last = socket
      socket.write(peer.answer)
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  test.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  peer.root = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return peer
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve))
}

async function ask(pools: Pools, peer: Peer): Promise<Omit<Outcome, 'reused'>> {
  const pool = pools.of(peer.root)
  const link = pool.take(false)
  let [status, headers, body]: [number | null, unknown, string] = [null, null, '']
  let over = false
  const end = new Promise<string>((resolve) => {
    link.client.send(
      { path: '/', headers: { 'x-a': 'b' }, body: [Buffer.from('{}')] },
      {
        onRequestStart: () => link.started(),
        onResponseStart(code, all) {
          status = code
          headers = Object.entries(all)
        },
        onResponseData: (bytes) => void (body += bytes.toString('latin1')),
        onResponseEnd() {
          pool.give(link)
          resolve('end')
        },
        onResponseError(thrown) {
          pool.drop(link)
          const notHttp = isNotHttp(transportCode(thrown))
          resolve(status !== null ? 'broken off' : notHttp ? 'not HTTP' : 'connection lost')
        },
      },
    )
  }).finally(() => (over = true))
  // Where the answer has not come to its end by then, its connection does.
  for (let turn = 0; turn < 30 && !over; turn++) await turns(1)
  const name = await within(5_000, 'the end', Promise.race([end, whenOpen(peer, () => over).then(() => end)]))
  return { status, headers, body, end: name }
}

async function whenOpen(peer: Peer, over: () => boolean): Promise<void> {
  if (over()) return
  peer.last?.end()
  await turns(1)
}

async function outcome(client: ClientName, peer: Peer, bytes: Buffer): Promise<Outcome> {
  const pools = new Pools(5_000, () => performance.now(), client)
  peer.answer = bytes
  peer.last = null
  const first = await ask(pools, peer)
  const used = peer.last
  await turns(3)
  peer.answer = GOOD
  await ask(pools, peer)
  const reused = peer.last === used
  await pools.destroy()
  return { ...first, reused }
}

/** Where the two differ, and why that is as it should be: what the lean one says in place of undici. */
const DIFFERENT: Readonly<Record<string, Partial<Outcome>>> = {
  // HTTP wants interim answers skipped, and names this one among them.
  'behind a continue': {
    status: 200,
    headers: [['content-length', '5']],
    body: 'hello',
    end: 'end',
    reused: true,
  },
  // The peer did answer; undici's name for it is that of a lost connection.
  'of status 101': { end: 'not HTTP' },
  'of status 099': { end: 'not HTTP' },
}

t.test('the same bytes are the same answer', async (t) => {
  const peer = await startPeer(t)
  const all: [string, Buffer][] = Object.entries(RESPONSES).map(([name, text]) => [name, Buffer.from(text, 'latin1')])
  all.push(...mutated(Number(process.env['MUTATED'] ?? 300), Number(process.env['SEED'] ?? 3)))
  for (const [name, bytes] of all) {
    const [lean, undici] = [await outcome('lean', peer, bytes), await outcome('undici', peer, bytes)]
    t.strictSame(lean, { ...undici, ...DIFFERENT[name] }, name)
  }
  t.equal(CLIENT_NAMES.length, 2)
})
