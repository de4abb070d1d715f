/** A backend's own word on what an answer costs, in all forms and on all endpoints: header, log and metrics have that amount. */
import t from 'tap'
import { caseJson, noCases } from '../support/cases.ts'
import { BODIES, CHAT_PATH, COMPLETIONS_PATH, EMBEDDINGS_PATH, readStream, RERANK_PATH } from '../support/chat.ts'
import type { Plan } from '../support/fault-plan.ts'
import type { Gateway } from '../support/gateway.ts'
import { type Outcome, outcomeOf } from '../support/outcome.ts'
import { rawPost } from '../support/raw-client.ts'
import { rig, singleRig } from '../support/rig.ts'

type Fields = Readonly<Record<string, unknown>>

/** Where a backend may tell: in its usage, beside it, in its headers; of streams in an event of its own, after the last. */
interface Told {
  readonly usage?: Fields
  readonly beside?: Fields
  readonly after?: Fields
  readonly headers?: Readonly<Record<string, string>>
}

/** By the list it would be 1 USD for a million tokens; null = nobody knows. */
const LIST_USD = 156e-6
const FORMS: Readonly<Record<string, readonly [Told, number | null]>> = {
  'it says nothing': [{}, LIST_USD],
  OpenRouter: [{ usage: { cost: 0.0123, is_byok: false } }, 0.0123],
  "OpenRouter with a key of one's own": [
    { usage: { cost: 0.0001, is_byok: true, cost_details: { upstream_inference_cost: 0.002 } } },
    0.0021,
  ],
  "OpenRouter with a key of one's own, unknown upstream": [
    { usage: { cost: 0, is_byok: true, cost_details: { upstream_inference_cost: null } } },
    null,
  ],
  Perplexity: [{ usage: { cost: { request_cost: 0.005, total_cost: 0.005156 } } }, 0.005156],
  xAI: [{ usage: { cost_in_usd_ticks: 37_756_000 } }, 0.0037756],
  DeepInfra: [{ usage: { estimated_cost: 8.775e-6 } }, 0.000008775],
  'LLM Gateway': [{ usage: { cost_usd_total: 0.000125, cost_usd_input: 0.0001 } }, 0.000125],
  'an amount in no known form': [{ usage: { credits_used: 12 } }, null],
  'an object in no known form': [{ usage: { cost: { input: 1 } } }, null],
  free: [{ usage: { cost: 0 } }, 0],
  'an amount as text': [{ usage: { cost: ' 1.5e-2 ' } }, 0.015],
  'an amount with a sign of money': [{ usage: { cost: '$0.01' } }, null],
  'an amount beyond reason': [{ usage: { cost: 1e30 } }, null],
  'ticks beyond reason': [{ usage: { cost_in_usd_ticks: 1e40 } }, null],
  'an amount in another currency': [{ usage: { cost: 0.01, currency: 'EUR' } }, null],
  'an object in another currency': [{ usage: { cost: { total_cost: 0.01, currency: 'RUB' } } }, null],
  'AI/ML API': [{ beside: { meta: { usage: { credits_used: 12 } } } }, null],
  'an amount of no known name beside the usage': [{ after: { total_cost: 0.01 } }, null],
  'an amount of the provider': [{ beside: { provider: { name: 'x', cost: 0.01 } } }, null],
  'the name of the provider': [{ beside: { provider: 'x' } }, LIST_USD],
  NanoGPT: [{ beside: { x_nanogpt_pricing: { amount: 0.0012, currency: 'USD' } } }, 0.0012],
  'NanoGPT in another currency': [{ beside: { x_nanogpt_pricing: { amount: 0.0012, currency: 'XNO' } } }, null],
  'OpenCode Zen': [{ after: { cost: '0.00014' } }, 0.00014],
  'OpenCode Go': [{ after: { cost: '0' } }, 0],
  Vercel: [{ beside: { provider_metadata: { gateway: { cost: '0.0045405' } } } }, 0.0045405],
}
/** Of whole answers alone. */
const IN_HEADERS: Readonly<Record<string, readonly [Told, number | null]>> = {
  LiteLLM: [{ headers: { 'x-litellm-response-cost': '5.85e-06' } }, 0.00000585],
  'LiteLLM beside a cost of its backend': [
    { usage: { cost: 0.02 }, headers: { 'x-litellm-response-cost': '0.0' } },
    0.02,
  ],
  'LiteLLM without a price': [{ headers: { 'x-litellm-response-cost': 'nan' } }, null],
  'another Turnout': [{ headers: { 'x-turnout-cost-usd': '0.000005' } }, 0.000005],
}

