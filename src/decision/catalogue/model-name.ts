/**
 * One name for what vendors, hubs, engines and clouds spell in many ways. Two models have one name only where they are the same weights
 * at another time, in another precision or with another wrapping: what says more (a size, `mini`, `coder`, `thinking`, `distill`,
 * a version) always stays, so that no model is taken for a relative. Pure.
 */

/** Of files, precisions and servings. Wherever they stand. */
const WRAPPING =
  /^(?:instruct|it|hf|gguf|ggml|awq|gptq|exl[23]|mlx|bnb|unsloth|imatrix|qat|(?:quantized\.?)?(?:w\d+a\d+)|quantized|quantised|fp(?:4|8|16|32)|f(?:16|32)|bf16|nvfp4|mxfp4|int[48]|[2-8]bit|i?q[1-8](?:0|k|[a-z]*)?|ud|dynamic|safetensors|tee|maas|versatile|instant)$/
/** After one of a quantization: `q4-k-m`, `iq2-xxs`, `q4-0`, `awq-4bit`. */
const PRECISION = /^i?q[1-8]$/
const OF_PRECISION = /^(?:[01]|k|[smlx]|xs|xl|xxs|nl|p)$/
/** At the end of a name, and only there: a day, a trial, a place. */
const TRAIL =
  /^(?:latest|preview|experimental|exp|beta|free|cloud|extended|online|base-?model|\d{1,3}k|1m|8192|32768|131072|00\d|v0\.\d+|v0?1(?:\.0)?|20\d{6}|text)$/
const TIERS = 'opus|sonnet|haiku|fable'

/** Names to look for, the most exact first; `plain`: as of plainName. */
export function namesOf(plain: string): readonly string[] {
  const names: string[] = []
  const add = (name: string): void => {
    if (name !== '' && !names.includes(name)) names.push(name)
  }
  let parts = spelled(plain).split('-')
  parts = withoutWrapping(parts)
  add(parts.join('-'))
  while (parts.length > 1) {
    const rest = withoutTrail(parts)
    if (rest === null) break
    parts = rest
    add(parts.join('-'))
  }
  return names
}

/** The shortest of them, by which rows are kept. */
export const nameOf = (plain: string): string => namesOf(plain).at(-1) ?? plain

/** Digits and families as one of the ways has them: `llama3.1-8b`, `gemma3-4b`, `gpt4o`, `claude-sonnet-4.5`. */
function spelled(plain: string): string {
  return (
    plain
      .replace(/\.gguf$/, '')
      // Bedrock's revision of a listing
      .replace(/-v\d-0(-\d+k)?$/, '')
      .replace(
        /^(?:meta-llama|meta|mistralai|mistral-ai|nvidia|open|us|amazon|azure|databricks|microsoft|c4ai|nousresearch)-(?=[a-z])(?!coder|hermes)/,
        '',
      )
      .replace(/^(?:meta-llama|nvidia|open)-(?=[a-z])/, '')
      // Fireworks' llama-v3p1
      .replace(/(^|-)v?(\d)p(\d)(?=-|$)/g, '$1$2.$3')
      // Not of q4-0
      .replace(/(?<![\d.]|-i?q)(\d)-(\d)(?=-|$)/g, '$1.$2')
      .replace(new RegExp(`^claude-(\\d(?:\\.\\d)?)-(${TIERS})`), 'claude-$2-$1')
      .replace(new RegExp(`^claude-(${TIERS})-?(\\d)`), 'claude-$1-$2')
      // Vertex's claude-3-5-sonnet-v2@20241022
      .replace(/^(claude-.*?)-v\d(?=-|$)/, '$1')
      .replace(/^([a-z]{2,}?)-?v?(\d+(?:\.\d+)*[a-z]?)(?=-|$)/, '$1$2')
      .replace(/-a\d+(?:\.\d+)?b(?=-|$)/, '')
      .replace(/-\d+e(?=-|$)/, '')
      .replace(/-(?:20\d\d-\d\d-\d\d|20\d{6})(?=-|$)/, '')
      .replace(/-(?:preview|exp)-(?:\d\d-\d\d(?:-\d{2,4})?|\d\d-20\d\d|\d{4})(?=-|$)/, '')
  )
}

function withoutWrapping(parts: readonly string[]): string[] {
  const kept: string[] = []
  let precision = false
  for (const [at, part] of parts.entries()) {
    if (at > 0 && precision && OF_PRECISION.test(part)) continue
    precision = PRECISION.test(part)
    // Together serves quantized copies as `..-Instruct-Turbo`; elsewhere a turbo is a model of its own.
    const served = part === 'turbo' && ['instruct', 'it'].includes(parts[at - 1] ?? '')
    if (at > 0 && (WRAPPING.test(part) || precision || served)) continue
    kept.push(part)
  }
  return kept
}

/** Null: nothing more can go without saying less. */
function withoutTrail(parts: readonly string[]): string[] | null {
  const last = parts.at(-1)!
  if (TRAIL.test(last)) return parts.slice(0, -1)
  // OpenRouter's name for the same Claude, told to think.
  if (last === 'thinking' && parts[0] === 'claude') return parts.slice(0, -1)
  // A model of OpenAI's for chat is not the one that thinks, and `deepseek-chat` is no wrapping of `deepseek`.
  if (last === 'chat' && !/^(?:gpt|deepseek$|grok|kimi|glm)/.test(parts.slice(0, -1).join('-')))
    return parts.slice(0, -1)
  return null
}
