import t from 'tap'
import { DATA } from '../../src/decision/catalogue/data.ts'
import { namesOf } from '../../src/decision/catalogue/model-name.ts'
import { plainName } from '../../src/decision/catalogue/plain-name.ts'
import { beliefOf, knownName, QUALITY } from '../../src/decision/catalogue/quality.ts'
import { sizeOf } from '../../src/decision/catalogue/size.ts'

/** Rows of the table, and the names that are of this very model; in brackets: of no row, and what it is judged by. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  gpt4o: ['gpt-4o', 'gpt-4o-2024-08-06', 'gpt-4o-2024-11-20', 'openai/gpt-4o', 'gpt-4o-2031-01-01'],
  chatgpt4o: ['chatgpt-4o-latest'],
  'gpt4o-mini': [
    'gpt-4o-mini',
    'gpt-4o-mini-2024-07-18',
    'openai/gpt-4o-mini:extended',
    'ft:gpt-4o-mini-2024-07-18:org::abc',
  ],
  '(family)': [
    'gpt-4o-audio-preview',
    'gpt-4o-search-preview',
    'gpt-5.1-chat-latest',
    'gpt-5.2-chat-latest',
    'gpt-5.4-pro',
    'gpt-5.6',
    'gpt-5.6-mini-2026-03-01',
    'gpt-6',
    'gpt-6-nano',
    'o1-pro',
    'o3-pro',
    'o3-deep-research',
    'gpt-oss-safeguard-20b',
    'claude-haiku-5',
    'claude-2.1',
    'claude-instant-1.2',
    'gemini-2.5-flash-image',
    'gemini-4-pro',
    'codegemma:2b',
    'llama3.2-vision:11b',
    'meta-llama/Llama-3.2-90B-Vision-Instruct',
    'llama-guard-3-8b',
    'llama3-chatqa-1.5-8b',
    'llama3-gradient:8b',
    'deepseek-r1:8b',
    'deepseek-ai/DeepSeek-R1-0528-Qwen3-8B',
    'deepseek-v2-lite',
    'deepseek-coder-v2:16b',
    'Qwen/Qwen2.5-VL-7B-Instruct',
    'qwen2.5-math-7b',
    'qwen3:0.6b',
    'qwen3:8b',
    'Qwen/Qwen3-30B-A3B-Thinking-2507',
    'qwen3-coder',
    'qwen3-coder:30b',
    'qwen3-vl:8b',
    'ministral-3b-2410',
    'devstral-small-2507',
    'codestral-latest',
    'grok-5',
    'amazon/nova-premier-v1',
  ],
  'gpt4.1': ['gpt-4.1', 'gpt-4.1-2025-04-14'],
  'gpt4.1-mini': ['gpt-4.1-mini'],
  'gpt4.1-nano': ['gpt-4.1-nano-2025-04-14'],
  'gpt4.5': ['gpt-4.5-preview', 'gpt-4.5-preview-2025-02-27'],
  'gpt4-turbo': ['gpt-4-turbo', 'gpt-4-turbo-2024-04-09', 'gpt-4-1106-preview', 'gpt-4-0125-preview'],
  gpt4: ['gpt-4-0613', 'gpt-4-32k', 'gpt-4'],
  'gpt3.5-turbo': ['gpt-3.5-turbo', 'gpt-3.5-turbo-0125', 'gpt-3.5-turbo-16k', 'gpt-35-turbo'],
  gpt5: ['gpt-5', 'gpt-5-2025-08-07'],
  'gpt5-mini': ['gpt-5-mini', 'gpt-5-mini-2025-08-07'],
  'gpt5-nano': ['gpt-5-nano'],
  'gpt5-pro': ['gpt-5-pro-2025-10-06'],
  'gpt5-chat': ['gpt-5-chat-latest'],
  'gpt5-codex': ['gpt-5-codex'],
  'gpt5.1': ['gpt-5.1', 'gpt-5.1-2025-11-13'],
  'gpt5.1-codex-mini': ['gpt-5.1-codex-mini'],
  'gpt5.1-codex-max': ['gpt-5.1-codex-max'],
  'gpt5.2': ['gpt-5.2', 'gpt-5.2-2025-12-11'],
  'gpt5.4-mini': ['gpt-5.4-mini'],
  'gpt5.4-nano': ['gpt-5.4-nano'],
  'gpt5.5': ['gpt-5.5'],
  o1: ['o1', 'o1-2024-12-17'],
  'o1-preview': ['o1-preview', 'o1-preview-2024-09-12'],
  'o1-mini': ['o1-mini'],
  o3: ['o3', 'o3-2025-04-16'],
  'o3-mini': ['o3-mini', 'o3-mini-2025-01-31'],
  'o4-mini': ['o4-mini'],
  'gpt-oss-120b': ['openai/gpt-oss-120b', 'gpt-oss:120b-cloud'],
  'gpt-oss-20b': ['gpt-oss', 'gpt-oss:20b', 'openai/gpt-oss-20b', 'unsloth/gpt-oss-20b-GGUF:Q4_K_M'],
  'claude-haiku-3': ['claude-3-haiku-20240307'],
  'claude-opus-3': ['claude-3-opus-20240229'],
  'claude-sonnet-3': ['claude-3-sonnet'],
  'claude-haiku-3.5': ['claude-3-5-haiku-20241022', 'anthropic/claude-3.5-haiku', 'claude-3-5-haiku-latest'],
  'claude-sonnet-3.5': [
    'claude-3-5-sonnet-20240620',
    'claude-3-5-sonnet-20241022',
    'claude-3-5-sonnet-v2@20241022',
    'us.anthropic.claude-3-5-sonnet-20241022-v2:0',
    'anthropic/claude-3.5-sonnet:beta',
  ],
  'claude-sonnet-3.7': [
    'claude-3-7-sonnet-20250219',
    'anthropic/claude-3.7-sonnet',
    'anthropic/claude-3.7-sonnet:thinking',
  ],
  'claude-sonnet-4': [
    'claude-sonnet-4-20250514',
    'anthropic/claude-sonnet-4',
    'claude-sonnet-4@20250514',
    'claude-4-sonnet',
  ],
  'claude-opus-4': ['claude-opus-4-20250514'],
  'claude-opus-4.1': ['claude-opus-4-1-20250805', 'anthropic/claude-opus-4.1'],
  'claude-opus-4.5': ['claude-opus-4-5-20251101', 'global.anthropic.claude-opus-4-5-20251101-v1:0'],
  'claude-sonnet-4.5': [
    'claude-sonnet-4-5',
    'claude-sonnet-4-5-20250929',
    'eu.anthropic.claude-sonnet-4-5-20250929-v1:0',
  ],
  'claude-haiku-4.5': ['claude-haiku-4-5-20251001'],
  'gemini1.5-flash': ['gemini-1.5-flash', 'gemini-1.5-flash-002'],
  'gemini1.5-flash-8b': ['gemini-1.5-flash-8b', 'gemini-1.5-flash-8b-001'],
  'gemini1.5-pro': ['gemini-1.5-pro-latest', 'models/gemini-1.5-pro-002'],
  'gemini2.0-flash': ['gemini-2.0-flash', 'gemini-2.0-flash-001', 'google/gemini-2.0-flash-exp:free'],
  'gemini2.0-flash-lite': ['gemini-2.0-flash-lite', 'gemini-2.0-flash-lite-001'],
  'gemini2.5-flash': [
    'gemini-2.5-flash',
    'google/gemini-2.5-flash',
    'gemini-2.5-flash-preview-05-20',
    'gemini-2.5-flash-preview-09-2025',
  ],
  'gemini2.5-flash-lite': ['gemini-2.5-flash-lite', 'gemini-2.5-flash-lite-preview-06-17'],
  'gemini2.5-pro': ['gemini-2.5-pro', 'gemini-2.5-pro-preview-06-05', 'gemini-2.5-pro-exp-03-25'],
  'gemini3-pro': ['gemini-3-pro-preview'],
  'gemini3-flash': ['gemini-3-flash-preview'],
  'gemini3.1-pro': ['gemini-3.1-pro-preview'],
  'gemma2-9b': ['gemma2:9b', 'google/gemma-2-9b-it', 'gemma2'],
  'gemma2-27b': ['gemma-2-27b-it'],
  'gemma2-2b': ['gemma2:2b-instruct-q8_0'],
  'gemma3-4b': ['gemma3', 'gemma3:4b-it-qat'],
  'gemma3-1b': ['gemma3:1b'],
  'gemma3-12b': ['google/gemma-3-12b-it:free'],
  'gemma3-27b': ['gemma-3-27b-it', 'unsloth/gemma-3-27b-it-GGUF'],
  'gemma3n-e2b': ['gemma3n:e2b'],
  'gemma3n-e4b': ['gemma3n'],
  gemma7b: ['gemma-7b-it'],
  codegemma7b: ['codegemma-7b'],
  '(size)': [
    'shieldgemma-9b',
    'medgemma-27b',
    'dolphin-llama3:8b',
    'pixtral-12b-2409',
    'writer/palmyra-creative-122b',
    'nobodys-8b',
  ],
  'llama3.1-8b': [
    'meta-llama/Llama-3.1-8B-Instruct',
    'meta-llama/Meta-Llama-3.1-8B-Instruct-Turbo',
    'llama3.1',
    'llama3.1:8b',
    'llama3.1:8b-instruct-q4_K_M',
    'llama-3.1-8b-instant',
    'us.meta.llama3-1-8b-instruct-v1:0',
    'accounts/fireworks/models/llama-v3p1-8b-instruct',
    '@cf/meta/llama-3.1-8b-instruct-fp8',
    'neuralmagic/Meta-Llama-3.1-8B-Instruct-quantized.w4a16',
  ],
  'llama3.1-70b': ['llama3.1:70b'],
  'llama3.1-405b': ['accounts/fireworks/models/llama-v3p1-405b-instruct'],
  'llama3.3-70b': ['meta-llama/Llama-3.3-70B-Instruct', 'llama-3.3-70b-versatile', 'llama3.3'],
  'llama3.2-3b': ['llama3.2'],
  'llama3.2-1b': ['llama3.2:1b'],
  'llama3-8b': ['llama3:8b', 'llama3'],
  'llama3-70b': ['llama3-70b-8192', 'meta/llama3-70b-instruct'],
  'llama2-13b': ['llama2:13b'],
  'llama2-7b': ['llama2'],
  'llama4-scout': ['meta-llama/Llama-4-Scout-17B-16E-Instruct'],
  'llama4-maverick': ['meta-llama/llama-4-maverick-17b-128e-instruct-fp8'],
  'llama3.1-nemotron-51b': ['nvidia/llama-3.1-nemotron-51b-instruct'],
  'llama3.1-nemotron-70b': ['nvidia/llama-3.1-nemotron-70b-instruct'],
  'llama3.3-nemotron-super-49b': ['nvidia/llama-3.3-nemotron-super-49b-v1'],
  'llama3.3-nemotron-super-49b-v1.5': ['nvidia/llama-3.3-nemotron-super-49b-v1.5'],
  'deepseek-r1': ['deepseek-r1', 'deepseek-ai/DeepSeek-R1', 'deepseek-r1:671b'],
  'deepseek-r1-0528': ['deepseek-ai/DeepSeek-R1-0528', 'deepseek/deepseek-r1-0528:free'],
  'deepseek-r1-distill-llama-70b': ['deepseek-ai/DeepSeek-R1-Distill-Llama-70B', 'deepseek-r1-distill-llama-70b'],
  'deepseek-r1-distill-qwen-32b': ['deepseek-ai/DeepSeek-R1-Distill-Qwen-32B'],
  'deepseek3.2': ['deepseek-chat', 'deepseek-reasoner', 'deepseek-v3.2-exp'],
  'deepseek3-0324': ['deepseek/deepseek-chat-v3-0324'],
  deepseek3: ['deepseek-ai/DeepSeek-V3'],
  'deepseek3.1': ['deepseek-ai/DeepSeek-V3.1'],
  'deepseek-coder-6.7b': ['deepseek-coder:6.7b'],
  'qwen2.5-7b': ['qwen2.5:7b', 'qwen2.5', 'Qwen/Qwen2.5-7B-Instruct-AWQ'],
  'qwen2.5-72b': ['Qwen/Qwen2.5-72B-Instruct-GPTQ-Int4'],
  'qwen2.5-coder-7b': ['qwen2.5-coder:7b', 'qwen2.5-coder'],
  'qwen2.5-coder-32b': ['qwen2.5-coder:32b-instruct-q4_K_M'],
  'qwen3-32b': ['qwen3:32b', 'Qwen/Qwen3-32B-FP8'],
  'qwen3-30b': ['Qwen/Qwen3-30B-A3B'],
  'qwen3-30b-2507': ['Qwen/Qwen3-30B-A3B-Instruct-2507'],
  'qwen3-coder-480b': ['qwen3-coder:480b-cloud', 'Qwen/Qwen3-Coder-480B-A35B-Instruct-FP8'],
  'qwen3-235b': ['qwen/qwen3-235b-a22b:free'],
  'qwen3-235b-2507': ['Qwen/Qwen3-235B-A22B-Instruct-2507'],
  'qwen3-235b-thinking-2507': ['Qwen/Qwen3-235B-A22B-Thinking-2507'],
  'qwen3-next-80b': ['Qwen/Qwen3-Next-80B-A3B-Instruct'],
  'qwen3-max': ['qwen3-max'],
  qwq32b: ['qwq:32b'],
  mistral7b: ['mistral', 'mistral:7b-instruct-v0.3-q4_0', 'mistralai/Mistral-7B-Instruct-v0.2', 'open-mistral-7b'],
  'mistral-nemo': ['mistral-nemo', 'mistralai/Mistral-Nemo-Instruct-2407'],
  'mixtral-8x7b': ['mixtral:8x7b', 'mistralai/Mixtral-8x7B-Instruct-v0.1'],
  'mixtral-8x22b': ['open-mixtral-8x22b'],
  'mistral-large-2512': ['mistral-large-latest', 'mistralai/mistral-large-2512'],
  'mistral-large-2402': ['mistral-large-2402'],
  'mistral-large-2411': ['mistral-large-2411'],
  'mistral-medium-2508': ['mistral-medium-latest', 'mistral-medium-2508'],
  'mistral-small-2506': ['mistral-small-latest', 'mistral-small3.2'],
  'mistral-small-2503': ['mistral-small3.1:24b'],
  'ministral8b-2410': ['ministral-8b-latest'],
  phi4: ['microsoft/phi-4', 'phi4:14b-q4_K_M'],
  'phi4-mini': ['phi4-mini'],
  'phi3-mini': ['phi3'],
  'phi3-medium': ['phi3:medium'],
  'phi3.5-mini': ['microsoft/Phi-3.5-mini-instruct'],
  'phi3.5-moe': ['microsoft/Phi-3.5-MoE-instruct'],
  'phi4-reasoning-plus': ['microsoft/Phi-4-reasoning-plus'],
  grok4: ['grok-4-0709'],
  'grok4.1-fast-reasoning': ['x-ai/grok-4.1-fast'],
  'grok3-mini': ['grok-3-mini'],
  'kimi-k2-0905': ['moonshotai/Kimi-K2-Instruct-0905'],
  'kimi-k2': ['kimi-k2-0711-preview'],
  'glm4.5-air': ['zai-org/GLM-4.5-Air-FP8'],
  'glm4.6': ['glm-4.6'],
  'nova-pro': ['amazon.nova-pro-v1:0'],
  'nova-micro': ['us.amazon.nova-micro-v1:0'],
  'command-r-plus': ['cohere.command-r-plus-v1:0'],
  'command-r-plus-08-2024': ['command-r-plus-08-2024'],
  'command-r-08-2024': ['CohereForAI/c4ai-command-r-08-2024'],
  'command-a': ['command-a-03-2025'],
  'yi1.5-34b': ['01-ai/Yi-1.5-34B-Chat'],
  'minimax-m2': ['minimax-m2'],
  '(nothing)': ['our-own-name', 'text-embedding-3-small'],
}

const beliefFor = (model: string) => {
  const name = plainName(model)
  return beliefOf(name, sizeOf(name, DATA.sizes), DATA.sizes)
}

/** The row, or in brackets what there is instead. */
function foundFor(model: string): string {
  const name = plainName(model)
  return knownName(name, sizeOf(name, DATA.sizes), DATA.sizes) ?? `(${beliefFor(model)?.origin ?? 'nothing'})`
}

