/** Base URLs that are a little wrong, wrong methods, and Ollama's own paths: over real sockets. */
import OpenAI from 'openai'
import t from 'tap'
import { ENDPOINTS } from '../../src/core/endpoints.ts'
import { canonicalUrl } from '../../src/http/paths.ts'
import { BODIES as CHATS, chat, CHAT_PATH, chatStream, errorOf } from '../support/chat.ts'
import { failing } from '../support/fault-plan.ts'
import { RawClient, rawPost } from '../support/raw-client.ts'
import { singleRig } from '../support/rig.ts'

/** What people make of `/v1` + a path of the table. */
const SLIPS: readonly ((tail: string) => string)[] = [
  (tail) => `//v1${tail}`,
  (tail) => `///v1//${tail.slice(1)}`,
  (tail) => `/v1/${tail}`,
  (tail) => `/v1${tail}/`,
  (tail) => `/v1${tail}//`,
  (tail) => `/v1/v1${tail}`,
  (tail) => `/v1//v1${tail}`,
  (tail) => `/v1/v1/v1${tail}`,
  (tail) => tail,
  (tail) => `/${tail}`,
  (tail) => `${tail}/`,
  (tail) => `/api/v1${tail}`,
  (tail) => `/openai/v1${tail}`,
  (tail) => `/openai${tail}`,
  (tail) => `/v1/openai${tail}`,
  (tail) => `/v1${tail}?x=1`,
  (tail) => `//v1${tail}/?x=1&y=/v1/`,
  (tail) => `http://127.0.0.1:7070/v1${tail}`,
]

const TAILS = ENDPOINTS.flatMap(({ path }) => (path.startsWith('/v1/') ? [path.slice(3).replace('*', 'some')] : []))

t.test('each slip of a base URL leads to the path of the table', async (t) => {
  for (const tail of [...TAILS, '/models', '/models/org/big:1b'])
    for (const slip of SLIPS) {
      const query = slip(tail).split('?')[1]
      t.equal(canonicalUrl(slip(tail)), `/v1${tail}${query === undefined ? '' : `?${query}`}`, slip(tail))
    }
  for (const tail of TAILS) {
    t.equal(canonicalUrl(`/v1/chat/completions${tail}`), `/v1${tail}`, 'the URL of an endpoint as base URL')
    t.equal(canonicalUrl(`/v1/chat/completions/v1${tail}`), `/v1${tail}`)
  }
})

t.test("each slip of a base URL for Google's clients leads to the path of the table", async (t) => {
  const call = '/v1beta/models/org/big:1b:streamGenerateContent'
  for (const slip of [
    call,
    `/${call}/`,
    call.replace('v1beta', 'v1'),
    call.replace('v1beta', 'v1alpha'),
    `/v1beta${call}`,
    `/v1${call}`,
    `/gemini${call}`,
    call.slice('/v1beta'.length),
    `http://127.0.0.1:7070${call}`,
  ]) {
    t.equal(canonicalUrl(slip), call, slip)
    t.equal(canonicalUrl(`${slip}?alt=sse`), `${call}?alt=sse`)
  }
  for (const tail of ['', '/some'])
    for (const slip of ['/v1beta/models', '/v1beta/v1beta/models/', '/v1/v1beta/models', '/v1alpha/models'])
      t.equal(canonicalUrl(slip.replace(/\/?$/, tail)), `/v1beta/models${tail}`, slip)
  t.equal(canonicalUrl('/v1beta/openai/chat/completions'), '/v1/chat/completions', 'its OpenAI-compatible endpoint')
  for (const other of ['/v1/models/some', '/v1/models/some:1b', '/v1beta/other', '/v1beta/models/some:predict'])
    t.equal(canonicalUrl(other), other)
})

t.test('what is no slip stays what it is', async (t) => {
  for (const path of [
    '/',
    '/health',
    '/health/liveness',
    '/metrics',
    '/nowhere',
    '/v1',
    '/v2/chat/completions',
    '/api/chat',
    '/api/embeddings',
    '/api/chat/completions',
    '/x/v1/chat/completions',
    '/openai/deployments/gpt/chat/completions',
    '/v1x/chat/completions',
  ])
    // prettier-ignore
    t.equal(canonicalUrl(path), path)
  for (const [path, plain] of [
    ['/health/', '/health'],
    ['//metrics', '/metrics'],
    ['/metrics/', '/metrics'],
    ['//', '/'],
    ['//evil.example', '/evil.example'],
    ['/v1/', '/v1'],
  ] as const)
    t.equal(canonicalUrl(path), plain)
})

