/** Google's official client, unmodified, before backends of Google's form and of OpenAI's; and callers of OpenAI's form before Google's. */
import { ApiError, FunctionCallingConfigMode, GoogleGenAI, type GenerateContentParameters } from '@google/genai'
import type { Test } from 'tap'
import t from 'tap'
import type { JsonObject } from '../../src/core/json.ts'
import { atRest, eventually } from '../support/await.ts'
import { CHAT_PATH } from '../support/chat.ts'
import { failing } from '../support/fault-plan.ts'
import { type FaultUpstream, startFaultUpstream } from '../support/fault-upstream.ts'
import {
  answer,
  type GeminiPlan,
  geminiUpstream,
  type GeminiUpstream,
  HELLO,
  USAGE,
} from '../support/gemini-upstream.ts'
import { hashed, type OwnGateway } from '../support/gateway.ts'
import { RawClient } from '../support/raw-client.ts'
import { gatewayFor } from '../support/rig.ts'

const KEY = 'sk-caller-0123456789'
const OWN_KEY = 'own-key-of-the-backend'

interface World {
  readonly gateway: OwnGateway
  /** Asked in Google's form by callers of Google's form. */
  readonly google: GeminiUpstream
  readonly openAI: FaultUpstream
  readonly client: GoogleGenAI
}

async function world(test: Test, backend: object = {}): Promise<World> {
  const google = await geminiUpstream(test)
  const openAI = await startFaultUpstream()
  test.teardown(() => openAI.close())
  const gateway = await gatewayFor(test, {
    backends: [
      { name: 'google', kind: 'gemini', url: google.url, key: OWN_KEY, models: ['gemini-3-pro-preview'], ...backend },
      { name: 'local', kind: 'openai-compatible', url: openAI.url, models: ['tiny'] },
    ],
    keys: [{ id: 'caller', hash: hashed(KEY) }],
  })
  const client = new GoogleGenAI({ apiKey: KEY, httpOptions: { baseUrl: gateway.url } })
  return { gateway, google, openAI, client }
}

const NATIVE = 'gemini-3-pro-preview'
const MODELS = [NATIVE, 'tiny'] as const

interface Heard {
  readonly text: string
  readonly calls: readonly object[]
  readonly finish: string | undefined
  readonly tokens: readonly (number | undefined)[]
}

async function hear(client: GoogleGenAI, asked: GenerateContentParameters, stream: boolean): Promise<Heard> {
  const all = []
  if (stream) for await (const one of await client.models.generateContentStream(asked)) all.push(one)
  else all.push(await client.models.generateContent(asked))
  const usage = all.findLast((one) => one.usageMetadata !== undefined)?.usageMetadata
  return {
    text: all.map((one) => one.text ?? '').join(''),
    calls: all.flatMap((one) => one.functionCalls ?? []),
    finish: all.findLast((one) => one.candidates?.[0]?.finishReason !== undefined)?.candidates?.[0]?.finishReason,
    tokens: [usage?.promptTokenCount, usage?.candidatesTokenCount, usage?.thoughtsTokenCount, usage?.totalTokenCount],
  }
}

t.test('text, streamed and whole, of both kinds of backends', async (t) => {
  const { google, openAI, client, gateway } = await world(t)
  openAI.set({ plan: { words: ['Good ', 'day, 水 🚂'] } })
  for (const stream of [false, true]) {
    const heard = await hear(client, { model: NATIVE, contents: 'hi' }, stream)
    t.strictSame(heard, { text: 'Good day, 水 🚂', calls: [], finish: 'STOP', tokens: [12, 5, 7, 24] })
    const translated = await hear(client, { model: 'tiny', contents: 'hi' }, stream)
    t.match(translated, { text: 'Good day, 水 🚂', finish: 'STOP', calls: [] })
    t.ok(translated.tokens[0]! > 0 && translated.tokens[3] === translated.tokens[0]! + translated.tokens[1]!)
  }
  t.strictSame(
    google.asked.map(({ url }) => url),
    [`/v1beta/models/${NATIVE}:generateContent`, `/v1beta/models/${NATIVE}:streamGenerateContent?alt=sse`],
  )
  for (const { body, headers } of google.asked) {
    t.strictSame(body, { contents: [{ parts: [{ text: 'hi' }], role: 'user' }] }, 'as the client wrote it')
    t.equal(headers['x-goog-api-key'], OWN_KEY)
    t.equal(headers.authorization, undefined)
  }
  t.match(openAI.requests[0]?.json, { model: 'tiny', messages: [{ role: 'user', content: 'hi' }] })
  t.equal(await gateway.settled('turnout_requests_total', { endpoint: 'gemini_stream', status: '200' }, 2), 2)
  t.equal(await gateway.settled('turnout_tokens_total', { backend: 'google', kind: 'output' }, 24), 24)
})

