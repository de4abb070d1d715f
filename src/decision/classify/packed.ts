/** Vectors of small whole numbers, four in one: adding them up is most of what reading a text costs. Pure. */

/** Added to each number, so that none is negative. */
const BIAS = 128
const LOW = 0x00ff00ff
/** Numbers of eight bits that fit into sixteen when they are added up. */
const MOST = 256

/** Room for a vector of 512 numbers. */
const even = new Int32Array(128)
const odd = new Int32Array(128)

/** Four numbers to a word, the first in its lowest byte. */
export function packed(numbers: Int8Array): Int32Array {
  const words = new Int32Array(numbers.length / 4)
  for (let i = 0; i < numbers.length; i++) words[i >> 2]! |= (numbers[i]! + BIAS) << (8 * (i & 3))
  return words
}

/** The reverse. */
export function unpacked(words: Int32Array): Int8Array {
  return Int8Array.from({ length: 4 * words.length }, (_, i) => ((words[i >> 2]! >>> (8 * (i & 3))) & 0xff) - BIAS)
}

/** The sum of the vectors of `ids`, into `sums`: as long as one of them. */
export function addUp(ids: Int32Array, count: number, words: Int32Array, sums: Int32Array, dims: number): void {
  for (let d = 0; d < dims; d++) sums[d] = -BIAS * count
  const length = dims >> 2
  for (let from = 0; from < count; from += MOST) {
    const to = Math.min(count, from + MOST)
    addSome(ids, from, to, words, length)
    for (let w = 0, d = 0; w < length; w++, d += 4) {
      const [first, second] = [even[w]!, odd[w]!]
      sums[d] = sums[d]! + (first & 0xffff)
      sums[d + 1] = sums[d + 1]! + (second & 0xffff)
      sums[d + 2] = sums[d + 2]! + (first >>> 16)
      sums[d + 3] = sums[d + 3]! + (second >>> 16)
    }
  }
}

/** Two vectors at a time, so that the sums are written half as often. */
function addSome(ids: Int32Array, from: number, to: number, words: Int32Array, length: number): void {
  even.fill(0, 0, length)
  odd.fill(0, 0, length)
  let i = from
  for (; i + 1 < to; i += 2) {
    let at = ids[i]! * length
    let other = ids[i + 1]! * length
    for (let w = 0; w < length; w++, at++, other++) {
      const one = words[at]!
      const two = words[other]!
      even[w] = (even[w]! + ((one & LOW) + (two & LOW))) | 0
      odd[w] = (odd[w]! + (((one >>> 8) & LOW) + ((two >>> 8) & LOW))) | 0
    }
  }
  if (i === to) return
  for (let w = 0, at = ids[i]! * length; w < length; w++, at++) {
    const one = words[at]!
    even[w] = (even[w]! + (one & LOW)) | 0
    odd[w] = (odd[w]! + ((one >>> 8) & LOW)) | 0
  }
}
