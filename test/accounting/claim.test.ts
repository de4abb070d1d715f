/** No answer that a request allows comes to more than was set aside for it. */
import t from 'tap'
import { bidOf, LONGEST_ANSWER, SHORTEST_ANSWER } from '../../src/accounting/claim.ts'
import { costOf } from '../../src/accounting/cost.ts'
import { COMPLETIONS, EMBEDDINGS, type Endpoint, RERANK } from '../../src/core/endpoints.ts'
import { type ModelFacts, NO_PRICE, type Price } from '../../src/core/settings.ts'
import type { JsonObject } from '../../src/core/json.ts'
import type { Usage } from '../../src/core/settlement.ts'
import type { Deployment, GatewayRequest, RoutePlan } from '../../src/core/types.ts'
import type { BackendSpec } from '../../src/core/settings.ts'
import { classify, deployment, gatewayRequest, LIMITS, provider, usage } from '../support/factories.ts'
import { decided } from '../support/records.ts'

const price = (traits: Partial<Price> = {}): Price => ({ ...NO_PRICE, inputPerMtok: 1, outputPerMtok: 4, ...traits })

const planOf = (
  request: GatewayRequest,
  deployments: readonly Deployment[],
  attempts = 1,
  totalMs = 60_000,
): RoutePlan => ({
  route: 'default',
  order: deployments.map(({ targets }) => targets[0]!),
  limits: { ...LIMITS, attempts, totalMs },
  maxTtftMs: null,
  profile: classify(request),
  success: { finish: null, json: false, schema: false },
  refusal: null,
  unsure: [],
  strategy: 'balanced',
  explored: false,
  trials: [],
  decision: decided(),
  maxTokens: null,
  expected: () => null,
  laterBy: () => null,
  baseline: () => null,
  lowered: (maxTokens) => ({ ...planOf(request, deployments, attempts, totalMs), maxTokens }),
  taken: () => undefined,
})

interface Case {
  readonly body: JsonObject
  readonly facts?: Partial<ModelFacts>
  readonly backend?: Partial<BackendSpec>
  readonly endpoint?: Endpoint
  /** What the most expensive answer would take. */
  readonly worst: Partial<Usage>
  /** Its time, in seconds. */
  readonly seconds?: number
}

const HELLO = { model: 'tiny', messages: [{ role: 'user', content: 'Hello' }] }
const KEPT_FOR_AN_HOUR = [
  { role: 'user', content: [{ type: 'text', text: 'Hello', prompt_cache_breakpoint: { ttl: '1h' } }] },
]
const TIERED = price({
  tiers: [
    { aboveInput: 100, rates: { ...NO_PRICE, inputPerMtok: 2, outputPerMtok: 8 } },
    { aboveInput: 1e6, rates: { ...NO_PRICE, inputPerMtok: 9, outputPerMtok: 99 } },
  ],
})
const SERVICE = price({ serviceTiers: { flex: 0.5, priority: 2, 'very fast': 6 } })
const picture = { type: 'image_url', image_url: { url: 'https://example.com/a.png' } }
const asks = (...content: readonly JsonObject[]): JsonObject => ({
  messages: [{ role: 'user', content: [...content] }],
})

