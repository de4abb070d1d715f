/** Over real sockets: whatever callers ask for, and however long answers get, a budget is overspent by one answer at most. */
import t, { type Test } from 'tap'
import { BODIES, chat, CHAT_PATH, chatStream, COMPLETIONS_PATH, EMBEDDINGS_PATH, errorOf } from '../support/chat.ts'
import { missing } from '../support/engines.ts'
import type { Plan } from '../support/fault-plan.ts'
import type { RecordedRequest } from '../support/fault-record.ts'
import { hashed } from '../support/gateway.ts'
import { rawPost } from '../support/raw-client.ts'
import { startRedis } from '../support/redis.ts'
import { rig, type Rig } from '../support/rig.ts'

const KEYS = [{ id: 'ann', hash: hashed('sk-ann'), team: 'red' }]
const AS_ANN = { authorization: 'Bearer sk-ann' }
const CONTEXT = 4000
/** A micro-dollar for a token of input, four for one of output; twice as much with priority. */
const PRICE = { input_per_mtok_usd: 1, output_per_mtok_usd: 4, service_tiers: { priority: 2, flex: 0.5 } }
const MODELS = { tiny: { context: CONTEXT, price: PRICE } }

const numberOf = (value: unknown, otherwise: number): number => (typeof value === 'number' ? value : otherwise)

/** Answers as an engine does that takes all that it may: every choice of every prompt up to its limit, or the context. */
const greedy = ({ json = {} }: RecordedRequest): Plan => {
  const prompts = Array.isArray(json['prompt']) ? json['prompt'].length : 1
  const choices = Math.max(numberOf(json['n'], 1), numberOf(json['best_of'], 1))
  const limit = Math.min(CONTEXT - 40, numberOf(json['max_completion_tokens'] ?? json['max_tokens'], Infinity))
  const inputs = json['input']
  if (Array.isArray(inputs))
    return {
      body: {
        object: 'list',
        data: inputs.map((_, index) => ({ object: 'embedding', index, embedding: [0.5] })),
        model: 'tiny',
        usage: { prompt_tokens: JSON.stringify(inputs).length, total_tokens: JSON.stringify(inputs).length },
      },
    }
  const usage = { prompt_tokens: 40 * prompts, completion_tokens: prompts * choices * limit, total_tokens: 0 }
  const choice = { index: 0, message: { role: 'assistant', content: 'yes' }, text: 'yes', finish_reason: 'stop' }
  const id = { id: 'a', created: 1, model: 'tiny' }
  if (json['stream'] !== true)
    return { body: { ...id, object: 'chat.completion', choices: [choice], usage, service_tier: 'priority' } }
  const chunk = { ...id, object: 'chat.completion.chunk', service_tier: 'priority' }
  return {
    events: [
      JSON.stringify({
        ...chunk,
        choices: [{ index: 0, delta: { content: 'yes' }, text: 'yes', finish_reason: null }],
      }),
      JSON.stringify({ ...chunk, choices: [{ index: 0, delta: {}, text: '', finish_reason: 'stop' }] }),
      JSON.stringify({ ...chunk, choices: [], usage }),
      '[DONE]',
    ],
  }
}

const budgeted = (t: Test, budget: object, config: object = {}): Promise<Rig> =>
  rig(t, {
    upstreams: { up: { rule: greedy } },
    config: { keys: KEYS, models: MODELS, budgets: [{ name: 'b', of: 'team', per: 'month', ...budget }], ...config },
  })

interface Spent {
  readonly usd: number
  readonly tokens: number
  /** Of those that were let in. */
  readonly answers: number
}

/** So many at once, and what they came to. */
async function rush({ gateway, upstreams }: Rig, path: string, body: object, count: number): Promise<Spent> {
  const ask = async (): Promise<void> => {
    const response = await rawPost(gateway.url, path, body, AS_ANN)
    await response.complete
  }
  const before = upstreams['up']!.requests.length
  await Promise.all(Array.from({ length: count }, ask))
  const answers = upstreams['up']!.requests.length - before
  await gateway.settled('turnout_inflight_requests', {}, 0)
  const usd = await gateway.metric('turnout_cost_usd_total')
  const tokens = await gateway.metric('turnout_tokens_total')
  return { usd, tokens, answers }
}

