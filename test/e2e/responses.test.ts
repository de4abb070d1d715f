/** Callers of the Responses API, answered by backends of chat. */
import OpenAI from 'openai'
import type { ResponseCreateParamsNonStreaming } from 'openai/resources/responses/responses'
import t, { type Test } from 'tap'
import type { Plan } from '../support/fault-plan.ts'
import { failing } from '../support/fault-plan.ts'
import { PROMPT_TOKENS, WORDS } from '../support/openai-answers.ts'
import { RawClient, rawPost } from '../support/raw-client.ts'
import { isOrderly, readResponses, RESPONSES_PATH, withoutIds } from '../support/responses-stream.ts'
import { pairRig, type RigOptions, type SingleRig, singleRig } from '../support/rig.ts'

// Some hundreds of requests one after the other: a busy machine takes its time.
t.setTimeout(120_000)

const TEXT = WORDS.join('')
const ASKED = { model: 'tiny', input: 'Where does the river run?' }
const LIVE = { ...ASKED, stream: true }

async function sdk(
  test: Test,
  plan: Plan = {},
  rest: RigOptions = {},
): Promise<SingleRig & { readonly openai: OpenAI }> {
  const rig = await singleRig(test, { plan }, rest)
  return { ...rig, openai: new OpenAI({ baseURL: `${rig.gateway.url}/v1`, apiKey: 'any', maxRetries: 0 }) }
}

t.test('a whole answer reads well in the SDK', async (t) => {
  const { openai, upstream } = await sdk(t)
  const answer = await openai.responses.create({ ...ASKED, instructions: 'Be brief.', max_output_tokens: 90 })
  t.equal(answer.output_text, TEXT)
  t.match(answer, { object: 'response', status: 'completed', model: 'tiny', instructions: 'Be brief.' })
  t.match(answer.usage, {
    input_tokens: PROMPT_TOKENS,
    input_tokens_details: { cached_tokens: 3 },
    output_tokens: WORDS.length,
    total_tokens: PROMPT_TOKENS + WORDS.length,
  })
  t.match(answer.id, /^resp_/)
  const { model, messages, max_tokens } = upstream.requests[0]!.json!
  t.strictSame(
    { model, messages, max_tokens },
    {
      model: 'tiny',
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: ASKED.input },
      ],
      max_tokens: 90,
    },
  )
})

t.test('the strict stream helper sums up what each kind of answer is', async (t) => {
  const tools: ResponseCreateParamsNonStreaming['tools'] = [
    { type: 'function', name: 'weather', parameters: { type: 'object', properties: {} }, strict: false },
    { type: 'custom', name: 'patch', format: { type: 'grammar', syntax: 'lark', definition: 'start: /a+/' } },
  ]
  const cases: readonly (readonly [name: string, plan: Plan, output: readonly object[]])[] = [
    ['text', {}, [{ type: 'message', content: [{ type: 'output_text', text: TEXT }] }]],
    [
      'thoughts before text',
      { reasoning: ['so ', 'be it'] },
      [
        { type: 'reasoning', summary: [{ type: 'summary_text', text: 'so be it' }] },
        { type: 'message', content: [{ text: TEXT }] },
      ],
    ],
    [
      'a function',
      { toolCall: { name: 'weather', arguments: ['{"city":', '"Bern"}'] } },
      [
        {
          type: 'function_call',
          call_id: 'call_1',
          name: 'weather',
          arguments: '{"city":"Bern"}',
          status: 'completed',
        },
      ],
    ],
    [
      'a tool that takes free text',
      { toolCall: { name: 'patch', arguments: ['{"input":', '"a\\na"}'] } },
      [{ type: 'custom_tool_call', call_id: 'call_1', name: 'patch', input: 'a\na' }],
    ],
  ]
  const { openai, upstream } = await sdk(t)
  for (const [name, plan, output] of cases) {
    upstream.next(plan, plan)
    const asked = { ...ASKED, tools, reasoning: { summary: 'auto' as const } }
    const final = await openai.responses.stream(asked).finalResponse()
    t.match(final.output, output, name)
    t.equal(final.output.length, output.length, name)
    const whole = await openai.responses.create(asked)
    t.match(whole.output, output, `${name}, whole`)
  }
})

t.test(
  'every split of the upstream stream gives the same events, in order, and the whole answer is the last of them',
  async (t) => {
    const plan: Plan = { words: ['größe ', '水と', '🚂', '\r\n'], reasoning: ['é'], eol: '\r\n', comments: true }
    const { gateway, upstream } = await singleRig(t, { plan })
    const client = await RawClient.open(gateway.url)
    const read = async (): ReturnType<typeof readResponses> =>
      readResponses(await client.send(RESPONSES_PATH, { body: LIVE }))
    const first = await read()
    isOrderly(t, first)
    t.equal(first.text, plan.words!.join(''))
    const whole = await rawPost(gateway.url, RESPONSES_PATH, ASKED)
    t.strictSame(withoutIds(await whole.json()), withoutIds(first.response))
    const expected = JSON.stringify(withoutIds(first.events))
    upstream.next({ ...plan, split: 'every' })
    t.equal(JSON.stringify(withoutIds((await read()).events)), expected, 'each byte by itself')
    const different: number[] = []
    for (let at = 1; at < 1_400; at++) {
      upstream.next({ ...plan, split: [at] })
      if (JSON.stringify(withoutIds((await read()).events)) !== expected) different.push(at)
    }
    t.strictSame(different, [])
    client.socket.destroy()
  },
)

