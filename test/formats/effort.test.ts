import t from 'tap'
import { effortFields, effortOf } from '../../src/formats/openai/effort.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { type Effort, EFFORTS, nearestEffort } from '../../src/core/capabilities.ts'
import { effortRule } from '../../src/core/effort-rule.ts'
import { atOnce } from '../../src/core/slices.ts'
import { FORMATS } from '../../src/formats/formats.ts'
import { wordFor } from '../../src/formats/thinking.ts'
import { PROVIDERS } from '../config/load.ts'
import { deployment, gatewayRequest } from '../support/factories.ts'
import { readBy } from './neutral-prompt.ts'

const CASES: readonly (readonly [JsonObject, Effort | null, readonly string[]])[] = [
  [{}, null, []],
  [{ reasoning_effort: null, reasoning: null, thinking: null }, null, []],
  [{ reasoning_effort: 'none' }, 'none', ['reasoning_effort']],
  [{ reasoning_effort: 'low' }, 'low', ['reasoning_effort']],
  [{ reasoning_effort: 'HIGH' }, 'high', ['reasoning_effort']],
  [{ reasoning_effort: 'minimal' }, 'minimal', ['reasoning_effort']],
  [{ reasoning_effort: 'xhigh' }, 'xhigh', ['reasoning_effort']],
  [{ reasoning_effort: 'max' }, 'max', ['reasoning_effort']],
  [{ reasoning_effort: 'ultra' }, 'max', ['reasoning_effort']],
  [{ reasoning_effort: 'default' }, null, ['reasoning_effort']],
  [{ reasoning_effort: 0.5 }, null, ['reasoning_effort']],
  [{ reasoning_effort: '__proto__' }, null, ['reasoning_effort']],
  [{ reasoning: { effort: 'medium' } }, 'medium', ['reasoning']],
  [{ reasoning: { enabled: false } }, 'none', ['reasoning']],
  [{ reasoning: { enabled: true } }, 'high', ['reasoning']],
  [{ reasoning: { max_tokens: 4000 } }, 'medium', ['reasoning']],
  [{ reasoning: {} }, null, ['reasoning']],
  [{ reasoning: 'high' }, null, ['reasoning']],
  [{ thinking: { type: 'disabled' } }, 'none', ['thinking']],
  [{ thinking: { type: 'enabled' } }, 'high', ['thinking']],
  [{ thinking: { type: 'enabled', budget_tokens: 1024 } }, 'low', ['thinking']],
  [{ thinking: { type: 'enabled', budget_tokens: 8192 } }, 'medium', ['thinking']],
  [{ thinking: { type: 'enabled', budget_tokens: 30_000 } }, 'high', ['thinking']],
  [{ thinking: { type: 'adaptive' } }, null, ['thinking']],
  [{ thinking: [] }, null, ['thinking']],
  [{ think: false }, 'none', ['think']],
  [{ think: 'low' }, 'low', ['think']],
  [{ chat_template_kwargs: { enable_thinking: false } }, 'none', ['chat_template_kwargs']],
  [{ chat_template_kwargs: { enable_thinking: true, x: 1 } }, 'high', ['chat_template_kwargs']],
  [{ chat_template_kwargs: { thinking: true } }, 'high', ['chat_template_kwargs']],
  [{ chat_template_kwargs: { reasoning_effort: 'low' } }, 'low', ['chat_template_kwargs']],
  [{ chat_template_kwargs: { x: 1 } }, null, []],
  [{ chat_template_kwargs: 'enable_thinking' }, null, []],
  [{ extra_body: { google: { thinking_config: { thinking_budget: 5 } } } }, null, ['extra_body']],
  [{ extra_body: { google: {} } }, null, []],
  [{ thinking: { type: 'disabled' }, reasoning_effort: 'low' }, 'low', ['reasoning_effort', 'thinking']],
  [{ reasoning_effort: 'odd', think: true }, 'high', ['reasoning_effort', 'think']],
]