const CASES: Readonly<Record<string, Case>> = {
  'a limit': { body: { ...HELLO, max_tokens: 50 }, worst: { input: 20, output: 50 } },
  'the new name of the limit': { body: { ...HELLO, max_completion_tokens: 70 }, worst: { output: 70 } },
  'two limits, of which an engine reads either': {
    body: { ...HELLO, max_tokens: 900, max_completion_tokens: 10 },
    worst: { output: 900 },
  },
  'a limit beside a null': { body: { ...HELLO, max_tokens: null, max_completion_tokens: 30 }, worst: { output: 30 } },
  'a limit that one engine reads instead of the other': {
    body: { ...HELLO, max_tokens: 1, n_predict: 5000 },
    worst: { output: 5000 },
  },
  'no limit': { body: HELLO, worst: { output: LONGEST_ANSWER } },
  'a limit of -1': { body: { ...HELLO, max_tokens: -1 }, facts: { context: 9000 }, worst: { output: 8990 } },
  'a limit that is a text': {
    body: { ...HELLO, max_tokens: 'many' },
    facts: { context: 9000 },
    worst: { output: 8990 },
  },
  'a limit that the kind of backend takes out': {
    body: { ...HELLO, max_tokens: 5 },
    facts: { context: 9000 },
    backend: { provider: provider({ request: { drop: ['max_tokens'] } }) },
    worst: { output: 8990 },
  },
  'the longest answer of the model': { body: HELLO, facts: { maxOutput: 4000, context: 1e6 }, worst: { output: 4000 } },
  'a limit above the longest answer': {
    body: { ...HELLO, max_tokens: 1e9 },
    facts: { maxOutput: 4000 },
    worst: { output: 4000 },
  },
  'what is left of the context': { body: HELLO, facts: { context: 10_000 }, worst: { input: 10, output: 9990 } },
  choices: { body: { ...HELLO, n: 4, max_tokens: 100 }, worst: { output: 400 } },
  'fifty choices without a limit': { body: { ...HELLO, n: 50 }, facts: { context: 1000 }, worst: { output: 50 * 990 } },
  'choices as a text': { body: { ...HELLO, n: '7', max_tokens: 100 }, worst: { output: 700 } },
  'choices of llama.cpp': { body: { ...HELLO, n_cmpl: 6, max_tokens: 100 }, worst: { output: 600 } },
  'the best of several': {
    endpoint: COMPLETIONS,
    body: { model: 'tiny', prompt: 'a', best_of: 20, n: 2, max_tokens: 100 },
    worst: { output: 2000 },
  },
  'fifty prompts': {
    endpoint: COMPLETIONS,
    body: { model: 'tiny', prompt: Array.from({ length: 50 }, () => 'Once'), max_tokens: 100 },
    worst: { input: 100, output: 5000 },
  },
  'prompts of numbers, and choices': {
    endpoint: COMPLETIONS,
    body: { model: 'tiny', prompt: [[1, 2, 3], [4, 5], [6]], n: 3 },
    facts: { context: 500 },
    worst: { input: 6, output: 9 * 500 },
  },
  'one prompt of numbers': {
    endpoint: COMPLETIONS,
    body: { model: 'tiny', prompt: [1, 2, 3], max_tokens: 5 },
    worst: { input: 3, output: 5 },
  },
  'text that was foreseen': {
    body: { ...HELLO, max_tokens: 10, prediction: { type: 'content', content: 'x'.repeat(300) } },
    worst: { output: 310 },
  },
  embeddings: {
    endpoint: EMBEDDINGS,
    body: { model: 'tiny', input: Array.from({ length: 30 }, () => '💥💥💥') },
    worst: { input: 30 * 12, output: 0 },
  },
  'documents that are each read with the query': {
    endpoint: RERANK,
    body: { model: 'tiny', query: 'q'.repeat(400), documents: Array.from({ length: 60 }, () => 'd') },
    worst: { input: 60 * 401, output: 0 },
  },
  'text of which every byte is a token': {
    body: { ...HELLO, max_tokens: 1, messages: [{ role: 'user', content: '☃é\u0000'.repeat(3000) }] },
    worst: { input: 3000 * 6, output: 1 },
  },
  'the tier of a longer prompt': {
    body: { ...HELLO, max_tokens: 10, messages: [{ role: 'user', content: '1'.repeat(900) }] },
    facts: { price: TIERED },
    worst: { input: 900, output: 10 },
  },
  'no service tier': {
    body: { ...HELLO, max_tokens: 9 },
    facts: { price: SERVICE },
    worst: { output: 9, tier: 'very fast' },
  },
  'the service tier auto': {
    body: { ...HELLO, max_tokens: 9, service_tier: 'auto' },
    facts: { price: SERVICE },
    worst: { output: 9, tier: 'priority' },
  },
  'a service tier': {
    body: { ...HELLO, max_tokens: 9, service_tier: 'priority' },
    facts: { price: SERVICE },
    worst: { output: 9, tier: 'priority' },
  },
  'a service tier in other letters': {
    body: { ...HELLO, max_tokens: 9, service_tier: 'Priority' },
    facts: { price: SERVICE },
    worst: { output: 9, tier: 'priority' },
  },
  ...Object.fromEntries(
    ['constructor', 'toString', '__proto__', 'hasOwnProperty'].map((name): [string, Case] => [
      `a service tier called ${name}`,
      {
        body: { ...HELLO, max_tokens: 9, service_tier: name },
        facts: { price: SERVICE },
        worst: { output: 9, tier: 'very fast' },
      },
    ]),
  ),
  'a cheap tier that was not to be had': {
    body: { ...HELLO, max_tokens: 9, service_tier: 'flex' },
    facts: { price: SERVICE },
    worst: { output: 9, tier: 'default' },
  },
  thinking: {
    body: { ...HELLO, max_tokens: 90 },
    facts: { price: price({ reasoningPerMtok: 20 }) },
    worst: { output: 90, reasoning: 90 },
  },
  'writing into a cache': {
    body: { ...HELLO, max_tokens: 1 },
    facts: { price: price({ cacheWritePerMtok: 5 }) },
    worst: { input: 50, cacheWrite: 50, output: 1 },
  },
  'writing into a cache for an hour': {
    body: { ...HELLO, messages: KEPT_FOR_AN_HOUR, max_tokens: 1 },
    facts: { price: price({ cacheWritePerMtok: 5, hourCacheWritePerMtok: 8 }) },
    worst: { input: 50, cacheWrite: 50, hourCacheWrite: 50, output: 1 },
  },
  pictures: {
    body: { model: 'tiny', ...asks(picture, picture), max_tokens: 1 },
    facts: { price: price({ imageInputPerMtok: 11 }) },
    worst: { input: 2 * 48_169, imageInput: 2 * 48_169, output: 1 },
  },
  ...Object.fromEntries(
    Object.entries({
      'vLLM, without a type': asks({ image_url: 'https://example.com/a.png' }),
      'Jina, without a type': { input: [{ image: 'https://example.com/a.png' }] },
      'Ollama, beside the text': { messages: [{ role: 'user', content: 'a', images: ['aGk='] }] },
      'llama.cpp, beside the prompt': { prompt: 'a', image_data: [{ data: 'aGk=', id: 1 }] },
      'llama.cpp, in the prompt': { prompt: { prompt_string: 'a', multimodal_data: ['aGk='] } },
      'in the answer of a tool': asks({ type: 'tool_result', content: [picture] }),
    } satisfies Record<string, JsonObject>).map(([name, body]): [string, Case] => [
      `a picture of ${name}`,
      {
        body: { model: 'tiny', ...body, max_tokens: 1 },
        facts: { context: 60_000 },
        worst: { input: 48_169, output: 1 },
      },
    ]),
  ),
  ...Object.fromEntries(
    ['audio_url', 'video_url', 'input_file'].map((name): [string, Case] => [
      `${name} without a type`,
      {
        body: { model: 'tiny', ...asks({ [name]: 'https://example.com/a' }), max_tokens: 1 },
        worst: { input: 900_000, output: 1 },
      },
    ]),
  ),
  'a query of a picture, read with each document': {
    endpoint: RERANK,
    body: { model: 'tiny', query: { content: [picture] }, documents: { content: [picture, picture, picture] } },
    worst: { input: 6 * 48_169, output: 0 },
  },
  'a template of its own': {
    body: { ...HELLO, max_tokens: 1, chat_template: '{% for _ in range(9999) %}{{ messages }}{% endfor %}' },
    facts: { context: 100_000 },
    worst: { input: 99_999, output: 1 },
  },
  'the words of a vendor for tools': {
    body: { ...HELLO, max_tokens: 1, tools: [{ type: 'function', function: { name: 'f' } }] },
    worst: { input: 900, output: 1 },
  },
  sound: {
    body: {
      model: 'tiny',
      ...asks({ type: 'input_audio', input_audio: { data: 'A'.repeat(40_000), format: 'mp3' } }),
      max_tokens: 1,
    },
    facts: { price: price({ audioInputPerMtok: 40 }) },
    worst: { input: 960 + 20, audioInput: 960, output: 1 },
  },
  'a film from elsewhere': {
    body: { model: 'tiny', ...asks({ type: 'video_url', video_url: { url: 'https://example.com/f' } }), max_tokens: 1 },
    worst: { input: 900_000, output: 1 },
  },
  'an answer that speaks': {
    body: { ...HELLO, max_tokens: 100, modalities: ['text', 'audio'], audio: { voice: 'x', format: 'wav' } },
    facts: { price: price({ audioOutputPerMtok: 80 }) },
    worst: { output: 100, audioOutput: 100 },
  },
  'a fee for each answer': {
    body: { ...HELLO, max_tokens: 1 },
    facts: { price: price({ perRequest: 0.5 }) },
    worst: { output: 1 },
  },
  'nothing but a fee': {
    body: { ...HELLO, max_tokens: 1 },
    facts: { price: { ...NO_PRICE, perRequest: 0.5 } },
    worst: { output: 1 },
  },
  'an engine by the hour': {
    body: { ...HELLO, max_tokens: 100 },
    facts: { price: { ...NO_PRICE, perGpuHour: 7 } },
    worst: { output: 100 },
    seconds: 119,
  },
}

