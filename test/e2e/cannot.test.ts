import type { Test } from 'tap'
import t from 'tap'
import { chat, CHAT_PATH, errorOf, readStream } from '../support/chat.ts'
import { failing, type Plan } from '../support/fault-plan.ts'
import type { FaultUpstream } from '../support/fault-upstream.ts'
import { type Gateway, hashed } from '../support/gateway.ts'
import { rawPost, type RawResponse } from '../support/raw-client.ts'
import { pairRig, rig } from '../support/rig.ts'

/** "I cannot" over real sockets: who is asked next, who is asked first from then on, and what the caller reads. */
const IMAGE = { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } }
const SOUND = { type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } }
const withParts = (...parts: object[]): object => ({
  messages: [{ role: 'user', content: [{ type: 'text', text: 'look' }, ...parts] }],
})
const TOOLS = { tools: [{ type: 'function', function: { name: 'f', parameters: { type: 'object' } } }] }

interface Case {
  readonly asked: object
  readonly refusal: Plan
}

const CASES: Readonly<Record<string, Case>> = {
  'vLLM, an image': {
    asked: withParts(IMAGE),
    refusal: failing(400, { message: '/m is not a multimodal model', code: 400 }),
  },
  'llama.cpp, an image': {
    asked: withParts(IMAGE),
    refusal: failing(500, { message: 'image input is not supported - hint: you may need to provide the mmproj' }),
  },
  'OpenRouter, an image': {
    asked: withParts(IMAGE),
    refusal: failing(404, { message: 'No endpoints found that support image input' }),
  },
  'DeepSeek, an image': {
    asked: withParts(IMAGE),
    refusal: failing(400, { message: 'messages[0]: unknown variant `image_url`, expected `text`' }),
  },
  sound: {
    asked: withParts(SOUND),
    refusal: failing(400, { message: 'input_audio is only supported by certain models.' }),
  },
  'vLLM, tools': {
    asked: TOOLS,
    refusal: failing(400, {
      message: '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set',
    }),
  },
  'Ollama, tools': {
    asked: TOOLS,
    refusal: failing(400, { message: 'registry.ollama.ai/library/x does not support tools' }),
  },
  'Ollama, thinking': {
    asked: { reasoning_effort: 'high' },
    refusal: failing(400, { message: '"x" does not support thinking' }),
  },
  'Ollama, chat': { asked: {}, refusal: failing(400, { message: '"bge" does not support chat' }) },
  logprobs: {
    asked: { logprobs: true },
    refusal: failing(403, { message: 'You are not allowed to request logprobs from this model' }),
  },
  'a schema': {
    asked: { response_format: { type: 'json_schema', json_schema: { name: 'x', schema: {} } } },
    refusal: failing(400, { message: 'This response_format type is unavailable now' }),
  },
  'a temperature': {
    asked: { temperature: 0.5 },
    refusal: failing(400, {
      message: "'temperature' does not support 0.5 with this model. Only the default (1) value is supported.",
      code: 'unsupported_value',
    }),
  },
  'several choices': { asked: { n: 2 }, refusal: failing(400, { message: 'Only one completion choice is allowed' }) },
  'stop sequences': {
    asked: { stop: ['x'] },
    refusal: failing(400, { message: "'stop' is not supported with this model.", code: 'unsupported_parameter' }),
  },
  'a paid model': {
    asked: {},
    refusal: failing(403, { message: 'this model requires a subscription, upgrade for access' }),
  },
  'an answer begun': {
    asked: {
      messages: [
        { role: 'user', content: 'x' },
        { role: 'assistant', content: 'y' },
      ],
    },
    refusal: failing(400, { message: 'This model does not support assistant message prefill.' }),
  },
}

const ask = (gateway: Gateway, model: string, more: object, stream = false): Promise<RawResponse> =>
  rawPost(gateway.url, CHAT_PATH, { ...chat({ model }), ...more, stream })

const counts = (...upstreams: FaultUpstream[]): number[] => upstreams.map(({ requests }) => requests.length)

for (const [name, { asked, refusal }] of Object.entries(CASES))
  t.test(`${name}: the next one answers, and is asked first from then on`, async (t) => {
    const { gateway, upstreams } = await pairRig(t)
    const { a, b } = upstreams
    a.set({ plan: refusal })
    const stream = name.length % 2 === 0
    for (let round = 0; round < 3; round++) {
      const response = await ask(gateway, 'pair', asked, stream)
      t.equal(response.status, 200)
      if (stream) await readStream(response)
    }
    t.same(counts(a, b), [1, 3], 'the refusal is remembered')
    t.equal(await gateway.settled('turnout_attempts_total', { backend: 'a', outcome: 'upstream_cannot' }, 1), 1)
    if (!('messages' in asked) && Object.keys(asked).length === 0) return
    a.set({ plan: {} })
    t.equal(
      (await ask(gateway, 'pair', {})).headers['x-turnout-backend'],
      'a',
      'what needs no such thing goes to it as before',
    )
  })

