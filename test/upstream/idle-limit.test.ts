import t from 'tap'
import { IdleLimit } from '../../src/backends/upstream/idle-limit.ts'

t.test('an unknown peer is trusted below five seconds', async (t) => {
  t.equal(new IdleLimit().at(1e9), 4_000)
})

t.test('a peer is trusted for half of the time after which it was seen to close', async (t) => {
  for (const [after, limit] of [
    [1_000, 500],
    [2_000, 1_000],
    [5_000, 2_500],
    [75_000, 4_000],
    [10, 5],
  ] as const) {
    const idle = new IdleLimit()
    idle.closedAfter(after, 7)
    t.equal(idle.at(8), limit)
    t.equal(idle.at(60_000), limit, 'for a minute')
  }
})

t.test('the shortest counts, and what was seen is forgotten by and by', async (t) => {
  const idle = new IdleLimit()
  idle.closedAfter(3_000, 0)
  idle.closedAfter(1_000, 10)
  idle.closedAfter(3_900, 20)
  t.equal(idle.at(30), 500)
  t.equal(idle.at(60_011), 1_000)
  idle.closedAfter(1_000, 61_000)
  t.equal(idle.at(120_000), 500, 'seen again, trusted again')
  t.equal(idle.at(1e7), 4_000)
})

t.test(
  'a restart is none of its habits: where another connection is left open for as long as any, it is trusted again',
  async (t) => {
    const idle = new IdleLimit()
    idle.closedAfter(0.5, 100)
    idle.outlived(3_900, 4_100)
    t.equal(idle.at(4_100), 0.25, 'that was too short to say anything')
    idle.outlived(4_000, 4_050)
    t.equal(idle.at(4_100), 0.25, 'that one was there before')
    idle.outlived(4_100, 4_300)
    t.equal(idle.at(4_300), 4_000)
  },
)

t.test(
  'of several peers behind one address the one that closes first counts, whatever the others leave open',
  async (t) => {
    const idle = new IdleLimit()
    for (let now = 1_000; now < 60_000; now += 1_000) {
      idle.closedAfter(1_000 + (now % 7), now)
      idle.outlived(4_100, now + 500)
      t.ok(idle.at(now + 501) <= 504)
    }
  },
)

t.test('a peer that closes at once is not reused, and not for ever', async (t) => {
  const idle = new IdleLimit()
  idle.closedAfter(0, 0)
  t.ok(idle.at(1) < 1)
  t.equal(idle.at(60_000 * 16), 4_000)
})
