/** What users of other gateways complain about, at `/v1/messages` before a backend that speaks OpenAI's chat. */
import t from 'tap'
import { eventually, within } from '../support/await.ts'
import { chatStream, CHAT_PATH } from '../support/chat.ts'
import type { Plan } from '../support/fault-plan.ts'
import { failing } from '../support/fault-plan.ts'
import { deferred } from '../support/fault-record.ts'
import { hashed } from '../support/gateway.ts'
import { messageEvents, type MessageEvent, messages, MESSAGES_PATH } from '../support/messages.ts'
import { PROMPT_TOKENS, WORDS } from '../support/openai-answers.ts'
import { outcomeOf } from '../support/outcome.ts'
import { RawClient, rawPost, type RawResponse } from '../support/raw-client.ts'
import { pairRig, rig, singleRig } from '../support/rig.ts'

const STREAM = messages({ stream: true })
const chunk = (delta: object, finish: string | null = null): string =>
  JSON.stringify({
    id: 'c',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'tiny',
    choices: [{ index: 0, delta, finish_reason: finish }],
  })
const call = (index: number, id: string | null, name: string | null, json: string): object => ({
  index,
  ...(id === null ? {} : { id, type: 'function' }),
  function: { ...(name === null ? {} : { name }), arguments: json },
})

const eventsOf = async (answer: RawResponse): Promise<MessageEvent[]> =>
  messageEvents(Buffer.concat((await answer.blocks()).map(({ raw }) => raw)))

/** Blocks of a stream, put together. Throws where one begins in another. */
function blocksOf(events: readonly MessageEvent[]): Record<string, unknown>[] {
  const blocks: Record<string, unknown>[] = []
  let open = false
  for (const event of events) {
    if (event.type === 'content_block_start') {
      if (open || event['index'] !== blocks.length) throw new Error('blocks are not one after another')
      open = true
      blocks.push({ ...(event['content_block'] as object), said: '' })
    } else if (event.type === 'content_block_delta') {
      if (!open) throw new Error('a delta of no block')
      const { text, thinking, partial_json: json } = event['delta'] as Record<string, string>
      const block = blocks.at(-1)!
      block['said'] = String(block['said']) + (text ?? thinking ?? json ?? '')
    } else if (event.type === 'content_block_stop') open = false
    else if (event.type === 'message_stop' && open) throw new Error('the message ends in a block')
  }
  return blocks
}

const PHASES: readonly (readonly [name: string, plan: Plan, stream: boolean, answered: boolean])[] = [
  ['no headers yet', { headersAfter: 'never' }, true, false],
  ['headers, no event', { firstAfter: 'never' }, true, false],
  ['mid-stream', { stallAfter: 2 }, true, true],
  ['whole, no headers yet', { headersAfter: 'never' }, false, false],
  ['whole, no body', { firstAfter: 'never' }, false, false],
]

t.test('a caller that leaves frees the engine at once, and its place is given back (AT-02, AT-73)', async (t) => {
  const { gateway, upstream } = await singleRig(t)
  for (const [name, plan, stream, answered] of PHASES) {
    const number = upstream.requests.length + 1
    upstream.next(plan)
    const client = await RawClient.open(gateway.url)
    const answer = client.send(MESSAGES_PATH, { body: stream ? STREAM : messages() })
    answer.catch(() => undefined)
    const request = await within(2_000, 'the request', upstream.waitRequest(number))
    if (plan.firstAfter) await request.started
    if (answered) await (await answer).next()
    const leftAt = performance.now()
    client.destroy()
    const { at } = await within(2_000, name, request.closed)
    t.ok(at - leftAt <= 200, `${name}: ${(at - leftAt).toFixed(1)} ms`)
  }
  t.equal(await gateway.settled('turnout_inflight_requests', {}, 0), 0)
  t.equal(
    await gateway.settled('turnout_requests_total', { status: '499', endpoint: 'messages' }, PHASES.length),
    PHASES.length,
  )
})

