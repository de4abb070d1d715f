/**
 * What a model needs in memory at a context: its weights, its KV cache and what an engine computes in. The KV cache is what llama.cpp
 * reserves when it starts (llama-kv-cache.cpp, llama-kv-cache-iswa.cpp); vLLM fills what memory it is given with more of the same. Pure.
 */
import type { ModelShape } from './model-shape.ts'
import { CACHE_TYPES, type CacheType } from './tensor-types.ts'

export interface Asked {
  /** Tokens of each conversation. */
  readonly context: number
  /** Conversations at once. */
  readonly slots: number
  readonly cacheK: CacheType
  readonly cacheV: CacheType
}

/** Bytes. */
export interface Memory {
  readonly weights: number
  readonly cache: number
  /** Of it: layers that see all tokens, those that see a window, and states that do not grow. */
  readonly ofCache: { readonly full: number; readonly window: number; readonly state: number }
  /** An estimate: buffers of the computation for a batch of 512 tokens. */
  readonly compute: number
  readonly total: number
}

/** Tokens that are read at once: llama.cpp's -ub. */
const BATCH = 512
/** Contexts are made a multiple of it. */
const PAGE = 256

export function memoryFor(shape: ModelShape, weights: number, asked: Asked): Memory {
  const { context, slots } = asked
  const { layers, window } = shape.attention
  const all = padded(context)
  const seen = window === null ? all : Math.min(all, padded(Math.min(context, window + BATCH)))
  const bytes = (one: { readonly keys: number; readonly values: number }): number =>
    one.keys * CACHE_TYPES[asked.cacheK] + one.values * CACHE_TYPES[asked.cacheV]
  const ofCache = { full: 0, window: 0, state: 0 }
  for (const layer of layers) {
    if (layer.kind === 'full') ofCache.full += bytes(layer) * all * slots
    if (layer.kind === 'window') ofCache.window += bytes(layer) * seen * slots
    // Kept with 32 bits.
    if (layer.kind === 'recurrent') ofCache.state += layer.state * 4 * slots
  }
  const cache = ofCache.full + ofCache.window + ofCache.state
  const compute = computeBytes(shape, all + (window === null ? 0 : seen))
  return { weights, cache, ofCache, compute, total: weights + cache + compute }
}

const padded = (tokens: number): number => Math.ceil(tokens / PAGE) * PAGE

/** The largest context that fits into so many bytes, in steps of 256 and up to what was trained or asked for; null: not even the smallest. */
export function largestContext(shape: ModelShape, weights: number, asked: Asked, bytes: number): number | null {
  const fits = (pages: number): boolean => memoryFor(shape, weights, { ...asked, context: pages * PAGE }).total <= bytes
  if (!fits(1)) return null
  const most = Math.max(shape.context ?? 0, asked.context)
  let [low, high] = [1, Math.ceil(most / PAGE)]
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (fits(middle)) low = middle
    else high = middle - 1
  }
  return Math.min(most, low * PAGE)
}

/**
 * As far as it can be foreseen: the logits or the widest layer, whichever is larger, and the masks. Measured with llama.cpp and flash attention, which
 * it takes where it can; a GPU's own libraries take some hundred MiB more.
 */
function computeBytes({ vocabulary, width, feedForward }: ModelShape, cells: number): number {
  const widest = 3 * (width + feedForward)
  return BATCH * (4 * Math.max(vocabulary ?? 0, widest) + 2 * cells)
}
