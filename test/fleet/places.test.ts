/** What one backend is at, by its calls: nothing of them is left when they are over, however they end. */
import t from 'tap'
import { type EngineReading, UNTOLD } from '../../src/core/engine-reading.ts'
import { loadOf } from '../../src/core/load.ts'
import { type Place, Places } from '../../src/backends/fleet/places.ts'
import { pick, seeded } from '../support/random.ts'

const STAGES: Readonly<Record<string, (places: Places, place: Place) => void>> = {
  'before its first token': () => {},
  'after its first token': (places, place) => places.began(place, 10),
  'after a first token that was told twice': (places, place) => {
    places.began(place, 10)
    places.began(place, 20)
  },
}

for (const [stage, reach] of Object.entries(STAGES))
  for (const stream of [true, false])
    t.test(`a ${stream ? 'stream' : 'whole answer'} that is given up ${stage} leaves nothing`, async (t) => {
      const load = loadOf(0)
      const places = new Places(load)
      const place = places.sent(stream, 0, 1_000.4, 300)
      t.equal(load.pending, 1_000)
      reach(places, place)
      places.ended(place)
      t.equal(load.pending, 0)
      t.equal(places.sent(true, 30).beside, 0, 'nobody is beside the next one')
    })

t.test('prompts are read one after the other: a first token says that those before it are read', async (t) => {
  const load = loadOf(0)
  const places = new Places(load)
  const [first, whole, last] = [places.sent(true, 0, 100), places.sent(false, 1, 200), places.sent(true, 2, 400)]
  places.began(last, 50)
  t.equal(load.pending, 100, 'a stream tells of its own; a whole answer does not')
  places.ended(whole)
  places.began(first, 60)
  t.equal(load.pending, 0)
  t.equal(first.ownMs, 10, 'since the last first token')
  for (const place of [first, last]) places.ended(place)
})

t.test(
  'whatever calls come, begin and are given up in any order, what is pending is the sum of the unread',
  async (t) => {
    for (let seed = 0; seed < 50; seed++) {
      const random = seeded(seed)
      const load = loadOf(0)
      const places = new Places(load)
      const open: Place[] = []
      for (let turn = 0; turn < 2_000; turn++) {
        const chance = random()
        if (chance < 0.4 || open.length === 0) open.push(places.sent(random() < 0.7, turn, 12_000 * random()))
        else if (chance < 0.7) places.began(pick(random, open), turn)
        else {
          const place = pick(random, open)
          open.splice(open.indexOf(place), 1)
          places.ended(place)
        }
        const unread = open.reduce((sum, { pending }) => sum + pending, 0)
        if (load.pending !== unread) return t.fail(`seed ${seed}, turn ${turn}: ${load.pending} of ${unread}`)
      }
      for (const place of open) places.ended(place)
      t.equal(load.pending, 0)
    }
  },
)

/** An engine that tells of nothing else. */
const told = (work: number | null, at: number): EngineReading => ({
  ...{ at, workAt: work === null ? null : at, running: work, waiting: null, foreign: null, kv: null, kvTokens: null },
  ...{ slots: null, most: null, sleeping: null, hitShare: null, prefillRate: null, tokenSeconds: null, context: null },
  ...{ version: null, restarts: 0, modelsAt: null, models: null, unnamed: UNTOLD },
})

/** It counts. */
const COUNTED = [told(1, 0), null]
const idle = (at: number): EngineReading => told(0, at)

t.test('calls that were sent long before three readings are over if these say that there is no work', async (t) => {
  const load = loadOf(0)
  const places = new Places(load)
  for (const reading of COUNTED) places.gauge(reading)
  const [old, whole] = [places.sent(true, 10, 500), places.sent(false, 20, 70)]
  const later = places.sent(true, 1_000, 30)
  for (const at of [1_500, 4_000, 6_500, 9_000, 9_500, 10_000]) places.gauge(idle(at))
  t.match(load, { open: 3, pending: 600 }, 'a gauge may lag by some seconds')
  for (const at of [10_500, 12_000]) places.gauge(idle(at))
  t.match(load, { open: 3, pending: 600 })
  places.gauge(idle(13_500))
  t.match(load, { open: 1, pending: 30 }, 'what was sent later may not be counted yet')
  t.equal(places.settled, 2)
  for (const place of [old, whole]) places.ended(place)
  t.match(load, { open: 1, pending: 30 }, 'that they end is no news')
  places.ended(later)
  t.match(load, { open: 0, pending: 0 })
  t.equal(places.settled, 0)
  t.equal(places.sent(true, 20_000).beside, 0)
})

