import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { Engines, type Seat } from '../../src/backends/engine/engines.ts'
import type { Lease, Refusal } from '../../src/backends/engine/group.ts'
import type { GatewayEvent } from '../../src/core/events.ts'
import type { EngineGroupSpec, EngineSpec } from '../../src/core/settings.ts'
import { isRunning, placeOfProcesses, startOf } from '../../src/store/processes.ts'
import { eventually, within } from '../support/await.ts'
import { engineCommand, type Program } from '../support/engine-program.ts'
import { freePort } from '../support/engines.ts'
import { backend } from '../support/factories.ts'

const SPEC: EngineSpec = {
  command: [],
  env: {},
  cwd: tmpdir(),
  ttlMs: null,
  group: null,
  startMs: 20_000,
  memoryBytes: null,
}

interface House {
  readonly engines: Engines
  readonly folder: string
  readonly events: GatewayEvent[]
  readonly add: (
    name: string,
    program: Partial<Program>,
    spec?: Partial<EngineSpec>,
  ) => Promise<Seat & { readonly port: number }>
  readonly named: (event: string) => GatewayEvent[]
}

async function house(t: Test, groups: Readonly<Record<string, EngineGroupSpec>> = {}): Promise<House> {
  const folder = await mkdtemp(join(tmpdir(), 'turnout-engines-test-'))
  const events: GatewayEvent[] = []
  const engines = new Engines(groups, {
    now: () => performance.now(),
    emit: (event) => void events.push(event),
    notes: folder,
    env: { PATH: process.env['PATH'], OPENAI_API_KEY: 'sk-of-the-gateway', TURNOUT_TOKEN: 'x', HOME: '/home/x' },
  })
  t.teardown(async () => {
    await engines.close()
    await rm(folder, { recursive: true, force: true })
  })
  return {
    engines,
    folder,
    events,
    named: (name) => events.filter(({ event }) => event === name),
    async add(name, program, spec = {}) {
      const port = program.port ?? (await freePort())
      const root = `http://127.0.0.1:${port}`
      const command = engineCommand({ model: name, ...program, port })
      const described = backend({ name, root, engine: { ...SPEC, command, ...spec } })
      const probe = async (): Promise<boolean> => (await fetch(`${root}/v1/models`).catch(() => null))?.status === 200
      const seat = engines.add(described, { probe, moved: () => undefined })
      return Object.assign(seat, { port })
    },
  }
}

const admitted = async (seat: Seat): Promise<Lease> => {
  const said = seat.enter() ?? (await within(30_000, 'the engine', seat.wait().admitted))
  if ('end' in said) return said
  throw new Error(`refused: ${said.why}: ${seat.engine.failure}`)
}

const refusal = async (seat: Seat): Promise<Refusal> => {
  const said = await within(30_000, 'the refusal', seat.wait().admitted)
  if ('end' in said) throw new Error('let in')
  return said
}

/** No call is let to it now. */
function isClosed(seat: Seat): boolean {
  const lease = seat.enter()
  lease?.end()
  return lease === null
}

const answerOf = async (seat: { readonly port: number }): Promise<string> => {
  const answer = await fetch(`http://127.0.0.1:${seat.port}/v1/chat/completions`, { method: 'POST', body: '{}' })
  const { choices } = (await answer.json()) as { choices: readonly { message: { content: string } }[] }
  return choices[0]!.message.content
}

const gone = (pid: number): Promise<void> =>
  eventually(20_000, `process ${pid} ends`, async () => !(await isRunning(pid)))

t.test(
  'an engine is started by the first call, waits until it has loaded, and serves all that came meanwhile',
  async (t) => {
    const { add, named, folder } = await house(t)
    const seat = await add('a', { loadMs: 300 })
    t.equal(seat.phase, 'stopped')
    t.equal(seat.engine.pid, null)
    const leases = await Promise.all([admitted(seat), admitted(seat), admitted(seat)])
    t.equal(seat.phase, 'running')
    t.equal(seat.waitMs, 0)
    t.equal(await answerOf(seat), `a ${seat.engine.pid}`)
    t.match(named('engine_started'), [{ backend: 'a', seconds: Number }])
    t.equal(named('engine_starting').length, 1)
    t.same(await readdir(folder), [`${seat.port}.json`])
    for (const lease of leases) lease.end()
  },
)

