import t from 'tap'
import { NO_PRICE } from '../../src/core/settings.ts'
import { load } from './load.ts'

/** The configuration of the design, with a real hash. */
const DESIGN = `
server: { host: 127.0.0.1, port: 7070 }
backends:
  - { name: gpu-a, kind: vllm, url: "http://gpu-a:8000", price: { per_gpu_hour_usd: 1.2 } }
  - { name: mac, kind: ollama, url: "http://10.0.0.5:11434" }
  - { name: openai, kind: openai, key: "\${OPENAI_API_KEY}" }
  - { name: other, kind: openai-compatible, url: "http://10.0.0.9:9000/v1", models: [big, small] }
models:
  "qwen3-32b": { aliases: [coder], capabilities: { tools: true, vision: false, prefill: true }, context: 32768, quality: { default: 0.7, code: 0.74 } }
  "other/big": { price: { input_per_mtok_usd: 1.25, cached_input_per_mtok_usd: 0.125, output_per_mtok_usd: 10 } }
routes:
  - name: coding
    match: { model: [auto, "gpt-*"], class: [code, agent], key: [team-a] }
    candidates: ["gpu-a/*", "openai/gpt-5-mini", "anthropic/*"]
    strategy: balanced
    limits: { max_cost_usd: 0.05, max_ttft: 2s, local_only: false }
    success: { finish: [stop, tool_calls], json: true }
    baseline: openai/gpt-5
keys:
  - { id: team-a, hash: "sha256:${'ab'.repeat(32)}", rpm: 600, tpm: 200000, budget: { usd: 50, per: month }, routes: [coding, default] }
limits: { connect: 2s, headers: 10s, ttft: 20s, idle: 30s, total: 10m, attempts: 3, body: 32MiB }
store: { ledger: ./data/ledger, redis: "\${REDIS_URL:-}" }
`

t.test('the whole configuration of the design loads', async (t) => {
  const { config } = load(DESIGN, { OPENAI_API_KEY: 'sk-test' })
  t.strictSame(
    config.backends.map(({ name, root, key, models }) => [name, root, key, models]),
    [
      ['gpu-a', 'http://gpu-a:8000', null, []],
      ['mac', 'http://10.0.0.5:11434', null, []],
      ['openai', 'https://api.openai.com', 'sk-test', []],
      ['other', 'http://10.0.0.9:9000', null, ['big', 'small']],
    ],
  )
  t.strictSame(config.models['other/big']?.price, {
    ...NO_PRICE,
    inputPerMtok: 1.25,
    cachedInputPerMtok: 0.125,
    outputPerMtok: 10,
  })
  t.match(config.keys, [{ id: 'team-a', hash: 'ab'.repeat(32), routes: ['coding', 'default'], rpm: 600 }])
  t.match(config.keys[0]?.budgets, [
    { name: 'key-tokens', of: 'key', ids: ['team-a'], per: 'minute', tokens: 200_000 },
    { name: 'key-usd', of: 'key', ids: ['team-a'], per: 'month', nanoUsd: 50e9 },
  ])
  t.equal(config.limits.totalMs, 600_000)
})

t.test('what has no effect yet is said, each by its path, and nothing else', async (t) => {
  const { warnings } = load(DESIGN, { OPENAI_API_KEY: 'sk-test' })
  t.strictSame(warnings.map((warning) => warning.split(/:? /, 1)[0]).sort(), [
    'models.qwen3-32b.capabilities.prefill',
    'routes[0].candidates[2]',
  ])
})

t.test('what was loaded cannot be changed', async (t) => {
  const { config } = load(DESIGN, { OPENAI_API_KEY: 'sk-test' })
  t.throws(() => ((config.server as { port: number }).port = 1), TypeError)
  t.throws(() => (config.backends as unknown[]).push(1), TypeError)
})
