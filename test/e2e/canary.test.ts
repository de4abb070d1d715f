import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { CHAT_PATH, COMPLETIONS_PATH, EMBEDDINGS_PATH, RERANK_PATH } from '../support/chat.ts'
import { type Gateway, hashed } from '../support/gateway.ts'
import { rawPost } from '../support/raw-client.ts'
import { gatewayFor } from '../support/rig.ts'
import { type OtlpReceiver, startOtlpReceiver } from '../telemetry/otlp-receiver.ts'

/** Canaries that were let out, each with the place where it was put. */
const places = new Map<string, string>()

function canary(place: string): string {
  const word = `canary${places.size}q`
  places.set(word, place)
  return word
}

/** The places whose canaries are in a text. */
const found = (text: string): string[] => [
  ...new Set((text.match(/canary\d+q/gi) ?? []).map((word) => `${word}: ${places.get(word.toLowerCase()) ?? '?'}`)),
]

interface Reply {
  readonly status?: number
  readonly statusText?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body: string
  /** The connection breaks behind the body. */
  readonly cut?: boolean
}

const error = (place: string, more: object = {}): object => ({
  message: `${place} ${canary(`${place}.message`)}`,
  type: canary(`${place}.type`),
  code: canary(`${place}.code`),
  param: canary(`${place}.param`),
  metadata: { error_type: canary(`${place}.metadata`) },
  [canary(`${place} key`)]: canary(`${place}.unknown`),
  ...more,
})

const odd = (place: string): Record<string, string> => ({
  'x-request-id': canary(`${place} header x-request-id`),
  server: canary(`${place} header server`),
  [`x-${canary(`${place} header name`)}`]: '1',
  'set-cookie': canary(`${place} header cookie`),
})

const json = (place: string, status: number, value: unknown): Reply => ({
  status,
  statusText: canary(`${place} status text`),
  headers: { 'content-type': 'application/json', ...odd(place) },
  body: JSON.stringify(value),
})

const STATUSES = [
  300, 400, 401, 402, 403, 404, 405, 408, 409, 413, 415, 422, 425, 429, 498, 499, 500, 501, 502, 503, 529,
]

/** Answers that fail. */
const failures = (): Reply[] => [
  ...STATUSES.map((status) => json(`error ${status}`, status, { error: error(`error ${status}`) })),
  ...[400, 500].flatMap((status) => [
    json(`text error ${status}`, status, { error: canary(`text error ${status}`) }),
    json(`flat ${status}`, status, { object: 'error', ...error(`flat ${status}`) }),
    json(`detail ${status}`, status, { detail: [{ msg: canary(`detail ${status}`), input: canary('detail input') }] }),
    json(`list ${status}`, status, [{ error: error(`list ${status}`) }]),
    json(`nested ${status}`, status, { error: { message: JSON.stringify({ error: error(`nested ${status}`) }) } }),
    { status, body: canary(`plain ${status}`), headers: { 'content-type': 'text/plain' } },
    { status, body: `<html>${canary(`html ${status}`)}`, headers: { 'content-type': 'text/html' } },
    { status, body: `{"error":{"message":"${canary(`cut ${status}`)}`, cut: true },
  ]),
  json('flagged', 403, {
    error: error('flagged', { code: 403, metadata: { flagged_input: canary('flagged input') } }),
  }),
  json('raw', 400, {
    error: error('raw', { metadata: { raw: canary('raw words'), provider_name: canary('provider') } }),
  }),
  json('200 error', 200, { error: error('200 error') }),
  json('200 flat', 200, { object: 'error', ...error('200 flat') }),
  json('200 choice', 200, { choices: [{ error: error('200 choice') }] }),
  { body: canary('200 no JSON'), headers: { 'content-type': 'application/json' } },
  { body: canary('200 odd type'), headers: { 'content-type': canary('content-type') } },
  { body: canary('200 odd coding'), headers: { 'content-encoding': canary('content-encoding') } },
  { status: 429, body: '{}', headers: { 'retry-after': canary('retry-after') } },
  { status: 302, body: '', headers: { location: `http://127.0.0.1:9/${canary('location')}` } },
  { body: `{"choices":[{"message":{"content":"${canary('200 cut')}`, cut: true },
]

const events = (...list: string[]): string => list.map((one) => `${one}\n\n`).join('')
const delta = (place: string): string => `data: ${JSON.stringify(answer(place, true))}`

