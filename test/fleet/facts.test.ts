import t from 'tap'
import { factsOf } from '../../src/fleet/facts.ts'
import { kindByName } from '../../src/fleet/model-names.ts'
import { backend, FACTS } from './engine-double.ts'

const price = (output: number) => ({
  inputPerMtok: 1,
  cachedInputPerMtok: null,
  outputPerMtok: output,
  perGpuHour: null,
})

t.test("the operator comes before the engine, the backend's model before the model", (t) => {
  const operator = {
    'one/m': { ...FACTS, aliases: ['x'], capabilities: { tools: true }, quality: { code: 0.9 } },
    m: {
      ...FACTS,
      aliases: ['x', 'y'],
      capabilities: { tools: false, vision: true },
      context: 10,
      quality: { code: 0.1, default: 0.5 },
    },
  }
  const found = { context: 99, capabilities: { tools: false, vision: false, reasoning: true } }
  t.same(factsOf(backend('http://h', { price: price(7) }), 'm', found, operator), {
    aliases: ['x', 'y'],
    capabilities: { tools: true, vision: true, reasoning: true },
    context: 10,
    price: price(7),
    quality: { code: 0.9, default: 0.5 },
  })
  t.equal(factsOf(backend('http://h'), 'm', found, {}).context, 99)
  t.same(
    factsOf(backend('http://h', { price: price(7) }), 'm', null, { m: { ...FACTS, price: price(3) } }).price,
    price(3),
  )
  t.equal(factsOf(backend('http://h'), 'm:latest', null, { m: { ...FACTS, context: 5 } }).context, 5)
  t.equal(factsOf(backend('http://h'), 'constructor', null, {}).context, null)
  t.end()
})

t.test('names speak only where the engine says nothing of the kind', (t) => {
  const told = { context: null, capabilities: { chat: true } }
  t.same(factsOf(backend('http://h'), 'nomic-embed-text', null, {}).capabilities, {
    embeddings: true,
    rerank: false,
    chat: false,
  })
  t.same(factsOf(backend('http://h'), 'nomic-embed-text', told, {}).capabilities, { chat: true })
  t.end()
})

t.test('kinds by name', (t) => {
  const embeds = [
    'text-embedding-3-small',
    'BAAI/bge-m3',
    'intfloat/e5-large',
    'gte-base',
    'all-minilm:latest',
    'mxbai-embed-large',
  ]
  const reranks = ['BAAI/bge-reranker-v2-m3', 'jina-reranker-v2', 'cross-encoder/ms-marco-MiniLM-L6']
  const others = [
    'whisper-1',
    'tts-1-hd',
    'dall-e-3',
    'gpt-image-1',
    'omni-moderation-latest',
    'gpt-4o-realtime-preview',
    'models/imagen-4',
    'gpt-4o-transcribe',
  ]
  const chats = [
    'gpt-5-mini',
    'qwen3-32b',
    'models/gemini-2.5-flash',
    'claude-x',
    'llama3:latest',
    'phi-e5x',
    'mistral-large',
  ]
  for (const name of embeds) t.match(kindByName(name), { embeddings: true, chat: false }, name)
  for (const name of reranks) t.match(kindByName(name), { rerank: true, embeddings: false }, name)
  for (const name of others) t.match(kindByName(name), { chat: false, embeddings: false }, name)
  for (const name of chats) t.same(kindByName(name), {}, name)
  t.end()
})
