import t from 'tap'
import { fingerprint } from '../../src/config/fingerprint.ts'
import { parseConfig } from '../../src/config/load.ts'
import { loadProviders } from '../../src/config/providers.ts'

const providers = await loadProviders()
const HASH = 'a'.repeat(64)
const of = ({ key = 'sk-1', hash = HASH, price = 1, token = HASH, redis = 'redis://:pw@127.0.0.1' } = {}): number => {
  const { config } = parseConfig(
    `
backends:
  - { name: up, kind: openai-compatible, url: http://127.0.0.1:1, key: ${key}, models: [m], price: { input_per_mtok_usd: ${price} } }
keys: [{ id: k, hash: "sha256:${hash}" }]
admin: { token: "sha256:${token}" }
store: { redis: "${redis}" }
`,
    {},
    providers,
  )
  return fingerprint(config)
}

t.test('the same for gateways that are configured alike, a number that a gauge can hold', async (t) => {
  t.equal(of(), of())
  t.ok(Number.isSafeInteger(of()) && of() >= 0 && of() < 2 ** 48)
})

t.test('another for another price, the same for other secrets', async (t) => {
  t.not(of({ price: 2 }), of())
  const other = 'b'.repeat(64)
  t.equal(of({ key: 'sk-2', hash: other, token: other, redis: 'redis://:other@127.0.0.1' }), of())
})
