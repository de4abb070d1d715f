/** A model that can think is a candidate once for each of its efforts. */
import t from 'tap'
import type { Arm } from '../../src/core/arm.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { withoutOf } from '../../src/core/trial.ts'
import type { Deployment } from '../../src/core/types.ts'
import { learnLength } from '../../src/decision/learn/length.ts'
import { ModelStats } from '../../src/decision/learn/model-stats.ts'
import { learnQuality } from '../../src/decision/learn/success.ts'
import { classify, facts, gatewayRequest, provider, WEIGHTS } from '../support/factories.ts'
import { like, orderOf, planOf } from '../support/fields.ts'
import { seeded } from '../support/random.ts'

const THINKS = { facts: { efforts: ['none', 'low', 'high'] as const, quality: { default: 0.7 } } }

t.test('one candidate for each effort, and each deployment once in the order', async (t) => {
  const all = [like('a/m', {}, THINKS), like('b/n')]
  const { record, order } = planOf(all)
  t.strictSame(
    record.candidates.map(({ backend, effort }) => [backend, effort]),
    [
      ['a', 'none'],
      ['a', 'low'],
      ['a', 'high'],
      ['b', null],
    ],
  )
  t.strictSame(order.map(({ deployment }) => deployment.id).sort(), ['a/m', 'b/n'])
  const { effort } = order.find(({ deployment }) => deployment.id === 'a/m')!
  const utility = (which: string | null): number => record.candidates.find((one) => one.effort === which)!.utility!
  t.equal(utility(effort), Math.max(utility('none'), utility('low'), utility('high')), 'at its best effort')
})

for (const [name, fields, effort] of [
  ['reasoning_effort', { reasoning_effort: 'low' }, 'low'],
  ['a switch', { chat_template_kwargs: { enable_thinking: false } }, 'none'],
  ['an object', { reasoning: { effort: 'high' } }, 'high'],
] as const)
  t.test(`the caller's own effort is kept: ${name}`, async (t) => {
    const { record, order } = planOf([like('a/m', {}, THINKS), like('b/n')], { fields })
    t.strictSame(
      record.candidates.map((one) => [one.backend, one.effort]),
      [
        ['a', effort],
        ['b', effort],
      ],
    )
    for (const target of order) t.equal(target.effort, effort)
  })

t.test('a word that a model does not have is asked of its nearest effort, and learnt about as that', async (t) => {
  const all = [like('a/m', {}, THINKS)]
  for (const [word, effort] of [
    ['minimal', 'low'],
    ['medium', 'high'],
    ['xhigh', 'high'],
    ['max', 'high'],
    ['none', 'none'],
  ] as const) {
    const [target] = planOf(all, { fields: { reasoning_effort: word } }).order
    t.equal(target!.effort, effort, word)
    t.equal(target!.arm.effort, effort, word)
  }
})

t.test('where the choice is free, thinking is not asked of a model that is known not to', async (t) => {
  const plainly = { facts: { capabilities: { reasoning: false } } }
  const dropped = (effort: string, model = 'r'): readonly (string | null)[] =>
    planOf([like('a/m', {}, THINKS), like('b/n', {}, plainly)], {
      fields: { reasoning_effort: effort, model },
    }).record.candidates.map((one) => one.dropped?.why ?? null)
  t.strictSame(dropped('high'), [null, 'it has no reasoning'])
  t.strictSame(dropped('none'), [null, null], 'not to think is no need')
  t.strictSame(dropped('high', 'n'), [null], 'clients send an effort to whatever they name')
})

t.test('who names a model gets it as it is', async (t) => {
  const all = [like('a/m', {}, THINKS)]
  for (const model of ['m', 'a/m']) {
    const { record, order } = planOf(all, { fields: { model } })
    t.strictSame(
      record.candidates.map((one) => one.effort),
      [null],
      model,
    )
    t.equal(order[0]!.effort, null)
  }
  t.equal(
    planOf(all, { fields: { model: 'm', reasoning_effort: 'low' } }).order[0]!.effort,
    'low',
    'but for a word of their own',
  )
})

t.test('an effort that pays is chosen, one that does not is not', async (t) => {
  const all = [like('a/m', {}, THINKS)]
  const of = (strategy: 'best' | 'cheap', content: string): string | null =>
    planOf(all, { strategy, fields: { messages: [{ role: 'user', content }] } }).order[0]!.effort
  t.equal(of('cheap', 'Hi there!'), 'none')
  const learnt = (arm: Arm, by: number): void => {
    for (let i = 0; i < arm.prior.length; i++) arm.prior[i]! += by
  }
  learnt(all[0]!.targets[3]!.arm, 0.25)
  t.equal(of('best', 'Prove that there are infinitely many primes.'), 'high')
})

