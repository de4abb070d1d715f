import t from 'tap'
import { addUp, packed, unpacked } from '../../src/decision/classify/packed.ts'
import { seeded } from '../support/random.ts'

const DIMS = 8
const WORDS = 300

t.test('what is packed comes out again', async (t) => {
  const numbers = Int8Array.from({ length: 256 }, (_, i) => i - 128)
  t.strictSame(unpacked(packed(numbers)), numbers)
})

t.test('sums are those of the numbers, however many there are', async (t) => {
  const next = seeded(7)
  const numbers = Int8Array.from({ length: WORDS * DIMS }, () => Math.round(next() * 254) - 127)
  // The largest and the smallest of all, in every place: where eight bits would run over.
  numbers.fill(127, 0, DIMS)
  numbers.fill(-127, DIMS, 2 * DIMS)
  const sums = new Int32Array(DIMS)
  for (const count of [0, 1, 2, 3, 255, 256, 257, 511, 512, 513, 1416])
    for (const one of ['any', 'largest', 'smallest']) {
      const ids = Int32Array.from({ length: count }, () =>
        one === 'any' ? Math.floor(next() * WORDS) : one === 'largest' ? 0 : 1,
      )
      addUp(ids, count, packed(numbers), sums, DIMS)
      const wanted = Array.from({ length: DIMS }, (_, d) => ids.reduce((sum, id) => sum + numbers[id * DIMS + d]!, 0))
      t.strictSame([...sums], wanted, `${count} ${one}`)
    }
})
