import { ASKED_AT } from '../support/attempts.ts'
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, request, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import t, { type Test } from 'tap'
import type { RequestLife } from '../../src/accounting/request-life.ts'
import type { Sink } from '../../src/backends/upstream/call.ts'
import { Exchange } from '../../src/backends/upstream/exchange.ts'
import { Pools } from '../../src/backends/upstream/pools.ts'
import { clientClosed, GatewayError } from '../../src/core/errors.ts'
import { loadOf } from '../../src/core/load.ts'
import { NO_PRICE } from '../../src/core/settings.ts'
import { CALLER } from '../../src/formats/anthropic/caller.ts'
import type { CallerSide } from '../../src/formats/format.ts'
import { OPENAI } from '../../src/formats/openai/openai.ts'
import { Attempt } from '../../src/dispatch/attempt.ts'
import { relay } from '../../src/relay/relay.ts'
import { ResponseWriter } from '../../src/relay/response-writer.ts'
import { CLIENT } from '../support/client.ts'
import { letPass } from '../support/await.ts'
import { attemptOf, type AttemptTraits, lifeOf } from '../support/attempts.ts'
import { Clock } from '../support/clock.ts'
import { callOf } from '../support/exchange-rig.ts'
import { deployment, gatewayRequest, usage } from '../support/factories.ts'

interface Received {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
  /** False: the connection was cut before the end of the body. */
  readonly complete: boolean
}

interface Traits {
  readonly format?: CallerSide
  readonly stream?: boolean
  readonly keepAliveMs?: number
}

const TARGET = deployment('a/m').targets[0]!

/** A life whose one call has answered. */
function answeredLife({ stream = true }: Traits, traits: AttemptTraits = {}): RequestLife {
  const request = gatewayRequest({ model: 'm', ...(stream ? { stream } : {}) }, { id: 'r' })
  return lifeOf({ request, made: [attemptOf(TARGET, { endedAt: null, ...traits })], now: () => performance.now() })
}

const writerOf = (
  response: ServerResponse,
  life: RequestLife,
  { format = OPENAI.caller, keepAliveMs = 60_000 }: Traits = {},
): ResponseWriter =>
  new ResponseWriter(response, life, format, ['x-ratelimit-limit-requests', '7'], { keepAliveMs, idleMs: 60_000 })

