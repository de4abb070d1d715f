import { createHash } from 'node:crypto'
import t from 'tap'
import { ENDPOINTS } from '../../src/core/endpoints.ts'
import { BODIES, chat, chatStream, CHAT_PATH, COMPLETIONS_PATH, errorOf } from '../support/chat.ts'
import { failing } from '../support/fault-plan.ts'
import { startFaultUpstream } from '../support/fault-upstream.ts'
import { startFormatUpstream } from '../support/format-upstream.ts'
import { messages, MESSAGES_PATH } from '../support/messages.ts'
import { RawClient, rawPost } from '../support/raw-client.ts'
import { gatewayFor, singleRig } from '../support/rig.ts'

const CANARY = 'canary-4f1c9b'

async function get(
  url: string,
  path: string,
  headers: Record<string, string> = {},
): Promise<Awaited<ReturnType<RawClient['send']>>> {
  const client = await RawClient.open(url)
  const response = await client.send(path, { method: 'GET', headers })
  await response.complete
  client.destroy()
  return response
}

/** Fields of bodies by which a backend would be told where to connect to. */
const NAMES_A_PLACE = [
  'api_base',
  'base_url',
  'api_key',
  'custom_llm_provider',
  'extra_headers',
  'headers',
  'fallbacks',
  'mock_response',
  'api_version',
  'litellm_params',
  'kv_transfer_params',
  'ec_transfer_params',
  'bootstrap_host',
  'bootstrap_port',
  'bootstrap_room',
  'disaggregated_params',
]

t.test('no header and no field of a body can name a URL, and none of them goes on', async (t) => {
  const evil = await startFaultUpstream()
  t.teardown(() => evil.close())
  const { gateway, upstream } = await singleRig(t, { strict: true })
  const headers = [
    'x-portkey-custom-host',
    'x-turnout-url',
    'x-base-url',
    'x-litellm-api-base',
    'x-forwarded-host',
    'x-original-url',
    'helicone-target-url',
    'host',
    'forwarded',
    'x-upstream',
  ]
  const bodies = [CHAT_PATH, COMPLETIONS_PATH].flatMap((path) =>
    NAMES_A_PLACE.map((name) => [path, { ...BODIES[path], [name]: evil.url }] as const),
  )
  for (const [path, body] of bodies) {
    const response = await rawPost(gateway.url, path, body)
    t.equal(response.status, 200, `${path}: ${Object.keys(body).at(-1)}`)
    await response.complete
  }
  for (const name of headers) {
    const response = await rawPost(gateway.url, CHAT_PATH, chat(), { [name]: evil.url })
    t.equal(response.status, 200, `header ${name}`)
    await response.complete
  }
  t.same([evil.requests.length, evil.probes.length, evil.openSockets], [0, 0, 0])
  t.equal(upstream.requests.length, bodies.length + headers.length)
  t.notOk(
    upstream.requests.some(
      (request) => request.bytes.includes(evil.url) || JSON.stringify(request.rawHeaders).includes(evil.url),
    ),
  )
})

t.test('an engine that is asked in the format of the caller is not told where to connect to either', async (t) => {
  const upstream = await startFormatUpstream('tiny')
  t.teardown(() => upstream.close())
  const { url } = await gatewayFor(t, {
    backends: [{ name: 'own', kind: 'vllm', url: upstream.url, models: ['tiny'] }],
  })
  const elsewhere = { do_remote_prefill: true, remote_engine_id: 'x', remote_host: 'evil.example', remote_port: 1 }
  for (const [path, format, body] of [
    [CHAT_PATH, 'openai-chat', chat()],
    ['/v1/responses', 'openai-responses', BODIES['/v1/responses']],
    [MESSAGES_PATH, 'anthropic-messages', messages({ model: 'tiny' })],
  ] as const) {
    const named = Object.fromEntries(NAMES_A_PLACE.map((name) => [name, elsewhere]))
    const response = await rawPost(url, path, { ...named, ...body })
    await response.body()
    t.strictSame([response.status, upstream.last().format], [200, format])
    t.strictSame(upstream.last().body, body)
  }
})

