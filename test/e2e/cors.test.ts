/** Pages of other origins: what a browser is told before it calls and with each answer. */
import { readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { type Test } from 'tap'
import t from 'tap'
import { EXPOSED_HEADERS } from '../../src/relay/headers.ts'
import { chat, CHAT_PATH, chatStream } from '../support/chat.ts'
import { failing, type FaultOptions } from '../support/fault-plan.ts'
import { type ConfigObject, hashed } from '../support/gateway.ts'
import { RawClient, type RawResponse, type RawRequest } from '../support/raw-client.ts'
import { rig } from '../support/rig.ts'

const KEYS = [{ id: 'team', hash: hashed('sk-team'), rpm: 3 }]
const APP = 'https://app.example.com'
const LOCAL = 'http://localhost:5173'

async function send(url: string, path: string, request: RawRequest): Promise<RawResponse> {
  const client = await RawClient.open(url)
  const answer = await client.send(path, request)
  void answer.complete.then(() => client.destroy())
  return answer
}

const preflight = (origin: string, more: Readonly<Record<string, string>> = {}): RawRequest => ({
  method: 'OPTIONS',
  headers: {
    origin,
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'authorization,content-type,x-stainless-lang,x-turnout-session',
    ...more,
  },
})

const start = async (test: Test, config: ConfigObject, upstream: FaultOptions = {}): Promise<string> =>
  (await rig(test, { upstreams: { up: upstream }, config })).gateway.url

t.test('on loopback, pages of this machine may call and read, and no others', async (t) => {
  const url = await start(t, {})
  for (const origin of [
    LOCAL,
    'http://127.0.0.1:3000',
    'https://localhost',
    'http://[::1]:8080',
    'http://app.localhost:1',
  ]) {
    const asked = await send(url, CHAT_PATH, preflight(origin))
    t.equal(asked.status, 204, origin)
    t.match(asked.headers, {
      'access-control-allow-origin': origin,
      'access-control-allow-methods': 'GET, HEAD, POST',
      'access-control-allow-headers': 'authorization,content-type,x-stainless-lang,x-turnout-session',
      'access-control-max-age': '600',
      vary: /origin/,
    })
    const answer = await send(url, CHAT_PATH, { body: chat(), headers: { origin } })
    t.equal(answer.status, 200)
    t.match(answer.headers, { 'access-control-allow-origin': origin, vary: 'origin' })
    await answer.complete
  }
  const none = await send(url, CHAT_PATH, { body: chat() })
  t.equal(none.headers['access-control-allow-origin'], undefined)
  t.equal(none.headers['vary'], 'origin', 'a cache must not give this one to a page')
  t.equal((await send(url, CHAT_PATH, preflight(APP))).status, 403)
})

t.test('beyond loopback, and where the origins are none, it is off', async (t) => {
  for (const server of [{ host: '0.0.0.0' }, { cors: { origins: [] } }]) {
    const url = (await start(t, { keys: KEYS, server })).replace('0.0.0.0', '127.0.0.1')
    for (const origin of [LOCAL, APP]) {
      const asked = await send(url, CHAT_PATH, preflight(origin))
      t.equal(asked.status, 405, 'an OPTIONS like any other')
      const own = { authorization: 'Bearer sk-team', origin }
      const answer = await send(url, '/v1/models', { method: 'GET', headers: own })
      t.equal(answer.status, 200, 'a key is a key, whatever page it comes from')
      for (const { headers } of [asked, answer])
        t.strictSame(Object.keys(headers).filter((name) => name.startsWith('access-control')), []) // prettier-ignore
    }
  }
})

t.test('origins of the configuration: exact ones, patterns, null and all', async (t) => {
  for (const [origins, origin, allowed] of [
    [[APP], APP, true],
    [[APP], 'HTTPS://App.Example.com', true],
    [[APP], `${APP}:8443`, false],
    [[APP], 'http://app.example.com', false],
    [[APP], LOCAL, false],
    [['loopback', APP], LOCAL, true],
    [['https://*.example.com'], APP, true],
    [['https://*.example.com'], 'https://example.com', false],
    [['https://*.example.com'], 'https://app.example.com.evil.org', false],
    [['http://localhost:*'], 'http://localhost:1', true],
    [['http://localhost:*'], 'http://localhost.evil.org:1', false],
    [['null'], 'null', true],
    [[APP], 'null', false],
    [['*'], 'https://whoever.org', true],
    [['tauri://localhost'], 'tauri://localhost', true],
    [['file://'], 'file://', true],
    [['file://'], 'null', false],
    [['app://*'], 'app://obsidian.md', true],
    [['app://*'], 'https://app.example.com', false],
    [['vscode-webview://*'], 'vscode-webview://0k2v5p1c', true],
    [['chrome-extension://abc'], 'chrome-extension://abd', false],
  ] as const) {
    const url = await start(t, { server: { cors: { origins } } })
    const asked = await send(url, CHAT_PATH, preflight(origin))
    t.equal(asked.status, allowed ? 204 : 403, `${origins.join()} ${origin}`)
    t.equal(asked.headers['access-control-allow-origin'], allowed ? origin : undefined)
  }
})

t.test('the options of a preflight, and a private network', async (t) => {
  const url = await start(t, {
    server: { cors: { origins: [APP], headers: ['authorization', 'content-type'], max_age: '1h' } },
  })
  const asked = await send(url, CHAT_PATH, preflight(APP, { 'access-control-request-private-network': 'true' }))
  t.match(asked.headers, {
    'access-control-allow-headers': 'authorization, content-type',
    'access-control-max-age': '3600',
    'access-control-allow-private-network': 'true',
  })
  t.equal((await send(url, CHAT_PATH, preflight(APP))).headers['access-control-allow-private-network'], undefined)
  t.equal((await send(url, '//v1/v1/chat/completions', preflight(APP))).status, 204)
  t.equal((await send(url, '/v1/models', preflight(APP, { 'access-control-request-method': 'GET' }))).status, 204)
  t.equal((await send(url, CHAT_PATH, { method: 'OPTIONS', headers: { origin: APP } })).status, 405, 'no preflight')
  const odd = await send(url, CHAT_PATH, preflight(APP, { 'access-control-request-headers': 'a"b<script>' }))
  t.notMatch(odd.headers['access-control-allow-headers'], /script/)
})

t.test(
  'a preflight needs no key and uses none of it up; each answer to a page can be read, errors and streams too',
  async (t) => {
    const url = await start(t, { keys: KEYS, server: { cors: { origins: [APP] } } })
    for (let times = 0; times < 5; times++) t.equal((await send(url, CHAT_PATH, preflight(APP))).status, 204)
    const own = { authorization: 'Bearer sk-team', origin: APP }
    const asks: readonly (readonly [string, RawRequest, number])[] = [
      [CHAT_PATH, { body: chat(), headers: { origin: APP } }, 401],
      [CHAT_PATH, { body: '{', headers: own }, 400],
      [CHAT_PATH, { body: chat(), headers: own }, 200],
      [CHAT_PATH, { body: chatStream(), headers: own }, 200],
      [CHAT_PATH, { body: chat(), headers: own }, 429],
      ['/v1/models', { method: 'GET', headers: own }, 200],
      ['/v1/nowhere', { body: chat(), headers: own }, 404],
      ['/v1/models', { body: chat(), headers: own }, 405],
      ['/metrics', { method: 'GET', headers: own }, 200],
    ]
    for (const [path, request, status] of asks) {
      const { headers, ...answer } = await send(url, path, request)
      const name = `${path} ${status}`
      t.equal(answer.status, status, name)
      t.equal(headers['access-control-allow-origin'], APP, name)
      t.match(headers['vary'], /\borigin$/, name)
      const exposed = (headers['access-control-expose-headers'] ?? '').split(', ')
      const own = Object.keys(headers).filter((name) => /^(x-|retry-)/.test(name))
      t.strictSame(own.filter((name) => !exposed.includes(name) && name !== 'x-accel-buffering'), [], name) // prettier-ignore
    }
    const failed = await start(t, { server: { cors: { origins: [APP] } } }, { plan: failing(503, { message: 'full' }) })
    const answer = await send(failed, CHAT_PATH, { body: chatStream(), headers: { origin: APP } })
    t.equal(answer.status, 503)
    t.equal(answer.headers['access-control-allow-origin'], APP)
    const both = await send(failed, '/v1/route', { body: chat(), headers: { origin: APP } })
    t.equal(both.headers['vary'], 'accept, origin', 'it varies by what it varied by before')
  },
)

t.test('whatever header is written to an answer is one that pages may read', async (t) => {
  const src = resolve(import.meta.dirname, '../../../src')
  const folders = ['relay', 'http/admission', 'http/plugins']
  const files = [...folders.flatMap((folder) => readdirSync(resolve(src, folder)).map((file) => `${folder}/${file}`)), 'http/plain-answers.ts', 'http/error-answer.ts'] // prettier-ignore
  const written = files.flatMap(
    (file) =>
    [...readFileSync(resolve(src, file), 'utf8').matchAll(/'(x-turnout-[\w-]+|retry-[\w-]+|x-should-retry)'/g)].map(([, name]) => name ?? ''), // prettier-ignore
  )
  t.ok(new Set(written).size > 8, `${written.length} names`)
  t.strictSame(written.filter((name) => !EXPOSED_HEADERS.split(', ').includes(name)), []) // prettier-ignore
})
