/**
 * What each layer of a model keeps of a conversation: keys and values of all tokens, of the last ones (a sliding window), a state that does not grow,
 * or nothing. By the metadata, as llama.cpp reads it (llama-hparams.cpp, llama-kv-cache.cpp). Pure.
 */
import type { Metadata } from './metadata.ts'

export interface LayerCache {
  readonly kind: 'full' | 'window' | 'recurrent' | 'none'
  /** Numbers kept of each token: keys, and values. */
  readonly keys: number
  readonly values: number
  /** Numbers of a state, for each conversation. */
  readonly state: number
}

export interface Attention {
  readonly layers: readonly LayerCache[]
  /** Tokens of the sliding window. */
  readonly window: number | null
  /** What is not as the metadata alone would have it, for people. */
  readonly notes: readonly string[]
}

/**
 * Every n-th layer sees everything, the others the window only, where the file names a window and no pattern: what llama.cpp has in its code for
 * these architectures. Others that name a window are read without one there, and so here.
 */
const PERIODS: Readonly<Record<string, number>> = {
  gemma2: 2,
  gemma3: 6,
  gemma3n: 5,
  'gpt-oss': 2,
  cohere2: 4,
  olmo2: 4,
  exaone4: 4,
  llama4: 4,
  plamo3: 8,
  afmoe: 4,
}

/** `full_attention_interval` where the file does not say: qwen3next and its kin. */
const INTERVAL: Readonly<Record<string, number>> = { qwen3next: 4, qwen35: 4, qwen35moe: 4 }
/** Layers behind these use the keys and values of earlier ones. */
const OWN_LAYERS: Readonly<Record<string, number>> = { gemma3n: 20 }

export interface Heads {
  /** Of each layer. */
  readonly query: readonly number[]
  readonly kv: readonly number[]
  readonly keyLength: number
  readonly valueLength: number
  /** Of windowed layers, where they are other ones. */
  readonly keyLengthSwa: number
  readonly valueLengthSwa: number
}

export function attentionOf(metadata: Metadata, arch: string, count: number, width: number, heads: Heads): Attention {
  const notes: string[] = []
  const read = (name: string): number | null => metadata.number(`${arch}.${name}`)
  const window = read('attention.sliding_window') ?? (arch === 'llama4' ? (read('attention.chunk_size') ?? 8192) : null)
  const windowed = windowedLayers(metadata, arch, count, window)
  if (window !== null && window > 0 && windowed === null)
    notes.push(`the file names a sliding window of ${window} tokens but not its layers: ignored, as llama.cpp does`)
  const onlyKeys = (read('attention.key_length_mla') ?? 0) > 0 && (read('attention.value_length_mla') ?? 0) > 0
  if (onlyKeys) notes.push('latent attention (MLA): one compressed key for each token, no values')
  const state = stateSize(metadata, arch, width)
  const interval = read('full_attention_interval') ?? INTERVAL[arch] ?? 0
  const own = ownLayers(metadata, arch, count)
  if (own < count) notes.push(`the last ${count - own} layers have no KV cache of their own`)
  const layers = Array.from({ length: count }, (_, index): LayerCache => {
    const kv = heads.kv[index] ?? 0
    const recurrent = state > 0 && (kv === 0 || (interval > 0 && (index + 1) % interval !== 0))
    if (recurrent) return { kind: 'recurrent', keys: 0, values: 0, state }
    if (kv === 0 || index >= own) return { kind: 'none', keys: 0, values: 0, state: 0 }
    const inWindow = windowed?.[index] === true
    return {
      kind: inWindow ? 'window' : 'full',
      keys: kv * (inWindow ? heads.keyLengthSwa : heads.keyLength),
      values: onlyKeys ? 0 : kv * (inWindow ? heads.valueLengthSwa : heads.valueLength),
      state: 0,
    }
  })
  return { layers, window: windowed === null ? null : window, notes }
}

/** Null: none has a window. */
function windowedLayers(
  metadata: Metadata,
  arch: string,
  count: number,
  window: number | null,
): readonly boolean[] | null {
  if (window === null || window <= 0) return null
  const name = `${arch}.attention.sliding_window_pattern`
  const listed = metadata.flags(name)
  if (listed !== null) return Array.from({ length: count }, (_, index) => listed[index % listed.length] === true)
  const period = metadata.number(name) ?? PERIODS[arch]
  if (period === undefined) return null
  return Array.from({ length: count }, (_, index) => period === 0 || index % period < period - 1)
}

/** Numbers that a recurrent layer keeps for each conversation, whatever its length: what it folds over, and its state. 0: it has none. */
function stateSize(metadata: Metadata, arch: string, width: number): number {
  const read = (name: string): number => metadata.number(`${arch}.${name}`) ?? 0
  const wkv = read('wkv.head_size')
  if (wkv > 0) return (metadata.number(`${arch}.token_shift_count`) ?? 2) * width + width * wkv
  const short = read('shortconv.l_cache')
  if (short > 0) return width * (short - 1)
  const inner = read('ssm.inner_size')
  const state = read('ssm.state_size')
  return Math.max(0, read('ssm.conv_kernel') - 1) * (inner + 2 * read('ssm.group_count') * state) + state * inner
}

function ownLayers(metadata: Metadata, arch: string, count: number): number {
  const shared = metadata.number(`${arch}.attention.shared_kv_layers`) ?? 0
  const next = metadata.number(`${arch}.nextn_predict_layers`) ?? 0
  return Math.max(0, Math.min(count - shared - next, OWN_LAYERS[arch] ?? count))
}
