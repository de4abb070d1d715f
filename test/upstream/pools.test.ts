import t from 'tap'
import { Pools } from '../../src/backends/upstream/pools.ts'

t.test('a burst leaves no more than 256 idle connections to one backend', async (t) => {
  let now = 0
  const pools = new Pools(1_000, () => now++)
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
