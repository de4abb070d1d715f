import { valuesOf } from '../../src/core/options/option.ts'
import { WISH_OPTIONS } from '../../src/core/options/options.ts'
import t from 'tap'
import { TASK_CLASSES } from '../../src/core/capabilities.ts'
import { catalogueOf } from '../../src/decision/catalogue/catalogue.ts'
import { type BackendSpec, NO_PRICE } from '../../src/core/settings.ts'
import { type EngineWords, modelFactsOf, SILENT } from '../../src/backends/fleet/facts.ts'
import { type Described, NOTHING_SAID } from '../../src/backends/fleet/read-list.ts'
import { kindByName } from '../../src/backends/fleet/model-names.ts'
import { PROVIDERS } from '../config/load.ts'
import { backend, FACTS } from './engine-double.ts'

const says = (found: Partial<Described>): EngineWords => ({ ...SILENT, found: { ...NOTHING_SAID, ...found } })

const price = (output: number) => ({
  ...NO_PRICE,
  inputPerMtok: 1,
  outputPerMtok: output,
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
  const found = says({ context: 99, capabilities: { tools: false, vision: false, reasoning: true } })
  t.same(modelFactsOf(backend('http://h', { price: price(7) }), 'm', found, operator), {
    aliases: ['x', 'y'],
    capabilities: { tools: true, vision: true, reasoning: true },
    capabilitiesFrom: { tools: 'operator', vision: 'operator', reasoning: 'engine' },
    context: 10,
    contextFrom: 'operator',
    trainedContext: null,
    slots: null,
    bytes: null,
    maxOutput: null,
    price: price(7),
    quality: { code: 0.9, default: 0.5 },
    efforts: [],
    paramsB: null,
    wishes: valuesOf(WISH_OPTIONS),
  })
  t.equal(modelFactsOf(backend('http://h'), 'm', found, {}).context, 99)
  t.equal(modelFactsOf(backend('http://h'), 'm', found, { m: { ...FACTS, maxOutput: 5 } }).maxOutput, 5)
  t.same(
    modelFactsOf(backend('http://h', { price: price(7) }), 'm', SILENT, { m: { ...FACTS, price: price(3) } }).price,
    price(3),
  )
  t.equal(modelFactsOf(backend('http://h'), 'm:latest', SILENT, { m: { ...FACTS, context: 5 } }).context, 5)
  t.equal(modelFactsOf(backend('http://h'), 'constructor', SILENT, {}).context, null)
  t.end()
})

t.test('names speak only where the engine says nothing of the kind', (t) => {
  const told = says({ capabilities: { chat: true } })
  t.same(modelFactsOf(backend('http://h'), 'nomic-embed-text', SILENT, {}).capabilities, {
    embeddings: true,
    rerank: false,
    chat: false,
  })
  t.same(modelFactsOf(backend('http://h'), 'nomic-embed-text', told, {}).capabilities, { chat: true })
  t.end()
})

const of = (kind: string, changes: Partial<BackendSpec> = {}): BackendSpec =>
  backend('http://h', { name: 'one', provider: PROVIDERS.get(kind)!, ...changes })

/** Of the catalogue. */
const believed = (model: string): Readonly<Record<string, number>> =>
  catalogueOf(PROVIDERS.get('vllm')!, model)!.belief!.quality

t.test('the catalogue has the last word', (t) => {
  const told = modelFactsOf(of('openai'), 'gpt-4o-mini', SILENT, {})
  t.match(told, {
    context: 128_000,
    price: { inputPerMtok: 0.15, outputPerMtok: 0.6 },
    quality: believed('gpt-4o-mini'),
  })
  t.equal(told.capabilities.reasoning, undefined)
  const found = says({ context: 9, capabilities: { vision: false, reasoning: true } })
  t.match(modelFactsOf(of('openai'), 'gpt-4o-mini', found, {}), {
    context: 9,
    capabilities: { vision: false, tools: true },
  })
  const own = { ...FACTS, context: 7, price: price(3), paramsB: 5, capabilities: { vision: false } }
  t.match(modelFactsOf(of('openai'), 'gpt-4o-mini', found, { 'one/gpt-4o-mini': own }), {
    context: 7,
    price: price(3),
    paramsB: 5,
    capabilities: { vision: false },
  })
  t.same(modelFactsOf(of('openai', { price: price(7) }), 'gpt-4o-mini', SILENT, {}).price, price(7))
  t.equal(modelFactsOf(of('openai'), 'gpt-99', SILENT, {}).price, null)
  t.end()
})

t.test('an engine has no list price, whatever its model is called', (t) => {
  for (const kind of ['vllm', 'ollama', 'llamacpp', 'sglang', 'lmstudio']) {
    const told = modelFactsOf(of(kind), 'openai/gpt-oss-20b', SILENT, {})
    t.match(told, { price: null, context: null, paramsB: 20, efforts: ['low', 'medium', 'high'] }, kind)
  }
  t.end()
})

t.test("an operator's default for quality stands alone", (t) => {
  const quality = (own: Record<string, number>) =>
    modelFactsOf(of('vllm'), 'qwen3-32b', SILENT, { 'qwen3-32b': { ...FACTS, quality: own } }).quality
  const known = believed('qwen3-32b')
  t.equal(Object.keys(known).length, 1 + TASK_CLASSES.length)
  t.same(quality({}), known)
  t.same(quality({ math: 0.1, chat: 0.2 }), { ...known, math: 0.1, chat: 0.2 })
  t.same(quality({ default: 0.5 }), { default: 0.5 })
  t.end()
})

t.test('efforts: those of the family that the backend can be told, or those that the operator lists', (t) => {
  const efforts = (kind: string, model: string, own: Partial<typeof FACTS> = {}, engine: boolean | null = null) => {
    const found = engine === null ? SILENT : says({ capabilities: { reasoning: engine } })
    const told = modelFactsOf(of(kind), model, found, { [model]: { ...FACTS, ...own } })
    return [told.efforts.join(), told.capabilities.reasoning]
  }
  t.same(efforts('vllm', 'qwen3-32b'), ['none,high', true])
  t.same(efforts('ollama', 'qwen3:8b', {}, true), ['none,high', true])
  t.same(efforts('ollama', 'qwen3:8b', {}, false), ['', false], 'the engine knows better')
  t.same(efforts('ollama', 'qwen3:8b', { efforts: ['none'] }, false), ['none', true], 'the operator best')
  t.same(efforts('vllm', 'qwen3-32b', { capabilities: { reasoning: false } }), ['', false])
  t.same(efforts('vllm', 'qwen3-32b', { efforts: ['high'], capabilities: { reasoning: false } }), ['', false])
  t.same(efforts('vllm', 'mine', { efforts: ['low', 'high'] }), ['low,high', true])
  t.same(efforts('openai-compatible', 'qwen3-32b'), ['', undefined], 'nobody knows what it reads')
  t.same(efforts('openai-compatible', 'qwen3-32b', { efforts: ['low'] }), ['low', true])
  t.same(efforts('mistral', 'gpt-oss-20b'), ['', undefined], 'no way to tell it')
  t.same(efforts('anthropic', 'claude-opus-4-7'), ['none,low,medium,high,xhigh,max', true])
  t.same(efforts('openai', 'o3'), ['low,medium,high', true])
  t.same(efforts('vllm', 'unknown', {}, true), ['', true])
  t.end()
})

t.test('what a model is for is read from its name', (t) => {
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
