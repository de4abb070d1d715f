import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import t from 'tap'
import { catalogueOf as entryOf } from '../../src/decision/catalogue/catalogue.ts'
import { DATA, readCatalogue } from '../../src/decision/catalogue/data.ts'
import { plainName } from '../../src/decision/catalogue/plain-name.ts'
import { PROVIDERS, ROOT } from '../config/load.ts'

/** By the kind of a provider's file; a kind that there is not has no prices. */
const catalogueOf = (kind: string, model: string, now?: number) =>
  entryOf(PROVIDERS.get(kind) ?? { kind, priceList: null, serviceTiers: {} }, model, now)

const NOON = Date.UTC(2026, 10, 1, 12)

const price = (kind: string, model: string, now = NOON) => {
  const found = catalogueOf(kind, model, now)?.price ?? null
  return found && [found.inputPerMtok, found.cachedInputPerMtok, found.outputPerMtok]
}

t.test('prices of well-known models, as this version of the library knows them', async (t) => {
  const library = dirname(createRequire(import.meta.url).resolve('@pydantic/genai-prices'))
  const { version } = JSON.parse(readFileSync(join(library, '../package.json'), 'utf8')) as { version: string }
  t.equal(version, '0.1.8', 'another version: look at its prices, then change them here')
  t.strictSame(price('openai', 'gpt-4o-mini'), [0.15, 0.075, 0.6])
  t.strictSame(price('openai', 'gpt-4o-2024-08-06'), [2.5, 1.25, 10], 'with a date')
  t.strictSame(price('anthropic', 'claude-3-5-sonnet-20241022'), [3, 0.3, 15], 'with a date')
  t.strictSame(price('gemini', 'models/gemini-2.5-pro'), [1.25, 0.125, 10], 'the first tier')
  t.strictSame(price('openrouter', 'openai/gpt-4o-mini'), [0.15, 0.075, 0.6], 'an id of OpenRouter')
  t.strictSame(price('groq', 'llama-3.3-70b-versatile'), [0.59, null, 0.79], 'without a price for cached tokens')
  t.strictSame(price('azure', 'gpt-4o'), [2.5, 1.25, 10])
  t.strictSame(price('openai', 'text-embedding-3-small'), [0.02, null, null], 'an embedding has no output')
})

t.test('tiers, writes to the cache, audio, and tiers of service', async (t) => {
  const of = (kind: string, model: string) => catalogueOf(kind, model, NOON)?.price
  t.match(of('gemini', 'gemini-2.5-pro'), {
    cacheWritePerMtok: null,
    tiers: [{ aboveInput: 200_000, rates: { inputPerMtok: 2.5, cachedInputPerMtok: 0.25, outputPerMtok: 15 } }],
  })
  t.match(of('anthropic', 'claude-sonnet-4-5'), {
    cacheWritePerMtok: 3.75,
    hourCacheWritePerMtok: 6,
    tiers: [{ aboveInput: 200_000, rates: { cacheWritePerMtok: 7.5, outputPerMtok: 22.5, audioInputPerMtok: null } }],
    serviceTiers: { batch: 0.5 },
  })
  t.match(of('gemini', 'gemini-2.5-flash'), { inputPerMtok: 0.3, audioInputPerMtok: 1, tiers: [] })
  t.strictSame(of('openai', 'gpt-5')?.serviceTiers, { flex: 0.5, batch: 0.5 })
  t.strictSame(of('together', 'meta-llama/Llama-3.3-70B-Instruct-Turbo')?.serviceTiers, {})
})

