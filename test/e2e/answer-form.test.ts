/** What an answer is, its bytes say: labels may be wrong or missing, and what nobody asked to be compressed may be. */
import { readFileSync } from 'node:fs'
import t from 'tap'
import { within } from '../support/await.ts'
import { chat, CHAT_PATH, chatStream, COMPLETIONS_PATH, EMBEDDINGS_PATH, errorOf, readStream } from '../support/chat.ts'
import type { Encoding, Plan } from '../support/fault-plan.ts'
import { deferred } from '../support/fault-record.ts'
import { rawPost } from '../support/raw-client.ts'
import { pairRig, singleRig } from '../support/rig.ts'

const STREAM = chatStream({ stream_options: { include_usage: true } })
const WORDS = ['The ', 'größe ', 'of ', 'it.']
const TEXT = WORDS.join('')
const ENCODINGS: readonly Encoding[] = ['gzip', 'br', 'deflate', 'raw']

t.test('the case of an event stream labelled text/plain', async (t) => {
  const [, body = ''] = readFileSync('../shared/cases/09-stream-as-text-plain.http', 'utf8').split(/\r?\n\r?\n(.*)/s)
  const { gateway } = await singleRig(t, { plan: { body, contentType: 'text/plain; charset=utf-8', untilClose: true } })
  const response = await rawPost(gateway.url, CHAT_PATH, chatStream())
  t.match(response.headers['content-type'], /^text\/event-stream/)
  const got = await readStream(response)
  t.same([got.text, got.finish, got.errors.length, got.dones], ['hello', 'stop', 0, 1])
})

t.test('an event stream under any label, however it begins, is one', async (t) => {
  const { gateway, upstream } = await singleRig(t)
  const labels = ['', 'text/plain', 'application/json', 'application/octet-stream', 'text/html', 'application/x-ndjson']
  const plans: readonly Plan[] = [
    {},
    { comments: true },
    { noise: true },
    { mark: true },
    { eol: '\r\n' },
    { eol: '\r' },
    { untilClose: true },
    { split: 'every' },
    { mark: true, split: 'every', comments: true },
  ]
  for (const contentType of [...labels, 'text/event-stream'])
    for (const plan of plans) {
      const label = `${contentType} ${JSON.stringify(plan)}`
      upstream.next({ words: WORDS, contentType, ...plan })
      const response = await rawPost(gateway.url, CHAT_PATH, STREAM)
      t.match(response.headers['content-type'], /^text\/event-stream/, label)
      const got = await readStream(response)
      t.same([got.text, got.finish, got.errors.length, got.dones, got.usages.length], [TEXT, 'stop', 0, 1, 1], label)
    }
  t.equal(upstream.requests.length, 7 * 9, 'each was asked for once')
})

t.test('an error inside of such a stream, before and after the first event', async (t) => {
  const { gateway, upstreams } = await pairRig(t)
  upstreams.a.next({ contentType: 'text/plain', inBand: { after: 0, form: 'object', code: 503 } })
  const first = await rawPost(gateway.url, CHAT_PATH, chatStream({ model: 'pair' }))
  t.equal(first.headers['x-turnout-backend'], 'b')
  t.same((await readStream(first)).errors, [])
})

t.test('compressed streams are understood, each event when it comes', async (t) => {
  for (const encoding of ENCODINGS)
    for (const contentType of ['text/event-stream', 'text/plain']) {
      const gates = Array.from({ length: 20 }, () => deferred<true>())
      const plan: Plan = { words: WORDS, encoding, contentType, pace: (event) => gates[event]?.promise }
      const { gateway } = await singleRig(t, { plan })
      const asked = rawPost(gateway.url, CHAT_PATH, chatStream())
      gates[0]?.resolve(true)
      gates[1]?.resolve(true)
      const response = await within(2_000, 'the head', asked)
      t.equal(response.headers['content-encoding'], undefined)
      const block = await within(2_000, `the first event of ${encoding}`, response.next())
      t.ok(block?.data, `${encoding} ${contentType}`)
      gates.forEach((gate) => gate.resolve(true))
      const got = await readStream(response)
      t.same([got.finish, got.errors.length, got.dones], ['stop', 0, 1], encoding)
      t.equal(TEXT.endsWith(got.text), true)
    }
})

