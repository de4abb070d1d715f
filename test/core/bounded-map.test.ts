import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { BoundedMap } from '../../src/core/bounded-map.ts'

t.test('the oldest entry goes for a new one, and none for a key that is there', async (t) => {
  const map = new BoundedMap<string, number>(3)
  map.set('a', 1).set('b', 2).set('c', 3).set('a', 4)
  t.same(
    [...map],
    [
      ['a', 4],
      ['b', 2],
      ['c', 3],
    ],
  )
  map.set('d', 5)
  t.same([...map.keys()], ['b', 'c', 'd'])
})

t.test('a renewed entry is the newest', async (t) => {
  const map = new BoundedMap<string, number>(3)
  map.set('a', 1).set('b', 2).set('c', 3).renew('a', 4)
  map.set('d', 5)
  t.same(
    [...map],
    [
      ['c', 3],
      ['a', 4],
      ['d', 5],
    ],
  )
})

t.test(
  'it does what a map does whose oldest key is deleted, whatever is set, renewed, deleted and cleared',
  async (t) => {
    let seed = 7
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
      return Math.floor((seed / 2 ** 32) * below)
    }
    for (const most of [1, 2, 5, 40]) {
      const map = new BoundedMap<number, number>(most)
      const plain = new Map<number, number>()
      const put = (key: number, value: number): void => {
        if (!plain.has(key) && plain.size >= most) plain.delete([...plain.keys()][0]!)
        plain.set(key, value)
      }
      for (let step = 0; step < 5_000; step++) {
        const key = random(2 * most + 1)
        const what = random(100)
        if (what < 45) {
          map.set(key, step)
          put(key, step)
        } else if (what < 80) {
          map.renew(key, step)
          plain.delete(key)
          put(key, step)
        } else if (what < 99) t.equal(map.delete(key), plain.delete(key))
        else {
          map.clear()
          plain.clear()
        }
        if (JSON.stringify([...map]) !== JSON.stringify([...plain]))
          return t.same([...map], [...plain], `${most} entries, step ${step}`)
      }
    }
  },
)

t.test('an entry takes as long after a million others as after ten thousand', async (t) => {
  const map = new BoundedMap<number, number>(10_000)
  let key = 0
  const round = (): number => {
    const before = process.cpuUsage()
    for (let count = 0; count < 100_000; count++) map.set(key++, 0)
    const { user, system } = process.cpuUsage(before)
    return user + system
  }
  round()
  const first = Math.min(round(), round(), round())
  for (let rounds = 0; rounds < 6; rounds++) round()
  const last = Math.min(round(), round(), round())
  t.ok(last < 3 * first + 10_000, `${first} us, then ${last} us for 100,000 entries`)
  t.equal(map.size, 10_000)
})

t.test('renewed again and again, with no new entry between, it takes no more memory', async (t) => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const held = (): number => {
    collect()
    return process.memoryUsage().heapUsed
  }
  const map = new BoundedMap<number, number>(10_000)
  for (let key = 0; key <= 10_000; key++) map.set(key, 0)
  const before = held()
  for (let count = 0; count < 1_000_000; count++) map.renew(1 + (count % 10_000), count)
  const more = held() - before
  t.ok(more < 8_000_000, `${more} bytes more`)
  map.set(-1, 0)
  t.equal(map.keys().next().value, 2, 'the renewed one that is the oldest went for it')
})

t.test(
  'where the size is counted in something else, the oldest is taken out, as fast after many as after few',
  async (t) => {
    const map = new BoundedMap<number, string>(Infinity)
    t.equal(map.shift(), null)
    map.set(1, 'a').set(2, 'b').set(3, 'c').renew(1, 'd')
    map.delete(2)
    t.same([map.shift(), map.shift(), map.shift()], [[3, 'c'], [1, 'd'], null])
    let key = 0
    const round = (): number => {
      const before = process.cpuUsage()
      for (let count = 0; count < 30_000; count++) {
        map.delete(key)
        map.set(key++, '')
        if (map.size > 30_000) map.shift()
      }
      const { user, system } = process.cpuUsage(before)
      return user + system
    }
    round()
    const first = round()
    for (let rounds = 0; rounds < 6; rounds++) round()
    const last = Math.min(round(), round(), round())
    t.ok(last < 4 * first + 10_000, `${first} us, then ${last} us for 30,000 entries`)
    t.same([map.size, map.shift()?.[0]], [30_000, key - 30_000])
  },
)
