import { once } from 'node:events'
import { type AddressInfo, createServer as createTcp } from 'node:net'
import { createServer } from 'node:tls'
import t, { type Test } from 'tap'
import { loadProviders } from '../../src/config/providers.ts'
import type { BackendEvent } from '../../src/core/events.ts'
import type { BackendSpec } from '../../src/core/settings.ts'
import { ModelStats } from '../../src/decision/learn/model-stats.ts'
import { Fleet } from '../../src/backends/fleet/fleet.ts'
import { WEIGHTS } from '../support/factories.ts'
import { backend, config, json, type Routes, startEngine } from './engine-double.ts'

const PROVIDERS = await loadProviders()
const KINDS = [...PROVIDERS.values()]

/** Engines as they show themselves; a path that is not here is 404. */
const ENGINES: Readonly<Record<string, Routes>> = {
  ollama: {
    'GET /': { status: 200, body: 'Ollama is running' },
    'GET /api/tags': json({ models: [{ model: 'tiny' }] }),
    'GET /v1/models': json({ data: [{ id: 'tiny', owned_by: 'library' }] }),
  },
  llamacpp: { 'GET /v1/models': json({ data: [{ id: 'tiny', owned_by: 'llamacpp' }] }) },
  vllm: { 'GET /v1/models': json({ data: [{ id: 'tiny', owned_by: 'vllm', max_model_len: 2048 }] }) },
  unknown: { 'GET /v1/models': json({ data: [{ id: 'tiny', owned_by: 'me' }] }) },
}

interface Looked {
  readonly state: string
  readonly reason: string | null
  readonly events: readonly BackendEvent[]
}

async function looked(test: Test, spec: BackendSpec, kinds = KINDS): Promise<Looked> {
  const events: BackendEvent[] = []
  const fleet = new Fleet(config([spec]), {
    now: () => performance.now(),
    onChange: () => undefined,
    emit: (event) => events.push(event),
    lessons: new ModelStats(WEIGHTS),
    kinds,
  })
  test.teardown(() => fleet.stop())
  await fleet.start()
  const { state, reason } = fleet.states()[0]!
  return { state, reason, events }
}

const of = (kind: string, root: string): BackendSpec => backend(root, { provider: PROVIDERS.get(kind)! })

async function engine(test: Test, routes: Routes) {
  const double = await startEngine(routes)
  test.teardown(() => double.close())
  return double
}

t.test('an engine of another kind is named, with the kind to write, whether it answers or not', async (t) => {
  const cases: readonly (readonly [written: string, there: string, state: string, reason: string | null])[] = [
    ['ollama', 'llamacpp', 'down', 'this is llama.cpp: write `kind: llamacpp`'],
    ['vllm', 'ollama', 'ready', 'this is Ollama: write `kind: ollama`'],
    ['llamacpp', 'vllm', 'ready', 'this is vLLM: write `kind: vllm`'],
    ['openai', 'llamacpp', 'ready', 'this is llama.cpp: write `kind: llamacpp`'],
    ['ollama', 'ollama', 'ready', null],
    ['llamacpp', 'llamacpp', 'ready', null],
    ['vllm', 'unknown', 'ready', null],
    ['openai-compatible', 'ollama', 'ready', null],
    ['ollama', 'unknown', 'down', 'HTTP 404: no list of models there, check `url` and `kind`'],
  ]
  for (const [written, there, state, reason] of cases) {
    const double = await engine(t, ENGINES[there]!)
    const { events, ...seen } = await looked(t, of(written, double.root))
    t.strictSame(seen, { state, reason }, `${written} is written, ${there} answers`)
    const its = { event: 'backend_state', backend: 'one' } as const
    const known = state === 'ready' && reason !== null ? [{ ...its, state: 'ready', reason: null }] : []
    t.match(events, [...known, { ...its, state, reason }], 'the log has it, once it serves where it answers')
    t.equal(events.length, known.length + 1)
    t.ok(
      double.seen.every(({ headers }) => headers['authorization'] === undefined),
      'without a key',
    )
  }
})

t.test('without kinds to compare with nothing more is asked', async (t) => {
  const double = await engine(t, ENGINES['ollama']!)
  t.match(await looked(t, of('vllm', double.root), []), { state: 'ready', reason: null })
  t.strictSame(
    double.seen.map(({ path }) => path),
    ['/v1/models'],
  )
})

t.test('what is no engine is told by what answers', async (t) => {
  const cases: readonly (readonly [what: string, routes: Routes, reason: string])[] = [
    [
      'a login page',
      { '*': { status: 200, body: '<!DOCTYPE html><title>Sign in</title>' } },
      'HTTP 200 with a web page, such as a login: check `url`',
    ],
    [
      'a redirect to one',
      { '*': { status: 302, body: '' } },
      'HTTP 302 to another place, such as a login: check `url`',
    ],
    ['another program', { '*': json({ hello: 'world' }) }, 'not an engine of this kind: check `url` and `kind`'],
    [
      'a server of files',
      { '*': { status: 404, body: 'no' } },
      'HTTP 404: no list of models there, check `url` and `kind`',
    ],
  ]
  for (const [what, routes, reason] of cases) {
    const double = await engine(t, routes)
    t.match(await looked(t, of('openai-compatible', double.root)), { state: 'down', reason }, what)
  }
})

t.test('TLS and plain HTTP that are mixed up, both ways', async (t) => {
  const plain = await engine(t, ENGINES['llamacpp']!)
  t.match(await looked(t, of('llamacpp', plain.root.replace('http:', 'https:'))), {
    state: 'down',
    reason: 'it speaks no TLS: write "http://" in `url`',
  })
  // It waits for the rest of what it takes for a request, and answers plain ones.
  const patient = createTcp((socket) =>
    socket.on('data', (bytes) => {
      if (bytes.toString('latin1').startsWith('GET ')) socket.end('HTTP/1.1 404 No\r\ncontent-length: 0\r\n\r\n')
    }),
  ).listen(0, '127.0.0.1')
  t.teardown(() => patient.close())
  await once(patient, 'listening')
  t.match(await looked(t, of('llamacpp', `https://127.0.0.1:${(patient.address() as AddressInfo).port}`)), {
    state: 'down',
    reason: 'it speaks no TLS: write "http://" in `url`',
  })
  const server = createServer().listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  t.match(await looked(t, of('llamacpp', `http://127.0.0.1:${port}`)), {
    state: 'down',
    reason: 'it speaks TLS: write "https://" in `url`',
  })
})

t.test('a refused key is told with the variable that it came from, and never shown', async (t) => {
  const double = await engine(t, { '*': json({ error: { message: 'Incorrect API key provided: sk-sesame' } }, 401) })
  const openai = of('openai', double.root)
  const cases: readonly (readonly [Partial<BackendSpec>, string])[] = [
    [{ key: 'sk-sesame', keyFrom: 'OPENAI_API_KEY' }, 'HTTP 401: the key in OPENAI_API_KEY is refused'],
    [{ key: 'sk-sesame' }, 'HTTP 401: its `key` is refused'],
    [{}, 'HTTP 401: it wants a key, write `key: "${OPENAI_API_KEY}"`'],
  ]
  for (const [traits, reason] of cases)
    t.match(await looked(t, { ...openai, ...traits }), { state: 'auth_error', reason, events: [{ reason }] })
})