const OWN_WORDS = "Unsupported parameter: 'stop' is not supported with this model."

t.test(
  'where nobody can, one 4xx names each candidate with its own words, and says what ruled the others out',
  async (t) => {
    const { gateway, upstreams } = await rig(t, {
      upstreams: {
        a: { plan: failing(400, { message: 'a is not a multimodal model' }) },
        b: { plan: failing(400, { message: 'this model does not support image input' }) },
        c: {},
      },
      config: {
        models: { 'c/tiny': { capabilities: { vision: false } } },
        routes: [{ name: 'all', candidates: ['a/*', 'b/*', 'c/*'], strategy: 'ordered' }],
      },
    })
    const response = await ask(gateway, 'all', withParts(IMAGE))
    t.equal(response.status, 400)
    const error = errorOf(await response.json())
    t.equal(error.code, 'upstream_cannot')
    for (const part of ['a/tiny: a is not', 'b/tiny: this model does not', 'c/tiny: it has no vision'])
      t.ok(error.message.includes(part), `${part} in ${error.message}`)
    t.same(counts(upstreams.a!, upstreams.b!, upstreams.c!), [1, 1, 0])
  },
)

t.test("one candidate: the engine's own words, status and code, while log and metrics know ours", async (t) => {
  const { gateway, upstreams } = await pairRig(t)
  const refusals: readonly (readonly [Plan, object, number, string])[] = [
    [failing(400, { message: OWN_WORDS, code: 'unsupported_parameter' }), { stop: 'x' }, 400, 'unsupported_parameter'],
    [failing(400, { message: 'string too long', code: 'string_above_max_length' }), {}, 400, 'string_above_max_length'],
    [failing(422, { message: 'no such voice', code: 'voice_unknown' }), {}, 422, 'voice_unknown'],
    [failing(400, { message: OWN_WORDS, code: 400 }), { stop: 'x' }, 400, 'upstream_cannot'],
    [failing(400, { message: 'no', code: 'forbidden' }), {}, 400, 'invalid_request'],
    [failing(404, { message: 'No endpoints found that support tool use', code: 404 }), TOOLS, 404, 'upstream_cannot'],
  ]
  for (const [plan, asked, status, code] of refusals) {
    upstreams.a.set({ plan })
    const response = await ask(gateway, 'a/tiny', asked)
    t.equal(response.status, status)
    const error = errorOf(await response.json())
    t.equal(error.code, code)
    t.equal(error.message, (plan.body as { error: { message: string } }).error.message)
  }
  t.notMatch(await (await fetch(`${gateway.url}/metrics`)).text(), /string_above|voice_unknown|unsupported_parameter/)
})

t.test('a true mistake of the caller is asked of nobody else, whatever words it quotes', async (t) => {
  const { gateway, upstreams } = await pairRig(t)
  for (const message of [
    'messages: field required',
    "[{'type': 'string_type', 'loc': ('body',), 'msg': 'Input should be a valid string', 'input': 'does not support images'}]",
    'Invalid image: bmp is not supported by this model',
    'the prompt was: "model does not support tools"',
  ]) {
    upstreams.a.set({ plan: failing(400, { message }) })
    const response = await ask(gateway, 'pair', {})
    t.equal(response.status, 400)
    t.equal(errorOf(await response.json()).code, 'invalid_request')
  }
  t.equal(upstreams.b.requests.length, 0)
})

t.test(
  'a value that one caller sent and a model refuses does not take the model from those who send another',
  async (t) => {
    const { gateway, upstreams } = await pairRig(t)
    const plan = failing(400, {
      message: "Unsupported value: 'temperature' does not support 9.",
      code: 'unsupported_value',
    })
    upstreams.a.set({ rule: ({ json }) => (json?.temperature === 9 ? plan : undefined) })
    for (let round = 0; round < 80; round++) await ask(gateway, 'pair', { temperature: 9 })
    t.same(counts(upstreams.a, upstreams.b), [1, 80])
    t.equal((await ask(gateway, 'pair', { temperature: 1 })).headers['x-turnout-backend'], 'a')
  },
)