/** Everything that an answer may hold. */
const answer = (place: string, streamed: boolean): object => ({
  id: canary(`${place}.id`),
  object: canary(`${place}.object`),
  created: 1,
  model: canary(`${place}.model`),
  system_fingerprint: canary(`${place}.system_fingerprint`),
  service_tier: canary(`${place}.service_tier`),
  provider: canary(`${place}.provider`),
  [canary(`${place} key`)]: canary(`${place}.unknown`),
  choices: [
    {
      index: 0,
      native_finish_reason: canary(`${place}.native_finish_reason`),
      finish_reason: canary(`${place}.finish_reason`),
      [streamed ? 'delta' : 'message']: {
        role: canary(`${place}.role`),
        content: canary(`${place}.content`),
        reasoning: canary(`${place}.reasoning`),
        tool_calls: [
          {
            index: 0,
            id: canary(`${place}.call id`),
            type: 'function',
            function: { name: canary(`${place}.tool`), arguments: `{"a":"${canary(`${place}.arguments`)}"}` },
          },
        ],
      },
    },
  ],
  usage: {
    prompt_tokens: 3,
    completion_tokens: 2,
    total_tokens: 5,
    service_tier: canary(`${place}.usage.service_tier`),
    [canary(`${place} usage key`)]: canary(`${place}.usage`),
  },
})

const STREAM = { 'content-type': 'text/event-stream' }

const streams = (): Reply[] => [
  { headers: { ...STREAM, ...odd('stream') }, body: events(delta('stream'), 'data: [DONE]') },
  { headers: STREAM, body: events(delta('stream without done')) },
  { headers: STREAM, body: events(delta('stream cut')), cut: true },
  { headers: STREAM, body: events(`data: ${JSON.stringify({ error: error('first error') })}`) },
  { headers: STREAM, body: events(delta('late'), `data: ${JSON.stringify({ error: error('late error') })}`) },
  { headers: STREAM, body: events(delta('l'), `data: ${JSON.stringify({ object: 'error', ...error('late flat') })}`) },
  { headers: STREAM, body: events(delta('l'), `event: error\ndata: ${JSON.stringify(error('late event'))}`) },
  { headers: STREAM, body: events(delta('l'), `event: error\ndata: ${canary('late text')}`) },
  { headers: STREAM, body: events(`event: ${canary('event name')}\n${delta('named')}`, 'data: [DONE]') },
  { headers: STREAM, body: events(delta('l'), `data: ${canary('event without JSON')}`) },
  { headers: STREAM, body: events(`: ${canary('comment')}`, `id: ${canary('event id')}`, `retry: ${canary('retry')}`) },
]

interface Rig {
  readonly gateway: Gateway
  readonly receiver: OtlpReceiver
  readonly replies: Reply[]
  readonly folder: string
  /** Sends, and reads the answer to its end, however it ends. */
  readonly send: (path: string, body: object | string, headers?: Record<string, string>) => Promise<string>
  /** All that was written down. */
  readonly books: () => Promise<string>
}