t.test('what is not known is null, and never nothing', async (t) => {
  for (const [kind, model] of [
    ['openai', 'gpt-99'],
    ['openai', 'our-own-name'],
    ['openrouter', 'nobody/knows'],
    ['openrouter', 'qwen/qwen3-32b:free'],
    ['openai', 'whisper-1'],
    ['openai', 'omni-moderation-latest'],
    ['mistral', 'mistral-ocr-2503'],
    ['gemini', 'gemma-3-27b-it'],
    ['openai-compatible', 'gpt-4o'],
    ['no-such-kind', 'gpt-4o'],
    ['constructor', 'gpt-4o'],
  ] as const)
    t.equal(price(kind, model), null, `${kind}/${model}`)
  t.equal(catalogueOf('vllm', 'nobody'), null)
  t.equal(catalogueOf('openai', ''), null)
  t.not(catalogueOf('openai', 'gpt-4o-mini')?.price?.inputPerMtok, 0)
})

t.test('engines have no list price and no trained context, but a size, efforts and quality', async (t) => {
  for (const [kind, { local, priceList }] of PROVIDERS) {
    if (local) t.equal(priceList, null, `${kind} has none`)
    if (!local) continue
    for (const model of ['gpt-4o-mini', 'openai/gpt-oss-20b', 'llama-3.3-70b-versatile', 'gpt-oss:120b-cloud']) {
      t.equal(catalogueOf(kind, model)?.price, null, `${kind}/${model}`)
      t.equal(catalogueOf(kind, model)?.context, null)
    }
  }
  t.match(catalogueOf('ollama', 'gpt-oss:20b'), { paramsB: 20, efforts: ['low', 'medium', 'high'] })
  t.match(catalogueOf('vllm', 'Qwen/Qwen3-32B'), {
    paramsB: 32,
    efforts: ['none', 'high'],
    belief: { origin: 'figures' },
  })
  t.match(catalogueOf('groq', 'openai/gpt-oss-20b'), { paramsB: 20, context: 131072 }, 'and a cloud both')
})

t.test('a price that depends on the hour holds for its hours', async (t) => {
  const at = (hour: number, minute: number) => price('deepseek', 'deepseek-chat', Date.UTC(2026, 10, 1, hour, minute))
  t.strictSame(at(12, 0), [0.27, 0.07, 1.1])
  t.strictSame(at(16, 29), [0.27, 0.07, 1.1])
  t.strictSame(at(16, 31), [0.135, 0.035, 0.55])
  t.strictSame(price('deepseek', 'deepseek-chat', Date.UTC(2026, 10, 2, 0, 31)), [0.27, 0.07, 1.1])
})

t.test('one entry for one name: it is looked up once', async (t) => {
  t.equal(catalogueOf('openai', 'gpt-4.1', NOON), catalogueOf('openai', 'gpt-4.1', NOON + 1e9))
  t.equal(catalogueOf('openai', 'o3')?.sources.length, 3)
})

t.test('the size of a model is read from its name', async (t) => {
  const sizes: Readonly<Record<string, number | null>> = {
    'qwen3-32b': 32,
    'meta-llama/Llama-3.1-8B-Instruct': 8,
    'Meta-Llama-3-70B-Instruct-AWQ-4bit': 70,
    'mixtral-8x7b': 47,
    'open-mixtral-8x22b': 141,
    'Qwen/Qwen3-30B-A3B': 30,
    'llama3.2:1b': 1,
    'llama3.2:latest': 3,
    'gemma2:2b': 2,
    'microsoft/Phi-3.5-mini-instruct': 3.8,
    'phi-4': 14,
    'qwen2.5:0.5b': 0.5,
    'smollm2:135m': 0.135,
    'deepseek-ai/DeepSeek-R1-Distill-Qwen-32B': 32,
    'deepseek-ai/DeepSeek-R1': 671,
    'deepseek-r1:8b': 8,
    'deepseek-coder:6.7b': 6.7,
    'meta-llama/Llama-4-Scout-17B-16E-Instruct': 109,
    'some-4x3b-moe': 12,
    'brand-new-1t': 1000,
    'Codestral-22B-v0.1': 22,
    'gpt-oss:120b-cloud': 120,
    'tiny-llama_1.1b.Q4_K_M.gguf': 1.1,
    'gpt-4o': null,
    o3: null,
    'claude-3-opus': null,
    'bge-m3': null,
    'model-8bit': null,
    '0b': null,
  }
  for (const [model, size] of Object.entries(sizes)) t.equal(catalogueOf('vllm', model)?.paramsB ?? null, size, model)
})