t.test('how an answer ends is told in the words of this API', async (t) => {
  const { gateway, upstream } = await singleRig(t)
  const cases: readonly (readonly [finish: string, status: string, reason: string | null])[] = [
    ['stop', 'completed', null],
    ['length', 'incomplete', 'max_output_tokens'],
    ['content_filter', 'incomplete', 'content_filter'],
  ]
  for (const [finish, status, reason] of cases)
    for (const stream of [false, true]) {
      upstream.next({ finish })
      const answer = await rawPost(gateway.url, RESPONSES_PATH, { ...ASKED, stream })
      const response = stream ? (await readResponses(answer)).response : await answer.json()
      t.match(response, { status, incomplete_details: reason === null ? null : { reason } }, `${finish}, ${stream}`)
    }
})

t.test('a stream that breaks off ends with response.failed and what there is of the answer', async (t) => {
  const { gateway, upstream } = await singleRig(t)
  const faults: readonly Plan[] = [
    { inBand: { after: 4, form: 'object' } },
    { cut: { events: 4, how: 'reset' } },
    { cut: { events: 4, how: 'fin' } },
    { malformed: { at: 4, how: 'text' } },
  ]
  for (const fault of faults) {
    upstream.next(fault)
    const read = await readResponses(await rawPost(gateway.url, RESPONSES_PATH, LIVE))
    const name = JSON.stringify(fault)
    isOrderly(t, read, name)
    t.equal(read.types.at(-1), 'response.failed', name)
    t.match(
      read.response,
      { status: 'failed', error: { code: /./, message: /./ }, output: [{ type: 'message' }] },
      name,
    )
    t.ok(TEXT.startsWith(read.text) && read.text !== '', name)
  }
})

t.test(
  'an error before the first event has its own status, and another backend is asked where that may help',
  async (t) => {
    const { gateway, upstreams } = await pairRig(t)
    const { a, b } = upstreams
    a.next({ inBand: { after: 0, form: 'flat', code: 400, type: 'BadRequestError', message: 'bad input' } })
    const refused = await rawPost(gateway.url, RESPONSES_PATH, { ...LIVE, model: 'pair' })
    t.equal(refused.status, 400)
    t.match(await refused.json(), { error: { message: /bad input/, source: 'caller' } })
    t.equal(b.requests.length, 0)
    a.next(failing(503))
    const rescued = await readResponses(await rawPost(gateway.url, RESPONSES_PATH, { ...LIVE, model: 'pair' }))
    isOrderly(t, rescued)
    t.equal(rescued.text, TEXT)
  },
)

t.test('what is not served is refused by name, with what to do instead', async (t) => {
  const { gateway, upstream } = await singleRig(t)
  const cases: readonly (readonly [body: object, param: string, says: RegExp])[] = [
    [{ background: true }, 'background', /stream/],
    [{ conversation: 'conv_1' }, 'conversation', /previous_response_id/],
    [{ prompt: { id: 'pmpt_1' } }, 'prompt', /instructions/],
    [{ input: null }, 'input', /string or an array/],
    [{ input: [7] }, 'input[0]', /object/],
    [{ input: [{ role: 'king', content: 'x' }] }, 'input[0]', /role/],
    [{ input: [{ type: 'function_call', name: 'f' }] }, 'input[0]', /call_id/],
    [{ input: [{ type: 'item_reference', id: 'x' }] }, 'input[0]', /send the item/],
    [{ model: '' }, 'model', /string/],
    [{ stream: 'yes' }, 'stream', /true or false/],
  ]
  for (const [body, param, says] of cases) {
    const answer = await rawPost(gateway.url, RESPONSES_PATH, { ...ASKED, ...body })
    t.equal(answer.status, 400, param)
    t.match(await answer.json(), { error: { param, message: says } }, param)
  }
  t.equal(upstream.requests.length, 0)
})

t.test(
  'a tool that its maker runs is left out and named; where nothing else can answer it is refused by name',
  async (t) => {
    const { gateway, upstream } = await singleRig(t)
    const search = { type: 'web_search', external_web_access: true }
    const weather = { type: 'function', name: 'weather', parameters: { type: 'object', properties: {} } }
    const served = await rawPost(gateway.url, RESPONSES_PATH, { ...ASKED, tools: [search, weather] })
    t.equal(served.status, 200)
    t.match(upstream.requests[0]?.json?.['tools'], [{ type: 'function', function: { name: 'weather' } }])
    for (const body of [{ tools: [search] }, { tools: [search, weather], tool_choice: { type: 'web_search' } }]) {
      const refused = await rawPost(gateway.url, RESPONSES_PATH, { ...ASKED, ...body })
      t.equal(refused.status, 400)
      t.match(await refused.json(), { error: { code: 'unsupported', message: /web_search/ } })
    }
    t.equal(upstream.requests.length, 1)
  },
)

