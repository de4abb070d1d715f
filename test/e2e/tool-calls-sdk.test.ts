/** What the official SDK makes of calls that engines send in forms of their own, streamed and whole. */
import OpenAI from 'openai'
import t from 'tap'
import { chat, CHAT_PATH } from '../support/chat.ts'
import type { Plan } from '../support/fault-plan.ts'
import { outcomeOf } from '../support/outcome.ts'
import { rawPost } from '../support/raw-client.ts'
import { singleRig } from '../support/rig.ts'

type Piece = Readonly<Record<string, unknown>>

const TOOLS = ['weather', 'time'].map((name) => ({
  type: 'function' as const,
  function: { name, parameters: { type: 'object', properties: { city: { type: 'string' } } } },
}))
const fn = (name: string | null, args?: unknown): object => ({
  function: { ...(name === null ? {} : { name }), ...(args === undefined ? {} : { arguments: args }) },
})
const OSLO = '{"city":"Oslo"}'
const BERN = '{"city":"Bern"}'

const STREAMED: Readonly<Record<string, readonly (readonly Piece[])[]>> = {
  'no index, one in an event': [[{ id: 'a', ...fn('weather', OSLO) }], [{ id: 'b', ...fn('weather', BERN) }]],
  'no index, both in one event': [
    [
      { id: 'a', ...fn('weather', OSLO) },
      { id: 'b', ...fn('weather', BERN) },
    ],
  ],
  'no index, no id, no type': [[fn('weather', OSLO) as Piece], [fn('weather', BERN) as Piece]],
  'the same index in one chunk': [
    [
      { index: 0, id: 'a', ...fn('weather', OSLO) },
      { index: 0, id: 'b', ...fn('weather', BERN) },
    ],
  ],
  'two pieces of one call in one chunk': [
    [
      { index: 0, id: 'a', type: 'function', ...fn('weather', '') },
      { index: 0, ...fn(null, '{"city":') },
    ],
    [
      { index: 0, ...fn(null, '"Os') },
      { index: 0, ...fn(null, 'lo"}') },
    ],
    [
      { index: 1, id: 'b', type: 'function', ...fn('weather', '{"city":') },
      { index: 1, ...fn(null, '"Bern"}') },
    ],
  ],
  'counted from 1': [[{ index: 1, id: 'a', ...fn('weather', OSLO) }], [{ index: 2, id: 'b', ...fn('weather', BERN) }]],
  'arguments as objects': [
    [{ id: 'a', ...fn('weather', { city: 'Oslo' }) }],
    [{ id: 'b', ...fn('weather', { city: 'Bern' }) }],
  ],
}

const WHOLE: Readonly<Record<string, readonly Piece[]>> = {
  'as OpenAI has it': [
    { id: 'a', type: 'function', ...fn('weather', OSLO) },
    { id: 'b', type: 'function', ...fn('weather', BERN) },
  ],
  'no ids, no types': [fn('weather', OSLO) as Piece, fn('weather', BERN) as Piece],
  'empty ids': [
    { id: '', type: 'function', ...fn('weather', OSLO) },
    { id: 'null', type: null, ...fn('weather', BERN) },
  ],
  'one id for both': [
    { id: 'call', type: 'function', ...fn('weather', OSLO) },
    { id: 'call', type: 'function', ...fn('weather', BERN) },
  ],
  'arguments as objects': [
    { id: 'a', type: 'function', ...fn('weather', { city: 'Oslo' }) },
    { id: 'b', type: 'function', ...fn('weather', { city: 'Bern' }) },
  ],
}

const envelope = { id: 'c', created: 1, model: 'tiny' }

function streamPlan(events: readonly (readonly Piece[])[], finish: string): Plan {
  const chunk = (delta: object, finish_reason: string | null): string =>
    JSON.stringify({ ...envelope, object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason }] })
  return {
    events: [
      chunk({ role: 'assistant', content: null }, null),
      ...events.map((tool_calls) => chunk({ tool_calls }, null)),
      chunk({}, finish),
    ],
  }
}

const wholePlan = (tool_calls: readonly Piece[], finish_reason: string): Plan => ({
  body: {
    ...envelope,
    object: 'chat.completion',
    choices: [{ index: 0, message: { role: 'assistant', content: null, tool_calls }, finish_reason }],
    usage: { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 },
  },
})