t.test('compressed streams at every byte, with comments, marks and a cut', async (t) => {
  const { gateway, upstream } = await singleRig(t)
  for (const encoding of ENCODINGS) {
    for (const plan of [
      { split: 'every' },
      { comments: true, noise: true },
      { mark: true },
      { untilClose: true },
    ] as const) {
      upstream.next({ words: WORDS, encoding, ...plan })
      const got = await readStream(await rawPost(gateway.url, CHAT_PATH, STREAM))
      t.same([got.text, got.errors.length, got.usages.length], [TEXT, 0, 1], `${encoding} ${JSON.stringify(plan)}`)
    }
    for (const how of ['fin', 'reset', 'end'] as const) {
      upstream.next({ words: WORDS, encoding, cut: { events: 3, how } })
      const response = await rawPost(gateway.url, CHAT_PATH, chatStream())
      // A reset may come before anything was unpacked.
      const error = response.status === 200 ? (await readStream(response)).errors[0] : errorOf(await response.json())
      t.match(error, { code: 'upstream_incomplete' }, `${encoding} ${how}`)
    }
  }
})

t.test('a compressed stream that breaks off behind its last word is whole', async (t) => {
  const { gateway, upstream } = await singleRig(t)
  for (const encoding of ENCODINGS)
    for (const how of ['fin', 'end'] as const) {
      // A role, the words, the finish reason.
      upstream.next({ words: WORDS, encoding, cut: { events: WORDS.length + 3, how } })
      const got = await readStream(await rawPost(gateway.url, CHAT_PATH, chatStream()))
      t.same([got.text, got.finish, got.errors, got.dones], [TEXT, 'stop', [], 1], `${encoding} ${how}`)
    }
})

t.test('compressed bodies, errors and bodies with a byte order mark are understood', async (t) => {
  const { gateway, upstream } = await singleRig(t)
  for (const encoding of [undefined, ...ENCODINGS])
    for (const mark of [false, true])
      for (const untilClose of [false, true]) {
        const plan: Plan = { words: WORDS, mark, untilClose, ...(encoding && { encoding }) }
        const label = JSON.stringify(plan)
        upstream.next(plan, plan, { ...plan, status: 400, body: { error: { message: 'bad field', code: 'odd' } } })
        const whole = await rawPost(gateway.url, CHAT_PATH, chat())
        t.equal(whole.status, 200, label)
        t.match(JSON.parse((await whole.body()).toString()), { choices: [{ message: { content: TEXT } }] }, label)
        const vectors = await rawPost(gateway.url, EMBEDDINGS_PATH, { model: 'tiny', input: 'x' })
        t.match(JSON.parse((await vectors.body()).toString()), { data: [{ object: 'embedding' }] }, label)
        const refused = await rawPost(gateway.url, CHAT_PATH, chat())
        t.equal(refused.status, 400, label)
        t.match(errorOf(await refused.json()).message, /bad field/, label)
      }
})

t.test('a compressed body that is larger than the buffer passes through plain', async (t) => {
  const words = Array.from({ length: 3_000 }, (_, i) => `${'größe '.repeat(10)}${i}\n`)
  const { gateway, upstream } = await singleRig(t, {}, { limits: { buffer: '64KiB' } })
  for (const encoding of ENCODINGS) {
    upstream.next({ words, encoding, mark: true })
    const response = await rawPost(gateway.url, CHAT_PATH, chat())
    t.equal(response.headers['content-encoding'], undefined)
    t.match(JSON.parse((await response.body()).toString()), { choices: [{ message: { content: words.join('') } }] })
  }
})

