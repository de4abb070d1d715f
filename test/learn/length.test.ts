import t from 'tap'
import type { Arm } from '../../src/core/arm.ts'
import type { Effort } from '../../src/core/capabilities.ts'
import { newArm } from '../../src/decision/learn/arms.ts'
import { factorsOf, learnLength, reasoningShare, usualLength } from '../../src/decision/learn/length.ts'
import { facts } from '../support/factories.ts'
import { seeded } from '../support/random.ts'
import { normal, features, THREE } from '../support/features.ts'

const arm = (effort: Effort | null = null): Arm =>
  newArm('m', effort, facts({ efforts: effort === null ? [] : [effort] }), THREE)

const near = (found: number, wanted: number, share: number): boolean => Math.abs(found / wanted - 1) < share

t.test('before anything was seen: the length of the topic', async (t) => {
  t.ok(near(usualLength(arm(), features()), 101, 1e-9))
  t.ok(near(usualLength(arm(), features({ topics: [1] })), 401, 1e-9))
  const between = usualLength(arm(), features({ topics: [0, 1], shares: [0.5, 0.5] }))
  t.ok(near(between, Math.sqrt(101 * 401), 1e-9), 'a mean of logarithms')
})

t.test('who thinks longer writes more', async (t) => {
  const lengths = (['none', 'low', 'medium', 'high'] as const).map((effort) => usualLength(arm(effort), features()))
  t.strictSame(
    lengths,
    [...lengths].sort((a, b) => a - b),
  )
  t.ok(new Set(lengths).size === 4)
})

t.test('mean and most are those of a log-normal', async (t) => {
  const cells = { count: new Float64Array(1), sum: new Float64Array(1), total: 1e9, totalSum: 0, squares: 0.49e9 }
  const { mean, most } = factorsOf(cells)
  t.ok(near(mean, Math.exp(0.245), 1e-6))
  t.ok(near(most, Math.exp(1.2816 * 0.7), 1e-6))
})

for (const [median, spread] of [
  [30, 0.3],
  [250, 0.7],
  [1500, 1.1],
] as const)
  t.test(`answers of about ${median} tokens, spread ${spread}`, async (t) => {
    const random = seeded(median)
    const learnt = arm()
    for (let i = 0; i < 3000; i++) {
      const tokens = Math.round(median * Math.exp(spread * normal(random)))
      learnLength(learnt, features(), tokens, 0, false)
    }
    const usual = usualLength(learnt, features())
    t.ok(near(usual, median, 0.1), `the usual: ${usual}`)
    t.ok(near(usual * learnt.factors.mean, median * Math.exp(spread ** 2 / 2), 0.15), 'the mean')
    const most = usual * learnt.factors.most
    let below = 0
    for (let i = 0; i < 2000; i++) if (median * Math.exp(spread * normal(random)) <= most) below++
    t.ok(Math.abs(below / 2000 - 0.9) < 0.03, `${below / 20} % stay below`)
  })

t.test('an answer that was cut never lowers the expectation', async (t) => {
  const random = seeded(5)
  const learnt = arm()
  for (let i = 0; i < 500; i++) {
    const about = features({ topics: [Math.floor(3 * random())] })
    const before = usualLength(learnt, about)
    const { mean, most } = learnt.factors
    const tokens = Math.floor(800 * random())
    const cut = random() < 0.5
    learnLength(learnt, about, tokens, 0, cut)
    if (!cut) continue
    t.ok(usualLength(learnt, about) >= before * (1 - 1e-3), `cut at ${tokens} of ${before}`)
    if (1 + tokens < before) t.strictSame(learnt.factors, { mean, most }, 'nor does it make it surer')
  }
})

t.test('cut answers alone: the expectation stays', async (t) => {
  const learnt = arm()
  for (let i = 0; i < 200; i++) learnLength(learnt, features(), 5, 0, true)
  t.ok(near(usualLength(learnt, features()), 101, 1e-9))
  t.ok(near(learnt.factors.most, arm().factors.most, 1e-9))
  for (let i = 0; i < 200; i++) learnLength(learnt, features(), 1000, 0, true)
  t.ok(usualLength(learnt, features()) > 200, 'more than expected teaches all the same')
})

t.test('the share of reasoning', async (t) => {
  const plain = arm()
  t.equal(reasoningShare(plain), 0)
  learnLength(plain, features(), 1000, 900, false)
  t.ok(near(reasoningShare(plain), 900 / 3000, 1e-9), 'the prior is worth 2,000 tokens')
  const thinking = arm('high')
  t.ok(near(reasoningShare(thinking), 0.8, 1e-9))
  for (let i = 0; i < 200; i++) learnLength(thinking, features(), 1000, 100, false)
  t.ok(near(reasoningShare(thinking), 0.1, 0.15))
  for (let i = 0; i < 2000; i++) learnLength(plain, features(), 100, 5000, false)
  t.ok(reasoningShare(plain) <= 1, 'a backend that counts wrongly')
})
