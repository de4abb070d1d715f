/** A share of the requests goes to any of the able candidates: who is in it, who is asked, and what is recorded of it. */
import t from 'tap'
import { trialOf, withoutOf } from '../../src/core/trial.ts'
import type { Deployment } from '../../src/core/types.ts'
import { chosenBeside, unchosen } from '../../src/decision/route/control.ts'
import { explore, rank } from '../../src/decision/route/pick.ts'
import { ANSWERED, like, planOf, type Recorded, type Situation } from '../support/fields.ts'
import { live, provider } from '../support/factories.ts'
import { seeded } from '../support/random.ts'
import { fieldOf } from '../support/rows.ts'

const models = (): Deployment[] => [
  like('a/best', { quality: 0.9 }),
  like('b/good', { quality: 0.7 }),
  like('c/poor', { quality: 0.3 }),
  like('d/dear', { quality: 0.5, price: 30 }),
]

const ask = (all: readonly Deployment[], id: string, { route, traits, ...rest }: Situation = {}): Recorded =>
  planOf(all, { ...rest, route: { control: 0.2, ...route }, traits: { id, session: id, ...traits } })

const isControl = ({ trials }: Recorded): boolean => withoutOf(trials).includes('routing')
const firstOf = ({ order }: Recorded): string => order[0]!.deployment.id

t.test('the share of conversations that goes without the choice is the one that was set', async (t) => {
  for (const share of [0.01, 0.05, 0.2, 0.5, 1]) {
    const many = 20_000
    let without = 0
    for (let i = 0; i < many; i++) if (trialOf('routing', `talk-${i}`, share).control) without++
    const sigma = Math.sqrt((share * (1 - share)) / many)
    t.ok(Math.abs(without / many - share) <= 4 * sigma, `${share}: ${without / many}`)
  }
})

t.test('in the control group each able candidate is as likely as the others, whatever speaks for it', async (t) => {
  const all = models()
  const seen = new Map<string, number>()
  let control = 0
  let best = 0
  for (let i = 0; i < 4000; i++) {
    const made = ask(all, `talk-${i}`)
    if (!isControl(made)) {
      if (firstOf(made) === 'a/best') best++
      continue
    }
    control++
    seen.set(firstOf(made), (seen.get(firstOf(made)) ?? 0) + 1)
    if (made.order.length !== 4) t.fail('the others are behind it')
  }
  t.equal(seen.size, 4)
  for (const [id, count] of seen) {
    const sigma = Math.sqrt((0.25 * 0.75) / control)
    t.ok(Math.abs(count / control - 0.25) <= 4 * sigma, `${id}: ${count} of ${control}`)
  }
  t.ok(best > 0.95 * (4000 - control), 'the rest is chosen for')
})

t.test('a conversation is in the group or out of it as a whole, and stays where it is', async (t) => {
  const all = models()
  for (let i = 0; i < 200; i++) {
    const talk = { session: `talk-${i}` }
    const first = ask(all, `first-${i}`, { traits: talk })
    const second = ask(all, `second-${i}`, { traits: talk, fields: ANSWERED })
    t.equal(isControl(second), isControl(first))
    if (isControl(first)) t.equal(firstOf(second), firstOf(first))
  }
})

t.test(
  'where its candidate is not able any more a conversation comes to another one, and all others stay',
  async (t) => {
    const [, ...without] = models()
    let moved = 0
    for (let i = 0; i < 400; i++) {
      const [before, after] = [ask(models(), `talk-${i}`), ask(without, `talk-${i}`)]
      if (!isControl(before)) continue
      if (firstOf(before) === 'a/best') moved++
      else t.equal(firstOf(after), firstOf(before))
    }
    t.ok(moved > 0)
  },
)

t.test('nobody is sent to one that is in trouble, too dear, away from this machine or not able', async (t) => {
  const cases: readonly [string, Deployment, Situation][] = [
    ['down', like('x/m', {}, { live: live({ state: 'down' }) }), {}],
    ['rests', like('x/m', {}, { health: { ejectedUntil: 1e12 } }), {}],
    ['too dear', like('x/m', { price: 3000 }), { route: { maxCostUsd: 0.01 } }],
    ['a cloud', like('x/m', {}, { backend: { provider: provider({ local: false }) } }), { route: { localOnly: true } }],
    ['no tools', like('x/m', {}, { facts: { quality: {}, capabilities: { tools: false } } }), { fields: TOOLS }],
  ]
  for (const [name, odd, situation] of cases) {
    let control = 0
    for (let i = 0; i < 300; i++) {
      const made = ask([like('a/m'), like('b/m'), odd], `talk-${i}`, situation)
      if (!isControl(made)) continue
      control++
      t.not(firstOf(made), 'x/m', name)
    }
    t.ok(control > 20, `${name}: ${control}`)
  }
})

const TOOLS = { tools: [{ type: 'function', function: { name: 'look', parameters: { type: 'object' } } }] }

