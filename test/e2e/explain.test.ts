/** `x-turnout-explain: 1`: the decision record in the answer, and nothing else changed. */
import OpenAI from 'openai'
import t from 'tap'
import { BODIES, chat, CHAT_PATH, chatStream, COMPLETIONS_PATH, readStream } from '../support/chat.ts'
import { failing } from '../support/fault-plan.ts'
import { WORDS } from '../support/openai-answers.ts'
import { rawPost } from '../support/raw-client.ts'
import { pairRig, rig, singleRig } from '../support/rig.ts'

const EXPLAIN = { 'x-turnout-explain': '1' }
const TEXT = WORDS.join('')

interface Explained {
  readonly request_id: string
  readonly candidates: readonly object[]
  readonly outcome: Readonly<Record<string, unknown>>
}

/** The decision that the log has of the same request. */
function loggedDecision(log: string, id: string): Explained | undefined {
  const lines = log
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { request_id?: string; decision?: Explained })
  return lines.find(({ request_id }) => request_id === id)?.decision
}

t.test('whole answers of each endpoint: one more member, all other bytes as without it', async (t) => {
  const { gateway, upstream } = await singleRig(t)
  for (const [path, body] of Object.entries(BODIES)) {
    const id = `id${path.replaceAll('/', '.')}`
    const answer = await rawPost(gateway.url, path, body, { ...EXPLAIN, 'x-request-id': id })
    const bytes = await answer.body()
    t.equal(answer.headers['content-length'], String(bytes.length), path)
    const { turnout } = JSON.parse(bytes.toString()) as { turnout: Explained }
    t.match(turnout, {
      request_id: id,
      order: ['up/tiny'],
      candidates: [{ backend: 'up', model: 'tiny' }],
      outcome: {
        attempts: [{ backend: 'up', model: 'tiny', status: 200, error: null, ttft_ms: null }],
        tokens: { input: Number, output: Number },
        total_ms: Number,
        success: true,
      },
    })
    const log = loggedDecision(gateway.logged(), id)
    t.strictSame(turnout, log, 'as in the log')
    const plain = bytes.toString().replace(`,"turnout":${JSON.stringify(turnout)}`, '')
    t.strictSame(Object.keys(JSON.parse(plain) as object).includes('turnout'), false)
    t.notOk(bytes.includes(upstream.url))
  }
})

t.test('byte for byte, spaces, order and odd numbers of the engine included', async (t) => {
  const head =
    ' {\n "id" : "x", "big": 12345678901234567890, "choices":[ {"index":0,"message":{"role":"assistant","content":"é"},"finish_reason":"stop"} ]'
  for (const tail of ['}', ' \n}', '}\n\n']) {
    const { gateway } = await singleRig(t, { plan: { body: head + tail, contentType: 'application/json' } })
    const bytes = await (await rawPost(gateway.url, CHAT_PATH, chat(), EXPLAIN)).body()
    const record = JSON.stringify((JSON.parse(bytes.toString()) as { turnout: unknown }).turnout)
    t.equal(bytes.toString(), `${head},"turnout":${record}${tail}`)
  }
})

t.test("an engine's own member of that name gives way", async (t) => {
  const body = '{"turnout":{"forged":true},"choices":[{"message":{"content":"a"},"finish_reason":"stop"}]}'
  const { gateway } = await singleRig(t, { plan: { body, contentType: 'application/json' } })
  const text = (await (await rawPost(gateway.url, CHAT_PATH, chat(), EXPLAIN)).body()).toString()
  t.notOk(text.includes('forged'))
  t.match(JSON.parse(text), { turnout: { order: ['up/tiny'] } })
  const without = await (await rawPost(gateway.url, CHAT_PATH, chat())).body()
  t.equal(without.toString(), body, 'unless nobody asked')
})

t.test('an answer too large to hold passes through without a record', async (t) => {
  const { gateway } = await singleRig(t, { plan: { words: ['x'.repeat(200_000)] } }, { limits: { buffer: '64KiB' } })
  const bytes = await (await rawPost(gateway.url, CHAT_PATH, chat(), EXPLAIN)).body()
  t.notOk('turnout' in (JSON.parse(bytes.toString()) as object))
})

t.test('streams: one more chunk before [DONE], whatever the caller wanted of usage', async (t) => {
  for (const [path, body, object] of [
    [CHAT_PATH, chatStream(), 'chat.completion.chunk'],
    [CHAT_PATH, chatStream({ stream_options: { include_usage: true } }), 'chat.completion.chunk'],
    [COMPLETIONS_PATH, { ...BODIES[COMPLETIONS_PATH], stream: true }, 'text_completion'],
  ] as const) {
    const { gateway } = await singleRig(t)
    const plain = await readStream(await rawPost(gateway.url, path, body))
    const summary = await readStream(await rawPost(gateway.url, path, body, { ...EXPLAIN, 'x-request-id': 'mine' }))
    t.match(summary, { text: TEXT, finish: 'stop', dones: 1, doneLast: true, errors: [] })
    t.equal(summary.usages.length, plain.usages.length)
    t.equal(summary.chunks.length, plain.chunks.length + 1)
    const first = summary.chunks[0]!
    const last = summary.chunks.at(-1)!
    t.strictSame(Object.keys(last), ['id', 'object', 'created', 'model', 'choices', 'turnout'])
    t.match(last, { id: first.id, created: first.created, object, model: 'tiny', choices: [] })
    t.match((last.turnout as Explained).outcome, {
      attempts: [{ status: 200, ttft_ms: Number }],
      tokens: { output: WORDS.length },
      finish: 'stop',
      success: true,
    })
    t.strictSame(last.turnout, loggedDecision(gateway.logged(), 'mine'))
    t.notOk(plain.chunks.some((chunk) => 'turnout' in chunk))
  }
})

