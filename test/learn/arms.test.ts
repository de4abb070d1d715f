import t from 'tap'
import { NO_TOKENS } from '../../src/core/no-tokens.ts'
import { NO_PRICE } from '../../src/core/settings.ts'
import { armId, newArm, sharedName } from '../../src/decision/learn/arms.ts'
import { ModelStats } from '../../src/decision/learn/model-stats.ts'
import { usualLength } from '../../src/decision/learn/length.ts'
import { learnQuality, successOf } from '../../src/decision/learn/success.ts'
import { facts } from '../support/factories.ts'
import { lesson, features, THREE } from '../support/features.ts'

t.test('one name for a model, however backends write it', async (t) => {
  for (const name of ['Qwen/Qwen3-32B', 'qwen3-32b', 'accounts/x/Qwen3-32b', 'qwen3-32b:latest'])
    t.equal(sharedName(name), 'qwen3-32b', name)
  t.equal(sharedName('llama3.2:3b'), 'llama3.2:3b', 'a tag that says something stays')
  t.equal(armId('a/B', 'low'), 'b@low')
  t.equal(armId('a/B', null), 'b@default')
})

t.test('of a model that nobody knows, what is dear is mostly good', async (t) => {
  const at = (outputPerMtok: number): number =>
    newArm('m', null, facts({ price: { ...NO_PRICE, inputPerMtok: 1, outputPerMtok } }), THREE).prior[0]!
  t.ok(Math.abs(at(0.1) - 0.55) < 0.01)
  t.ok(Math.abs(at(60) - 0.85) < 0.01)
  t.ok(at(1e6) <= 0.85 && at(1e-6) >= 0.5)
  t.equal(newArm('m', null, facts(), THREE).prior[0], 0.6)
  t.equal(at(0), 0.6, 'free says nothing')
})

t.test("the operator's word counts more than the price", async (t) => {
  const arm = newArm('m', null, facts({ quality: { default: 0.4, math: 0.95 } }), THREE)
  t.strictSame([...arm.prior], [0.4, 0.4, 0.95])
})

t.test('thinking helps where there is something to work out', async (t) => {
  const known = facts({ efforts: ['none', 'high'], quality: { default: 0.7 } })
  const none = newArm('m', 'none', known, THREE)
  const high = newArm('m', 'high', known, THREE)
  const [chat, code] = [high.prior[0]! - none.prior[0]!, high.prior[1]! - none.prior[1]!]
  t.ok(code > chat && chat > 0)
  t.equal(none.reasoningPrior, 0)
  t.ok(high.reasoningPrior > 0.5)
})

t.test('what was learnt stays when facts change', async (t) => {
  const lessons = new ModelStats(THREE)
  const [before] = lessons.armsOf('m', facts({ quality: { default: 0.5 } }))
  for (let i = 0; i < 100; i++) learnQuality(before!, features({ vector: [1, 0] }), 1)
  const taught = lesson()
  for (let i = 0; i < 50; i++)
    lessons.learn({
      ...taught,
      requestId: `${i}`,
      target: { ...taught.target, arm: before! },
      usage: { ...NO_TOKENS, input: 10, cachedInput: 0, output: 3000, reasoning: 0 },
    })
  const length = usualLength(before!, features())
  const [after] = lessons.armsOf('m', facts({ quality: { default: 0.5 }, context: 4096 }))
  t.ok(successOf(after!, features({ vector: [1, 0] })) > 0.9)
  t.equal(usualLength(after!, features()), length)
  const score = successOf(after!, features())
  lessons.judge('7', 'anybody', 0)
  t.ok(successOf(after!, features()) < score, 'feedback to an answer from before the change counts too')
})

t.test('backends of which different things are expected learn apart, and none forgets', async (t) => {
  const lessons = new ModelStats(THREE)
  const small = facts({ quality: { default: 0.3 } })
  const large = facts({ quality: { default: 0.8 } })
  const [one] = lessons.armsOf('m', small)
  const [other] = lessons.armsOf('m', large)
  t.not(one, other)
  t.equal(lessons.armsOf('m', small)[0], one, 'looked up again, each finds its own')
  t.equal(lessons.armsOf('m', large)[0], other)
  const [before, untouched] = [successOf(one!, features()), successOf(other!, features())]
  for (let i = 0; i < 40; i++) learnQuality(one!, features(), 1)
  t.ok(successOf(one!, features()) > before)
  t.equal(other!.quality.total, 0)
  t.ok(successOf(other!, features()) > untouched, 'only what is true of all models is expected of it as well')
})

t.test('what an earlier run had learnt is taken over by whoever asks first', async (t) => {
  const lessons = new ModelStats(THREE)
  const [taught] = new ModelStats(THREE).armsOf('m', facts({ quality: { default: 0.5 } }))
  for (let i = 0; i < 100; i++) learnQuality(taught!, features(), 1)
  lessons.restore([taught!], new Map(), new Map(), taught!.common)
  t.strictSame([...lessons.known.arms], [taught], 'nobody has asked yet: it is not lost')
  const [arm] = lessons.armsOf('m', facts({ quality: { default: 0.4 } }))
  t.ok(successOf(arm!, features()) > 0.8)
  t.strictSame([...lessons.known.arms], [arm], 'and then there is one')
})
