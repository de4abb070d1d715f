import t from 'tap'
import { createApp } from '../../src/app.ts'
import { ConfigError } from '../../src/config/issues.ts'
import { parseConfig } from '../../src/config/load.ts'
import { loadProviders } from '../../src/config/providers.ts'
import { needKnown, viewOf } from '../../src/config/view.ts'
import type { Config } from '../../src/core/settings.ts'

const providers = await loadProviders()

const FILE = `
server: { port: "\${PORT}" }
backends:
  - { name: cloud, kind: openai, key: "\${CLOUD_KEY}" }
  - { name: gpu, kind: vllm, url: "http://\${GPU_HOST}:8000" }
  - { name: far, kind: openai-compatible, url: "\${FAR_URL}", models: ["\${FAR_MODEL}"] }
keys:
  - { id: a, hash: "\${HASH_A}", rpm: "\${RPM}" }
  - { id: b, hash: "\${HASH_B}" }
limits: { idle: "\${IDLE}", body: "\${BODY}" }
store: { ledger: "\${DATA}/ledger", redis: "\${REDIS_URL}", state: ./state.json }
admin: { token: "\${ADMIN}", port: 7199 }
telemetry: { endpoint: "\${OTLP}", headers: { authorization: "\${OTLP_KEY}" } }
`

t.test('whatever a variable stands for, a view needs none of them, and says which are missing', async (t) => {
  t.throws(() => parseConfig(FILE, {}, providers, 'turnout.yaml'), ConfigError)
  const { config } = viewOf(FILE, {}, providers, '/etc/turnout/turnout.yaml')
  const names = [...FILE.matchAll(/\$\{(\w+)\}/g)].map(([, name]) => name)
  t.strictSame(config.unset.map(({ name }) => name).sort(), names.sort())
  t.match(config.unset, [
    { path: 'server.port', name: 'PORT' },
    { path: 'backends[0].key', name: 'CLOUD_KEY' },
  ])
  t.equal(config.admin?.port, 7199)
  t.equal(config.store.state, '/etc/turnout/state.json')
  for (const { root } of config.backends.slice(1)) t.match(root, /^http:\/\/(unset-gpu-host:8000|unset\.invalid)$/)
})

t.test('values that are known are those that a gateway would have', async (t) => {
  const env = Object.fromEntries(
    [...FILE.matchAll(/\$\{(\w+)\}/g)].map(([, name]) => [name!, name === 'PORT' ? '7300' : '']),
  )
  const { config } = viewOf(FILE, env, providers, 'turnout.yaml')
  t.equal(config.server.port, 7300)
  t.notOk(config.unset.some(({ name }) => name === 'PORT'))
  t.ok(
    config.unset.some(({ name }) => name === 'DATA'),
    'an empty variable says nothing',
  )
  const whole = 'backends: [{ name: a, kind: openai, key: "${K:-sk-default}" }]'
  const { unset, ...view } = viewOf(whole, {}, providers, 'x.yaml').config
  t.strictSame(unset, [])
  t.strictSame(view, parseConfig(whole, {}, providers, 'x.yaml').config)
})

t.test('what else is wrong is told as before, and no stand-in is in the words', async (t) => {
  const wrong = 'backends: [{ name: a, kind: openai, key: "${K}", colour: red }]'
  const told = ((): ConfigError => {
    try {
      viewOf(wrong, {}, providers, 'x.yaml')
    } catch (thrown) {
      return thrown as ConfigError
    }
    throw new Error('it was accepted')
  })()
  t.match(told.message, 'colour')
  t.notMatch(told.message, 'unset-')
  const strategy =
    'backends: [{ name: a, kind: openai, key: k }]\nroutes: [{ name: r, candidates: ["*"], strategy: "${S}" }]'
  t.throws(() => viewOf(strategy, {}, providers, 'x.yaml'), /the variable S is not\s+set/, 'no stand-in fits')
})

t.test('what needs a value that is not known says which variable is missing', async (t) => {
  const { config } = viewOf(FILE, {}, providers, 'turnout.yaml')
  t.throws(() => needKnown(config, 'turnout.yaml', 'store.ledger'), /store\.ledger: the variable DATA is not set/)
  t.throws(() => needKnown(config, 'turnout.yaml', 'keys'), /keys\[1\]\.hash: the variable HASH_B is not set/)
  needKnown(config, 'turnout.yaml', 'store.state', 'budgets', 'admin.port')
})

t.test('no gateway is made of a view, so no stand-in is ever sent', async (t) => {
  const view: Config = viewOf(FILE, {}, providers, 'turnout.yaml').config
  await t.rejects(createApp({ config: view }), /cannot be run/)
  await t.rejects(createApp({ config: { ...view, server: { ...view.server, port: 0 } } }), /cannot be run/)
})
