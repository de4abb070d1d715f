import t from 'tap'
import { eventually } from '../support/await.ts'
import { chat, chatStream, CHAT_PATH, EMBEDDINGS_PATH, readStream } from '../support/chat.ts'
import { streamFrames } from '../support/fault-frames.ts'
import type { Plan } from '../support/fault-plan.ts'
import { liveRequest } from '../support/fault-record.ts'
import type { Gateway } from '../support/gateway.ts'
import { type Outcome, outcomeOf } from '../support/outcome.ts'
import { RawClient, rawPost } from '../support/raw-client.ts'
import { pairRig, rig, singleRig } from '../support/rig.ts'

const SCHEMA = {
  type: 'object',
  properties: { city: { type: 'string' }, größe: { type: 'number' } },
  required: ['city'],
  additionalProperties: false,
}
const JSON_MODE = { response_format: { type: 'json_object' } }
const SCHEMA_MODE = {
  response_format: { type: 'json_schema', json_schema: { name: 'x', strict: true, schema: SCHEMA } },
}
const TOOLS = {
  tools: [{ type: 'function', function: { name: 'find', description: 'x'.repeat(5_000), parameters: SCHEMA } }],
}

const call = (name: string, ...pieces: string[]): Plan => ({ toolCall: { name, arguments: pieces } })
const GOOD_CALL = call('find', '{"ci', 'ty": "Kö', 'ln", "grö', 'ße": 1', '.5}')
const GOOD_JSON: Plan = { words: ['{"city"', ': "Kö', 'ln\\n🚂', '", "größe": ', '4e1', '}'] }

type Row = readonly [
  extra: Readonly<Record<string, unknown>>,
  plan: Plan,
  success: boolean,
  score: number | null,
  why: string | null,
  waste: string | null,
]
const ROWS: Readonly<Record<string, Row>> = {
  'no check': [{}, {}, true, 1, null, null],
  JSON: [JSON_MODE, GOOD_JSON, true, 1, null, null],
  'prose in place of JSON': [JSON_MODE, {}, false, 0, 'not_json', 'invalid_output'],
  'JSON in a fence': [JSON_MODE, { words: ['```json\n', '{}', '\n```'] }, false, 0, 'not_json', 'invalid_output'],
  schema: [SCHEMA_MODE, GOOD_JSON, true, 1, null, null],
  'another schema': [SCHEMA_MODE, { words: ['{"größe"', ':1}'] }, false, 0, 'schema_mismatch', 'invalid_output'],
  'a tool call': [TOOLS, GOOD_CALL, true, 1, null, null],
  'text where a tool could have been called': [TOOLS, {}, true, 1, null, null],
  'text where a tool must be called': [
    { ...TOOLS, tool_choice: 'required' },
    {},
    false,
    0,
    'no_tool_call',
    'invalid_output',
  ],
  'a wrong tool': [TOOLS, call('fund', '{"city":', '"x"}'), false, 0, 'unknown_tool', 'invalid_output'],
  'arguments that are no JSON': [
    TOOLS,
    call('find', '{"city":', '"x"'),
    false,
    0,
    'arguments_not_json',
    'invalid_output',
  ],
  'arguments that do not fit': [
    TOOLS,
    call('find', '{"town":', '"x"}'),
    false,
    0,
    'arguments_mismatch',
    'invalid_output',
  ],
  'cut at a length': [JSON_MODE, { words: ['{"a'], finish: 'length' }, false, 0, 'truncated', 'truncated'],
  filtered: [JSON_MODE, { words: ['{"a'], finish: 'content_filter' }, false, 0, 'refusal', 'refusal'],
  empty: [{}, { words: [] }, false, 0, 'empty', 'empty'],
  'more than is held': [
    JSON_MODE,
    { words: Array.from({ length: 300 }, () => 'x'.repeat(1024)) },
    true,
    null,
    'unchecked',
    null,
  ],
  'a schema that cannot be used': [
    { response_format: { type: 'json_schema', json_schema: { schema: { $ref: 'http://127.0.0.1:1/x' } } } },
    GOOD_JSON,
    true,
    null,
    'unchecked',
    null,
  ],
}

t.setTimeout(180_000)

/** Sends until there was time for the check: a busy machine leaves an answer unchecked, which says nothing of it. */
async function checked(gateway: Gateway, id: string, send: (id: string) => Promise<unknown>): Promise<Outcome> {
  let outcome: Outcome | undefined
  let round = 0
  await eventually(30_000, `a check of ${id}`, async () => {
    const name = `${id}-round-${round++}`
    await send(name)
    outcome = await outcomeOf(gateway, name)
    return outcome.why !== 'unchecked'
  })
  return outcome!
}

