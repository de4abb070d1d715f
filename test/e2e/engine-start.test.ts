/** Engines that the gateway starts, seen from a caller: programs of their own that answer with their name and process. */
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { isRunning } from '../../src/store/processes.ts'
import { eventually, letPass } from '../support/await.ts'
import { chat, CHAT_PATH, errorOf } from '../support/chat.ts'
import { engineCommand, type Program } from '../support/engine-program.ts'
import { freePort } from '../support/engines.ts'
import type { ConfigObject, OwnGateway } from '../support/gateway.ts'
import { rawPost } from '../support/raw-client.ts'
import { gatewayFor } from '../support/rig.ts'

async function engine(name: string, program: Partial<Program> = {}, options: object = {}): Promise<ConfigObject> {
  const port = await freePort()
  return {
    ...{ name, kind: 'openai-compatible', url: `http://127.0.0.1:${port}`, models: [name] },
    engine: { command: engineCommand({ model: name, ...program, port }), cwd: tmpdir(), ...options },
  }
}

interface Answer {
  readonly status: number
  readonly model: string
  readonly pid: number
  readonly body: unknown
}

async function ask(gateway: OwnGateway, model: string, headers: Record<string, string> = {}): Promise<Answer> {
  const response = await rawPost(gateway.url, CHAT_PATH, chat({ model }), headers)
  const body: unknown = await response.json()
  const said = (body as { choices?: readonly { message: { content: string } }[] }).choices?.[0]?.message.content ?? ''
  const [name = '', pid = ''] = said.split(' ')
  return { status: response.status, model: name, pid: Number(pid), body }
}

interface Shown {
  readonly name: string
  readonly state: string
  readonly reason: string | null
  readonly process: { readonly phase: string; readonly waiting: number } | null
}

const health = async (gateway: OwnGateway): Promise<Record<string, Shown>> => {
  const { backends } = (await (await fetch(`${gateway.url}/health`)).json()) as { backends: readonly Shown[] }
  return Object.fromEntries(backends.map((one) => [one.name, one]))
}

const events = (gateway: OwnGateway, name: string): Record<string, unknown>[] =>
  gateway
    .logged()
    .split('\n')
    .filter((line) => line.includes(`"event":"${name}"`))
    .map((line) => JSON.parse(line) as Record<string, unknown>)

t.test('a request starts its engine, and all that come meanwhile are answered by that one start', async (t) => {
  const gateway = await gatewayFor(t, { backends: [await engine('a', { loadMs: 400 })] })
  t.match(await health(gateway), {
    a: { state: 'sleeping', reason: 'it is started by a request for it', process: { phase: 'stopped' } },
  })
  t.match(await (await fetch(`${gateway.url}/v1/deployments`)).json(), { deployments: [{ backend: 'a', local: true }] })
  const answers = await Promise.all([1, 2, 3].map(() => ask(gateway, 'a')))
  for (const answer of answers) t.match(answer, { status: 200, model: 'a' })
  t.equal(new Set(answers.map(({ pid }) => pid)).size, 1)
  t.match(await health(gateway), { a: { state: /ready|busy/, process: { phase: 'running', ready_in_ms: 0 } } })
  t.equal(events(gateway, 'engine_starting').length, 1)
  t.equal((await ask(gateway, 'a')).pid, answers[0]!.pid)
  const { pid } = answers[0]!
  await gateway.close()
  t.notOk(await isRunning(pid), 'and it ends with the gateway')
})

t.test('the decision weighs that an engine must be started first', async (t) => {
  const [cold, warm] = [await engine('cold', { loadMs: 300 }), await engine('warm', { loadMs: 300 })]
  const same = { models: ['same'] }
  const gateway = await gatewayFor(t, {
    backends: [
      { ...cold, ...same },
      { ...warm, ...same },
    ],
    routes: [{ name: 'r', candidates: ['cold/same', 'warm/same'], strategy: 'fast', explore: false }],
  })
  const first = await ask(gateway, 'warm/same')
  for (let i = 0; i < 5; i++) t.equal((await ask(gateway, 'r')).pid, first.pid, 'the one that runs is asked')
  t.equal(events(gateway, 'engine_starting').length, 1)
})