const HEAD = { id: 'c', created: 1, model: 'tiny' }
const usageOf = ({ usage }: Told): object => ({ prompt_tokens: 7, completion_tokens: 149, total_tokens: 156, ...usage })

const ANSWERS: Readonly<Record<string, object>> = {
  [CHAT_PATH]: {
    object: 'chat.completion',
    choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'x' } }],
  },
  [COMPLETIONS_PATH]: { object: 'text_completion', choices: [{ index: 0, finish_reason: 'stop', text: 'x' }] },
  [EMBEDDINGS_PATH]: { object: 'list', data: [{ object: 'embedding', index: 0, embedding: [0.5] }] },
  [RERANK_PATH]: { results: [{ index: 0, relevance_score: 0.5 }] },
}
const whole = (path: string, told: Told): Plan => ({
  body: { ...HEAD, ...ANSWERS[path], ...told.beside, ...told.after, usage: usageOf(told) },
  ...(told.headers === undefined ? {} : { headers: told.headers }),
})

const PARTS: Readonly<Record<string, (text: string) => object>> = {
  [CHAT_PATH]: (content) => ({ delta: { content } }),
  [COMPLETIONS_PATH]: (text) => ({ text }),
}
const streamed = (path: string, told: Told): Plan => {
  const event = (text: string, finish_reason: string | null, more: object = {}): string =>
    JSON.stringify({ ...HEAD, choices: [{ index: 0, ...PARTS[path]!(text), finish_reason }], ...more })
  return {
    events: [
      event('One ', null),
      event('river.', null),
      event('', 'stop', told.beside),
      JSON.stringify({ ...HEAD, choices: [], usage: usageOf(told) }),
      ...(told.after === undefined ? [] : [JSON.stringify({ choices: [], ...told.after })]),
    ],
  }
}

const PRICE = { price: { input_per_mtok_usd: 1, output_per_mtok_usd: 1 } }

type Asked = Outcome & { readonly cost_partial?: boolean; readonly cost_source?: string }

async function ask(
  gateway: Gateway,
  path: string,
  stream: boolean,
  id: string,
): Promise<{ outcome: Asked; header: string | undefined }> {
  const body = { ...BODIES[path], ...(stream ? { stream, stream_options: { include_usage: true } } : {}) }
  const response = await rawPost(gateway.url, path, body, { 'x-request-id': id })
  if (stream) await readStream(response)
  else await response.body()
  return { outcome: await outcomeOf(gateway, id), header: response.headers['x-turnout-cost-usd'] }
}

t.test('a backend says what it charges', async (t) => {
  const { gateway, upstream } = await singleRig(t, {}, { backend: PRICE })
  let [sum, unpriced, number] = [0, 0, 0]
  for (const path of Object.keys(ANSWERS))
    for (const stream of path in PARTS ? [false, true] : [false])
      for (const [name, [told, usd]] of Object.entries(stream ? FORMS : { ...FORMS, ...IN_HEADERS })) {
        const what = `${path} ${stream ? 'streamed' : 'whole'}: ${name}`
        upstream.next(stream ? streamed(path, told) : whole(path, told))
        const { outcome, header } = await ask(gateway, path, stream, `r${number++}`)
        t.equal(outcome.cost_usd, usd, what)
        t.equal(outcome.cost_partial ?? false, usd === null, what)
        if (usd !== null) t.equal(outcome.cost_source, usd === LIST_USD ? 'price' : 'backend', what)
        if (!stream) t.equal(header === undefined ? null : Number(header), usd, what)
        sum += Math.round((usd ?? 0) * 1e9)
        if (usd === null) unpriced++
      }
  t.equal(Math.round((await gateway.metric('turnout_cost_usd_total')) * 1e9), sum)
  t.equal(await gateway.metric('turnout_unpriced_requests_total'), unpriced)
})