t.test('a failed attempt is in the outcome', async (t) => {
  const { gateway, upstreams } = await pairRig(t)
  upstreams.a.next(failing(500))
  const answer = await (await rawPost(gateway.url, CHAT_PATH, chat({ model: 'pair' }), EXPLAIN)).json()
  t.match(answer['turnout'], {
    route: 'pair',
    order: ['a/tiny', 'b/tiny'],
    outcome: {
      attempts: [
        { backend: 'a', status: 500, error: 'upstream_error' },
        { backend: 'b', status: 200, error: null },
      ],
    },
  })
})

t.test('errors: beside `error`, before an answer, inside of a stream, and where nobody is able', async (t) => {
  const { gateway, upstreams } = await rig(t, {
    upstreams: { up: {} },
    config: { models: { tiny: { capabilities: { tools: false } } } },
  })
  const upstream = upstreams['up']!
  upstream.next(failing(500))
  const failed = await rawPost(gateway.url, CHAT_PATH, chat(), EXPLAIN)
  t.equal(failed.status, 500 + 2)
  const body = await failed.body()
  t.equal(failed.headers['content-length'], String(body.length))
  t.match(JSON.parse(body.toString()), {
    error: { code: 'upstream_error' },
    turnout: { order: ['up/tiny'], outcome: { attempts: [{ error: 'upstream_error' }], success: false, tokens: null } },
  })

  upstream.next({ cut: { events: 4, how: 'reset' } })
  const cut = await readStream(await rawPost(gateway.url, CHAT_PATH, chatStream(), EXPLAIN))
  t.match(cut, { errors: [{ code: 'upstream_incomplete' }], dones: 1, doneLast: true })
  t.match(cut.chunks.at(-1), { turnout: { outcome: { attempts: [{ error: 'upstream_incomplete' }], success: false } } })

  const tools = [{ type: 'function', function: { name: 'f' } }]
  const unable = await rawPost(gateway.url, CHAT_PATH, chat({ tools }), EXPLAIN)
  t.equal(unable.status, 400)
  t.match(await unable.json(), {
    error: { code: 'unsupported' },
    turnout: {
      order: [],
      candidates: [{ dropped: { filter: 'capability' } }],
      outcome: { attempts: [], success: false },
    },
  })

  const unknown = await (await rawPost(gateway.url, CHAT_PATH, chat({ model: 'none' }), EXPLAIN)).json()
  t.match(unknown, { error: { code: 'model_not_found' } })
  t.notOk('turnout' in unknown, 'nothing was decided')
})

t.test('no answer holds a record that nobody asked for', async (t) => {
  const { gateway, upstream } = await singleRig(t)
  for (const headers of [{}, { 'x-turnout-explain': '0' }] as Record<string, string>[]) {
    t.notOk('turnout' in (await (await rawPost(gateway.url, CHAT_PATH, chat(), headers)).json()))
    upstream.next(failing(500))
    t.notOk('turnout' in (await (await rawPost(gateway.url, CHAT_PATH, chat(), headers)).json()))
  }
})

t.test('the official SDK takes it in every mode', async (t) => {
  const { gateway } = await singleRig(t)
  const openai = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'any', maxRetries: 0, defaultHeaders: EXPLAIN })
  const messages = [{ role: 'user' as const, content: 'Where does the river run?' }]
  const recorded = { turnout: { order: ['up/tiny'], outcome: { success: true } } }

  const whole = await openai.chat.completions.create({ model: 'tiny', messages })
  t.equal(whole.choices[0]?.message.content, TEXT)
  t.match(whole, recorded)
  t.match(await openai.embeddings.create({ model: 'tiny', input: 'river' }), {
    data: [{ embedding: Array }],
    ...recorded,
  })

  for (const include_usage of [false, true]) {
    let text = ''
    const records: unknown[] = []
    const stream = await openai.chat.completions.create({
      model: 'tiny',
      messages,
      stream: true,
      stream_options: { include_usage },
    })
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? ''
      if ('turnout' in chunk) records.push(chunk)
    }
    t.equal(text, TEXT)
    t.equal(records.length, 1)
    t.match(records[0], recorded)
  }

  const helper = openai.chat.completions.stream({ model: 'tiny', messages, stream_options: { include_usage: true } })
  const final = await helper.finalChatCompletion()
  t.equal(final.choices[0]?.message.content, TEXT)
  t.equal((await helper.totalUsage()).completion_tokens, WORDS.length)
  t.match(final, recorded)

  let text = ''
  for await (const chunk of await openai.completions.create({ model: 'tiny', prompt: 'The river', stream: true }))
    text += chunk.choices[0]?.text ?? ''
  t.equal(text, TEXT)
})
