/** One request under two policies, in numbers: what happened, what was expected of each choice, and that corrected by what happened. Pure. */
import { lotOf } from '../core/lot.ts'
import { type Logged, type Measure, MEASURES, type LoggedOption } from './logged.ts'

/** Columns of a measure. */
export const SAMPLE_COLUMN = { happened: 0, a: 1, b: 2, correctedA: 3, correctedB: 4 } as const
const WIDTH = 5
export const SAMPLE = MEASURES.length * WIDTH

/** No request counts for more than so many: rare explored ones would drown all others. */
export const MOST_WEIGHT = 50

export interface Sample {
  /** Decides who is kept for the intervals: the same whatever the order of the lines. */
  readonly lot: number
  readonly time: number
  /** By `at`. NaN = unknown. */
  readonly values: Float64Array
}

export const at = (measure: number, column: number): number => measure * WIDTH + column

/** `a`, `b`: what the policies choose, as places among the options. */
export function sampleOf(logged: Logged, a: number, b: number): Sample {
  const { options, chosen, observed, stream } = logged
  const values = new Float64Array(SAMPLE).fill(NaN)
  MEASURES.forEach((name, measure) => {
    const expected = (place: number): number => expectedOf(options[place]!, name, stream)
    const [ofA, ofB] = [expected(a), expected(b)]
    // Where one side is unknown the two cannot be compared.
    if (Number.isNaN(ofA) || Number.isNaN(ofB)) return
    const happened = observed[name]
    const surprise = happened - expected(chosen)
    values[at(measure, SAMPLE_COLUMN.happened)] = happened
    values[at(measure, SAMPLE_COLUMN.a)] = ofA
    values[at(measure, SAMPLE_COLUMN.b)] = ofB
    values[at(measure, SAMPLE_COLUMN.correctedA)] = ofA + correction(weightOf(logged, a), surprise)
    values[at(measure, SAMPLE_COLUMN.correctedB)] = ofB + correction(weightOf(logged, b), surprise)
  })
  return { lot: lotOf(`${logged.id} ${logged.time}`), time: logged.time, values }
}

/** For how many requests this one stands, where it did what the policy would have done; else 0. */
export const weightOf = ({ chosen, propensity }: Logged, choice: number): number =>
  choice === chosen ? Math.min(MOST_WEIGHT, 1 / propensity) : 0

/** Without an observation the expectation stands. */
const correction = (weight: number, surprise: number): number =>
  weight === 0 || Number.isNaN(surprise) ? 0 : weight * surprise

/** Callers see the first token of streams only. */
const expectedOf = ({ expected }: LoggedOption, name: Measure, stream: boolean): number =>
  name === 'ttft_ms' && !stream ? NaN : expected[name]
