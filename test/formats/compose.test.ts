import t from 'tap'
import { EMBEDDINGS, RERANK } from '../../src/core/endpoints.ts'
import { type ErrorCode, GatewayError } from '../../src/core/errors.ts'
import { atOnce } from '../../src/core/slices.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { type Effort, EFFORTS } from '../../src/core/capabilities.ts'
import type { EffortRule } from '../../src/core/provider.ts'
import type { Deployment, GatewayRequest } from '../../src/core/types.ts'
import { members } from '../../src/formats/json/members.ts'
import { inOnePiece } from '../../src/formats/json/splice.ts'
import { composeHeaders } from '../../src/backends/upstream/call-headers.ts'
import { asksUsage, composeInSteps, refusesUsage } from '../../src/formats/openai/compose.ts'
import { shortId } from '../../src/formats/openai/compose-messages.ts'
import { PROVIDERS } from '../config/load.ts'
import { deployment, gatewayRequest, live, provider, type ProviderTraits } from '../support/factories.ts'

const composeBody = (
  request: GatewayRequest,
  to: Deployment,
  effort: Effort | null = null,
  maxTokens: number | null = null,
): Buffer => atOnce(inOnePiece(composeInSteps(request, to, { effort, changes: [], maxTokens, lossy: [] })))[0]!

/** `up/tiny`, with the quirks of its provider. */
const quirky = (traits: ProviderTraits = {}, includeUsage = true): Deployment =>
  deployment('up/tiny', { backend: { provider: provider(traits), includeUsage } })

const compose = (json: string | JsonObject, to: Deployment = quirky()): string =>
  composeBody(gatewayRequest(json), to).toString()

/** All members but those, as bytes. */
function bytesWithout(json: string, ...keys: readonly string[]): string[] {
  const raw = Buffer.from(json)
  return members(raw)!
    .filter(({ key }) => !keys.includes(key))
    .map(({ start, valueEnd }) => raw.toString('utf8', start, valueEnd))
}

/** Every sort of thing that a second writing of the JSON would change. */
const ODD =
  '{ "model":"auto",\n "big":12345678901234567890, "zero":-0, "float":1.0, "exp":1E5, "text":"\\u0041\\/é🚂",' +
  '"messages":[{"role":"user","content":"x","n":12345678901234567890}], "__proto__":{"a":1}, "unknown":{"a":[1,  2]}, "temperature":0.10 }'

t.test('nothing to change: the same buffer', async (t) => {
  const request = gatewayRequest('{"model":"tiny", "messages":[],"seed":12345678901234567890}')
  t.equal(composeBody(request, quirky()), request.raw)
})

t.test('only the model changes', async (t) => {
  const got = compose(ODD)
  t.strictSame(bytesWithout(got, 'model'), bytesWithout(ODD, 'model'))
  t.equal(JSON.parse(got).model, 'tiny')
})

t.test('a model with quotes', async (t) => {
  const odd = deployment('up/ti"ny\\')
  t.equal(JSON.parse(compose('{"model":"auto"}', odd)).model, 'ti"ny\\')
})

t.test('renamed fields keep their bytes', async (t) => {
  const to = quirky({ request: { rename: { max_completion_tokens: 'max_tokens' } } })
  t.equal(
    compose('{"model":"tiny","max_completion_tokens":1.50,"x":1}', to),
    '{"model":"tiny","x":1,"max_tokens":1.50}',
  )
  t.equal(compose('{"model":"tiny","max_tokens":5}', to), '{"model":"tiny","max_tokens":5}')
  const both = JSON.parse(compose('{"model":"tiny","max_tokens":5,"max_completion_tokens":7}', to))
  t.strictSame(both, { model: 'tiny', max_tokens: 7 }, 'the new name counts')
})

t.test('fields that a backend refuses are dropped, however they are written', async (t) => {
  const to = quirky({ request: { drop: ['logit_bias', 'store'] } })
  t.equal(compose('{"store":true,"model":"tiny","logit_bias":{"1":2},"x":1}', to), '{"model":"tiny","x":1}')
  t.equal(compose('{"st\\u006fre":true,"model":"tiny"}', to), '{"model":"tiny"}', 'however they are written')
  t.equal(compose('{"model":"tiny","x":{"store":true}}', to), '{"model":"tiny","x":{"store":true}}', 'at the top only')
})

