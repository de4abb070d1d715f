/** Readings of the fleet's clock as times of day: for people, and for other machines. */

/** One moment on both clocks, ms. */
export interface Moment {
  /** Reading of the fleet's clock, which is monotonic. */
  readonly clock: number
  /** The time of day. */
  readonly day: number
}

/** ISO 8601. */
export const dateOf = (reading: number, { clock, day }: Moment): string =>
  new Date(day + (reading - clock)).toISOString()

/** Null for what is over. */
export const untilOf = (reading: number, at: Moment): string | null => (reading > at.clock ? dateOf(reading, at) : null)