t.test('it is stopped after its ttl, and the next request starts it again', async (t) => {
  const gateway = await gatewayFor(t, { backends: [await engine('a', {}, { ttl: '300ms' })] })
  const { pid } = await ask(gateway, 'a')
  await eventually(10_000, 'it is stopped', async () => (await health(gateway))['a']?.state === 'sleeping')
  t.notOk(await isRunning(pid))
  t.match(await ask(gateway, 'a'), { status: 200, model: 'a' })
  t.match(events(gateway, 'engine_stopped'), [{ why: 'idle' }])
})

t.test(
  'an engine that does not start is refused with why and when, and another candidate answers instead',
  async (t) => {
    const gateway = await gatewayFor(t, {
      backends: [await engine('broken', { exits: 3, says: ['no such file: model.gguf'] }), await engine('good')],
      routes: [{ name: 'both', candidates: ['broken/*', 'good/*'], strategy: 'ordered' }],
    })
    const refused = await rawPost(gateway.url, CHAT_PATH, chat({ model: 'broken' }))
    t.equal(refused.status, 503)
    t.ok(Number(refused.headers['retry-after']) >= 1)
    t.match(errorOf(await refused.json()), {
      code: 'engine_failed',
      message: 'The engine of backend "broken" ended with code 3.',
    })
    t.match(await health(gateway), { broken: { state: /down|sleeping/, process: { phase: /failed|stopped/ } } })
    t.match(events(gateway, 'engine_failed'), [{ while: 'starting', words: ['no such file: model.gguf'] }])
    t.match(await ask(gateway, 'both'), { status: 200, model: 'good' })
  },
)

t.test('one that crashes while it serves is started again by the next request', async (t) => {
  const gateway = await gatewayFor(t, { backends: [await engine('a', { crashes: true })] })
  const lost = await ask(gateway, 'a')
  t.equal(lost.status, 502)
  await eventually(5_000, 'it is seen', () => events(gateway, 'engine_failed').length === 1)
  t.match(events(gateway, 'engine_failed'), [{ while: 'running', words: [] }])
  await ask(gateway, 'a')
  t.equal(events(gateway, 'engine_starting').length, 2)
})

t.test(
  'a request waits no longer than it may, by limits.load or by its own deadline, and may be given up',
  async (t) => {
    const gateway = await gatewayFor(t, {
      backends: [await engine('slow', { loadMs: 60_000 }, { start: '60s' })],
      limits: { load: '700ms' },
    })
    const late = await ask(gateway, 'slow', { 'x-turnout-deadline-ms': '300' })
    t.match(late, { status: 504, body: { error: { code: 'deadline_exceeded' } } })
    t.match(await ask(gateway, 'slow'), { status: 503, body: { error: { code: 'overloaded' } } })
    const abort = new AbortController()
    const gone = fetch(gateway.url + CHAT_PATH, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(chat({ model: 'slow' })),
      signal: abort.signal,
    }).catch(() => null)
    await eventually(5_000, 'it waits', async () => (await health(gateway))['slow']?.process?.waiting === 1)
    abort.abort()
    await gone
    await eventually(5_000, 'it waits no more', async () => (await health(gateway))['slow']?.process?.waiting === 0)
    t.equal(events(gateway, 'engine_starting').length, 1, 'one start for all of them')
  },
)

