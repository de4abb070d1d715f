/** Figures of all benchmarks on scales that can be compared: log-odds. Pure. */
import type { Benchmark } from './results.ts'

/** Elo points that are one unit of log-odds: ratings are 400 to a factor of ten. */
const ELO = 400 / Math.LN10
const ELO_MIDDLE = 1300
/** In percent: nearer to nothing or all a question more or less would be the whole figure. */
const EDGE = 1.5

/** Of what guessing does not get. */
export function oddsOfFigure(value: number, { unit, chance }: Benchmark): number {
  if (unit === 'elo') return (value - ELO_MIDDLE) / ELO
  const known = (100 * (value - chance)) / (100 - chance)
  const share = Math.min(100 - EDGE, Math.max(EDGE, known)) / 100
  return Math.log(share / (1 - share))
}
