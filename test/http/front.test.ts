import { createHash } from 'node:crypto'
import t, { type Test } from 'tap'
import { hashed, startGateway } from '../support/gateway.ts'
import { RawClient } from '../support/raw-client.ts'
import { adminRig } from './admin.ts'

/** What a browser sends with an address that somebody typed. */
const BROWSER = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' }

const BACKENDS = [
  {
    name: 'one',
    kind: 'openai-compatible',
    url: 'http://127.0.0.1:9',
    models: ['tiny', '<script>alert("x")</script>'],
  },
]

/** That nothing is loaded for a page, and nothing runs in it but its own style and script. */
function wholeInItself(t: Test, text: string, headers: Headers): void {
  t.match(headers.get('content-type'), 'text/html; charset=utf-8')
  const policy = headers.get('content-security-policy') ?? ''
  t.match(policy, /^default-src 'none'; /)
  t.notMatch(policy, /unsafe|https?:|\*/)
  for (const tag of ['style', 'script']) {
    const inside = [...text.matchAll(new RegExp(`<${tag}>([^]*?)</${tag}>`, 'g'))]
    t.equal(inside.length, 1, tag)
    const hash = createHash('sha256').update(inside[0]![1]!).digest('base64')
    t.ok(policy.includes(`${tag}-src 'sha256-${hash}'`), `the ${tag} that is there is the one that may be`)
  }
  t.notMatch(text, /\b(src|srcset|onclick|onload|style)=|<(link|img|iframe|object|embed|form)\b|@import|url\(/)
  t.equal(headers.get('cache-control'), 'no-store')
}

t.test('a browser gets a page with state, models, numbers and links; a program gets JSON', async (t) => {
  const gateway = await startGateway({ backends: BACKENDS, routes: [{ name: 'coding', candidates: ['one/*'] }] })
  t.teardown(() => gateway.close())
  const answer = await fetch(gateway.url, { headers: BROWSER })
  const text = await answer.text()
  t.equal(answer.status, 200)
  t.match(answer.headers.get('vary'), /accept/)
  wholeInItself(t, text, answer.headers)
  t.ok(text.includes(`<code>${gateway.url}/v1</code>`))
  t.ok(text.includes(`data-copy="${gateway.url}/v1"`))
  for (const name of ['auto', 'coding', 'tiny']) t.ok(text.includes(`<code>${name}</code>`), name)
  for (const name of ['useful answers', 'cost', 'tokens', 'waste', 'first token'])
    t.ok(text.includes(`<dt>${name}</dt>`))
  t.match(text, /<td>one<\/td>\s*<td>openai-compatible<\/td>\s*<td class="(good|bad)">/)
  for (const path of ['/v1/models', '/health', '/metrics']) t.ok(text.includes(`<a href="${path}">`), path)
  t.notMatch(text, 'alert("x")', 'names are escaped')
  t.ok(text.includes('&#60;script&#62;alert(&#34;x&#34;)'))
  for (const headers of [{}, { accept: '*/*' }, { accept: 'application/json, text/html;q=0.5' }]) {
    const told = await fetch(gateway.url, { headers })
    t.match(told.headers.get('content-type'), 'application/json')
    t.match(await told.json(), { name: 'turnout', status: 'running', last_hour: { requests: 0, successes: 0 } })
  }
})

t.test('a Host that a shell or a browser would run is not on the page, which has its own address', async (t) => {
  const gateway = await startGateway({ backends: BACKENDS, keys: [{ id: 'ci', hash: hashed('caller') }] })
  t.teardown(() => gateway.close())
  for (const [host, harm] of [
    ['a$(id).x', '$(id)'],
    ['x"><script>alert(1)</script>', 'alert(1)'],
  ] as const) {
    const client = await RawClient.open(gateway.url)
    const answer = await client.send('/', { method: 'GET', headers: { ...BROWSER, host } })
    const text = String(await answer.body())
    client.destroy()
    t.equal(answer.status, 200, host)
    t.notOk(text.includes(harm), host)
    t.ok(text.includes(`<code>${gateway.url}/v1</code>`), host)
  }
})

t.test('where keys are asked for the page has no names, no numbers and no state of backends', async (t) => {
  const gateway = await startGateway({ backends: BACKENDS, keys: [{ id: 'ci', hash: hashed('caller') }] })
  t.teardown(() => gateway.close())
  for (const headers of [BROWSER, { ...BROWSER, authorization: 'Bearer caller' }]) {
    const answer = await fetch(gateway.url, { headers })
    const text = await answer.text()
    wholeInItself(t, text, answer.headers)
    t.notMatch(text, /tiny|openai-compatible|<dt>|<td>one|127\.0\.0\.1:9\b/)
    t.match(text, 'TURNOUT_KEY')
    t.ok(text.includes('<a href="/metrics">'))
    t.notOk(text.includes('<a href="/health">'), 'a browser cannot send a key')
  }
})

t.test(
  'the address of the admin API has a page that says what is there, and nothing that needs the token',
  async (t) => {
    const { url, ask } = await adminRig(t)
    for (const path of ['/admin', '/']) {
      const answer = await fetch(`${url}${path}`, { headers: BROWSER })
      const text = await answer.text()
      t.equal(answer.status, 200)
      wholeInItself(t, text, answer.headers)
      t.match(text, `curl ${url}/admin/stats`)
      for (const one of ['/admin/keys/:id/rotate', '/admin/budgets', '/admin/sessions/:id'])
        t.ok(text.includes(`<code>${one}</code>`), one)
      t.notMatch(text, /tiny|sha256:[0-9a-f]/)
    }
    for (const path of ['/admin/', '/admin/keys', '/admin/stats', '/adminx'])
      t.equal((await ask('GET', path, undefined, null)).status, 401, path)
    t.equal((await ask('POST', '/admin', {}, null)).status, 401)
  },
)
