import t from 'tap'
import { toBackendSpec } from '../../src/config/backend.ts'
import type { FormatName } from '../../src/core/format-names.ts'
import type { EndpointPlace } from '../../src/core/provider.ts'
import { provider } from '../support/factories.ts'

const place = (format: FormatName, spare = false): EndpointPlace => ({
  path: `/v1/${format}`,
  streamPath: null,
  format,
  models: null,
  auth: null,
  lacks: [],
  spare,
})

const chat = [place('anthropic-messages'), place('openai-chat', true), place('ollama')]
const kind = provider({ endpoints: { chat, embeddings: [place('openai-chat')], rerank: [place('gemini', true)] } })

const asked = (formats: FormatName[] | null): Record<string, string[]> =>
  Object.fromEntries(
    Object.entries(toBackendSpec({ name: 'a', url: 'http://h', formats }, kind).provider.endpoints).map(
      ([ask, places]) => [ask, places.map(({ format }) => format)],
    ),
  )

t.test('a backend is asked in the formats that its configuration names, in their order', async (t) => {
  t.strictSame(asked(['ollama', 'anthropic-messages']).chat, ['ollama', 'anthropic-messages'])
  t.strictSame(asked(['openai-chat']).chat, ['openai-chat'])
})

t.test('what is asked in none of them is asked as its kind says', async (t) => {
  t.strictSame(asked(['ollama']).embeddings, ['openai-chat'])
})

t.test('a spare place counts only where it is named, or is all there is', async (t) => {
  t.strictSame(asked(null), { chat: ['anthropic-messages', 'ollama'], embeddings: ['openai-chat'], rerank: ['gemini'] })
  t.strictSame(asked(['openai-chat', 'ollama']).chat, ['openai-chat', 'ollama'])
})

t.test('a kind without spare places stays the same object', async (t) => {
  const plain = provider({ endpoints: { chat: [place('ollama')] } })
  t.equal(toBackendSpec({ name: 'a', url: 'http://h' }, plain).provider, plain)
})