t.test('it is ended after its ttl, with what it had started, even where it does not want to', async (t) => {
  const { add, named, folder } = await house(t)
  const seat = await add('a', { forks: true, stubborn: true }, { ttlMs: 200 })
  const lease = await admitted(seat)
  const pid = seat.engine.pid!
  await eventually(5_000, 'its child', () => named('engine_output').length > 0)
  const child = Number(/child (\d+)/.exec(JSON.stringify(named('engine_output')))?.[1])
  t.ok(await isRunning(child))
  lease.end()
  await gone(pid)
  await gone(child)
  await eventually(5_000, 'it is stopped', () => seat.phase === 'stopped')
  t.match(named('engine_stopped'), [{ backend: 'a', why: 'idle' }])
  t.same(await readdir(folder), [])
  const again = await admitted(seat)
  t.not(seat.engine.pid, pid)
  again.end()
})

t.test('what cannot be started is told to all that wait, with why, and rests', async (t) => {
  const { add, engines, events, folder } = await house(t)
  const text = join(folder, 'engine.txt')
  await writeFile(text, 'no program', { mode: 0o644 })
  const cases: readonly (readonly [name: string, program: Partial<Program>, spec: Partial<EngineSpec>, why: RegExp])[] =
    [
      ['nowhere', {}, { command: ['/nowhere/engine'] }, /could not be started: there is no program "engine"$/],
      ['folder', {}, { cwd: '/nowhere/at/all' }, /there is no folder "all" to run it in$/],
      ['refused', {}, { command: [text] }, /"engine.txt" may not be run$/],
      ['exits', { exits: 3, says: ['loading', 'out of memory'] }, {}, /^ended with code 3$/],
      ['slow', { loadMs: 60_000 }, { startMs: 500 }, /^did not answer within 0.5 s$/],
      [
        'elsewhere',
        {},
        { command: engineCommand({ port: await freePort() }), startMs: 700 },
        /^did not answer within 0.7 s$/,
      ],
    ]
  await Promise.all(
    cases.map(async ([name, program, spec, why]) => {
      const seat = await add(name, program, spec)
      const [one, other] = await Promise.all([refusal(seat), refusal(seat)])
      t.match([one, other], [{ why: 'failed' }, { why: 'failed' }], name)
      t.ok(one.retryMs > 500, `${name}: ${one.retryMs}`)
      t.match(seat.engine.failure, why, name)
      t.equal(seat.phase, 'failed', name)
      t.match(await refusal(seat), { why: 'failed' }, `${name}: while it rests`)
      t.equal(seat.engine.pid, null, name)
    }),
  )
  const exits = events.find((event) => event.event === 'engine_failed' && event.backend === 'exits')
  t.match(exits, { while: 'starting', words: ['loading', 'out of memory'] })
  t.equal(JSON.stringify(events).includes('/nowhere'), false, 'no path is told')
  await engines.close()
})

t.test('another server on its port is never taken for it', async (t) => {
  const { add } = await house(t)
  const stranger = createServer((_request, response) => response.end('{"object":"list","data":[]}')).listen(
    0,
    '127.0.0.1',
  )
  await once(stranger, 'listening')
  t.teardown(() => stranger.close())
  const { port } = stranger.address() as { port: number }
  const seat = await add('a', { port })
  t.match(await refusal(seat), { why: 'failed' })
  t.equal(seat.engine.failure, `port ${port} is taken by another program`)
})

t.test('one that crashes is started again by the next call, and what it printed of calls is not told', async (t) => {
  const { add, named } = await house(t)
  const seat = await add('a', { crashes: true, says: ['hello'] })
  const lease = await admitted(seat)
  const pid = seat.engine.pid!
  await fetch(`http://127.0.0.1:${seat.port}/v1/chat/completions`, { method: 'POST', body: '{}' }).catch(() => null)
  await eventually(5_000, 'it is seen', () => named('engine_failed').length === 1)
  t.match(named('engine_failed'), [{ while: 'running', why: 'ended with code 1', words: [] }])
  lease.end()
  const next = await admitted(seat)
  t.not(seat.engine.pid, pid)
  next.end()
})

t.test('two engines of a group change places, and both are never there at a time', async (t) => {
  const { add, named } = await house(t, { gpu: { members: 1, memoryBytes: null, turnMs: 300 } })
  const [a, b] = [await add('a', {}, { group: 'gpu' }), await add('b', {}, { group: 'gpu' })]
  const first = await admitted(a)
  const other = b.wait()
  await eventually(5_000, 'the turn of a ends', () => isClosed(a))
  t.equal(b.engine.pid, null, 'while a has a call')
  first.end()
  const second = await within(20_000, 'b', other.admitted)
  t.equal(a.engine.pid, null)
  t.equal(await answerOf(b), `b ${b.engine.pid}`)
  t.match(named('engine_stopped'), [{ backend: 'a', why: 'swap' }])
  if ('end' in second) second.end()
})