t.test('an encoding that nobody knows, and one that it is not, are the fault of the backend', async (t) => {
  for (const stream of [true, false])
    for (const plan of [
      { headers: { 'content-encoding': 'x-odd' } },
      { headers: { 'content-encoding': 'gzip' } },
      { headers: { 'content-encoding': 'br' } },
      { headers: { 'content-encoding': 'gzip, br' } },
    ]) {
      const { gateway, upstreams } = await pairRig(t)
      upstreams.a.next(plan)
      const response = await rawPost(gateway.url, CHAT_PATH, { ...chat({ model: 'pair' }), stream })
      t.equal(response.status, 200)
      t.equal(response.headers['x-turnout-backend'], 'b', JSON.stringify(plan))
      t.equal(await response.complete, true)
    }
})

const ANSWER = {
  id: 'a',
  object: 'chat.completion',
  created: 7,
  model: 'm',
  choices: [{ index: 0, message: { role: 'assistant', content: TEXT }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 5, completion_tokens: 4, total_tokens: 9 },
}

t.test('a whole answer in place of a stream becomes one, under any label', async (t) => {
  const { gateway, upstream } = await singleRig(t)
  for (const contentType of ['application/json', 'text/event-stream', 'text/plain', ''])
    for (const plan of [{}, { mark: true }, { encoding: 'gzip' }, { untilClose: true }, { split: 'every' }] as const) {
      const label = `${contentType} ${JSON.stringify(plan)}`
      upstream.next({ body: ANSWER, contentType, ...plan })
      const response = await rawPost(gateway.url, CHAT_PATH, STREAM)
      t.match(response.headers['content-type'], /^text\/event-stream/, label)
      const got = await readStream(response)
      t.same([got.text, got.finish, got.errors.length, got.dones], [TEXT, 'stop', 0, 1], label)
      t.match(got.usages, [{ prompt_tokens: 5, completion_tokens: 4 }], label)
      t.match(got.chunks[0], { id: 'a', object: 'chat.completion.chunk', created: 7, model: 'm' })
    }
  t.equal(await gateway.settled('turnout_requests_total', { status: '200' }, 20), 20)
})

t.test('its tool calls have an index, its choices theirs, and legacy completions their text', async (t) => {
  const { gateway, upstream } = await singleRig(t)
  const call = (id: string): object => ({ id, type: 'function', function: { name: 'look', arguments: '{"a":1}' } })
  const message = { role: 'assistant', content: null, tool_calls: [call('x'), call('y')] }
  upstream.next({
    body: {
      ...ANSWER,
      choices: [
        { index: 0, message, finish_reason: 'tool_calls' },
        { index: 1, message: { role: 'assistant', content: 'no' }, finish_reason: 'stop' },
      ],
    },
  })
  const got = await readStream(await rawPost(gateway.url, CHAT_PATH, chatStream({ n: 2 })))
  t.match(got.chunks, [
    {
      choices: [
        {
          index: 0,
          delta: {
            tool_calls: [
              { index: 0, id: 'x' },
              { index: 1, id: 'y' },
            ],
          },
        },
      ],
    },
    { choices: [{ index: 1, delta: { content: 'no' } }] },
  ])
  upstream.next({
    body: { ...ANSWER, object: 'text_completion', choices: [{ index: 0, text: TEXT, finish_reason: 'stop' }] },
  })
  const legacy = await readStream(
    await rawPost(gateway.url, COMPLETIONS_PATH, { model: 'tiny', prompt: 'x', stream: true }),
  )
  t.same([legacy.text, legacy.finish, legacy.dones], [TEXT, 'stop', 1])
})

t.test('what is neither events nor an answer goes to the next backend', async (t) => {
  for (const contentType of ['text/event-stream', 'application/json', 'text/plain', ''])
    for (const body of [
      '<html>busy</html>',
      '{"choices":',
      '{"ok":true}',
      '',
      '   ',
      '"words"',
      '{"error":{"message":"full","code":503}}',
    ]) {
      const { gateway, upstreams } = await pairRig(t)
      upstreams.a.next({ body, contentType })
      const response = await rawPost(gateway.url, CHAT_PATH, chatStream({ model: 'pair' }))
      t.equal(response.headers['x-turnout-backend'], 'b', `${contentType} ${body}`)
      t.same((await readStream(response)).errors, [], body)
    }
})
