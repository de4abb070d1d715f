import t from 'tap'
import { loadOf } from '../../src/core/load.ts'
import { NO_TOKENS } from '../../src/core/no-tokens.ts'
import type { Effort } from '../../src/core/capabilities.ts'
import type { Target } from '../../src/core/types.ts'
import { ModelStats } from '../../src/decision/learn/model-stats.ts'
import { ttftOf } from '../../src/decision/learn/latency.ts'
import { usualLength } from '../../src/decision/learn/length.ts'
import { successOf } from '../../src/decision/learn/success.ts'
import { deployment, facts } from '../support/factories.ts'
import { lesson, profile, features, THREE } from '../support/features.ts'

/** A target whose arm is in the book. */
function targetOf(lessons: ModelStats, model = 'm', id = `up/${model}`): Target {
  const one = deployment(id, { learnt: { calibration: lessons.calibrationOf(model) } })
  return { deployment: one, effort: null, arm: lessons.armsOf(model, facts())[0]! }
}

t.test('feedback counts once, and only from who had the answer', async (t) => {
  const lessons = new ModelStats(THREE)
  const target = targetOf(lessons)
  lessons.learn(lesson({ target, requestId: 'a', caller: 'team-a' }))
  const before = successOf(target.arm, features())
  t.equal(lessons.judge('a', 'team-b', 1), false, "somebody else's")
  t.equal(lessons.judge('b', 'team-a', 1), false, 'no such answer')
  t.equal(successOf(target.arm, features()), before)
  t.equal(lessons.judge('a', 'team-a', 1), true)
  const after = successOf(target.arm, features())
  t.ok(after > before)
  t.equal(lessons.judge('a', 'team-a', 0), false, 'judged already')
  t.equal(successOf(target.arm, features()), after)
})

t.test('of ten thousand answers the last ones can be judged', async (t) => {
  const lessons = new ModelStats(THREE)
  const target = targetOf(lessons)
  for (let i = 0; i < 10_001; i++) lessons.learn(lesson({ target, requestId: `r${i}` }))
  t.equal(lessons.judge('r0', 'anybody', 1), false)
  t.equal(lessons.judge('r1', 'anybody', 1), true)
  t.equal(lessons.judge('r10000', 'anybody', 1), true)
})

t.test('what cannot be judged: nothing valid or invalid came, or there is no text', async (t) => {
  const lessons = new ModelStats(THREE)
  const target = targetOf(lessons)
  lessons.learn(lesson({ target, requestId: 'left', valid: null }))
  lessons.learn(lesson({ target, requestId: 'vectors', profile: profile({ features: null, needs: ['embeddings'] }) }))
  t.equal(lessons.judge('left', 'anybody', 1), false)
  t.equal(lessons.judge('vectors', 'anybody', 1), false)
})

t.test('what an answer teaches', async (t) => {
  const lessons = new ModelStats(THREE)
  const target = targetOf(lessons)
  const usage = { ...NO_TOKENS, input: 200, cachedInput: 0, output: 2000, reasoning: 0 }
  const seconds = ttftOf(target.deployment.latency, 200, loadOf(0))
  for (let i = 0; i < 30; i++) lessons.learn(lesson({ target, requestId: `${i}`, usage, ttftMs: 9000 }))
  t.ok(usualLength(target.arm, features()) > 1000, 'its length')
  t.ok(Math.abs(lessons.calibrationOf('m').factor - 2) < 0.1, 'its tokenizer: twice the estimate')
  t.ok(ttftOf(target.deployment.latency, 200, loadOf(0)) > 5 * seconds, 'its time')
  t.ok(lessons.changed)
})

t.test('an answer that nobody waited for teaches neither length nor validity', async (t) => {
  const lessons = new ModelStats(THREE)
  const target = targetOf(lessons)
  for (let i = 0; i < 30; i++)
    lessons.learn(
      lesson({
        target,
        requestId: `${i}`,
        valid: null,
        usage: { ...NO_TOKENS, input: 100, cachedInput: 0, output: 1, reasoning: 0 },
      }),
    )
  t.equal(target.arm.validity.total, 0)
  t.equal(target.arm.length.total, 0)
})

t.test('pictures and sounds do not spoil the count of tokens', async (t) => {
  const lessons = new ModelStats(THREE)
  const target = targetOf(lessons)
  const usage = { ...NO_TOKENS, input: 3000, cachedInput: 0, output: 10, reasoning: 0 }
  for (const need of ['vision', 'audio'] as const)
    lessons.learn(lesson({ target, usage, profile: profile({ needs: ['chat', need] }) }))
  t.equal(lessons.calibrationOf('m').count, 0)
})

t.test('cached tokens need not be read', async (t) => {
  const lessons = new ModelStats(THREE)
  const target = targetOf(lessons)
  for (let i = 0; i < 50; i++) {
    const usage = { ...NO_TOKENS, input: 10_000, cachedInput: i % 2 === 0 ? 9900 : 0, output: 10, reasoning: 0 }
    lessons.learn(lesson({ target, requestId: `${i}`, usage, ttftMs: i % 2 === 0 ? 300 : 3000 }))
  }
  t.ok(ttftOf(target.deployment.latency, 100, loadOf(0)) < 0.6)
  t.ok(ttftOf(target.deployment.latency, 10_000, loadOf(0)) > 2)
})

t.test('backends that serve a model share what is learnt of it', async (t) => {
  const lessons = new ModelStats(THREE)
  const [one, other] = [targetOf(lessons, 'm', 'a/m'), targetOf(lessons, 'vendor/M:latest', 'b/vendor/M:latest')]
  const before = successOf(other.arm, features())
  for (let i = 0; i < 40; i++) {
    lessons.learn(lesson({ target: one, requestId: `${i}` }))
    lessons.judge(`${i}`, 'anybody', 1)
  }
  t.ok(successOf(other.arm, features()) > before)
  t.equal(lessons.calibrationOf('M'), lessons.calibrationOf('m'))
  t.not(one.deployment.latency, other.deployment.latency, 'but time is each one’s own')
})

t.test('also what is learnt of its words', async (t) => {
  const lessons = new ModelStats(THREE)
  const [one, other] = [targetOf(lessons, 'm', 'a/m'), targetOf(lessons, 'm', 'b/m')]
  for (let i = 0; i < 2000; i++) {
    const liked = i % 2 === 0
    const about = profile({ features: features({ vector: liked ? [1, 0] : [-1, 0] }) })
    lessons.learn(lesson({ target: one, requestId: `${i}`, profile: about }))
    lessons.judge(`${i}`, 'anybody', liked ? 1 : 0)
  }
  for (const { arm } of [one, other]) {
    const apart = successOf(arm, features({ vector: [1, 0] })) - successOf(arm, features({ vector: [-1, 0] }))
    // By a third at the most, whatever it has learnt.
    t.ok(apart > 0.3 && apart < 0.4, `${apart}`)
  }
})

t.test('each effort is another arm', async (t) => {
  const lessons = new ModelStats(THREE)
  const efforts: readonly Effort[] = ['none', 'high']
  const arms = lessons.armsOf('m', facts({ efforts }))
  t.strictSame(
    arms.map(({ id, effort }) => [id, effort]),
    [
      ['m@default', null],
      ['m@none', 'none'],
      ['m@high', 'high'],
    ],
  )
  const target = { ...targetOf(lessons), arm: arms[2]! }
  lessons.learn(lesson({ target }))
  t.strictSame(
    arms.map(({ length }) => length.total),
    [0, 0, 1],
  )
})
