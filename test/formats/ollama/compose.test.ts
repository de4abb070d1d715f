/** What an Ollama is asked: in a caller's own bytes, or written from what other clients say. */
import t from 'tap'
import { CHAT, EMBEDDINGS, OLLAMA_CHAT, OLLAMA_EMBED, OLLAMA_GENERATE } from '../../../src/core/endpoints.ts'
import { OPENAI } from '../../../src/formats/openai/openai.ts'
import { gatewayRequest } from '../../support/factories.ts'
import { asked, sent } from './requests.ts'

const MESSAGES = [{ role: 'user', content: 'größer 水' }]
const own = (more: object = {}, model = 'parrot') => asked(OLLAMA_CHAT, { model, messages: MESSAGES, ...more })

t.test('where nothing has to change the very bytes go out', async (t) => {
  const request = own({ options: { temperature: 0.30000000000000004, unknown: [1, 2] }, more: { x: null } })
  t.equal(sent(request).text, request.raw.toString())
  t.strictSame(sent(request).lossy, [])
  const generate = asked(OLLAMA_GENERATE, { model: 'parrot', prompt: 'a', context: [1, 2], template: '{{ .Prompt }}' })
  t.equal(sent(generate).text, generate.raw.toString())
})

t.test('another name of the model is all that changes', async (t) => {
  const request = own({ options: { temperature: 0.30000000000000004 } }, 'alias')
  t.equal(sent(request).text, request.raw.toString().replace('"alias"', '"parrot"'))
})

t.test('the wishes of the operator', async (t) => {
  const CASES: readonly (readonly [name: string, body: object, wishes: object, want: object])[] = [
    ['a context, where there are no options', {}, { numCtx: 8192 }, { options: { num_ctx: 8192 } }],
    ['a context counts over the caller’s', { options: { top_k: 1, num_ctx: 2048 } }, { numCtx: 8192 }, { options: { top_k: 1, num_ctx: 8192 } }],
    ['how long it stays', { keep_alive: 0 }, { keepAlive: '30m' }, { keep_alive: '30m' }],
    ['for ever', {}, { keepAlive: -1 }, { keep_alive: -1 }],
    ['thinking where the caller says nothing', {}, { think: false }, { think: false }],
    ['and not where it does', { think: 'low' }, { think: false }, { think: 'low' }],
  ] // prettier-ignore
  for (const [name, body, wishes, want] of CASES) t.match(sent(own(body), wishes).json, want, name)
})

t.test('a limit that a budget has lowered, and an effort that was chosen', async (t) => {
  t.match(sent(own(), {}, { maxTokens: 20 }).json, { options: { num_predict: 20 } })
  t.match(sent(own({ options: { num_predict: 10 } }), {}, { maxTokens: 20 }).json, { options: { num_predict: 10 } })
  t.match(sent(own({ options: { num_predict: -1 } }), {}, { maxTokens: 20 }).json, { options: { num_predict: 20 } })
  t.match(sent(own(), {}, { effort: 'none' }).json, { think: false })
  t.match(sent(own(), {}, { effort: 'high' }).json, { think: 'high' })
  t.match(sent(own({ think: true }), {}, { effort: 'high' }).json, { think: true })
})

const openai = (body: object, endpoint = CHAT) => {
  const raw = Buffer.from(JSON.stringify({ model: 'parrot', ...body }))
  const { prompt, stream } = OPENAI.caller.read(raw, endpoint, { url: endpoint.path, headers: {} })
  return gatewayRequest(raw.toString(), { endpoint, prompt, stream })
}

t.test('what other clients say is written in Ollama’s words', async (t) => {
  const { json, lossy } = sent(
    openai({
      messages: [
        { role: 'developer', content: 'Be brief.' },
        { role: 'user', content: [{ type: 'text', text: 'What?' }, { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0K' } }] },
        { role: 'assistant', content: null, tool_calls: [{ id: 'c1', type: 'function', function: { name: 'f', arguments: '{"a":1}' } }] },
        { role: 'tool', tool_call_id: 'c1', content: 'done' },
      ],
      tools: [{ type: 'function', function: { name: 'f', parameters: { type: 'object' } } }],
      max_tokens: 9,
      temperature: 0.5,
      stop: 'x',
      seed: 3,
      reasoning_effort: 'minimal',
      response_format: { type: 'json_schema', json_schema: { name: 'n', schema: { type: 'object' } } },
    }),
    { numCtx: 4096, keepAlive: '5m' },
  ) // prettier-ignore
  t.strictSame(json, {
    model: 'parrot',
    stream: false,
    messages: [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'What?', images: ['iVBORw0K'] },
      { role: 'assistant', content: '', tool_calls: [{ id: 'c1', function: { name: 'f', arguments: { a: 1 } } }] },
      { role: 'tool', content: 'done', tool_name: 'f', tool_call_id: 'c1' },
    ],
    tools: [{ type: 'function', function: { name: 'f', parameters: { type: 'object' } } }],
    format: { type: 'object' },
    think: 'low',
    options: { num_predict: 9, temperature: 0.5, seed: 3, stop: ['x'], num_ctx: 4096 },
    keep_alive: '5m',
  })
  t.strictSame(lossy, ['effort'], 'it has no word for so little')
})

t.test('how hard to think has several words', async (t) => {
  for (const [effort, think] of [
    ['none', false],
    ['minimal', 'low'],
    ['low', 'low'],
    ['medium', 'medium'],
    ['high', 'high'],
    ['xhigh', 'max'],
    ['max', 'max'],
  ] as const)
    t.equal(sent(openai({ messages: MESSAGES, reasoning_effort: effort })).json['think'], think, effort)
  t.equal(sent(openai({ messages: MESSAGES })).json['think'], undefined)
  t.equal(sent(openai({ messages: MESSAGES }), { think: true }).json['think'], true, 'the operator')
})

t.test('what cannot be said is named', async (t) => {
  const CASES: readonly (readonly [body: object, lossy: readonly string[]])[] = [
    [{ n: 2 }, ['choices']],
    [{ user: 'u', metadata: { a: 'b' }, service_tier: 'flex', verbosity: 'low' }, ['verbosity', 'user', 'service_tier', 'metadata']],
    [{ logprobs: true, top_logprobs: 2 }, ['logprobs']],
    [{ logit_bias: { 1: 2 } }, ['logit_bias']],
    [{ messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'https://x.example/a.png' } }] }] }, ['images']],
    [{ tools: [{ type: 'function', function: { name: 'f' } }], tool_choice: 'required', parallel_tool_calls: false }, ['tool_choice', 'parallel calls']],
    [{ tools: [{ type: 'function', function: { name: 'f' } }], tool_choice: 'none' }, ['tools']],
  ] // prettier-ignore
  for (const [body, lossy] of CASES) t.strictSame(sent(openai({ messages: MESSAGES, ...body })).lossy, lossy)
})

t.test('texts to embed', async (t) => {
  const body = { input: ['a', 'b'], dimensions: 64, encoding_format: 'base64' }
  t.strictSame(sent(openai(body, EMBEDDINGS), { keepAlive: '5m' }).json, {
    model: 'parrot',
    input: ['a', 'b'],
    dimensions: 64,
    keep_alive: '5m',
  })
  t.throws(() => sent(openai({ input: [1, 2, 3] }, EMBEDDINGS)), { code: 'invalid_request', param: 'input' })
  const request = asked(OLLAMA_EMBED, { model: 'parrot', input: ['a'], truncate: false })
  t.equal(sent(request).text, request.raw.toString())
})
