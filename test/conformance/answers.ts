/** One answer of each kind of backend, whole and streamed, in the shapes that their references document, with its usage and cost worked out by hand. */
import type { Usage } from '../../src/core/settlement.ts'
import { usage } from '../support/factories.ts'

export interface RecordedAnswer {
  readonly name: string
  /** Of the price list; null where the backend has none. */
  readonly listed: { readonly kind: string; readonly model: string } | null
  readonly whole: object
  /** Payloads of the events, without [DONE]; a text that starts with ':' is a comment. */
  readonly stream: readonly (object | string)[]
  readonly usage: Usage
  /** Nano-dollars; null = nobody knows. */
  readonly nanoUsd: number | null
}

const TEXT = 'The river runs to the sea.'
const HEAD = { id: 'chatcmpl-7', created: 1_790_000_000, model: 'm' }
const CHUNK = { ...HEAD, object: 'chat.completion.chunk' }

const whole = (fields: object): object => ({
  ...HEAD,
  object: 'chat.completion',
  choices: [{ index: 0, message: { role: 'assistant', content: TEXT }, finish_reason: 'stop' }],
  ...fields,
})
const chunk = (delta: object, finish: string | null, fields: object = {}, inChoice: object = {}): object => ({
  ...CHUNK,
  choices: [{ index: 0, delta, finish_reason: finish, ...inChoice }],
  ...fields,
})
const first = (fields: object = {}): object => chunk({ role: 'assistant', content: '' }, null, fields)
const text = (fields: object = {}): object => chunk({ content: TEXT }, null, fields)
const finish = (fields: object = {}, inChoice: object = {}): object => chunk({}, 'stop', fields, inChoice)
const own = (counts: object, fields: object = {}): object => ({ ...CHUNK, choices: [], usage: counts, ...fields })

/** With usage in a chunk of its own, `all` in each chunk. */
const asOpenAi = (counts: object, all: object = {}): readonly object[] => [
  first({ ...all, usage: null }),
  text({ ...all, usage: null }),
  finish({ ...all, usage: null }),
  own(counts, all),
]

