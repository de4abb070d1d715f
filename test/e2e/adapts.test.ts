import t from 'tap'
import { caseJson, noCases } from '../support/cases.ts'
import { chat, CHAT_PATH, errorOf, readStream } from '../support/chat.ts'
import { failing, type Plan } from '../support/fault-plan.ts'
import type { RecordedRequest } from '../support/fault-record.ts'
import type { Gateway } from '../support/gateway.ts'
import { rawPost, type RawResponse } from '../support/raw-client.ts'
import { pairRig, singleRig } from '../support/rig.ts'

/** What a backend refuses and takes in another form is sent in that form, at once and from then on, to it alone. */
const DEVELOPER = {
  messages: [
    { role: 'developer', content: 'Be brief.' },
    { role: 'user', content: 'hi' },
  ],
}

type Json = Readonly<Record<string, unknown>>

const roles = (json: Json | undefined): unknown[] =>
  ((json?.['messages'] ?? []) as { role: string }[]).map(({ role }) => role)
const has =
  (field: string) =>
  (json: Json | undefined): boolean =>
    json?.[field] !== undefined

interface Case {
  readonly asked: Json
  readonly refuses: (json: Json | undefined) => boolean
  readonly refusal: Plan
  /** What the backend gets in the end. */
  readonly sent: (json: Json | undefined) => unknown
  readonly wanted: unknown
}

const developer = (refusal: Plan): Case => ({
  asked: DEVELOPER,
  refuses: (json) => roles(json).includes('developer'),
  refusal,
  sent: roles,
  wanted: ['system', 'user'],
})

const dropped = (field: string, value: unknown, refusal: Plan): Case => ({
  asked: { [field]: value },
  refuses: has(field),
  refusal,
  sent: (json) => json?.[field],
  wanted: undefined,
})

const renamed = (from: string, to: string, refusal: Plan): Case => ({
  asked: { [from]: 50 },
  refuses: has(from),
  refusal,
  sent: (json) => json?.[to],
  wanted: 50,
})

const extra = (field: string): Plan => ({
  status: 422,
  body: {
    detail: [{ type: 'extra_forbidden', loc: ['body', field], msg: 'Extra inputs are not permitted', input: true }],
  },
})

const CALLS = ['a', 'b'].map((id) => ({ id, type: 'function', function: { name: 'f', arguments: '{}' } }))
const SEALED = { extra_content: { google: { thought_signature: 'c2ln' } } }
const LOST = { extra_content: { google: { thought_signature: 'skip_thought_signature_validator' } } }

/** Calls as they are sent, by message. */
const calls = (json: Json | undefined): unknown[] =>
  ((json?.['messages'] ?? []) as { tool_calls?: unknown }[]).flatMap(({ tool_calls }) =>
    tool_calls === undefined ? [] : [tool_calls],
  )

/** A client that keeps no signatures, in a conversation that had one. */
const unsigned: Case = {
  asked: {
    messages: [
      { role: 'user', content: 'hi' },
      { role: 'assistant', content: null, tool_calls: [{ ...CALLS[0], ...SEALED }] },
      { role: 'tool', tool_call_id: 'a', content: '1' },
      { role: 'assistant', content: null, tool_calls: CALLS },
      ...CALLS.map(({ id }) => ({ role: 'tool', tool_call_id: id, content: '2' })),
    ],
  },
  refuses: (json) => calls(json).some((list) => !JSON.stringify((list as unknown[])[0]).includes('thought_signature')),
  refusal: failing(400, { message: 'Function call is missing a thought_signature in functionCall parts.' }),
  sent: calls,
  wanted: [[{ ...CALLS[0], ...SEALED }], [{ ...CALLS[0], ...LOST }, CALLS[1]]],
}

