import { cost, deployment } from '../support/factories.ts'
import { NO_TOKENS } from '../../src/core/no-tokens.ts'
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { type Endpoint, ENDPOINTS } from '../../src/core/endpoints.ts'
import { errorBody } from '../../src/formats/error-body.ts'
import { OPENAI } from '../../src/formats/openai/openai.ts'
import { GatewayError } from '../../src/core/errors.ts'
import { NO_TOTAL } from '../../src/core/total.ts'
import { OpenAIAnswerState } from '../../src/formats/openai/answer-state.ts'
import { ResponseWriter, type OutletOptions } from '../../src/relay/response-writer.ts'
import { relay, type Relayed } from '../../src/relay/relay.ts'
import type { Sink } from '../../src/backends/upstream/call.ts'

interface Received {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
  /** False: the connection was cut before the end of the body. */
  readonly complete: boolean
}

/** What a caller receives when `play` answers it over a real socket. */
async function received(
  t: Test,
  traits: Partial<OutletOptions>,
  play: (outlet: ResponseWriter, response: ServerResponse) => unknown,
): Promise<Received & { outlet: ResponseWriter }> {
  let outlet: ResponseWriter | undefined
  const server = createServer((_request, response) => {
    outlet = new ResponseWriter(response, {
      format: OPENAI.caller,
      stream: true,
      keepAliveMs: 60_000,
      flushMs: 60_000,
      base: ['x-ratelimit-limit-requests', '7'],
      now: () => performance.now(),
      facts: () => ({
        requestId: 'r',
        route: 'default',
        deployment: deployment('a/m'),
        attempts: 1,
        overheadMs: 0,
        maxTokens: null,
      }),
      explain: null,
      ...traits,
    })
    void play(outlet, response)
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
    outlet: outlet!,
  }
}

const EVENT = Buffer.from('data: {"a":"é"}\n\n')
const ERROR = new GatewayError('overloaded', 'full', { retryAfterMs: 1500 })
const envelope = {
  error: { message: 'full', type: 'server_error', param: null, code: 'overloaded', source: 'upstream' },
}

t.test('a stream', async (t) => {
  const got = await received(t, {}, (outlet) => {
    outlet.write(EVENT)
    outlet.write(EVENT)
    outlet.done()
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
  t.equal(got.outlet.bytes, Buffer.byteLength(got.body))
  t.equal(got.outlet.status, 200)
})

t.test('a stream without an event', async (t) => {
  const got = await received(t, {}, (outlet) => outlet.done())
  t.match(got, { status: 200, body: 'data: [DONE]\n\n', complete: true })
})

t.test('a whole answer, small and large', async (t) => {
  for (const text of ['{"a":"é🚂"}', JSON.stringify({ a: 'é🚂'.repeat(50_000) })]) {
    const got = await received(t, { stream: false }, (outlet) =>
      outlet.json(Buffer.from(text), ['x-turnout-tokens', 'input=1']),
    )
    t.equal(got.body, text)
    t.match(got.headers, {
      'content-type': 'application/json; charset=utf-8',
      'content-length': String(Buffer.byteLength(text)),
      'x-turnout-tokens': 'input=1',
    })
    t.equal(got.outlet.bytes, Buffer.byteLength(text))
  }
})

t.test('an error before anything was sent', async (t) => {
  for (const stream of [true, false]) {
    const got = await received(t, { stream }, (outlet) => outlet.fail(ERROR))
    t.equal(got.status, 503)
    t.match(got.headers, {
      'content-type': 'application/json; charset=utf-8',
      'retry-after': '2',
      'retry-after-ms': '1500',
      'x-request-id': 'r',
    })
    t.strictSame(JSON.parse(got.body), envelope)
    t.equal(got.outlet.status, 503)
  }
})

t.test("an error in Anthropic's words", async (t) => {
  const messages = ENDPOINTS.find(({ id }) => id === 'messages') as Endpoint
  const format = { ...OPENAI.caller, errorBody: (error: GatewayError) => errorBody(error, messages.format) }
  const got = await received(t, { format }, (outlet) => outlet.fail(ERROR))
  t.match(JSON.parse(got.body), {
    type: 'error',
    error: { type: 'overloaded_error', message: 'full', code: 'overloaded' },
  })
})

t.test('an error within a stream: an event, then its end', async (t) => {
  const got = await received(t, {}, (outlet) => {
    outlet.write(EVENT)
    outlet.fail(ERROR)
  })
  t.equal(got.body, `${EVENT.toString()}data: ${JSON.stringify(envelope)}\n\ndata: [DONE]\n\n`)
  t.match(got, { status: 200, complete: true })
})

t.test('an error within bytes: cut', async (t) => {
  const got = await received(t, { stream: false }, (outlet) => {
    outlet.bytesThrough('application/json')
    outlet.write(Buffer.from('{"data":['))
    setImmediate(() => outlet.fail(ERROR))
  })
  t.match(got, { status: 200, complete: false })
})

t.test('bytes of an answer too large to hold', async (t) => {
  const got = await received(t, { stream: false }, (outlet) => {
    outlet.bytesThrough('')
    outlet.write(Buffer.from('{"data":'))
    outlet.write(Buffer.from('[]}'))
    outlet.close()
  })
  t.match(got, { status: 200, body: '{"data":[]}', complete: true })
  t.equal(got.headers['content-type'], 'application/json')
})

t.test('a comment after each silence, also before the first event', async (t) => {
  const got = await received(t, { keepAliveMs: 20 }, (outlet, response) => {
    let writes = 0
    const write = response.write.bind(response)
    response.write = ((chunk: Buffer) => {
      const more = write(chunk)
      if (++writes === 2) outlet.write(EVENT)
      if (writes === 5) setImmediate(() => outlet.done())
      return more
    }) as typeof write
  })
  t.match(got.body, /^(: keep-alive\n\n){2}data: \{"a":"é"\}\n\n(: keep-alive\n\n)+data: \[DONE\]\n\n$/)
  t.equal(got.headers['content-type'], 'text/event-stream; charset=utf-8')
})

t.test('after a comment an error can only be told in the stream', async (t) => {
  const got = await received(t, { keepAliveMs: 10 }, (outlet, response) => {
    const write = response.write.bind(response)
    response.write = ((chunk: Buffer) => {
      response.write = write
      setImmediate(() => outlet.fail(ERROR))
      return write(chunk)
    }) as typeof write
  })
  t.equal(got.status, 200)
  t.equal(got.body, `: keep-alive\n\ndata: ${JSON.stringify(envelope)}\n\ndata: [DONE]\n\n`)
})

t.test('whole answers get no comments', async (t) => {
  const got = await received(
    t,
    { keepAliveMs: 5, stream: false },
    (outlet) => void setTimeout(() => outlet.json(Buffer.from('{}'), []), 40),
  )
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
  const facts = { requestId: 'r', route: null, deployment: null, attempts: 0, overheadMs: 0, maxTokens: null }
  const outlet = new ResponseWriter(response, {
    format: OPENAI.caller,
    stream: true,
    keepAliveMs: 1000,
    flushMs: 1000,
    base: null,
    now: () => 0,
    facts: () => facts,
    explain: null,
  })
  const left = once(response, 'close')
  call.destroy()
  await left
  t.doesNotThrow(() => outlet.fail(ERROR))
  t.equal(outlet.status, 503)
  t.doesNotThrow(() => outlet.abandon())
  t.doesNotThrow(() => outlet.write(EVENT))
})

// ---------------------------------------------------------------- relay

interface FakeExchange {
  readonly relayed: Relayed
  readonly sink: () => Sink
  readonly resumed: () => number
}

function exchange(traits: { body?: Buffer; streamed?: boolean }): FakeExchange {
  let sink: Sink | undefined
  let resumed = 0
  const fake = {
    track: new OpenAIAnswerState(),
    left: null,
    body: traits.body ?? null,
    streamed: traits.streamed ?? true,
    contentType: 'application/json',
    attach: (given: Sink) => (sink = given),
    resume: () => resumed++,
  }
  return {
    relayed: { exchange: fake, body: traits.body ?? null, recoder: null } as unknown as Relayed,
    sink: () => sink!,
    resumed: () => resumed,
  }
}

const AS_IS = () => ({ ...NO_TOTAL, tokens: { ...NO_TOKENS, input: 1, output: 2 }, cost: cost(5_000) })

t.test('relay of a whole answer', async (t) => {
  const { relayed } = exchange({ body: Buffer.from('{"a":1}') })
  const got = await received(t, { stream: false }, async (outlet) => t.equal(await relay(relayed, outlet, AS_IS), null))
  t.equal(got.body, '{"a":1}')
  t.match(got.headers, { 'x-turnout-cost-usd': '0.000005', 'x-turnout-tokens': /output=2/ })
})

t.test('relay of a stream, and of its failure', async (t) => {
  const good = exchange({})
  const whole = await received(t, {}, (outlet) => {
    const end = relay(good.relayed, outlet, AS_IS)
    good.sink().write(EVENT)
    good.sink().end()
    return end.then((error) => t.equal(error, null))
  })
  t.equal(whole.body, `${EVENT.toString()}data: [DONE]\n\n`)
  const bad = exchange({})
  const cut = await received(t, {}, (outlet) => {
    const end = relay(bad.relayed, outlet, AS_IS)
    bad.sink().write(EVENT)
    bad.sink().fail(ERROR)
    return end.then((error) => t.equal(error, ERROR))
  })
  t.match(cut.body, /"overloaded".*\n\ndata: \[DONE\]\n\n$/)
})

t.test('relay of bytes', async (t) => {
  const { relayed, sink } = exchange({ streamed: false })
  const got = await received(t, { stream: false }, (outlet) => {
    void relay(relayed, outlet, AS_IS)
    sink().write(Buffer.from('{}'))
    sink().end()
  })
  t.match(got, { body: '{}', complete: true })
})

t.test('a caller who reads slowly stops the backend until he is ready', async (t) => {
  const { relayed, sink, resumed } = exchange({})
  const large = Buffer.from(`data: ${'x'.repeat(8 << 20)}\n\n`)
  const got = await received(t, {}, async (outlet, response) => {
    void relay(relayed, outlet, AS_IS)
    t.equal(sink().write(large), false)
    await once(response, 'drain')
    t.equal(resumed(), 1)
    sink().end()
  })
  t.equal(got.body.length, large.length + 'data: [DONE]\n\n'.length)
})