t.test('fields that would choose an address, credentials or retries never leave', async (t) => {
  const fields = [
    'api_base',
    'base_url',
    'api_key',
    'api_version',
    'extra_headers',
    'headers',
    'fallbacks',
    'num_retries',
    'mock_response',
    'litellm_params',
    'custom_llm_provider',
  ]
  for (const field of fields) {
    t.equal(compose(`{"${field}":"x","model":"tiny","n":1}`), '{"model":"tiny","n":1}', field)
    t.equal(compose(`{"model":"tiny","${field}":{"a":1}}`), '{"model":"tiny"}', `${field}, an object`)
  }
})

const ROLES = quirky({ request: { roles: { developer: 'system' } } })

t.test('roles that a backend does not know are changed', async (t) => {
  const got = JSON.parse(
    compose(
      '{"model":"tiny","messages":[{"role":"developer","content":"a"},{"role":"user","content":"b","name":"c"}]}',
      ROLES,
    ),
  )
  t.strictSame(got.messages, [
    { role: 'system', content: 'a' },
    { role: 'user', content: 'b', name: 'c' },
  ])
})

t.test('roles that are all known leave the bytes', async (t) => {
  const json = '{"model":"tiny","messages":[ {"role":"user", "n":12345678901234567890} ]}'
  t.equal(compose(json, ROLES), json)
  for (const odd of ['[null,1,"x",[]]', '{}', '"x"', '[{"role":1}]', '[{"role":"__proto__"}]', '[{"role":"toString"}]'])
    t.equal(compose(`{"model":"tiny","messages":${odd}}`, ROLES), `{"model":"tiny","messages":${odd}}`)
})

t.test('a renamed role leaves the numbers beside it', async (t) => {
  const got = compose('{"model":"tiny","messages":[{"role":"developer","n":12345678901234567890,"f":1.0}]}', ROLES)
  t.match(got, '12345678901234567890')
})

const CHAT = '{"model":"tiny","messages":[]'

t.test('usage is asked for in streams', async (t) => {
  t.equal(compose(`${CHAT},"stream":true}`), `${CHAT},"stream":true,"stream_options":{"include_usage":true}}`)
  t.equal(compose(`${CHAT},"stream":false}`), `${CHAT},"stream":false}`)
  t.equal(compose(`${CHAT}}`), `${CHAT}}`)
  const wants = `${CHAT},"stream":true,"stream_options":{"include_usage":true, "x":1.0}}`
  t.equal(compose(wants), wants, 'who asks himself is left alone')
  const kept = JSON.parse(
    compose(`${CHAT},"stream":true,"stream_options":{"include_usage":false,"include_obfuscation":false}}`),
  )
  t.strictSame(kept.stream_options, { include_usage: true, include_obfuscation: false })
  t.strictSame(JSON.parse(compose(`${CHAT},"stream":true,"stream_options":null}`)).stream_options, {
    include_usage: true,
  })
})

t.test('usage is not asked of who refuses it', async (t) => {
  const refusing = deployment('up/tiny', { live: live({ refusesUsage: true }) })
  for (const to of [refusing, quirky({}, false)]) {
    t.equal(compose(`${CHAT},"stream":true}`, to), `${CHAT},"stream":true}`)
    t.equal(compose(`${CHAT},"stream":true,"stream_options":{"include_usage":true}}`, to), `${CHAT},"stream":true}`)
    t.equal(asksUsage(gatewayRequest(`${CHAT},"stream":true}`), to), false)
  }
  t.equal(asksUsage(gatewayRequest(`${CHAT},"stream":true}`), quirky()), true)
  t.equal(asksUsage(gatewayRequest(`${CHAT}}`), quirky()), false)
})

t.test('documents as plain texts', async (t) => {
  const to = quirky({ request: { rerankStrings: true } })
  const send = (documents: string, target: Deployment): string =>
    composeBody(
      gatewayRequest(`{"model":"tiny","query":"q","documents":${documents}}`, { endpoint: RERANK }),
      target,
    ).toString()
  t.strictSame(JSON.parse(send('[{"text":"a","id":1},"b"]', to)).documents, ['a', 'b'])
  t.match(send('["a", "b"]', to), '["a", "b"]', 'texts stay as they are')
  t.match(send('[{"text":"a"}]', quirky()), '[{"text":"a"}]', 'only where it is needed')
})