const CASES: Readonly<Record<string, Case>> = {
  'calls without a signature, Gemini': unsigned,
  'developer, by serde': developer(
    failing(400, {
      message: 'messages[0].role: unknown variant `developer`, expected one of `system`, `user`, `assistant`, `tool`',
    }),
  ),
  'developer, by pydantic': developer(
    failing(422, {
      message:
        "[{'type': 'literal_error', 'loc': ('body', 'messages', 0, 'role'), 'msg': \"Input should be 'system', 'user', 'assistant' or 'tool'\", 'input': 'developer'}]",
    }),
  ),
  'developer, by a template': developer(failing(500, { message: 'Jinja template error: Unexpected message role.' })),
  'developer, by a template, 400': developer(
    failing(400, { message: 'Only user, assistant and system roles are supported!' }),
  ),
  'developer, by its name': developer(failing(400, { message: 'Invalid role: developer' })),
  'developer, as a value': developer(
    failing(400, {
      message: "Unsupported value: 'messages[0].role' does not support 'developer' with this model.",
      code: 'unsupported_value',
    }),
  ),
  'developer, Gemini': developer(failing(400, { message: 'Please use a valid role: user, model.' })),
  'max_tokens of a model that thinks': renamed(
    'max_tokens',
    'max_completion_tokens',
    failing(400, {
      message:
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
      code: 'unsupported_parameter',
    }),
  ),
  'max_completion_tokens of an old engine': renamed(
    'max_completion_tokens',
    'max_tokens',
    failing(400, { message: 'Unrecognized request argument supplied: max_completion_tokens' }),
  ),
  'max_completion_tokens, refused as extra': renamed(
    'max_completion_tokens',
    'max_tokens',
    extra('max_completion_tokens'),
  ),
  store: dropped('store', false, extra('store')),
  metadata: dropped(
    'metadata',
    { a: 'b' },
    failing(400, { message: 'Unrecognized request argument supplied: metadata' }),
  ),
  user: dropped('user', 'u-1', failing(400, { message: "property 'user' is unsupported" })),
  safety_identifier: dropped(
    'safety_identifier',
    'x',
    failing(400, { message: 'Invalid JSON payload received. Unknown name "safety_identifier": Cannot find field.' }),
  ),
  prompt_cache_key: dropped(
    'prompt_cache_key',
    'x',
    failing(400, { message: 'Unknown parameter: prompt_cache_key', code: 'unknown_parameter' }),
  ),
  'parallel_tool_calls as it is anyhow': dropped(
    'parallel_tool_calls',
    true,
    failing(400, {
      message: "Unsupported parameter: 'parallel_tool_calls' is not supported with this model.",
      code: 'unsupported_parameter',
    }),
  ),
}

const ask = (gateway: Gateway, more: object, stream: boolean): Promise<RawResponse> =>
  rawPost(gateway.url, CHAT_PATH, { ...chat(), ...more, stream })

for (const [name, { asked, refuses, refusal, sent, wanted }] of Object.entries(CASES))
  for (const stream of [false, true])
    t.test(
      `${name}, ${stream ? 'streamed' : 'whole'}: refused once, taken in another form, and known from then on`,
      async (t) => {
        const { gateway, upstream } = await singleRig(
          t,
          { rule: ({ json }: RecordedRequest) => (refuses(json) ? refusal : undefined) },
          { limits: { attempts: 1 } },
        )
        for (let round = 0; round < 3; round++) {
          const response = await ask(gateway, asked, stream)
          t.equal(response.status, 200)
          if (stream) await readStream(response)
          t.equal(response.headers['x-turnout-attempts'], round === 0 ? '2' : '1', 'each call is counted')
        }
        t.equal(upstream.requests.length, 4)
        t.strictSame(sent(upstream.requests.at(-1)?.json), wanted)
        t.equal(await gateway.settled('turnout_attempts_total', { backend: 'up', outcome: 'ok' }, 3), 3)
      },
    )

t.test('the case of the collection', { skip: noCases }, async (t) => {
  const { gateway, upstream } = await singleRig(t, {
    rule: ({ json }) =>
      roles(json).includes('developer') ? failing(400, { message: 'Unexpected role developer' }) : undefined,
  })
  t.equal((await rawPost(gateway.url, CHAT_PATH, { ...caseJson('26-developer-role.json'), model: 'tiny' })).status, 200)
  t.strictSame(roles(upstream.requests.at(-1)?.json), ['system', 'user'])
})

t.test('several refusals one after the other', async (t) => {
  const refused = ['store', 'metadata', 'user']
  const { gateway, upstream } = await singleRig(t, {
    rule: ({ json }) => {
      if (roles(json).includes('developer')) return failing(400, { message: 'Unexpected role developer' })
      const field = refused.find((one) => has(one)(json))
      return field === undefined ? undefined : extra(field)
    },
  })
  const all = { ...DEVELOPER, store: true, metadata: {}, user: 'x' }
  t.equal((await ask(gateway, all, false)).status, 200)
  t.equal(upstream.requests.length, 5)
  t.equal((await ask(gateway, all, false)).status, 200)
  t.equal(upstream.requests.length, 6)
})

