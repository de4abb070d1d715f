import t from 'tap'
import { BODIES, chat, CHAT_PATH } from '../support/chat.ts'
import { hashed } from '../support/gateway.ts'
import { rig, singleRig } from '../support/rig.ts'

const PROMPT = 'canary-prompt-of-nobody'

interface Decided {
  readonly status: number
  readonly headers: Headers
  readonly body: Record<string, unknown> & {
    candidates?: { backend: string; model: string; dropped: { filter: string; why: string } | null }[]
  }
  readonly text: string
}

async function decided(url: string, body: unknown, headers: Record<string, string> = {}, query = ''): Promise<Decided> {
  const answer = await fetch(`${url}/v1/route${query}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
  const text = await answer.text()
  const isJson = answer.headers.get('content-type')?.startsWith('application/json') === true
  return {
    status: answer.status,
    headers: answer.headers,
    text,
    body: isJson ? (JSON.parse(text) as Decided['body']) : {},
  }
}

t.test('the record of the body of each endpoint; nothing is sent, nothing is counted as inference', async (t) => {
  const { gateway, upstream } = await singleRig(t)
  const before = upstream.requests.length
  for (const [path, body] of Object.entries(BODIES)) {
    // Its body is that of an embedding as well.
    const query = path === '/v1/responses' ? '?endpoint=responses' : ''
    const { status, body: record, headers } = await decided(gateway.url, body, {}, query)
    t.equal(status, 200, path)
    t.match(record, {
      request_id: headers.get('x-request-id') ?? 'none',
      route: 'default',
      strategy: 'balanced',
      order: ['up/tiny'],
      candidates: [{ backend: 'up', model: 'tiny', dropped: null }],
    })
    t.notOk('error' in record)
    const need =
      { [CHAT_PATH]: 'chat', '/v1/responses': 'chat', '/v1/completions': 'chat', '/v1/embeddings': 'embeddings' }[
        path
      ] ?? 'rerank'
    t.strictSame((record['profile'] as { needs: string[] }).needs, [need])
    t.equal(headers.get('x-turnout-attempts'), '0')
    t.equal(headers.get('x-turnout-route'), 'default')
  }
  t.equal(upstream.requests.length, before)
  const all = Object.keys(BODIES).length
  t.equal(await gateway.metric('turnout_requests_total', { endpoint: 'route', status: '200' }), all)
  t.equal(await gateway.metric('turnout_requests_total'), all, 'as nothing else')
  t.equal(await gateway.metric('turnout_decision_seconds_count'), 0)
  t.equal(await gateway.metric('turnout_attempts_total'), 0)
  t.equal(await gateway.metric('turnout_inflight_requests'), 0)
})

t.test('bodies of other APIs are known by their members, and a model that stands in a path by ?model=', async (t) => {
  const { gateway } = await singleRig(t)
  const messages = [{ role: 'user', content: 'x' }]
  const contents = [{ role: 'user', parts: [{ text: 'x' }] }]
  for (const [body, query] of [
    [{ contents }, '?model=tiny'],
    [{ contents, model: 'models/tiny' }, ''],
    [{ contents }, '?endpoint=gemini_stream&model=tiny'],
    [{ content: contents[0] }, '?model=tiny'],
    [{ model: 'tiny', messages, options: { num_ctx: 2048 } }, ''],
    [{ model: 'tiny', prompt: 'x', keep_alive: '1m' }, ''],
    [{ model: 'tiny', input: 'x', options: {} }, ''],
    [{ model: 'tiny', input: 'x', instructions: 'y' }, ''],
    [{ model: 'tiny', input: messages }, ''],
    [{ model: 'tiny', messages, system: 'y', max_tokens: 9 }, ''],
  ] as const) {
    const { status, body: record } = await decided(gateway.url, body, {}, query)
    t.equal(status, 200, JSON.stringify(body))
    t.strictSame(record['order'], ['up/tiny'], JSON.stringify(body))
  }
  const unnamed = await decided(gateway.url, { contents })
  t.equal(unnamed.status, 400)
  t.match(unnamed.body, { error: { param: 'model', message: /\?model=/ } })
  const unknown = await decided(gateway.url, { model: 'tiny' })
  t.match(unknown.body, { error: { param: 'endpoint', message: /\?endpoint=.*: chat, .*gemini_generate/ } })
})

t.test('it is the decision of the real request, and moves nothing', async (t) => {
  const { gateway, upstreams } = await rig(t, { upstreams: { a: {}, b: {} } })
  const ask = async (): Promise<string | null> => {
    const answer = await fetch(gateway.url + CHAT_PATH, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(chat()),
    })
    await answer.text()
    return answer.headers.get('x-turnout-backend')
  }
  for (let round = 0; round < 4; round++) {
    const orders = []
    for (let n = 0; n < 3; n++) orders.push((await decided(gateway.url, chat())).body['order'])
    t.strictSame(orders[1], orders[0])
    t.strictSame(orders[2], orders[0])
    t.equal(`${(await ask()) ?? ''}/tiny`, (orders[0] as string[])[0], `round ${round}`)
  }
  t.equal(upstreams['a']!.requests.length + upstreams['b']!.requests.length, 4)
})

t.test('nobody can serve it: the record says why, and the error is the one of the real request', async (t) => {
  const config = { models: { tiny: { capabilities: { vision: false } } } }
  const { gateway: blind } = await rig(t, { upstreams: { up: {} }, config })
  const body = chat({
    messages: [
      {
        role: 'user',
        content: [
          { type: 'text', text: PROMPT },
          { type: 'image_url', image_url: { url: 'http://x.invalid/' } },
        ],
      },
    ],
  })
  const dry = await decided(blind.url, body)
  t.equal(dry.status, 200)
  t.match(dry.body, {
    order: [],
    candidates: [{ backend: 'up', model: 'tiny', dropped: { filter: 'capability', why: String } }],
  })
  const real = await fetch(blind.url + CHAT_PATH, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  t.equal(real.status, 400)
  t.strictSame(dry.body['error'], ((await real.json()) as { error: unknown }).error)
  t.notOk(dry.text.includes(PROMPT), 'no prompt')
  const text = await decided(blind.url, body, { accept: 'text/plain' })
  t.match(text.text, /dropped +up\/tiny: capability: /)
  t.match(text.text, /refused +unsupported \(caller\): /)
})

t.test('errors of the real request: unknown model, bad JSON, wrong field, wrong header, not built', async (t) => {
  const { gateway } = await singleRig(t)
  for (const [body, headers, query, status, code] of [
    [chat({ model: 'none' }), {}, '', 404, 'model_not_found'],
    ['{"messages":', {}, '', 400, 'invalid_json'],
    ['', {}, '', 400, 'invalid_json'],
    [chat({ messages: 'x' }), {}, '', 400, 'invalid_request'],
    [{ model: 'tiny' }, {}, '', 400, 'invalid_request'],
    [chat(), {}, '?endpoint=none', 400, 'invalid_request'],
    [chat(), {}, '?endpoint=audio', 404, 'not_implemented'],
    [chat(), { 'x-turnout-max-cost-usd': 'x' }, '', 400, 'invalid_request'],
    [chat(), { 'x-turnout-strategy': 'x' }, '', 400, 'invalid_request'],
    [chat(), { 'content-type': 'text/plain' }, '', 415, 'unsupported_media_type'],
  ] as const) {
    const answer = await decided(gateway.url, body, headers, query)
    t.equal(answer.status, status, `${code} ${query}`)
    t.match(answer.body, { error: { code } })
  }
  t.equal((await decided(gateway.url, { ...chat(), input: 'x' }, {}, '?endpoint=embeddings')).status, 200)
})

t.test('headers that decide count, as in the real request', async (t) => {
  const { gateway } = await singleRig(t)
  const { body } = await decided(gateway.url, chat(), {
    'x-turnout-strategy': 'cheap',
    'x-turnout-session': 's-1',
    'x-request-id': 'mine',
  })
  t.match(body, { request_id: 'mine', strategy: 'cheap', profile: { affinity: 's-1' } })
})

t.test('the decision is a table of text where the caller asks for text', async (t) => {
  const { gateway, upstream } = await singleRig(t)
  const { headers, text } = await decided(gateway.url, chat(), { accept: 'text/plain' })
  t.match(headers.get('content-type'), /^text\/plain/)
  t.match(text, /^candidate .*utility$/m)
  t.match(text, /^up\/tiny /m)
  t.ok(text.split('\n').every((line) => line.length <= 120))
  t.notOk(text.includes(upstream.url))
})

t.test('a key is needed, its limit counts, and what it may not use is said', async (t) => {
  const { gateway, upstream } = await rigWithKeys(t)
  t.equal((await decided(gateway.url, chat())).status, 401)
  const auth = { authorization: 'Bearer secret-key' }
  const first = await decided(gateway.url, chat(), auth)
  t.equal(first.headers.get('x-ratelimit-remaining-requests'), '1')
  t.match(first.body, {
    candidates: [{ dropped: { filter: 'policy' } }],
    error: { code: 'forbidden', source: 'policy' },
  })
  t.notOk(first.text.includes('secret-key') || first.text.includes(upstream.url))
  t.equal((await decided(gateway.url, chat({ model: 'mine' }), auth)).status, 200)
  const over = await decided(gateway.url, chat(), auth)
  t.equal(over.status, 429)
  t.match(over.body, { error: { code: 'rate_limit_exceeded' } })
})

async function rigWithKeys(
  t: Parameters<typeof rig>[0],
): Promise<{ gateway: { url: string }; upstream: { url: string } }> {
  const { gateway, upstreams } = await rig(t, {
    upstreams: { up: {}, other: { models: ['big'] } },
    config: {
      routes: [{ name: 'mine', candidates: ['other/*'] }],
      keys: [{ id: 'team', hash: hashed('secret-key'), rpm: 2, routes: ['mine'] }],
    },
  })
  return { gateway, upstream: upstreams['up']! }
}
