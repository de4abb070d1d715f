/** Limits that were learnt, in the words of each format: answers keep room for the thoughts that are asked for, and a number of the caller's own stands. */
import t from 'tap'
import type { JsonObject } from '../../src/core/json.ts'
import { atOnce } from '../../src/core/slices.ts'
import type { Composing } from '../../src/formats/format.ts'
import { FORMATS } from '../../src/formats/formats.ts'
import { PROVIDERS } from '../config/load.ts'
import { deployment, gatewayRequest } from '../support/factories.ts'
import { readBy } from './neutral-prompt.ts'

type Traits = Pick<Composing, 'effort' | 'maxTokens' | 'learnt' | 'thought'>

/** What goes out where a caller of `from` asks a model of this kind. */
function sent(
  from: string,
  kind: string,
  format: string,
  body: JsonObject & { readonly model: string },
  how: Partial<Traits>,
): JsonObject {
  const raw = Buffer.from(JSON.stringify(body))
  const request =
    from === 'openai-chat'
      ? gatewayRequest(raw.toString())
      : gatewayRequest(raw.toString(), readBy(FORMATS.get(from)!, raw))
  const place = PROVIDERS.get(kind)!.endpoints.chat!.find((one) => one.format === format)!
  const to = deployment(`up/${body.model}`, { backend: { provider: PROVIDERS.get(kind)! } })
  const composing = { place, inputTokens: 10, effort: null, changes: [], maxTokens: null, lossy: [], ...how }
  return JSON.parse(
    Buffer.concat(atOnce(FORMATS.get(format)!.backend.compose(request, to, composing))).toString(),
  ) as JsonObject
}

const MESSAGES = [{ role: 'user', content: 'Hi' }]
const claude = (fields: JsonObject, how: Partial<Traits>): JsonObject =>
  sent(
    'openai-chat',
    'anthropic',
    'anthropic-messages',
    { model: 'claude-haiku-4-5', messages: MESSAGES, ...fields },
    how,
  )
const native = (fields: JsonObject, how: Partial<Traits>): JsonObject =>
  sent('anthropic-messages', 'anthropic', 'anthropic-messages', { model: 'claude-haiku-4-5', max_tokens: 30_000, messages: MESSAGES, ...fields }, how) // prettier-ignore
const gemini = (fields: JsonObject, how: Partial<Traits>, model = 'gemini-2.5-flash'): JsonObject => {
  const body = sent('openai-chat', 'gemini', 'gemini', { model, messages: MESSAGES, ...fields }, how)
  return (body['generationConfig'] ?? {}) as JsonObject
}

t.test('a budget of thoughts is lowered to what was learnt, and the answer has room for it', async (t) => {
  for (const ask of [claude, native]) {
    t.match(ask({}, { effort: 'high', maxTokens: 1_500, learnt: true, thought: 3_000 }), {
      max_tokens: 4_024,
      thinking: { type: 'enabled', budget_tokens: 3_000 },
    })
    t.match(ask({ max_tokens: 30_000 }, { effort: 'high', maxTokens: 9_000, learnt: true, thought: 3_000 }), {
      max_tokens: 9_000,
      thinking: { type: 'enabled', budget_tokens: 3_000 },
    })
    t.match(
      ask({}, { effort: 'low', maxTokens: null, thought: 3_000 }),
      { thinking: { budget_tokens: 2_048 } },
      'never raised',
    )
  }
  t.match(
    claude(
      { reasoning_effort: 'high', max_tokens: 30_000 },
      { effort: 'high', maxTokens: 1_500, learnt: true, thought: null },
    ),
    { max_tokens: 21_024, thinking: { budget_tokens: 20_000 } },
    'where nothing is known of thoughts they stay as they are',
  )
})

t.test('a limit that a budget of money sets does not grow for thoughts', async (t) => {
  t.match(claude({}, { effort: 'high', maxTokens: 4_000, thought: null }), {
    max_tokens: 4_000,
    thinking: { budget_tokens: 2_000 },
  })
})

t.test('a number of thoughts that the caller sets stands', async (t) => {
  t.match(
    native({ thinking: { type: 'enabled', budget_tokens: 9_000 } }, { maxTokens: 1_500, learnt: true, thought: 3_000 }),
    { max_tokens: 10_024, thinking: { type: 'enabled', budget_tokens: 9_000 } },
  )
  const whole = sent('anthropic-messages', 'gemini', 'gemini', { model: 'gemini-2.5-flash', max_tokens: 30_000, messages: MESSAGES, thinking: { type: 'enabled', budget_tokens: 9_000 } }, { maxTokens: 1_500, learnt: true, thought: 3_000 }) // prettier-ignore
  t.match(whole, { generationConfig: { maxOutputTokens: 1_500, thinkingConfig: { thinkingBudget: 9_000 } } })
})

t.test("Google's models of budgets are told the lower one, those of levels their level", async (t) => {
  t.match(gemini({}, { effort: 'high', thought: 3_000 }), { thinkingConfig: { thinkingBudget: 3_000 } })
  t.match(gemini({}, { effort: 'low', thought: 3_000 }), { thinkingConfig: { thinkingBudget: 1_024 } })
  t.match(
    gemini({}, { thought: 3_000 }),
    { thinkingConfig: { thinkingBudget: 3_000 } },
    'also where nobody says how hard',
  )
  t.match(gemini({}, { thought: 99_000 }), { thinkingConfig: { thinkingBudget: 24_576 } })
  t.strictSame(gemini({}, {}), {}, 'nothing is said where nothing is known')
  t.match(gemini({}, { effort: 'high', thought: 3_000 }, 'gemini-3-flash'), {
    thinkingConfig: { thinkingLevel: 'high' },
  })
  const own = { model: 'gemini-2.5-flash', contents: [{ role: 'user', parts: [{ text: 'Hi' }] }] }
  t.match(sent('gemini', 'gemini', 'gemini', own, { thought: 3_000 }), {
    generationConfig: { thinkingConfig: { thinkingBudget: 3_000 } },
  })
  const said = { ...own, generationConfig: { thinkingConfig: { thinkingBudget: 77 } } }
  t.match(sent('gemini', 'gemini', 'gemini', said, { thought: 3_000 }), {
    generationConfig: { thinkingConfig: { thinkingBudget: 77 } },
  })
})