async function canaryRig(t: Test): Promise<Rig> {
  const replies: Reply[] = []
  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    request.resume().on('end', () => {
      const reply = request.method === 'POST' ? (replies.shift() ?? json('spare', 200, answer('spare', false))) : null
      if (reply === null) return void response.writeHead(404).end(canary('list of models'))
      response.writeHead(reply.status ?? 200, reply.statusText ?? 'OK', reply.headers)
      response.write(reply.body, () => (reply.cut === true ? response.destroy() : response.end()))
    })
  }
  const server = createServer(serve).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.closeAllConnections())
  t.teardown(() => server.close())
  const receiver = await startOtlpReceiver()
  t.teardown(() => receiver.close())
  const folder = t.testdir({})
  const notices: string[] = []
  const hook = createServer((request, response) => {
    request.on('data', (part: Buffer) => notices.push(part.toString()))
    request.on('end', () => response.end())
  }).listen(0, '127.0.0.1')
  await once(hook, 'listening')
  t.teardown(() => hook.close())
  const token = 'an-admin-token'
  const gateway = await gatewayFor(t, {
    server: { log_level: 'trace' },
    backends: [
      {
        name: 'up',
        kind: 'openai-compatible',
        url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        models: ['tiny'],
      },
    ],
    routes: [
      { name: 'first', match: { model: ['pattern-*'] }, candidates: ['up/*'] },
      { name: 'json', candidates: ['up/*'], success: { json: true, schema: true } },
    ],
    store: { ledger: join(folder, 'ledger'), state: join(folder, 'state.json') },
    admin: { port: 0, token: hashed(token) },
    budgets: [
      {
        name: 'each',
        of: 'route',
        per: 'month',
        requests: 100000,
        soft: 0,
        webhook: `http://127.0.0.1:${(hook.address() as AddressInfo).port}`,
      },
    ],
    telemetry: { endpoint: receiver.url, interval: '1s' },
  })
  const get = async (url: string, headers: Record<string, string> = {}): Promise<string> =>
    await (await fetch(url, { headers })).text()
  const files = async (): Promise<string[]> => {
    const names = await readdir(folder, { recursive: true, withFileTypes: true })
    return Promise.all(
      names.filter((one) => one.isFile()).map((one) => readFile(join(one.parentPath, one.name), 'utf8')),
    )
  }
  return {
    gateway,
    receiver,
    replies,
    folder,
    async send(path, body, headers = {}) {
      const response = await rawPost(gateway.url, path, body, headers)
      return (await response.body().catch(() => Buffer.alloc(0))).toString()
    },
    async books() {
      const authorization = `Bearer ${token}`
      const looked = await Promise.all([
        get(`${gateway.url}/metrics`),
        get(`${gateway.url}/metrics`, { accept: 'application/openmetrics-text' }),
        get(`${gateway.url}/health`),
        ...['keys', 'budgets', 'sessions', 'sessions?by=agent', 'backends'].map((path) =>
          get(`${gateway.adminUrl}/admin/${path}`, { authorization }),
        ),
      ])
      await gateway.close()
      t.ok(looked.every((text) => text.length > 10))
      t.ok(notices.length > 0 && receiver.spans.length > 0)
      return [gateway.logged(), receiver.text, ...notices, ...looked, ...(await files())].join('\n')
    },
  }
}

const chat = (place: string, more: object = {}): Record<string, unknown> => ({
  model: 'tiny',
  messages: [
    { role: 'system', content: canary(`${place} system`), name: canary(`${place} name`) },
    {
      role: 'user',
      content: [
        { type: 'text', text: canary(`${place} part`) },
        { type: 'image_url', image_url: { url: canary(`${place} image`) } },
      ],
    },
    {
      role: 'assistant',
      tool_calls: [
        {
          id: canary(`${place} call id`),
          type: 'function',
          function: { name: canary(`${place} call`), arguments: canary(`${place} arguments`) },
        },
      ],
    },
    { role: 'tool', tool_call_id: canary(`${place} tool call id`), content: canary(`${place} result`) },
    { role: canary(`${place} role`), content: canary(`${place} last`), [canary(`${place} message key`)]: 1 },
  ],
  ...more,
})

/** Fields beside the messages, all of them with canaries; `user`, `previous_response_id` and the like are names by contract. */
const fields = (place: string): object => ({
  tools: [
    {
      type: 'function',
      function: {
        name: canary(`${place} tool`),
        description: canary(`${place} description`),
        parameters: { [canary(`${place} schema key`)]: 1 },
      },
    },
  ],
  tool_choice: { type: 'function', function: { name: canary(`${place} tool_choice`) } },
  response_format: {
    type: 'json_schema',
    json_schema: { name: canary(`${place} schema`), schema: { title: canary(`${place} title`) } },
  },
  stop: [canary(`${place} stop`)],
  metadata: { [canary(`${place} metadata key`)]: canary(`${place} metadata`) },
  logit_bias: { [canary(`${place} logit_bias`)]: 1 },
  service_tier: canary(`${place} service_tier`),
  reasoning_effort: canary(`${place} reasoning_effort`),
  prediction: { type: 'content', content: canary(`${place} prediction`) },
  [canary(`${place} key`)]: canary(`${place} unknown`),
})

const HEADERS =
  'authorization x-api-key api-key cookie forwarded x-forwarded-for via referer origin openai-organization anthropic-beta idempotency-key traceparent baggage x-title user-agent accept-language x-turnout-strategy x-turnout-max-cost-usd x-turnout-deadline-ms x-turnout-no-fallback x-turnout-explain x-custom'.split(
    ' ',
  )