const TEXT = Array.from({ length: 50 }, () => 'Once upon a time')
const KINDS: readonly (readonly [name: string, path: string, body: object, answerUsd: number, limit: number])[] = [
  ['no limit', CHAT_PATH, chat(), 0.032, 0.2],
  ['no limit, streamed', CHAT_PATH, chatStream(), 0.032, 0.2],
  ['a limit', CHAT_PATH, chat({ max_tokens: 200 }), 0.0017, 0.02],
  ['n: 4', CHAT_PATH, chat({ n: 4 }), 0.128, 0.3],
  ['n: 50', CHAT_PATH, chat({ n: 50, max_tokens: 16 }), 0.0065, 0.05],
  ['n: 50 without a limit, streamed', CHAT_PATH, chatStream({ n: 50 }), 1.6, 1],
  ['best_of', COMPLETIONS_PATH, { ...BODIES[COMPLETIONS_PATH], best_of: 20, max_tokens: 50 }, 0.0081, 0.06],
  ['50 prompts', COMPLETIONS_PATH, { model: 'tiny', prompt: TEXT, max_tokens: 30 }, 0.0161, 0.1],
  ['50 prompts, n: 3, no limit', COMPLETIONS_PATH, { model: 'tiny', prompt: TEXT, n: 3 }, 4.76, 1],
  ['a dear service tier', CHAT_PATH, chat({ service_tier: 'priority', max_tokens: 500 }), 0.0041, 0.04],
  [
    'a cheap service tier that was not to be had',
    CHAT_PATH,
    chat({ service_tier: 'auto', max_tokens: 500 }),
    0.0041,
    0.04,
  ],
  ['embeddings', EMBEDDINGS_PATH, { model: 'tiny', input: TEXT }, 0.001, 0.01],
]

for (const [name, path, body, answerUsd, limit] of KINDS)
  t.test(`120 at once: ${name}`, async (t) => {
    const one = await budgeted(t, { usd: limit })
    const { usd, answers } = await rush(one, path, body, 120)
    t.ok(answers > 0, `${answers} let in`)
    t.ok(usd <= limit + answerUsd + 1e-9, `${usd} of ${limit} USD spent, an answer is up to ${answerUsd}`)
    const tokens = await budgeted(t, { tokens: 20_000 })
    const spent = await rush(tokens, path, body, 60)
    const largest = answerUsd * 1e6
    t.ok(spent.answers > 0 && spent.tokens <= 20_000 + largest, `${spent.tokens} tokens`)
  })

for (const shared of [false, true])
  t.test(
    `1 USD, 300 at once of unknown length, after twenty short answers${shared ? ', in Redis' : ''}`,
    { skip: shared ? missing('redis') : false },
    async (t) => {
      const store = shared ? { store: { redis: (await startRedis(t)).url } } : {}
      const one = await budgeted(t, { usd: 1 }, store)
      one.upstreams['up']!.set({ plan: { words: ['yes'] } })
      for (let i = 0; i < 20; i++) await (await rawPost(one.gateway.url, CHAT_PATH, chat(), AS_ANN)).complete
      one.upstreams['up']!.set({ rule: greedy })
      const { usd, answers } = await rush(one, CHAT_PATH, chatStream(), 300)
      t.ok(answers >= 20, `${answers} let in`)
      t.ok(usd <= 1 + 0.033, `${usd} USD spent`)
      const refused = await rawPost(one.gateway.url, CHAT_PATH, chat({ n: 50 }), AS_ANN)
      t.ok([200, 429].includes(refused.status))
    },
  )

t.test('a budget that clamps lets requests in with shorter answers, and says so', async (t) => {
  const one = await budgeted(t, { usd: 0.05, clamp: true }, { store: { ledger: t.testdir({}) } })
  const up = one.upstreams['up']!
  const seen: number[] = []
  for (const body of [
    chat(),
    chat({ max_tokens: 3000 }),
    chatStream({ max_completion_tokens: 2500 }),
    chat({ max_tokens: null, max_completion_tokens: 3000 }),
    chat({ max_tokens: 2000, max_completion_tokens: 3000, n: 2 }),
    chat({ n: 2, explain: true }),
  ]) {
    const response = await rawPost(one.gateway.url, CHAT_PATH, body, AS_ANN)
    const header = response.headers['x-turnout-max-tokens']
    if (response.status !== 200) {
      t.match(errorOf(await response.json()).message, /nearly used up|are used up/)
      continue
    }
    await response.complete
    const sent = up.requests.at(-1)!.json!
    const own = ['max_tokens', 'max_completion_tokens'].map((field) => numberOf(sent[field], Infinity))
    if (header === undefined) continue
    seen.push(Number(header))
    t.ok(
      own.every((limit) => limit <= Number(header) || limit === Infinity) && Math.min(...own) < Infinity,
      `${header} ${JSON.stringify(own)}`,
    )
  }
  t.ok(seen.length > 0, `lowered to ${seen.join()}`)
  const usd = await one.gateway.metric('turnout_cost_usd_total')
  t.ok(usd <= 0.05 + 1e-9, `${usd} USD`)
  const { usd: after } = await rush(one, CHAT_PATH, chatStream(), 100)
  t.ok(after <= 0.05 + 1e-9, `${after} USD after a hundred at once`)
  t.match(one.gateway.logged(), /"max_tokens":\d+/, 'the record has it')
})

