/** How long an engine takes to load a model: what was seen of it, and before that what its size lets expect. */
import type { LoadTime } from '../../core/arm.ts'

/** Of a disk that is neither slow nor the best. */
const BYTES_PER_SECOND = 1.5e9
/** Of a model of unknown size: one of some 8 GB. */
const UNKNOWN_SECONDS = 5
/** A load from a warm page cache is several times as quick as the one before it: the last few count. */
const SHARE = 0.3

export const newLoadTime = (): LoadTime => ({ count: 0, seconds: 0 })

/** A load took so long. */
export function learnLoad(known: LoadTime, seconds: number): void {
  known.seconds = known.count === 0 ? seconds : known.seconds + SHARE * (seconds - known.seconds)
  known.count++
}

/** `bytes` null: nobody told its size. */
export const loadSecondsOf = ({ count, seconds }: LoadTime, bytes: number | null): number =>
  count > 0 ? seconds : bytes === null ? UNKNOWN_SECONDS : bytes / BYTES_PER_SECOND

/** A model in memory answers so much sooner that less than this is no load. */
const LEAST_MS = 100
/** An answer that began so many times as late as usual may have waited for a load. */
const LATE = 1.6

export interface ColdBegin {
  /** As the engine told it; null: it does not tell. */
  readonly toldMs: number | null
  /** Until the answer began, and what is usual where the model is loaded. */
  readonly began: number
  readonly usualMs: number
  /** No other call was open: one that comes in the middle of a load waits for less than all of it. */
  readonly alone: boolean
}

/** What of a first answer was the load of its model: 0 = nothing, it was loaded all along; null: some of it, and nobody can say how much. */
export function loadMsOf({ toldMs, began, usualMs, alone }: ColdBegin): number | null {
  if (toldMs !== null) return toldMs < LEAST_MS ? 0 : toldMs
  const late = began - usualMs
  if (late < LEAST_MS || began < LATE * usualMs) return 0
  return alone ? late : null
}
