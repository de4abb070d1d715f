/**
 * A vector for each bucket of words: latent semantic analysis (truncated SVD of the weighted text x word matrix, by
 * randomised subspace iteration: Halko, Martinsson, Tropp 2011). Nobody's labels or scores go into it.
 */
import { BUCKETS } from '../src/decision/classify/words.ts'
import { random, shuffle } from './lesson.ts'

export interface Vectors {
  readonly dims: number
  /** As in the classifier's weights. */
  readonly vectors: Int8Array
  readonly scales: Float64Array
  readonly norms: Float64Array
}

type Row = readonly (readonly [bucket: number, weight: number])[]

const ROUNDS = 4
const MOST_TEXTS = 8000

/** `texts`: the buckets of each. */
export function trainVectors(texts: readonly Int32Array[], dims: number, seed: number): Vectors {
  const next = random(seed)
  const weights = inverseFrequency(texts)
  const rows = shuffle([...texts], next)
    .slice(0, MOST_TEXTS)
    .map((ids) => rowOf(ids, weights))
  let basis: Float64Array = Float64Array.from({ length: BUCKETS * dims }, () => next() - 0.5)
  for (let round = 0; round < ROUNDS; round++) basis = orthonormal(project(rows, basis, dims), dims)
  return quantise(basis, weights, dims)
}

/** How much a word tells: the rarer the more. */
function inverseFrequency(texts: readonly Int32Array[]): Float64Array {
  const seen = new Float64Array(BUCKETS)
  for (const ids of texts) for (const id of new Set(ids)) seen[id]!++
  return seen.map((count) => Math.log(1 + texts.length / (1 + count)))
}

function rowOf(ids: Int32Array, weights: Float64Array): Row {
  const counts = new Map<number, number>()
  for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1)
  const row = [...counts].map(([id, count]) => [id, Math.log1p(count) * weights[id]!] as const)
  const norm = Math.sqrt(row.reduce((sum, [, value]) => sum + value * value, 0))
  return row.map(([id, value]) => [id, value / norm] as const)
}

/** One multiplication with the matrix and its transpose. */
function project(rows: readonly Row[], basis: Float64Array, dims: number): Float64Array {
  const result = new Float64Array(basis.length)
  const text = new Float64Array(dims)
  for (const row of rows) {
    text.fill(0)
    for (const [id, value] of row) for (let d = 0; d < dims; d++) text[d]! += value * basis[id * dims + d]!
    for (const [id, value] of row) for (let d = 0; d < dims; d++) result[id * dims + d]! += value * text[d]!
  }
  return result
}

/** Gram-Schmidt over the columns. */
function orthonormal(basis: Float64Array, dims: number): Float64Array {
  const length = basis.length
  for (let d = 0; d < dims; d++) {
    for (let other = 0; other < d; other++) {
      let dot = 0
      for (let at = 0; at < length; at += dims) dot += basis[at + d]! * basis[at + other]!
      for (let at = 0; at < length; at += dims) basis[at + d]! -= dot * basis[at + other]!
    }
    let norm = 0
    for (let at = d; at < length; at += dims) norm += basis[at]! ** 2
    const scale = 1 / Math.sqrt(norm + 1e-12)
    for (let at = d; at < length; at += dims) basis[at]! *= scale
  }
  return basis
}

/** Bytes, each dimension with a scale of its own; the weight of the word is in its vector. */
function quantise(basis: Float64Array, weights: Float64Array, dims: number): Vectors {
  const scales = new Float64Array(dims)
  for (let d = 0; d < dims; d++) {
    const sizes: number[] = []
    for (let id = 0; id < BUCKETS; id++) sizes.push(Math.abs(basis[id * dims + d]! * weights[id]!))
    // A few giants would leave the others no steps: they are cut.
    scales[d] = sizes.sort((a, b) => a - b)[Math.floor(0.999 * BUCKETS)]! / 127 || 1
  }
  const vectors = new Int8Array(BUCKETS * dims)
  for (let id = 0; id < BUCKETS; id++)
    for (let d = 0; d < dims; d++)
      vectors[id * dims + d] = Math.max(
        -127,
        Math.min(127, Math.round((basis[id * dims + d]! * weights[id]!) / scales[d]!)),
      )
  return { dims, vectors, scales, norms: weights.map((weight) => weight * weight) }
}