t.test('of calls that were sent long ago no more are alive than the engine has, whatever came since', async (t) => {
  const load = loadOf(0)
  const places = new Places(load)
  const calls = Array.from({ length: 5 }, (_, at) => places.sent(true, at, 100))
  for (const call of calls) places.began(call, 10)
  for (const at of [20_000, 21_000, 22_000]) {
    places.sent(true, at, 10)
    places.gauge(told(at === 21_000 ? 2 : 1, at))
  }
  t.equal(places.settled, 3)
  t.match(load, { open: 5, pending: 30 })
  for (const call of calls) places.ended(call)
  t.match(load, { open: 3, pending: 30 })
  t.equal(places.settled, 0)
})

t.test('a call that was taken to be over counts again once it begins', async (t) => {
  const load = loadOf(0)
  const places = new Places(load)
  for (const reading of COUNTED) places.gauge(reading)
  const call = places.sent(true, 10, 500)
  for (const at of [11_000, 12_000, 13_000]) places.gauge(idle(at))
  t.match(load, { open: 0, pending: 0 })
  places.began(call, 14_000)
  t.match(load, { open: 1, pending: 0 })
  t.equal(places.settled, 0)
  t.equal(call.running, 1)
  places.ended(call)
  t.equal(load.open, 0)
  t.equal(places.sent(true, 15_000).beside, 0)
})

const LOADS = new Map([['other', { ...UNTOLD, loading: true }]])

for (const [why, readings] of Object.entries<readonly (EngineReading | null)[]>({
  'a gauge that has never counted anything': [idle(20_000), idle(21_000), idle(22_000), idle(23_000)],
  'one reading told again and again': [...COUNTED, idle(20_000), idle(20_000), idle(20_000), idle(20_000)],
  'work in between': [...COUNTED, idle(20_000), told(1, 21_000), idle(22_000), idle(23_000)],
  'no word in between': [...COUNTED, idle(20_000), idle(21_000), told(null, 22_000), idle(23_000), idle(24_000)],
  'no reading in between': [...COUNTED, idle(20_000), idle(21_000), null, idle(22_000), idle(23_000)],
  'a model that is being loaded': [
    ...COUNTED,
    ...[20_000, 21_000, 22_000].map((at) => ({ ...idle(at), models: LOADS })),
  ],
}))
  t.test(`${why} settles nothing`, async (t) => {
    const load = loadOf(0)
    const places = new Places(load)
    const place = places.sent(true, 10, 500)
    for (const reading of readings) places.gauge(reading)
    t.match(load, { open: 1, pending: 500 })
    places.ended(place)
    t.match(load, { open: 0, pending: 0 })
  })

t.test('requests of others that wait count as much as those of this gateway usually do', async (t) => {
  const load = loadOf(0)
  const places = new Places(load)
  const waiting = (waiting: number, at: number): EngineReading => ({ ...told(1, at), waiting })
  places.gauge(waiting(3, 0))
  t.equal(load.foreignPending, 3_000, 'before any call of its own')
  const calls = Array.from({ length: 100 }, (_, at) => places.sent(true, at, 6_000))
  for (const call of calls.slice(2)) places.ended(call)
  places.gauge(waiting(5, 1_000))
  t.ok(Math.abs(load.foreignPending - 18_000) < 10, `three of the five: ${load.foreignPending}`)
  places.gauge(waiting(1, 2_000))
  t.equal(load.foreignPending, 0)
  places.gauge(waiting(4, 3_000))
  places.gauge(null)
  t.equal(load.foreignPending, 0, 'it does not say any more')
})