t.test('a name leads to the row of its own model, or to none', async (t) => {
  t.ok(Object.values(NAMES).flat().length >= 200)
  for (const [row, models] of Object.entries(NAMES)) for (const model of models) t.equal(foundFor(model), row, model)
})

t.test('no model has the row of another one of its family', async (t) => {
  const words = ['mini', 'nano', 'lite', 'pro', 'max', 'coder', 'thinking', 'distill', 'vision', 'math', 'guard']
  for (const row of Object.keys(QUALITY.models)) {
    t.equal(foundFor(row), row)
    for (const word of words) {
      const variant = `${row}-${word}`
      // Claude that thinks is the same model, asked to.
      const self = word === 'thinking' && row.startsWith('claude-')
      const own = Object.hasOwn(QUALITY.models, variant) ? variant : self ? row : '(family)'
      t.equal(foundFor(variant), own, variant)
    }
    for (const wrapped of [`hub/${row}-GGUF:Q4_K_M`, `${row}-fp8`, `${row}-latest`, `${row}-20991231`])
      if (namesOf(row)[0] === namesOf(row).at(-1) && !/^mistral-(large|medium|small)/.test(row))
        t.equal(foundFor(wrapped), row, wrapped)
  }
})

t.test('a smaller variant that nobody has measured is not believed to be better than the model', async (t) => {
  const success = (model: string): number => beliefFor(model)!.quality['default']!
  for (const [less, more] of [
    ['gpt-6-nano', 'gpt-6-mini'],
    ['gpt-6-mini', 'gpt-6'],
    ['gpt-5.6-mini-2026-03-01', 'gpt-5.6'],
    ['gemini-4-flash-lite', 'gemini-4-flash'],
    ['claude-haiku-6', 'claude-sonnet-6'],
    ['claude-sonnet-6', 'claude-opus-6'],
    ['claude-2.1', 'claude-3-haiku'],
    ['qwen3:0.6b', 'qwen3:8b'],
    ['qwen3-coder:30b', 'qwen3-coder:480b-cloud'],
    ['nobodys-1b', 'nobodys-8b'],
    ['llama3-chatqa-1.5-8b', 'llama3-chatqa-1.5-70b'],
  ] as const)
    t.ok(success(less) < success(more), `${less} ${success(less)} < ${more} ${success(more)}`)
})

t.test('what was published makes surer than a family, and that surer than a size', async (t) => {
  const doubt = (model: string): number => beliefFor(model)!.doubt['math']!
  t.ok(doubt('llama3.1:8b') < doubt('llama3.7:8b'))
  t.ok(beliefFor('llama3.1:8b')!.figures['math']! > 3)
  t.strictSame(beliefFor('llama3.7:8b')!.sources, [])
  for (const source of beliefFor('llama3.1:8b')!.sources) t.match(source, /\b20\d\d-\d\d-\d\d\b.*https?:/)
})
