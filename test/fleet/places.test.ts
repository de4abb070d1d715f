/** What one backend is at, by its calls: nothing of them is left when they are over, however they end. */
import t from 'tap'
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
      const places = new Places()
      const place = places.sent(stream, 0, 1_000.4, 300)
      t.equal(places.pending, 1_000)
      reach(places, place)
      places.ended(place)
      t.equal(places.pending, 0)
      t.equal(places.sent(true, 30).beside, 0, 'nobody is beside the next one')
    })

t.test('prompts are read one after the other: a first token says that those before it are read', async (t) => {
  const places = new Places()
  const [first, whole, last] = [places.sent(true, 0, 100), places.sent(false, 1, 200), places.sent(true, 2, 400)]
  places.began(last, 50)
  t.equal(places.pending, 100, 'a stream tells of its own; a whole answer does not')
  places.ended(whole)
  places.began(first, 60)
  t.equal(places.pending, 0)
  t.equal(first.ownMs, 10, 'since the last first token')
  for (const place of [first, last]) places.ended(place)
})

t.test(
  'whatever calls come, begin and are given up in any order, what is pending is the sum of the unread',
  async (t) => {
    for (let seed = 0; seed < 50; seed++) {
      const random = seeded(seed)
      const places = new Places()
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
        if (places.pending !== unread) return t.fail(`seed ${seed}, turn ${turn}: ${places.pending} of ${unread}`)
      }
      for (const place of open) places.ended(place)
      t.equal(places.pending, 0)
    }
  },
)