t.test('streamed or whole: the same verdict', async (t) => {
  const { gateway, upstream } = await singleRig(t)
  for (const [name, [extra, plan, success, score, why, waste]] of Object.entries(ROWS)) {
    for (const stream of [false, true]) {
      const id = `${Object.keys(ROWS).indexOf(name)}-${stream}`
      const send = async (request: string): Promise<void> => {
        upstream.next(plan)
        const headers = { 'x-request-id': request }
        await (await rawPost(gateway.url, CHAT_PATH, { ...chat(extra), stream }, headers)).body()
      }
      if (why === 'unchecked') await send(id)
      const outcome = await (why === 'unchecked' ? outcomeOf(gateway, id) : checked(gateway, id, send))
      const found = [outcome.success, outcome.score, outcome.why, outcome.wasted?.reason ?? null]
      t.strictSame(found, [success, score, why, waste], `${name}, ${stream ? 'streamed' : 'whole'}`)
    }
  }
  t.ok((await gateway.metric('turnout_wasted_tokens_total', { reason: 'invalid_output' })) > 0)
  for (const word of ['Köln', 'prose', '```']) t.notOk(gateway.logged().includes(word), `no ${word} in the log`)
})

/** No other thread has to be waited for. */
const KNOWN_AT_ONCE: readonly string[] = [
  'no check',
  'text where a tool could have been called',
  'text where a tool must be called',
  'cut at a length',
  'filtered',
  'empty',
  'more than is held',
]

t.test('what an answer says of itself is what the log says, or nothing while its check is pending', async (t) => {
  const { gateway, upstream } = await singleRig(t)
  for (const [name, [extra, plan]] of Object.entries(ROWS))
    for (const stream of [false, true]) {
      upstream.next(plan)
      const id = `said-${Object.keys(ROWS).indexOf(name)}-${stream}`
      const headers = { 'x-request-id': id, 'x-turnout-explain': '1' }
      const response = await rawPost(gateway.url, CHAT_PATH, { ...chat(extra), stream }, headers)
      const answer = stream ? (await readStream(response)).chunks.at(-1) : await response.json()
      const said = (answer?.['turnout'] as { outcome: Outcome }).outcome
      const logged = await outcomeOf(gateway, id)
      const pending = { ...logged, success: null, score: null, why: null, wasted: null }
      t.strictSame(said, KNOWN_AT_ONCE.includes(name) ? logged : pending, `${name}, ${stream ? 'streamed' : 'whole'}`)
    }
})

t.test('a refusal in its own field', async (t) => {
  const { gateway, upstream } = await singleRig(t)
  const envelope = { id: 'c', object: 'chat.completion.chunk', model: 'tiny' }
  const event = (delta: object, finish_reason: string | null = null): string =>
    JSON.stringify({ ...envelope, choices: [{ index: 0, delta, finish_reason }] })
  upstream.next(
    {
      events: [
        event({ role: 'assistant', refusal: null }),
        event({ refusal: 'I ' }),
        event({ refusal: 'won’t' }),
        event({}, 'stop'),
      ],
    },
    {
      body: {
        ...envelope,
        choices: [
          { index: 0, message: { role: 'assistant', content: null, refusal: 'I won’t' }, finish_reason: 'stop' },
        ],
      },
    },
  )
  for (const stream of [true, false]) {
    const id = `refused-${stream}`
    await (await rawPost(gateway.url, CHAT_PATH, { ...chat(SCHEMA_MODE), stream }, { 'x-request-id': id })).body()
    t.match(await outcomeOf(gateway, id), { success: false, score: 0, why: 'refusal', wasted: { reason: 'refusal' } })
  }
})

/** The body that this plan makes of this request, as the upstream builds it. */
function bodyLength(plan: Plan, json: Record<string, unknown>): number {
  const request = liveRequest({
    number: 1,
    method: 'POST',
    path: CHAT_PATH,
    rawHeaders: [],
    headers: {},
    bytes: Buffer.alloc(0),
    json,
    socket: 1,
    reused: false,
    at: 0,
    unknown: [],
  })
  return streamFrames(request, plan).reduce((sum, frame) => sum + frame.bytes.length, 0)
}

const SPLIT: Readonly<Record<string, readonly [extra: Readonly<Record<string, unknown>>, plan: Plan]>> = {
  'a JSON answer': [SCHEMA_MODE, GOOD_JSON],
  'a tool call': [TOOLS, GOOD_CALL],
}