t.test('the slips are served over a socket, whole and streamed, and are all counted', async (t) => {
  const { gateway, upstream } = await singleRig(t)
  for (const slip of SLIPS) {
    const whole = await rawPost(gateway.url, slip('/chat/completions'), chat())
    t.equal(whole.status, 200, slip('/chat/completions'))
    t.equal(whole.headers['x-turnout-backend'], 'up')
    await whole.complete
  }
  const streamed = await rawPost(gateway.url, '//v1/v1/chat/completions/', chatStream())
  t.match((await streamed.blocks()).at(-1), { data: '[DONE]' })
  t.equal(upstream.requests.length, SLIPS.length + 1)
  t.ok(upstream.requests.every(({ path }) => path === '/v1/chat/completions'))
  t.equal(await gateway.settled('turnout_requests_total', { endpoint: 'chat', status: '200' }, SLIPS.length + 1), SLIPS.length + 1) // prettier-ignore
  t.equal((await fetch(`${gateway.url}//v1//models/`)).status, 200)
  t.equal((await fetch(`${gateway.url}/models/tiny`)).status, 200)
  t.equal((await fetch(`${gateway.url}/health/liveness/`)).status, 200)
})

t.test('no slip is a way around the key and its limit', async (t) => {
  const { gateway, upstream } = await singleRig(t, {}, { keys: [{ id: 'few', key: 'sk-few', rpm: 2 }] })
  for (const slip of SLIPS)
    for (const tail of ['/chat/completions', '/models']) {
      const client = await RawClient.open(gateway.url)
      const method = tail === '/models' ? 'GET' : 'POST'
      const answer = await client.send(slip(tail), { method, ...(method === 'POST' ? { body: chat() } : {}) })
      t.equal(answer.status, 401, `${method} ${slip(tail)}`)
      t.equal(errorOf(await answer.json()).code, 'invalid_api_key')
      client.destroy()
    }
  t.equal(upstream.requests.length, 0)
  const own = { authorization: 'Bearer sk-few' }
  const statuses: number[] = []
  for (const slip of SLIPS.slice(0, 4)) statuses.push((await rawPost(gateway.url, slip('/chat/completions'), chat(), own)).status) // prettier-ignore
  t.strictSame(statuses, [200, 200, 429, 429])
})

t.test('the official SDK with a base URL that is a little wrong', async (t) => {
  const { gateway } = await singleRig(t)
  for (const base of ['', '/', '/v1/', '/v1//', '/v1/v1', '/openai/v1', '/api/v1', '/v1/chat/completions']) {
    const client = new OpenAI({ baseURL: gateway.url + base, apiKey: 'x', maxRetries: 0 })
    const answer = await client.chat.completions.create({ model: 'tiny', messages: [{ role: 'user', content: 'Hi' }] })
    t.equal(answer.model, 'tiny', base)
  }
})

t.test('what cannot be served says what to change', async (t) => {
  const { gateway } = await singleRig(t)
  for (const [path, advice] of [
    ['/x/v1/chat/completions', /POST \/v1\/chat\/completions .*base URL to http:\/\/HOST\/v1/],
    ['/V1/Chat/Completions', /POST \/v1\/chat\/completions/],
    ['/v2/rerank', /POST \/v1\/rerank/],
    ['/openai/deployments/gpt/chat/completions?api-version=1', /Azure.*base URL.*`model`/],
    ['/v1/chat/completion', /did you mean "\/v1\/chat\/completions"/],
    ['/v1/embedding', /did you mean "\/v1\/embeddings"/],
    ['/nowhere', /inference paths are below \/v1/],
    ['/v1', /inference paths are below \/v1/],
  ] as const) {
    const answer = await rawPost(gateway.url, path, chat())
    t.equal(answer.status, 404, path)
    t.match(errorOf(await answer.json()), { code: 'not_found', message: advice }, path)
  }
})

const METHODS = ['GET', 'PUT', 'PATCH', 'DELETE', 'PROPFIND', 'OPTIONS'] as const
const BODIES: readonly (readonly [name: string, body: string, type: string])[] = [
  ['an empty JSON body', '', 'application/json'],
  ['broken JSON', '{"a":', 'application/json'],
  ['a body of another type', 'a=1', 'application/x-www-form-urlencoded'],
  ['an unknown type', 'x', 'none/at-all'],
  ['JSON', '{}', 'application/json'],
]