const HISTORY = `{"model":"tiny","messages":[{"role":"user","name":"Ann","content":"caf\\u00e9 é"},
 {"role":"assistant","tool_calls":[{"id":"call_abc-123","type":"function","function":{"name":"f","arguments":"{\\"x\\": 1.0}"}}, {"id":"aB3dE6gH9","type":"function"}]},
 {"role":"tool","tool_call_id":"call_abc-123","content":"5"},{"role":"tool","tool_call_id":"aB3dE6gH9","content":"6"}]}`

t.test('a field of messages that is refused', async (t) => {
  const got = compose(HISTORY, quirky({ request: { dropFromMessages: ['name'] } }))
  t.notMatch(got, '"Ann"')
  t.match(got, '{"role":"user","content":"caf\\u00e9 é"}', 'byte for byte but for that')
  t.match(got, '"name":"f"', 'names of functions are other names')
  t.equal(compose(HISTORY, quirky()), HISTORY)
})

t.test('ids of tool calls in nine letters and digits; call and result still match', async (t) => {
  const to = quirky({ request: { shortToolIds: true } })
  const { messages } = JSON.parse(compose(HISTORY, to)) as {
    messages: { tool_calls?: { id: string }[]; tool_call_id?: string }[]
  }
  const [first, second] = messages[1]!.tool_calls!
  t.match(first!.id, /^[a-zA-Z0-9]{9}$/)
  t.equal(messages[2]!.tool_call_id, first!.id)
  t.equal(second!.id, 'aB3dE6gH9', 'a good one stays')
  t.equal(messages[3]!.tool_call_id, 'aB3dE6gH9')
  t.match(compose(HISTORY, to), '"arguments":"{\\"x\\": 1.0}"', 'arguments byte for byte')
  t.not(shortId('a'), shortId('b'))
  for (const odd of ['{"tool_calls":null}', '{"tool_calls":7,"tool_call_id":7}', '{"tool_calls":[null,"x"]}', '5']) {
    const json = `{"model":"tiny","messages":[${odd}]}`
    t.equal(compose(json, to), json, odd)
  }
})

t.test('all at once, and the rest byte for byte', async (t) => {
  const to = quirky({
    request: { rename: { max_completion_tokens: 'max_tokens' }, drop: ['store'], roles: { developer: 'system' } },
  })
  const json = `${ODD.slice(0, -1)}, "store":1,"max_completion_tokens":3, "api_key":"k","stream":true}`
  const got = compose(json, to)
  const changed = ['model', 'max_tokens', 'max_completion_tokens', 'store', 'api_key', 'stream_options']
  t.strictSame(bytesWithout(got, ...changed), bytesWithout(json, ...changed))
  t.match(JSON.parse(got), { model: 'tiny', max_tokens: 3, stream_options: { include_usage: true } })
  t.notMatch(got, /store|api_key|max_completion/)
})

t.test('a large prompt is changed without a copy of its text being written anew', async (t) => {
  const content = 'é"\\'.repeat(100_000)
  const json = JSON.stringify({ model: 'auto', messages: [{ role: 'user', content }] })
  t.strictSame(bytesWithout(compose(json), 'model'), bytesWithout(json, 'model'))
})

// ---------------------------------------------------------------- effort

const rule = (traits: Partial<EffortRule>): EffortRule => ({
  models: null,
  fields: {},
  unless: [],
  declaredOnly: false,
  ...traits,
})
const words = (name: string): EffortRule['fields'] =>
  Object.fromEntries(EFFORTS.map((effort) => [effort, { [name]: effort }]))
const on = { chat_template_kwargs: { enable_thinking: true } }
const SWITCH = quirky({
  request: {
    effort: [rule({ fields: { none: { chat_template_kwargs: { enable_thinking: false } }, low: on, high: on } })],
  },
})
const WORD = quirky({ request: { effort: [rule({ fields: words('reasoning_effort') })] } })

const steer = (json: string, to: Deployment, effort: Effort | null): string =>
  composeBody(gatewayRequest(json), to, effort).toString()