for (const [name, [extra, plan]] of Object.entries(SPLIT))
  t.test(`split at every byte: ${name}`, async (t) => {
    const { gateway, upstream } = await singleRig(t)
    const body = chatStream({ ...extra, stream_options: { include_usage: true } })
    const client = await RawClient.open(gateway.url)
    const length = bodyLength({ ...plan, usage: 'never' }, body)
    t.ok(length > 500)
    for (let at = 1; at < length; at++) {
      upstream.next({ ...plan, usage: 'never', split: [at] })
      await readStream(await client.send(CHAT_PATH, { body, headers: { 'x-request-id': `at-${at}` } }))
    }
    const linesOf = (): string[] =>
      gateway
        .logged()
        .split('\n')
        .filter((line) => line.includes('"msg":"request"'))
    await outcomeOf(gateway, `at-${length - 1}`)
    for (const line of linesOf().filter((one) => one.includes('"why":"unchecked"'))) {
      const at = Number(/"request_id":"at-(\d+)"/.exec(line)?.[1])
      await checked(gateway, `again-${at}`, async (id) => {
        upstream.next({ ...plan, usage: 'never', split: [at] })
        await readStream(await client.send(CHAT_PATH, { body, headers: { 'x-request-id': id } }))
      })
    }
    client.destroy()
    await checked(gateway, 'all', async (id) => {
      upstream.next({ ...plan, split: 'every', eol: '\r\n', manyLines: true, comments: true })
      await (await rawPost(gateway.url, CHAT_PATH, body, { 'x-request-id': id })).body()
    })
    const lines = linesOf().filter((line) => !line.includes('"why":"unchecked"'))
    t.equal(lines.length, length)
    t.strictSame(
      lines.filter((line) => !line.includes('"success":true,"score":1,"why":null')),
      [],
    )
  })

t.test('a caller who leaves says nothing about the model', async (t) => {
  const { gateway, upstream } = await singleRig(t, { plan: { ...GOOD_JSON, stallAfter: 3 } })
  const body = chatStream(JSON_MODE)
  const client = await RawClient.open(gateway.url)
  const response = await client.send(CHAT_PATH, { body, headers: { 'x-request-id': 'left' } })
  await response.next()
  client.destroy()
  t.match(await outcomeOf(gateway, 'left'), { success: false, score: null, why: 'client_closed' })
  t.equal(upstream.requests.length, 1)
})

t.test('nor does a stream that breaks, nor a backend that failed before another answered', async (t) => {
  const { gateway, upstreams } = await pairRig(t)
  upstreams.a.next({ ...GOOD_JSON, cut: { events: 3, how: 'reset' } }, { status: 500, body: {} })
  const post = async (id: string): Promise<Outcome> => {
    const body = { ...chatStream(JSON_MODE), model: 'pair' }
    await (await rawPost(gateway.url, CHAT_PATH, body, { 'x-request-id': id })).body().catch(() => undefined)
    return outcomeOf(gateway, id)
  }
  t.match(await post('broken'), { success: false, score: null, why: /^upstream_/ })
  upstreams.b.next(GOOD_JSON)
  t.match(await post('second'), { success: true, score: 1, why: null })
})

t.test("a route's own word on what is useful, and embeddings", async (t) => {
  const { gateway, upstreams } = await rig(t, {
    upstreams: { a: {} },
    config: {
      routes: [
        { name: 'json', candidates: ['a/*'], success: { json: true } },
        { name: 'long', candidates: ['a/*'], success: { finish: ['stop', 'length'] } },
      ],
    },
  })
  const post = async (path: string, body: object): Promise<Outcome> => {
    const id = `r-${gateway.logged().length}`
    await (await rawPost(gateway.url, path, body, { 'x-request-id': id })).body()
    return outcomeOf(gateway, id)
  }
  t.match(await post(CHAT_PATH, { ...chat(), model: 'json' }), { success: false, score: 0, why: 'not_json' })
  upstreams.a!.next({ finish: 'length' }, { finish: 'length' })
  t.match(await post(CHAT_PATH, { ...chatStream(), model: 'long' }), { success: true, score: 1, why: null })
  t.match(await post(CHAT_PATH, chat()), { success: false, score: 0, why: 'truncated' })
  t.match(await post(EMBEDDINGS_PATH, { model: 'tiny', input: 'x' }), { success: true, score: null, why: null })
})
