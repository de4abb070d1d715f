import t from 'tap'
import { within } from '../support/await.ts'
import { chat, chatStream, CHAT_PATH, errorOf, readStream } from '../support/chat.ts'
import { RawClient, rawPost } from '../support/raw-client.ts'
import { singleRig } from '../support/rig.ts'

const BUFFER = { limits: { buffer: '64KiB' } }
const WORDS = Array.from({ length: 3_000 }, (_, i) => `${'größe '.repeat(10)}${i}\n`)
const TEXT = WORDS.join('')

t.test('a whole answer larger than the buffer passes through, byte for byte', async (t) => {
  const { gateway, upstream } = await singleRig(t, { plan: { words: WORDS } }, BUFFER)
  const response = await rawPost(gateway.url, CHAT_PATH, chat())
  t.equal(response.status, 200)
  t.match(response.headers['content-type'], /^application\/json/)
  const body = await response.json<{ choices: [{ message: { content: string } }] }>()
  t.equal(body.choices[0].message.content, TEXT)
  t.equal(upstream.requests.length, 1)
  t.equal(await gateway.settled('turnout_inflight_requests', {}, 0), 0)
})

t.test('one that breaks off breaks off for the caller too: no end that looks like one', async (t) => {
  const { gateway, upstream } = await singleRig(t, { plan: { words: WORDS } }, BUFFER)
  for (const how of ['reset', 'fin'] as const) {
    upstream.next({ words: WORDS, cut: { bytes: 150_000, how } })
    const response = await rawPost(gateway.url, CHAT_PATH, chat())
    t.equal(await within(2_000, 'an end', response.complete), false, how)
  }
  t.equal(await gateway.settled('turnout_inflight_requests', {}, 0), 0)
})

t.test('a caller that leaves such an answer frees the engine', async (t) => {
  const words = Array.from({ length: 2_000 }, () => 'x'.repeat(10_000))
  const { gateway, upstream } = await singleRig(t, { plan: { words } }, BUFFER)
  const client = await RawClient.open(gateway.url)
  await client.send(CHAT_PATH, { body: chat() })
  client.socket.pause()
  client.destroy()
  await within(2_000, 'the close', (await upstream.waitRequest(1)).closed)
  t.equal(await gateway.settled('turnout_inflight_requests', {}, 0), 0)
})

t.test('an event larger than the buffer is an error, before the first and later', async (t) => {
  const { gateway, upstream } = await singleRig(t, {}, BUFFER)
  upstream.next({ words: ['Hi', 'x'.repeat(200_000)] }, { events: [JSON.stringify({ x: 'y'.repeat(200_000) })] })
  const later = await readStream(await rawPost(gateway.url, CHAT_PATH, chatStream()))
  t.equal(later.errors[0]?.code, 'answer_too_large')
  t.same([later.text, later.dones, later.doneLast], ['Hi', 1, true])
  const first = await rawPost(gateway.url, CHAT_PATH, chatStream())
  t.equal(first.status, 502)
  t.equal(errorOf(await first.json()).code, 'answer_too_large')
})

t.test('interim answers of the engine are skipped; a body without length ends with the connection', async (t) => {
  const { gateway, upstream } = await singleRig(t)
  for (const plan of [{ interim: 103 }, { interim: 102, headersAfter: 20 }, { untilClose: true }] as const)
    for (const stream of [true, false]) {
      upstream.next(plan)
      const response = await rawPost(gateway.url, CHAT_PATH, { ...chat(), stream })
      t.equal(response.status, 200, `${JSON.stringify(plan)} ${stream}`)
      if (stream) t.same((await readStream(response)).errors, [])
      else t.ok((await response.json()).choices)
    }
})