t.test('what does not help is not kept, and the refusal is told', async (t) => {
  const { gateway, upstream } = await singleRig(t, {
    plan: failing(400, { message: 'Conversation roles must alternate' }),
  })
  const response = await ask(gateway, DEVELOPER, false)
  t.equal(response.status, 400)
  t.match(errorOf(await response.json()).message, /alternate/)
  t.equal(upstream.requests.length, 2)
  upstream.set({})
  await ask(gateway, DEVELOPER, false)
  t.strictSame(roles(upstream.requests.at(-1)?.json), ['developer', 'user'])
})

t.test('what an answer depends on is never left out', async (t) => {
  for (const [field, value] of Object.entries({
    temperature: 0.5,
    seed: 1,
    stop: 'x',
    top_p: 0.5,
    logit_bias: { '1': 1 },
    parallel_tool_calls: false,
    response_format: { type: 'json_object' },
    verbosity: 'low',
  })) {
    const { gateway, upstream } = await singleRig(t, { plan: failing(400, { message: `Unknown parameter: ${field}` }) })
    const response = await ask(gateway, { [field]: value }, false)
    t.equal(response.status, 400, field)
    t.equal(upstream.requests.length, 1, field)
    await gateway.close()
  }
})

const noParallel = failing(400, {
  message: "Unsupported parameter: 'parallel_tool_calls' is not supported with this model.",
  code: 'unsupported_parameter',
})
const refusesParallel = ({ json }: RecordedRequest): Plan | undefined =>
  has('parallel_tool_calls')(json) ? noParallel : undefined

t.test('what was learnt of one value is not done to another that an answer depends on', async (t) => {
  const { gateway, upstreams } = await pairRig(t)
  upstreams.a.set({ rule: refusesParallel })
  const one = async (model: string, value: boolean): Promise<RawResponse> =>
    rawPost(gateway.url, CHAT_PATH, { ...chat({ model }), parallel_tool_calls: value })
  for (let round = 0; round < 2; round++) {
    const learnt = await one('pair', true)
    t.equal(learnt.status, 200)
    t.equal(learnt.headers['x-turnout-backend'], 'a')
  }
  t.equal(upstreams.a.requests.length, 3, 'learnt by one refusal')
  const refused = await one('a/tiny', false)
  t.equal(refused.status, 400, 'the caller is told')
  t.equal(upstreams.a.requests.at(-1)?.json?.['parallel_tool_calls'], false)
  const next = await one('pair', false)
  t.equal(next.status, 200)
  t.equal(next.headers['x-turnout-backend'], 'b', 'or the next one is called')
  t.equal(upstreams.b.requests.at(-1)?.json?.['parallel_tool_calls'], false)
  t.equal((await one('a/tiny', true)).status, 200, 'what was learnt still holds')
  t.notOk(has('parallel_tool_calls')(upstreams.a.requests.at(-1)?.json))
})

t.test('one that was adapted and cannot is followed by the next, which gets the request as it came', async (t) => {
  const { gateway, upstreams } = await pairRig(t)
  upstreams.a.set({
    rule: ({ json }) =>
      failing(400, {
        message: roles(json).includes('developer') ? 'Invalid role: developer' : 'System role not supported',
      }),
  })
  const response = await rawPost(gateway.url, CHAT_PATH, {
    ...chat({ model: 'pair' }),
    messages: [...DEVELOPER.messages, { role: 'system', content: 'x' }],
  })
  t.equal(response.headers['x-turnout-backend'], 'b')
  t.equal(upstreams.a.requests.length, 2)
  t.strictSame(roles(upstreams.b.requests[0]?.json), ['developer', 'user', 'system'])
})

t.test('options of a stream are not sent beside no stream', async (t) => {
  const { gateway, upstream } = await singleRig(t, { strict: true })
  for (const more of [
    { stream_options: { include_usage: true } },
    { stream_options: null },
    { stream: false, stream_options: { include_usage: false } },
  ]) {
    t.equal((await rawPost(gateway.url, CHAT_PATH, { ...chat(), ...more })).status, 200)
    t.notOk('stream_options' in (upstream.requests.at(-1)?.json ?? {}), JSON.stringify(more))
  }
  await readStream(await ask(gateway, { stream_options: { include_usage: true } }, true))
  t.ok(has('stream_options')(upstream.requests.at(-1)?.json))
})