/** What a model is like at an effort: share of good answers to easy and to hard requests, and tokens. */
const WORLD = {
  none: { easy: 0.95, hard: 0.3, tokens: 150 },
  low: { easy: 0.95, hard: 0.55, tokens: 500 },
  high: { easy: 0.96, hard: 0.92, tokens: 2_500 },
} as const
const EASY = 'Hi there, how are you today?'
const HARD =
  'Prove that the square root of a prime is irrational, and that there are infinitely many primes of the form 4k + 3.'

for (const strategy of ['balanced', 'cheap'] as const)
  t.test(`learnt answers make the right effort win for easy and for hard requests (${strategy})`, async (t) => {
    const stats = new ModelStats(WEIGHTS)
    const known = facts({ efforts: ['none', 'low', 'high'], quality: { default: 0.7 } })
    const arms = stats.armsOf('m', known)
    const own = like('cloud/m', { price: 2 }, { facts: { efforts: known.efforts } })
    const deployment: Deployment = {
      ...own,
      targets: arms.map((arm) => ({ deployment: own, effort: arm.effort, arm })),
    }
    const random = seeded(7)
    for (let n = 0; n < 1_500; n++) {
      const hard = n % 2 === 0
      const { features } = classify(gatewayRequest({ model: 'r', messages: [{ role: 'user', content: hard ? HARD : EASY }] })) // prettier-ignore
      const arm = arms[1 + Math.floor(random() * 3)]!
      const { tokens, ...odds } = WORLD[arm.effort as keyof typeof WORLD]
      learnLength(arm, features!, tokens, 0, false)
      learnQuality(arm, features!, random() < odds[hard ? 'hard' : 'easy'] ? 1 : 0)
    }
    const chosen = (content: string, more: JsonObject = {}): string | null =>
      planOf([deployment], { strategy, fields: { messages: [{ role: 'user', content }], ...more } }).order[0]!.effort
    t.equal(chosen(EASY), 'none', 'an easy one is answered without a thought')
    t.equal(chosen(HARD), 'high', 'a hard one is worth its tokens')
    for (const effort of ['none', 'low', 'high'])
      for (const content of [EASY, HARD])
        t.equal(chosen(content, { reasoning_effort: effort }), effort, 'the caller decides')
  })

t.test('a share of the conversations goes without the choice of an effort, and only where there is one', async (t) => {
  const all = [like('a/m', {}, THINKS), like('b/n')]
  const of = (session: string, fields: JsonObject = {}) => planOf(all, { route: { control: 0.2 }, fields, traits: { session } }) // prettier-ignore
  const groups = { routing: 0, effort: 0, none: 0 }
  let chances = 0
  for (let n = 0; n < 1_000; n++) {
    const { record, order } = of(`talk-${n}`)
    const [first, ...more] = withoutOf(record.trials ?? [])
    t.strictSame(more, [])
    if (first === undefined || first === 'effort') {
      const asked = record.candidates.map(({ effort }) => effort)
      t.strictSame(asked, first === 'effort' ? [null, null] : ['none', 'low', 'high', null])
      t.ok(first === undefined || order.every(({ effort }) => effort === null))
    }
    if (first === 'effort' || first === 'routing' || first === undefined) groups[first ?? 'none']++
    if (first === 'effort') chances += record.propensity
    t.strictSame(withoutOf(of(`talk-${n}`, { messages: [{ role: 'user', content: 'Go on.' }] }).record.trials ?? []), first === undefined ? [] : [first], 'all turns alike') // prettier-ignore
  }
  t.ok(Math.abs(groups.routing - 200) < 40 && Math.abs(groups.effort - 160) < 40, JSON.stringify(groups))
  t.ok(chances / groups.effort < 0.161, 'how likely that was is known')
  for (let n = 0; n < 50; n++) {
    const features = (fields: JsonObject, field = all) => planOf(field, { route: { control: 0.2 }, fields, traits: { session: `s${n}` } }).record.trials?.map(({ feature }) => feature) // prettier-ignore
    t.strictSame(features({ reasoning_effort: 'low' }), ['routing'], 'the caller decides')
    t.strictSame(features({}, [like('b/n'), like('c/n')]), ['routing'], 'no model has one')
  }
})

t.test('local engines alone for the strategy of that name', async (t) => {
  const all = [like('cloud/m', {}, { backend: { provider: provider() } }), like('here/n')]
  t.strictSame(orderOf(all, { strategy: 'local' }), ['here/n'])
})
