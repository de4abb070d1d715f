/**
 * How many calls an engine works on at a time, from what can be seen of its streams: one that finds all places taken begins
 * late, after another has ended. Engines without such a bound (all they have goes into one batch) are never full.
 */
import type { Room } from '../core/arm.ts'

/** Streams that found it full, as it seemed, before that is believed: one may be a hiccup. */
const SURE = 3
/** They began so many times later than others lately did, taken together: when all are late, it is not for lack of a place. */
const LATE = 1.6
/** How much one of them counts: about the last four; and the most that it may be late by. */
const LATE_SHARE = 0.25
const MOST_LATE = 5
/** So many late ones beside fewer calls than there were once: the engine takes fewer than it did. */
const SMALLER = 32
const STAY_SHARE = 0.1

export const newRoom = (): Room => ({ most: 0, late: 0, calm: 1, full: 0, lately: 0, waits: 0, stay: 0 })

const isFull = ({ full, late, calm }: Room): boolean => full >= SURE && late > LATE * Math.max(1, calm)

/** Calls that it works on at a time; null: it was never seen to be full. */
export const limitOf = (room: Room): number | null => (isFull(room) ? room.most : null)

/** Seconds until one of `open` calls makes room for the next. */
export const waitOf = (room: Room, open: number): number =>
  open < room.most || !isFull(room) ? 0 : (room.stay * (open + 1 - room.most)) / room.most

/** How a stream began. */
export interface Begin {
  /** Other calls that were worked on while it waited for its first token: the most at a time. */
  readonly beside: number
  /** Calls that were worked on when it came, itself included. */
  readonly running: number
  /** Until it came, and what is usual where there is a place. */
  readonly seconds: number
  readonly usual: number
}

/** True: it may have waited for a place, so its time does not show how quick the engine is. */
export function learnRoom(room: Room, { beside, running, seconds, usual }: Begin): boolean {
  if (running > room.most) {
    Object.assign(room, { most: running, late: 0, full: 0, lately: 0, waits: 0 })
    return false
  }
  const late = Math.min(MOST_LATE, seconds / usual)
  if (beside >= room.most) {
    room.late = room.full === 0 ? late : room.late + LATE_SHARE * (late - room.late)
    room.full++
    room.lately = room.waits = 0
    return late > LATE
  }
  room.calm += LATE_SHARE * (late - room.calm)
  if (late > LATE && running <= beside) {
    room.lately = Math.max(room.lately, beside)
    if (++room.waits >= SMALLER)
      Object.assign(room, { most: room.lately, late, calm: 1, full: SURE, lately: 0, waits: 0 })
  }
  return false
}

/** A stream has held its place for so long. */
export function learnStay(room: Room, seconds: number): void {
  room.stay = room.stay === 0 ? seconds : room.stay + STAY_SHARE * (seconds - room.stay)
}
