/** A conversation stays where it is, unless another place is better by enough. */
import t from 'tap'
import { weightsFrom } from '../../src/core/terms.ts'
import type { BackendLive, DeploymentHealth } from '../../src/core/types.ts'
import type { DecisionContext } from '../../src/decision/route/decision.ts'
import { live } from '../support/factories.ts'
import { ANSWERED, like, orderOf, planOf } from '../support/fields.ts'

/** Where the conversation was answered last: nothing of it is cached, so that only loyalty speaks. */
const remembered = (id: string): Pick<DecisionContext, 'recall'> => ({
  recall: () => ({ deployment: id, model: id.slice(id.indexOf('/') + 1), at: 0 }),
})
const QUALITY_ALONE = weightsFrom({ quality: 1 })
const LATENCY_ALONE = weightsFrom({ latency: 1 })
/** Slow enough that nothing but the first token counts. */
const HARDLY = { tpot: 1e-9 }

t.test('a conversation changes its model only for one that is better by .3', async (t) => {
  for (const [better, stays] of [
    [0.015, true],
    [0.023, true],
    [0.06, false],
    [0.1, false],
  ] as const) {
    const all = [like('a/m', { quality: 0.6 + better }), like('b/n', { quality: 0.6 })]
    const order = orderOf(all, { strategy: QUALITY_ALONE, fields: ANSWERED, moment: remembered('b/n') })
    t.equal(order[0], stays ? 'b/n' : 'a/m', `by ${10 * better}`)
  }
})

t.test('and its instance only for one that is better by .15', async (t) => {
  for (const [factor, stays] of [
    [1.05, true],
    [1.07, true],
    [1.25, false],
    [2, false],
  ] as const) {
    const all = [like('a/m', { ...HARDLY, ttft: 1 }), like('b/m', { ...HARDLY, ttft: factor })]
    const order = orderOf(all, { strategy: LATENCY_ALONE, fields: ANSWERED, moment: remembered('b/m') })
    t.equal(order[0], stays ? 'b/m' : 'a/m', `${factor} times as long`)
  }
})

t.test('the record says what staying was worth', async (t) => {
  const { candidates } = planOf([like('a/m'), like('b/n')], { fields: ANSWERED, moment: remembered('b/n') }).record
  const [other, same] = candidates.map(({ terms }) => terms.affinity!)
  t.equal(other, 0)
  t.ok(same! > 0)
  for (const { terms, utility } of candidates) {
    const sum = Object.values(terms).reduce((total: number, term) => total + (term ?? 0), 0)
    t.ok(Math.abs(sum - utility!) < 0.005, `${sum} is not ${utility}`)
  }
})

t.test('a new conversation starts where it is best', async (t) => {
  const all = [like('a/m', { quality: 0.62 }), like('b/n', { quality: 0.6 })]
  t.equal(orderOf(all, { strategy: QUALITY_ALONE, moment: remembered('b/n') })[0], 'a/m')
})

t.test('health weighs more than loyalty', async (t) => {
  const sick: Partial<BackendLive> = { state: 'down' }
  const all = [like('a/m'), like('b/n', {}, { live: live(sick) })]
  t.equal(orderOf(all, { fields: ANSWERED, moment: remembered('b/n') })[0], 'a/m')
  const resting: Partial<DeploymentHealth> = { ejectedUntil: 10 }
  const tired = [like('a/m'), like('b/n', {}, { health: resting })]
  t.equal(orderOf(tired, { fields: ANSWERED, moment: remembered('b/n') })[0], 'a/m')
})
