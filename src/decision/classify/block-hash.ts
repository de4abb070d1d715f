/** Sums over blocks of bytes, read four at a time, as two numbers of 32 bits. Each goes on from the block before it. Pure but for its results. */

const ONE = 0x2c1b3c6d
const OTHER = 0x297a2d39
const LAST = 0x5bd1e995

/** What the last sum came to. */
export const sum = { hash: 0, check: 0 }

/** What the first block goes on from. */
export const seed = (): void => {
  sum.hash = 0x3c6ef372
  sum.check = 0x1b873593
}

/** Of words `from` up to `to`, a multiple of four of them. Four chains: each step of one waits for the step before it. */
export function addBlock(words: Int32Array, from: number, to: number): void {
  let a = sum.hash
  let b = sum.check
  let c = a ^ LAST
  let d = b ^ LAST
  for (let at = from; at < to; at += 4) {
    a = Math.imul(rotated(a ^ words[at]!), ONE)
    b = Math.imul(rotated(b ^ words[at + 1]!), OTHER)
    c = Math.imul(rotated(c ^ words[at + 2]!), OTHER)
    d = Math.imul(rotated(d ^ words[at + 3]!), ONE)
  }
  const low = mixed(a, b)
  const high = mixed(c, d)
  sum.hash = mixed(low, high)
  sum.check = mixed(Math.imul(high, ONE), low ^ b)
}

const rotated = (word: number): number => (word << 13) | (word >>> 19)

function mixed(one: number, other: number): number {
  const both = Math.imul(one ^ (one >>> 15), OTHER) ^ Math.imul(other ^ (other >>> 16), ONE)
  return Math.imul(both ^ (both >>> 13), LAST) ^ (both >>> 15)
}