t.test('the place of a request is given back however it ends (AT-73)', async (t) => {
  const { gateway, upstream } = await singleRig(
    t,
    {},
    { limits: { ttft: '200ms', idle: '200ms', total: '500ms', attempts: 1 } },
  )
  const ends: readonly Plan[] = [
    {},
    failing(500),
    { drop: 'reset' },
    { firstAfter: 'never' },
    { stallAfter: 3 },
    { cut: { events: 3, how: 'reset' } },
  ]
  for (const plan of ends)
    for (const body of [messages(), STREAM]) {
      upstream.next(plan)
      await (
        await rawPost(gateway.url, MESSAGES_PATH, body)
      ).complete
      t.equal(await gateway.settled('turnout_inflight_requests', {}, 0), 0, JSON.stringify(plan))
    }
})

t.test('any split of the bytes gives the same events (AT-15)', async (t) => {
  const { gateway, upstream } = await singleRig(t, { models: ['tiny', 'small'] })
  const heard: MessageEvent[][] = []
  for (const plan of [
    {},
    { split: 'every' },
    { split: 'every', eol: '\r\n', comments: true },
    { split: 'every', eol: '\r', manyLines: true },
  ] as Plan[]) {
    upstream.next(plan)
    heard.push(
      (await eventsOf(await rawPost(gateway.url, MESSAGES_PATH, STREAM))).map((event) =>
        'message' in event ? { ...event, message: {} } : event,
      ),
    )
  }
  for (const events of heard.slice(1)) t.strictSame(events, heard[0])
  t.equal(blocksOf(heard[0]!)[0]!['said'], WORDS.join(''))
})

t.test('two calls of one index in a chunk are two blocks, and each has its JSON (AT-18)', async (t) => {
  const { gateway, upstream } = await singleRig(t)
  const events = [
    chunk({ role: 'assistant', tool_calls: [call(0, 'a', 'look', '{"n":1}'), call(0, 'b', 'look', '{"n"')] }),
    chunk({ tool_calls: [call(0, null, null, ':2}')] }),
    chunk({}, 'tool_calls'),
  ]
  upstream.next({ events })
  const heard = await eventsOf(
    await rawPost(gateway.url, MESSAGES_PATH, messages({ stream: true, tools: [{ name: 'look', input_schema: {} }] })),
  )
  const blocks = blocksOf(heard)
  t.match(blocks, [
    { type: 'tool_use', name: 'look' },
    { type: 'tool_use', name: 'look' },
  ])
  t.strictSame(
    blocks.map(({ said }) => JSON.parse(String(said)) as unknown),
    [{ n: 1 }, { n: 2 }],
  )
  t.match(heard.at(-2), { delta: { stop_reason: 'tool_use' } })
})

t.test('calls that an engine writes at the same time are told one after another', async (t) => {
  const { gateway, upstream } = await singleRig(t)
  const events = [
    chunk({ role: 'assistant', tool_calls: [call(0, 'a', 'look', ''), call(1, 'b', 'read', '')] }),
    chunk({ tool_calls: [call(1, null, null, '{"n":2}')] }),
    chunk({ tool_calls: [call(0, null, null, '{"n":1}')] }),
    chunk({}, 'tool_calls'),
  ]
  upstream.next({ events })
  const heard = await eventsOf(
    await rawPost(gateway.url, MESSAGES_PATH, messages({ stream: true, tools: [{ name: 'look', input_schema: {} }] })),
  )
  t.match(blocksOf(heard), [
    { id: 'a', said: '{"n":1}' },
    { id: 'b', said: '{"n":2}' },
  ])
})

for (const field of ['reasoning_content', 'reasoning'])
  t.test(`what a model thought is told, spelled ${field} (AT-21)`, async (t) => {
    const { gateway, upstream } = await singleRig(t)
    upstream.next({
      events: [
        chunk({ role: 'assistant', [field]: 'Let ' }),
        chunk({ [field]: 'me.' }),
        chunk({ content: 'So.' }),
        chunk({}, 'stop'),
      ],
    })
    const blocks = blocksOf(await eventsOf(await rawPost(gateway.url, MESSAGES_PATH, STREAM)))
    t.match(blocks, [
      { type: 'thinking', said: 'Let me.' },
      { type: 'text', said: 'So.' },
    ])
    const message = { role: 'assistant', content: 'So.', [field]: 'Let me.' }
    upstream.next({
      body: {
        id: 'c',
        object: 'chat.completion',
        created: 1,
        model: 'tiny',
        choices: [{ index: 0, message, finish_reason: 'stop' }],
        usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
      },
    })
    const whole = await (await rawPost(gateway.url, MESSAGES_PATH, messages())).json()
    t.match(whole['content'], [
      { type: 'thinking', thinking: 'Let me.', signature: '' },
      { type: 'text', text: 'So.' },
    ])
  })