t.test('nothing that a caller writes is in a book, whatever becomes of the request', async (t) => {
  const { gateway, replies, send, books } = await canaryRig(t)
  const good = (place: string): number => replies.push(json(place, 200, { ...answer(place, false), model: 'tiny' }))
  for (const place of ['chat', 'explained']) {
    good(place)
    await send(CHAT_PATH, chat(place, fields(place)), place === 'explained' ? { 'x-turnout-explain': '1' } : {})
  }
  good('json')
  await send(CHAT_PATH, chat('json', { model: 'json', ...fields('json') }))
  await send(COMPLETIONS_PATH, { model: 'tiny', prompt: canary('prompt'), suffix: canary('suffix') })
  await send(EMBEDDINGS_PATH, { model: 'tiny', input: [canary('input')], encoding_format: canary('encoding_format') })
  await send(RERANK_PATH, { model: 'tiny', query: canary('query'), documents: [{ text: canary('document') }] })
  for (const name of HEADERS) await send(CHAT_PATH, chat(`with ${name}`), { [name]: canary(`header ${name}`) })
  await send(CHAT_PATH, chat('header name'), { [`x-${canary('header name')}`]: '1' })
  await send(CHAT_PATH, chat('request id'), { 'x-request-id': `${canary('x-request-id')} with blanks` })
  // Names that lead nowhere, and some that a pattern takes although they are no names.
  for (const model of ['', 'up/', 'auto:', 'tiny/', 'x'.repeat(400), 'pattern-"\n', 'json/'])
    await send(CHAT_PATH, chat(`model ${model}`, { model: `${model}${canary(`model ${model}`)}` }))
  // Bodies that are refused.
  for (const body of [
    `{"model":"tiny","messages":[${canary('no JSON')}`,
    `{"${canary('twin')}":1,"${canary('twin')}":2`,
    JSON.stringify(chat('no messages', { messages: canary('messages') })),
    JSON.stringify(chat('no stream', { stream: canary('stream') })),
    `"${canary('a text')}"`,
    canary('bare'),
  ])
    await send(CHAT_PATH, body)
  const twin = canary('twins')
  await send(CHAT_PATH, `{"model":"tiny","messages":[],"${twin}":1,"${twin}":2}`)
  for (const path of [
    `/${canary('path')}`,
    `${CHAT_PATH}/${canary('path below')}`,
    `${CHAT_PATH}?q=${canary('query string')}`,
  ])
    await send(path, chat(path))
  await send(`/v1/route?endpoint=${canary('endpoint')}`, chat('route'))
  await send('/v1/route', chat('route', fields('route')))
  await send('/v1/feedback', { request_id: canary('feedback id'), score: 1 })
  await send('/v1/feedback', { request_id: 'a', score: canary('score') })
  for (const path of [`/v1/models/${canary('model path')}`, `/${canary('get path')}?${canary('get query')}`])
    await fetch(`${gateway.url}${path}`, { method: 'GET' })
  await fetch(`${gateway.url}${CHAT_PATH}`, {
    method: 'POST',
    body: canary('typed'),
    headers: { 'content-type': canary('type') },
  })
  await fetch(`${gateway.url}${CHAT_PATH}`, { method: 'PUT', body: canary('put') })
  for (const path of [
    `keys/${canary('admin id')}`,
    `sessions/${canary('admin session')}`,
    canary('admin path'),
    `sessions?sort=${canary('sort')}`,
  ])
    await fetch(`${gateway.adminUrl}/admin/${path}`, { headers: { authorization: `Bearer an-admin-token` } })
  await fetch(`${gateway.adminUrl}/admin/keys`, { headers: { authorization: `Bearer ${canary('admin token')}` } })
  t.strictSame(found(await books()), [])
  t.ok(places.size > 200, `${places.size} canaries`)
})

t.test('nothing that a backend writes is in a book, on every path of an answer and of an error', async (t) => {
  const { replies, send, books } = await canaryRig(t)
  const told: string[] = []
  for (const reply of failures()) {
    for (const stream of [false, true]) {
      replies.splice(0, Infinity, reply)
      told.push(await send(CHAT_PATH, chat('failing', { stream })))
    }
    replies.splice(0, Infinity, reply)
    await send(EMBEDDINGS_PATH, { model: 'tiny', input: 'x' })
  }
  for (const reply of streams()) {
    replies.splice(0, Infinity, reply)
    await send(CHAT_PATH, chat('streamed', { stream: true, stream_options: { include_usage: true } }))
  }
  replies.splice(0)
  for (const more of [{}, fields('answered')]) {
    replies.push(json('answer', 200, answer('answer', false)))
    told.push(await send(CHAT_PATH, chat('answered', more)))
  }
  t.strictSame(found(await books()), [])
  const words = found(told.join('\n')).join('\n')
  for (const place of ['error 400.message', 'error 422.message', 'text error 400', 'answer.content'])
    t.match(words, new RegExp(place), 'its words are for the caller')
})
