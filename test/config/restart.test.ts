import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import t from 'tap'
import { parseConfig } from '../../src/config/load.ts'
import { loadProviders } from '../../src/config/providers.ts'
import { NEEDS_RESTART, restartNeeded, SWAPPED } from '../../src/config/restart.ts'
import type { Config } from '../../src/core/settings.ts'

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>
}

const schema = JSON.parse(readFileSync(resolve(import.meta.dirname, '../../../config/schema.json'), 'utf8')) as Schema
const providers = await loadProviders()

/** Every option of the file that is no map of options itself; lists and maps by name are one option. */
const optionsOf = ({ properties = {} }: Schema, path = ''): string[] =>
  Object.entries(properties).flatMap(([name, inner]) => {
    const own = path === '' ? name : `${path}.${name}`
    return inner.properties === undefined ? [own] : optionsOf(inner, own)
  })

t.test('every option of the schema is swapped or needs a restart, and none is both', async (t) => {
  const lists = [...Object.keys(NEEDS_RESTART), ...SWAPPED]
  const takes = (listed: string, option: string): boolean => option === listed || option.startsWith(`${listed}.`)
  const options = optionsOf(schema)
  t.ok(options.length > 40, `${options.length} options`)
  for (const option of options)
    t.equal(lists.filter((listed) => takes(listed, option)).length, 1, `${option} is in one list`)
  for (const listed of lists)
    t.ok(
      options.some((option) => takes(listed, option)),
      `${listed} is an option`,
    )
})

const BASE = { backends: [{ name: 'a', kind: 'openai-compatible', url: 'http://127.0.0.1:1', models: ['m'] }] }
const configOf = (file: object): Config =>
  parseConfig(JSON.stringify({ ...BASE, ...file }), {}, providers, '/etc/turnout.yaml').config

const hash = `sha256:${'a'.repeat(64)}`
const LEDGER = { ledger: './ledger' }

t.test('an option that needs a restart is named where it differs', async (t) => {
  const changes: readonly (readonly [option: string, file: object, before?: object])[] = [
    ['server.host', { server: { host: '::1' } }],
    ['server.port', { server: { port: 1 } }],
    ['server.hosts', { server: { hosts: ['gateway'] } }],
    ['server.cors', { server: { cors: { max_age: '1s' } } }],
    ['server.auth', { server: { auth: 'none' } }],
    ['server.drain', { server: { drain: '1s' } }],
    ['server.log', { server: { log: 'pretty' } }],
    ['server.log_level', { server: { log_level: 'warn' } }],
    ['server.log_decisions', { server: { log_decisions: 'always' } }],
    ['server.trust_proxy', { server: { trust_proxy: true } }],
    ['upstream.client', { upstream: { client: 'undici' } }],
    ['discovery.lan', { discovery: { lan: ['gpu-1'] } }],
    ['limits.body', { limits: { body: '1KiB' } }],
    ['limits.bodies', { limits: { bodies: '1GiB' } }],
    ['store.state', { store: { state: './state.json' } }],
    ['store.keys', { store: { keys: './keys.json' } }],
    ['store.redis', { store: { redis: 'redis://127.0.0.1' } }],
    ['store.ledger', { store: { ledger: './other' } }, { store: LEDGER }],
    ['store.ledger_keep', { store: { ...LEDGER, ledger_keep: '1d' } }, { store: LEDGER }],
    ['store.ledger_max', { store: { ...LEDGER, ledger_max: '1GiB' } }, { store: LEDGER }],
    ['store.answers', { store: { answers: './answers' } }],
    ['store.answers_max', { store: { answers_max: '1MiB' } }],
    ['admin', { admin: { token: hash } }],
    ['telemetry', { telemetry: { endpoint: 'http://127.0.0.1:4318' } }],
  ]
  t.same(changes.map(([option]) => option).sort(), Object.keys(NEEDS_RESTART).sort())
  for (const [option, file, before = {}] of changes)
    t.same(restartNeeded(configOf(before), configOf(file)), [option], option)
})

t.test('what is swapped, and the same file again, needs none', async (t) => {
  const swapped = configOf({
    backends: [{ ...BASE.backends[0]!, weight: 2 }],
    engine_groups: { gpu0: { members: 2 } },
    models: { m: { aliases: ['n'] } },
    routes: [{ name: 'r', candidates: ['a/*'] }],
    keys: [{ id: 'k', hash }],
    budgets: [{ name: 'b', of: 'key', requests: 1, per: 'day' }],
    limits: {
      connect: '1s',
      headers: '1s',
      ttft: '1s',
      load: '1s',
      idle: '1s',
      total: '1s',
      attempts: 1,
      keep_alive: '1s',
      buffer: '1MiB',
    },
    discovery: { interval: '1s', retry: '1s', timeout: '1s' },
  })
  t.same(restartNeeded(configOf({}), swapped), [])
  t.same(restartNeeded(configOf({}), configOf({})), [])
})