t.test('a message begins as soon as its backend has begun to answer (AT-24)', async (t) => {
  const { gateway, upstream } = await singleRig(t)
  for (const first of [
    { role: 'assistant', content: 'So' },
    { role: 'assistant', reasoning_content: 'Hm' },
  ]) {
    upstream.next({ events: [chunk(first)], stallAfter: 1 })
    const client = await RawClient.open(gateway.url)
    const answer = await within(2_000, 'the head', client.send(MESSAGES_PATH, { body: STREAM }))
    const heard = [await answer.next(), await answer.next(), await answer.next()].map((block) => block?.event)
    t.strictSame(heard, ['message_start', 'content_block_start', 'content_block_delta'])
    client.destroy()
  }
})

t.test('a silent stream is kept open by pings, before its first event as well (AT-25)', async (t) => {
  const { gateway, upstream } = await singleRig(t, {}, { limits: { keep_alive: '100ms' } })
  const go = deferred<undefined>()
  upstream.next({ firstAfter: go.promise })
  const client = await RawClient.open(gateway.url)
  const answer = await within(5_000, 'the head', client.send(MESSAGES_PATH, { body: STREAM }))
  t.strictSame(messageEvents((await answer.next())!.raw), [{ type: 'ping' }])
  go.resolve(undefined)
  const events = await eventsOf(answer)
  t.strictSame(events.filter(({ type }) => type === 'message_start').length, 1)
  t.equal(events.at(-1)?.type, 'message_stop')
  client.destroy()
})

const ENDS: readonly (readonly [name: string, plan: Plan, error: string | null])[] = [
  ['a good end', {}, null],
  ['a length', { finish: 'length' }, null],
  ['a reset', { cut: { events: 4, how: 'reset' } }, 'api_error'],
  ['a FIN', { cut: { events: 4, how: 'fin' } }, 'api_error'],
  ['an end without its word', { cut: { events: 4, how: 'end' } }, 'api_error'],
  ['an error inside', { inBand: { after: 4, form: 'object', code: 500, message: 'gone' } }, 'api_error'],
  [
    'an overload inside',
    { inBand: { after: 4, form: 'object', code: 503, message: 'overloaded' } },
    'overloaded_error',
  ],
  ['a flat error inside', { inBand: { after: 4, form: 'flat', code: 500 } }, 'api_error'],
  ['what is no JSON', { malformed: { at: 4, how: 'text' } }, 'api_error'],
  ['a stall', { stallAfter: 4 }, 'timeout_error'],
]

for (const [name, plan, error] of ENDS)
  t.test(`behind ${name} a stream ends as the protocol says (AT-26, AT-27)`, async (t) => {
    const { gateway, upstream } = await singleRig(t, {}, { limits: { idle: '300ms', attempts: 1 } })
    upstream.next(plan)
    const answer = await rawPost(gateway.url, MESSAGES_PATH, STREAM)
    const events = await eventsOf(answer)
    t.equal(events[0]?.type, 'message_start')
    const last = events.at(-1)
    if (error === null) {
      t.equal(last?.type, 'message_stop')
      t.match(events.at(-2), {
        type: 'message_delta',
        delta: { stop_reason: plan.finish === 'length' ? 'max_tokens' : 'end_turn' },
        usage: { output_tokens: WORDS.length },
      })
    } else {
      t.match(last, {
        type: 'error',
        error: { type: error, message: String },
        request_id: answer.headers['request-id'],
      })
      t.notOk(
        events.some(({ type }) => type === 'message_stop' || type === 'message_delta'),
        'it does not look whole',
      )
    }
  })

