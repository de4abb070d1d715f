/** Blocks by their hashes, beside a plain map that is asked the same. */
import t from 'tap'
import { BlockTable } from '../../src/decision/learn/block-table.ts'
import { pick, seeded } from '../support/random.ts'

t.test('whatever comes and goes, what is there is found, and nothing else is', async (t) => {
  for (let seed = 0; seed < 20; seed++) {
    const random = seeded(seed)
    const table = new BlockTable()
    const plain = new Map<string, { block: number; seats: Set<number> }>()
    // Few hashes, so that many blocks want the same place, and are told apart by their checks alone.
    const any = (): [number, number] => [Math.floor(random() * 40) * 2048, Math.floor(random() * 60)]
    for (let turn = 0; turn < 6_000; turn++) {
      const [hash, check] = any()
      const key = `${hash} ${check}`
      const known = plain.get(key)
      if (known === undefined) plain.set(key, { block: table.add(hash, check), seats: new Set() })
      else if (random() < 0.4) {
        table.remove(known.block)
        plain.delete(key)
      } else {
        const seat = Math.floor(random() * 300)
        if (known.seats.delete(seat)) table.leave(known.block, seat)
        else {
          known.seats.add(seat)
          table.hold(known.block, seat)
        }
      }
    }
    t.equal(table.size, plain.size, `seed ${seed}`)
    for (let hash = 0; hash < 40; hash++)
      for (let check = 0; check < 60; check++) {
        const known = plain.get(`${hash * 2048} ${check}`)
        const found = table.find(hash * 2048, check)
        if (found !== (known?.block ?? -1)) t.fail(`seed ${seed}: ${hash} ${check} is not where it is`)
        if (known !== undefined && !sameSeats(table, found, known.seats)) t.fail(`seed ${seed}: another seat holds it`)
      }
  }
})

t.test('a place that is free again is taken again, and nobody holds what is new there', async (t) => {
  const table = new BlockTable()
  const first = table.add(7, 7)
  table.hold(first, 3)
  table.remove(first)
  t.equal(table.size, 0)
  const second = table.add(8, 8)
  t.equal(second, first)
  t.equal(table.seatsOf(second, 0), 0)
})

t.test('a seat beyond the words of all before it changes nothing of theirs', async (t) => {
  const table = new BlockTable()
  const random = seeded(5)
  const blocks = Array.from({ length: 3_000 }, (_, hash) => table.add(hash, -hash))
  const seats = blocks.map(() => new Set<number>())
  for (const most of [10, 40, 200, 700])
    for (let turn = 0; turn < 4_000; turn++) {
      const block = pick(random, blocks)
      const seat = Math.floor(random() * most)
      table.hold(block, seat)
      seats[block]!.add(seat)
    }
  t.ok(table.words * 32 >= 700)
  t.ok(blocks.every((block) => sameSeats(table, block, seats[block]!)))
})

function sameSeats(table: BlockTable, block: number, seats: ReadonlySet<number>): boolean {
  let held = 0
  for (let seat = 0; seat < 32 * table.words; seat++)
    if (((table.seatsOf(block, seat >> 5) >>> (seat & 31)) & 1) === 1) {
      if (!seats.has(seat)) return false
      held++
    }
  return held === seats.size
}