t.test('who does not want to wait any more does not hold up others', async (t) => {
  const { add } = await house(t, { gpu: { members: 1, memoryBytes: null, turnMs: 100 } })
  const [a, b] = [await add('a', {}, { group: 'gpu' }), await add('b', {}, { group: 'gpu' })]
  const lease = await admitted(a)
  const waiting = b.wait()
  await eventually(5_000, 'a drains', () => isClosed(a))
  waiting.leave()
  const more = a.enter()
  t.ok(more, 'a is open again')
  more?.end()
  lease.end()
})

t.test('another command ends what runs with its calls, and another group waits for it', async (t) => {
  const { add, engines } = await house(t)
  const seat = await add('a', {})
  const lease = await admitted(seat)
  const pid = seat.engine.pid!
  const root = `http://127.0.0.1:${seat.port}`
  seat.describe(
    backend({ name: 'a', root, engine: { ...SPEC, command: engineCommand({ port: seat.port, model: 'new' }) } }),
    true,
  )
  t.equal(seat.enter(), null)
  t.ok(await isRunning(pid), 'its call goes on')
  lease.end()
  const next = await admitted(seat)
  t.equal(await answerOf(seat), `new ${seat.engine.pid}`)
  t.notOk(await isRunning(pid))
  const retired = seat.retire()
  t.match(await refusal(seat), { why: 'failed' })
  const moved = engines.add(
    backend({
      name: 'a',
      root,
      engine: { ...SPEC, group: 'gpu', command: engineCommand({ port: seat.port, model: 'moved' }) },
    }),
    seat.engine.hooks,
    retired,
  )
  const waiting = admitted(moved)
  next.end()
  const last = await waiting
  t.equal(await answerOf(seat), `moved ${moved.engine.pid}`)
  last.end()
})

t.test('none is left when the gateway closes, whatever each was about', async (t) => {
  const { add, engines, named, folder } = await house(t)
  const [running, loading, fresh, stubborn] = await Promise.all([
    add('running', {}),
    add('loading', { loadMs: 60_000 }),
    add('fresh', {}),
    add('stubborn', { stubborn: true }),
  ])
  await admitted(running)
  await admitted(stubborn)
  void loading.wait()
  await eventually(5_000, 'it loads', () => loading.engine.pid !== null)
  const pids = [running, loading, stubborn].map(({ engine }) => engine.pid!)
  void fresh.wait()
  await engines.close()
  for (const pid of pids) t.notOk(await isRunning(pid))
  t.equal(fresh.engine.pid, null)
  t.same(await readdir(folder), [])
  t.same(named('engine_failed'), [])
  for (const event of named('engine_stopped')) t.match(event, { why: 'closing' })
})

t.test('an engine has no secrets of the gateway, and none of its own is printed', async (t) => {
  const { add, named } = await house(t)
  const script = 'console.log(JSON.stringify(process.env)); setTimeout(() => process.exit(1), 50)'
  const seat = await add(
    'a',
    {},
    { command: [process.execPath, '-e', script], env: { HF_TOKEN: 'hf_0123456789', PORT: '1' } },
  )
  await refusal(seat)
  const [line] = named('engine_output')
  t.match(line, { backend: 'a', line: /"HF_TOKEN":"\*\*\*"/ })
  t.match(line, { line: /"HOME":"\/home\/x"/ })
  t.notMatch(JSON.stringify(named('engine_output')), /sk-of-the-gateway|hf_0123|TURNOUT_TOKEN|OPENAI/)
})

t.test('only the engine of before is ended by its note: not a process that has its number by now', async (t) => {
  const { engines, folder, events } = await house(t)
  const child = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)'], {
    stdio: 'ignore',
    detached: true,
  })
  const pid = child.pid!
  t.teardown(() => child.kill('SIGKILL'))
  const note = {
    engine: { pid, started: await startOf(pid) },
    gateway: { pid: 999_999_999, started: '1' },
    place: await placeOfProcesses(),
    command: '',
    port: '9999',
  }
  const file = join(folder, '9999.json')
  const left = async (changes: object): Promise<boolean> => {
    await writeFile(file, JSON.stringify({ ...note, ...changes }))
    await engines.endLeftOvers()
    return isRunning(pid)
  }
  t.ok(await left({ engine: { pid, started: '1' } }), 'another start')
  t.ok(await left({ engine: { pid, started: '' } }), 'an unknown start')
  t.ok(await left({ place: 'another machine' }), 'another machine')
  t.ok(await left({ gateway: { pid: process.pid, started: await startOf(process.pid) } }), 'its gateway lives')
  t.same(events, [])
  await writeFile(file, '{"engine":')
  await engines.endLeftOvers()
  t.ok(await isRunning(pid), 'a note that cannot be read')
  t.notOk(await left({}))
  t.match(events, [{ event: 'engine_left_over', port: '9999', pid, fate: 'ended' }])
})
