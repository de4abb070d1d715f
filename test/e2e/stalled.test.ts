/** Streams that nobody moves: a backend that only keeps the line open, a caller that takes nothing. */
import t from 'tap'
import { eventually, letPass, within } from '../support/await.ts'
import { chat, CHAT_PATH, chatStream, errorOf, readStream } from '../support/chat.ts'
import { RawClient, rawPost } from '../support/raw-client.ts'
import { singleRig } from '../support/rig.ts'

const event = (fields: object): string =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', ...fields })}\n\n`
const delta = (one: object): string => event({ choices: [{ index: 0, delta: one, finish_reason: null }] })

const EMPTY: Readonly<Record<string, string>> = {
  comment: ': ping\n\n',
  'long comment': `: ${'.'.repeat(500)}\n\n`,
  'bare comment': ':\n\n',
  'ping event': 'event: ping\ndata: {"type":"ping"}\n\n',
  'empty data': 'data:\n\n',
  'empty delta': delta({}),
  'role again': delta({ role: 'assistant' }),
  'empty text': delta({ content: '' }),
  'null text': delta({ content: null, reasoning_content: null, tool_calls: null }),
  'empty lists': delta({ content: '', tool_calls: [] }),
  'no choices': event({ choices: [] }),
  'usage as it goes': event({ choices: [], usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 } }),
}

t.test('pings of any kind do not keep a stream: before the first token it is `ttft`, later `idle`', async (t) => {
  for (const [name, text] of Object.entries(EMPTY))
    for (const stallAfter of [0, 3]) {
      const plan = { stallAfter, pings: { text, everyMs: 20 } }
      const { gateway, upstream } = await singleRig(t, { plan }, { limits: { idle: '150ms', ttft: '250ms' } })
      const startedAt = performance.now()
      const response = await within(2_000, `the end, after ${name}`, rawPost(gateway.url, CHAT_PATH, chatStream()))
      const error = stallAfter === 0 ? errorOf(await response.json()) : (await readStream(response)).errors[0]
      t.equal(error?.code, stallAfter === 0 ? 'ttft_timeout' : 'idle_timeout', `${name} after ${stallAfter}`)
      t.ok(performance.now() - startedAt < 1_500)
      await within(1_000, 'the close', (await upstream.waitRequest(1)).closed)
      await gateway.close()
    }
})

const FULL: Readonly<Record<string, string>> = {
  text: delta({ content: 'x' }),
  blank: delta({ content: ' ' }),
  reasoning: delta({ reasoning_content: 'x' }),
  'reasoning by another name': delta({ reasoning: 'x' }),
  arguments: delta({ tool_calls: [{ index: 0, function: { arguments: '1' } }] }),
  'both in one piece': `: ping\n\n${delta({ content: 'x' })}`,
}

t.test('any part of an answer keeps it', async (t) => {
  for (const [name, text] of Object.entries(FULL)) {
    const plan = { stallAfter: 3, pings: { text, everyMs: 60 } }
    const { gateway, upstream } = await singleRig(t, { plan }, { limits: { idle: '200ms', total: '900ms' } })
    const got = await readStream(await rawPost(gateway.url, CHAT_PATH, chatStream()))
    t.equal(got.errors[0]?.code, 'total_timeout', name)
    await (
      await upstream.waitRequest(1)
    ).closed
    await gateway.close()
  }
})

t.test('one large event that comes slowly keeps it', async (t) => {
  const words = ['a', 'x'.repeat(200_000)]
  const split = Array.from({ length: 40 }, (_, i) => 1_000 + i * 5_000)
  const { gateway } = await singleRig(t, { plan: { words, split } }, { limits: { idle: '400ms' } })
  const got = await readStream(await rawPost(gateway.url, CHAT_PATH, chatStream()))
  t.equal(got.text, words.join(''))
})

const WORDS = Array.from({ length: 250 }, () => 'x'.repeat(64 * 1024))

t.test('a caller that takes nothing loses its answer, and the backend is free', async (t) => {
  for (const stream of [true, false]) {
    const { gateway, upstream } = await singleRig(
      t,
      { plan: { words: WORDS } },
      { limits: { idle: '800ms', total: '60s', buffer: '1MiB' } },
    )
    const clients: RawClient[] = []
    for (let n = 1; n <= 4; n++) {
      const client = await RawClient.open(gateway.url)
      clients.push(client)
      void client.send(CHAT_PATH, { body: stream ? chatStream() : chat() }).catch(() => undefined)
      client.socket.pause()
      await upstream.waitRequest(n)
    }
    for (let n = 1; n <= 4; n++) await within(5_000, 'the close', (await upstream.waitRequest(n)).closed)
    t.equal(await gateway.settled('turnout_requests_total', { status: '499' }, 4), 4)
    t.equal(await gateway.settled('turnout_inflight_requests', {}, 0), 0)
    for (const client of clients) client.destroy()
  }
})

t.test('one that reads slowly keeps it', async (t) => {
  const words = Array.from({ length: 200 }, () => 'x'.repeat(64 * 1024))
  const { gateway } = await singleRig(t, { plan: { words } }, { limits: { idle: '800ms', total: '60s' } })
  const client = await RawClient.open(gateway.url)
  const response = await client.send(CHAT_PATH, { body: chatStream() })
  for (let wanted = 1 << 20; wanted < 10 << 20; wanted += 1 << 20) {
    client.socket.pause()
    await letPass(150, 'the caller is a slow one')
    client.socket.resume()
    await eventually(2_000, `${wanted} bytes`, () => response.received >= wanted)
  }
  t.equal(await within(5_000, 'the end', response.complete), true)
  client.destroy()
})