const WEATHER = {
  functionDeclarations: [
    {
      name: 'weather',
      description: 'The weather',
      parametersJsonSchema: { type: 'object', properties: { city: { type: 'string' } } },
    },
  ],
}
const CALLS: readonly object[] = [
  answer([{ text: 'let me see', thought: true }]),
  answer([{ functionCall: { name: 'weather', args: { city: 'Graz' } }, thoughtSignature: 'c2lnbmF0dXJl' }]),
  {
    ...answer([{ functionCall: { name: 'weather', args: { city: 'Linz' } } }], { finishReason: 'STOP' }),
    usageMetadata: USAGE,
  },
]

t.test('functions are called, and their results go back', async (t) => {
  const { google, openAI, client } = await world(t)
  openAI.set({ plan: { toolCall: { name: 'weather', arguments: ['{"city":', '"Graz"}'] } } })
  const config = { tools: [WEATHER], toolConfig: { functionCallingConfig: { mode: FunctionCallingConfigMode.ANY } } }
  for (const stream of [false, true])
    for (const model of MODELS) {
      google.next({ events: CALLS })
      const { calls, finish } = await hear(client, { model, contents: 'weather?', config }, stream)
      t.match(calls[0], { name: 'weather', args: { city: 'Graz' } }, `${model} ${stream}`)
      t.equal(finish, 'STOP')
    }
  t.match(openAI.requests.at(-1)?.json, {
    tool_choice: 'required',
    tools: [{ type: 'function', function: { name: 'weather', parameters: { type: 'object' } } }],
  })
  openAI.set({ plan: { words: ['Sunny'] } })
  const contents = [
    { role: 'user', parts: [{ text: 'weather?' }] },
    { role: 'model', parts: [{ functionCall: { name: 'weather', args: { city: 'Graz' } } }] },
    { role: 'user', parts: [{ functionResponse: { name: 'weather', response: { output: 'sun' } } }] },
  ]
  t.equal((await hear(client, { model: 'tiny', contents, config: { tools: [WEATHER] } }, true)).text, 'Sunny')
  t.match((openAI.requests.at(-1)?.json as JsonObject)['messages'], [
    { role: 'user', content: 'weather?' },
    { role: 'assistant', tool_calls: [{ id: 'call_0', function: { name: 'weather', arguments: '{"city":"Graz"}' } }] },
    { role: 'tool', tool_call_id: 'call_0', content: 'sun' },
  ])
})

t.test('a chat of the SDK keeps what was said', async (t) => {
  const { openAI, client } = await world(t)
  openAI.set({ plan: { words: ['one'] } })
  const chat = client.chats.create({ model: 'tiny' })
  const said: (string | undefined)[] = []
  for await (const { text } of await chat.sendMessageStream({ message: 'first' })) said.push(text)
  t.equal(said.join(''), 'one')
  await chat.sendMessage({ message: 'second' })
  t.match((openAI.requests.at(-1)?.json as JsonObject)['messages'], [
    { role: 'user', content: 'first' },
    { role: 'assistant', content: 'one' },
    { role: 'user', content: 'second' },
  ])
})

t.test('without alt=sse a stream is one JSON array, of both kinds of backends, and with an error too', async (t) => {
  const { gateway, google, openAI } = await world(t)
  openAI.set({ plan: { words: ['Good ', 'day'] } })
  const post = async (model: string): Promise<unknown> => {
    const answer = await fetch(`${gateway.url}/v1beta/models/${model}:streamGenerateContent?key=${KEY}`, {
      method: 'POST',
      body: JSON.stringify({ contents: [{ parts: [{ text: 'hi' }] }] }),
      headers: { 'content-type': 'application/json' },
    })
    t.match(answer.headers.get('content-type'), /^application\/json/)
    return answer.json()
  }
  t.strictSame(await post(NATIVE), HELLO)
  t.match(await post('tiny'), [
    { candidates: [{ content: { parts: [{ text: 'Good ' }], role: 'model' }, index: 0 }] },
    { candidates: [{ content: { parts: [{ text: 'day' }], role: 'model' }, index: 0 }] },
    { candidates: [{ finishReason: 'STOP' }], usageMetadata: { totalTokenCount: Number } },
  ])
  google.next({ events: HELLO, cutAfter: 1 })
  t.match(await post(NATIVE), [HELLO[0], { error: { code: 502, status: 'UNAVAILABLE' } }])
  openAI.next({ words: ['Good '], cut: { events: 2, how: 'reset' } })
  t.match(await post('tiny'), [{ candidates: [{}] }, { error: { code: 502, status: 'UNAVAILABLE' } }])
  google.next({ events: HELLO, array: true })
  t.strictSame(await post(NATIVE), HELLO, 'from a backend that does not know alt=sse')
})