t.test('a redirect is an error, and is not followed', async (t) => {
  const evil = await startFaultUpstream()
  t.teardown(() => evil.close())
  const { gateway, upstream } = await singleRig(t)
  for (const status of [301, 302, 303, 307, 308]) {
    upstream.next({ status, headers: { location: `${evil.url}/v1/chat/completions` }, body: '' })
    const response = await rawPost(gateway.url, CHAT_PATH, chat())
    t.equal(response.status, 502, String(status))
    t.equal(errorOf(await response.json()).code, 'upstream_bad_response')
    t.notOk(JSON.stringify(response.head.rawHeaders).includes(evil.url))
  }
  t.same([evil.requests.length, evil.openSockets], [0, 0])
})

const REFLECTED = new Set(['x-request-id'])
const INBOUND = [
  'authorization x-api-key api-key x-goog-api-key proxy-authorization cookie cookie2 set-cookie forwarded x-forwarded-for x-forwarded-host',
  'x-forwarded-proto x-real-ip via user-agent referer origin openai-organization openai-project openai-beta anthropic-version anthropic-beta',
  'idempotency-key traceparent tracestate baggage x-turnout-session x-session-id x-turnout-agent x-turnout-explain x-amz-security-token',
  'x-stainless-lang x-stainless-retry-count accept-language from if-match cf-connecting-ip x-custom-anything te x-b3-traceid x-request-id',
].join(' ').split(' ') // prettier-ignore

t.test('a canary in every header of the caller never reaches the backend', async (t) => {
  const { gateway, upstream } = await singleRig(t, {}, { keys: [{ id: 'team', key: CANARY }] })
  const headers = Object.fromEntries(
    INBOUND.filter((name) => !REFLECTED.has(name)).map((name) => [
      name,
      name === 'authorization' ? `Bearer ${CANARY}` : CANARY,
    ]),
  )
  for (const body of [chat(), chatStream()]) {
    const response = await rawPost(gateway.url, CHAT_PATH, body, { ...headers, [`x-${CANARY}`]: 'name' })
    t.equal(response.status, 200)
    await response.complete
  }
  for (const request of upstream.requests) {
    const leaked = request.rawHeaders.filter((pair) => pair.join(': ').includes(CANARY))
    t.same(leaked, [])
    t.notOk(request.bytes.includes(CANARY))
  }
})

t.test('keys are in no log line, metric, error, header or list', async (t) => {
  const caller = `sk-caller-${CANARY}`
  const engine = `sk-engine-${CANARY}`
  const { gateway, upstream } = await singleRig(
    t,
    { key: engine },
    { keys: [{ id: 'team', key: caller }], backend: { key: engine } },
  )
  const own = { authorization: `Bearer ${caller}` }
  const seen: string[] = []
  const look = async (response: Awaited<ReturnType<typeof rawPost>>): Promise<void> => {
    seen.push(JSON.stringify(response.head), (await response.body()).toString())
  }
  const echo = `Incorrect API key provided: ${engine} at ${upstream.url}/v1`
  await look(await rawPost(gateway.url, CHAT_PATH, chat(), own))
  await look(await rawPost(gateway.url, CHAT_PATH, chat(), { authorization: `Bearer wrong-${CANARY}` }))
  for (const status of [400, 401, 403, 404, 429, 500]) {
    upstream.next(failing(status, { message: echo }), failing(status, { message: echo, code: engine, type: engine }))
    await look(await rawPost(gateway.url, CHAT_PATH, chat(), own))
    await look(await rawPost(gateway.url, CHAT_PATH, chatStream(), own))
  }
  upstream.next({ inBand: { after: 2, form: 'object', message: echo } }, { drop: 'reset' })
  await look(await rawPost(gateway.url, CHAT_PATH, chatStream(), own))
  await look(await rawPost(gateway.url, CHAT_PATH, chat(), own))
  for (const path of ['/health', '/v1/models', '/metrics', '/health/readiness'])
    await look(await get(gateway.url, path, own))
  seen.push(gateway.logged())
  for (const text of seen) {
    t.notOk(text.includes(CANARY), `no key in ${text.slice(0, 200)}`)
    t.notOk(text.includes(upstream.url), `no URL in ${text.slice(0, 200)}`)
  }
  t.ok(gateway.logged().includes('team'), 'the log was looked at')
})

