/** The ratio of two sums over independent cells, the difference of two such ratios, and the interval that holds it in 95 of 100 cases. Pure. */

/** An estimate of which it is known how far it varies. */
export interface Ratio {
  readonly value: number
  readonly variance: number
  /** How sure the variance itself is: degrees of freedom, fewer where some large cells make most of it. */
  readonly freedom: number
}

export interface Difference {
  readonly value: number
  readonly low: number
  readonly high: number
}

/** Null: there is nothing to divide by, or all of it is in one cell. The variance is that of leaving out each cell in turn (jackknife). */
export function ratioOf(pairs: readonly (readonly [above: number, below: number])[]): Ratio | null {
  let above = 0
  let below = 0
  for (const [a, b] of pairs) {
    above += a
    below += b
  }
  if (below === 0) return null
  const value = above / below
  let squares = 0
  let fourths = 0
  for (const [a, b] of pairs) {
    if (b === below) return null
    const square = ((a - value * b) / (below - b)) ** 2
    squares += square
    fourths += square ** 2
  }
  const cells = pairs.length
  const spread = fourths - squares ** 2 / cells
  const freedom = Math.min(cells - 1, spread === 0 ? Infinity : (2 * squares ** 2) / spread)
  return { value, variance: (squares * (cells - 1)) / cells, freedom }
}

/** A share of so many: where none of them, or all, are counted, that does not make it certain. */
export function shareOf(ratio: Ratio, number: number): Ratio {
  const guess = (ratio.value * number + 1) / (number + 2)
  return { ...ratio, variance: Math.max(ratio.variance, (guess * (1 - guess)) / (number + 2)) }
}

/** `one` - `other`. Each has an interval of its own, in proportion to its value, as sums of few large amounts lean to one side; `share`: as it is. */
export function differenceOf(one: Ratio, other: Ratio, share = false): Difference {
  const times = quantileOf(freedomOf(one, other))
  const [a, b] = [endsOf(one, times, share), endsOf(other, times, share)]
  const value = one.value - other.value
  return {
    value,
    low: value - Math.hypot(one.value - a.low, b.high - other.value),
    high: value + Math.hypot(a.high - one.value, other.value - b.low),
  }
}

/** By how much `one` is more than `other`, as a share of `other`; null where that is 0. */
export function relativeOf(one: Ratio, other: Ratio): Difference | null {
  if (one.value <= 0 || other.value <= 0) return null
  const times = quantileOf(freedomOf(one, other))
  const factor = one.value / other.value
  const spread = times * Math.sqrt(one.variance / one.value ** 2 + other.variance / other.value ** 2)
  return { value: factor - 1, low: factor * Math.exp(-spread) - 1, high: factor * Math.exp(spread) - 1 }
}

function endsOf({ value, variance }: Ratio, times: number, share: boolean): { low: number; high: number } {
  const spread = times * Math.sqrt(variance)
  if (share || value <= 0) return { low: value - spread, high: value + spread }
  return { low: value * Math.exp(-spread / value), high: value * Math.exp(spread / value) }
}

/** Degrees of freedom of the difference (Welch and Satterthwaite). */
function freedomOf(one: Ratio, other: Ratio): number {
  const sum = one.variance + other.variance
  if (sum === 0) return Infinity
  return sum ** 2 / (one.variance ** 2 / one.freedom + other.variance ** 2 / other.freedom)
}

/** 0.975 of the normal distribution. */
const Z = 1.959963984540054

/** Of Student's t at 0.975 (the expansion of Cornish and Fisher; to within 1 % from 3 degrees of freedom on). */
function quantileOf(freedom: number): number {
  const n = Math.max(3, freedom)
  const [z3, z5, z7] = [Z ** 3, Z ** 5, Z ** 7]
  return (
    Z +
    (z3 + Z) / (4 * n) +
    (5 * z5 + 16 * z3 + 3 * Z) / (96 * n ** 2) +
    (3 * z7 + 19 * z5 + 17 * z3 - 15 * Z) / (384 * n ** 3)
  )
}
