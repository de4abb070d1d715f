import t from 'tap'
import { commandWords } from '../../src/config/command-words.ts'
import { parseConfig } from '../../src/config/load.ts'
import { loadProviders } from '../../src/config/providers.ts'
import type { Config } from '../../src/core/settings.ts'

const providers = await loadProviders()
const URL = 'http://127.0.0.1:9001'
const ENGINE = { command: ['llama-server', '--port', '{port}'] }
const BACKEND = { name: 'a', kind: 'llamacpp', url: URL, models: ['m'], engine: ENGINE }

const load = (file: object, env = {}): { config: Config; warnings: readonly string[] } =>
  parseConfig(JSON.stringify(file), env, providers, '/etc/turnout/turnout.yaml')

const engineOf = (engine: object, file: object = {}) =>
  load({ backends: [{ ...BACKEND, engine: { ...ENGINE, ...engine } }], ...file }).config.backends[0]!.engine

t.test('an engine has what the file says, and defaults for the rest', async (t) => {
  t.same(engineOf({}), {
    command: ['llama-server', '--port', '9001'],
    env: {},
    cwd: '/etc/turnout',
    ttlMs: null,
    group: null,
    startMs: 300_000,
    memoryBytes: null,
  })
  t.same(
    engineOf(
      {
        command: './bin/server --host {host} "--port={port}"',
        env: { BIND: '{host}:{port}', HF_TOKEN: '${HF_TOKEN:-}' },
        cwd: 'models',
        ttl: '10m',
        group: 'gpu0',
        memory: '8GiB',
      },
      { limits: { load: '90s' } },
    ),
    {
      command: ['/etc/turnout/bin/server', '--host', '127.0.0.1', '--port=9001'],
      env: { BIND: '127.0.0.1:9001', HF_TOKEN: '' },
      cwd: '/etc/turnout/models',
      ttlMs: 600_000,
      group: 'gpu0',
      startMs: 90_000,
      memoryBytes: 8 * 1024 ** 3,
    },
  )
  t.equal(engineOf({ start: '20s' })?.startMs, 20_000)
  t.equal(load({ backends: [{ ...BACKEND, engine: undefined }] }).config.backends[0]!.engine, null)
})

t.test('a group lets one member run at a time, or as many as its memory has room for', async (t) => {
  const groupsOf = (groups: object) => load({ backends: [BACKEND], engine_groups: groups }).config.engineGroups
  t.same(groupsOf({ gpu0: {} }), { gpu0: { members: 1, memoryBytes: null, turnMs: 30_000 } })
  t.same(groupsOf({ gpu0: { memory: '24GiB', turn: '1m' } }), {
    gpu0: { members: null, memoryBytes: 24 * 1024 ** 3, turnMs: 60_000 },
  })
  t.same(groupsOf({ gpu0: { memory: '24GiB', members: 2 } })['gpu0']?.members, 2)
})

t.test('a line becomes words as a shell would make them, and nothing else of a shell is meant', async (t) => {
  const cases: readonly (readonly [line: string, words: readonly string[]])[] = [
    ['llama-server -m a.gguf', ['llama-server', '-m', 'a.gguf']],
    ['  a   b\tc\n d ', ['a', 'b', 'c', 'd']],
    [`a "b c" 'd "e"' f\\ g`, ['a', 'b c', 'd "e"', 'f g']],
    [`a --x='{"k": 1}' ""`, ['a', '--x={"k": 1}', '']],
    ['a "q\\"r" \'s\\t\'', ['a', 'q"r', 's\\t']],
    ['a \\\n  --b', ['a', '--b']],
    [`a 'b | c' "d && e" f\\;`, ['a', 'b | c', 'd && e', 'f;']],
    ['a $HOME ~ *', ['a', '$HOME', '~', '*']],
  ]
  for (const [line, words] of cases) t.same(commandWords(line), words, line)
  for (const line of ['a | b', 'a && b', 'a > log', 'a < b', 'a; b', 'a `b`', 'a $(b)', 'a &'])
    t.throws(() => commandWords(line), { message: /which only a shell would act on/ }, line)
  for (const line of ['a "b', "a 'b"]) t.throws(() => commandWords(line), { message: /not closed/ }, line)
  for (const line of ['', '  \t']) t.throws(() => commandWords(line), { message: /is empty/ }, line)
})

