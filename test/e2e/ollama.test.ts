/** The official client of Ollama over sockets: through the gateway to an Ollama, and to backends that speak something else. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Ollama, type ChatResponse } from 'ollama'
import OpenAI from 'openai'
import t, { type Test } from 'tap'
import { eventually, letPass, within } from '../support/await.ts'
import { type FormatUpstream, HELLO, startFormatUpstream } from '../support/format-upstream.ts'
import { understood } from '../support/format-heard.ts'
import { type ConfigObject, type Gateway, hashed } from '../support/gateway.ts'
import { RawClient, rawPost } from '../support/raw-client.ts'
import { gatewayFor } from '../support/rig.ts'

interface World {
  readonly gateway: Gateway
  readonly upstream: FormatUpstream
  readonly client: Ollama
}

async function world(t: Test, kind: string, backend: ConfigObject = {}, config: ConfigObject = {}): Promise<World> {
  const upstream = await startFormatUpstream()
  t.teardown(() => upstream.close())
  const entry = { name: 'up', kind, url: upstream.url, models: ['parrot'], ...backend }
  const gateway = await gatewayFor(t, { ...config, backends: [entry] })
  return { gateway, upstream, client: new Ollama({ host: gateway.url }) }
}

const messages = [
  { role: 'system', content: 'Be brief.' },
  { role: 'user', content: 'Größe? 水' },
]
const TOOLS = [
  {
    type: 'function',
    function: {
      name: 'weather',
      description: 'Of a city',
      parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
    },
  },
]
const CALLS = {
  words: [],
  thoughts: ['Let me ', 'see'],
  calls: [
    { id: 'call_a', name: 'weather', arguments: ['{"ci', 'ty":"Wien"}'] },
    { id: 'call_b', name: 'weather', arguments: ['{"city":"水"}'] },
  ],
  finish: 'tool_calls' as const,
  tokens: { input: 20, cached: 0, output: 9, reasoning: 4 },
}
const TEXT = (HELLO.words ?? []).join('')

async function all<T>(parts: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const part of parts) list.push(part)
  return list
}

const textOf = (parts: readonly ChatResponse[]): string => parts.map(({ message }) => message.content).join('')

for (const [kind, format] of [
  ['ollama', 'ollama'],
  ['openai-compatible', 'openai-chat'],
] as const)
  t.test(`chat over ${format}`, async (t) => {
    const { upstream, client, gateway } = await world(t, kind)
    await t.test('an answer, whole and as it comes, is the same', async (t) => {
      const options = { num_predict: 9, temperature: 0.5, stop: ['x'] }
      const whole = await client.chat({ model: 'parrot', messages, options })
      t.match(whole, {
        model: 'parrot',
        done: true,
        done_reason: 'stop',
        message: { role: 'assistant', content: TEXT },
      })
      t.match(whole, { prompt_eval_count: 12, eval_count: 6 })
      const heard = upstream.last()
      t.equal(heard.format, format)
      t.match(understood(heard), {
        system: 'Be brief.',
        turns: [['user', 'Größe? 水']],
        limit: 9,
        temperature: 0.5,
        stop: ['x'],
      })
      const parts = await all(await client.chat({ model: 'parrot', messages, options, stream: true }))
      t.equal(textOf(parts), TEXT)
      t.match(parts.at(-1), { done: true, done_reason: 'stop', prompt_eval_count: 12, eval_count: 6 })
      t.ok(parts.slice(0, -1).every((part) => !part.done))
    })
    await t.test('thoughts and several calls, and their results', async (t) => {
      upstream.next({ script: CALLS }, { script: CALLS })
      const whole = await client.chat({ model: 'parrot', messages, tools: TOOLS, think: 'low' })
      const parts = await all(
        await client.chat({ model: 'parrot', messages, tools: TOOLS, think: 'low', stream: true }),
      )
      const calls = [
        { name: 'weather', arguments: { city: 'Wien' } },
        { name: 'weather', arguments: { city: '水' } },
      ]
      t.match(
        whole.message.tool_calls?.map((call) => call.function),
        calls,
      )
      t.match(
        parts.flatMap(({ message }) => message.tool_calls ?? []).map((call) => call.function),
        calls,
      )
      t.equal(whole.message.thinking, 'Let me see')
      t.equal(parts.map(({ message }) => message.thinking ?? '').join(''), 'Let me see')
      await client.chat({
        model: 'parrot',
        tools: TOOLS,
        messages: [...messages, whole.message, { role: 'tool', content: 'sun', tool_name: 'weather' }, { role: 'tool', content: 'rain' }],
      }) // prettier-ignore
      const { turns, calls: told, tools } = understood(upstream.last())
      t.strictSame(told, [['weather', '{"city":"Wien"}'], ['weather', '{"city":"水"}']]) // prettier-ignore
      t.match(turns.slice(-2), [['tool', 'sun'], ['tool', 'rain']]) // prettier-ignore
      t.strictSame(tools, ['weather'])
    })
    await t.test('pictures and a schema', async (t) => {
      const schema = { type: 'object', properties: { a: { type: 'string' } } }
      const picture = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
      await client.chat({ model: 'parrot', format: schema, messages: [{ role: 'user', content: 'x', images: [picture] }] }) // prettier-ignore
      const heard = understood(upstream.last())
      t.strictSame(heard.pictures, [picture])
      t.equal(heard.schema, JSON.stringify(schema))
    })
    await t.test('a refusal has its text and its status', async (t) => {
      upstream.always({ script: HELLO, refuse: { status: 400, message: 'no such thing' } })
      for (const stream of [true, false] as const)
        await t.rejects(client.chat({ model: 'parrot', messages, stream: stream as true }), {
          status_code: 400,
          message: /no such thing/,
        })
      upstream.always({ script: HELLO })
      await t.rejects(client.chat({ model: 'none', messages }), { status_code: 404, message: /^model not found/ })
    })
    await t.test('every fault in the middle ends in an error line, and before it in an error', async (t) => {
      for (const how of ['error', 'reset', 'end'] as const)
        for (const after of [0, 2, 3]) {
          upstream.next({ script: HELLO, fault: { after, how } })
          const answer = await rawPost(gateway.url, '/api/chat', { model: 'parrot', messages })
          const lines = (await answer.body()).toString().trimEnd().split('\n')
          const last = JSON.parse(lines.at(-1)!) as { error?: string; done?: boolean }
          t.type(last.error, 'string', `${how} after ${after}`)
          t.equal(answer.status === 200, lines.length > 1, 'a status of its own before the first line')
          t.ok(lines.slice(0, -1).every((line) => !(JSON.parse(line) as { done: boolean }).done))
          t.ok(await answer.complete, 'the body itself ends as it should')
        }
    })
    await t.test('tokens are counted as for anybody', async (t) => {
      const counted = (direction: string) => gateway.metric('turnout_tokens_total', { kind: direction })
      await eventually(2_000, 'tokens', async () => (await counted('input')) >= 12 && (await counted('output')) >= 6)
      t.pass()
    })
  })

t.test('an Ollama gets the very bytes of its clients', async (t) => {
  const { upstream, gateway } = await world(t, 'ollama')
  const raw = '{ "model":"parrot","messages":[{"role":"user","content":"\\u6c34"}],"options":{"temperature":0.10,"min_p":0.2},"new":{"x":null} }'
  const client = await RawClient.open(gateway.url)
  const answer = await client.send('/api/chat', { body: raw, headers: { 'content-type': 'application/json' } })
  t.equal(answer.headers['content-type'], 'application/x-ndjson')
  const body = (await answer.body()).toString()
  t.match(body, /"created_at"/)
  t.strictSame(upstream.last().body, JSON.parse(raw))
  client.destroy()
}) // prettier-ignore

t.test('what only Ollama’s own API can be told is told there, also for other clients', async (t) => {
  const { upstream, gateway } = await world(t, 'ollama', { num_ctx: 8192, keep_alive: '30m', think: false })
  const openai = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'any', maxRetries: 0 })
  const ask = { model: 'parrot', messages: [{ role: 'user' as const, content: 'hi' }] }
  const whole = await openai.chat.completions.create(ask)
  t.equal(whole.choices[0]?.message.content, TEXT)
  t.match(upstream.last(), {
    format: 'ollama',
    body: { options: { num_ctx: 8192 }, keep_alive: '30m', think: false, stream: false },
  })
  const stream = openai.chat.completions.stream({ ...ask, stream_options: { include_usage: true } })
  t.equal((await stream.finalChatCompletion()).choices[0]?.message.content, TEXT)
  t.equal((await stream.totalUsage()).prompt_tokens, 12)
  await openai.chat.completions.create({ ...ask, logprobs: true })
  t.equal(upstream.last().format, 'openai-chat', 'what gets lost there is asked where it does not')
  const own = await world(t, 'ollama', { num_ctx: 8192 }, { models: { parrot: { num_ctx: 1024, think: 'low' } } })
  await own.client.chat({ model: 'parrot', messages })
  t.match(own.upstream.last().body, { options: { num_ctx: 1024 }, think: 'low' }, 'a model has wishes of its own')
  const plain = await world(t, 'ollama')
  const other = new OpenAI({ baseURL: `${plain.gateway.url}/v1`, apiKey: 'any', maxRetries: 0 })
  await other.chat.completions.create(ask)
  t.equal(plain.upstream.last().format, 'openai-chat', 'and without such wishes it is asked as before')
})

t.test('lists show what the key may reach, and describe it', async (t) => {
  const { client, gateway } = await world(t, 'openai-compatible', {}, { models: { parrot: { context: 4096, params_b: 7, capabilities: { tools: true, vision: true } } } }) // prettier-ignore
  const { models } = await client.list()
  t.match(models.find(({ name }) => name === 'parrot'), { model: 'parrot', details: { parameter_size: '7B' } })
  t.match(models[0]?.digest, /^[0-9a-f]{64}$/)
  const shown = await client.show({ model: 'parrot' })
  t.match(shown.capabilities, ['completion', 'tools', 'vision'])
  t.match(shown.model_info, { 'general.architecture': 'parrot', 'parrot.context_length': 4096 })
  const older = await rawPost(gateway.url, '/api/show', { model: '', name: 'parrot' })
  t.match(await older.json(), { capabilities: shown.capabilities }, 'as the command of Ollama asks')
  t.match(await client.ps(), { models: [{ name: 'parrot', context_length: 4096 }] })
  t.match(await client.version(), { version: /^0\.\d+\.\d+$/ })
  await t.rejects(client.show({ model: 'none' }), { status_code: 404, message: /^model not found/ })
  for (const refused of [() => client.pull({ model: 'x' }), () => client.push({ model: 'x' }), () => client.create({ model: 'x', from: 'y' }), () => client.copy({ source: 'a', destination: 'b' }), () => client.delete({ model: 'x' })])
    await t.rejects(refused(), { status_code: 404, message: /is not served by the gateway/ })
}) // prettier-ignore

t.test('a key is asked for everywhere, and limits what is listed', async (t) => {
  const keys = [{ id: 'few', hash: hashed('sk-few'), routes: ['small'] }]
  const routes = [{ name: 'small', candidates: ['up/parrot'] }]
  const { gateway } = await world(t, 'openai-compatible', { models: ['parrot', 'owl'] }, { keys, routes })
  const known = new Ollama({ host: gateway.url, headers: { authorization: 'Bearer sk-few' } })
  const stranger = new Ollama({ host: gateway.url })
  const asks: readonly (() => Promise<unknown>)[] = [() => stranger.list(), () => stranger.ps(), () => stranger.version(), () => stranger.show({ model: 'parrot' }), () => stranger.chat({ model: 'parrot', messages }), () => stranger.generate({ model: 'parrot', prompt: '' })]
  for (const ask of asks)
    await t.rejects(ask(), { status_code: 401, message: /key/ })
  const names = (await known.list()).models.map(({ name }) => name)
  t.ok(names.includes('small') && !names.includes('owl'), names.join())
  await t.rejects(known.show({ model: 'owl' }), { status_code: 404, message: /^model not found/ })
  t.equal((await known.chat({ model: 'small', messages })).message.content, TEXT)
}) // prettier-ignore

t.test('a model is loaded by its Ollama; where no engine loads any, it is there', async (t) => {
  const { client, upstream } = await world(t, 'openai-compatible')
  t.match(await client.generate({ model: 'parrot', prompt: '' }), { response: '', done: true, done_reason: 'load' })
  t.match(await client.chat({ model: 'parrot', messages: [] }), { message: { content: '' }, done_reason: 'load' })
  t.equal(upstream.heard.length, 0, 'nobody was asked')
  await t.rejects(client.generate({ model: 'none', prompt: '' }), { status_code: 404, message: /^model not found/ })
  await t.rejects(client.generate({ model: 'parrot', prompt: 'a', suffix: 'b' }), { status_code: 400, message: /generate/ })
}) // prettier-ignore

t.test('the words at the root are for clients of Ollama alone', async (t) => {
  const { gateway } = await world(t, 'openai-compatible')
  const get = async (agent: string, method = 'GET') => fetch(gateway.url, { method, headers: { 'user-agent': agent } })
  t.equal(await (await get('ollama/0.34.4 (amd64 linux) Go/go1.26')).text(), 'Ollama is running')
  t.equal((await get('ollama/0.34.4', 'HEAD')).status, 200)
  t.match(await (await get('turnout/0.1.0')).json(), { name: 'turnout' })
})

t.test('a silent answer is kept alive by lines that say nothing', async (t) => {
  const { client, upstream } = await world(t, 'openai-compatible', {}, { limits: { keep_alive: '50ms', ttft: '10s', idle: '400ms' } }) // prettier-ignore
  upstream.next({ script: HELLO, fault: { after: 3, how: 'silent' } })
  const parts: ChatResponse[] = []
  const reading = (async () => {
    for await (const part of await client.chat({ model: 'parrot', messages, stream: true })) parts.push(part)
  })()
  await t.rejects(reading, /No further token/)
  t.ok(parts.filter(({ message }) => message.content === '').length >= 2, `${parts.length} lines`)
})

t.test('what fails before the first word is asked of another backend, and every place is given back', async (t) => {
  const [first, second] = [await startFormatUpstream(), await startFormatUpstream()]
  t.teardown(() => Promise.all([first.close(), second.close()]))
  const backends = [
    { name: 'first', kind: 'ollama', url: first.url, models: ['parrot'] },
    { name: 'second', kind: 'openai-compatible', url: second.url, models: ['parrot'] },
  ]
  const routes = [{ name: 'pair', candidates: ['first/*', 'second/*'], strategy: 'ordered' }]
  const gateway = await gatewayFor(t, { backends, routes })
  const client = new Ollama({ host: gateway.url })
  for (const [at, fault] of [
    { after: 0, how: 'error' },
    { after: 0, how: 'reset' },
    { after: 0, how: 'end' },
  ].entries()) {
    first.next({ script: HELLO, fault: fault as { after: number; how: 'error' } })
    const parts = await all(await client.chat({ model: 'pair', messages, stream: true }))
    t.equal(textOf(parts), TEXT, fault.how)
    t.equal(second.heard.length, at + 1)
  }
  t.equal(await gateway.settled('turnout_inflight_requests', {}, 0), 0)
  t.equal(await gateway.settled('turnout_requests_total', { endpoint: 'ollama_chat', status: '200' }, 3), 3)
})

t.test('a caller that leaves is heard of by the backend', async (t) => {
  const { client, upstream } = await world(t, 'ollama')
  upstream.next({ script: HELLO, fault: { after: 2, how: 'silent' } })
  const stream = await client.chat({ model: 'parrot', messages, stream: true })
  for await (const part of stream) {
    t.ok(part.message.content)
    break
  }
  client.abort()
  t.equal(await within(3_000, 'the end at the backend', upstream.last().left), true)
})

t.test('a caller that reads slowly gets it all', async (t) => {
  for (const kind of ['ollama', 'openai-compatible']) {
    const { gateway, upstream } = await world(t, kind)
    upstream.next({ script: { ...HELLO, words: Array.from({ length: 40 }, () => 'x'.repeat(256 * 1024)) } })
    const client = await RawClient.open(gateway.url)
    const answer = await client.send('/api/chat', { body: { model: 'parrot', messages } })
    client.socket.pause()
    await letPass(300, 'the caller is a slow one')
    client.socket.resume()
    const lines = (await within(20_000, 'the whole', answer.body())).toString().trimEnd().split('\n')
    const parts = lines.map((line) => JSON.parse(line) as ChatResponse)
    t.equal(textOf(parts).length, 40 * 256 * 1024, kind)
    t.equal(parts.at(-1)?.done, true)
    client.destroy()
  }
})

// ---------------------------------------------------------------- generate and embeddings

interface Asked {
  readonly path: string
  readonly body: Record<string, unknown>
}

/** Speaks what the other backend of these tests does not. */
async function odd(t: Test): Promise<{ readonly url: string; readonly asked: Asked[] }> {
  const asked: Asked[] = []
  const lists: Readonly<Record<string, object>> = {
    '/api/tags': { models: [{ name: 'parrot', model: 'parrot', capabilities: ['completion', 'embedding'] }] },
    '/v1/models': { object: 'list', data: [{ id: 'parrot', object: 'model' }] },
  }
  const head = { model: 'parrot', created_at: '2026-11-30T12:00:00Z' }
  const end = { done: true, done_reason: 'stop', prompt_eval_count: 3, eval_count: 2 }
  const vectors = [[0.5, -0.25], [1, 2]] // prettier-ignore
  const answers: Readonly<Record<string, (body: Record<string, unknown>) => string>> = {
    '/api/generate': ({ stream, prompt }) => {
      if (prompt === undefined || prompt === '') return JSON.stringify({ ...head, response: '', done: true, done_reason: 'load' })
      if (stream === false) return JSON.stringify({ ...head, response: 'Good day', context: [1, 2], ...end })
      return ['Good', ' day'].map((response) => `${JSON.stringify({ ...head, response, done: false })}\n`).join('') + `${JSON.stringify({ ...head, response: '', ...end })}\n`
    },
    '/api/embed': ({ input }) => JSON.stringify({ model: 'parrot', embeddings: vectors.slice(0, [input].flat().length), prompt_eval_count: 4 }),
    '/api/embeddings': () => JSON.stringify({ embedding: vectors[0] }),
    '/v1/embeddings': ({ input }) =>
      JSON.stringify({ object: 'list', model: 'parrot', data: vectors.slice(0, [input].flat().length).map((embedding, index) => ({ object: 'embedding', index, embedding })).reverse(), usage: { prompt_tokens: 4, total_tokens: 4 } }),
    '/v1/completions': ({ stream }) =>
      stream === true
        ? `data: ${JSON.stringify({ id: 'c', object: 'text_completion', model: 'parrot', choices: [{ index: 0, text: 'Good day', finish_reason: null }] })}\n\ndata: ${JSON.stringify({ id: 'c', object: 'text_completion', model: 'parrot', choices: [{ index: 0, text: '', finish_reason: 'stop' }], usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 } })}\n\ndata: [DONE]\n\n`
        : JSON.stringify({ id: 'c', object: 'text_completion', model: 'parrot', choices: [{ index: 0, text: 'Good day', finish_reason: 'stop' }], usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 } }),
  } // prettier-ignore
  const server = createServer((request, response) => {
    const pieces: Buffer[] = []
    request.on('data', (piece: Buffer) => pieces.push(piece))
    request.on('end', () => {
      const path = request.url ?? ''
      const list = lists[path]
      const answer = answers[path]
      const body = pieces.length === 0 ? {} : (JSON.parse(Buffer.concat(pieces).toString()) as Record<string, unknown>)
      if (request.method === 'POST' && answer !== undefined) asked.push({ path, body })
      const text = list !== undefined ? JSON.stringify(list) : (answer?.(body) ?? '{"error":"not found"}')
      const type = text.startsWith('data:') ? 'text/event-stream' : text.includes('}\n{') ? 'application/x-ndjson' : 'application/json' // prettier-ignore
      response.writeHead(list === undefined && answer === undefined ? 404 : 200, { 'content-type': type }).end(text)
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked }
}

t.test('generate: the bytes pass to an Ollama, at its own path', async (t) => {
  const { url, asked } = await odd(t)
  const gateway = await gatewayFor(t, { backends: [{ name: 'up', kind: 'ollama', url, models: ['parrot'] }] })
  const client = new Ollama({ host: gateway.url })
  const ask = {
    model: 'parrot',
    prompt: 'Say it',
    template: '{{ .Prompt }}',
    context: [1, 2],
    options: { num_ctx: 64 },
  }
  t.match(await client.generate(ask), { response: 'Good day', done: true, context: [1, 2], eval_count: 2 })
  t.match(asked.at(-1), { path: '/api/generate', body: { ...ask, stream: false } })
  for (const more of [{}, { raw: true }, { suffix: 'x' }, { system: 'Be brief.' }]) {
    const parts = await all(await client.generate({ model: 'parrot', prompt: 'a', stream: true, ...more }))
    t.equal(parts.map(({ response }) => response).join(''), 'Good day', JSON.stringify(more))
    t.match(asked.at(-1), { path: '/api/generate', body: { prompt: 'a', ...more } })
  }
  t.match(await client.generate({ model: 'parrot', prompt: '', keep_alive: '5m' }), { done_reason: 'load' })
  t.match(asked.at(-1), { path: '/api/generate', body: { keep_alive: '5m' } })
  t.match(
    await (await fetch(`${gateway.url}/metrics`)).text(),
    /turnout_requests_total\{[^}]*endpoint="ollama_generate"/,
  )
})

t.test('a raw prompt is a text to go on from, on any backend', async (t) => {
  const { url, asked } = await odd(t)
  const gateway = await gatewayFor(t, {
    backends: [{ name: 'up', kind: 'openai-compatible', url, models: ['parrot'] }],
  })
  const client = new Ollama({ host: gateway.url })
  const ask = { model: 'parrot', prompt: 'Say it', raw: true, options: { num_predict: 5 } }
  t.match(await client.generate(ask), {
    response: 'Good day',
    done_reason: 'stop',
    prompt_eval_count: 3,
    eval_count: 2,
  })
  t.match(asked.at(-1), { path: '/v1/completions', body: { model: 'parrot', prompt: 'Say it', max_tokens: 5 } })
  const parts = await all(await client.generate({ ...ask, stream: true }))
  t.equal(parts.map(({ response }) => response).join(''), 'Good day')
  t.match(parts.at(-1), { done: true, prompt_eval_count: 3, eval_count: 2 })
})

t.test('embeddings: both forms of Ollama, and that of OpenAI, on backends of either', async (t) => {
  for (const [kind, formats, paths] of [
    ['ollama', null, { ollama: '/api/embed', old: '/api/embeddings', openai: '/v1/embeddings' }],
    ['ollama', ['ollama'], { ollama: '/api/embed', old: '/api/embeddings', openai: '/api/embed' }],
    ['openai-compatible', null, { ollama: '/v1/embeddings', old: '/v1/embeddings', openai: '/v1/embeddings' }],
  ] as const) {
    const { url, asked } = await odd(t)
    const models = { parrot: { capabilities: { embeddings: true } } }
    const backend = { name: 'up', kind, url, models: ['parrot'], ...(formats === null ? {} : { formats }) }
    const gateway = await gatewayFor(t, { backends: [backend], models })
    const client = new Ollama({ host: gateway.url })
    const name = `${kind} ${String(formats)}`
    const embedded = await client.embed({ model: 'parrot', input: ['a', 'b'] })
    t.match(embedded, { model: 'parrot', embeddings: [[0.5, -0.25], [1, 2]], prompt_eval_count: 4 }, name) // prettier-ignore
    t.match(asked.at(-1), { path: paths.ollama, body: { input: ['a', 'b'] } }, name)
    t.strictSame((await client.embeddings({ model: 'parrot', prompt: 'a' })).embedding, [0.5, -0.25], name)
    t.equal(asked.at(-1)?.path, paths.old, name)
    const openai = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'any', maxRetries: 0 })
    for (const form of ['float', 'base64', undefined] as const) {
      const answer = await openai.embeddings.create({ model: 'parrot', input: ['a', 'b'], ...(form === undefined ? {} : { encoding_format: form }) }) // prettier-ignore
      const second = answer.data.find(({ index }) => index === 1)?.embedding as unknown
      const base64 = Buffer.from(Float32Array.of(1, 2).buffer).toString('base64')
      if (form === 'base64') t.equal(second, base64, name)
      else t.strictSame(Array.from(second as number[]), [1, 2], name)
      t.equal(answer.usage.prompt_tokens, 4)
      t.equal(asked.at(-1)?.path, paths.openai, name)
    }
  }
})
