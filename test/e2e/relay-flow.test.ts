import t from 'tap'
import { atRest, within } from '../support/await.ts'
import { chatStream, CHAT_PATH, readStream, summarize } from '../support/chat.ts'
import { deferred } from '../support/fault-record.ts'
import { WORDS } from '../support/openai-answers.ts'
import { RawClient, rawPost } from '../support/raw-client.ts'
import { singleRig } from '../support/rig.ts'

t.test('headers of a stream keep every proxy from holding it back', async (t) => {
  const { gateway } = await singleRig(t)
  const response = await rawPost(gateway.url, CHAT_PATH, chatStream())
  t.match(response.headers, {
    'content-type': /^text\/event-stream/,
    'cache-control': 'no-cache, no-transform',
    'x-accel-buffering': 'no',
  })
  t.equal(response.headers['content-length'], undefined)
  t.equal(response.headers['content-encoding'], undefined)
  t.ok(response.headers['x-request-id'])
  t.equal(response.headers['x-turnout-backend'], 'up')
  await response.complete
})

t.test('each event arrives before the next one is sent', async (t) => {
  const gates = Array.from({ length: WORDS.length + 4 }, () => deferred<true>())
  const { gateway, upstream } = await singleRig(t, { plan: { usage: 'never', pace: (i) => gates[i]?.promise } })
  // The role alone binds nobody to this backend: it goes out with the first word.
  gates[0]?.resolve(true)
  gates[1]?.resolve(true)
  const response = await within(2_000, 'the status line', rawPost(gateway.url, CHAT_PATH, chatStream()))
  const request = await upstream.waitRequest(1)
  for (let i = 0; i < WORDS.length + 2; i++) {
    if (i > 1) gates[i]?.resolve(true)
    const block = await within(2_000, `event ${i}`, response.next())
    const [word] = summarize(block === null ? [] : [block]).chunks
    t.equal(word?.choices?.[0]?.delta?.content, i === 0 ? '' : WORDS[i - 1])
    t.ok(request.sent <= Math.max(2, i + 1), 'the upstream has not sent the next')
  }
  gates.at(-2)?.resolve(true)
  t.equal((await within(2_000, 'the end', response.next()))?.data, '[DONE]')
})

t.test('silence is filled with comments, before the first event and later', async (t) => {
  const first = deferred<true>()
  const later = deferred<true>()
  const { gateway } = await singleRig(
    t,
    { plan: { firstAfter: first.promise, pace: (i) => (i === 4 ? later.promise : undefined) } },
    { limits: { keep_alive: '60ms' } },
  )
  const response = await within(2_000, 'the status line', rawPost(gateway.url, CHAT_PATH, chatStream()))
  for (let i = 0; i < 2; i++) {
    const comment = await within(2_000, 'a comment', response.next())
    t.equal(comment?.data, null)
    t.ok(comment?.comments.length)
  }
  first.resolve(true)
  let events = 0
  let comments = 0
  while (comments < 2) {
    const block = await within(2_000, 'an event or a comment', response.next())
    if (block?.data === null) comments += events === 4 ? 1 : 0
    else events++
  }
  t.equal(events, 4, 'comments while the upstream was silent after four events')
  later.resolve(true)
  const rest = await readStream(response)
  t.same([rest.dones, rest.noise, rest.finish], [1, [], 'stop'])
})

t.test('an error after the headers went out early is an event, then [DONE]', async (t) => {
  const first = deferred<true>()
  const { gateway } = await singleRig(
    t,
    { plan: { headersAfter: first.promise, status: 500 } },
    { limits: { keep_alive: '40ms' } },
  )
  const response = await within(2_000, 'the status line', rawPost(gateway.url, CHAT_PATH, chatStream()))
  t.equal((await response.next())?.data, null)
  first.resolve(true)
  const got = await readStream(response)
  t.equal(got.errors[0]?.code, 'upstream_error')
  t.same([got.dones, got.doneLast], [1, true])
})

t.test('a caller that stops reading stops the engine, and loses nothing', async (t) => {
  const size = 100_000
  const words = Array.from({ length: 600 }, () => 'x'.repeat(size))
  const { gateway, upstream } = await singleRig(t, { plan: { words } })
  const client = await RawClient.open(gateway.url)
  t.teardown(() => client.destroy())
  const response = await client.send(CHAT_PATH, { body: chatStream() })
  client.socket.pause()
  const request = await upstream.waitRequest(1)
  await atRest(300, 'the engine', () => request.sent)
  const held = request.sent * size
  t.ok(held < 24e6, `the upstream stopped after ${held / 1e6} MB of ${(words.length * size) / 1e6}`)
  client.socket.resume()
  const got = await readStream(response)
  t.equal(got.text.length, words.length * size)
  t.same([got.dones, got.errors.length], [1, 0])
})