t.test('in each chunk, the last one counts', async (t) => {
  const { gateway, upstream } = await singleRig(t, {}, { backend: PRICE })
  const event = (content: string, finish_reason: string | null, ticks: number): string =>
    JSON.stringify({
      ...HEAD,
      choices: [{ index: 0, delta: { content }, finish_reason }],
      usage: { ...usageOf({}), cost_in_usd_ticks: ticks },
    })
  upstream.next({ events: [event('a', null, 1e7), event('b', null, 2e7), event('', 'stop', 3e7)] })
  t.equal((await ask(gateway, CHAT_PATH, true, 'each')).outcome.cost_usd, 0.003)
})

t.test('a cost without tokens, and tokens in another place', async (t) => {
  const { gateway, upstream } = await singleRig(t, {}, { backend: PRICE })
  const choice = { index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'x' } }
  const tokens = usageOf({})
  const wholes: readonly [object, number][] = [
    [{ usage: { cost: 0.01 } }, 0.01],
    [{ usage: { prompt_tokens: 0, completion_tokens: 0, cost: '0.01' } }, 0.01],
    [{ x_groq: { usage: tokens } }, LIST_USD],
    [{ x_groq: { usage: { ...tokens, cost: 0.01 } } }, 0.01],
    [{ usage: { ...tokens, prompt_tokens: 1e300, total_tokens: 1e300 } }, 149e-6],
  ]
  for (const [at, [fields, usd]] of wholes.entries()) {
    upstream.next({ body: { ...HEAD, object: 'chat.completion', choices: [choice], ...fields } })
    t.equal((await ask(gateway, CHAT_PATH, false, `whole${at}`)).outcome.cost_usd, usd, JSON.stringify(fields))
  }
  const zero = { prompt_tokens: 0, completion_tokens: 0, cost: 0 }
  const streams: readonly [readonly object[], number][] = [
    [[tokens, { cost: 0.01 }], 0.01],
    [[{ cost: 0.01 }, tokens], 0.01],
    [[zero, { ...tokens, cost: 0.02 }], 0.02],
    [[zero, tokens], LIST_USD],
  ]
  for (const [at, [usages, usd]] of streams.entries()) {
    const text = JSON.stringify({ ...HEAD, choices: [{ index: 0, delta: { content: 'x' }, finish_reason: 'stop' }] })
    upstream.next({ events: [text, ...usages.map((usage) => JSON.stringify({ ...HEAD, choices: [], usage }))] })
    t.equal((await ask(gateway, CHAT_PATH, true, `stream${at}`)).outcome.cost_usd, usd, JSON.stringify(usages))
  }
})

t.test('a gateway behind a gateway: whole answers cost what the inner one says', async (t) => {
  const { gateway: inner } = await singleRig(t, {}, { backend: PRICE })
  const { gateway: outer } = await rig(t, {
    upstreams: {},
    config: { backends: [{ name: 'inner', kind: 'openai-compatible', url: inner.url, models: ['tiny'] }] },
  })
  for (const path of Object.keys(BODIES)) {
    const { outcome, header } = await ask(outer, path, false, `outer${path.replaceAll('/', '.')}`)
    t.ok(outcome.cost_usd !== null && outcome.cost_usd > 0, path)
    t.equal(Number(header), outcome.cost_usd, path)
    t.equal(outcome.cost_source, 'backend', path)
  }
  t.equal(await outer.metric('turnout_cost_usd_total'), await inner.metric('turnout_cost_usd_total'))
})

t.test(
  'a cost that the backend reports as an object counts (12-perplexity-cost.json)',
  { skip: noCases },
  async (t) => {
    const { gateway, upstream } = await singleRig(t, {}, { backend: PRICE })
    upstream.next({ body: caseJson('12-perplexity-cost.json') })
    const { outcome, header } = await ask(gateway, CHAT_PATH, false, 'case')
    t.match(outcome, { cost_usd: 0.005156, cost_source: 'backend' })
    t.equal(header, '0.005156')
  },
)
