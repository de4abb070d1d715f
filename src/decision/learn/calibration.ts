/** How many tokens a model's own tokenizer makes of a text, against the estimate from its characters. */
import type { Calibration } from '../../core/arm.ts'

/** Relative error of the estimate before anything was seen. */
const FIRST_DEVIATION = 0.15
const SHARE = 0.05
/** A smaller prompt is mostly template. */
const LEAST_TOKENS = 16

export const newCalibration = (): Calibration => ({ count: 0, mean: 0, deviation: FIRST_DEVIATION, factor: 1 })

/** The estimate, put right. */
export const calibrated = (tokens: number, { factor }: Calibration): number => tokens * factor

/** The backend counted `actual` tokens where `estimated` were expected before calibration. */
export function learnTokens(calibration: Calibration, estimated: number, actual: number): void {
  if (estimated < LEAST_TOKENS || actual < LEAST_TOKENS) return
  // A mistaken usage (of the whole conversation, of an image) must not spoil what is known.
  const log = Math.max(-2, Math.min(2, Math.log(actual / estimated)))
  calibration.count++
  const share = Math.max(SHARE, 1 / (calibration.count + 1))
  calibration.mean += share * (log - calibration.mean)
  calibration.factor = Math.exp(calibration.mean)
  calibration.deviation += SHARE * (1.25 * Math.abs(log - calibration.mean) - calibration.deviation)
}