t.test('errors are what the SDK takes them for', async (t) => {
  const { gateway, google, openAI, client } = await world(t)
  const failure = async (
    asked: GenerateContentParameters,
    stream: boolean,
  ): Promise<{ status: number; error: JsonObject }> => {
    const thrown: unknown = await hear(client, asked, stream).then(
      () => null,
      (error: unknown) => error,
    )
    t.ok(thrown instanceof ApiError)
    const { status, message } = thrown as ApiError
    return { status, error: (JSON.parse(message.slice(message.indexOf('{'))) as { error: JsonObject }).error }
  }
  const limited: GeminiPlan = {
    status: 429,
    body: {
      error: {
        code: 429,
        message: 'Resource has been exhausted.',
        status: 'RESOURCE_EXHAUSTED',
        details: [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '31s' }],
      },
    },
  }
  google.next(limited)
  t.match(await failure({ model: NATIVE, contents: 'hi' }, false), {
    status: 429,
    error: {
      code: 429,
      status: 'RESOURCE_EXHAUSTED',
      details: [{ reason: 'UPSTREAM_RATE_LIMITED' }, { retryDelay: /^3[01](\.\d+)?s$/ }],
    },
  })
  for (const stream of [false, true]) {
    t.match(await failure({ model: 'nobody', contents: 'hi' }, stream), { status: 404, error: { status: 'NOT_FOUND' } })
    openAI.next(
      failing(400, { message: "This model's maximum context length is 8192 tokens", code: 'context_length_exceeded' }),
    )
    t.match(await failure({ model: 'tiny', contents: 'hi' }, stream), {
      status: 400,
      error: { status: 'INVALID_ARGUMENT', message: /input token count exceeds the maximum number of tokens allowed/i },
    })
  }
  for (const stream of [false, true]) {
    const searching = { model: 'tiny', contents: 'hi', config: { tools: [{ googleSearch: {} }] } }
    t.match(await failure(searching, stream), { status: 400, error: { message: /tools\.googleSearch/ } })
    t.equal((await hear(client, { ...searching, model: NATIVE }, stream)).text, 'Good day, 水 🚂')
  }
  openAI.next({ words: ['Good ', 'day'], cut: { events: 2, how: 'reset' } })
  t.match(await failure({ model: 'tiny', contents: 'hi' }, true), { status: 502 }, 'behind the first word')
  const wrong = new GoogleGenAI({ apiKey: 'nobody', httpOptions: { baseUrl: gateway.url } })
  await t.rejects(wrong.models.generateContent({ model: 'tiny', contents: 'hi' }), { message: /UNAUTHENTICATED/ })
})

t.test('a client that asks below /v1 gets lists, models, answers and errors in its own form', async (t) => {
  const { gateway } = await world(t)
  // As Google's client for Python does.
  const client = new GoogleGenAI({ apiKey: KEY, httpOptions: { baseUrl: gateway.url, apiVersion: 'v1' } })
  const names: string[] = []
  for await (const { name } of await client.models.list()) names.push(name ?? '')
  t.strictSame(names.sort(), ['models/auto', `models/${NATIVE}`, 'models/tiny'])
  t.match(await client.models.get({ model: 'tiny' }), { name: 'models/tiny', displayName: 'tiny' })
  t.ok((await client.models.generateContent({ model: 'tiny', contents: 'hi' })).text)
  await t.rejects(client.models.get({ model: 'nobody' }), { message: /"status":"NOT_FOUND"/ })
})

