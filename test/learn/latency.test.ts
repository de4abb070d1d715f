/** Two estimators that are never mixed (AT-52, AT-54), of what succeeded alone (AT-56). */
import t from 'tap'
import { loadOf } from '../../src/core/load.ts'
import { NO_TOKENS } from '../../src/core/no-tokens.ts'
import type { Latency } from '../../src/core/arm.ts'
import {
  ESTIMATORS,
  learnKept,
  learnTpot,
  learnTtft,
  newLatency,
  tpotOf,
  ttftOf,
} from '../../src/decision/learn/latency.ts'
import { ModelStats } from '../../src/decision/learn/model-stats.ts'
import { deployment, WEIGHTS } from '../support/factories.ts'
import { seeded } from '../support/random.ts'
import { lesson, normal } from '../support/features.ts'

const near = (found: number, wanted: number, share: number): boolean => Math.abs(found / wanted - 1) < share

t.test('soon after the start and with long answers beats late and with short ones', async (t) => {
  const lessons = new ModelStats(WEIGHTS)
  const soon = deployment('soon/m')
  const late = deployment('late/m')
  for (let i = 0; i < 40; i++) {
    const usage = { ...NO_TOKENS, input: 300, cachedInput: 0, reasoning: 0 }
    const times = { requestId: `${i}`, totalMs: null }
    lessons.learn(
      lesson({ ...times, target: soon.targets[0]!, usage: { ...usage, output: 3001 }, ttftMs: 1000, streamMs: 60_000 }),
    )
    lessons.learn(
      lesson({ ...times, target: late.targets[0]!, usage: { ...usage, output: 11 }, ttftMs: 3000, streamMs: 200 }),
    )
  }
  t.ok(near(ttftOf(soon.latency, 300, loadOf(0)), 1, 0.05), `${ttftOf(soon.latency, 300, loadOf(0))} s`)
  t.ok(near(ttftOf(late.latency, 300, loadOf(0)), 3, 0.05), `${ttftOf(late.latency, 300, loadOf(0))} s`)
  t.ok(near(tpotOf(soon.latency, loadOf(0)), 0.02, 0.05), `${tpotOf(soon.latency, loadOf(0))} s a token`)
  t.ok(near(tpotOf(late.latency, loadOf(0)), 0.02, 0.05), `${tpotOf(late.latency, loadOf(0))} s a token`)
})

t.test('the length of a stream leaves the time to its first token alone, and the other way round', async (t) => {
  const learnt = newLatency(false)
  const ttft = ttftOf(learnt, 500, loadOf(0))
  const tpot = tpotOf(learnt, loadOf(0))
  for (let i = 0; i < 20; i++) learnTpot(learnt, 100, loadOf(0), 50)
  t.equal(ttftOf(learnt, 500, loadOf(0)), ttft)
  const other = newLatency(false)
  for (let i = 0; i < 20; i++) learnTtft(other, 500, loadOf(0), 50)
  t.equal(tpotOf(other, loadOf(0)), tpot)
})

t.test('failures teach nothing of time', async (t) => {
  const lessons = new ModelStats(WEIGHTS)
  const failing = deployment('failing/m')
  const before = JSON.stringify([ttftOf(failing.latency, 100, loadOf(0)), tpotOf(failing.latency, loadOf(0))])
  for (let i = 0; i < 200; i++) {
    const nothing = { usage: null, ttftMs: null, streamMs: null, totalMs: null }
    lessons.learn(lesson({ requestId: `${i}`, target: failing.targets[0]!, valid: false, ...nothing }))
  }
  t.equal(JSON.stringify([ttftOf(failing.latency, 100, loadOf(0)), tpotOf(failing.latency, loadOf(0))]), before)
})

t.test('a whole answer says nothing about the first token', async (t) => {
  const lessons = new ModelStats(WEIGHTS)
  const one = deployment('one/m')
  const before = ttftOf(one.latency, 100, loadOf(0))
  const times = { ttftMs: null, streamMs: null, totalMs: 9000 }
  for (let i = 0; i < 50; i++) lessons.learn(lesson({ requestId: `${i}`, target: one.targets[0]!, ...times }))
  t.equal(ttftOf(one.latency, 100, loadOf(0)), before)
  t.ok(near(before + 50 * tpotOf(one.latency, loadOf(0)), 9, 0.05), 'its length is explained by the tokens')
})

t.test('an engine that gives whole answers looks no quicker for being busy', async (t) => {
  const lessons = new ModelStats(WEIGHTS)
  const [idle, busy] = [deployment('idle/m'), deployment('busy/m')]
  for (const { latency } of [idle, busy]) latency.ttft.weights.set([0.15, 0.12, 0.15])
  const times = { ttftMs: null, streamMs: null, totalMs: 700 }
  for (let i = 0; i < 50; i++) {
    lessons.learn(lesson({ ...times, requestId: `i${i}`, target: idle.targets[0]!, load: loadOf(0) }))
    lessons.learn(lesson({ ...times, requestId: `b${i}`, target: busy.targets[0]!, load: loadOf(7) }))
  }
  const [one, other] = [idle.latency.pace, busy.latency.pace]
  t.ok(near(one, other, 0.05), `${one} and ${other} seconds a token`)
})

/** Seconds of an engine as it might be: at rest, for a thousand tokens, for each other call. */
function teach(latency: Latency, [rest, thousand, call]: readonly [number, number, number], count: number): void {
  const random = seeded(11)
  for (let i = 0; i < count; i++) {
    const tokens = 4000 * random()
    const open = Math.floor(4 * random())
    learnTtft(
      latency,
      tokens,
      loadOf(open),
      (rest + (thousand * tokens) / 1000 + call * open) * Math.exp(0.05 * normal(random)),
    )
  }
}

