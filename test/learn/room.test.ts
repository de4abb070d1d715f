/** How many calls an engine works on at a time, and what a replica takes from the others. */
import t from 'tap'
import { loadOf } from '../../src/core/load.ts'
import type { Room } from '../../src/core/arm.ts'
import { learnTpot, learnTtft, newLatency, tpotOf, ttftOf } from '../../src/decision/learn/latency.ts'
import { learnRoom, learnStay, roomLimitOf, newRoom, waitOf } from '../../src/decision/learn/room.ts'

const begin = (beside: number, running: number, late: number) => ({
  beside,
  running,
  seconds: 0.1 * late,
  usual: 0.1,
  reading: 0,
})

const upTo = (room: Room, most: number): void => {
  for (let running = 1; running <= most; running++) learnRoom(room, begin(running - 1, running, 1))
}

t.test('an engine is full where streams begin late beside as many as it works on', async (t) => {
  const room = newRoom()
  upTo(room, 4)
  t.equal(roomLimitOf(room), null)
  for (let wait = 0; wait < 4; wait++) {
    t.equal(roomLimitOf(room), null, 'some late ones say little')
    t.equal(learnRoom(room, begin(4, 4, 4)), true)
  }
  t.equal(roomLimitOf(room), 4)
  learnStay(room, 2)
  t.strictSame(
    [0, 3, 4, 5, 8].map((open) => waitOf(room, open)),
    [0, 0, 0.5, 1, 2.5],
  )
  learnRoom(room, begin(4, 5, 1))
  t.equal(roomLimitOf(room), null, 'the fifth began at once, so it was not full')
})

t.test('where all are late, it is not for lack of a place', async (t) => {
  const room = newRoom()
  upTo(room, 8)
  for (let round = 0; round < 40; round++)
    for (let beside = 1; beside < 8; beside++) learnRoom(room, begin(beside, beside + 1, 4))
  t.equal(roomLimitOf(room), null)
})

t.test('what is seen in the wrong order now and then moves the size by little', async (t) => {
  const room = newRoom()
  upTo(room, 8)
  for (let wait = 0; wait < 200; wait++) {
    const running = wait % 10 === 0 ? 14 : wait % 10 === 5 ? 3 : 8
    learnRoom(room, begin(Math.max(8, running), running, 4))
    if (wait > 20) t.ok(Math.abs(room.size - 8) < 1, `${room.size}`)
  }
})

t.test('a size that was wrong is forgotten within some 130 streams that began at once', async (t) => {
  const room = newRoom()
  upTo(room, 5)
  for (let wait = 0; wait < 100; wait++) learnRoom(room, begin(5, 5, 4))
  t.equal(roomLimitOf(room), 5)
  for (let calm = 0; calm < 129; calm++) learnRoom(room, begin(2, 3, 1))
  t.equal(roomLimitOf(room), null)
})

t.test('an engine that was started again with fewer slots is known again', async (t) => {
  const room = newRoom()
  upTo(room, 8)
  for (let wait = 0; wait < 60; wait++) learnRoom(room, begin(4, 4, 4))
  t.equal(roomLimitOf(room), 4)
})

t.test('a replica is expected to be as the others until it has answered, and then as it is', async (t) => {
  const shared = newLatency(true)
  const [one, other] = [newLatency(true, shared), newLatency(true, shared)]
  for (let i = 0; i < 40; i++) {
    learnTtft(one, 20, loadOf(i % 4), 0.03)
    learnTpot(one, 20, loadOf(i % 4), 0.2)
  }
  t.ok(Math.abs(ttftOf(other, 20, loadOf(2)) / 0.03 - 1) < 0.25, `${ttftOf(other, 20, loadOf(2))} s`)
  t.ok(Math.abs(tpotOf(other, loadOf(2)) / 0.01 - 1) < 0.1, `${tpotOf(other, loadOf(2))} s`)
  for (let i = 0; i < 6; i++) learnTpot(other, 20, loadOf(i % 4), 0.8)
  t.ok(tpotOf(other, loadOf(2)) > 0.03, `slower: ${tpotOf(other, loadOf(2))} s`)
  t.ok(Math.abs(tpotOf(one, loadOf(2)) / 0.01 - 1) < 0.1, 'which says nothing of the first')
})

t.test('an even pace under an even load is learnt as it is: no weight runs away', async (t) => {
  const latency = newLatency(true)
  for (let i = 0; i < 400; i++) {
    learnTpot(latency, 100, loadOf(7), i % 2 === 0 ? 0.98 : 1.02)
    learnTtft(latency, 20, loadOf(7), 0.03)
    if (i < 50) continue
    for (const open of [5, 7])
      t.ok(
        Math.abs(tpotOf(latency, loadOf(open)) / 0.01 - 1) < 0.4,
        `${i}, ${open} open: ${tpotOf(latency, loadOf(open))}`,
      )
  }
})