t.test('what the caller asks for', async (t) => {
  for (const [body, effort, fields] of CASES) {
    t.equal(effortOf(body), effort, JSON.stringify(body))
    t.strictSame(effortFields(body), fields, JSON.stringify(body))
  }
})

t.test(
  'a word that a model does not know becomes the nearest that it has, where a request is translated',
  async (t) => {
    const read = (kind: string, model: string, word: string): string =>
      wordFor(word, effortRule(PROVIDERS.get(kind)!, model))
    for (const [kind, model, word, told] of [
      ['openai', 'gpt-5', 'minimal', 'minimal'],
      ['openai', 'gpt-5', 'xhigh', 'high'],
      ['openai', 'gpt-5', 'none', 'minimal'],
      ['openai', 'gpt-5-codex', 'none', 'low'],
      ['openai', 'gpt-5.1-codex-max', 'max', 'xhigh'],
      ['openai', 'gpt-5.6', 'max', 'max'],
      ['openai', 'gpt-5.4', 'max', 'xhigh'],
      ['openai', 'gpt-5.4', 'xhigh', 'xhigh'],
      ['openai', 'gpt-5.4', 'minimal', 'low'],
      ['openai', 'o3', 'max', 'high'],
      ['openai', 'o3', 'medium', 'medium'],
      ['deepseek', 'deepseek-v4', 'max', 'max'],
      ['deepseek', 'deepseek-v4', 'xhigh', 'high'],
      ['deepseek', 'deepseek-v4', 'medium', 'high'],
      ['deepseek', 'deepseek-v4', 'minimal', 'low'],
      ['vllm', 'openai/gpt-oss-20b', 'none', 'low'],
      ['openrouter', 'x/y', 'max', 'xhigh'],
      ['openai-compatible', 'any', 'max', 'max'],
      ['vllm', 'openai/gpt-oss-20b', 'ultra', 'high'],
      ['openai-compatible', 'any', 'odd', 'odd'],
    ] as const)
      t.equal(read(kind, model, word), told, `${word} for ${model} at ${kind}`)
    const messages = FORMATS.get('anthropic-messages')!
    const raw =
      '{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"Hi"}],"output_config":{"effort":"max"}}'
    const request = gatewayRequest(raw, readBy(messages, Buffer.from(raw)))
    for (const name of ['openai-chat', 'openai-responses'] as const) {
      const lossy: string[] = []
      const openai = deployment('up/gpt-5.4', { backend: { provider: PROVIDERS.get('openai')! } })
      const place = PROVIDERS.get('openai')!.endpoints.chat!.find(({ format }) => format === name)!
      const how = { place, inputTokens: 10, effort: null, changes: [], maxTokens: null, lossy }
      const written = Buffer.concat(atOnce(FORMATS.get(name)!.backend.compose(request, openai, how))).toString()
      t.match(written, name === 'openai-chat' ? '"reasoning_effort":"xhigh"' : '"effort":"xhigh"')
      t.ok(lossy.includes('effort'), `${name}: it is named`)
    }
  },
)