t.test('a need that was refused and is then served is known to be there again', async (t) => {
  const { gateway, upstreams } = await pairRig(t)
  upstreams.a.set({ plan: failing(400, { message: 'x does not support tools' }) })
  await ask(gateway, 'pair', TOOLS)
  upstreams.a.set({ plan: {} })
  t.equal((await ask(gateway, 'a/tiny', TOOLS)).status, 200)
  t.equal((await ask(gateway, 'pair', TOOLS)).headers['x-turnout-backend'], 'a')
})

const FLAGS: Readonly<Record<string, Plan>> = {
  'OpenRouter, 403': {
    status: 403,
    body: {
      error: {
        code: 403,
        message: 'x requires moderation on y. Your input was flagged for "violence".',
        metadata: { reasons: ['violence'], flagged_input: 'CANARY-of-the-prompt', provider_name: 'y', model_slug: 'x' },
      },
    },
  },
  'xAI, 403': failing(403, { message: 'Content violates usage guidelines. Failed check: SAFETY_CHECK_TYPE_X' }),
  'Azure, 400': failing(400, { message: 'filtered', code: 'content_filter' }),
  'DashScope, 400': failing(400, {
    message: 'Input data may contain inappropriate content.',
    code: 'data_inspection_failed',
  }),
  'inside a 200': {
    body: {
      error: {
        code: 403,
        message: 'Your input was flagged',
        metadata: { reasons: ['x'], flagged_input: 'CANARY-of-the-prompt' },
      },
    },
  },
  'first in a stream': { inBand: { after: 0, form: 'object', message: 'Your input was flagged', code: 403 } },
}

for (const [name, plan] of Object.entries(FLAGS))
  t.test(`a flagged prompt is seen by one backend, which goes on: ${name}`, async (t) => {
    for (const stream of [false, true]) {
      if (stream !== (name === 'first in a stream') && (name === 'inside a 200' || name === 'first in a stream'))
        continue
      const { gateway, upstreams } = await pairRig(t)
      upstreams.a.set({ plan })
      const response = await ask(gateway, 'pair', {}, stream)
      t.equal(response.status, 400)
      t.equal(errorOf(await response.json()).code, 'content_filter')
      t.same(counts(upstreams.a, upstreams.b), [1, 0])
      upstreams.a.set({ plan: {} })
      t.equal((await ask(gateway, 'pair', {})).headers['x-turnout-backend'], 'a', 'nobody rests')
      t.notMatch(gateway.logged(), /CANARY/)
      await gateway.close()
    }
  })

/** One backend with two models, and another that has the first of them too. */
async function twoModels(test: Test): Promise<{ gateway: Gateway; a: FaultUpstream; b: FaultUpstream }> {
  const { gateway, upstreams } = await rig(test, {
    upstreams: { a: { models: ['one', 'two'] }, b: { models: ['one', 'two'] } },
    config: {
      routes: [
        { name: 'first', candidates: ['a/one', 'b/one'], strategy: 'ordered' },
        { name: 'second', candidates: ['a/two', 'b/two'], strategy: 'ordered' },
      ],
    },
  })
  return { gateway, a: upstreams.a!, b: upstreams.b! }
}

const wait = { headers: { 'retry-after': '30' } }

/** What one model says, and whether the others of its backend still come first. */
const ABOUT: Readonly<Record<string, readonly [plan: Plan, others: boolean, itself: boolean]>> = {
  'OpenAI, 429 of a model': [
    failing(429, { message: 'Rate limit reached for gpt-4o in organization org-1 on tokens per min (TPM)', ...wait }),
    true,
    false,
  ],
  'Groq, 429 of a model': [
    failing(429, {
      message:
        'Rate limit reached for model `x` in organization `o` on requests per minute. Upgrade at https://x/billing',
      ...wait,
    }),
    true,
    false,
  ],
  '429 without a word': [{ status: 429, body: '', ...wait }, true, false],
  '429 of the key': [failing(429, { message: 'Too many requests for this API key', ...wait }), false, false],
  '429 of the organisation': [
    failing(429, { message: "This request would exceed your organization's rate limit", ...wait }),
    false,
    false,
  ],
  'no credit': [failing(429, { message: 'no credit', code: 'insufficient_quota' }), false, false],
  'a wrong key': [failing(401, { message: 'Incorrect API key' }), false, false],
  'a paid model': [failing(403, { message: 'this model requires a subscription' }), true, false],
  'a model of others': [
    failing(403, { message: 'Project does not have access to model `x`', code: 'model_not_found' }),
    true,
    false,
  ],
  'a model that is away': [failing(404, { message: 'model x not found' }), true, false],
  'an overloaded model': [failing(503, { message: 'The model is overloaded', ...wait }), true, false],
  'an error': [failing(500), true, false],
  'too large for a minute': [
    failing(413, {
      message: 'Request too large for model `x` on tokens per minute (TPM): Limit 6000, Requested 9000',
      code: 'rate_limit_exceeded',
    }),
    true,
    true,
  ],
  'a request that is too dear': [
    failing(402, { message: 'You requested up to 64000 tokens, but can only afford 12.' }),
    true,
    true,
  ],
  'a mistake of the caller': [failing(400, { message: 'messages: field required' }), true, true],
  'a body that is too large': [failing(413, { message: 'Request body too large' }), true, true],
  'a picture that is not there': [
    failing(404, { message: "404, message='Not Found', url='https://example.org/cat.png'" }),
    true,
    true,
  ],
  'a prompt that was flagged': [failing(403, { message: 'Your input was flagged' }), true, true],
  'a prompt that is too long': [failing(400, { message: 'maximum context length is 5 tokens' }), true, true],
}