t.test('tokens are counted by the backend, or guessed', async (t) => {
  const { client, google, gateway } = await world(t)
  google.next({ body: { totalTokens: 42 } })
  t.equal((await client.models.countTokens({ model: NATIVE, contents: 'hi' })).totalTokens, 42)
  t.match(google.asked, [
    {
      url: `/v1beta/models/${NATIVE}:countTokens`,
      headers: { 'x-goog-api-key': OWN_KEY },
      body: { generateContentRequest: { model: `models/${NATIVE}`, contents: [{ parts: [{ text: 'hi' }] }] } },
    },
  ])
  const few = await client.models.countTokens({ model: 'tiny', contents: 'hi' })
  const many = await client.models.countTokens({ model: 'local/tiny', contents: 'many words '.repeat(100) })
  t.ok(few.totalTokens! > 0 && many.totalTokens! > 100 + few.totalTokens!, `${few.totalTokens}, ${many.totalTokens}`)
  const post = async (verb: string, body: object): Promise<unknown> => {
    const headers = { 'content-type': 'application/json', 'x-goog-api-key': KEY }
    const url = `${gateway.url}/v1beta/models/tiny:${verb}`
    return (await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })).json()
  }
  const contents = [{ parts: [{ text: 'hi' }] }]
  t.strictSame(
    await post('countTokens', { generateContentRequest: { model: 'models/tiny', contents } }),
    few.totalTokens === undefined ? null : { totalTokens: few.totalTokens },
  )
  t.match(await post('predict', { contents }), { error: { code: 404, message: /No such path/ } })
  t.match(await post('countTokens', {}), { error: { code: 400, message: /`contents`/ } })
})

/** Callers of Google's and of OpenAI's form, before a backend that is asked in Google's. */
const CALLERS = {
  gemini: {
    path: `/v1beta/models/${NATIVE}:streamGenerateContent?alt=sse`,
    body: { contents: [{ parts: [{ text: 'hi' }] }] },
  },
  array: { path: `/v1beta/models/${NATIVE}:streamGenerateContent`, body: { contents: [{ parts: [{ text: 'hi' }] }] } },
  openai: { path: CHAT_PATH, body: { model: NATIVE, stream: true, messages: [{ role: 'user', content: 'hi' }] } },
} as const

async function bytesOf(gateway: OwnGateway, { path, body }: { path: string; body: object }): Promise<string> {
  const answer = await fetch(gateway.url + path, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
  })
  // What is made anew for each answer.
  return (await answer.text()).replace(/call_[0-9a-f]{24}/g, 'call_x').replace(/"created":\d+/g, '"created":0')
}

t.test('packets that end at any byte make the same events', async (t) => {
  const { gateway, google } = await world(t, { formats: ['gemini'] })
  for (const events of [HELLO, CALLS])
    for (const [name, caller] of Object.entries(CALLERS)) {
      google.next({ events })
      const whole = await bytesOf(gateway, caller)
      t.ok(whole.length > 100, name)
      for (const packet of [1, 2, 7]) {
        google.next({ events, packet })
        t.equal(await bytesOf(gateway, caller), whole, `${name}, packets of ${packet}`)
      }
    }
})

