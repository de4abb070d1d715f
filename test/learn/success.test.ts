import t from 'tap'
import type { Arm } from '../../src/core/arm.ts'
import type { TextFeatures } from '../../src/core/arm.ts'
import { newArm } from '../../src/decision/learn/arms.ts'
import { doubtOf, learnQuality, learnValidity, overallSuccess, successOf } from '../../src/decision/learn/success.ts'
import { facts } from '../support/factories.ts'
import { seeded } from '../support/random.ts'
import { normal, features, THREE } from '../support/features.ts'

const arm = (quality: number | null = 0.7): Arm =>
  newArm('m', null, facts(quality === null ? {} : { quality: { default: quality } }), THREE)

const close = (found: number, wanted: number, within: number): boolean => Math.abs(found - wanted) <= within

t.test('without feedback: what was said of the model, times the usual share of valid answers', async (t) => {
  t.ok(close(successOf(arm(0.7), features()), 0.98 * 0.7, 1e-9))
  const coder = newArm('m', null, facts({ quality: { default: 0.5, code: 0.9 } }), THREE)
  t.ok(close(successOf(coder, features({ topics: [1] })), 0.98 * 0.9, 1e-9), 'by class')
  const half = successOf(coder, features({ topics: [0, 1], shares: [0.5, 0.5] }))
  t.ok(close(half, 0.98 * 0.7, 1e-9), 'by shares of classes')
})

t.test('what a text asks divides models by ability', async (t) => {
  const hard = features({ demand: 2 })
  t.ok(successOf(arm(0.9), hard) > successOf(arm(0.9), features()))
  t.ok(successOf(arm(0.4), hard) < successOf(arm(0.4), features()))
})

t.test('valid answers alone leave the expectation where it was', async (t) => {
  const learnt = arm(0.7)
  for (let i = 0; i < 500; i++) learnValidity(learnt, features(), i % 50 !== 0)
  t.ok(close(successOf(learnt, features()), 0.98 * 0.7, 0.005), `${successOf(learnt, features())}`)
})

t.test('invalid answers lower it, and leave the quality apart', async (t) => {
  const learnt = arm(0.7)
  for (let i = 0; i < 400; i++) learnValidity(learnt, features(), i % 2 === 0)
  t.ok(close(successOf(learnt, features()), 0.5 * 0.7, 0.03), `${successOf(learnt, features())}`)
  t.equal(learnt.quality.total, 0)
  t.equal(learnt.words.residual, null)
  for (let i = 0; i < 400; i++) learnQuality(learnt, features(), 1)
  t.ok(close(successOf(learnt, features()), 0.5, 0.04), 'the good ones of the valid half')
  t.equal(
    learnt.validity.total,
    [...Array<number>(400)].reduce((total) => total * 0.999 + 1, 0),
  )
})

t.test('feedback moves it, by hand', async (t) => {
  const learnt = arm(0.7)
  learnQuality(learnt, features(), 1)
  // One step of a logistic regression: .3 over the variance of .21, which counts for .84 of an observation. Scores scatter by
  // (.3 x .3 / .21 + 20) / (1 + 20) of what yes and no do, and so much less is any guess worth.
  const [step, weight, scale] = [0.3 / 0.21, 4 * 0.21, (0.09 / 0.21 + 20) / 21]
  const of = (sum: number, strength: number): number => (weight * sum) / (weight + strength * scale)
  // In common over all topics, then in the topic; the model over all topics, then in the topic.
  const common = (weight * step + 10 * scale * of(step, 4)) / (weight + 10 * scale)
  const apart = (weight * step + 40 * scale * (common + of(step, 30))) / (weight + 40 * scale)
  const expected = 0.98 / (1 + Math.exp(-(Math.log(0.7 / 0.3) + apart)))
  t.ok(close(successOf(learnt, features()), expected, 1e-9), `${successOf(learnt, features())}, not ${expected}`)
  t.ok(successOf(learnt, features({ topics: [1] })) > 0.98 * 0.7, 'other topics a little')
  t.ok(successOf(learnt, features({ topics: [1] })) < successOf(learnt, features()))
})

t.test('much feedback outweighs every prior', async (t) => {
  for (const truth of [0, 0.2, 0.5, 0.8, 1])
    for (const prior of [0.3, 0.9]) {
      const random = seeded(7)
      const learnt = arm(prior)
      for (let i = 0; i < 600; i++) learnQuality(learnt, features({ demand: 2 }), random() < truth ? 1 : 0)
      const found = successOf(learnt, features({ demand: 2 }))
      t.ok(close(found, 0.98 * truth, 0.06), `prior ${prior}, truth ${truth}: ${found}`)
    }
})

