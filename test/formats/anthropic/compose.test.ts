/** Requests of other formats in Anthropic's form: what is made up, marked, fitted and left out. */
import t from 'tap'
import type { JsonObject } from '../../../src/core/json.ts'
import type { Contents } from '../../../src/core/prompt.ts'
import { atOnce } from '../../../src/core/slices.ts'
import type { Deployment } from '../../../src/core/types.ts'
import { BACKEND } from '../../../src/formats/anthropic/backend.ts'
import { withMarks } from '../../../src/formats/anthropic/cache-breaks.ts'
import { answerLimit, limitFound } from '../../../src/formats/anthropic/compose-limit.ts'
import type { Composing } from '../../../src/formats/format.ts'
import { PROVIDERS } from '../../config/load.ts'
import { deployment } from '../../support/factories.ts'
import { asked, assistant, called, gave, text, user, WEATHER } from '../format-cases.ts'
import { neutralRequest } from '../neutral-prompt.ts'
import { FORMATS } from '../../../src/formats/formats.ts'

const provider = PROVIDERS.get('anthropic')!
const place = provider.endpoints.chat![0]!
const CHAT_FORMAT = FORMATS.get('openai-chat')!

const model = (name: string): Deployment =>
  deployment(`up/${name}`, { backend: { provider }, facts: { context: 200_000, maxOutput: 64_000 } })
const OLD = model('claude-sonnet-4-5')
const NEW = model('claude-opus-4-7')

function compose(
  contents: Contents,
  to: Deployment,
  how: Partial<Composing> = {},
): { body: JsonObject; lossy: string[] } {
  const lossy: string[] = []
  const all: Composing = { place, inputTokens: 100, effort: null, changes: [], maxTokens: null, lossy, ...how }
  const pieces = atOnce(BACKEND.compose(neutralRequest(contents, CHAT_FORMAT), to, all))
  return { body: JSON.parse(Buffer.concat(pieces).toString()) as JsonObject, lossy }
}

const hello = user('Hi')
const think = (effort: string | null, budget: number | null = null): Contents['thinking'] => ({
  effort,
  budget,
  shown: null,
})

t.test(
  'the limit of an answer: the lowest of what the caller, the model, the context and a budget leave',
  async (t) => {
    const how = { inputTokens: 1_000, maxTokens: null, changes: [] as string[] }
    t.equal(answerLimit(500, OLD, how), 500)
    t.equal(answerLimit(500, OLD, { ...how, maxTokens: 200 }), 200)
    t.equal(answerLimit(null, OLD, how), 64_000)
    t.equal(answerLimit(null, OLD, { ...how, maxTokens: 300 }), 300)
    t.equal(answerLimit(null, OLD, { ...how, changes: [limitFound(8_192), limitFound(4_096)] }), 4_096)
    t.equal(answerLimit(null, OLD, { ...how, inputTokens: 150_000 }), 200_000 - 187_500 - 1_024)
    t.equal(answerLimit(null, OLD, { ...how, inputTokens: 400_000 }), 1_024, 'what does not fit is refused as too long')
    t.equal(answerLimit(null, deployment('up/x'), how), 4_096)
    t.equal(answerLimit(null, deployment('up/x', { facts: { context: 8_192 } }), how), 4_096)
  },
)

