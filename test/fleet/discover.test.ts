import t, { type Test } from 'tap'
import { eventually } from '../support/await.ts'
import { loadProviders } from '../../src/config/providers.ts'
import type { BackendSpec } from '../../src/core/settings.ts'
import { NOTHING_SAID } from '../../src/backends/fleet/read-list.ts'
import { HttpClient } from '../../src/backends/upstream/http-client.ts'
import { type DetailCache, discover, type Discovery } from '../../src/backends/fleet/discover.ts'
import {
  backend,
  type EngineDouble,
  json,
  LIST,
  noSamples,
  provider,
  type Reply,
  type Routes,
  sample,
  startEngine,
} from './engine-double.ts'

const SAID: Record<string, unknown> = { ...NOTHING_SAID, capabilities: undefined }
const client = new HttpClient({ connectMs: 2_000 })
t.teardown(() => client.destroy())

async function engine(test: Test, routes: Routes): Promise<EngineDouble> {
  const double = await startEngine(routes)
  test.teardown(() => double.close())
  return double
}

function search(spec: BackendSpec, cache: DetailCache = new Map(), ms = 2_000): Promise<Discovery> {
  return discover(spec, { client, signal: AbortSignal.timeout(ms), cache })
}

async function models(spec: BackendSpec, cache?: DetailCache): Promise<Record<string, object>> {
  const result = await search(spec, cache)
  if (!result.found) throw new Error(result.reason)
  return Object.fromEntries(
    [...result.models].map(([id, said]) => [
      id,
      { ...said, print: undefined, capabilities: undefined, ...said.capabilities },
    ]),
  )
}

t.test('recorded engines, by the data of their providers', { skip: noSamples }, async (t) => {
  const providers = await loadProviders()
  const of = (kind: string, root: string): BackendSpec => backend(root, { provider: providers.get(kind)! })

  t.test('vLLM lists its models with their context', async (t) => {
    const double = await engine(t, { 'GET /v1/models': await sample('vllm/models.txt') })
    t.same(await models(of('vllm', double.root)), { tiny: { ...SAID, context: 2048 } })
  })

  t.test('llama.cpp: the context in force, not the trained one', async (t) => {
    const double = await engine(t, {
      'GET /v1/models': await sample('llamacpp/llamacpp-models.txt'),
      'GET /props': await sample('llamacpp/llamacpp-props.txt'),
    })
    t.match(await models(of('llamacpp', double.root)), { 'tiny-qwen': { context: 512, vision: false } })
  })

  t.test('llama.cpp without /props still has its models', async (t) => {
    const double = await engine(t, { 'GET /v1/models': await sample('llamacpp/llamacpp-models.txt') })
    t.match(await models(of('llamacpp', double.root)), { 'tiny-qwen': { context: 512 } })
  })

  t.test('llama.cpp as a router: a model that is not loaded has the context of its arguments', async (t) => {
    const double = await engine(t, { 'GET /v1/models': await sample('llamacpp/llamacpp-router-models.json') })
    t.match(await models(of('llamacpp', double.root)), { 'tiny-a': { context: 512 }, 'tiny-b': { context: 512 } })
    const shared = (await sample('llamacpp/llamacpp-router-models.json')).body.replaceAll(
      '"--parallel","1"',
      '"--parallel","4"',
    )
    double.routes['GET /v1/models'] = { status: 200, body: shared }
    t.match(await models(of('llamacpp', double.root)), { 'tiny-a': { context: 128 } }, 'which is that of all slots')
  })

  t.test('llama.cpp that wants a key', async (t) => {
    const double = await engine(t, { 'GET /v1/models': await sample('llamacpp/llamacpp-models-noauth.txt') })
    t.match(await search(of('llamacpp', double.root)), {
      found: false,
      reason: 'HTTP 401: it wants a key, write `key: "${NAME}"`',
      status: 401,
    })
  })

  t.test(
    'Ollama: capabilities by words, context from the Modelfile and of loaded models, details asked once',
    async (t) => {
      const show = await sample('ollama/show.txt')
      const think = JSON.stringify({ parameters: 'temperature 0.7', capabilities: ['tools', 'thinking', 'completion'] })
      const double = await engine(t, {
        'GET /api/tags': await sample('ollama/tags.txt'),
        'GET /api/ps': json({ models: [{ model: 'think:latest', context_length: 4096 }] }),
        'POST /api/show': ({ body }) => (body.includes('"think:latest"') ? { status: 200, body: think } : show),
      })
      const cache: DetailCache = new Map()
      const spec = of('ollama', double.root)
      const first = await models(spec, cache)
      const can = { tools: true, chat: true, vision: false, embeddings: false }
      t.match(first, {
        'think:latest': { ...can, context: 4096, configured: null, reasoning: true },
        'slow:latest': { ...can, context: null, configured: 2048, reasoning: false },
        'tiny:latest': { ...can, context: null, configured: 2048, reasoning: false },
      })
      for (const model of Object.values(first)) t.match(model, { trained: 4096, family: 'llama', bytes: Number })
      const shows = (): number => double.seen.filter(({ path }) => path === '/api/show').length
      t.equal(shows(), 3)
      t.same(await models(spec, cache), first)
      t.equal(shows(), 3, 'nothing changed, nothing asked')
      const tags = JSON.parse((await sample('ollama/tags.txt')).body) as { models: { digest: string }[] }
      tags.models[0]!.digest = 'another'
      tags.models.pop()
      double.routes['GET /api/tags'] = json(tags)
      await models(spec, cache)
      t.equal(shows(), 4, 'the changed one is asked again')
      t.equal(cache.size, 2, 'the removed one is forgotten')
    },
  )

  t.test('Ollama of an older version, without /api/show', async (t) => {
    const double = await engine(t, { 'GET /api/tags': await sample('ollama/tags.txt') })
    const cache: DetailCache = new Map()
    const result = await search(of('ollama', double.root), cache)
    t.match(result, { found: true, complete: true })
    await search(of('ollama', double.root), cache)
    t.equal(double.seen.filter(({ path }) => path === '/api/show').length, 3, 'a refusal is an answer')
  })
})

