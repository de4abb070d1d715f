import t from 'tap'
import { weightsFrom } from '../../src/core/terms.ts'
import { load, refusal } from './load.ts'

const HASH = `sha256:${'ab'.repeat(32)}`

t.test('a variable can hold a number, or true or false', async (t) => {
  const { config } = load(
    `
server: { port: "\${PORT:-27098}", trust_proxy: "\${PROXY}" }
backends: [{ name: a, kind: openai, key: "\${KEY}", price: { input_per_mtok_usd: "\${PRICE}" }, include_usage: "\${USAGE:-false}" }]
models: { m: { context: "\${CONTEXT}", capabilities: { tools: "\${PROXY}" }, aliases: ["\${KEY}"] } }
routes: [{ name: r, candidates: ['*'], strategy: { quality: "\${PRICE}" }, limits: { attempts: "\${ATTEMPTS}" } }]
keys: [{ id: "\${ATTEMPTS}", hash: '${HASH}', rpm: "\${RPM}" }]`,
    { PROXY: 'true', KEY: '12345', PRICE: '0.25', CONTEXT: '32768', ATTEMPTS: '2', RPM: '60' },
  )
  t.equal(config.server.port, 27098)
  t.equal(config.server.trustProxy, true)
  t.equal(config.backends[0]?.includeUsage, false)
  t.equal(config.backends[0]?.price?.inputPerMtok, 0.25)
  t.match(config.models['m'], { context: 32768, capabilities: { tools: true } })
  t.strictSame(config.routes[0]?.strategy, weightsFrom({ quality: 0.25 }))
  t.strictSame(config.routes[0]?.limits, { attempts: 2 })
  t.equal(config.keys[0]?.rpm, 60)
  t.equal(config.backends[0]?.key, '12345', 'where a text is wanted, digits are a text')
  t.strictSame(config.models['m']?.aliases, ['12345'])
  t.equal(config.keys[0]?.id, '2')
})

t.test('only a whole one, and only what YAML reads as such', async (t) => {
  const port = (text: string, env = {}): string =>
    refusal(`server: { port: ${text} }\nbackends: [{ name: a, kind: openai, key: k }]`, env)
  t.equal(port('"${P}"', { P: '80' }), '')
  t.match(port('"80"'), /^server\.port: "80" is a text; write a number: 80$/)
  t.match(port('"8${P}"', { P: '0' }), /^server\.port: "8\$\{P\}" stands for a text; write a number$/)
  t.match(port('"${P}"', { P: 'true' }), /^server\.port: "\$\{P\}" stands for a text; write a number$/)
  t.match(port('"${P}"', { P: '[80]' }), /stands for a text/)
  t.match(port('"${P:-}"'), /^server\.port: "\$\{P:-\}" stands for nothing; write a number$/)
  t.match(port('"${P}"', { P: '80.5' }), /^server\.port: "\$\{P\}" stands for a number; write a whole number$/)
  t.match(port('"${P}"', { P: '70000' }), /^server\.port: "\$\{P\}" is more than 65535; write a port from 0 to 65535$/)
})

t.test('no value of a variable in a message about a number', async (t) => {
  for (const value of [
    '7654321',
    '-7654321',
    'sesame7654321',
    '765.4321',
    '{ a: 7654321 }',
    '7654321: :',
    '*7654321',
  ]) {
    const message = refusal(
      "server: { port: '${P}', trust_proxy: '${P}' }\nbackends: [{ name: a, kind: openai, key: k }]\nlimits: { attempts: '${P}', ttft: '${P}' }",
      { P: value },
    )
    t.match(message, /server\.port/)
    t.notMatch(message, /4321/, message)
  }
})

t.test('two characters that are no reference', async (t) => {
  const { config } = load("backends: [{ name: a, kind: openai, key: 'pa$$word$${NAME}$' }]")
  t.equal(config.backends[0]?.key, 'pa$$word${NAME}$')
})
