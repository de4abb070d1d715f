import { valuesOf } from '../../src/core/options/option.ts'
import { WISH_OPTIONS } from '../../src/core/options/options.ts'
import type { Wishes } from '../../src/core/settings.ts'
import t from 'tap'
import { lacksEverywhere, placeFor, preferredPlace } from '../../src/core/ask-place.ts'
import type { Capability } from '../../src/core/capabilities.ts'
import { steerable } from '../../src/core/effort-rule.ts'
import { CHAT, EMBEDDINGS, type Endpoint } from '../../src/core/endpoints.ts'
import type { EndpointPlace, EffortRule } from '../../src/core/provider.ts'
import { modelFactsOf, SILENT } from '../../src/backends/fleet/facts.ts'
import { backend, deployment, provider } from '../support/factories.ts'

const MESSAGES: Endpoint = { ...CHAT, id: 'messages', path: '/v1/messages', format: 'anthropic-messages' }

const place = (format: string, traits: Partial<EndpointPlace> = {}): EndpointPlace => ({
  path: `/v1/${format}`,
  streamPath: null,
  format,
  models: null,
  auth: null,
  lacks: [],
  ...traits,
})

interface Case {
  readonly name: string
  readonly places: readonly EndpointPlace[]
  readonly endpoint: Endpoint
  readonly needs?: readonly Capability[]
  /** Places that the deployment said not to have. */
  readonly refused?: readonly string[]
  readonly model?: string
  /** Format of the place that is asked; null: none can be. */
  readonly asked: string | null
}

const BOTH = [place('anthropic-messages'), place('openai-chat')]
const NATIVE_LACKS = [place('openai-chat'), place('anthropic-messages', { lacks: ['json_schema'] })]

const CASES: readonly Case[] = [
  { name: 'a caller whose format has a place goes there', places: BOTH, endpoint: CHAT, asked: 'openai-chat' },
  {
    name: 'and one of another format to the first',
    places: [place('gemini'), place('ollama')],
    endpoint: CHAT,
    asked: 'gemini',
  },
  {
    name: 'what lacks a need comes after what does not, own format or not',
    places: NATIVE_LACKS,
    endpoint: MESSAGES,
    needs: ['json_schema'],
    asked: 'openai-chat',
  },
  {
    name: 'which changes nothing for those who do not need it',
    places: NATIVE_LACKS,
    endpoint: MESSAGES,
    needs: ['tools'],
    asked: 'anthropic-messages',
  },
  {
    name: 'where all lack it, the own format is asked',
    places: NATIVE_LACKS.map((one) => ({ ...one, lacks: ['n'] as const })),
    endpoint: MESSAGES,
    needs: ['n'],
    asked: 'anthropic-messages',
  },
  {
    name: 'what the backend said not to have comes last',
    places: BOTH,
    endpoint: MESSAGES,
    refused: ['chat as anthropic-messages'],
    asked: 'openai-chat',
  },
  {
    name: 'even behind what lacks something',
    places: NATIVE_LACKS,
    endpoint: MESSAGES,
    needs: ['json_schema'],
    refused: ['chat'],
    asked: 'anthropic-messages',
  },
  {
    name: 'where it has none of them, one is tried all the same',
    places: BOTH,
    endpoint: CHAT,
    refused: ['chat', 'chat as anthropic-messages'],
    asked: 'openai-chat',
  },
  {
    name: 'a place is for the models that it names',
    places: [place('gemini', { models: '^gem' }), place('ollama')],
    endpoint: CHAT,
    asked: 'ollama',
  },
  {
    name: 'in any case',
    places: [place('gemini', { models: '^gem' }), place('ollama')],
    endpoint: CHAT,
    model: 'Gemma',
    asked: 'gemini',
  },
  {
    name: 'where no place is for the model, it cannot be asked',
    places: [place('gemini', { models: '^gem' })],
    endpoint: CHAT,
    asked: null,
  },
  { name: 'nor where the backend is not asked for such things', places: BOTH, endpoint: EMBEDDINGS, asked: null },
]

