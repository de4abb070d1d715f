import t from 'tap'
import { endpointOf } from '../../src/formats/endpoint-of.ts'

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
    message: /`messages`.*\?endpoint=/,
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
