import { createServer, type ServerResponse } from 'node:http'
import { Duplex } from 'node:stream'
import t, { type Test } from 'tap'
import { endWith } from '../../src/relay/end-with.ts'

const REQUEST = 'GET / HTTP/1.1\r\nhost: x\r\n\r\n'

/** A connection that keeps each write to it. */
class Writes extends Duplex {
  readonly all: string[] = []

  override _read(): void {
    // What is asked is pushed by the test.
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.all.push(chunk.toString('latin1'))
    done()
  }

  override _writev(chunks: { chunk: Buffer }[], done: () => void): void {
    this.all.push(...chunks.map(({ chunk }) => chunk.toString('latin1')))
    done()
  }
}

/** Answers come from `answer`, for the first request, the second, .. */
function connection(t: Test, answer: (response: ServerResponse, at: number) => void): Writes {
  let at = 0
  const server = createServer((_, response) => answer(response, at++))
  t.teardown(() => server.close())
  const writes = new Writes()
  server.emit('connection', writes)
  return writes
}

const turn = (): Promise<unknown> => new Promise((resolve) => setImmediate(resolve))

function whole(response: ServerResponse, body: Buffer): void {
  response.writeHead(200, ['content-length', String(body.length)])
  endWith(response, body)
}

t.test('head and body leave in one write, byte for byte, and the connection serves the next request', async (t) => {
  const body = Buffer.from('größe 水と\0🚂')
  let finished = 0
  const writes = connection(t, (response) => {
    response.on('finish', () => finished++)
    whole(response, body)
  })
  for (const count of [1, 2]) {
    writes.push(REQUEST)
    await turn()
    t.equal(writes.all.length, count)
    t.match(writes.all.at(-1), /^HTTP\/1\.1 200 OK\r\n/)
    t.equal(writes.all.at(-1)!.split('\r\n\r\n')[1], body.toString('latin1'))
    t.equal(finished, count)
  }
})

t.test('a large body, and one behind other answers, come in their order', async (t) => {
  const large = 'x'.repeat(100_000)
  const held: ServerResponse[] = []
  const writes = connection(t, (response, at) => {
    if (at === 0) held.push(response)
    else whole(response, Buffer.from(at === 1 ? 'second' : large))
  })
  writes.push(REQUEST.repeat(3))
  await turn()
  t.strictSame(writes.all, [])
  whole(held[0]!, Buffer.from('first'))
  await turn()
  await turn()
  const bodies = writes.all.join('').split(/HTTP\/1\.1 200 OK\r\n[^]*?\r\n\r\n/)
  t.strictSame(bodies, ['', 'first', 'second', large])
})
