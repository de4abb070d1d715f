import t from 'tap'
import { CHAT, GEMINI_GENERATE } from '../../src/core/endpoints.ts'
import { endpointOf, pathOf } from '../../src/formats/endpoint-of.ts'

const idOf = (body: unknown, asked: string | null = null): string =>
  endpointOf(Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)), asked).id

t.test('by the members, wherever they stand', async (t) => {
  t.equal(idOf({ model: 'm', messages: [] }), 'chat')
  t.equal(idOf({ messages: [], prompt: 'p', input: 'i' }), 'chat', 'the surest first')
  t.equal(idOf({ messages: [], stop_sequences: ['x'] }), 'messages')
  t.equal(idOf({ output_config: {}, messages: [] }), 'messages')
  t.equal(idOf({ prompt: '', model: 'm' }), 'completions')
  t.equal(idOf({ input: ['a'] }), 'embeddings')
  t.equal(idOf({ query: 'q', documents: [] }), 'rerank')
  t.equal(idOf({ query: 'q' }), 'rerank', 'its parser says what is missing')
  t.equal(idOf('{"m\\u0065ssages":[]}'), 'chat', 'a key with escapes')
  t.equal(idOf('not json'), 'chat', 'its parser says what is wrong')
})

t.test('each endpoint by what its clients send', async (t) => {
  const items = [{ role: 'user', content: 'x' }]
  const BODIES: readonly (readonly [id: string, body: object])[] = [
    ['responses', { input: 'x', instructions: 'y' }],
    ['responses', { input: 'x', max_output_tokens: 9 }],
    ['responses', { input: 'x', previous_response_id: 'resp_1' }],
    ['responses', { input: 'x', stream: true }],
    ['responses', { input: 'x', tools: [] }],
    ['responses', { input: 'x', reasoning: {} }],
    ['responses', { input: items }],
    ['responses', { input: [{ type: 'function_call_output', call_id: 'c', output: 'o' }] }],
    ['embeddings', { input: 'x' }],
    ['embeddings', { input: ['x', 'y'] }],
    ['embeddings', { input: [[1, 2], [3]] }],
    ['embeddings', { input: [{ text: 'x' }] }],
    ['embeddings', { input: items, encoding_format: 'float' }],
    ['messages', { messages: items, system: 'y', max_tokens: 9 }],
    ['gemini_generate', { contents: [{ parts: [{ text: 'x' }] }] }],
    ['gemini_embed', { content: { parts: [{ text: 'x' }] } }],
    ['gemini_embed_batch', { requests: [{ content: { parts: [{ text: 'x' }] } }] }],
    ['ollama_chat', { messages: items, options: { num_ctx: 4096 } }],
    ['ollama_chat', { messages: items, keep_alive: '5m' }],
    ['ollama_chat', { messages: items, think: true }],
    ['ollama_generate', { prompt: 'x', options: {} }],
    ['ollama_generate', { prompt: 'x', system: 'y' }],
    ['ollama_embed', { input: 'x', options: {} }],
    ['chat', { messages: items, tools: [], stream: true, temperature: 1 }],
    ['completions', { prompt: 'x', stream: true }],
  ]
  for (const [id, body] of BODIES) t.equal(idOf({ model: 'm', ...body }), id, JSON.stringify(body))
})

t.test('a model that stands in the path is the caller’s word, or the body’s own', async (t) => {
  const raw = Buffer.from('{"model":"models/of body","contents":[]}')
  t.equal(pathOf(GEMINI_GENERATE, raw, null), '/v1beta/models/of%20body:generateContent')
  t.equal(pathOf(GEMINI_GENERATE, raw, 'a/b'), '/v1beta/models/a%2Fb:generateContent')
  t.equal(pathOf(CHAT, raw, 'x'), CHAT.path)
  t.throws(() => pathOf(GEMINI_GENERATE, Buffer.from('{"contents":[]}'), null), {
    code: 'invalid_request',
    param: 'model',
    message: /\?model=/,
  })
})

t.test("the caller's word comes first", async (t) => {
  t.equal(idOf({ messages: [] }, 'embeddings'), 'embeddings')
  t.equal(idOf('', 'rerank'), 'rerank')
})

t.test('what cannot be told, is not known or not built', async (t) => {
  const error = (body: unknown, asked: string | null): unknown => {
    try {
      return idOf(body, asked)
    } catch (thrown) {
      return thrown
    }
  }
  t.match(error({ model: 'm' }, null), {
    code: 'invalid_request',
    param: 'endpoint',
    message: /`messages`.*\?endpoint= .*: chat, completions, .*, messages\.$/,
  })
  t.match(
    error({ messages: [] }, 'count_tokens'),
    { code: 'invalid_request' },
    'nothing is decided where tokens are counted',
  )
  t.match(error({ nested: { messages: [] } }, null), { code: 'invalid_request' })
  t.match(error({ messages: [] }, 'Chat'), {
    code: 'invalid_request',
    message: /"Chat".*chat, completions, embeddings, rerank/,
  })
  for (const asked of ['route', 'feedback', '', '__proto__'])
    t.match(error({}, asked), { code: 'invalid_request' }, asked)
  t.match(error({}, 'images'), { code: 'not_implemented', message: /\/v1\/images/ })
})