t.test('the next backend is asked as for a chat, and the books say the same (AT-29)', async (t) => {
  for (const plan of [failing(500), { drop: 'reset' }, { events: [], done: false }] as Plan[]) {
    const told: unknown[] = []
    for (const [path, body] of [
      [CHAT_PATH, chatStream({ model: 'pair' })],
      [MESSAGES_PATH, { ...STREAM, model: 'pair' }],
    ] as const) {
      const { gateway, upstreams } = await pairRig(t)
      upstreams.a.next(plan)
      const answer = await rawPost(gateway.url, path, body)
      t.equal(answer.status, 200)
      t.equal(answer.headers['x-turnout-backend'], 'b')
      await answer.blocks()
      const { attempts, tokens, success, finish, wasted } = await outcomeOf(gateway, answer.headers['x-request-id']!)
      told.push({
        attempts: attempts.map(({ backend, error }) => ({ backend, error })),
        tokens,
        success,
        finish,
        wasted,
      })
    }
    t.strictSame(told[1], told[0])
  }
})

t.test('a stream that breaks off counts as it does for a chat (AT-29)', async (t) => {
  const told: unknown[] = []
  for (const [path, body] of [
    [CHAT_PATH, chatStream()],
    [MESSAGES_PATH, STREAM],
  ] as const) {
    const { gateway, upstream } = await singleRig(t, {}, { limits: { attempts: 1 } })
    upstream.next({ inBand: { after: 4, form: 'object', code: 529, message: 'overloaded' } })
    const answer = await rawPost(gateway.url, path, body)
    await answer.blocks()
    const { attempts, success, finish, why } = await outcomeOf(gateway, answer.headers['x-request-id']!)
    told.push({ attempts: attempts.map(({ backend, error }) => ({ backend, error })), success, finish, why })
  }
  t.match(told[0], { success: false })
  t.strictSame(told[1], told[0])
})

const FINISHES: readonly (readonly [finish: string, reason: string])[] = [
  ['stop', 'end_turn'],
  ['length', 'max_tokens'],
  ['content_filter', 'refusal'],
  ['error', 'max_tokens'],
]

for (const [finish, reason] of FINISHES)
  t.test(`an answer that ends with ${finish} says ${reason} (AT-31)`, async (t) => {
    const { gateway, upstream } = await singleRig(t)
    upstream.next({ finish })
    t.match(await (await rawPost(gateway.url, MESSAGES_PATH, messages())).json(), { stop_reason: reason })
    upstream.next({ finish })
    t.match((await eventsOf(await rawPost(gateway.url, MESSAGES_PATH, STREAM))).at(-2), {
      delta: { stop_reason: reason },
    })
  })

t.test('authentication, limits, budgets and the ledger hold as for a chat (AT-77)', async (t) => {
  const price = { input_per_mtok_usd: 1000, output_per_mtok_usd: 1000 }
  const keys = [{ id: 'ann', hash: hashed('sk-ann') }]
  const budgets = [{ name: 'few', of: 'key', requests: 2, per: 'month' }]
  const { gateway, upstreams } = await rig(t, {
    upstreams: { up: {} },
    config: { keys, models: { tiny: { price } }, budgets },
  })
  const ask = (path: string, key: string | null, body: object = messages()): Promise<RawResponse> =>
    rawPost(gateway.url, path, body, key === null ? {} : { 'x-api-key': key })
  for (const path of [
    MESSAGES_PATH,
    `${MESSAGES_PATH}?beta=true`,
    '/anthropic/v1/messages',
    '/v1/messages/count_tokens',
  ])
    t.equal((await ask(path, null)).status, 401, path)
  for (const body of [messages(), STREAM]) await (await ask(MESSAGES_PATH, 'sk-ann', body)).complete
  const cost = ((PROMPT_TOKENS + WORDS.length) * 1000) / 1e6
  await eventually(
    2_000,
    'both are in the books',
    async () => Math.abs((await gateway.metric('turnout_cost_usd_total')) - 2 * cost) < 1e-9,
  )
  const over = await ask(MESSAGES_PATH, 'sk-ann')
  t.equal(over.status, 429)
  t.match(await over.json(), { type: 'error', error: { type: 'rate_limit_error', code: 'budget_exceeded' } })
  t.equal((await ask('/v1/messages/count_tokens', 'sk-ann')).status, 200, 'to count costs nothing')
  t.equal(upstreams['up']!.requests.length, 2)
})
