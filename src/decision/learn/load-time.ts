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