t.test('an effort is told in the form of the backend, the rest byte for byte', async (t) => {
  t.equal(steer('{"model":"tiny","n":1.0}', WORD, 'low'), '{"model":"tiny","n":1.0,"reasoning_effort":"low"}')
  t.equal(
    steer('{"model":"tiny"}', SWITCH, 'none'),
    '{"model":"tiny","chat_template_kwargs":{"enable_thinking":false}}',
  )
  t.equal(
    steer('{"model":"tiny","chat_template_kwargs":{"n": 1.0,"x":{}}}', SWITCH, 'high'),
    '{"model":"tiny","chat_template_kwargs":{"n": 1.0,"x":{},"enable_thinking":true}}',
    'beside the other arguments of the template',
  )
  const got = steer(ODD, WORD, 'high')
  t.strictSame(bytesWithout(got, 'model', 'reasoning_effort'), bytesWithout(ODD, 'model'))
})

t.test('no effort, no rule, no chat: the same buffer', async (t) => {
  const request = gatewayRequest('{"model":"tiny","messages":[]}')
  t.equal(composeBody(request, WORD, null), request.raw)
  t.equal(composeBody(request, quirky(), 'high'), request.raw)
  const other = quirky({ request: { effort: [rule({ models: 'qwen', fields: words('x') })] } })
  t.equal(composeBody(request, other, 'high'), request.raw, 'a rule for other models')
  const embeddings = gatewayRequest('{"model":"tiny","input":"x"}', { endpoint: EMBEDDINGS })
  t.equal(composeBody(embeddings, WORD, 'high'), embeddings.raw)
  const silent = quirky({ request: { effort: [rule({ fields: { none: {} } })] } })
  t.equal(composeBody(request, silent, 'none'), request.raw, 'nothing to tell')
})

t.test("the caller's word counts, whatever was chosen", async (t) => {
  for (const own of [
    '"reasoning_effort":"low"',
    '"reasoning_effort" : "minimal"',
    '"reasoning_effort":"xhigh"',
    '"reasoning_effort":"odd"',
  ])
    t.equal(steer(`{"model":"tiny",${own}}`, WORD, 'high'), `{"model":"tiny",${own}}`, 'the backend reads it')
  const native = '{"model":"tiny","chat_template_kwargs":{"enable_thinking": false}}'
  t.equal(steer(native, SWITCH, 'high'), native)
  const budget = '{"model":"tiny","thinking":{"type":"enabled","budget_tokens":5000}}'
  const claude = quirky({
    request: { effort: [rule({ fields: { high: { thinking: { type: 'enabled', budget_tokens: 9 } } } })] },
  })
  t.equal(steer(budget, claude, 'high'), budget, 'a budget is finer than a word')
  const google = '{"model":"tiny","extra_body":{"google":{"thinking_config":{}}}}'
  t.equal(steer(google, WORD, 'high'), google)
})

t.test("the caller's word in the form of the backend", async (t) => {
  const moved = '{"model":"tiny","chat_template_kwargs":{"enable_thinking":false}}'
  t.equal(steer('{"reasoning_effort":"none","model":"tiny"}', SWITCH, 'none'), moved)
  t.equal(steer('{"reasoning_effort":"none","model":"tiny"}', SWITCH, 'high'), moved, 'not what was chosen')
  t.equal(steer('{"model":"tiny","reasoning":{"enabled":false}}', SWITCH, 'none'), moved)
  t.equal(
    steer('{"model":"tiny","thinking":{"type":"disabled"}}', WORD, 'none'),
    '{"model":"tiny","reasoning_effort":"none"}',
  )
  t.equal(
    steer('{"model":"tiny","chat_template_kwargs":{"enable_thinking":true}}', WORD, 'low'),
    '{"model":"tiny","reasoning_effort":"high"}',
  )
  t.equal(
    steer('{"model":"tiny","chat_template_kwargs":{"enable_thinking":true,"x":1}}', WORD, 'low'),
    '{"model":"tiny","chat_template_kwargs":{"enable_thinking":true,"x":1},"reasoning_effort":"high"}',
    'what else is in there stays',
  )
  const minimal = quirky({ request: { effort: [rule({ fields: { none: { reasoning_effort: 'minimal' } } })] } })
  t.equal(
    steer('{"model":"tiny","reasoning_effort":"none"}', minimal, 'none'),
    '{"model":"tiny","reasoning_effort":"minimal"}',
  )
})

