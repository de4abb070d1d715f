/** What one model shows of a topic is expected of all; only what is left is its own. */
import t, { type Test } from 'tap'
import type { TopicStats } from '../../src/core/arm.ts'
import { Deviations, type Pool } from '../../src/decision/learn/pooled.ts'
import { newCells } from '../../src/decision/learn/topic-stats.ts'
import { features, normal } from '../support/features.ts'
import { seeded } from '../support/random.ts'

const THESE = new Deviations({ all: 2, topic: 3, model: 10, cell: 5, most: 1 })

const pool = (common = newCells(3), family: TopicStats | null = null): Pool => ({ common, family, own: newCells(3) })
const expected = ({ common, family, own }: Pool, topic = 0): number =>
  THESE.of(common, family, own, features({ topics: [topic] }))

const close = (t: Test, found: number, wanted: number, what: string): unknown =>
  t.ok(Math.abs(found - wanted) < 1e-9, `${what}: ${found}, not ${wanted}`)

t.test('nothing seen, no deviation', async (t) => {
  t.equal(expected(pool()), 0)
  t.equal(expected(pool(newCells(3), newCells(3))), 0)
})

t.test('one observation, by hand', async (t) => {
  const one = pool()
  THESE.learn(one, features(), 0.6)
  // In common over all topics .6 / (1 + 2) = .2, in the topic (.6 + 3 x .2) / (1 + 3) = .3; its own over all .6 / (1 + 10).
  const shift = 0.6 / 11
  close(t, expected(one), (0.6 + 5 * (0.3 + shift)) / 6, 'its own topic')
  close(t, expected(one, 2), 0.2 + shift, 'another topic')
  const other = pool(one.common)
  close(t, expected(other), 0.3, 'another model in this topic')
  close(t, expected(other, 2), 0.2, 'and in another')
})

t.test('the efforts of a model share what is its own', async (t) => {
  const family = newCells(3)
  const high = pool(newCells(3), family)
  const low = pool(high.common, family)
  const stranger = pool(high.common)
  for (let i = 0; i < 30; i++) {
    THESE.learn(high, features(), 1)
    THESE.learn(stranger, features(), 0)
  }
  t.ok(expected(high) > expected(low), `${expected(high)} of its own`)
  t.ok(expected(low) > expected(stranger) + 0.3, `${expected(low)} of its model, ${expected(stranger)} of another one`)
})

t.test('a hard topic is hard for all, and whoever was asked is not blamed for it', async (t) => {
  const asked = pool()
  const never = pool(asked.common)
  for (let i = 0; i < 40; i++) {
    THESE.learn(asked, features(), -1)
    THESE.learn(asked, features({ topics: [1] }), 1)
  }
  for (const [topic, sign] of [
    [0, -1],
    [1, 1],
  ] as const) {
    t.ok(sign * expected(never, topic) > 0.7, `${expected(never, topic)}`)
    t.ok(Math.abs(expected(never, topic) - expected(asked, topic)) < 0.2)
  }
})

t.test('what sets models apart is found where both are asked', async (t) => {
  const random = seeded(5)
  const good = pool()
  const bad = pool(good.common)
  for (let i = 0; i < 600; i++) {
    const topic = i % 3
    THESE.learn(good, features({ topics: [topic] }), topic - 1 + 0.5 + 0.3 * normal(random))
    THESE.learn(bad, features({ topics: [topic] }), topic - 1 - 0.5 + 0.3 * normal(random))
  }
  for (const topic of [0, 1, 2]) {
    t.ok(Math.abs(expected(good, topic) - (topic - 0.5)) < 0.1, `${expected(good, topic)} in topic ${topic}`)
    t.ok(Math.abs(expected(bad, topic) - (topic - 1.5)) < 0.1, `${expected(bad, topic)} in topic ${topic}`)
  }
})

t.test('an observation of little weight moves little, and never in the other direction', async (t) => {
  let before = 0
  for (const weight of [0.05, 0.2, 0.6, 1]) {
    const one = pool()
    THESE.learn(one, features(), 1, { weight })
    t.ok(expected(one) > before, `${weight}: ${expected(one)}`)
    before = expected(one)
  }
})

t.test('the larger the scale, the less one observation moves', async (t) => {
  const one = pool()
  THESE.learn(one, features(), 1)
  const at = (scale: number): number => THESE.of(one.common, null, one.own, features(), scale)
  t.ok(at(0.2) > at(1) && at(1) > at(5) && at(5) > 0)
})

t.test(
  'what was worked out for a text is worked out anew once something was learnt, also where nothing more is counted',
  async (t) => {
    const one = pool()
    const text = features()
    // As many as are kept: one more counts for what one less is worth.
    for (let i = 0; i < 40_000; i++) THESE.learn(one, text, 1)
    const { common, own } = one
    const total = common.total
    const before = THESE.of(common, null, own, text)
    for (let i = 0; i < 50; i++) THESE.learn(one, text, -1)
    t.ok(Math.abs(common.total - total) < 1e-6, `${common.total} after ${total}`)
    t.ok(THESE.of(common, null, own, text) < before - 0.05)
  },
)

t.test('a model that always fails is to blame itself: no topic is that hard', async (t) => {
  const asked = pool()
  const never = pool(asked.common)
  for (let i = 0; i < 60; i++) THESE.learn(asked, features(), -6)
  t.equal(expected(never), -1, 'what is believed of all, at the most')
  t.ok(expected(asked) < -5, `${expected(asked)}`)
})