const OPENAI = {
  prompt_tokens: 2006,
  completion_tokens: 300,
  total_tokens: 2306,
  prompt_tokens_details: { cached_tokens: 1920, audio_tokens: 0 },
  completion_tokens_details: {
    reasoning_tokens: 192,
    audio_tokens: 0,
    accepted_prediction_tokens: 0,
    rejected_prediction_tokens: 0,
  },
}
const WRITTEN = {
  prompt_tokens: 2000,
  completion_tokens: 100,
  total_tokens: 2100,
  prompt_tokens_details: { cached_tokens: 1000, cache_write_tokens: 500 },
}
const ANTHROPIC = {
  input_tokens: 10,
  cache_read_input_tokens: 250_000,
  cache_creation_input_tokens: 1000,
  output_tokens: 100,
  service_tier: 'standard',
}
const GEMINI = {
  prompt_tokens: 220_000,
  completion_tokens: 100,
  total_tokens: 220_600,
  prompt_tokens_details: { cached_tokens: 100_000 },
}
const GEMINI_AUDIO = {
  prompt_tokens: 1000,
  completion_tokens: 50,
  total_tokens: 1050,
  prompt_tokens_details: { audio_tokens: 200 },
}
const MISTRAL = { prompt_tokens: 120, completion_tokens: 30, total_tokens: 150, prompt_audio_seconds: null }
const DEEPSEEK = {
  prompt_tokens: 1000,
  completion_tokens: 200,
  total_tokens: 1200,
  prompt_cache_hit_tokens: 640,
  prompt_cache_miss_tokens: 360,
  completion_tokens_details: { reasoning_tokens: 150 },
}
const GROQ = {
  queue_time: 0.02,
  prompt_tokens: 500,
  prompt_time: 0.01,
  completion_tokens: 80,
  completion_time: 0.1,
  total_tokens: 580,
  total_time: 0.11,
  prompt_tokens_details: { cached_tokens: 256 },
}
const TOGETHER = { prompt_tokens: 300, completion_tokens: 40, total_tokens: 340, cached_tokens: 0 }
const OPENROUTER = {
  prompt_tokens: 194,
  completion_tokens: 2,
  total_tokens: 196,
  cost: 0.00014,
  is_byok: false,
  cost_details: { upstream_inference_cost: null },
  prompt_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
}
const PERPLEXITY = {
  prompt_tokens: 7,
  completion_tokens: 149,
  total_tokens: 156,
  search_context_size: 'low',
  cost: { input_tokens_cost: 0.000007, output_tokens_cost: 0.000149, request_cost: 0.005, total_cost: 0.005156 },
}
const PLAIN = { prompt_tokens: 40, completion_tokens: 9, total_tokens: 49 }
const VLLM = { ...PLAIN, prompt_tokens_details: { cached_tokens: 32 } }
const SGLANG = { ...PLAIN, prompt_tokens_details: null, reasoning_tokens: 4 }
const MOONSHOT = { ...PLAIN, cached_tokens: 16 }
const XAI = {
  prompt_tokens: 40,
  completion_tokens: 9,
  total_tokens: 149,
  prompt_tokens_details: { cached_tokens: 8, text_tokens: 40, audio_tokens: 0, image_tokens: 0 },
  completion_tokens_details: { reasoning_tokens: 100, audio_tokens: 0 },
}
const TICKS = { ...PLAIN, cost_in_usd_ticks: 37_756_000 }
const TIMINGS = { cache_n: 30, prompt_n: 10, prompt_ms: 30.9, predicted_n: 9, predicted_ms: 66.1 }
const ZERO = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 }