t.test('what cannot be started, asked or told apart is said with its remedy', async (t) => {
  const cases: readonly (readonly [what: string, file: object, issue: RegExp])[] = [
    ['no command', { engine: {} }, /backends\[0\]\.engine\.command/],
    ['an empty list', { engine: { command: [] } }, /backends\[0\]\.engine\.command: is empty; write at least one/],
    ['a pipe', { engine: { command: 'a | b' } }, /engine\.command: has "\|", which only a shell would act on/],
    ['an open quote', { engine: { command: 'a "b' } }, /engine\.command: has a " that is not closed/],
    [
      'no models',
      { models: undefined },
      /backends\[0\]\.models: is missing; an engine is started by the first request/,
    ],
    ['another machine', { url: 'http://gpu:9001' }, /backends\[0\]\.url: "gpu" may be another machine.*9001/s],
    ['TLS', { url: 'https://127.0.0.1:9001' }, /backends\[0\]\.url: is not "http:".*"http:\/\/127\.0\.0\.1:9001"/s],
    ['a cloud', { kind: 'openai', url: URL }, /backends\[0\]\.engine: is for engines of this machine/],
    ['one that only reads', { role: 'prefill' }, /backends\[0\]\.engine: cannot be started when it is needed/],
    ['a name that is none', { engine: { ...ENGINE, grup: 'x' } }, /grup/],
    [
      'a time without a unit',
      { engine: { ...ENGINE, ttl: 600 } },
      /engine\.ttl: 600 is a number; write it with a unit/,
    ],
  ]
  for (const [what, changes, issue] of cases)
    t.throws(() => load({ backends: [{ ...BACKEND, ...changes }] }), { message: spaced(issue) }, what)
})

t.test('two engines have ports of their own, and memory is said where it is counted', async (t) => {
  const other = { ...BACKEND, name: 'b', models: ['n'] }
  t.throws(() => load({ backends: [BACKEND, other] }), {
    message: spaced(/backends\[0\]\.url: is the address of backends\[1\] too; give each engine/),
  })
  t.throws(() => load({ backends: [BACKEND, { ...other, engine: undefined }] }), {
    message: spaced(/is the address of backends\[1\] too/),
  })
  t.doesNotThrow(() => load({ backends: [BACKEND, { ...other, url: 'http://127.0.0.1:9002' }] }))
  const inGroup = (engine: object) => ({
    backends: [{ ...BACKEND, engine: { ...ENGINE, group: 'g', ...engine } }],
    engine_groups: { g: { memory: '8GiB' } },
  })
  t.throws(() => load(inGroup({})), { message: spaced(/engine\.memory: is missing; engine_groups\.g counts memory/) })
  t.throws(() => load(inGroup({ memory: '9GiB' })), { message: spaced(/is more than the 8GiB of group "g"/) })
  t.doesNotThrow(() => load(inGroup({ memory: '8GiB' })))
})

t.test('what would start and not be found, and groups of nobody, are pointed out', async (t) => {
  const warned = (file: object): string => load(file).warnings.join('\n')
  t.equal(warned({ backends: [BACKEND] }), '')
  t.match(
    warned({ backends: [{ ...BACKEND, engine: { command: ['llama-server'] } }] }),
    /backends\[0\]\.engine\.command says nothing of port 9001; add "\{port\}" to it, or the port to `url`/,
  )
  t.equal(warned({ backends: [{ ...BACKEND, engine: { command: 'a', env: { PORT: '{port}' } } }] }), '')
  t.match(warned({ backends: [BACKEND], engine_groups: { gpu0: {} } }), /engine_groups\.gpu0: no engine is in it/)
})

/** Messages are folded to the width of a terminal. */
function spaced({ source }: RegExp): RegExp {
  return new RegExp(source.replaceAll(' ', '\\s+'), 's')
}
