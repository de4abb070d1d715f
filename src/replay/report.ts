/** The sums of a replay as people and programs read them. Pure. Field names are contract. */
import { type Interval, intervalsOf, TOTAL } from './bootstrap.ts'
import { type Measure, MEASURES } from './logged.ts'
import { effectiveSize, type Evidence, MOST_KEPT, PLACES, type Replay } from './replay.ts'
import type { Difference, EvidenceReport, MeasureReport, Report } from './report-shape.ts'
import { at, SAMPLE_COLUMN, MOST_WEIGHT, type Sample } from './sample.ts'
import { reportWarnings } from './warnings.ts'

export function reportOf(replay: Replay): Report {
  const samples = replay.kept.all()
  const intervals = intervalsOf(samples)
  // Intervals are those of the kept requests; of all of them they are narrower by the root of their number.
  const narrower = Math.sqrt(Math.min(1, samples.length / Math.max(1, replay.requests)))
  const scaled = (value: number, around: number, interval: Interval | null): Difference => ({
    value: rounded(value),
    low: interval && rounded(value + (interval.low - around) * narrower),
    high: interval && rounded(value + (interval.high - around) * narrower),
  })
  const difference = (measure: number, a: number, b: number, interval: Interval | null): Difference => {
    const value = replay.mean(measure, b) - replay.mean(measure, a)
    return scaled(value, narrower === 1 ? value : meanDifference(samples, measure, a, b), interval)
  }
  const measures = PLACES.map((measure): [string, MeasureReport] => {
    const { compared, happened } = replay.known(measure)
    const mean = (column: number): number | null => rounded(replay.mean(measure, column))
    return [
      MEASURES[measure]!,
      {
        requests: compared,
        happened: { requests: happened, mean: mean(SAMPLE_COLUMN.happened) },
        expected: {
          a: mean(SAMPLE_COLUMN.a),
          b: mean(SAMPLE_COLUMN.b),
          difference: difference(measure, SAMPLE_COLUMN.a, SAMPLE_COLUMN.b, intervals.expected[measure] ?? null),
        },
        corrected: {
          a: mean(SAMPLE_COLUMN.correctedA),
          b: mean(SAMPLE_COLUMN.correctedB),
          difference: difference(
            measure,
            SAMPLE_COLUMN.correctedA,
            SAMPLE_COLUMN.correctedB,
            intervals.corrected[measure] ?? null,
          ),
        },
      },
    ]
  })
  const median = (column: number): number => medianOf(samples, column)
  const apart = median(SAMPLE_COLUMN.b) - median(SAMPLE_COLUMN.a)
  const pairs = [...replay.moves.values()].sort(
    (one, other) => other.requests - one.requests || (one.from + one.to < other.from + other.to ? -1 : 1),
  )
  const report = {
    requests: replay.requests,
    skipped: replay.skipped,
    unjudged: replay.unjudged,
    agreement: { a: replay.a.agrees, b: replay.b.agrees },
    incomplete: { a: replay.a.incomplete, b: replay.b.incomplete },
    header_routes: { a: replay.a.passedOver, b: replay.b.passedOver },
    routed_otherwise: replay.otherwise,
    moves: { requests: replay.moved.requests, pairs },
    measures: Object.fromEntries(measures) as Record<Measure, MeasureReport>,
    median_total_ms: {
      happened: rounded(median(SAMPLE_COLUMN.happened)),
      a: rounded(median(SAMPLE_COLUMN.a)),
      b: rounded(median(SAMPLE_COLUMN.b)),
      // It is that of the kept requests, and so is its interval.
      difference: {
        value: rounded(apart),
        low: intervals.median && rounded(intervals.median.low),
        high: intervals.median && rounded(intervals.median.high),
      },
    },
    evidence: {
      drawn: replay.drawn,
      most_weight: MOST_WEIGHT,
      all: evidenceOf(replay.all),
      moved: evidenceOf(replay.moved),
    },
  }
  return { ...report, warnings: reportWarnings(report, MOST_KEPT) }
}

const evidenceOf = (evidence: Evidence): EvidenceReport => ({
  requests: evidence.requests,
  agrees: evidence.agrees,
  effective_sample_size: rounded(effectiveSize(evidence)) ?? 0,
})

/** Of the total wait. */
function medianOf(samples: readonly Sample[], column: number): number {
  const sorted = Float64Array.from(samples, ({ values }) => values[at(TOTAL, column)]!)
    .filter((value) => !Number.isNaN(value))
    .sort()
  return sorted[Math.ceil(sorted.length / 2) - 1] ?? NaN
}

function meanDifference(samples: readonly Sample[], measure: number, a: number, b: number): number {
  let sum = 0
  let number = 0
  for (const { values } of samples) {
    const difference = values[at(measure, b)]! - values[at(measure, a)]!
    if (Number.isNaN(difference)) continue
    sum += difference
    number++
  }
  return sum / number
}

/** Six digits: what sums in another order differ by is behind them. Null = unknown. */
const rounded = (value: number): number | null => (Number.isFinite(value) ? Number(value.toPrecision(6)) : null)
