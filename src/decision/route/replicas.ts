/**
 * Replicas are of one model, at one price, and the same is expected of their answers: which of them is asked is a matter of time alone.
 * The one goes first that is expected to answer soonest, what the request costs those behind it included; those that are known to be
 * full stand behind the others. Where several are as soon, but for chance, it is the one with the least to do for what it can do. Pure.
 */
import { EFFORTS } from '../../core/capabilities.ts'
import { atWork } from '../../core/load.ts'
import { roomLimitOf } from '../learn/room.ts'
import { type Field, lastWord } from './field.ts'
import { COLUMN, COLUMNS, TERM_COLUMN } from '../../core/terms.ts'
import type { Rota } from './rota.ts'

/** Paces and sizes that are less apart are the same: two equal engines, each seen in some of its moments on a busy machine. */
const SAME_PACE = 2
const SAME_LAG = 4
const SAME_SIZE = 1.5
/** Milliseconds by which one must be sooner than the others. What is learnt of them is one and the same until they are proven to be unlike. */
const SAME_MS = 50
/** Calls that a replica may have open beyond the share of the idlest before a conversation leaves it. */
const LOYAL = 2

/** A replica at one effort. */
interface Member {
  row: number
  /** Which of them are replicas of each other, at the same effort. */
  group: number
  /** Until its prompt has been read, with what that costs the requests behind it, ms; 0 where nothing is known of it. */
  time: number
  /** The same of one that is not as soon as the soonest; 0 of those that are. */
  late: number
  /** Calls to be done before it has done this one, for each that it does at a time. */
  busy: number
  /** Weight and size: what a call counts for. */
  share: number
  /** It is not known to be full. */
  free: boolean
}

/** By row: the first of its replicas, which is itself where it has none, and how many of them come before it. */
export interface Shares {
  readonly chiefs: Int32Array
  readonly ranks: Int32Array
}

/** Members of one decision after another: one for each candidate is much to throw away. Grow with the largest field. */
const pool: Member[] = []
let chiefs = new Int32Array(64)
let ranks = new Int32Array(64)

function memberAt(place: number, row: number, group: number): Member {
  const known = pool[place]
  if (known === undefined) return (pool[place] = { row, group, time: 0, late: 0, busy: 0, share: 1, free: true })
  known.row = row
  known.group = group
  known.time = 0
  return known
}

/** The order of replicas among each other; good until the next one is made. None of them keeps a place (the smaller, the sooner) that is before its forerunner's. */
export function shareOut(field: Field, rota: Rota, places: Float64Array): Shares {
  const { troubles, candidates } = field
  if (chiefs.length < candidates.length) {
    chiefs = new Int32Array(2 * candidates.length)
    ranks = new Int32Array(2 * candidates.length)
  }
  for (let row = 0; row < candidates.length; row++) chiefs[row] = row
  ranks.fill(0, 0, candidates.length)
  const members = membersOf(field, rota)
  members.sort(
    (one, other) =>
      one.group - other.group ||
      troubles[one.row]! - troubles[other.row]! ||
      Number(other.free) - Number(one.free) ||
      one.late - other.late ||
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

/** What is known of replicas together. */
interface Group {
  /** The quickest pace and the least lag of those that are well. */
  quickest: number
  soonest: number
  /** The largest size, and whether any of them is known to have a bound. */
  most: number
  bound: boolean
  /** Seconds that a stream holds its place: the sum of those that are known, and how many they are. */
  stays: number
  stayed: number
  /** The longest that reading the prompt takes any of them, ms. */
  reading: number
  /** The soonest of those that are well and have room. */
  first: Member | null
}

const newGroup = (): Group => ({
  quickest: Infinity,
  soonest: Infinity,
  most: 1,
  bound: false,
  stays: 0,
  stayed: 0,
  reading: 0,
  first: null,
})

function membersOf(field: Field, rota: Rota): Member[] {
  const { candidates, live, troubles, seats } = field
  const known = new Map<number, Group>()
  const members: Member[] = []
  for (const row of live) {
    if (rota.sizes[rota.groups[seats[row]!]!]! < 2) continue
    const number = groupOf(field, rota, row)
    let group = known.get(number)
    if (group === undefined) known.set(number, (group = newGroup()))
    const { pace, lag, room } = candidates[row]!.deployment.latency
    if (troubles[row]! < 1 && pace > 0) group.quickest = Math.min(group.quickest, pace)
    if (troubles[row]! < 1) group.soonest = Math.min(group.soonest, lag || 1)
    group.most = Math.max(group.most, Math.round(room.size))
    group.bound ||= roomLimitOf(room) !== null
    group.stays += room.stay
    if (room.stay > 0) group.stayed++
    group.reading = Math.max(group.reading, readingOf(field, row))
    members.push(memberAt(members.length, row, number))
  }
  for (const member of members) {
    const group = known.get(member.group)!
    weigh(member, group, field)
    if (group.first === null || isSooner(member, group.first, troubles)) group.first = member
  }
  evenOut(members, known)
  return members
}

/** Its numbers, beside those of the others. */
function weigh(member: Member, group: Group, field: Field): void {
  const { quickest, soonest, most, bound, stays, stayed } = group
  const { rows, candidates } = field
  const at = member.row * COLUMNS
  const { live, backend, latency } = candidates[member.row]!.deployment
  const open = atWork(live.load)
  // Of one that was never full it is not known how many it takes: as many as any of the others.
  const limit = roomLimitOf(latency.room) ?? most
  const size = !bound ? 1 : SAME_SIZE * limit > most ? most : limit
  // One that has shown nothing yet is as quick as the others; what is known of streams says nothing of embeddings.
  const late = Math.max(latency.pace / (SAME_PACE * quickest), latency.lag / (SAME_LAG * soonest))
  const slowness = Number.isNaN(rows[at + COLUMN.work]!) ? 1 : Math.max(1, late)
  member.share = size * backend.weight
  member.busy = (open * slowness + slowness - 1) / member.share
  member.free = !bound || open < size
  // Where prompts are read in no time, who has least to do is all there is to say.
  if (group.reading <= SAME_MS) return
  const wait = member.free || stayed === 0 ? 0 : (1000 * stays * (open + 1 - size)) / (stayed * size)
  member.time = wait + readingOf(field, member.row)
}

/** Until its prompt has been read, with what that costs the requests behind it, ms; 0 where nothing is known of it. */
const readingOf = ({ rows }: Field, row: number): number =>
  rows[row * COLUMNS + COLUMN.reading]! + rows[row * COLUMNS + COLUMN.congestion]! || 0

/** Those that are as soon as the soonest of their group are so by chance. */
function evenOut(members: readonly Member[], known: ReadonlyMap<number, Group>): void {
  for (const member of members) {
    const { time } = known.get(member.group)!.first!
    member.late = member.time > time + SAME_MS ? member.time : 0
  }
}

const isSooner = (one: Member, other: Member, troubles: ArrayLike<number>): boolean =>
  (troubles[one.row]! - troubles[other.row]! || Number(other.free) - Number(one.free) || one.time - other.time) < 0

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