t.test('beside fields with which thinking is refused, none is told', async (t) => {
  const to = quirky({ request: { effort: [rule({ fields: words('reasoning_effort'), unless: ['tools'] })] } })
  t.equal(steer('{"model":"tiny","tools":[]}', to, 'high'), '{"model":"tiny","tools":[],"reasoning_effort":"none"}')
  t.match(steer('{"model":"tiny","tools":null}', to, 'high'), '"reasoning_effort":"high"')
  const own = '{"model":"tiny","tools":[],"reasoning_effort":"high"}'
  t.equal(steer(own, to, 'high'), own, 'what the caller says is his affair')
})

t.test('a duplicate of a field does not slip through', async (t) => {
  const got = steer('{"model":"tiny","reasoning":{"effort":"low"},"reasoning":{"effort":"high"}}', WORD, 'low')
  t.equal(got, '{"model":"tiny","reasoning_effort":"high"}')
})

t.test('each kind of backend, in its own words', async (t) => {
  const told = (kind: string, model: string, effort: Effort, more: JsonObject = {}): JsonObject => {
    const to = deployment(`up/${model}`, { backend: { provider: PROVIDERS.get(kind)! } })
    const sent = composeBody(gatewayRequest({ model, ...more }), to, effort).toString()
    const { model: same, ...rest } = JSON.parse(sent) as JsonObject
    t.equal(same, model)
    return rest
  }
  const template = (value: JsonObject): JsonObject => ({ chat_template_kwargs: value })
  for (const kind of ['openai', 'azure']) {
    t.strictSame(told(kind, 'o3', 'low'), { reasoning_effort: 'low' })
    t.strictSame(told(kind, 'gpt-5-mini', 'none'), { reasoning_effort: 'minimal' })
    t.strictSame(told(kind, 'gpt-5-2025-08-07', 'none'), { reasoning_effort: 'minimal' })
    t.strictSame(told(kind, 'gpt-5.1', 'none'), { reasoning_effort: 'none' })
    t.strictSame(told(kind, 'gpt-5.4', 'high', { tools: [] }), { tools: [], reasoning_effort: 'none' })
    t.strictSame(told(kind, 'gpt-5.1', 'high', { tools: [] }), { tools: [], reasoning_effort: 'high' })
  }
  t.strictSame(told('gemini', 'models/gemini-2.5-flash', 'none'), { reasoning_effort: 'none' })
  t.strictSame(told('gemini', 'gemini-3-flash', 'none'), { reasoning_effort: 'minimal' })
  t.strictSame(told('groq', 'openai/gpt-oss-20b', 'medium'), { reasoning_effort: 'medium' })
  t.strictSame(told('groq', 'qwen/qwen3-32b', 'high'), { reasoning_effort: 'default' })
  t.strictSame(told('openrouter', 'anthropic/claude-sonnet-4.5', 'low'), { reasoning: { effort: 'low' } })
  t.strictSame(told('openrouter', 'openai/gpt-5', 'none'), { reasoning: { effort: 'minimal' } })
  t.strictSame(told('together', 'openai/gpt-oss-120b', 'low'), { reasoning_effort: 'low' })
  t.strictSame(told('together', 'Qwen/Qwen3-235B-A22B', 'none'), { reasoning: { enabled: false } })
  t.strictSame(told('deepseek', 'deepseek-v4-pro', 'low'), { thinking: { type: 'enabled' }, reasoning_effort: 'low' })
  t.strictSame(told('deepseek', 'deepseek-v4-pro', 'high', { tools: [] }), {
    tools: [],
    thinking: { type: 'disabled' },
  })
  t.strictSame(told('deepseek', 'deepseek-chat', 'high'), {})
  t.strictSame(told('mistral', 'mistral-small-latest', 'high'), {})
  for (const model of [
    'claude-3-7-sonnet-20250219',
    'claude-sonnet-4-5',
    'claude-opus-4-20250514',
    'claude-haiku-4-5-20251001',
  ]) {
    t.strictSame(told('anthropic', model, 'none'), {})
    const { thinking, max_tokens } = told('anthropic', model, 'high') as {
      thinking: { type: string; budget_tokens: number }
      max_tokens: number
    }
    t.equal(thinking.type, 'enabled')
    t.ok(thinking.budget_tokens >= 1024 && thinking.budget_tokens < max_tokens, model)
    t.strictSame(told('anthropic', model, 'high', { max_tokens: 50 }), { max_tokens: 50 }, 'the budget would not fit')
  }
  for (const model of ['claude-opus-4-6', 'claude-sonnet-4-6', 'claude-opus-4-7-20260401', 'claude-3-5-haiku-latest'])
    t.strictSame(told('anthropic', model, 'high'), {}, `${model} takes no budget`)
  for (const kind of ['vllm', 'sglang', 'llamacpp']) {
    t.strictSame(told(kind, 'Qwen/Qwen3-8B', 'none'), template({ enable_thinking: false }))
    t.strictSame(told(kind, 'Qwen/Qwen3-8B', 'high'), template({ enable_thinking: true }))
    t.strictSame(told(kind, 'deepseek-ai/DeepSeek-V3.1', 'high'), template({ thinking: true }))
    const oss = kind === 'llamacpp' ? template({ reasoning_effort: 'low' }) : { reasoning_effort: 'low' }
    t.strictSame(told(kind, 'openai/gpt-oss-20b', 'low'), oss)
  }
  for (const kind of ['ollama', 'lmstudio', 'openai-compatible'])
    t.strictSame(told(kind, 'qwen3:8b', 'none'), { reasoning_effort: 'none' })
})