const EFFORTS: readonly (readonly [string, Contents, Deployment, Partial<Composing>, JsonObject, readonly string[]])[] =
  [
    [
      'a budget, for models that take one',
      asked([hello], { thinking: think('high') }),
      OLD,
      {},
      { thinking: { type: 'enabled', budget_tokens: 2_000 } },
      [],
    ],
    [
      'the caller s own budget',
      asked([hello], { thinking: think(null, 1_500) }),
      OLD,
      {},
      { thinking: { type: 'enabled', budget_tokens: 1_500 } },
      [],
    ],
    [
      'no room for thoughts',
      asked([hello], { thinking: think('high'), sampling: { maxOutput: 1_000 } }),
      OLD,
      {},
      { thinking: undefined },
      ['effort'],
    ],
    [
      'a word, for models that take one',
      asked([hello], { thinking: think('medium') }),
      NEW,
      {},
      { thinking: { type: 'adaptive' }, output_config: { effort: 'medium' } },
      [],
    ],
    [
      'which take no budget',
      asked([hello], { thinking: think(null, 4_000) }),
      NEW,
      {},
      { output_config: { effort: 'medium' } },
      ['thinking.budget'],
    ],
    [
      'what was chosen, where the caller says nothing',
      asked([hello]),
      NEW,
      { effort: 'low' },
      { output_config: { effort: 'low' } },
      [],
    ],
    [
      'the caller s word before what was chosen',
      asked([hello], { thinking: think('none') }),
      NEW,
      { effort: 'high' },
      { thinking: { type: 'disabled' } },
      [],
    ],
    [
      'as the model sees fit',
      asked([hello], { thinking: think('adaptive') }),
      NEW,
      {},
      { thinking: { type: 'adaptive' }, output_config: undefined },
      [],
    ],
    [
      'not beside a call that must be made',
      asked([hello], { thinking: think('high'), tools: [WEATHER], toolChoice: 'required' }),
      OLD,
      {},
      { thinking: undefined, tool_choice: { type: 'any' } },
      ['effort'],
    ],
    [
      'not where what was thought before the calls is gone',
      asked([hello, assistant(called('a', 'get_weather', '{}')), gave('a', 'get_weather', ['1'])], {
        thinking: think('high'),
        tools: [WEATHER],
      }),
      OLD,
      {},
      { thinking: undefined },
      ['effort'],
    ],
    [
      'newer models do without',
      asked([hello, assistant(called('a', 'get_weather', '{}')), gave('a', 'get_weather', ['1'])], {
        thinking: think('high'),
        tools: [WEATHER],
      }),
      NEW,
      {},
      { thinking: { type: 'adaptive' } },
      [],
    ],
    [
      'a temperature does not go with thoughts',
      asked([hello], { thinking: think('low'), sampling: { temperature: 0.2 } }),
      OLD,
      {},
      { temperature: undefined },
      ['temperature'],
    ],
  ]

for (const [name, contents, to, how, expected, lost] of EFFORTS)
  t.test(`how hard to think: ${name}`, async (t) => {
    const { body, lossy } = compose(contents, to, how)
    for (const [field, value] of Object.entries(expected)) t.strictSame(body[field], value, field)
    t.strictSame(lossy, lost)
  })

t.test('results of calls stand right behind them, whatever was said in between', async (t) => {
  const calls = assistant(called('a', 'get_weather', '{}'), called('b', 'get_weather', 'no json'))
  const system = { ...hello, role: 'system' as const }
  const { body, lossy } = compose(
    asked([hello, calls, system, gave('b', 'get_weather', []), gave('a', 'get_weather', ['x'], true), user('Go on')], {
      tools: [WEATHER],
    }),
    NEW,
  )
  t.match(body['messages'], [
    { role: 'user' },
    {
      role: 'assistant',
      content: [
        { id: 'a', input: {} },
        { id: 'b', input: {} },
      ],
    },
    {
      role: 'user',
      content: [
        { tool_use_id: 'b', content: [] },
        { tool_use_id: 'a', is_error: true },
      ],
    },
    { role: 'system' },
    { role: 'user', content: [{ text: 'Go on' }] },
  ])
  t.strictSame(lossy, ['arguments'])
})

t.test('somebody has said something, and the user first; blanks alone are no text', async (t) => {
  const of = (...messages: Contents['messages']): unknown => compose(asked(messages), NEW, {}).body['messages']
  t.match(of({ ...hello, role: 'system' }), [{ role: 'user', content: [{ text: 'Hi' }] }])
  t.match(of(assistant('Welcome')), [{ role: 'user' }, { role: 'assistant' }])
  t.match(of(user(' \n', 'Hi'), assistant('It is \n')), [
    { role: 'user', content: [{ text: 'Hi' }] },
    { role: 'assistant', content: [{ text: 'It is' }] },
  ])
})

t.test('marks of the caller are all there are, the last four of them', async (t) => {
  const cached = (words: string): ReturnType<typeof text> => text(words, { ttl: '12h' })
  const { body, lossy } = compose(asked([user(...['a', 'b', 'c', 'd', 'e'].map(cached), 'f')]), NEW)
  const [turn] = body['messages'] as readonly [{ readonly content: readonly JsonObject[] }]
  const mark = { type: 'ephemeral', ttl: '1h' }
  t.strictSame(
    turn.content.map(({ cache_control: own }) => own),
    [undefined, mark, mark, mark, mark, undefined],
  )
  t.strictSame(lossy, ['cache marks'])
  const plain = { system: [], tools: [], messages: [{ role: 'user' as const, content: [{ type: 'text', text: 'a' }] }] }
  t.strictSame(
    withMarks(plain, true, () => undefined),
    plain,
    'a question without anything before it is asked once',
  )
})