t.test('prompt and load are told apart', async (t) => {
  const learnt = newLatency(true)
  teach(learnt, [0.2, 0.3, 0.5], 300)
  for (const [tokens, open] of [
    [0, 0],
    [1000, 0],
    [1000, 3],
    [3000, 1],
  ] as const) {
    const truth = 0.2 + 0.0003 * tokens + 0.5 * open
    t.ok(
      near(ttftOf(learnt, tokens, loadOf(open)), truth, 0.15),
      `${tokens} ${open}: ${ttftOf(learnt, tokens, loadOf(open))}, ${truth}`,
    )
  }
})

t.test('load never makes an engine look faster', async (t) => {
  const odd = newLatency(true)
  for (let i = 0; i < 100; i++) learnTtft(odd, 1000, loadOf(i % 4), 2 - 0.4 * (i % 4))
  for (let open = 0; open < 10; open++) t.ok(ttftOf(odd, 1000, loadOf(open + 1)) >= ttftOf(odd, 1000, loadOf(open)))
  for (let i = 0; i < 100; i++) learnTpot(odd, 100, loadOf(i % 4), 5 - (i % 4))
  for (let open = 0; open < 10; open++) t.ok(tpotOf(odd, loadOf(open + 1)) >= tpotOf(odd, loadOf(open)))
})

t.test('an engine that was seen under load is expected to be slower under load', async (t) => {
  const learnt = newLatency(true)
  teach(learnt, [0.2, 0.1, 0.8], 100)
  t.ok(ttftOf(learnt, 500, loadOf(5)) > ttftOf(learnt, 500, loadOf(0)) + 3)
})

t.test('an engine that has become four times slower, then quick again, is known again', async (t) => {
  const learnt = newLatency(false)
  for (let i = 0; i < 500; i++) learnTtft(learnt, 800, loadOf(0), 0.3)
  for (let i = 0; i < 100; i++) learnTtft(learnt, 800, loadOf(0), 1.2)
  t.ok(near(ttftOf(learnt, 800, loadOf(0)), 1.2, 0.25), `${ttftOf(learnt, 800, loadOf(0))} s`)
  for (let i = 0; i < 100; i++) learnTtft(learnt, 800, loadOf(0), 0.3)
  t.ok(near(ttftOf(learnt, 800, loadOf(0)), 0.3, 0.2), `${ttftOf(learnt, 800, loadOf(0))} s`)
})

t.test('one answer that came a hundred times too late is hardly any news', async (t) => {
  const learnt = newLatency(true)
  for (let i = 0; i < 100; i++) learnTtft(learnt, 800, loadOf(0), 0.3)
  learnTtft(learnt, 800, loadOf(0), 30)
  t.ok(ttftOf(learnt, 800, loadOf(0)) < 0.4, `${ttftOf(learnt, 800, loadOf(0))} s`)
})

t.test('thousands of like prompts still give a mean, not the last one', async (t) => {
  const random = seeded(4)
  const learnt = newLatency(false)
  let worst = 0
  for (let i = 0; i < 4000; i++) {
    learnTtft(learnt, 1000, loadOf(0), 0.5 * (0.9 + 0.2 * random()))
    learnTpot(learnt, 100, loadOf(0), 2 * (0.9 + 0.2 * random()))
    if (i > 100)
      worst = Math.max(
        worst,
        Math.abs(ttftOf(learnt, 1000, loadOf(0)) / 0.5 - 1),
        Math.abs(tpotOf(learnt, loadOf(0)) / 0.02 - 1),
      )
  }
  t.ok(worst < 0.04, `off by ${worst}`)
})

t.test('an expected latency is always above zero', async (t) => {
  const learnt = newLatency(false)
  for (let i = 0; i < 200; i++) {
    learnTtft(learnt, 1000, loadOf(0), 0)
    learnTpot(learnt, 100, loadOf(0), 0)
  }
  t.ok(ttftOf(learnt, 0, loadOf(0)) > 0)
  t.ok(tpotOf(learnt, loadOf(0)) > 0)
})

t.test('an answer of one token has no time between tokens', async (t) => {
  const learnt = newLatency(false)
  const before = tpotOf(learnt, loadOf(0))
  learnTpot(learnt, 1, loadOf(0), 100)
  learnTpot(learnt, 0, loadOf(0), 100)
  t.equal(tpotOf(learnt, loadOf(0)), before)
})

t.test('what is kept of a conversation', async (t) => {
  const keeps = newLatency(false)
  const forgets = newLatency(false)
  for (let i = 0; i < 30; i++) {
    learnKept(keeps, 1000, 1200)
    learnKept(forgets, 1000, 0)
    learnKept(forgets, 0, 0)
  }
  t.ok(keeps.kept > 0.99 && keeps.kept <= 1)
  t.ok(forgets.kept < 0.01)
})

t.test('each feature of an estimator has one weight, which starts where its row says', async (t) => {
  for (const part of ['ttft', 'tpot'] as const) {
    const { features } = ESTIMATORS[part]
    t.strictSame(
      [...newLatency(true)[part].weights],
      features.map(({ local }) => local),
    )
    t.strictSame(
      [...newLatency(false)[part].weights],
      features.map(({ cloud }) => cloud),
    )
    t.equal(new Set(features.map(({ of }) => of)).size, features.length)
  }
})