t.test('nothing is measured where the caller has chosen, or nothing is generated', async (t) => {
  const measured = (situation: Situation): boolean =>
    planOf(models(), { ...situation, route: { control: 0.5, ...situation.route } }).trials.length > 0
  t.equal(measured({}), true)
  t.equal(measured({ fields: ANSWERED }), true, 'amid a conversation')
  t.equal(measured({ strategy: 'ordered' }), true, 'in an order of the operator')
  t.equal(measured({ route: { explore: false } }), true)
  t.equal(measured({ fields: { model: 'best' } }), false, 'a named model')
  t.equal(measured({ fields: { model: 'a/best' } }), false, 'a named backend')
  t.equal(measured({ traits: { noFallback: true } }), false, 'without a second try')
  t.equal(measured({ route: { control: 0 } }), false)
  t.equal(measured({ route: { control: null } }), false)
})

t.test('the propensities are those of the whole: of the share by lot, and of the choice', async (t) => {
  const random = seeded(7)
  const field = fieldOf([
    { utility: 1, doubt: 0.05 },
    { utility: 0.8, doubt: 0.3 },
    { utility: 0.1, doubt: 0.2 },
    { utility: 0.9, doubt: 0.2, trouble: 1 },
  ])
  const order = rank(field, 'balanced')
  const seen = new Map<number, { count: number; propensity: number }>()
  const draws = 60_000
  let odd = 0
  for (let i = 0; i < draws; i++) {
    const unit = `talk-${i}`
    const trial = trialOf('routing', unit, 0.3)
    const pick = trial.control
      ? unchosen(order, field, { trial, unit, explores: true, chosen: 1 })
      : chosenBeside(explore(order, field, random), field, trial)
    const first = pick.order[0]!
    const known = seen.get(first) ?? { count: 0, propensity: pick.propensity }
    if (Math.abs(known.propensity - pick.propensity) > 1e-12) odd++
    known.count++
    seen.set(first, known)
  }
  t.equal(odd, 0)
  t.strictSame([...seen.keys()].sort(), [0, 1, 2])
  let sum = 0
  for (const [row, { count, propensity }] of seen) {
    sum += propensity
    const sigma = Math.sqrt((propensity * (1 - propensity)) / draws)
    t.ok(Math.abs(count / draws - propensity) <= 4 * sigma, `${row}: ${count / draws}, not ${propensity}`)
  }
  t.ok(Math.abs(sum - 1) < 1e-12, `${sum}`)
})

t.test('the record says what was measured, with which group, and how likely the choice was', async (t) => {
  const all = models()
  const made = Array.from({ length: 200 }, (_, i) => ask(all, `talk-${i}`))
  const control = made.find(isControl)!
  t.strictSame(control.record.trials, [{ feature: 'routing', control: true, share: 0.2 }])
  t.equal(control.record.chosen?.backend, firstOf(control).slice(0, 1))
  t.equal(control.explored, false, 'it is not explored on top')
  const odd = made.find((one) => isControl(one) && firstOf(one) === 'c/poor')!
  t.equal(odd.record.propensity, 0.05, 'a fifth of a quarter')
  t.strictSame(planOf(all, {}).record.trials, undefined)
})

t.test('each effort of a model is as likely as its others, and the model as likely as other models', async (t) => {
  const all = [like('a/m'), like('b/thinker', {}, { facts: { quality: {}, efforts: ['low', 'high'] } })]
  const seen = new Map<string, number>()
  let control = 0
  for (let i = 0; i < 4000; i++) {
    const made = ask(all, `talk-${i}`, { route: { control: 0.5 } })
    if (!isControl(made)) continue
    control++
    const name = `${made.order[0]!.deployment.id} ${made.order[0]!.effort}`
    seen.set(name, (seen.get(name) ?? 0) + 1)
  }
  const share = (name: string): number => (seen.get(name) ?? 0) / control
  t.ok(Math.abs(share('a/m null') - 1 / 2) < 0.05, JSON.stringify([...seen]))
  for (const effort of ['low', 'high'])
    t.ok(Math.abs(share(`b/thinker ${effort}`) - 1 / 4) < 0.05, JSON.stringify([...seen]))
})

t.test('the one that was taken is in the record, whatever number of candidates there are', async (t) => {
  const all = Array.from({ length: 60 }, (_, at) => like(`b${at}/m`, { quality: 0.9 - at / 100 }))
  for (let i = 0; i < 60; i++) {
    const made = ask(all, `talk-${i}`, { route: { control: 1 } })
    const { chosen, candidates, order } = made.record
    const taken = candidates.find(({ backend }) => backend === chosen!.backend)
    t.equal(`${chosen!.backend}/${chosen!.model}`, order[0])
    t.ok(taken, `${order[0]}`)
    t.not(made.expected(made.order[0]!), null)
  }
})
