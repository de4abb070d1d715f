import t from 'tap'
import { kernelOf } from '../../src/decision/classify/kernel.ts'
import { seeded } from '../support/random.ts'

const VECTORS = 300
const MOST = 1500

for (const [dims, features] of [
  [64, 74],
  [8, 8],
  [12, 15],
  [1, 1],
] as const)
  t.test(`sums are those of the numbers, however many there are: ${dims} of a vector`, async (t) => {
    const next = seeded(7)
    const vectors = Int8Array.from({ length: VECTORS * dims }, () => Math.round(next() * 255) - 128)
    // The largest and the smallest of all, in every place: where sixteen bits would run over.
    vectors.fill(127, 0, dims)
    vectors.fill(-128, dims, 2 * dims)
    const norms = Float64Array.from({ length: VECTORS }, () => Math.fround(next()))
    const heads = Array.from({ length: 5 }, () => Float32Array.from({ length: features + 1 }, () => next() - 0.5))
    const { ids, sums, addUp } = kernelOf({ dims, vectors, norms, heads, features, most: MOST })
    for (const count of [0, 1, 2, 254, 255, 256, 257, 510, 511, MOST])
      for (const one of ['any', 'largest', 'smallest']) {
        const which = Array.from({ length: count }, () =>
          one === 'any' ? Math.floor(next() * VECTORS) : one === 'largest' ? 0 : 1,
        )
        ids.set(which)
        const norm = addUp(count)
        const wanted = Array.from({ length: dims }, (_, d) =>
          which.reduce((sum, id) => sum + vectors[id * dims + d]!, 0),
        )
        t.strictSame([...sums], wanted, `${count} ${one}`)
        const exact = which.reduce((sum, id) => sum + norms[id]!, 0)
        t.ok(Math.abs(norm - exact) <= 1e-4 * (1 + exact), `${norm} for ${exact}`)
      }
  })

for (const features of [1, 2, 3, 4, 7, 8, 74])
  t.test(`each head says its constant and the weighted features: ${features} of them`, async (t) => {
    const next = seeded(features)
    const heads = Array.from({ length: 9 }, () => Float32Array.from({ length: features + 1 }, () => next() - 0.5))
    const kernel = kernelOf({ dims: 4, vectors: new Int8Array(8), norms: [1, 1], heads, features, most: 4 })
    for (let round = 0; round < 5; round++) {
      kernel.features.set(Array.from({ length: features }, () => 4 * next() - 2))
      kernel.score()
      for (const [index, head] of heads.entries()) {
        const wanted = kernel.features.reduce((sum, value, f) => sum + value * head[f]!, head[features]!)
        t.ok(Math.abs(kernel.scores[index]! - wanted) < 1e-5, `${kernel.scores[index]} for ${wanted}`)
      }
    }
  })
