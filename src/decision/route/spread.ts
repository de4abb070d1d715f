/** Orders that ask nothing of what is expected of the candidates: as written, or spread over all that are well. Pure. */
import { atWork } from '../../core/load.ts'
import type { Unscored } from '../../core/strategies.ts'
import { type Field, lastWord } from './field.ts'

type Before = (one: number, other: number) => number

/** Rows, the sick behind the others. */
export function spread(field: Field, how: Unscored): number[] {
  const { live, troubles } = field
  const before = ORDERS[how](field)
  return [...live].sort((a, b) => troubles[a]! - troubles[b]! || before(a, b))
}

const ORDERS: Readonly<Record<Unscored, (field: Field) => Before>> = {
  ordered: () => (a, b) => a - b,
  round_robin: (field) => (a, b) => byTurn(field, a, b) || lastWord(field, a, b),
  weighted: (field) => (a, b) => byShare(field, a, b),
  least_busy: leastBusy,
  hash: (field) => (field.key === null ? leastBusy(field) : nearest(field, field.key)),
}

const byTurn = ({ rota, seats }: Field, a: number, b: number): number =>
  rota === null ? 0 : rota.byTurn(seats[a]!, seats[b]!)

const byShare = (field: Field, a: number, b: number): number =>
  (field.rota === null ? 0 : field.rota.byShare(field.seats[a]!, field.seats[b]!)) || lastWord(field, a, b)

function leastBusy(field: Field): Before {
  const load = (row: number): number => {
    const { live, backend } = field.candidates[row]!.deployment
    return atWork(live.load) / backend.weight
  }
  return (a, b) => load(a) - load(b) || byShare(field, a, b)
}

/** Rendezvous: a candidate more takes only what is its own share, from each of the others its part; one less leaves the others what they had. */
function nearest(field: Field, key: string): Before {
  const { candidates, live } = field
  const distances = new Map<number, number>()
  for (const row of live) {
    const { id, backend } = candidates[row]!.deployment
    distances.set(row, -Math.log(between0and1(`${id}\n${key}`)) / backend.weight)
  }
  return (a, b) => distances.get(a)! - distances.get(b)! || lastWord(field, a, b)
}

/** Evenly spread, and the same for the same text: FNV-1a, with the bits mixed at the end. */
function between0and1(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (((hash ^ (hash >>> 16)) >>> 0) + 0.5) / 4_294_967_296
}