t.test('fifty models are asked four at a time, and an answer that is missing is asked for again', async (t) => {
  const ids = Array.from({ length: 50 }, (_, index) => `model-${index}`)
  let open = 0
  let most = 0
  let broken = 3
  const detail = async (): Promise<Reply> => {
    most = Math.max(most, ++open)
    // The first ones take as long as others may come meanwhile.
    await eventually(1_000, 'four at a time', () => most >= 4)
    open--
    return broken-- > 0 ? json({}, 500) : json({ size: 4096 })
  }
  const double = await engine(t, { 'GET /v1/models': json({ data: ids.map((id) => ({ id })) }), '*': detail })
  const details = { ...LIST, path: '/show?model={id}', perModel: true, list: '', context: ['size'], required: false }
  const spec = backend(double.root, { provider: provider({ discovery: [LIST, details] }) })
  const cache: DetailCache = new Map()
  t.match(await search(spec, cache), { found: true, complete: false })
  t.equal(most, 4)
  t.equal(double.seen.length, 51)
  const second = await search(spec, cache)
  t.match(second, { found: true, complete: true })
  t.equal(double.seen.length, 51 + 1 + 3)
  if (second.found) t.ok([...second.models.values()].every(({ context }) => context === 4096))
})

const NO_ENGINE = 'not an engine of this kind: check `url` and `kind`'

t.test('what is not an answer', async (t) => {
  const cases: readonly (readonly [string, Routes, object])[] = [
    [
      'HTML',
      { '*': { status: 200, body: '<html>' } },
      { reason: 'HTTP 200 with a web page, such as a login: check `url`' },
    ],
    ['another shape', { '*': json({ models: 'none' }) }, { reason: NO_ENGINE }],
    ['entries without an id', { '*': json({ data: [{ name: 'x' }] }) }, { reason: NO_ENGINE }],
    ['an error', { '*': json({}, 500) }, { reason: 'HTTP 500', status: 500, loading: false }],
    ['loading', { '*': json({ error: { message: 'Loading model' } }, 503) }, { reason: 'loading', loading: true }],
    ['too much', { '*': { status: 200, body: ' '.repeat(9 * 1024 * 1024) } }, { reason: 'answer too large' }],
    ['nothing', { '*': () => 'hang' }, { reason: 'no answer in time', status: null, late: true }],
  ]
  for (const [name, routes, expected] of cases) {
    const double = await engine(t, routes)
    t.match(await search(backend(double.root), new Map(), 1_000), { found: false, ...expected }, name)
  }
  const gone = await startEngine({})
  await gone.close()
  t.match(await search(backend(gone.root)), { found: false, reason: 'connection refused', late: false })
  t.match(await search(backend('http://no-such-host.invalid')), { found: false, reason: 'unknown host' })
})

