import t from 'tap'
import { effortFields, effortOf } from '../../src/formats/openai/effort.ts'
import type { JsonObject } from '../../src/core/json.ts'
import type { Effort } from '../../src/core/capabilities.ts'

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
