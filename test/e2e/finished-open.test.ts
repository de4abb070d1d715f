/** Streams whose answer is all there, and whose end never comes. */
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'
import t from 'tap'
import { letPass } from '../support/await.ts'
import { chatStream, CHAT_PATH, readStream } from '../support/chat.ts'
import { type Gateway } from '../support/gateway.ts'
import { type Outcome, outcomeOf } from '../support/outcome.ts'
import { RawClient, rawPost } from '../support/raw-client.ts'
import { gatewayFor } from '../support/rig.ts'

t.jobs = 12

const event = (fields: object): string => `data: ${JSON.stringify({ id: 'c', model: 'tiny', ...fields })}\n\n`
const say = (content: string, finish_reason: string | null = null, index = 0): string =>
  event({ choices: [{ index, delta: { content }, finish_reason }] })
const end = (index = 0): string => event({ choices: [{ index, delta: {}, finish_reason: 'stop' }] })
const usage = (output: number): string =>
  event({ choices: [], usage: { prompt_tokens: 5, completion_tokens: output, total_tokens: 5 + output } })

interface Scene {
  readonly gateway: Gateway
  /** Resolves when the backend's socket of the call is closed. */
  readonly closed: Promise<void>
}

/** A gateway before a backend that says `begin`, then whatever `goOn` does, and never ends by itself. */
async function scene(
  t: Test,
  begin: string,
  goOn: (response: ServerResponse) => void = () => undefined,
): Promise<Scene> {
  let close: () => void = () => undefined
  const closed = new Promise<void>((resolve) => (close = resolve))
  const server: Server = createServer((request, response) => {
    if (request.method === 'GET') {
      response.setHeader('content-type', 'application/json')
      return void response.end('{"object":"list","data":[{"id":"tiny","object":"model"}]}')
    }
    request.resume()
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(begin)
    goOn(response)
    response.once('close', close)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const gateway = await gatewayFor(t, {
    backends: [{ name: 'up', kind: 'openai-compatible', url, models: ['tiny'] }],
    limits: { idle: '20s' },
  })
  return { gateway, closed }
}

/** Something every so often until the backend's socket closes. */
const each =
  (ms: number, text: string) =>
  (response: ServerResponse): void => {
    const timer = setInterval(() => response.write(text), ms)
    response.once('close', () => clearInterval(timer))
  }

/** The backend goes on when so much time has passed. */
const after =
  (ms: number, goOn: (response: ServerResponse) => unknown): ((response: ServerResponse) => void) =>
  (response) =>
    void letPass(ms, 'so late does the backend go on').then(() => goOn(response))

async function ask(
  gateway: Gateway,
  extra: Readonly<Record<string, unknown>> = {},
): Promise<{ text: string; usages: readonly object[]; outcome: Outcome; ms: number }> {
  const at = performance.now()
  const got = await readStream(await rawPost(gateway.url, CHAT_PATH, chatStream(extra), { 'x-request-id': 'one' }))
  const ms = performance.now() - at
  t.strictSame([got.errors, got.dones, got.doneLast], [[], 1, true])
  return { text: got.text, usages: got.usages, outcome: await outcomeOf(gateway, 'one'), ms }
}

const GOOD = { success: true, why: null, finish: 'stop', wasted: null, attempts: [{ error: null }] }
const GRACE_MS = 1_500
const USAGE = { stream_options: { include_usage: true } }

const SCENES: Readonly<Record<string, readonly [begin: string, goOn?: (response: ServerResponse) => void]>> = {
  'the connection stays open and silent': [say('Paris.') + end() + usage(2)],
  heartbeats: [say('Paris.') + end() + usage(2), each(100, ': heartbeat\n\n')],
  'pings of another kind': [say('Paris.') + end() + usage(2), each(100, 'event: ping\ndata: {"type":"ping"}\n\n')],
  'empty deltas': [
    say('Paris.') + end() + usage(2),
    each(100, event({ choices: [{ index: 0, delta: { content: '' }, finish_reason: null }] })),
  ],
  'half of an event behind it': [`${say('Paris.') + end() + usage(2)}data: {"cho`],
  'the usage comes late': [say('Paris.') + end(), after(GRACE_MS / 3, (response) => response.write(usage(2)))],
  'usage with the finish reason': [
    say('Paris.') +
      event({
        choices: [{ index: 0, delta: {}, finish_reason: 'stop' }],
        usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 },
      }),
  ],
}

for (const [name, [begin, goOn]] of Object.entries(SCENES))
  t.test(`finished but open: ${name}`, { buffered: true }, async (t) => {
    const { gateway, closed } = await scene(t, begin, goOn)
    const { text, outcome, ms, usages } = await ask(gateway, USAGE)
    t.equal(text, 'Paris.')
    t.match(outcome, GOOD)
    t.match(usages, [{ prompt_tokens: 5, completion_tokens: 2 }])
    t.ok(ms >= GRACE_MS - 50 && ms < 15_000, `${Math.round(ms)} ms`)
    await closed
  })

t.test('finished, then the connection breaks', { buffered: true }, async (t) => {
  const { gateway } = await scene(
    t,
    say('Paris.') + end() + usage(2),
    after(200, (response) => response.socket?.resetAndDestroy()),
  )
  const { text, outcome } = await ask(gateway)
  t.equal(text, 'Paris.')
  t.match(outcome, GOOD)
})

t.test('finished but open, and no usage ever: it is estimated', { buffered: true }, async (t) => {
  const { gateway, closed } = await scene(t, say('Paris.') + end())
  const { outcome, usages } = await ask(gateway, USAGE)
  t.match(outcome, GOOD)
  t.match(usages, [{ estimated: true, completion_tokens: 2 }])
  await closed
})

t.test('of two choices one has finished: the other is waited for', { buffered: true }, async (t) => {
  const { gateway } = await scene(
    t,
    say('one') + say('two', null, 1) + end(),
    after(GRACE_MS + 500, (response) => response.write(say(' more', null, 1) + end(1))),
  )
  const { text, outcome } = await ask(gateway, { n: 2 })
  t.equal(text, 'onetwo more')
  t.match(outcome, GOOD)
})

t.test('more behind the finish reason takes it back: the answer goes on', { buffered: true }, async (t) => {
  const { gateway } = await scene(t, say('one') + end(), (response) => {
    after(GRACE_MS / 3, () => response.write(say(' more')))(response)
    after(GRACE_MS + 1_000, () => response.write(end()))(response)
  })
  const { text, outcome } = await ask(gateway)
  t.equal(text, 'one more')
  t.match(outcome, GOOD)
})

t.test('a caller who reads slowly loses nothing to it', { buffered: true }, async (t) => {
  const word = 'x'.repeat(64 * 1024)
  const words = 400
  const { gateway } = await scene(t, '', (response) => {
    for (let i = 0; i < words; i++) response.write(say(word))
    response.end(end() + usage(7) + 'data: [DONE]\n\n')
  })
  const client = await RawClient.open(gateway.url)
  const response = await client.send(CHAT_PATH, { body: chatStream(USAGE), headers: { 'x-request-id': 'one' } })
  const first = await response.next()
  t.ok(first)
  await letPass(GRACE_MS + 500, 'the grace of a finished stream does not end it')
  const rest = await readStream(response)
  t.equal(rest.text.length, (words - 1) * word.length)
  t.match(rest.usages, [{ completion_tokens: 7 }])
  client.destroy()
  t.match(await outcomeOf(gateway, 'one'), GOOD)
})