for (const [name, { body, facts, backend, endpoint, worst, seconds = 0 }] of Object.entries(CASES))
  t.test(`the worst case of ${name}`, async (t) => {
    const request = gatewayRequest(body, endpoint === undefined ? {} : { endpoint })
    const one = deployment('up/tiny', {
      facts: { price: price(), ...facts },
      ...(backend === undefined ? {} : { backend }),
    })
    const claim = bidOf(request, planOf(request, [one]))
    const taken = usage({ input: 10, ...worst })
    const most = costOf(taken, one.facts.price, seconds)!.nanoUsd
    t.ok(claim.nanoUsd >= most, `${claim.nanoUsd} set aside, ${most} possible`)
    t.ok(claim.tokens >= taken.input + taken.output, `${claim.tokens} tokens set aside`)
    // Not absurd either: the answer is what it is, and a prompt at most its bytes.
    t.ok(claim.tokens <= taken.output * 1.1 + 2.5 * Math.max(taken.input, JSON.stringify(body).length) + 40_000)
  })

t.test('a price that is not known counts nothing, its tokens do', async (t) => {
  const request = gatewayRequest({ ...HELLO, max_tokens: 50 })
  for (const one of [null, NO_PRICE, price({ inputPerMtok: null })]) {
    const { nanoUsd, tokens } = bidOf(request, planOf(request, [deployment('up/tiny', { facts: { price: one } })]))
    t.equal(nanoUsd, 0)
    t.ok(tokens >= 50)
  }
})

