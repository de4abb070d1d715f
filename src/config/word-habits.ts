/** Words and values as people write them elsewhere, and what they are here. */

/** Word -> what was meant by it, the likeliest first; the options at a place say which of them there are. */
const MEANT: Readonly<Record<string, readonly string[]>> = {
  // kinds of backends
  google: ['gemini'],
  'google-ai': ['gemini'],
  'google-ai-studio': ['gemini'],
  vertex: ['gemini'],
  'vertex-ai': ['gemini'],
  claude: ['anthropic'],
  'azure-openai': ['azure'],
  'azure-ai': ['azure'],
  'llama-cpp': ['llamacpp'],
  'llama-server': ['llamacpp'],
  llamafile: ['llamacpp'],
  gguf: ['llamacpp'],
  'hosted-vllm': ['vllm'],
  'ollama-chat': ['ollama'],
  'together-ai': ['together'],
  togetherai: ['together'],
  mistralai: ['mistral'],
  'lm-studio': ['lmstudio'],
  chatgpt: ['openai'],
  gpt: ['openai'],
  'openai-like': ['openai-compatible'],
  'text-completion-openai': ['openai'],
  'custom-openai': ['openai-compatible'],
  custom: ['openai-compatible'],
  generic: ['openai-compatible'],
  local: ['openai-compatible'],
  localai: ['openai-compatible'],
  'local-ai': ['openai-compatible'],
  'text-generation-inference': ['tgi'],
  huggingface: ['openai-compatible'],
  koboldcpp: ['openai-compatible'],
  tabbyapi: ['openai-compatible'],
  litellm: ['openai-compatible'],
  llamaswap: ['llama-swap'],
  mlx: ['openai-compatible'],
  jan: ['openai-compatible'],
  triton: ['openai-compatible'],
  xinference: ['openai-compatible'],
  xai: ['openai-compatible'],
  grok: ['openai-compatible'],
  fireworks: ['openai-compatible'],
  'fireworks-ai': ['openai-compatible'],
  perplexity: ['openai-compatible'],
  cohere: ['openai-compatible'],
  cerebras: ['openai-compatible'],
  bedrock: ['openai-compatible'],
  // strategies
  fastest: ['fast'],
  latency: ['fast'],
  'lowest-latency': ['fast'],
  'latency-based-routing': ['fast'],
  cheapest: ['cheap'],
  cost: ['cheap'],
  'lowest-cost': ['cheap'],
  'cost-based-routing': ['cheap'],
  quality: ['best'],
  fallback: ['ordered'],
  priority: ['ordered'],
  failover: ['ordered'],
  'round-robin': ['round_robin'],
  'simple-shuffle': ['weighted'],
  random: ['weighted'],
  loadbalance: ['weighted'],
  'weighted-round-robin': ['weighted'],
  'least-connections': ['least_busy'],
  'least-busy': ['least_busy'],
  'usage-based-routing': ['least_busy'],
  'consistent-hash': ['hash'],
  auto: ['balanced'],
  default: ['balanced'],
  // windows of budgets, levels of the log
  minutely: ['minute'],
  hourly: ['hour'],
  daily: ['day'],
  '1d': ['day'],
  '24h': ['day'],
  weekly: ['day'],
  week: ['day'],
  monthly: ['month'],
  '30d': ['month'],
  yearly: ['month'],
  warning: ['warn'],
  verbose: ['debug'],
  notice: ['info'],
  critical: ['error'],
  off: ['silent', 'none'],
  quiet: ['silent'],
  // capabilities and task classes
  function_calling: ['tools'],
  functions: ['tools'],
  images: ['vision'],
  image: ['vision'],
  thinking: ['reasoning'],
  coding: ['code'],
  global: ['gateway'],
  all: ['gateway'],
  customer: ['user'],
  organization: ['team'],
}

/** The one of `words` that is called so elsewhere; null where none is. */
export function habitWord(text: string, words: readonly string[]): string | null {
  const plain = text.toLowerCase()
  const forms = [plain, plain.replaceAll('_', '-'), plain.replaceAll(/[ .]/g, '-')]
  const found = forms
    .flatMap((form) => (Object.hasOwn(MEANT, form) ? MEANT[form]! : []))
    .find((word) => words.includes(word))
  return found ?? words.find((word) => forms.includes(word.replaceAll('_', '-'))) ?? null
}

const YES_NO: Readonly<Record<string, string>> = {
  yes: 'true',
  on: 'true',
  '1': 'true',
  no: 'false',
  off: 'false',
  '0': 'false',
}

/** A number or a yes in other letters: what to write instead; null where nobody can know. */
export function plainValue(value: unknown, wanted: 'number' | 'boolean'): string | null {
  const text = typeof value === 'string' || typeof value === 'number' ? String(value).trim().toLowerCase() : ''
  if (wanted === 'boolean') return YES_NO[text] ?? (text === 'true' || text === 'false' ? text : null)
  const percent = /^(\d+(?:\.\d+)?) ?%$/.exec(text)
  if (percent !== null) return String(Number(percent[1]) / 100)
  const money =
    /^(?:(?:usd|us\$|\$) ?(\d[\d_,]*(?:\.\d+)?)|(\d[\d_,]*(?:\.\d+)?) ?(?:usd|\$|dollars?)|(\d[\d_,]*(?:\.\d+)?))$/.exec(
      text,
    )
  const digits = money?.slice(1).find((one) => one !== undefined)
  if (digits !== undefined) return String(Number(digits.replace(/[_,]/g, '')))
  const short = /^(\d+(?:\.\d+)?) ?(k|m)$/.exec(text)
  return short === null ? null : String(Number(short[1]) * (short[2] === 'k' ? 1000 : 1_000_000))
}