// ---------------------------------------------------------------- headers

const TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

function headers(
  given: Record<string, string | string[]>,
  traits: ProviderTraits = {},
  key: string | null = null,
  stream = false,
): Record<string, string> {
  const request = gatewayRequest({ model: 'tiny', stream }, { headers: given })
  return composeHeaders(request, deployment('up/tiny', { backend: { provider: provider(traits), key } }), {
    userAgent: 'turnout/1',
    call: 1,
    type: 'text/event-stream',
    auth: null,
    key,
  })
}

t.test('headers of a call', async (t) => {
  t.strictSame(headers({}), {
    'content-type': 'application/json',
    accept: 'application/json',
    'user-agent': 'turnout/1',
    'x-request-id': 'req-1',
  })
  t.equal(headers({}, {}, null, true)['accept'], 'text/event-stream')
})

t.test('credentials are those of the backend', async (t) => {
  t.equal(headers({ authorization: 'Bearer caller' }, {}, 'k')['authorization'], 'Bearer k')
  t.equal(headers({ authorization: 'Bearer caller' })['authorization'], undefined)
  const own = headers(
    { authorization: 'Bearer caller', 'api-key': 'caller' },
    { auth: { header: 'api-key', prefix: '' } },
    'k',
  )
  t.match(own, { 'api-key': 'k' })
  t.equal(own['authorization'], undefined)
  t.equal(headers({}, { headers: { 'anthropic-version': '2023-06-01' } })['anthropic-version'], '2023-06-01')
})

t.test("nothing of the caller's crosses but what is named", async (t) => {
  const names = [
    'authorization',
    'x-api-key',
    'api-key',
    'x-goog-api-key',
    'cookie',
    'host',
    'content-length',
    'connection',
    'transfer-encoding',
    'expect',
    'x-forwarded-for',
    'forwarded',
    'openai-organization',
    'anthropic-beta',
    'accept-encoding',
    'x-turnout-session',
    'x-stainless-os',
    'te',
    'upgrade',
    'user-agent',
    'accept',
  ]
  const given = Object.fromEntries(names.map((name) => [name, 'caller-value']))
  const crossed = Object.values(headers(given)).filter((value) => value.includes('caller-value'))
  t.strictSame(crossed, [])
  t.match(headers(given, { forward: ['anthropic-beta'] }), { 'anthropic-beta': 'caller-value' })
})

t.test('a forwarded value is a plain one', async (t) => {
  const forward = { forward: ['x-beta'] }
  for (const good of ['a', 'tools-2024-05-16,other', 'a=b; c/d'])
    t.equal(headers({ 'x-beta': good }, forward)['x-beta'], good)
  for (const bad of ['', 'a\r\nx-evil: 1', 'é', 'a\0', 'x'.repeat(513), '"a"'])
    t.equal(headers({ 'x-beta': bad }, forward)['x-beta'], undefined, JSON.stringify(bad.slice(0, 20)))
  t.equal(headers({ 'x-beta': ['a', 'b'] }, forward)['x-beta'], undefined)
})