t.test('it stays between nothing and certainty', async (t) => {
  for (const score of [0, 1]) {
    const learnt = arm(score === 0 ? 0.01 : 0.999)
    for (let i = 0; i < 300; i++) {
      learnQuality(learnt, features({ demand: 3, vector: [1, -1] }), score)
      learnValidity(learnt, features(), score === 1)
    }
    const found = successOf(learnt, features({ demand: 3, vector: [100, -100] }))
    t.ok(found > 0 && found < 1, `${found}`)
  }
})

t.test('uncertainty falls with feedback where it came, and not with answers that nobody judged', async (t) => {
  const learnt = arm(0.7)
  const doubt = (about: TextFeatures): number => doubtOf(learnt, about, 0.7)
  const first = doubt(features())
  t.ok(close(first, Math.sqrt((0.7 * 0.3) / 7), 1e-12))
  for (let i = 0; i < 50; i++) learnValidity(learnt, features(), true)
  t.equal(doubt(features()), first)
  let before = first
  for (let i = 0; i < 50; i++) {
    learnQuality(learnt, features(), 1)
    t.ok(doubt(features()) < before)
    before = doubt(features())
  }
  t.equal(doubt(features({ topics: [1] })), first, 'of another topic nothing is known yet')
})

const FEATURES = 58

interface Judged {
  readonly about: TextFeatures
  readonly score: number
}

/** Texts over three topics whose usefulness depends on the topic and, by `effect`, on a direction of their features. */
function stream(seed: number, count: number, effect: number): Judged[] {
  const random = seeded(seed)
  return Array.from({ length: count }, () => {
    const topic = Math.floor(3 * random())
    const vector = Array.from({ length: FEATURES }, () => normal(random))
    const chance = 0.5 + 0.1 * (topic - 1) + effect * Math.tanh(vector[0]! + vector[1]!)
    return { about: features({ topics: [topic], vector, demand: 1 }), score: random() < chance ? 1 : 0 }
  })
}

/** Mean squared error of what is expected with and without the regression on the text, and how far that is trusted. */
function heldOut(training: readonly Judged[], test: readonly Judged[]): { own: number; table: number; trust: number } {
  const learnt = arm(0.5)
  for (const { about, score } of training) learnQuality(learnt, about, score)
  const valid = 0.98
  const unread = { ...learnt, words: { residual: null } }
  let own = 0
  let table = 0
  for (const { about, score } of test) {
    const plain = successOf(unread, about) / valid
    own += (successOf(learnt, about) / valid - score) ** 2 / test.length
    table += (plain - score) ** 2 / test.length
  }
  const { products, squares } = learnt.words.residual!
  return { own, table, trust: Math.min(1, Math.max(0, products / (squares + 3))) }
}

t.test('a regression on the text that does not help is not trusted', async (t) => {
  for (let seed = 1; seed <= 8; seed++) {
    const random = seeded(1000 + seed)
    const training = stream(seed, 600, 0.35)
    const scores = training.map(({ score }) => score).sort(() => random() - 0.5)
    const shuffled = training.map(({ about }, index) => ({ about, score: scores[index]! }))
    const { own, table, trust } = heldOut(shuffled, stream(100 + seed, 600, 0))
    t.ok(trust < 0.25, `seed ${seed}: trusted by ${trust}`)
    t.ok(own <= table + 0.01, `seed ${seed}: ${own} against ${table} of the table alone`)
  }
})

t.test('one that helps is', async (t) => {
  for (let seed = 1; seed <= 8; seed++) {
    const { own, table, trust } = heldOut(stream(seed, 1500, 0.45), stream(100 + seed, 600, 0.45))
    t.ok(trust > 0.5, `seed ${seed}: trusted by ${trust}`)
    t.ok(own < table - 0.02, `seed ${seed}: ${own} against ${table} of the table alone`)
  }
})

t.test('over all kinds of requests: the mean of the topics, less sure where little was seen', async (t) => {
  const coder = newArm('m', null, facts({ quality: { default: 0.5, code: 0.8 } }), THREE)
  const alike = features({ topics: [0, 1, 2], shares: [1 / 3, 1 / 3, 1 / 3] })
  const { success, doubt } = overallSuccess(coder)
  t.ok(close(success, successOf(coder, alike), 1e-9), `${success}`)
  t.ok(close(success, (0.98 * (0.5 + 0.5 + 0.8)) / 3, 1e-9), `${success}`)
  for (let i = 0; i < 300; i++) learnQuality(coder, features({ topics: [i % 3] }), i % 10 === 0 ? 0 : 1)
  const taught = overallSuccess(coder)
  t.ok(close(taught.success, 0.98 * 0.9, 0.05), `${taught.success}`)
  t.ok(taught.doubt < doubt / 2, `${taught.doubt} after ${doubt}`)
})