t.test(
  'tools in namespaces, and those that a search has found, are called by plain names and answered by their own',
  async (t) => {
    const { gateway, upstream } = await singleRig(t)
    const spawn = { type: 'function', name: 'spawn', parameters: { type: 'object', properties: {} } }
    const tools = [
      { type: 'namespace', name: 'agents', tools: [spawn] },
      { type: 'tool_search', execution: 'client', description: 'Finds tools.', parameters: { type: 'object' } },
    ]
    const input = [
      { role: 'user', content: 'go' },
      { type: 'tool_search_call', call_id: 'c1', execution: 'client', arguments: { query: 'clock' } },
      {
        type: 'tool_search_output',
        call_id: 'c1',
        execution: 'client',
        tools: [{ type: 'namespace', name: 'clock', tools: [{ ...spawn, name: 'now' }] }],
      },
    ]
    const output = async (name: string, args: string): Promise<unknown> => {
      upstream.next({ toolCall: { name, arguments: [args] } })
      const answer = await rawPost(gateway.url, RESPONSES_PATH, { ...LIVE, input, tools })
      const read = await readResponses(answer)
      isOrderly(t, read, name)
      return read.response['output']
    }
    t.match(await output('agents__spawn', '{}'), [{ type: 'function_call', name: 'spawn', namespace: 'agents' }])
    t.match(await output('clock__now', '{}'), [{ type: 'function_call', name: 'now', namespace: 'clock' }])
    t.match(await output('tool_search', '{"query":"x"}'), [
      { type: 'tool_search_call', execution: 'client', arguments: { query: 'x' } },
    ])
    t.match(await output('unheard', '{}'), [{ type: 'function_call', name: 'unheard' }])
    const { tools: sent, messages } = upstream.requests[0]!.json as {
      readonly tools: readonly { readonly function: { readonly name: string } }[]
      readonly messages: readonly object[]
    }
    t.strictSame(
      sent.map((tool) => tool.function.name),
      ['agents__spawn', 'tool_search', 'clock__now'],
    )
    t.match(messages, [
      { role: 'user' },
      {
        role: 'assistant',
        tool_calls: [{ id: 'c1', function: { name: 'tool_search', arguments: '{"query":"clock"}' } }],
      },
      { role: 'tool', tool_call_id: 'c1', content: /clock__now/ },
    ])
  },
)

t.test(
  'a silent stream is kept open by comments, and a caller who leaves at any stage ends the call of the backend',
  async (t) => {
    const { gateway, upstream } = await singleRig(t, {}, { limits: { keep_alive: '40ms' } })
    upstream.next({ firstAfter: 200 })
    const silent = await readResponses(await rawPost(gateway.url, RESPONSES_PATH, LIVE))
    isOrderly(t, silent)
    t.ok(silent.comments >= 2, `${silent.comments} comments`)
    const stages: readonly (readonly [name: string, plan: Plan])[] = [
      ['before the status line', { headersAfter: 'never' }],
      ['before the first event', { firstAfter: 'never' }],
      ['in the middle', { stallAfter: 4 }],
    ]
    for (const [name, plan] of stages)
      for (const stream of [true, false]) {
        upstream.next(plan)
        const before = upstream.requests.length
        const client = await RawClient.open(gateway.url)
        client.send(RESPONSES_PATH, { body: { ...ASKED, stream } }).catch(() => undefined)
        await upstream.waitRequest(before + 1)
        client.socket.destroy()
        t.equal(await gateway.settled('turnout_inflight_requests', {}, 0), 0, `${name}, ${stream}`)
        await upstream.waitSockets(0)
      }
  },
)

t.test('keys, limits and the books apply as to any inference', async (t) => {
  const { gateway } = await singleRig(t, {}, { keys: [{ id: 'ann', key: 'key-of-ann', rpm: 2 }] })
  const ask = async (key: string): Promise<number> =>
    (await rawPost(gateway.url, RESPONSES_PATH, ASKED, { authorization: `Bearer ${key}` })).status
  t.equal((await rawPost(gateway.url, RESPONSES_PATH, ASKED)).status, 401)
  t.equal(await ask('no key'), 401)
  t.strictSame([await ask('key-of-ann'), await ask('key-of-ann'), await ask('key-of-ann')], [200, 200, 429])
  t.equal(await gateway.settled('turnout_tokens_total', { kind: 'input' }, 2 * PROMPT_TOKENS), 2 * PROMPT_TOKENS)
  t.equal(await gateway.metric('turnout_requests_total', { endpoint: 'responses', status: '200' }), 2)
  for (const path of ['resp_1', 'resp_1/input_items'])
    t.equal((await fetch(`${gateway.url}${RESPONSES_PATH}/${path}`)).status, 401, path)
})