t.test('an empty list is a list', async (t) => {
  for (const data of [[], null]) {
    const double = await engine(t, { '*': json({ data }) })
    t.same(await models(backend(double.root)), {})
  }
})

const ids = (result: Discovery): string[] => (result.found ? [...result.models.keys()] : [])
const list = (...names: readonly string[]): { data: { id: string }[] } => ({ data: names.map((id) => ({ id })) })
const paged = { ...LIST, pages: { param: 'after', from: 'last_id', more: 'has_more' } }
const pagedBackend = (root: string): BackendSpec => backend(root, { provider: provider({ discovery: [paged] }) })

t.test('a list in parts is followed to its end, as the data of the provider says', async (t) => {
  const providers = await loadProviders()
  const cases: readonly (readonly [string, Routes])[] = [
    [
      'anthropic',
      {
        'GET /v1/models?limit=1000': json({ ...list('a', 'b'), has_more: true, last_id: 'b' }),
        'GET /v1/models?limit=1000&after_id=b': json({ ...list('c'), has_more: false, last_id: 'c' }),
      },
    ],
    [
      'gemini',
      {
        'GET /v1beta/openai/models': json({ ...list('a'), nextPageToken: 'x/=&' }),
        'GET /v1beta/openai/models?pageToken=x%2F%3D%26': json({ ...list('b'), nextPageToken: 7 }),
        'GET /v1beta/openai/models?pageToken=7': json({ ...list('c'), nextPageToken: '' }),
      },
    ],
    [
      'openai-compatible',
      {
        'GET /v1/models': json({ ...list('a', 'b'), has_more: true, last_id: 'b' }),
        'GET /v1/models?after=b': json(list('c')),
      },
    ],
  ]
  for (const [kind, routes] of cases) {
    const double = await engine(t, routes)
    const result = await search(backend(double.root, { provider: providers.get(kind)!, key: 'secret' }))
    t.match(result, { found: true, complete: true }, kind)
    t.strictSame(ids(result), ['a', 'b', 'c'], kind)
    t.equal(double.seen.length, Object.keys(routes).length, kind)
    t.ok(double.seen.every(({ headers }) => JSON.stringify(headers).includes('secret')))
  }
})

t.test('a list whose rest does not come is incomplete, and what came of it counts', async (t) => {
  const first = json({ ...list('a', 'b'), has_more: true, last_id: 'b' })
  const rests: readonly (readonly [string, Routes[string]])[] = [
    ['an error', json({}, 500)],
    ['another shape', json({ models: [] })],
    ['nothing in time', () => 'hang'],
    ['the same again', first],
  ]
  for (const [name, rest] of rests) {
    const double = await engine(t, { 'GET /v1/models': first, 'GET /v1/models?after=b': rest })
    const result = await search(pagedBackend(double.root), new Map(), 500)
    t.match(result, { found: true, complete: false }, name)
    t.strictSame(ids(result), ['a', 'b'], name)
    t.equal(double.seen.length, 2, name)
  }
  for (const mark of [undefined, null, '', {}, 'x'.repeat(3_000), '\ud800']) {
    const double = await engine(t, { '*': json({ ...list('a'), has_more: true, last_id: mark }) })
    t.match(await search(pagedBackend(double.root)), { found: true, complete: false })
    t.equal(double.seen.length, 1, 'no way to ask for more')
  }
  const refused = await engine(t, { '*': json({ ...list('a'), has_more: true, last_id: 'a' }, 500) })
  t.match(await search(pagedBackend(refused.root)), { found: false, status: 500 })
})

t.test('a list without an end is asked for twenty parts', async (t) => {
  let page = 0
  const endless = (): Reply => json({ ...list(`m${++page}`), has_more: true, last_id: `m${page}` })
  const double = await engine(t, { '*': endless })
  const result = await search(pagedBackend(double.root))
  t.match(result, { found: true, complete: false })
  t.equal(ids(result).length, 20)
  t.equal(double.seen.length, 20)
})