export const ANSWERS: readonly RecordedAnswer[] = [
  {
    name: 'OpenAI',
    listed: { kind: 'openai', model: 'gpt-5' },
    whole: whole({ usage: OPENAI, service_tier: 'default' }),
    stream: asOpenAi(OPENAI, { service_tier: 'default' }),
    usage: usage({ input: 2006, cachedInput: 1920, output: 300, reasoning: 192, tier: 'default' }),
    // 86 x 1.25 + 1920 x 0.125 + 300 x 10 = 3347.5 millionths of a dollar.
    nanoUsd: 3_347_500,
  },
  {
    name: 'OpenAI, flex',
    listed: { kind: 'openai', model: 'gpt-5' },
    whole: whole({ usage: OPENAI, service_tier: 'flex' }),
    stream: asOpenAi(OPENAI, { service_tier: 'flex' }),
    usage: usage({ input: 2006, cachedInput: 1920, output: 300, reasoning: 192, tier: 'flex' }),
    // Half of it.
    nanoUsd: 1_673_750,
  },
  {
    name: 'OpenAI, written to the cache',
    listed: { kind: 'openai', model: 'gpt-5.6' },
    whole: whole({ usage: WRITTEN }),
    stream: asOpenAi(WRITTEN),
    usage: usage({ input: 2000, cachedInput: 1000, cacheWrite: 500, output: 100 }),
    // 500 x 4 + 1000 x 0.4 + 500 x 5 + 100 x 20 = 6900.
    nanoUsd: 6_900_000,
  },
  {
    name: 'Azure',
    listed: { kind: 'azure', model: 'gpt-4o' },
    whole: whole({ usage: PLAIN, prompt_filter_results: [{ prompt_index: 0 }] }),
    stream: [
      { ...CHUNK, id: '', model: '', choices: [], prompt_filter_results: [{ prompt_index: 0 }] },
      first(),
      text(),
      finish(),
      own(PLAIN),
    ],
    usage: usage({ input: 40, output: 9 }),
    // 40 x 2.5 + 9 x 10 = 190.
    nanoUsd: 190_000,
  },
  {
    name: "Anthropic's counts, above 200k",
    listed: { kind: 'anthropic', model: 'claude-sonnet-4-5' },
    whole: whole({ usage: ANTHROPIC }),
    stream: [first(), text(), finish(), own(ANTHROPIC)],
    usage: usage({ input: 251_010, cachedInput: 250_000, cacheWrite: 1000, output: 100, tier: 'standard' }),
    // 10 x 6 + 250000 x 0.6 + 1000 x 7.5 + 100 x 22.5 = 159810.
    nanoUsd: 159_810_000,
  },
  {
    name: 'Gemini, thoughts left out, above 200k',
    listed: { kind: 'gemini', model: 'models/gemini-2.5-pro' },
    whole: whole({ usage: GEMINI }),
    stream: [first(), chunk({ content: TEXT }, 'stop', { usage: GEMINI })],
    usage: usage({ input: 220_000, cachedInput: 100_000, output: 600, reasoning: 500 }),
    // 120000 x 2.5 + 100000 x 0.25 + 600 x 15 = 334000.
    nanoUsd: 334_000_000,
  },
  {
    name: 'Gemini, audio',
    listed: { kind: 'gemini', model: 'gemini-2.5-flash' },
    whole: whole({ usage: GEMINI_AUDIO }),
    stream: [first(), chunk({ content: TEXT }, 'stop', { usage: GEMINI_AUDIO })],
    usage: usage({ input: 1000, audioInput: 200, output: 50 }),
    // 800 x 0.3 + 200 x 1 + 50 x 2.5 = 565.
    nanoUsd: 565_000,
  },
  {
    name: 'Mistral',
    listed: { kind: 'mistral', model: 'mistral-large-latest' },
    whole: whole({ usage: MISTRAL }),
    stream: [first(), text(), finish({ usage: MISTRAL })],
    usage: usage({ input: 120, output: 30 }),
    // 120 x 2 + 30 x 6 = 420.
    nanoUsd: 420_000,
  },
  {
    name: 'DeepSeek',
    listed: { kind: 'deepseek', model: 'deepseek-chat' },
    whole: whole({ usage: DEEPSEEK }),
    stream: [': keep-alive', ...asOpenAi(DEEPSEEK)],
    usage: usage({ input: 1000, cachedInput: 640, output: 200, reasoning: 150 }),
    // 360 x 0.27 + 640 x 0.07 + 200 x 1.1 = 362.
    nanoUsd: 362_000,
  },
  {
    name: 'Groq',
    listed: { kind: 'groq', model: 'openai/gpt-oss-120b' },
    whole: whole({ usage: GROQ, x_groq: { id: 'req_1' }, service_tier: 'on_demand' }),
    stream: [
      first({ x_groq: { id: 'req_1' }, service_tier: 'on_demand' }),
      text(),
      finish({ x_groq: { id: 'req_1', usage: GROQ } }),
    ],
    usage: usage({ input: 500, cachedInput: 256, output: 80, tier: 'on_demand' }),
    // 244 x 0.15 + 256 x 0.075 + 80 x 0.6 = 103.8.
    nanoUsd: 103_800,
  },
  {
    name: 'Together',
    listed: { kind: 'together', model: 'meta-llama/Llama-3.3-70B-Instruct-Turbo' },
    whole: whole({ usage: TOGETHER }),
    stream: [first(), text(), chunk({ content: '', token_id: 128009 }, 'eos', { usage: TOGETHER }, { seed: 1 })],
    usage: usage({ input: 300, output: 40 }),
    // 340 x 0.88 = 299.2.
    nanoUsd: 299_200,
  },
  {
    name: 'OpenRouter, with its own word on the cost',
    listed: { kind: 'openrouter', model: 'openai/gpt-4o-mini' },
    whole: whole({ usage: OPENROUTER, provider: 'X' }),
    stream: [': OPENROUTER PROCESSING', first(), text(), finish(), own(OPENROUTER, { provider: 'X' })],
    usage: usage({ input: 194, output: 2, chargedNanoUsd: 140_000 }),
    nanoUsd: 140_000,
  },
  {
    name: 'Perplexity, with an object for the cost',
    listed: null,
    whole: whole({ usage: PERPLEXITY }),
    stream: asOpenAi(PERPLEXITY),
    usage: usage({ input: 7, output: 149, chargedNanoUsd: 5_156_000 }),
    nanoUsd: 5_156_000,
  },
  {
    name: 'xAI, with its ticks in each chunk',
    listed: null,
    whole: whole({ usage: TICKS }),
    stream: [first({ usage: { ...TICKS, cost_in_usd_ticks: 0 } }), text({ usage: TICKS }), finish(), own(TICKS)],
    usage: usage({ input: 40, output: 9, chargedNanoUsd: 3_775_600 }),
    nanoUsd: 3_775_600,
  },
  {
    name: 'vLLM, counting as it goes',
    listed: null,
    whole: whole({ usage: VLLM }),
    stream: [
      first({ usage: { prompt_tokens: 40, completion_tokens: 0, total_tokens: 40 } }),
      text({ usage: { prompt_tokens: 40, completion_tokens: 8, total_tokens: 48 } }),
      finish({ usage: PLAIN }),
      own(VLLM),
    ],
    usage: usage({ input: 40, cachedInput: 32, output: 9 }),
    nanoUsd: null,
  },
  {
    name: 'llama.cpp, timings alone',
    listed: null,
    whole: whole({ timings: TIMINGS }),
    stream: [first(), text(), finish({ timings: TIMINGS })],
    usage: usage({ input: 40, cachedInput: 30, output: 9 }),
    nanoUsd: null,
  },
  {
    name: 'llama.cpp, asked',
    listed: null,
    whole: whole({ usage: VLLM, timings: TIMINGS }),
    stream: [first(), text(), finish(), own(VLLM, { timings: TIMINGS })],
    usage: usage({ input: 40, cachedInput: 32, output: 9 }),
    nanoUsd: null,
  },
  {
    name: 'Ollama, zeros in each chunk',
    listed: null,
    whole: whole({ usage: PLAIN }),
    stream: [first({ usage: ZERO }), text({ usage: ZERO }), finish({ usage: ZERO }), own(PLAIN)],
    usage: usage({ input: 40, output: 9 }),
    nanoUsd: null,
  },
  {
    name: 'SGLang',
    listed: null,
    whole: whole({ usage: SGLANG, metadata: { weight_version: 'default' } }),
    stream: [...asOpenAi(SGLANG).slice(0, 3), { ...CHUNK, choices: [], usage: null, sglext: {} }, own(SGLANG)],
    usage: usage({ input: 40, output: 9, reasoning: 4 }),
    nanoUsd: null,
  },
  {
    name: 'LM Studio',
    listed: null,
    whole: whole({ usage: PLAIN, stats: {} }),
    stream: [first(), text(), finish({ usage: PLAIN })],
    usage: usage({ input: 40, output: 9 }),
    nanoUsd: null,
  },
  {
    name: 'Moonshot, in the choice',
    listed: null,
    whole: whole({ usage: MOONSHOT }),
    stream: [first(), text(), finish({}, { usage: MOONSHOT })],
    usage: usage({ input: 40, cachedInput: 16, output: 9 }),
    nanoUsd: null,
  },
  {
    name: 'Grok, second to last, thoughts left out',
    listed: null,
    whole: whole({ usage: XAI }),
    stream: [first(), text(), finish({ usage: XAI }), { ...CHUNK, choices: [] }],
    usage: usage({ input: 40, cachedInput: 8, output: 109, reasoning: 100 }),
    nanoUsd: null,
  },
]
