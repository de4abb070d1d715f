import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import t from 'tap'
import { bench, readTrace } from '../../../benchmarks/fleet/bench.ts'
import { aimsOf, type Case, CONDITIONS, FLEETS } from '../../../benchmarks/fleet/cases.ts'
import { caseTable } from '../../../benchmarks/fleet/table.ts'
import { policyNamed, type SimulatedPolicy } from '../../../src/simulate/policies.ts'
import { linesOfTrace, madeUpTrace } from '../../simulate/traces.ts'
import { isRequired } from '../../support/required.ts'

const named = (name: string): SimulatedPolicy => {
  const policy = policyNamed(name)
  if (typeof policy === 'string') throw new Error(policy)
  return policy
}

t.test('each condition changes something, and the table has all fleets', async (t) => {
  const cwd = t.testdir({ 'load.jsonl': linesOfTrace(madeUpTrace(2000, 1)) })
  const trace = await readTrace(`${cwd}/load.jsonl`)
  const cases: Case[] = []
  const policies = ['epp', 'turnout'].map(named)
  const all = { trace, conditions: CONDITIONS, fleets: ['2x1', '.5,.5'], policies, seeds: [1] }
  await bench(all, (one) => cases.push(one))
  t.equal(cases.length, 2 * CONDITIONS.length)
  const epp = cases.filter(({ fleet }) => fleet === '2x1').map(({ policies: [first] }) => first!.ttft_mean_s)
  t.equal(new Set(epp).size, CONDITIONS.length, 'no condition is another one in disguise')
  for (const { policies: figures } of cases)
    for (const { finished, broken, refused } of figures) t.equal(finished + broken + refused, 2000)
  const shown = caseTable(cases.slice(0, 2))
  t.match(shown, /^ +2x1 +\.5,\.5\nepp +[\d.]+ \([\d.]+\) +[\d.]+ \([\d.]+\)\nturnout /)
})

const TRACE = resolve(import.meta.dirname, '../../../../../shared/data/mooncake/conversation_trace.jsonl')
const skip = existsSync(TRACE) || isRequired('data') ? false : 'the trace is not beside the checkout'

t.test('on the trace the model gives the figures that are known of it', { skip }, async (t) => {
  const policies = ['round_robin', 'expected_ttft', 'reference'].map(named)
  const conditions = CONDITIONS.filter(({ name }) => name === 'plain')
  const known: Readonly<Record<string, readonly number[]>> = {
    '6x1': [6.2, 2.06, 1.93],
    '4x1': [283, 105, 11.9],
    '2,2,1,1,.5,.5': [347, 1.39, 1.33],
  }
  const fleets = FLEETS.slice(0, 3)
  const cases = await bench({ trace: await readTrace(TRACE), conditions, fleets, policies, seeds: [1] }, () => {})
  for (const { fleet, policies: figures } of cases)
    figures.forEach(({ policy, ttft_mean_s: mean }, at) => {
      const figure = known[fleet]![at]!
      t.ok(Math.abs(mean! / figure - 1) < 0.06, `${policy} on ${fleet}: ${mean} where ${figure} is known`)
    })
  t.strictSame(aimsOf(cases), [], 'turnout did not take part')
})