t.test('a backend sees no field that the caller did not send', async (t) => {
  const { gateway, upstream } = await singleRig(t, { strict: true })
  const headers = {
    'x-turnout-session': 's',
    'x-turnout-agent': 'a',
    'x-turnout-explain': '1',
    'x-turnout-max-cost-usd': '1',
    'x-turnout-strategy': 'fast',
    'x-turnout-deadline-ms': '9000',
  }
  for (const [path, body] of Object.entries(BODIES)) {
    const streams = path === CHAT_PATH || path === COMPLETIONS_PATH ? [body, { ...body, stream: true }] : [body]
    for (const one of streams) {
      const response = await rawPost(gateway.url, path, one, headers)
      t.equal(response.status, 200, path)
      await response.complete
    }
  }
  t.same(
    upstream.requests.flatMap((request) => request.unknown),
    [],
  )
})

t.test('a field written twice cannot name one model to the gateway and another to the engine', async (t) => {
  const { gateway, upstream } = await singleRig(t, { models: ['tiny', 'dear'] })
  const messages = '"messages":[{"role":"user","content":"x"}]'
  for (const [first, last] of [
    ['dear', 'tiny'],
    ['tiny', 'dear'],
    ['up/dear', 'tiny'],
  ])
    for (const key of ['model', 'mod\\u0065l']) {
      const response = await rawPost(gateway.url, CHAT_PATH, `{"${key}":"${first}",${messages},"model":"${last}"}`)
      t.equal(response.status, 400)
      t.match(await response.json(), { error: { code: 'invalid_request', param: 'model', message: /twice/ } })
    }
  const others = `{"model":"tiny",${messages},"stream":true,"stream":false}`
  t.equal((await rawPost(gateway.url, CHAT_PATH, others)).status, 400)
  t.equal(upstream.requests.length, 0)
})

t.test('a key is its whole text, and its stored form is no key', async (t) => {
  const prefix = 'p'.repeat(64)
  const hash = createHash('sha256').update(`${prefix}-one`).digest('hex')
  const { gateway } = await singleRig(t, {}, { keys: [{ id: 'one', key: `${prefix}-one` }, { id: 'two', key: `${prefix}-two` }] }) // prettier-ignore
  const status = async (headers: Record<string, string>): Promise<number> =>
    (await rawPost(gateway.url, CHAT_PATH, chat(), headers)).status
  for (const good of [`${prefix}-one`, `${prefix}-two`]) {
    for (const headers of [{ authorization: `Bearer ${good}` }, { 'x-api-key': good }, { 'api-key': good }] as Record<
      string,
      string
    >[]) {
      t.equal(await status(headers), 200)
    }
  }
  for (const bad of [
    prefix,
    `${prefix}-on`,
    `${prefix}-onee`,
    `${prefix}-three`,
    hash,
    `sha256:${hash}`,
    hash.toUpperCase(),
    '',
    ' ',
    '__proto__',
    'constructor',
    'a'.repeat(10_000),
  ]) {
    t.equal(await status({ authorization: `Bearer ${bad}` }), 401, bad.slice(0, 80))
  }
  t.equal(await status({}), 401)
})

t.test('every inference path asks for a key', async (t) => {
  const { gateway } = await singleRig(t, {}, { keys: [{ id: 'team', key: 'sk-1' }] })
  for (const { path } of ENDPOINTS) {
    const response = await rawPost(gateway.url, path.replace('*', 'speech'), chat())
    t.equal(response.status, 401, path)
    const google = { code: 401, status: 'UNAUTHENTICATED', details: [{ reason: 'INVALID_API_KEY' }] }
    const known = path.startsWith('/v1beta/') ? google : { code: 'invalid_api_key' }
    const error = path.startsWith('/api/') ? /^No API key/ : known
    t.match(await response.json(), { error }, path)
  }
  for (const [path, open] of [['/v1/models', 401], ['/v1/models/tiny', 401], ['/v1beta/models', 401], ['/health', 401], ['/health/liveness', 200], ['/health/readiness', 200]] as const) {
    t.equal((await get(gateway.url, path)).status, open, path)
  }
  t.equal((await get(gateway.url, '/health', { authorization: 'Bearer sk-1' })).status, 200)
}) // prettier-ignore