t.test('what the operator wishes is told where there is a word for it, if nothing gets lost there', async (t) => {
  const places = [place('openai-chat'), place('ollama', { tells: ['num_ctx', 'keep_alive'], lacks: ['logprobs'] })]
  const CASES: readonly (readonly [wishes: Partial<Wishes>, needs: readonly Capability[], asked: string])[] = [
    [{}, [], 'openai-chat'],
    [{ numCtx: 4096 }, [], 'ollama'],
    [{ keepAlive: -1, numCtx: 4096 }, ['chat', 'tools'], 'ollama'],
    [{ numCtx: 4096 }, ['logprobs'], 'openai-chat'],
    [{ think: true }, [], 'openai-chat'],
  ]
  for (const [wishes, needs, asked] of CASES) {
    const made = deployment('up/m', {
      backend: { provider: provider({ endpoints: { chat: places } }) },
      facts: { wishes: { ...valuesOf(WISH_OPTIONS), ...wishes } },
    })
    t.equal(placeFor(made, CHAT, needs, 50)?.format, asked, JSON.stringify([wishes, needs]))
  }
})

t.test('where a deployment is asked', async (t) => {
  for (const { name, places, endpoint, needs = [], refused = [], model = 'm', asked } of CASES) {
    const unsupportedUntil = new Map(refused.map((key) => [key, 100]))
    const made = deployment(`up/${model}`, {
      backend: { provider: provider({ endpoints: { chat: places } }) },
      health: { unsupportedUntil },
    })
    t.equal(placeFor(made, endpoint, needs, 50)?.format ?? null, asked, name)
    if (refused.length > 0)
      t.equal(
        placeFor(made, endpoint, needs, 100),
        placeFor({ ...made, health: { ...made.health, unsupportedUntil: new Map() } }, endpoint, needs, 100),
        `${name}: until that is no longer believed`,
      )
  }
})

t.test('what all places of a model lack, the model lacks; the word of the operator counts more', async (t) => {
  const lacking = (...lists: readonly Capability[][]): Partial<Record<Capability, boolean>> => {
    const chat = lists.map((lacks, at) => place(at === 0 ? 'openai-chat' : 'anthropic-messages', { lacks }))
    return modelFactsOf(backend({ provider: provider({ endpoints: { chat }, lacks: ['audio'] }) }), 'm', SILENT, {})
      .capabilities
  }
  t.strictSame(lacking(['n']), { audio: false, n: false })
  t.strictSame(lacking(['n', 'logprobs'], ['n']), { audio: false, n: false })
  t.strictSame(lacking(['n'], []), { audio: false })
  const everywhere = provider({
    endpoints: { chat: [place('gemini', { models: '^gem', lacks: ['n'] })] },
    lacks: ['audio'],
  })
  t.strictSame(lacksEverywhere(everywhere, 'chat', 'gem'), ['audio', 'n'])
  t.strictSame(lacksEverywhere(everywhere, 'chat', 'other'), ['audio'])
})

t.test('how hard to think can be told in the fields of the preferred place', async (t) => {
  const rule = (fields: EffortRule['fields']): EffortRule => ({
    models: null,
    fields,
    unless: [],
    declaredOnly: false,
  })
  const own = [rule({ low: { thinking: 1 }, high: { thinking: 2 } })]
  const usual = [rule({ none: { reasoning_effort: 'none' } })]
  const of = (...chat: EndpointPlace[]): readonly string[] =>
    steerable(provider({ endpoints: { chat }, request: { effort: usual } }), 'm', ['none', 'low', 'high'])
  t.strictSame(of(place('anthropic-messages', { effort: own }), place('openai-chat')), ['low', 'high'])
  t.strictSame(of(place('openai-chat'), place('anthropic-messages', { effort: own })), ['none'])
  t.strictSame(of(place('anthropic-messages')), [])
  t.equal(preferredPlace(provider({ endpoints: {} }), 'chat', 'm'), null)
})
