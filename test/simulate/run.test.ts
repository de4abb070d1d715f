import t from 'tap'
import { parseConfig } from '../../src/config/load.ts'
import { loadProviders } from '../../src/config/providers.ts'
import { atOnce } from '../../src/core/slices.ts'
import type { Outcome } from '../../src/simulate/figures.ts'
import { fleetOf, type Member } from '../../src/simulate/fleet-spec.ts'
import { policyNamed } from '../../src/simulate/policies.ts'
import { POLICY_NAMES } from '../../src/simulate/policy-names.ts'
import { type Setting, simulate } from '../../src/simulate/run.ts'
import { configText } from '../../src/simulate/settings.ts'
import { madeUpTrace } from './traces.ts'

const PROVIDERS = await loadProviders()
const TRACE = madeUpTrace(600, 6)
const TOKENS = TRACE.reduce((sum, { input }) => sum + input, 0)

function run(policy: string, fleet: string, traits: Partial<Setting> = {}): Outcome {
  const members = fleetOf(fleet) as readonly Member[]
  const setting: Setting = {
    trace: TRACE,
    fleet: members,
    gateways: 1,
    models: 1,
    scrapeSeconds: 1,
    stale: false,
    deaths: [],
    seed: 1,
    ...traits,
  }
  const named = policyNamed(policy)
  if (typeof named === 'string') throw new Error(named)
  const { config } = parseConfig(configText(members, setting.models), {}, PROVIDERS)
  return atOnce(simulate(setting, named.newRouter(members, config)))
}

const calls = ({ engines }: Outcome): number => engines.reduce((sum, engine) => sum + engine.calls, 0)

for (const policy of POLICY_NAMES) {
  t.test(`${policy}: every request is answered once, and no work is lost or made`, async (t) => {
    const outcome = run(policy, '2,1,1')
    const { requests, finished, broken, refused, engines, hitRate } = outcome
    t.strictSame([requests, finished, broken, refused, calls(outcome)], [600, 600, 0, 0, 600])
    const read = engines.reduce((sum, { busySeconds }, place) => sum + busySeconds * 8000 * [2, 1, 1][place]!, 0)
    t.ok(read > 0 && read < TOKENS, 'what was kept is not read again')
    t.ok(hitRate! > 0 && hitRate! < 1)
    t.ok(outcome.ttft!.p50 <= outcome.ttft!.p99 && outcome.ttft!.p99 <= outcome.ttft!.max)
    t.strictSame(run(policy, '2,1,1'), outcome, 'the same seed has the same outcome')
  })
}

t.test('another seed has another outcome where there is chance in the policy', async (t) => {
  t.not(run('power_of_two', '3x1').ttft!.mean, run('power_of_two', '3x1', { seed: 2 }).ttft!.mean)
})

t.test('the shipped decision is what decides: another strategy of it goes elsewhere', async (t) => {
  const shares = (policy: string): readonly number[] => run(policy, '4,1').engines.map((engine) => engine.calls)
  t.strictSame(shares('turnout:ordered'), [600, 0])
  t.strictSame(shares('turnout:round_robin'), [300, 300])
  t.strictSame(shares('round_robin'), [300, 300])
  const [quick, slow] = shares('turnout')
  t.ok(quick! > slow! && quick! < 600, `learns which engine is the quicker one: ${quick} and ${slow}`)
})

t.test('two gateways answer all, and know only of their own calls', async (t) => {
  for (const policy of ['turnout', 'reference', 'least_inflight']) {
    const two = run(policy, '2,1,1', { gateways: 2, stale: true })
    t.equal(two.finished, 600, policy)
    t.not(two.ttft!.mean, run(policy, '2,1,1').ttft!.mean, policy)
  }
})

t.test('what waits in an engine that goes away is answered elsewhere; what was being answered breaks', async (t) => {
  for (const policy of ['turnout', 'reference', 'epp', 'round_robin']) {
    const outcome = run(policy, '3x1', { deaths: [{ place: 0, at: 30, seconds: 20 }] })
    const { finished, broken, refused, failedAway, engines } = outcome
    t.equal(finished + broken, 600, policy)
    t.equal(refused, 0, policy)
    t.ok(failedAway >= broken && failedAway > 0, policy)
    t.equal(calls(outcome), 600 + failedAway - broken, 'each call that was made again is one more')
    t.ok(engines[0]!.calls > 100, `${policy}: it is used again: ${engines[0]!.calls}`)
  }
})

t.test('a fleet that is away as a whole refuses', async (t) => {
  const deaths = [0, 1].map((place) => ({ place, at: 30, seconds: 10 }))
  for (const policy of ['turnout', 'reference']) {
    const { finished, broken, refused } = run(policy, '2x1', { deaths })
    t.ok(refused > 30 && finished > 400, `${policy}: ${refused} refused`)
    t.equal(finished + broken + refused, 600)
  }
})

t.test('what a cloud refuses is answered by an engine', async (t) => {
  for (const policy of ['turnout', 'turnout:ordered', 'round_robin']) {
    const { finished, failedFull } = run(policy, '1@cloud,2x1')
    t.equal(finished, 600, policy)
    if (policy !== 'turnout') t.ok(failedFull > 0, policy)
  }
})

t.test('engines that load models on demand answer all of two models', async (t) => {
  const { finished, ttft } = run('turnout', '3x1@ollama', { models: 2, trace: TRACE.slice(0, 120) })
  t.equal(finished, 120)
  t.ok(ttft!.max > 8, 'somebody waits for a load')
})

t.test('a trace of one request, and of prompts without anything in common', async (t) => {
  const alone = [{ at: 0, input: 800, output: 5, blocks: [] }]
  t.strictSame(run('turnout', '2x1', { trace: alone }).ttft, { mean: 0.1, p50: 0.1, p99: 0.1, max: 0.1 })
  t.equal(run('turnout', '2x1', { trace: alone }).hitRate, null)
  t.equal(run('turnout', '2x1', { trace: [] }).ttft, null)
})