const PLANS: Readonly<Record<string, readonly [plan: Plan, stream: boolean]>> = Object.fromEntries([
  ...Object.entries(STREAMED).map(([name, events]) => [`streamed: ${name}`, [streamPlan(events, 'tool_calls'), true]]),
  ...Object.entries(STREAMED).map(([name, events]) => [
    `streamed, byte by byte: ${name}`,
    [{ ...streamPlan(events, 'TOOL_CALL'), split: 'every' }, true],
  ]),
  ...Object.entries(WHOLE).map(([name, calls]) => [`whole: ${name}`, [wholePlan(calls, 'tool_use'), false]]),
]) as Record<string, readonly [Plan, boolean]>

t.test('both calls come out right, whatever form they came in', async (t) => {
  const { gateway, upstream } = await singleRig(t)
  const openai = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'any', maxRetries: 0 })
  const body = { model: 'tiny', messages: [{ role: 'user' as const, content: 'x' }], tools: TOOLS }
  for (const [name, [plan, stream]] of Object.entries(PLANS)) {
    upstream.next(plan)
    const headers = { 'x-request-id': String(upstream.requests.length) }
    const done = stream
      ? await openai.chat.completions.stream(body, { headers }).finalChatCompletion()
      : await openai.chat.completions.create(body, { headers })
    const [choice] = done.choices
    t.equal(choice?.finish_reason, 'tool_calls', name)
    const calls = (choice?.message.tool_calls ?? []) as {
      id: string
      type: string
      function: { name: string; arguments: string }
    }[]
    t.strictSame(
      calls.map(({ type, function: { name: called, arguments: text } }) => [type, called, JSON.parse(text)]),
      [
        ['function', 'weather', { city: 'Oslo' }],
        ['function', 'weather', { city: 'Bern' }],
      ],
      name,
    )
    t.equal(new Set(calls.map(({ id }) => id)).size, 2, `${name}: ids of their own`)
    t.ok(calls.every(({ id }) => id.length > 0 && id !== 'null'))
    t.match(
      await outcomeOf(gateway, headers['x-request-id']),
      { success: true, score: 1, finish: 'tool_calls', why: null },
      name,
    )
  }
})

t.test('a whole answer that is right passes byte for byte', async (t) => {
  const text = JSON.stringify(wholePlan(WHOLE['as OpenAI has it']!, 'tool_calls').body).replace(
    '"created":1',
    '"created" : 1.0',
  )
  const { gateway, upstream } = await singleRig(t)
  upstream.next({ body: text, contentType: 'application/json' })
  t.equal((await (await rawPost(gateway.url, CHAT_PATH, chat())).body()).toString(), text)
})

t.test("an engine's own word for the end: the caller gets OpenAI's and that one, the log a known one", async (t) => {
  const { gateway, upstream } = await singleRig(t)
  const rows = [
    ['eos_token', 'stop', 'stop', 'eos_token'],
    ['END_TURN', 'stop', 'stop', 'END_TURN'],
    ['max_tokens', 'length', 'length', 'max_tokens'],
    ['SAFETY', 'content_filter', 'content_filter', 'SAFETY'],
    ['stop', 'stop', 'stop', undefined],
    ['network_error', 'network_error', 'error', undefined],
    ['canary-of-a-prompt', 'canary-of-a-prompt', 'unknown', undefined],
  ] as const
  for (const [word, seen, logged, native] of rows)
    for (const stream of [true, false]) {
      upstream.next({ finish: word })
      const id = `${word}-${stream}`.replace('canary', 'row')
      const answer = (
        await (await rawPost(gateway.url, CHAT_PATH, { ...chat(), stream }, { 'x-request-id': id })).body()
      ).toString()
      const found = /"finish_reason": ?"([^"]*)"/.exec(answer)?.[1]
      t.equal(found, seen, id)
      t.equal(/"native_finish_reason": ?"([^"]*)"/.exec(answer)?.[1], native, id)
      t.equal((await outcomeOf(gateway, id)).finish, logged, id)
    }
  t.notOk(gateway.logged().includes('canary'))
})