t.test('a free target whose context is not known takes nothing from what the others may come to', async (t) => {
  const free = deployment('free/tiny', {
    facts: { price: price({ inputPerMtok: 0, outputPerMtok: 0 }), context: null },
  })
  const paid = deployment('paid/tiny', { facts: { price: price(), context: null } })
  const request = gatewayRequest({ body: { ...HELLO, max_tokens: 50 } })
  const alone = bidOf(request, planOf(request, [paid], 2))
  t.ok(alone.nanoUsd > 0)
  for (const both of [
    [free, paid],
    [paid, free],
  ])
    t.equal(bidOf(request, planOf(request, both, 2)).nanoUsd, alone.nanoUsd)
  t.equal(bidOf(request, planOf(request, [free], 2)).nanoUsd, 0)
})

t.test('every target that may be called, and what failed before the answer', async (t) => {
  const at = (
    name: string,
    usd: number,
    traits: Partial<BackendSpec> = {},
    facts: Partial<ModelFacts> = {},
  ): Deployment =>
    deployment(`${name}/tiny`, {
      backend: traits,
      facts: { price: price({ inputPerMtok: usd, outputPerMtok: usd }), context: 1e6, ...facts },
    })
  const request = gatewayRequest({ ...HELLO, max_tokens: 1000 })
  const claim = (deployments: readonly Deployment[], attempts: number, other = request): number =>
    bidOf(other, planOf(other, deployments, attempts)).nanoUsd
  const [cheap, dear] = [at('a', 1), at('b', 10)]
  t.ok(claim([cheap, dear], 2) >= 1000 * 10 * 1000, 'the dearest')
  t.ok(claim([cheap, dear], 1) < 1000 * 10 * 1000, 'and no one who will not be called')
  t.equal(claim([cheap, dear], 9, { ...request, noFallback: true }), claim([cheap], 1))
  const goesOn = at('c', 10, { onAbort: 'estimate' })
  t.ok(claim([goesOn, dear], 2) >= 2 * 1000 * 10 * 1000, 'a backend that goes on without us, and then the answer')
  t.ok(claim([goesOn, goesOn, dear], 3) >= 3 * 1000 * 10 * 1000)
  const small = at('s', 1, {}, { context: 600 })
  t.ok(claim([small, cheap, dear], 2) >= 1000 * 10 * 1000, 'a prompt that is too long skips those of a small context')
})

t.test('a bid is lowered to what is left, and not one token further', async (t) => {
  const request = gatewayRequest({ ...HELLO, n: 3 })
  const bid = bidOf(request, planOf(request, [deployment('up/tiny', { facts: { price: price(), context: 100_000 } })]))
  for (const room of [
    { nanoUsd: 50e6, tokens: Infinity },
    { nanoUsd: Infinity, tokens: 20_000 },
    { nanoUsd: 50e6, tokens: 4_000 },
    { nanoUsd: bid.nanoUsd, tokens: bid.tokens },
  ]) {
    const lowered = bid.lower!(room)!
    t.ok(lowered.nanoUsd <= room.nanoUsd && lowered.tokens <= room.tokens)
    t.ok(lowered.maxTokens >= SHORTEST_ANSWER)
    t.ok(lowered.nanoUsd + 3 * 4000 > room.nanoUsd || lowered.tokens + 3 > room.tokens, 'one more would not fit')
  }
  t.equal(bid.lower!({ nanoUsd: 1000, tokens: Infinity }), null)
  const embeddings = gatewayRequest({ model: 'tiny', input: 'a' }, { endpoint: EMBEDDINGS })
  t.equal(bidOf(embeddings, planOf(embeddings, [deployment('up/tiny')])).lower!({ nanoUsd: 1, tokens: 1 }), null)
})
