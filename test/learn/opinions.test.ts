import t from 'tap'
import { FROM_ALL, type Hint, HINT_NAMES, HINTS } from '../../src/core/hints.ts'
import type { Arm } from '../../src/core/arm.ts'
import { newHintBook, strengthOf } from '../../src/decision/learn/hint-strength.ts'
import { ModelStats } from '../../src/decision/learn/model-stats.ts'
import { Opinions } from '../../src/decision/learn/opinions.ts'
import { RecentAnswers } from '../../src/decision/learn/recent-answers.ts'
import { learnQuality, successOf } from '../../src/decision/learn/success.ts'
import { newArm, newCommon } from '../../src/decision/learn/arms.ts'
import { deployment, facts, gatewayRequest } from '../support/factories.ts'
import { features, lesson, THREE } from '../support/features.ts'
import { seeded } from '../support/random.ts'
import { restoreState, stateSchema, toState } from '../../src/decision/learn/state.ts'
import { user } from '../support/turns.ts'

class Rig {
  readonly recent = new RecentAnswers(10_000)
  readonly opinions = new Opinions(this.recent)
  readonly common = newCommon(THREE)
  #count = 0

  arm(model: string, quality = 0.7): Arm {
    return newArm(model, null, facts({ quality: { default: quality } }), THREE, this.common)
  }

  answered(arm: Arm, about = features()): string {
    const id = `r${this.#count++}`
    this.recent.remember(id, 'anybody', arm, about)
    return id
  }

  hint(about: string, hint: Hint = 'said_wrong'): boolean {
    return this.opinions.hint({ hint, about, backend: 'up', model: 'm' }, 'anybody')
  }

  score(id: string, score: number): boolean {
    return this.opinions.score(id, 'anybody', score)
  }

  unremarked(id: string): void {
    this.opinions.unremarked(id, 'anybody')
  }
}

t.test('a hint counts against the model that gave the answer, by its strength', async (t) => {
  const lost = HINT_NAMES.map((hint) => {
    const rig = new Rig()
    const arm = rig.arm('m')
    const before = successOf(arm, features())
    t.ok(rig.hint(rig.answered(arm), hint))
    t.equal(arm.said[hint], 1)
    return before - successOf(arm, features())
  })
  const byStrength = HINT_NAMES.map((hint) => HINTS[hint].strength)
  t.strictSame(
    [...lost.keys()].sort((one, other) => byStrength[other]! - byStrength[one]!),
    [...lost.keys()].sort((one, other) => lost[other]! - lost[one]!),
  )
  t.ok(Math.min(...lost) > 0)
})

t.test('each hint counts once for an answer, and only of who had it', async (t) => {
  const rig = new Rig()
  const arm = rig.arm('m')
  const id = rig.answered(arm)
  t.notOk(rig.opinions.hint({ hint: 'said_wrong', about: id, backend: 'up', model: 'm' }, 'other'))
  t.ok(rig.hint(id))
  const after = successOf(arm, features())
  t.notOk(rig.hint(id))
  t.equal(successOf(arm, features()), after)
  t.notOk(rig.hint('unknown'))
})

t.test('a score after hints comes to what it would have come to without them', async (t) => {
  for (const score of [0, 0.3, 1])
    for (const hints of [['said_wrong'], ['tool_failed', 'escalated'], HINT_NAMES] as const) {
      const rig = new Rig()
      const hinted = rig.arm('m')
      const plain = newArm('m', null, facts({ quality: { default: 0.7 } }), THREE, newCommon(THREE))
      // Many observations, so that one step is a small one, in which the curve of the odds is straight.
      for (let at = 0; at < 300; at++) {
        learnQuality(plain, features(), at % 10 < 7 ? 1 : 0)
        rig.score(rig.answered(hinted), at % 10 < 7 ? 1 : 0)
      }
      const id = rig.answered(hinted)
      for (const hint of hints) rig.hint(id, hint)
      t.ok(rig.score(id, score))
      t.notOk(rig.score(id, score), 'once')
      learnQuality(plain, features(), score)
      const apart = Math.abs(successOf(hinted, features()) - successOf(plain, features()))
      t.ok(apart < 5e-4, `${score} after ${hints.join(', ')}: ${apart} apart`)
      t.ok(Math.abs(hinted.quality.total - plain.quality.total) < 0.05, 'one observation')
    }
})

t.test('a hint after a score changes nothing but what the hint is worth', async (t) => {
  const rig = new Rig()
  const arm = rig.arm('m')
  const id = rig.answered(arm)
  rig.score(id, 1)
  const after = successOf(arm, features())
  t.ok(rig.hint(id))
  t.equal(successOf(arm, features()), after)
  t.equal(rig.opinions.hints.said_wrong.scored, 1)
  t.ok(strengthOf('said_wrong', rig.opinions.hints) < HINTS.said_wrong.strength)
})