t.test('a model takes the efforts that the catalogue lists for it', async (t) => {
  const efforts: Readonly<Record<string, string>> = {
    'o3-mini': 'low,medium,high',
    'o1-mini': '',
    'gpt-4o': '',
    'gpt-5-nano': 'minimal,low,medium,high',
    'gpt-5-2025-08-07': 'minimal,low,medium,high',
    'gpt-5-codex': 'low,medium,high',
    'gpt-5.1-2025-11-13': 'none,low,medium,high',
    'gpt-5.1-codex-max': 'low,medium,high,xhigh',
    'gpt-5.2': 'none,low,medium,high,xhigh',
    'gpt-5.4-mini': 'none,low,medium,high,xhigh',
    'gpt-5.6-terra': 'none,low,medium,high,xhigh,max',
    'gpt-5-chat-latest': '',
    'gpt-5-pro': '',
    'gpt-5.4-search-api': '',
    'gpt-oss-120b': 'low,medium,high',
    'anthropic/claude-3.7-sonnet': 'none,low,medium,high',
    'claude-3-5-sonnet-20241022': '',
    'claude-haiku-4-5-20251001': 'none,low,medium,high',
    'claude-sonnet-4-6': 'none,low,medium,high,max',
    'claude-opus-4-7': 'none,low,medium,high,xhigh,max',
    'claude-sonnet-5': 'none,low,medium,high,xhigh,max',
    'gemini-2.5-flash': 'none,low,medium,high',
    'gemini-2.5-pro': 'minimal,low,medium,high,max',
    'gemini-3-flash-preview': 'minimal,low,medium,high',
    'gemini-3-pro-preview': 'low,high',
    'gemini-3.1-pro-preview': 'low,medium,high',
    'gemini-2.5-flash-image': '',
    'gemini-2.0-flash': '',
    'Qwen/Qwen3-8B': 'none,high',
    'qwen3:latest': 'none,high',
    'Qwen/Qwen3-4B-Instruct-2507': '',
    'Qwen/Qwen3-4B-Thinking-2507': '',
    'Qwen/Qwen3-Embedding-8B': '',
    'qwen2.5-7b': '',
    'deepseek-ai/DeepSeek-R1-0528-Qwen3-8B': '',
    'deepseek-ai/DeepSeek-V3.1': 'none,high',
    'deepseek-ai/DeepSeek-V3': '',
    'deepseek-v4-flash': 'none,low,high,max',
    'llama-3.3-70b': '',
  }
  for (const [model, words] of Object.entries(efforts))
    t.equal(catalogueOf('openrouter', model)?.efforts.join() ?? '', words, model)
})

