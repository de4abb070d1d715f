import { Pools } from '../../src/backends/upstream/pools.ts'
import { withEachClient } from '../support/clients.ts'
import { Clock } from '../support/clock.ts'

withEachClient('a burst leaves no more than 256 idle connections to one backend', async (t, client) => {
  let now = 0
  const pools = new Pools(1_000, () => now++, client)
  const pool = pools.of('http://127.0.0.1:9')
  const links = Array.from({ length: 300 }, () => pool.take(false))
  for (const link of links) pool.give(link)
  t.same(
    links.map(({ client }) => client.closed),
    links.map((_, at) => at >= 256),
  )
  const again = Array.from({ length: 257 }, () => pool.take(false))
  t.same(again.slice(0, 256), links.slice(0, 256).reverse())
  t.notOk(links.includes(again[256]!))
  await pools.destroy()
})

withEachClient(
  'a root that is gone: idle connections close, busy ones with their calls, and later calls keep none',
  async (t, client) => {
    let now = 0
    const pools = new Pools(1_000, () => now++, client)
    t.teardown(() => pools.destroy())
    const [gone, stays] = ['http://127.0.0.1:9', 'http://127.0.0.1:10']
    const pool = pools.of(gone)
    const other = pools.of(stays).take(false)
    pools.of(stays).give(other)
    const [idle, busy] = [pool.take(true), pool.take(true)]
    pool.give(idle)
    pools.apply({ connectMs: 1_000, roots: new Set([stays]) })
    t.same([idle.client.closed, busy.client.closed, other.client.closed], [true, false, false])
    t.equal(pools.of(gone), pool, 'a request that began before goes on with it')
    const late = pool.take(false)
    pool.give(busy)
    t.equal(busy.client.closed, true)
    t.equal(pools.size, 2)
    pool.drop(late)
    t.equal(pools.size, 1, 'the last connection takes it along')
    const after = pools.of(gone).take(false)
    pools.of(gone).give(after)
    t.equal(after.client.closed, true, 'a last attempt of an old request keeps nothing either')
    t.equal(pools.size, 1)
  },
)

withEachClient('a root that comes back keeps its connections again', async (t, client) => {
  let now = 0
  const pools = new Pools(1_000, () => now++, client)
  t.teardown(() => pools.destroy())
  const root = 'http://127.0.0.1:9'
  const busy = pools.of(root).take(true)
  pools.apply({ connectMs: 1_000, roots: new Set() })
  pools.apply({ connectMs: 1_000, roots: new Set([root]) })
  pools.of(root).give(busy)
  t.notOk(busy.client.closed)
  t.equal(pools.of(root).take(false), busy)
})

withEachClient('each root has one pool, and the path of the root goes before that of every call', async (t, client) => {
  const pools = new Pools(1_000, () => 0, client)
  const pool = pools.of('http://127.0.0.1:9/base/')
  t.equal(pools.of('http://127.0.0.1:9/base/'), pool)
  t.not(pools.of('http://127.0.0.1:9/other'), pool)
  t.strictSame([pool.prefix, pools.of('http://127.0.0.1:9').prefix], ['/base', ''])
  await pools.destroy()
})

withEachClient(
  'the connection that was used last is the next one, so that the others may come to rest',
  async (t, client) => {
    const clock = new Clock()
    const pools = new Pools(1_000, clock.now, client)
    const pool = pools.of('http://127.0.0.1:9')
    const [one, two] = [pool.take(false), pool.take(false)]
    pool.give(one)
    clock.pass(10)
    pool.give(two)
    t.equal(pool.take(false), two)
    clock.pass(3_989)
    t.equal(pool.take(false), one, 'it has rested for one millisecond less than the limit')
    pool.give(one)
    clock.pass(4_000)
    t.not(pool.take(false), one, 'and now for as long as the limit')
    t.equal(one.client.closed, false, 'it stays open to show when the peer closes it')
    await pools.destroy()
  },
)

withEachClient('a connection that was dropped is closed, and giving it back does not keep it', async (t, client) => {
  const pools = new Pools(1_000, () => 0, client)
  const pool = pools.of('http://127.0.0.1:9')
  const [one, two] = [pool.take(false), pool.take(false)]
  pool.drop(one)
  pool.drop(one)
  pool.give(one)
  t.equal(one.client.closed, true)
  pool.give(two)
  pool.drop(two)
  t.not(pool.take(false), two, 'also one that was idle')
  await pools.destroy()
})

withEachClient('a new connection is taken where one is wanted, and the kept one stays', async (t, client) => {
  const pools = new Pools(1_000, () => 0, client)
  const pool = pools.of('http://127.0.0.1:9')
  const kept = pool.take(false)
  pool.give(kept)
  t.not(pool.take(true), kept)
  t.equal(pool.take(false), kept)
  await pools.destroy()
})