t.test('a wrong method is 405 whatever the body', async (t) => {
  const { gateway } = await singleRig(t, {}, { limits: { body: '1KiB' } })
  const ask = async (
    method: string,
    path: string,
    body: string,
    type: string,
  ): Promise<[number, string | undefined, string]> => {
    // prettier-ignore
    const client = await RawClient.open(gateway.url)
    const headers = { 'content-type': type, 'content-length': String(body.length) }
    const answer = await client.send(path, { method, headers, body })
    const { code } = errorOf(await answer.json())
    client.destroy()
    return [answer.status, answer.headers['allow'], code]
  }
  const bodies = [...BODIES, ['a large body', 'x'.repeat(5_000), 'application/json'] as const]
  for (const [name, body, type] of bodies) {
    for (const method of METHODS)
      for (const path of [CHAT_PATH, '//v1/embeddings/', '/v1/audio/speech', '/v1/route'])
        t.strictSame(await ask(method, path, body, type), [405, 'POST', 'method_not_allowed'], `${method} ${path}: ${name}`) // prettier-ignore
    for (const method of ['POST', 'DELETE'])
      for (const path of ['/v1/models', '/v1/models/tiny', '/health', '/metrics', '/'])
        t.strictSame(await ask(method, path, body, type), [405, 'GET, HEAD', 'method_not_allowed'], `${method} ${path}: ${name}`) // prettier-ignore
    t.strictSame((await ask('DELETE', '/nowhere', body, type))[0], 404, name)
  }
})

t.test('errors below /api are a text, where clients of Ollama look', async (t) => {
  const { gateway } = await singleRig(t)
  for (const [method, path, status, words] of [
    ['POST', '/api/chat', 400, /body is empty/],
    ['POST', '/api/generate', 400, /body is empty/],
    ['POST', '/api/embed', 400, /body is empty/],
    ['POST', '/api/embeddings', 400, /body is empty/],
    ['POST', '/api/show', 400, /body is empty/],
    ['POST', '//api//chat/', 400, /body is empty/],
    ['POST', '/v1/api/chat', 400, /body is empty/],
    ['GET', '/api/chat', 405, /takes POST/],
    ['POST', '/api/tags', 405, /takes GET, HEAD/],
    ['POST', '/api/pull', 404, /on the engine itself, with "ollama pull"/],
    ['DELETE', '/api/delete', 404, /on the engine itself, with "ollama rm"/],
    ['GET', '/api', 404, /\/api\/chat, .*base URL http:\/\/HOST\/v1/],
    ['GET', '/api/status', 404, /\/api\/chat, .*base URL http:\/\/HOST\/v1/],
    ['POST', '/api/chat/completions', 404, /\/api\/chat, .*base URL http:\/\/HOST\/v1/],
  ] as const) {
    const client = await RawClient.open(gateway.url)
    const answer = await client.send(path, { method, body: '' })
    t.equal(answer.status, status, path)
    const { error } = await answer.json()
    t.match(error, words, path)
    client.destroy()
  }
  const answer = await rawPost(gateway.url, '/api/v1/chat/completions', { model: 'none', messages: [] })
  t.match(errorOf(await answer.json()), { code: 'model_not_found' }, "OpenRouter's base path is OpenAI's API")
})

t.test('what is not there, here or at the backend, is a 404 that no SDK asks for twice', async (t) => {
  const { gateway, upstream } = await singleRig(t, { plan: failing(501, { message: 'no such endpoint' }) })
  for (const { path, served } of ENDPOINTS) {
    if (served) continue
    const answer = await rawPost(gateway.url, path.replace('*', 'some'), { model: 'tiny' })
    t.equal(answer.status, 404, path)
    t.equal(answer.headers['x-should-retry'], 'false', path)
    const { error } = await answer.json<{ error: Record<string, unknown> }>()
    t.match(error, path.includes('messages') ? { type: 'not_found_error' } : { code: 'not_implemented' }, path)
  }
  t.equal(upstream.requests.length, 0)
  for (const [path, body] of Object.entries(CHATS)) {
    const before = upstream.requests.length
    const answer = await rawPost(gateway.url, path, body)
    t.equal(answer.status, 404, path)
    t.equal(answer.headers['x-should-retry'], 'false', path)
    t.match(errorOf(await answer.json()), { code: 'upstream_unsupported', source: 'upstream' })
    t.equal(upstream.requests.length, before + 1)
  }
  const before = upstream.requests.length
  const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'x', maxRetries: 5 })
  const asked = client.chat.completions.create({ model: 'tiny', messages: [{ role: 'user', content: 'Hi' }] })
  await t.rejects(asked, { status: 404, code: 'upstream_unsupported' })
  await t.rejects(client.moderations.create({ model: 'tiny', input: 'Hi' }), { status: 404, code: 'not_implemented' })
  t.equal(upstream.requests.length, before + 1)
})
