import t from 'tap'
import { effortFields, effortOf } from '../../src/formats/openai/effort.ts'
import type { JsonObject } from '../../src/core/json.ts'
import type { Effort } from '../../src/core/capabilities.ts'
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
  [{ reasoning_effort: 'minimal' }, 'low', ['reasoning_effort']],
  [{ reasoning_effort: 'xhigh' }, 'high', ['reasoning_effort']],
  [{ reasoning_effort: 'max' }, 'high', ['reasoning_effort']],
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
      ['openai', 'gpt-5.4', 'max', 'xhigh'],
      ['openai', 'gpt-5.4', 'xhigh', 'xhigh'],
      ['openai', 'gpt-5.4', 'minimal', 'low'],
      ['openai', 'o3', 'max', 'high'],
      ['openai', 'o3', 'medium', 'medium'],
      ['deepseek', 'deepseek-v4', 'max', 'max'],
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