t.test('what a hint is worth follows from the scores of the same answers', async (t) => {
  for (const hint of HINT_NAMES) {
    t.ok(Math.abs(strengthOf(hint, newHintBook()) - HINTS[hint].strength) < 1e-9, `${hint}: as it is at first`)
    const worth = (score: (expected: number) => number): number => {
      const rig = new Rig()
      const arm = rig.arm('m')
      for (let at = 0; at < 400; at++) {
        const id = rig.answered(arm)
        rig.hint(id, hint)
        rig.score(id, score(at))
        // Others of the same model are good, so that much is expected of it.
        for (let other = 0; other < 6; other++) rig.score(rig.answered(arm), 1)
      }
      return strengthOf(hint, rig.opinions.hints)
    }
    const always = worth(() => 0)
    t.ok(always > 0.8 && always < 1, `${hint}: always right: ${always}`)
    t.ok(worth(() => 1) < 0.01, `${hint}: always wrong`)
    const half = worth((at) => at % 2)
    t.ok(half > 0.1 && half < 0.4, `${hint}: right in half of all cases: ${half}`)
  }
})

t.test('what hints take is given back to answers that nothing was said of', async (t) => {
  const rig = new Rig()
  const arms = [rig.arm('a'), rig.arm('b')]
  const before = arms.map((arm) => successOf(arm, features()))
  const random = seeded(11)
  for (let at = 0; at < 4_000; at++) {
    const id = rig.answered(arms[at % 2]!)
    if (random() < 0.2) rig.hint(id)
    else rig.unremarked(id)
  }
  const after = arms.map((arm) => successOf(arm, features()))
  t.ok(Math.abs(after[0]! - after[1]!) < 0.03, `both alike: ${after.join(' and ')}`)
  // A fifth of all answers scored 0, and nothing else, would leave nearly nothing.
  for (const [at, own] of after.entries()) t.ok(Math.abs(own - before[at]!) < 0.02, `${own} was ${before[at]}`)
})

t.test('a model that hints are given of more often than of another falls behind it, and the other rises', async (t) => {
  const rig = new Rig()
  const good = rig.arm('good')
  const bad = rig.arm('bad', 0.75)
  const random = seeded(7)
  for (let at = 0; at < 400; at++) {
    const arm = at % 2 === 0 ? good : bad
    const id = rig.answered(arm)
    if (random() < (arm === bad ? 0.5 : 0.1)) rig.hint(id)
    else rig.unremarked(id)
  }
  t.ok(successOf(good, features()) > successOf(bad, features()) + 0.1)
  t.ok(successOf(good, features()) > 0.69)
})

t.test('without hints nothing is given, and nothing is learnt', async (t) => {
  const rig = new Rig()
  const arm = rig.arm('m')
  for (let at = 0; at < 100; at++) rig.unremarked(rig.answered(arm))
  t.equal(arm.quality.total, 0)
})

t.test('what hints are worth, and where a figure came from, survives a restart', async (t) => {
  const lessons = new ModelStats(THREE)
  const [arm] = lessons.armsOf('m', facts())
  const target = { ...deployment('up/m').targets[0]!, arm: arm! }
  const hinted = { hint: 'said_wrong', about: 'r1', backend: 'up', model: 'm' } as const
  lessons.learn(lesson({ requestId: 'r1', target }))
  lessons.heed({ hinted, unremarked: [] }, 'anybody')
  lessons.judge('r1', 'anybody', 0.25)
  const written = stateSchema.parse(JSON.parse(JSON.stringify(toState(lessons))))
  const later = new ModelStats(THREE)
  t.ok(restoreState(later, written))
  t.strictSame(later.hints, lessons.hints)
  t.equal(later.strengthOf('said_wrong'), lessons.strengthOf('said_wrong'))
  t.notSame(later.hints, newHintBook())
  t.match(later.armsOf('m', facts())[0]!.said, { feedback: 1, said_wrong: 1 })
  const old = new ModelStats(THREE)
  t.ok(restoreState(old, stateSchema.parse({ ...written, hints: undefined })), 'a file from before there were hints')
  t.strictSame(old.hints, newHintBook())
})

t.test('what is switched off is neither told nor learnt, from the next request on', async (t) => {
  const lessons = new ModelStats(THREE)
  const turn = {
    requestId: 'r1',
    caller: 'anybody',
    conversation: 'c',
    prompt: gatewayRequest({ model: 'auto', messages: [user('Which of these is the quickest?')] }).prompt,
    ...{ step: 1, startedAt: 0, endedAt: 1_000, repeated: false, useful: true },
    ...{ backend: 'up', model: 'm', named: false, usdPerMtok: 1 },
  }
  const again = { ...turn, requestId: 'r2', startedAt: 10_000, endedAt: 11_000 }
  lessons.from = { ...FROM_ALL, asked_again: false }
  lessons.follow(turn)
  t.equal(lessons.follow(again)?.hinted, null)
  t.equal(lessons.strengthOf('asked_again'), 0)
  const on = new ModelStats(THREE)
  on.follow(turn)
  t.match(on.follow(again)?.hinted, { hint: 'asked_again', about: 'r1' })
  on.from = { ...FROM_ALL, ...Object.fromEntries(HINT_NAMES.map((hint) => [hint, false])) }
  t.equal(on.follow({ ...again, requestId: 'r3', startedAt: 20_000, endedAt: 21_000 }), null, 'nothing is compared')
})