for (const [name, [plan, others, itself]] of Object.entries(ABOUT))
  t.test(
    `${name}: its backend's other models ${others ? 'go on' : 'rest too'}, it ${itself ? 'goes on' : 'rests'}`,
    async (t) => {
      const { gateway, a } = await twoModels(t)
      a.set({ byModel: { one: plan } })
      for (let storm = 0; storm < 5; storm++) await ask(gateway, 'first', {})
      a.set({})
      t.equal((await ask(gateway, 'second', {})).headers['x-turnout-backend'], others ? 'a' : 'b')
      t.equal((await ask(gateway, 'first', {})).headers['x-turnout-backend'], itself ? 'a' : 'b')
    },
  )

t.test('callers who leave, and those whose own deadline ends, take no backend from others', async (t) => {
  const { gateway, a } = await twoModels(t)
  a.set({ byModel: { one: { headersAfter: 'never' } } })
  for (let storm = 0; storm < 3; storm++) {
    const response = await rawPost(gateway.url, CHAT_PATH, chat({ model: 'first' }), { 'x-turnout-deadline-ms': '60' })
    t.equal(errorOf(await response.json()).code, 'deadline_exceeded')
    const left = fetch(`${gateway.url}${CHAT_PATH}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(chat({ model: 'first', stream: true })),
      signal: AbortSignal.timeout(60),
    })
    await t.rejects(left)
  }
  a.set({})
  for (const model of ['first', 'second']) t.equal((await ask(gateway, model, {})).headers['x-turnout-backend'], 'a')
})

t.test('too large for a minute: 413 with its own code where nobody else is there', async (t) => {
  const { gateway, upstreams } = await pairRig(t)
  const plan = failing(413, {
    message: 'Request too large for model `x` on tokens per minute (TPM): Limit 6000, Requested 9000',
    code: 'rate_limit_exceeded',
  })
  upstreams.a.set({ plan })
  t.equal((await ask(gateway, 'pair', {})).headers['x-turnout-backend'], 'b')
  const response = await ask(gateway, 'a/tiny', {})
  t.equal(response.status, 413)
  t.equal(response.headers['retry-after'], undefined)
  t.equal(errorOf(await response.json()).code, 'upstream_rate_limited')
})

t.test('a value that was refused is remembered, and told to nobody', async (t) => {
  const { gateway, upstreams } = await rig(t, {
    upstreams: { a: {}, b: {} },
    config: {
      routes: [{ name: 'pair', candidates: ['a/*', 'b/*'], strategy: 'ordered' }],
      admin: { port: 0, token: hashed('t') },
    },
  })
  const plan = failing(400, {
    message: "Unsupported value: 'stop' does not support this value with this model.",
    code: 'unsupported_value',
  })
  upstreams.a!.set({ rule: ({ json }) => (json?.stop === undefined ? undefined : plan) })
  for (let round = 0; round < 2; round++) await ask(gateway, 'pair', { stop: 'CANARY' })
  t.same(counts(upstreams.a!, upstreams.b!), [1, 2])
  const answer = await fetch(`${gateway.adminUrl}/admin/backends`, { headers: { authorization: 'Bearer t' } })
  const told = await answer.text()
  t.match(told, /"endpoint":"stop"/)
  t.notMatch(told + gateway.logged(), /CANARY/)
})