t.test('an answer that breaks off anywhere ends with an error, and never as if it were whole', async (t) => {
  const { gateway, google } = await world(t, { formats: ['gemini'] })
  for (const [name, caller] of Object.entries(CALLERS))
    for (const cutAfter of [0, 1, 2]) {
      google.next({ events: HELLO, cutAfter })
      const text = await bytesOf(gateway, caller)
      t.match(text, /"error":\{/, `${name} after ${cutAfter}`)
      t.notMatch(text, /"finishReason":"STOP"|"finish_reason":"stop"/)
      if (name === 'openai' && cutAfter > 0) t.match(text, /\[DONE\]\n\n$/)
      if (name === 'array') t.doesNotThrow(() => JSON.parse(text))
    }
  // The connection may break behind the last word.
  for (const [name, caller] of Object.entries(CALLERS)) {
    google.next({ events: HELLO, cutAfter: 3 })
    t.notMatch(await bytesOf(gateway, caller), /"error"/, name)
  }
  const inside = { error: { code: 503, message: 'The model is overloaded.', status: 'UNAVAILABLE' } }
  for (const [name, caller] of Object.entries(CALLERS)) {
    google.next({ events: [...HELLO.slice(0, 1), inside] })
    t.match(await bytesOf(gateway, caller), /"error":\{[^]*overloaded/, name)
  }
})

t.test('what Google ends an answer with', async (t) => {
  const { gateway, google } = await world(t, { formats: ['gemini'] })
  const blocked = {
    promptFeedback: { blockReason: 'PROHIBITED_CONTENT' },
    usageMetadata: { promptTokenCount: 3, totalTokenCount: 3 },
  }
  const ended = (finishReason: string): object => answer([{ text: 'And so' }], { finishReason })
  for (const [event, finish] of [
    [blocked, 'content_filter'],
    [ended('STOP'), 'stop'],
    [ended('MAX_TOKENS'), 'length'],
    [ended('RECITATION'), 'content_filter'],
    [ended('MALFORMED_FUNCTION_CALL'), 'stop'],
    [ended('SOMETHING_NEW'), 'stop'],
  ] as const)
    for (const stream of [false, true]) {
      google.next({ events: [event] })
      const text = await bytesOf(gateway, { path: CHAT_PATH, body: { ...CALLERS.openai.body, stream } })
      t.match(text, `"finish_reason":"${finish}"`, `${JSON.stringify(event)} ${stream}`)
    }
})

for (const name of ['gemini', 'openai'] as const)
  t.test(`a caller of ${name} that does not read makes the backend wait`, async (t) => {
    const { gateway, google } = await world(t, { formats: ['gemini'] })
    const long = Array.from({ length: 320 }, () => answer([{ text: 'x'.repeat(100_000) }]))
    google.next({ events: [...long, ...HELLO], packet: 100_000 })
    const client = await RawClient.open(gateway.url)
    const { path, body } = CALLERS[name]
    const asked = client.send(path, { method: 'POST', body, headers: { authorization: `Bearer ${KEY}` } })
    client.socket.pause()
    await eventually(5_000, 'the first of it', () => google.written > 0)
    await atRest(400, 'what the backend could write', () => google.written)
    t.ok(google.written < 25_000_000, `${google.written} bytes were taken`)
    client.socket.resume()
    const { complete } = await asked
    t.equal(await complete, true)
    t.ok(google.written > 32_000_000)
    client.destroy()
  })

t.test('embeddings, one and several, of both kinds of backends', async (t) => {
  const { gateway, google, openAI } = await world(t)
  const post = async (path: string, body: object): Promise<unknown> => {
    const answer = await fetch(`${gateway.url}/v1beta/models/${path}?key=${KEY}`, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    })
    return answer.json()
  }
  const content = (text: string): object => ({ parts: [{ text }] })
  const vector = (index: number): object => ({ object: 'embedding', index, embedding: [index, 0.5] })
  const vectors = { object: 'list', model: 'tiny', usage: { prompt_tokens: 2, total_tokens: 2 } }
  openAI.next({ body: { ...vectors, data: [vector(0)] } }, { body: { ...vectors, data: [vector(1), vector(0)] } })
  t.strictSame(await post('tiny:embedContent', { content: content('a'), outputDimensionality: 2 }), {
    embedding: { values: [0, 0.5] },
  })
  t.match(openAI.requests.at(-1)?.json, { model: 'tiny', input: ['a'], dimensions: 2 })
  const requests = ['a', 'b'].map((text) => ({
    model: 'models/tiny',
    content: content(text),
    taskType: 'RETRIEVAL_QUERY',
  }))
  t.strictSame(await post('tiny:batchEmbedContents', { requests }), {
    embeddings: [{ values: [0, 0.5] }, { values: [1, 0.5] }],
  })
  t.match(openAI.requests.at(-1)?.json, { input: ['a', 'b'] })
  google.next({ body: { embedding: { values: [1, 2] } } }, { body: { embeddings: [{ values: [1, 2] }] } })
  t.strictSame(await post(`${NATIVE}:embedContent`, { content: content('a') }), { embedding: { values: [1, 2] } })
  t.strictSame(await post(`${NATIVE}:batchEmbedContents`, { requests: requests.slice(1) }), {
    embeddings: [{ values: [1, 2] }],
  })
  t.match(google.asked, [
    { url: `/v1beta/models/${NATIVE}:embedContent`, body: { content: content('a') } },
    { url: `/v1beta/models/${NATIVE}:batchEmbedContents`, body: { requests: [{ model: `models/${NATIVE}` }] } },
  ])
  t.match(await post('tiny:embedContent', { content: 'a' }), {
    error: { code: 400, status: 'INVALID_ARGUMENT', message: /`content`/ },
  })
})

t.test('models are listed as Google lists them', async (t) => {
  const { client, gateway } = await world(t)
  const listed: (string | undefined)[] = []
  for await (const { name, supportedActions } of await client.models.list()) {
    listed.push(name)
    t.strictSame(supportedActions, ['generateContent', 'streamGenerateContent', 'countTokens'])
  }
  t.strictSame(listed.sort(), ['models/auto', `models/${NATIVE}`, 'models/tiny'])
  t.match(await client.models.get({ model: 'tiny' }), { name: 'models/tiny', displayName: 'tiny' })
  const unknown = await fetch(`${gateway.url}/v1beta/models/nobody?key=${KEY}`)
  t.match(await unknown.json(), { error: { code: 404, status: 'NOT_FOUND', message: /nobody/ } })
  const noKey = await fetch(`${gateway.url}/v1beta/models`)
  t.match(await noKey.json(), { error: { code: 401, status: 'UNAUTHENTICATED' } })
  const noPath = await fetch(`${gateway.url}/v1beta/nothing?key=${KEY}`)
  t.match(await noPath.json(), { error: { code: 404, status: 'NOT_FOUND' } })
})

t.test('the key is taken from both places, and neither it nor a header goes anywhere', async (t) => {
  const { gateway, google, openAI } = await world(t)
  const body = { contents: [{ parts: [{ text: 'hi' }] }] }
  const client = await RawClient.open(gateway.url)
  t.teardown(() => client.destroy())
  const canary = 'canary-7e1f'
  const post = async (path: string, headers: Record<string, string>): Promise<number> => {
    const { status, complete } = await client.send(path, {
      method: 'POST',
      body,
      headers: { 'x-canary': canary, ...headers },
    })
    await complete
    return status
  }
  for (const model of MODELS) {
    const path = `/v1beta/models/${model}:generateContent`
    t.equal(await post(path, { 'x-goog-api-key': KEY, 'x-goog-api-client': canary, cookie: canary }), 200)
    t.equal(await post(`${path}?key=${KEY}&canary=${canary}`, {}), 200)
    t.equal(await post(`/v1/models/${model}:generateContent?key=${KEY}`, {}), 200, 'below the other version')
    t.equal(await post(path, {}), 401)
    t.equal(await post(`${path}?key=${KEY}x`, {}), 401)
  }
  t.equal(await post(`${CHAT_PATH}?key=${KEY}`, {}), 401, 'of no other path')
  const sent = JSON.stringify([
    google.asked,
    openAI.requests.map(({ path, rawHeaders, json }) => [path, rawHeaders, json]),
  ])
  for (const secret of [KEY, canary]) {
    t.notMatch(sent, secret)
    t.notMatch(gateway.logged(), secret)
  }
})

t.test('callers of OpenAI go to its endpoint for them, or are translated where the operator says so', async (t) => {
  const { gateway, google } = await world(t, { formats: ['gemini'] })
  const ask = async (body: object): Promise<JsonObject> => {
    const answer = await fetch(`${gateway.url}${CHAT_PATH}`, {
      method: 'POST',
      body: JSON.stringify({ model: NATIVE, ...body }),
      headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
    })
    return (await answer.json()) as JsonObject
  }
  const messages: object[] = [{ role: 'user', content: 'weather?' }]
  google.next({ events: CALLS })
  const tools = [{ type: 'function', function: { name: 'weather', parameters: { type: 'object' } } }]
  const first = await ask({ messages, tools })
  t.match(first, {
    choices: [{ finish_reason: 'tool_calls', message: { reasoning_content: 'let me see', tool_calls: [{}, {}] } }],
    usage: { prompt_tokens: 12, completion_tokens: 12, completion_tokens_details: { reasoning_tokens: 7 } },
  })
  const [choice] = first['choices'] as readonly {
    readonly message: { readonly tool_calls: readonly { readonly id: string }[] }
  }[]
  const calls = choice!.message.tool_calls
  t.match(calls[0], { extra_content: { google: { thought_signature: 'c2lnbmF0dXJl' } } })
  const plain = calls.map((one) => ({ ...one, extra_content: undefined }))
  const results = plain.map(({ id }) => ({ role: 'tool', tool_call_id: id, content: 'sun' }))
  await ask({ messages: [...messages, { role: 'assistant', content: null, tool_calls: plain }, ...results], tools })
  t.match(
    (google.asked.at(-1)?.body['contents'] as readonly object[])[1],
    {
      role: 'model',
      parts: [
        { functionCall: { name: 'weather', args: { city: 'Graz' } }, thoughtSignature: 'c2lnbmF0dXJl' },
        { functionCall: { name: 'weather', args: { city: 'Linz' } } },
      ],
    },
    'a client that has dropped the signature',
  )
})
