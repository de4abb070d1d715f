/**
 * How many calls an engine works on at a time, from what can be seen of its streams: one that finds all places taken begins
 * late, after another has ended. Engines without such a bound (all they have goes into one batch) are never full. On a busy
 * machine all kinds of things come late and out of order, so no single stream is believed.
 */
import type { Room } from '../../core/arm.ts'

/** It took so many times as long as is usual where there is a place. */
const LATE = 1.6
/** An engine may read prompts so many times more slowly than is known yet: that is no waiting for a place. */
const UNSURE = 3
/** How much of a stream that seems to have waited goes into the size: about the last ten are looked at. */
const SIZE_SHARE = 0.1
/** So many must seem to have found it full, and more are not counted: what was wrong is forgotten as soon. */
const SURE = 4
const MOST_WAITS = 8
/** How many of them one stream takes back: one that began at once beyond the size, late below it, or at once below it. */
const BEYOND = 4
const LATE_BELOW = 1 / 4
const BELOW = 1 / 32
const STAY_SHARE = 0.1

export const newRoom = (): Room => ({ slots: null, size: 0, waits: 0, stay: 0 })

/** So many places are usual at engines of its kind: believed until its streams show another number. */
export function expectRoom(room: Room, usual: number): void {
  room.size = usual
  room.waits = SURE
}

/** Calls that it works on at a time; null: it was not seen to be full often enough. */
export const roomLimitOf = ({ slots, size, waits }: Room): number | null =>
  slots ?? (waits >= SURE ? Math.max(1, Math.round(size)) : null)

/** Seconds until one of `open` calls makes room for the next. */
export function waitOf(room: Room, open: number): number {
  const limit = roomLimitOf(room)
  return limit === null || open < limit ? 0 : (room.stay * (open + 1 - limit)) / limit
}

/** How a stream began. */
export interface Begin {
  /** Other calls that were worked on while it waited for its first token: the most at a time. */
  readonly beside: number
  /** Calls that were worked on when it came, itself included. */
  readonly running: number
  /** Until it came, and what is usual where there is a place. */
  readonly seconds: number
  readonly usual: number
  /** Of the usual time what prompts take to be read, its own and those before it, as long as that is hardly known; else 0. */
  readonly reading: number
}

/** True: it may have waited for a place, so its time does not show how quick the engine is. */
export function learnRoom(room: Room, { beside, running, seconds, usual, reading }: Begin): boolean {
  const size = Math.round(room.size)
  const late = seconds > LATE * (usual + UNSURE * reading)
  const full = late && size > 0 && beside >= size
  if (!late && running > size) {
    room.size = running
    count(room, -BEYOND)
  } else if (full) count(room, 1)
  else if (beside < size) count(room, late ? -LATE_BELOW : -BELOW)
  // Another had ended meanwhile: as many as are worked on now may be all that it takes.
  if (late && running <= beside) room.size += SIZE_SHARE * (running - room.size)
  // Learnt as its own pace, waiting would soon be all that is usual, and none of it late: the more so where what is usual is
  // still a first guess that is far too long.
  return full || (size > 0 && beside >= size && running <= beside)
}

const count = (room: Room, more: number): void => {
  room.waits = Math.min(MOST_WAITS, Math.max(0, room.waits + more))
}

/** A stream has held its place for so long. */
export function learnStay(room: Room, seconds: number): void {
  room.stay = room.stay === 0 ? seconds : room.stay + STAY_SHARE * (seconds - room.stay)
}
