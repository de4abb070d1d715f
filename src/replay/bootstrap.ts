/** Intervals of differences: the requests are drawn again and again, each with both of its sides. Pure, and the same for the same samples. */
import { MEASURES } from './logged.ts'
import { at, SAMPLE_COLUMN, type Sample } from './sample.ts'

/** 95 of 100 such intervals hold the true value. */
export interface Interval {
  readonly low: number
  readonly high: number
}

export interface Intervals {
  /** B - A, by place of the measure; null where there are fewer than two requests. */
  readonly expected: readonly (Interval | null)[]
  readonly corrected: readonly (Interval | null)[]
  /** Of the median of the total wait. */
  readonly median: Interval | null
}

const DRAWS = 1000
const SEED = 20_260_101
export const TOTAL = MEASURES.indexOf('total_ms')

/** Differences of one kind; what is unknown has no place in them. */
interface Series {
  readonly values: Float64Array
  readonly known: Uint8Array
}

export function intervalsOf(samples: readonly Sample[]): Intervals {
  const measures = MEASURES.map((_, measure) => measure)
  const expected = measures.map((measure) => seriesOf(samples, measure, SAMPLE_COLUMN.a, SAMPLE_COLUMN.b))
  const corrected = measures.map((measure) =>
    seriesOf(samples, measure, SAMPLE_COLUMN.correctedA, SAMPLE_COLUMN.correctedB),
  )
  const [ascendingA, ascendingB] = [ascending(samples, SAMPLE_COLUMN.a), ascending(samples, SAMPLE_COLUMN.b)]
  const draws = [...expected, ...corrected].map(() => new Float64Array(DRAWS))
  const medians = new Float64Array(DRAWS)
  const counts = new Uint16Array(samples.length)
  const random = randomFrom(SEED)
  for (let draw = 0; draw < DRAWS; draw++) {
    counts.fill(0)
    for (let left = samples.length; left > 0; left--) counts[Math.floor(random() * samples.length)]!++
    ;[...expected, ...corrected].forEach((series, index) => (draws[index]![draw] = meanOf(series, counts)))
    medians[draw] = medianOf(ascendingB, counts) - medianOf(ascendingA, counts)
  }
  const enough = ({ known }: Series): boolean => known.reduce((sum, one) => sum + one, 0) > 1
  const interval = (series: Series, values: Float64Array): Interval | null => (enough(series) ? middle(values) : null)
  return {
    expected: expected.map((series, index) => interval(series, draws[index]!)),
    corrected: corrected.map((series, index) => interval(series, draws[measures.length + index]!)),
    median: interval(expected[TOTAL]!, medians),
  }
}

function seriesOf(samples: readonly Sample[], measure: number, from: number, to: number): Series {
  const values = new Float64Array(samples.length)
  const known = new Uint8Array(samples.length)
  samples.forEach((sample, index) => {
    const difference = sample.values[at(measure, to)]! - sample.values[at(measure, from)]!
    if (Number.isNaN(difference)) return
    values[index] = difference
    known[index] = 1
  })
  return { values, known }
}

function meanOf({ values, known }: Series, counts: Uint16Array): number {
  let sum = 0
  let number = 0
  for (let index = 0; index < counts.length; index++) {
    sum += counts[index]! * values[index]!
    number += counts[index]! * known[index]!
  }
  return sum / number
}

interface Ascending {
  readonly order: Uint32Array
  readonly values: Float64Array
}

/** Total waits from the shortest to the longest. */
function ascending(samples: readonly Sample[], column: number): Ascending {
  const value = (index: number): number => samples[index]!.values[at(TOTAL, column)]!
  const known = [...samples.keys()].filter((index) => !Number.isNaN(value(index)))
  const order = Uint32Array.from(known).sort((one, other) => value(one) - value(other))
  return { order, values: Float64Array.from(order, value) }
}

function medianOf({ order, values }: Ascending, counts: Uint16Array): number {
  let all = 0
  for (const index of order) all += counts[index]!
  let seen = 0
  for (let place = 0; place < order.length; place++) {
    seen += counts[order[place]!]!
    if (2 * seen >= all) return values[place]!
  }
  return NaN
}

function middle(values: Float64Array): Interval {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort()
  const place = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!
  return { low: place(0.025), high: place(0.975) }
}

/** From 0 to 1 (xorshift). */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 4_294_967_296
  }
}