/** By kind of backend, format and model: what is written for each word of the caller, `~` where it is not quite that. */
const WRITTEN: readonly (readonly [kind: string, format: string, model: string, written: Readonly<Record<Effort, string>>])[] = [
  ['openai', 'openai-chat', 'gpt-5-mini', { none: '~"reasoning_effort":"minimal"', minimal: '"reasoning_effort":"minimal"', low: '"reasoning_effort":"low"', medium: '"reasoning_effort":"medium"', high: '"reasoning_effort":"high"', xhigh: '~"reasoning_effort":"high"', max: '~"reasoning_effort":"high"' }],
  ['openai', 'openai-responses', 'gpt-5.2', { none: '"effort":"none"', minimal: '~"effort":"low"', low: '"effort":"low"', medium: '"effort":"medium"', high: '"effort":"high"', xhigh: '"effort":"xhigh"', max: '~"effort":"xhigh"' }],
  ['anthropic', 'anthropic-messages', 'claude-sonnet-4-6', { none: '"thinking":{"type":"disabled"}', minimal: '~"effort":"low"', low: '"effort":"low"', medium: '"effort":"medium"', high: '"effort":"high"', xhigh: '~"effort":"high"', max: '"effort":"max"' }],
  ['anthropic', 'anthropic-messages', 'claude-opus-4-7', { none: '"thinking":{"type":"disabled"}', minimal: '~"effort":"low"', low: '"effort":"low"', medium: '"effort":"medium"', high: '"effort":"high"', xhigh: '"effort":"xhigh"', max: '"effort":"max"' }],
  ['anthropic', 'anthropic-messages', 'claude-haiku-4-5', { none: '', minimal: '~"budget_tokens":2048', low: '"budget_tokens":2048', medium: '"budget_tokens":8192', high: '"budget_tokens":20000', xhigh: '~"budget_tokens":20000', max: '~"budget_tokens":20000' }],
  ['gemini', 'gemini', 'gemini-3-flash', { none: '~"thinkingLevel":"minimal"', minimal: '"thinkingLevel":"minimal"', low: '"thinkingLevel":"low"', medium: '"thinkingLevel":"medium"', high: '"thinkingLevel":"high"', xhigh: '~"thinkingLevel":"high"', max: '~"thinkingLevel":"high"' }],
  ['gemini', 'gemini', 'gemini-2.5-pro', { none: '~"thinkingBudget":128', minimal: '"thinkingBudget":128', low: '"thinkingBudget":1024', medium: '"thinkingBudget":8192', high: '"thinkingBudget":24576', xhigh: '~"thinkingBudget":24576', max: '"thinkingBudget":32768' }],
  ['ollama', 'ollama', 'gpt-oss', { none: '"think":false', minimal: '~"think":"low"', low: '"think":"low"', medium: '"think":"medium"', high: '"think":"high"', xhigh: '~"think":"max"', max: '"think":"max"' }],
  ['vllm', 'openai-chat', 'qwen3-8b', { none: '"enable_thinking":false', minimal: '~"enable_thinking":true', low: '"enable_thinking":true', medium: '"enable_thinking":true', high: '"enable_thinking":true', xhigh: '~"enable_thinking":true', max: '~"enable_thinking":true' }],
  ['llamacpp', 'openai-chat', 'gpt-oss-20b', { none: '~"reasoning_effort":"low"', minimal: '~"reasoning_effort":"low"', low: '"reasoning_effort":"low"', medium: '"reasoning_effort":"medium"', high: '"reasoning_effort":"high"', xhigh: '~"reasoning_effort":"high"', max: '~"reasoning_effort":"high"' }],
  ['deepseek', 'openai-chat', 'deepseek-v4', { none: '"thinking":{"type":"disabled"}', minimal: '~"reasoning_effort":"low"', low: '"reasoning_effort":"low"', medium: '~"reasoning_effort":"high"', high: '"reasoning_effort":"high"', xhigh: '~"reasoning_effort":"high"', max: '"reasoning_effort":"max"' }],
] // prettier-ignore

t.test('each word is written as the backend has it, or as the nearest, which is named lossy', async (t) => {
  let words = 0
  for (const [kind, format, model, written] of WRITTEN)
    for (const effort of EFFORTS) {
      words++
      const backend = { provider: PROVIDERS.get(kind)! }
      const place = PROVIDERS.get(kind)!.endpoints.chat!.find((one) => one.format === format)!
      const expected = written[effort]
      const text = expected.replace('~', '')
      const asked = JSON.stringify({ model, messages: [{ role: 'user', content: 'Hi' }], reasoning_effort: effort, max_tokens: 64_000 }) // prettier-ignore
      const lossy: string[] = []
      const how = { place, inputTokens: 10, effort, changes: [], maxTokens: null, lossy }
      const request = gatewayRequest(asked)
      const sent = Buffer.concat(atOnce(FORMATS.get(format)!.backend.compose(request, deployment(`up/${model}`, { backend }), how))) // prettier-ignore
      const name = `${effort} for ${model} in ${format}`
      t.ok(sent.toString().includes(text), `${name}: ${sent.toString().slice(-160)}`)
      t.equal(lossy.includes('effort'), expected.startsWith('~'), `${name}: whether it is lossy`)
    }
  t.equal(words, 77)
})