t.test('what is known of a model is kept while its part of the list does not come', async (t) => {
  const details = { ...LIST, path: '/show?model={id}', perModel: true, list: '', context: ['size'], required: false }
  const routes: Routes = {
    'GET /v1/models': json({ ...list('a'), has_more: true, last_id: 'a' }),
    'GET /v1/models?after=a': json(list('b')),
    '*': json({ size: 512 }),
  }
  const double = await engine(t, routes)
  const spec = backend(double.root, { provider: provider({ discovery: [paged, details] }) })
  const cache: DetailCache = new Map()
  t.match(await search(spec, cache), { found: true, complete: true })
  double.routes['GET /v1/models?after=a'] = json({}, 500)
  t.match(await search(spec, cache), { found: true, complete: false })
  double.routes['GET /v1/models?after=a'] = json(list('b'))
  t.match(await search(spec, cache), { found: true, complete: true })
  t.equal(double.seen.filter(({ path }) => path.startsWith('/show')).length, 2, 'each was asked about once')
  double.routes['GET /v1/models'] = json(list('a'))
  await search(spec, cache)
  t.equal(cache.size, 1, 'what is off the whole list is forgotten')
})

t.test('a refused key is called one, and neither the key nor the answer is quoted', async (t) => {
  const gemini = [{ error: { code: 400, message: 'API key not valid: sk-secret', status: 'INVALID_ARGUMENT' } }]
  const cases: readonly (readonly [Reply, string])[] = [
    [json({ error: { message: 'Incorrect key sk-secret' } }, 401), 'HTTP 401: its `key` is refused'],
    [json({}, 403), 'HTTP 403: its `key` is refused'],
    [json(gemini, 400), 'HTTP 400: its `key` is refused'],
    [json({ error: 'no such path' }, 400), 'HTTP 400'],
    [json({}, 404), 'HTTP 404: no list of models there, check `url` and `kind`'],
    [
      { status: 400, body: 'Client sent an HTTP request to an HTTPS server.' },
      'it speaks TLS: write "https://" in `url`',
    ],
  ]
  for (const [reply, reason] of cases) {
    const double = await engine(t, { '*': reply })
    const result = await search(backend(double.root, { key: 'sk-secret' }))
    t.equal(result.found ? null : result.reason, reason)
  }
})

t.test('the key goes to its own root only', async (t) => {
  const other = await engine(t, { '*': json({ data: [] }) })
  const own = await startEngine({})
  t.teardown(() => own.close())
  own.routes['GET /v1/models'] = { status: 302, body: '' }
  const redirecting = await import('node:http').then(({ createServer }) =>
    createServer((_, response) => response.writeHead(302, { location: other.root }).end()).listen(0, '127.0.0.1'),
  )
  t.teardown(() => redirecting.close())
  await new Promise((resolve) => redirecting.once('listening', resolve))
  const { port } = redirecting.address() as { port: number }
  const kind = provider({ auth: { header: 'x-api-key', prefix: '' }, headers: { 'x-version': '1' } })
  const result = await search(backend(`http://127.0.0.1:${port}`, { key: 'secret', provider: kind }))
  t.match(result, { found: false, reason: 'HTTP 302 to another place, such as a login: check `url`' })
  t.equal(other.seen.length, 0)
  await search(backend(own.root, { key: 'secret', provider: kind }))
  t.match(own.seen[0]!.headers, { 'x-api-key': 'secret', 'x-version': '1' })
})

t.test('lists that name the kind of a model', async (t) => {
  const words = { chat: 'chat', embedding: 'embeddings', vlm: 'vision' } as const
  const source = { ...LIST, capabilities: ['type'], words }
  const list = ['chat', 'embedding', 'vlm', 'image'].map((type) => ({ id: type, type }))
  const double = await engine(t, { '*': json({ data: list }) })
  const found = await models(backend(double.root, { provider: provider({ discovery: [source] }) }))
  t.match(found, {
    chat: { chat: true, embeddings: false },
    embedding: { chat: false, embeddings: true },
    vlm: { vision: true, embeddings: false },
    image: { chat: false, embeddings: false },
  })
  t.notOk('chat' in found['vlm']!, 'silence about chat is no denial')
})