t.test('a trace id crosses where it is one', async (t) => {
  t.equal(headers({ traceparent: TRACE })['traceparent'], TRACE)
  for (const bad of ['x', `${TRACE}-more`, TRACE.toUpperCase(), `${TRACE}\n`, 'sk-secret'])
    t.equal(headers({ traceparent: bad })['traceparent'], undefined, bad)
})

t.test('embeddings are no stream', async (t) => {
  const request = gatewayRequest('{"model":"tiny","input":"x"}', { endpoint: EMBEDDINGS })
  t.equal(composeBody(request, quirky()), request.raw)
})

t.test('a traced request names its own span for each call, whatever the caller sent', async (t) => {
  const trace = { traceId: 'a'.repeat(32), spanId: '00f067aa0ba90200', parentId: null, sampled: true, state: 'a=1' }
  const request = gatewayRequest({ model: 'tiny' }, { trace, headers: { traceparent: TRACE, tracestate: 'a=1' } })
  const sent = (call: number): Record<string, string> =>
    composeHeaders(request, deployment('up/tiny', { backend: { provider: provider() } }), {
      userAgent: 'turnout/1',
      call,
      type: 'text/event-stream',
      auth: null,
      key: null,
    })
  t.equal(sent(1)['traceparent'], `00-${'a'.repeat(32)}-00f067aa0ba90201-01`)
  t.equal(sent(2)['traceparent'], `00-${'a'.repeat(32)}-00f067aa0ba90202-01`)
  t.equal(sent(1)['tracestate'], undefined)
})

t.test('a limit that a budget lowered, in the words of each backend', async (t) => {
  const to = (request: Partial<ProviderTraits['request']> = {}): Deployment => quirky({ request })
  const OLD = { max_completion_tokens: 'max_tokens' }
  for (const [body, deployment, limits] of [
    [{}, to(), { max_tokens: 99 }],
    [{}, to({ outputLimit: 'max_completion_tokens' }), { max_completion_tokens: 99 }],
    [{}, to({ outputLimit: 'max_completion_tokens', rename: OLD }), { max_tokens: 99 }],
    [{ max_tokens: 500 }, to(), { max_tokens: 99 }],
    [{ max_tokens: 5 }, to(), { max_tokens: 5 }],
    [{ max_tokens: -1 }, to(), { max_tokens: 99 }],
    [{ max_tokens: null }, to(), { max_tokens: 99 }],
    [{ max_completion_tokens: 500 }, to(), { max_completion_tokens: 99 }],
    [{ max_completion_tokens: 500 }, to({ rename: OLD }), { max_tokens: 99 }],
    [{ max_completion_tokens: 500, max_tokens: 7 }, to(), { max_completion_tokens: 99, max_tokens: 7 }],
    [{ max_completion_tokens: 500, max_tokens: 7 }, to({ rename: OLD }), { max_tokens: 7 }],
    [{ max_completion_tokens: 500, max_tokens: 7 }, to({ drop: ['max_tokens'] }), { max_completion_tokens: 99 }],
    [{ n_predict: 500, max_tokens: 500 }, to(), { n_predict: 99, max_tokens: 99 }],
  ] as const) {
    const json = { model: 'tiny', messages: [], seed: 1, ...body }
    const got = JSON.parse(composeBody(gatewayRequest(json), deployment, null, 99).toString()) as JsonObject
    t.strictSame(got, { model: 'tiny', messages: [], seed: 1, ...limits }, JSON.stringify(body))
    const asked = composeBody(gatewayRequest(ODD), deployment, null, 99).toString()
    t.strictSame(bytesWithout(asked, 'model', ...Object.keys(limits), 'max_tokens'), bytesWithout(ODD, 'model'))
  }
})

t.test('a refusal of stream_options', async (t) => {
  const said = (code: ErrorCode, message: string): boolean => refusesUsage(new GatewayError(code, message))
  t.equal(said('invalid_request', "body.stream_options: Extra inputs are not permitted, 'extra_forbidden'"), true)
  t.equal(said('invalid_request', 'Unknown parameter: include_usage'), true)
  t.equal(said('invalid_request', 'stream must be a boolean'), false)
  t.equal(said('upstream_error', 'stream_options crashed me'), false)
})
