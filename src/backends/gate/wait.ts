/** How long a request would wait for its place. Pure. */
import type { Lane } from './lane.ts'

/** Places of an engine. */
export interface Places {
  /** Calls that may be open at a time; null: nobody says. */
  readonly most: number | null
  /** Calls that are. */
  readonly open: number
  /** Requests that are served before this one. */
  readonly ahead: number
}

export interface Waited {
  readonly lanes: readonly Lane[]
  /** In all; its `most` null: what the lanes say. */
  readonly places: Places
  /** Those of its model; null: it shares those of all. */
  readonly ofModel: Places | null
  /** How long one keeps its place, ms. */
  readonly stay: number
  /** That it, and each of those before it, takes. */
  readonly tokens: number
  /** That it asks for; null: any. */
  readonly model: string | null
  /** Clock reading. */
  readonly now: number
}

/** Those ahead are taken to be spread evenly over the lanes. */
export function secondsUntil({ lanes, places, ofModel, stay, tokens, model, now }: Waited): number {
  const each = Math.floor(places.ahead / lanes.length)
  let soonest = Infinity
  for (const lane of lanes) {
    const { rpm, tpm, parallel } = lane.limits
    const at = Math.max(lane.restFor(model).until, lane.rateAt(each, rpm, tpm, tokens, now))
    soonest = Math.min(soonest, Math.max(at - now, forPlace(parallel, lane.open, each, stay)))
  }
  const whole = forPlace(places.most, places.open, places.ahead, stay)
  const own = ofModel === null ? 0 : forPlace(ofModel.most, ofModel.open, ofModel.ahead, stay)
  return Math.max(soonest, whole, own) / 1000
}

/** Of `most` calls one ends every `stay / most`. */
const forPlace = (most: number | null, open: number, ahead: number, stay: number): number =>
  most === null || open + ahead < most ? 0 : (stay * (open + ahead + 1 - most)) / most