t.test(
  'a word that its maker would refuse becomes the nearest, also where the caller speaks the format of the backend',
  async (t) => {
    const own = (format: string, kind: string, model: string, fields: JsonObject): [JsonObject, readonly string[]] => {
      const whole = FORMATS.get(format)!
      const raw = Buffer.from(JSON.stringify({ model, ...fields }))
      const place = PROVIDERS.get(kind)!.endpoints.chat!.find((one) => one.format === format)!
      const lossy: string[] = []
      const how = { place, inputTokens: 10, effort: null, changes: [], maxTokens: null, lossy }
      const to = deployment(`up/${model}`, { backend: { provider: PROVIDERS.get(kind)! } })
      const request = gatewayRequest(raw.toString(), readBy(whole, raw))
      return [
        JSON.parse(Buffer.concat(atOnce(whole.backend.compose(request, to, how))).toString()) as JsonObject,
        lossy,
      ]
    }
    const said = { max_tokens: 64_000, messages: [{ role: 'user', content: 'Hi' }] }
    const claude = (model: string, effort: string, thinking = 'adaptive') =>
      own('anthropic-messages', 'anthropic', model, {
        ...said,
        thinking: { type: thinking },
        output_config: { effort, x: 1 },
      })
    for (const [model, effort, told, lost] of [
      ['claude-opus-4-7', 'xhigh', 'xhigh', false],
      ['claude-opus-4-6', 'xhigh', 'high', true],
      ['claude-opus-4-6', 'max', 'max', false],
      ['claude-opus-4-6', 'odd', 'odd', false],
      ['claude-opus-4-5', 'max', 'high', true],
      ['claude-haiku-4-5', 'high', undefined, true],
    ] as const) {
      const [body, lossy] = claude(model, effort)
      t.equal((body['output_config'] as JsonObject)['effort'], told, `${effort} for ${model}`)
      t.equal((body['output_config'] as JsonObject)['x'], 1)
      t.equal(lossy.includes('effort'), lost, `${effort} for ${model}`)
    }
    t.strictSame(
      claude('claude-haiku-4-5', 'high')[0]['thinking'],
      { type: 'enabled', budget_tokens: 20_000 },
      'a model of budgets',
    )
    t.strictSame(claude('claude-haiku-4-5', 'high', 'disabled')[0]['thinking'], { type: 'disabled' })
    for (const [model, effort, told, lost] of [
      ['gpt-5.2', 'max', 'xhigh', true],
      ['gpt-5.2', 'xhigh', 'xhigh', false],
      ['gpt-5', 'none', 'minimal', true],
      ['gpt-5', 'odd', 'odd', false],
    ] as const) {
      const [body, lossy] = own('openai-responses', 'openai', model, {
        input: 'Hi',
        reasoning: { effort, summary: 'auto' },
      })
      t.strictSame(body['reasoning'], { effort: told, summary: 'auto' }, `${effort} for ${model}`)
      t.equal(lossy.includes('effort'), lost, `${effort} for ${model}`)
    }
  },
)

t.test(
  'the nearest effort is itself, a little thought is not none, and what is as near is the one nearer to high',
  async (t) => {
    for (const [wanted, has, nearest] of [
      ['low', ['low', 'high'], 'low'],
      ['none', ['minimal', 'high'], 'minimal'],
      ['minimal', ['none', 'max'], 'max'],
      ['medium', ['low', 'high'], 'high'],
      ['xhigh', ['high', 'max'], 'high'],
      ['max', ['none', 'low'], 'low'],
      ['high', ['none'], 'none'],
      ['high', [], null],
    ] as const)
      t.equal(nearestEffort(wanted, has), nearest, `${wanted} of ${has.join(', ')}`)
  },
)
