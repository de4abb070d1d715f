/** How long a request would wait for its place. Pure. */
import type { Lane } from './lane.ts'

export interface Waited {
  readonly lanes: readonly Lane[]
  /** Calls that may be open in all; null: what the lanes say. */
  readonly most: number | null
  /** Calls that are. */
  readonly open: number
  /** How long one keeps its place, ms. */
  readonly stay: number
  /** Requests that are served before it. */
  readonly ahead: number
  /** That it, and each of those, takes. */
  readonly tokens: number
  /** That it asks for; null: any. */
  readonly model: string | null
  /** Clock reading. */
  readonly now: number
}

/** Those ahead are taken to be spread evenly over the lanes. */
export function secondsUntil({ lanes, most, open, stay, ahead, tokens, model, now }: Waited): number {
  const each = Math.floor(ahead / lanes.length)
  let soonest = Infinity
  for (const lane of lanes) {
    const { rpm, tpm, parallel } = lane.limits
    const at = Math.max(lane.restFor(model).until, lane.rateAt(each, rpm, tpm, tokens, now))
    soonest = Math.min(soonest, Math.max(at - now, forPlace(lane.open, parallel, each, stay)))
  }
  return Math.max(soonest, forPlace(open, most, ahead, stay)) / 1000
}

/** Of `most` calls one ends every `stay / most`. */
const forPlace = (open: number, most: number | null, ahead: number, stay: number): number =>
  most === null || open + ahead < most ? 0 : (stay * (open + ahead + 1 - most)) / most
