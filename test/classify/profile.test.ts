import t from 'tap'
import { cutMark } from '../../src/core/cut-text.ts'
import { CHAT, COMPLETIONS, EMBEDDINGS, type Endpoint, RERANK } from '../../src/core/endpoints.ts'
import type { JsonObject } from '../../src/core/json.ts'
import type { Capability } from '../../src/core/capabilities.ts'
import type { RequestProfile } from '../../src/core/types.ts'
import { parseBody } from '../../src/formats/openai/request.ts'
import { classifier } from '../../src/decision/classify/profile.ts'
import { featureReader } from '../../src/decision/classify/text-features.ts'
import { gatewayRequest, classify, WEIGHTS } from '../support/factories.ts'

const profile = (body: JsonObject, endpoint?: Endpoint): RequestProfile =>
  classify(gatewayRequest(body, endpoint === undefined ? {} : { endpoint }))

const NEEDS: readonly (readonly [name: string, body: JsonObject, needs: readonly Capability[], endpoint?: Endpoint])[] =
  [
    ['plain chat', { messages: [{ role: 'user', content: 'x' }] }, ['chat']],
    ['tools', { messages: [], tools: [{ type: 'function' }] }, ['chat', 'tools']],
    ['the older functions', { messages: [], functions: [{}] }, ['chat', 'tools']],
    ['no tools', { messages: [], tools: [] }, ['chat']],
    [
      'an image',
      { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:' } }] }] },
      ['chat', 'vision'],
    ],
    ['a sound', { messages: [{ role: 'user', content: [{ type: 'input_audio' }] }] }, ['chat', 'audio']],
    ['text parts', { messages: [{ role: 'user', content: [{ type: 'text', text: 'image_url' }] }] }, ['chat']],
    ['a schema', { messages: [], response_format: { type: 'json_schema' } }, ['chat', 'json_schema']],
    ['JSON of any shape', { messages: [], response_format: { type: 'json_object' } }, ['chat', 'json_object']],
    ['several choices', { messages: [], n: 2 }, ['chat', 'n']],
    ['one choice', { messages: [], n: 1 }, ['chat']],
    ['a bias', { messages: [], logit_bias: { '1': -1 } }, ['chat', 'logit_bias']],
    ['no bias', { messages: [], logit_bias: {} }, ['chat']],
    ['logprobs', { messages: [], logprobs: true }, ['chat', 'logprobs']],
    ['no logprobs', { messages: [], logprobs: false, top_logprobs: null }, ['chat']],
    ['logprobs of a completion', { prompt: 'x', logprobs: 0 }, ['chat', 'logprobs'], COMPLETIONS],
    ['embeddings', { input: 'x', tools: [1] }, ['embeddings'], EMBEDDINGS],
    ['rerank', { query: 'x', documents: [] }, ['rerank'], RERANK],
  ]

for (const [name, body, needs, endpoint] of NEEDS)
  t.test(`needs of ${name}`, async (t) => t.strictSame([...profile(body, endpoint).needs].sort(), [...needs].sort()))

t.test('the size is estimated from what the text is made of', async (t) => {
  const text = 'four short easy words '.repeat(25)
  const about = (tokens: number, of: JsonObject, endpoint?: Endpoint): void => {
    const { inputTokens } = profile(of, endpoint)
    t.ok(Math.abs(inputTokens / tokens - 1) < 0.15, `${inputTokens} for ${tokens}`)
  }
  about(110, { messages: [{ role: 'user', content: text }] })
  const parts = [
    { type: 'text', text },
    { type: 'image_url', image_url: { url: 'y'.repeat(1e6) } },
  ]
  about(610, { messages: [{ role: 'user', content: parts }] })
  about(220, { messages: [{ content: text }, { content: text }] })
  about(214, { prompt: [text, text] }, COMPLETIONS)
  about(321, { query: text, documents: [text, { text }] }, RERANK)
  t.equal(profile({ prompt: [1, 2, 3] }, COMPLETIONS).inputTokens, 3, 'tokens are tokens')
  t.equal(profile({ messages: [] }).inputTokens, 0)
})

t.test('what ties requests together', async (t) => {
  t.equal(profile({ messages: [] }).affinity, null)
  t.equal(profile({ messages: [], prompt_cache_key: 'k' }).affinity, 'k')
  t.equal(profile({ messages: [], previous_response_id: 'r', prompt_cache_key: '' }).affinity, 'r')
  const request = gatewayRequest({ messages: [], prompt_cache_key: 'k' }, { session: 's' })
  t.equal(classify(request).affinity, 's')
})

t.test('a key of the body is bounded and decoded, however it is written', async (t) => {
  const affinity = (json: string): string | null => {
    const raw = Buffer.from(`{"model":"m","messages":[],"prompt_cache_key":${json}}`)
    return classify(gatewayRequest(raw.toString(), { prompt: parseBody(raw, CHAT).prompt })).affinity
  }
  t.equal(affinity('"naïve-é"'), 'naïve-é')
  t.equal(affinity('"na\\u00efve-\\u00e9"'), 'naïve-é')
  t.equal(affinity('"中文-é"'), '中文-é')
  t.equal(affinity('"\\u4e2d\\u6587-é"'), '中文-é')
  t.equal(affinity(`"${'z'.repeat(256)}"`), 'z'.repeat(256))
  t.equal(affinity(`"${'z'.repeat(257)}"`), null, 'like a header that is too long')
  t.equal(affinity(`"${'中'.repeat(86)}"`), null)
  t.equal(affinity(`"${'\\u4e2d'.repeat(86)}"`), null)
  for (const unit of ['z', '\\u007a', '\\u4e2d']) t.equal(affinity(`"${unit.repeat(70_000)}"`), null, unit)
})

t.test('bodies of any odd shape have a profile', async (t) => {
  const odd: JsonObject[] = [
    { messages: [null, 1, 'x', [], {}] },
    { messages: [{ content: 3 }, { content: [null, 1, 'text', [], { type: 7 }] }] },
    { messages: [], tools: 'x', response_format: null, logprobs: 'yes' },
    { messages: [], response_format: 'json_schema' },
  ]
  for (const body of odd) t.doesNotThrow(() => profile(body), JSON.stringify(body))
  t.doesNotThrow(() => profile({ input: { a: 1 } }, EMBEDDINGS))
})

t.test('a body nested beyond reason has a profile', async (t) => {
  const deep = `{"model":"m","input":${'['.repeat(100_000)}${']'.repeat(100_000)}}`
  t.doesNotThrow(() => classify(gatewayRequest(deep, { endpoint: EMBEDDINGS })))
})

t.test('what a request is about is worked out once, and not before it is asked', async (t) => {
  let looks = 0
  const weights = {
    ...WEIGHTS,
    get topics() {
      looks++
      return WEIGHTS.topics
    },
  }
  const read = classifier(weights)
  looks = 0
  const own = read(gatewayRequest({ messages: [{ role: 'user', content: 'Sort these numbers: 3 1 2' }] }))
  t.ok(own.generates && own.inputTokens > 0 && own.needs.includes('chat') && own.affinity !== null)
  t.equal(looks, 0)
  t.equal(own.features?.class, own.class)
  t.equal(own.features, own.features)
  t.ok(own.difficulty !== null)
  t.equal(looks, 1)
})

t.test(
  'a text that was cut is about its beginning; what marks the cut, another one in each process, is not read',
  async (t) => {
    const beginning = 'The river runs to the sea. '.repeat(38)
    const content = JSON.parse(`"${beginning}${cutMark({ start: 0, end: 600_000, bytes: 600_000 })}"`) as string
    const { features } = profile({ messages: [{ role: 'user', content }] })
    const { difficulty, ...read } = featureReader(WEIGHTS).read(beginning, 600_000)
    t.same({ ...features, difficulty: null }, { ...read, difficulty: null })
    t.ok(Math.abs(features!.difficulty - difficulty) < 0.3, 'moved by its class, and by no word of the mark')
  },
)