t.test('a newer or larger model of a family is expected to be better', async (t) => {
  const quality = (model: string): number => catalogueOf('vllm', model)?.belief?.quality['default'] ?? -1
  const rising = [
    ['gpt-3.5-turbo', 'gpt-4o-mini', 'gpt-4-turbo', 'gpt-4o', 'gpt-4.1', 'gpt-5'],
    [
      'claude-3-haiku-20240307',
      'claude-3.5-haiku',
      'claude-3-5-sonnet-20241022',
      'claude-sonnet-4-5',
      'claude-opus-4-5',
    ],
    ['gemini-1.5-flash-8b', 'gemini-1.5-flash', 'gemini-2.0-flash', 'gemini-2.5-flash', 'gemini-2.5-pro'],
    [
      'llama-2-7b-chat',
      'llama-2-70b-chat',
      'llama-3-8b-instruct',
      'llama-3.1-8b',
      'llama-3.1-70b',
      'llama-3.3-70b',
      'llama-3.1-405b',
    ],
    ['llama3.2:1b', 'llama3.2:3b', 'llama3.1:8b'],
    ['mistral-7b-instruct', 'mixtral-8x7b-instruct-v0.1', 'mixtral-8x22b', 'mistral-large-2411'],
    ['qwen3:0.6b', 'qwen3:1.7b', 'qwen3:4b', 'qwen3:8b', 'qwen3:14b', 'qwen3:32b', 'qwen3:235b-a22b'],
    ['qwen2.5:0.5b', 'qwen2.5:1.5b', 'qwen2.5:3b', 'qwen2.5:7b', 'qwen2.5:14b', 'qwen2.5:72b'],
    ['phi-2', 'phi-3-mini-4k-instruct', 'phi-3-medium', 'phi-4'],
    ['nobodys-1b', 'nobodys-3b', 'nobodys-8b', 'nobodys-32b', 'nobodys-70b', 'nobodys-400b'],
  ]
  for (const models of rising) {
    const values = models.map(quality)
    t.ok(
      values.every((one) => one > 0.2 && one < 0.96),
      models.join(),
    )
    t.strictSame(
      values,
      values.toSorted((a, b) => a - b),
      `${models.join(' < ')}: ${values.join()}`,
    )
    t.equal(new Set(values).size, values.length, `${models.join()}: all different`)
  }
})

t.test('the file: every pattern is of use, and has a source', async (t) => {
  for (const [name, rows] of Object.entries({
    sizes: DATA.sizes,
    efforts: DATA.efforts,
    capabilities: DATA.capabilities,
  })) {
    t.ok(rows.length > 0, name)
    const patterns = rows.map(({ match }) => match.source)
    t.equal(new Set(patterns).size, patterns.length, `${name}: none comes twice`)
    for (const { match, source } of rows) {
      t.ok(source, `${name}: ${match.source} has a source`)
      t.notOk(match.test(''), `${name}: ${match.source} does not fit everything`)
      t.equal(
        match.source,
        match.source.toLowerCase().replace(/\\[wdbs]/gi, (one) => one),
        'names are in lower case',
      )
    }
  }
})

t.test('a mistake in the file is named', async (t) => {
  const text = readFileSync(resolve(ROOT, 'config/catalogue.yaml'), 'utf8')
  t.doesNotThrow(() => readCatalogue(text))
  const broken = (from: string, to: string): void => {
    t.ok(text.includes(from), from)
    t.throws(() => readCatalogue(text.replace(from, to)), { message: /config\/catalogue\.yaml/ }, to)
  }
  broken("match: 'mixtral', billions: 47", "match: 'mixtral', billions: -47")
  broken("match: 'mixtral', billions: 47", "match: 'mixtral(', billions: 47")
  broken("match: 'mixtral', billions: 47", "match: 'mixtral', size: 47")
  broken("match: 'mixtral', billions: 47", "match: 'mixtral'")
})

t.test('a plain name has no path, no tag and no capital letters', async (t) => {
  t.equal(plainName('meta-llama/Llama-3.1-8B_Instruct'), 'llama-3.1-8b-instruct')
  t.equal(plainName('hf.co/x/Y:Q4_K_M'), 'y-q4-k-m')
  t.equal(plainName('ft:gpt-4o-mini:org::id'), 'gpt-4o-mini')
  t.equal(plainName('models/gemini-2.5-flash'), 'gemini-2.5-flash')
})

t.test('the longest answers that vendors allow, never too low', async (t) => {
  for (const [model, tokens] of [
    ['gpt-4o-mini', 16_384],
    ['gpt-4.1-nano-2025-04-14', 32_768],
    ['o3', 100_000],
    ['gpt-5-mini', 128_000],
    ['gpt-5-pro', 272_000],
    ['claude-sonnet-4-5', 128_000],
    ['gemini-2.5-flash', 65_536],
    ['qwen3-32b', null],
  ] as const)
    t.equal(catalogueOf('openai-compatible', model)?.maxOutput ?? null, tokens, model)
})