t.test('a request whose engine takes much longer than expected goes to a candidate that is ready', async (t) => {
  const LONG = 60_000
  const quickOnce = join(t.testdir({}), 'started')
  const gateway = await gatewayFor(t, {
    backends: [
      await engine('slow', { loadMs: LONG, quickOnce }, { ttl: '100ms', start: '60s' }),
      await engine('cold', { loadMs: LONG }, { start: '60s' }),
      await engine('good'),
    ],
    routes: [{ name: 'r', candidates: ['slow/*', 'cold/*', 'good/*'], strategy: 'ordered' }],
    limits: { load: '60s' },
  })
  const good = await ask(gateway, 'good')
  t.match(await ask(gateway, 'slow'), { status: 200, model: 'slow' }, 'it is known to start in no time')
  await eventually(10_000, 'it is stopped', async () => (await health(gateway))['slow']?.state === 'sleeping')
  t.match(await ask(gateway, 'r'), { status: 200, model: 'good', pid: good.pid })
  t.strictSame(
    events(gateway, 'engine_starting').map(({ backend }) => backend),
    ['good', 'slow', 'slow'],
    'the one between them is not started for it',
  )
  t.match(await health(gateway), { slow: { process: { phase: 'starting', waiting: 0 } } })
})

t.test('two models of one group under mixed load: swaps are bounded by turns, and all are answered', async (t) => {
  const TURN = 1_500
  const gateway = await gatewayFor(t, {
    backends: [
      await engine('a', { answerMs: 30 }, { group: 'gpu' }),
      await engine('b', { answerMs: 30 }, { group: 'gpu' }),
    ],
    engine_groups: { gpu: { turn: `${TURN}ms` } },
  })
  const startedAt = performance.now()
  const until = startedAt + 8_000
  const served: string[] = []
  const caller = async (model: string): Promise<void> => {
    while (performance.now() < until) {
      const answer = await ask(gateway, model)
      t.match(answer, { status: 200, model })
      served.push(model)
    }
  }
  await Promise.all(['a', 'b', 'a', 'b'].map(caller))
  const tookMs = performance.now() - startedAt
  const swaps = events(gateway, 'engine_stopped').filter(({ why }) => why === 'swap').length
  t.ok(swaps >= 2, `${swaps} swaps: both had turns`)
  t.ok(swaps <= tookMs / TURN + 1, `${swaps} swaps in ${tookMs} ms`)
  for (const model of ['a', 'b']) t.ok(served.filter((one) => one === model).length > 20, `${model} is not starved`)
  t.equal(await gateway.metric('turnout_engine_swaps_total', { group: 'gpu' }), swaps)
})

t.test(
  'another configuration: a changed command is swapped when it is idle, and one that is gone ends with its calls',
  async (t) => {
    const [a, b] = [await engine('a', { answerMs: 400 }), await engine('b')]
    const gateway = await gatewayFor(t, { backends: [a, b] })
    const { pid } = await ask(gateway, 'a')
    const under = ask(gateway, 'a')
    await eventually(
      5_000,
      'its call',
      async () => (await gateway.metric('turnout_inflight_requests', { backend: 'a' })) === 1,
    )
    const port = Number(new URL(String(a['url'])).port)
    const again = { ...a, engine: { command: engineCommand({ model: 'new', port }), cwd: tmpdir() } }
    await gateway.apply({ backends: [again, b] })
    t.equal((await under).pid, pid, 'its call ends as it began')
    const next = await ask(gateway, 'a')
    t.match(next, { status: 200, model: 'new' })
    t.not(next.pid, pid)
    await gateway.apply({ backends: [{ ...again, weight: 2 }, b] })
    t.equal((await ask(gateway, 'a')).pid, next.pid, 'what has to do with something else restarts nothing')
    await gateway.apply({ backends: [b] })
    await eventually(10_000, 'it ends', async () => !(await isRunning(next.pid)))
    t.match(await ask(gateway, 'a'), { status: 404 })
  },
)

t.test('what an engine prints is logged at debug only', async (t) => {
  const logged = async (log_level: string): Promise<string> => {
    const gateway = await gatewayFor(t, {
      backends: [await engine('a', { echoes: true })],
      server: { log_level },
    })
    await ask(gateway, 'a')
    await letPass(50, 'at info nothing of it is to come')
    await gateway.close()
    return gateway.logged()
  }
  t.notMatch(await logged('info'), /engine_output/)
  t.match(await logged('debug'), /"event":"engine_output","backend":"a","line":"prompt: /)
})
