/** How long loads take, as cold answers teach it. */
import t from 'tap'
import { loadMsOf } from '../../src/decision/learn/load-time.ts'
import { loadSecondsOf } from '../../src/decision/learn/load-time.ts'
import { ttftOf } from '../../src/decision/learn/latency.ts'
import { roomLimitOf } from '../../src/decision/learn/room.ts'
import { expectRoom, learnRoom, newRoom, waitOf } from '../../src/decision/learn/room.ts'
import { ModelStats } from '../../src/decision/learn/model-stats.ts'
import { lesson, THREE } from '../support/features.ts'

t.test('what of a first answer was the load of its model', async (t) => {
  const cases: readonly [name: string, begin: Parameters<typeof loadMsOf>[0], ms: number | null][] = [
    ['as its engine tells', { toldMs: 2500, began: 2700, usualMs: 200, alone: true }, 2500],
    ['whatever else was open', { toldMs: 2500, began: 2700, usualMs: 200, alone: false }, 2500],
    ['it was loaded all along', { toldMs: 3, began: 200, usualMs: 200, alone: true }, 0],
    ['as late as it came', { toldMs: null, began: 5200, usualMs: 200, alone: true }, 5000],
    ['not late', { toldMs: null, began: 300, usualMs: 250, alone: true }, 0],
    ['late by less than any load', { toldMs: null, began: 90, usualMs: 10, alone: true }, 0],
    ['in the middle of a load', { toldMs: null, began: 5200, usualMs: 200, alone: false }, null],
  ]
  for (const [name, begin, ms] of cases) t.equal(loadMsOf(begin), ms, name)
})

t.test('a load is learnt for itself, and the engine does not look slow for it', async (t) => {
  const lessons = new ModelStats(THREE)
  const { target } = lesson()
  const { id, latency } = target.deployment
  const first = ttftOf(latency, 10, target.deployment.live.load)
  const learn = (ttftMs: number, toldMs: number | null): void =>
    lessons.learn(lesson({ target: target, ttftMs, cold: { toldMs } }))
  learn(10_000, null)
  t.match(lessons.loadTimeOf(id), { count: 1 })
  t.ok(Math.abs(lessons.loadTimeOf(id).seconds - (10 - first)) < 0.5, `${lessons.loadTimeOf(id).seconds}`)
  t.equal(latency.ttft.count, 0, 'how much was the load is a guess: nothing is learnt of the rest')
  learn(10_200, 10_000)
  t.equal(lessons.loadTimeOf(id).count, 2)
  t.equal(latency.ttft.count, 1, 'with the load told the rest is known')
  t.ok(ttftOf(latency, 10, target.deployment.live.load) < 1)
  lessons.learn(lesson({ target: target, ttftMs: 200 }))
  t.equal(lessons.loadTimeOf(id).count, 2, 'a warm answer is no load')
  t.equal(loadSecondsOf(lessons.loadTimeOf(id), 1), lessons.loadTimeOf(id).seconds)
})

t.test('places that are known count from the first request on, usual ones until streams show others', async (t) => {
  const room = newRoom()
  t.equal(roomLimitOf(room), null)
  expectRoom(room, 1)
  t.equal(roomLimitOf(room), 1)
  room.stay = 10
  t.equal(waitOf(room, 0), 0)
  t.equal(waitOf(room, 1), 10)
  for (let i = 0; i < 3; i++) learnRoom(room, { beside: 3, running: 4, seconds: 0.1, usual: 0.1, reading: 0 })
  t.equal(roomLimitOf(room), null, 'four began at once')
  room.slots = 2
  t.equal(roomLimitOf(room), 2)
  t.equal(waitOf(room, 3), 10)
})
