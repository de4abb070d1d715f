/**
 * Replicas are of one model, at one price, and the same is expected of their answers: which of them is asked is a matter of
 * load alone. The one with the least to do for what it can do goes first, those that are known to be full behind the others; how far its expected times are above or below
 * those of the others by chance moves nothing. Pure.
 */
import { EFFORTS } from '../../core/capabilities.ts'
import { roomLimitOf } from '../learn/room.ts'
import { type Field, lastWord } from './field.ts'
import { COLUMN, COLUMNS, TERM_COLUMN } from '../../core/terms.ts'
import type { Rota } from './rota.ts'

/** Paces and sizes that are less apart are the same: two equal engines, each seen in some of its moments on a busy machine. */
const SAME_PACE = 2
const SAME_LAG = 4
const SAME_SIZE = 1.5
/** Calls that a replica may have open beyond the share of the idlest before a conversation leaves it. */
const LOYAL = 2

/** A replica at one effort. */
interface Member {
  readonly row: number
  /** Which of them are replicas of each other, at the same effort. */
  readonly group: number
  /** Calls to be done before it has done this one, for each that it does at a time. */
  readonly busy: number
  /** Weight and size: what a call counts for. */
  readonly share: number
  /** It is not known to be full. */
  readonly free: boolean
}

/** By row: the first of its replicas, which is itself where it has none, and how many of them come before it. */
export interface Shares {
  readonly chiefs: Int32Array
  readonly ranks: Int32Array
}

/** The order of replicas among each other. None of them keeps a place (the smaller, the sooner) that is before its forerunner's. */
export function shareOut(field: Field, rota: Rota, places: Float64Array): Shares {
  const { troubles, candidates } = field
  const chiefs = Int32Array.from(candidates.keys())
  const ranks = new Int32Array(candidates.length)
  const members = membersOf(field, rota)
  members.sort(
    (one, other) =>
      one.group - other.group ||
      troubles[one.row]! - troubles[other.row]! ||
      Number(other.free) - Number(one.free) ||
      one.busy - other.busy ||
      rota.byShare(field.seats[one.row]!, field.seats[other.row]!) ||
      lastWord(field, one.row, other.row),
  )
  for (let at = 0; at < members.length; at++) {
    const before = members[at - 1]
    if (before?.group !== members[at]!.group) {
      stay(field, members, at)
      continue
    }
    const { row } = members[at]!
    places[row] = Math.max(places[row]!, places[before.row]!)
    chiefs[row] = chiefs[before.row]!
    ranks[row] = ranks[before.row]! + 1
  }
  return { chiefs, ranks }
}

const groupOf = ({ candidates, seats }: Field, rota: Rota, row: number): number => {
  const { effort } = candidates[row]!
  return rota.groups[seats[row]!]! * (EFFORTS.length + 1) + (effort === null ? 0 : EFFORTS.indexOf(effort) + 1)
}

function membersOf(field: Field, rota: Rota): Member[] {
  const { candidates, live, rows, troubles, seats } = field
  const several = live.filter((row) => rota.sizes[rota.groups[seats[row]!]!]! > 1)
  const groups = several.map((row) => groupOf(field, rota, row))
  /** By group: the quickest pace, the least lag, the largest size, and whether any of it is known to have a bound. */
  const known = new Map<number, { quickest: number; soonest: number; most: number; bound: boolean }>()
  several.forEach((row, index) => {
    const { pace, lag, room } = candidates[row]!.deployment.latency
    let of = known.get(groups[index]!)
    if (of === undefined)
      known.set(groups[index]!, (of = { quickest: Infinity, soonest: Infinity, most: 1, bound: false }))
    if (troubles[row]! < 1 && pace > 0) of.quickest = Math.min(of.quickest, pace)
    if (troubles[row]! < 1) of.soonest = Math.min(of.soonest, lag || 1)
    of.most = Math.max(of.most, Math.round(room.size))
    of.bound ||= roomLimitOf(room) !== null
  })
  return several.map((row, index) => {
    const group = groups[index]!
    const { quickest, soonest, most, bound } = known.get(group)!
    const { live, backend, latency } = candidates[row]!.deployment
    // Of one that was never full it is not known how many it takes: as many as any of the others.
    const limit = roomLimitOf(latency.room) ?? most
    const size = !bound ? 1 : SAME_SIZE * limit > most ? most : limit
    // One that has shown nothing yet is as quick as the others; what is known of streams says nothing of embeddings.
    const late = Math.max(latency.pace / (SAME_PACE * quickest), latency.lag / (SAME_LAG * soonest))
    const slowness = Number.isNaN(rows[row * COLUMNS + COLUMN.work]!) ? 1 : Math.max(1, late)
    const share = size * backend.weight
    const { open } = live.load
    return { row, group, busy: (open * slowness + slowness - 1) / share, share, free: !bound || open < size }
  })
}

/**
 * A conversation stays at its replica, which comes to the front of its group (`from`), where no other is better by more than
 * staying is worth, and not while it has much more to do than the idlest, or has no free place while that has one.
 */
function stay({ rows, troubles }: Field, members: Member[], from: number): void {
  const first = members[from]!
  const value = (row: number, column: number): number => rows[row * COLUMNS + column]!
  for (let at = from + 1; members[at]?.group === first.group; at++) {
    const own = members[at]!
    if (value(own.row, TERM_COLUMN.affinity) <= value(first.row, TERM_COLUMN.affinity)) continue
    if (troubles[own.row] !== troubles[first.row]) return
    if (value(own.row, COLUMN.utility) < value(first.row, COLUMN.utility)) return
    if (own.busy > first.busy + LOYAL / own.share || (first.free && !own.free)) return
    members.splice(at, 1)
    members.splice(from, 0, own)
    return
  }
}