/** What a caller receives when `play` answers it over a real socket. */
async function received(
  t: Test,
  traits: Traits,
  play: (writer: ResponseWriter, response: ServerResponse, life: RequestLife) => unknown,
  life = answeredLife(traits),
): Promise<Received & { life: RequestLife }> {
  const server = createServer((_request, response) => {
    void play(writerOf(response, life, traits), response, life)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const call = request({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', agent: false }).end()
  const [answer] = (await once(call, 'response')) as [import('node:http').IncomingMessage]
  const pieces: Buffer[] = []
  answer.on('data', (piece: Buffer) => pieces.push(piece))
  answer.on('error', () => undefined)
  await new Promise((resolve) => answer.once('close', resolve))
  return {
    status: answer.statusCode ?? 0,
    headers: answer.headers,
    body: Buffer.concat(pieces).toString(),
    complete: answer.complete,
    life,
  }
}

const EVENT = Buffer.from('data: {"a":"é"}\n\n')
const ERROR = new GatewayError('overloaded', 'full', { retryAfterMs: 1500 })
const envelope = {
  error: { message: 'full', type: 'server_error', param: null, code: 'overloaded', source: 'upstream' },
}

t.test('a stream is written event by event and ended with [DONE]', async (t) => {
  const got = await received(t, {}, (writer) => {
    writer.write(EVENT)
    writer.write(EVENT)
    writer.done()
  })
  t.equal(got.status, 200)
  t.match(got.headers, {
    'content-type': 'text/event-stream; charset=utf-8',
    'x-accel-buffering': 'no',
    'x-request-id': 'r',
    'x-turnout-backend': 'a',
    'x-ratelimit-limit-requests': '7',
    'content-length': undefined,
  })
  t.equal(got.body, `${EVENT.toString()}${EVENT.toString()}data: [DONE]\n\n`)
  t.equal(got.life.bytesOut, Buffer.byteLength(got.body))
  t.equal(got.life.status, 200)
})

t.test('a stream without an event', async (t) => {
  const got = await received(t, {}, (writer) => writer.done())
  t.match(got, { status: 200, body: 'data: [DONE]\n\n', complete: true })
})

t.test('a whole answer, small and large', async (t) => {
  for (const text of ['{"a":"é🚂"}', JSON.stringify({ a: 'é🚂'.repeat(50_000) })]) {
    const got = await received(t, { stream: false }, (writer) =>
      writer.json(Buffer.from(text), ['x-turnout-tokens', 'input=1']),
    )
    t.equal(got.body, text)
    t.match(got.headers, {
      'content-type': 'application/json; charset=utf-8',
      'content-length': String(Buffer.byteLength(text)),
      'x-turnout-tokens': 'input=1',
    })
    t.equal(got.life.bytesOut, Buffer.byteLength(text))
  }
})

t.test('an error before anything was sent', async (t) => {
  for (const stream of [true, false]) {
    const got = await received(t, { stream }, (writer) => writer.fail(ERROR))
    t.equal(got.status, 503)
    t.match(got.headers, {
      'content-type': 'application/json; charset=utf-8',
      'retry-after': '2',
      'retry-after-ms': '1500',
      'x-request-id': 'r',
    })
    t.strictSame(JSON.parse(got.body), envelope)
    t.equal(got.life.status, 503)
  }
})

t.test("an error in Anthropic's words", async (t) => {
  const got = await received(t, { format: CALLER }, (writer) => writer.fail(ERROR))
  t.match(JSON.parse(got.body), {
    type: 'error',
    error: { type: 'overloaded_error', message: 'full', code: 'overloaded' },
    request_id: 'r',
  })
  t.equal(got.headers['request-id'], 'r')
})

t.test('an error within a stream: an event, then its end', async (t) => {
  const got = await received(t, {}, (writer) => {
    writer.write(EVENT)
    writer.fail(ERROR)
  })
  t.equal(got.body, `${EVENT.toString()}data: ${JSON.stringify(envelope)}\n\ndata: [DONE]\n\n`)
  t.match(got, { status: 200, complete: true })
})

t.test('an error within bytes: cut', async (t) => {
  const got = await received(t, { stream: false }, (writer) => {
    writer.bytesThrough('application/json')
    writer.write(Buffer.from('{"data":['))
    setImmediate(() => writer.fail(ERROR))
  })
  t.match(got, { status: 200, complete: false })
})

t.test('bytes of an answer too large to hold', async (t) => {
  const got = await received(t, { stream: false }, (writer) => {
    writer.bytesThrough('')
    writer.write(Buffer.from('{"data":'))
    writer.write(Buffer.from('[]}'))
    writer.close()
  })
  t.match(got, { status: 200, body: '{"data":[]}', complete: true })
  t.equal(got.headers['content-type'], 'application/json')
})

t.test('a comment after each silence, also before the first event', async (t) => {
  const got = await received(t, { keepAliveMs: 20 }, (writer) => {
    let writes = 0
    const write = writer.write.bind(writer)
    writer.write = (chunk) => {
      const more = write(chunk)
      if (++writes === 2) writer.write(EVENT)
      if (writes === 5) setImmediate(() => writer.done())
      return more
    }
  })
  t.match(got.body, /^(: keep-alive\n\n){2}data: \{"a":"é"\}\n\n(: keep-alive\n\n)+data: \[DONE\]\n\n$/)
  t.equal(got.headers['content-type'], 'text/event-stream; charset=utf-8')
})

t.test('after a comment an error can only be told in the stream', async (t) => {
  const got = await received(t, { keepAliveMs: 10 }, (writer, response) => {
    const write = response.write.bind(response)
    response.write = ((chunk: Buffer) => {
      response.write = write
      setImmediate(() => writer.fail(ERROR))
      return write(chunk)
    }) as typeof write
  })
  t.equal(got.status, 200)
  t.equal(got.body, `: keep-alive\n\ndata: ${JSON.stringify(envelope)}\n\ndata: [DONE]\n\n`)
})

t.test('whole answers get no comments', async (t) => {
  const got = await received(t, { keepAliveMs: 5, stream: false }, async (writer) => {
    await letPass(40, 'no comment comes')
    writer.json(Buffer.from('{}'), [])
  })
  t.equal(got.body, '{}')
})

t.test('a caller who has left', async (t) => {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const call = request({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', agent: false }).end()
  call.on('error', () => undefined)
  const [, response] = (await once(server, 'request')) as [unknown, ServerResponse]
  const life = lifeOf({ made: null, now: () => 0 })
  const writer = writerOf(response, life)
  const left = once(response, 'close')
  call.destroy()
  await left
  t.doesNotThrow(() => writer.fail(ERROR))
  t.equal(life.status, 503)
  t.doesNotThrow(() => writer.abandon())
  t.doesNotThrow(() => writer.write(EVENT))
})

// ---------------------------------------------------------------- relay

/** An exchange that the test plays: what it is given to write to, and how often it was resumed. */
class PlayedExchange extends Exchange {
  resumed = 0
  #sink: Sink | null = null

  get sink(): Sink {
    return this.#sink!
  }

  override attach(sink: Sink): void {
    this.#sink = sink
  }

  override resume(): void {
    this.resumed++
  }
}

const CLOCK = new Clock()
const POOLS = new Pools(1000, CLOCK.now, CLIENT)

interface Played {
  readonly attempt: Attempt
  readonly exchange: PlayedExchange
}

function played({ body = null, streamed = true }: { body?: Buffer | null; streamed?: boolean }): Played {
  const exchange = new PlayedExchange(callOf(POOLS, CLOCK, 'http://10.0.0.5:8000'))
  Object.assign(exchange, { body, streamed, contentType: 'application/json' })
  const sent = {
    startedAt: 0,
    load: loadOf(0),
    cold: false,
    place: null,
    pass: null,
    queuedMs: 0,
    lease: null,
    fresh: false,
    addsUsage: false,
    askedAt: ASKED_AT,
    lossy: [],
    trimmed: null,
    path: null,
  }
  const attempt = new Attempt({ target: TARGET, exchange, ...sent })
  attempt.body = body
  return { attempt, exchange }
}

t.test('relay of a whole answer, with what all of it took', async (t) => {
  const { attempt } = played({ body: Buffer.from('{"a":1}') })
  const target = deployment('a/m', { facts: { price: { ...NO_PRICE, inputPerMtok: 1, outputPerMtok: 2 } } }).targets[0]!
  const track = { content: true, finish: 'stop' as const, reported: usage({ input: 1, output: 2 }) }
  const life = lifeOf({ made: [attemptOf(target, { track })] })
  const got = await received(t, { stream: false }, (writer) => relay(attempt, writer, life), life)
  t.equal(got.body, '{"a":1}')
  t.match(got.headers, { 'x-turnout-cost-usd': '0.000005', 'x-turnout-tokens': /output=2/ })
})

t.test('relay of a stream', async (t) => {
  const { attempt, exchange } = played({})
  const whole = await received(t, {}, (writer, _response, life) => {
    const end = relay(attempt, writer, life)
    exchange.sink.write(EVENT)
    exchange.sink.end()
    return end
  })
  t.equal(whole.body, `${EVENT.toString()}data: [DONE]\n\n`)
})

t.test('relay of a stream that breaks off: the error is for the one who relays, who may tell the caller', async (t) => {
  const { attempt, exchange } = played({})
  const cut = await received(t, {}, async (writer, _response, life) => {
    const end = relay(attempt, writer, life)
    exchange.sink.write(EVENT)
    exchange.sink.fail(ERROR)
    await t.rejects(end!, ERROR)
    writer.fail(ERROR)
  })
  t.match(cut.body, /"overloaded".*\n\ndata: \[DONE\]\n\n$/)
})

t.test('a whole answer of which the caller no longer takes anything', async (t) => {
  const { attempt, exchange } = played({ body: Buffer.from('{"a":1}') })
  exchange.left = clientClosed()
  const life = answeredLife({ stream: false })
  const got = await received(
    t,
    { stream: false },
    (writer, response) => {
      t.throws(() => relay(attempt, writer, life), { code: 'client_closed' })
      writer.fail(clientClosed())
      response.end('nothing else')
    },
    life,
  )
  t.match(got, { body: 'nothing else' })
  t.equal(life.status, 499)
})

t.test('bytes that pass through unread are relayed', async (t) => {
  const { attempt, exchange } = played({ streamed: false })
  const got = await received(t, { stream: false }, (writer, _response, life) => {
    void relay(attempt, writer, life)
    exchange.sink.write(Buffer.from('{}'))
    exchange.sink.end()
  })
  t.match(got, { body: '{}', complete: true })
})

t.test('a caller who reads slowly stops the backend until he is ready', async (t) => {
  const { attempt, exchange } = played({})
  const large = Buffer.from(`data: ${'x'.repeat(8 << 20)}\n\n`)
  const got = await received(t, {}, async (writer, response, life) => {
    void relay(attempt, writer, life)
    t.equal(exchange.sink.write(large), false)
    await once(response, 'drain')
    t.equal(exchange.resumed, 1)
    exchange.sink.end()
  })
  t.equal(got.body.length, large.length + 'data: [DONE]\n\n'.length)
})

/** Pieces of all sizes, the empty one and one above every buffer included. */
const SIZES = [1, 15, 16, 17, 0, 255, 4_096, 16_383, 16_384, 16_385, 300_000, 5, 0, 70_000, 3]

/** What one connection receives until it ends. */
async function spoken(t: Test, words: string): Promise<string> {
  const server = createServer((_request, response) => {
    const writer = writerOf(response, answeredLife({}))
    let at = 0
    const next = (): void => {
      while (at < SIZES.length) {
        const size = SIZES[at++]!
        if (!writer.write(Buffer.alloc(size, 97 + (at % 26)))) return writer.drained(next)
      }
      writer.done()
    }
    next()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  socket.write(words)
  let heard = ''
  socket.setEncoding('latin1').on('data', (text: string) => (heard += text))
  await once(socket, 'close')
  return heard
}

const PIECES = SIZES.map((size, at) => String.fromCharCode(97 + ((at + 1) % 26)).repeat(size)).join('')

/** The body without its frames, and what is behind it. */
function unchunked(framed: string): { body: string; rest: string } {
  let body = ''
  for (let at = 0; ;) {
    const lineEnd = framed.indexOf('\r\n', at)
    const size = parseInt(framed.slice(at, lineEnd), 16)
    const end = lineEnd + 2 + size
    if (framed.slice(end, end + 2) !== '\r\n') throw new Error(`no end behind a frame of ${size}`)
    if (size === 0) return { body, rest: framed.slice(end + 2) }
    body += framed.slice(lineEnd + 2, end)
    at = end + 2
  }
}

t.test(
  'pieces of any size come in order, each framed once, also from an answer that waited behind another',
  async (t) => {
    const one = 'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n'
    const heard = await spoken(t, `${one}\r\n${one}connection: close\r\n\r\n`)
    const first = unchunked(heard.slice(heard.indexOf('\r\n\r\n') + 4))
    t.equal(first.body, `${PIECES}data: [DONE]\n\n`)
    const second = unchunked(first.rest.slice(first.rest.indexOf('\r\n\r\n') + 4))
    t.equal(second.body, `${PIECES}data: [DONE]\n\n`)
    t.equal(second.rest, '')
  },
)

t.test('a caller of HTTP/1.0 gets the same without frames', async (t) => {
  const heard = await spoken(t, 'POST / HTTP/1.0\r\ncontent-length: 0\r\n\r\n')
  t.equal(heard.slice(heard.indexOf('\r\n\r\n') + 4), `${PIECES}data: [DONE]\n\n`)
})