t.test(
  'a request of unknown length is let in alone, whatever the limit, and a refusal says what it needs',
  async (t) => {
    const one = await budgeted(t, { tokens: 500 })
    const up = one.upstreams['up']!
    up.set({ plan: { headersAfter: 'never' } })
    const first = rawPost(one.gateway.url, CHAT_PATH, chat(), AS_ANN)
    await up.waitRequest(1)
    const second = await rawPost(one.gateway.url, CHAT_PATH, chat(), AS_ANN)
    t.equal(second.status, 429)
    const { message } = errorOf(await second.json())
    t.match(message, /could be used up by the requests in flight/)
    t.match(
      message,
      /This request may take up to 4000 tokens, and 0 tokens are left: set a lower max_tokens, let the budget lower it/,
    )
    first.catch(() => undefined)
  },
)

t.test('tokens per minute of a key: with a limit, with max_output, with clamp', async (t) => {
  const ask = async (key: object, models: object, body: object, rule = greedy): Promise<number> => {
    const keys = [{ ...KEYS[0], tpm: 10_000, ...key }]
    const one = await rig(t, { upstreams: { up: { rule } }, config: { keys, models } })
    return (await rush(one, CHAT_PATH, body, 10)).answers
  }
  t.equal(await ask({}, MODELS, chat({ max_tokens: 100 })), 10, 'with a limit all of them')
  t.equal(
    await ask({}, { tiny: { context: CONTEXT, max_output: 100 } }, chat(), () => ({ words: ['yes'] })),
    10,
    'and with the longest answer of the model',
  )
  t.ok((await ask({}, MODELS, chat())) < 10, 'without one as many as may fit')
  t.ok((await ask({ clamp: true }, MODELS, chat())) >= 2)
})

t.test('what no price and no limit foretells is set aside once it was seen', async (t) => {
  const usage = (more: object): object => ({
    prompt_tokens: 40,
    completion_tokens: 3_900,
    total_tokens: 3_940,
    ...more,
  })
  const choices = [{ index: 0, message: { role: 'assistant', content: 'yes' }, finish_reason: 'stop' }]
  const answers = (more: object) => (): Plan => ({
    body: { id: 'a', created: 1, model: 'tiny', object: 'chat.completion', choices, usage: usage(more) },
  })
  const table: readonly [string, () => Plan, object, Readonly<Record<string, unknown>>, number][] = [
    ['a cost of its own, where no price is known', answers({ cost: 0.05 }), { context: CONTEXT }, {}, 0.05],
    ['a cost of its own above the price', answers({ cost: 0.2 }), { context: CONTEXT, price: PRICE }, {}, 0.2],
    ['a limit that is not kept', answers({}), { context: CONTEXT, price: PRICE }, { max_tokens: 10 }, 0.03128],
  ]
  for (const [name, rule, tiny, fields, answerUsd] of table) {
    const budgets = [{ name: 'b', of: 'team', per: 'month', usd: 0.5 }]
    const one = await rig(t, { upstreams: { up: { rule } }, config: { keys: KEYS, models: { tiny }, budgets } })
    await (
      await rawPost(one.gateway.url, CHAT_PATH, chat(fields), AS_ANN)
    ).complete
    await one.gateway.settled('turnout_inflight_requests', {}, 0)
    const { usd, answers: count } = await rush(one, CHAT_PATH, chat(fields), 100)
    t.ok(count > 0 && usd <= 0.5 + answerUsd + 1e-9, `${name}: ${usd} USD`)
  }
})
