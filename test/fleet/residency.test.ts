/** What is known of whether a model is loaded, and how long a call waits where it is not. */
import t from 'tap'
import { GatewayError } from '../../src/core/errors.ts'
import { isLoaded, loadWait } from '../../src/core/residency.ts'
import { ResidencyState } from '../../src/backends/fleet/residency.ts'
import { learnLoad, newLoadTime } from '../../src/decision/learn/load-time.ts'
import { backend, provider } from './engine-double.ts'

const STAYS = backend('http://x')
const COMES = backend('http://x', { loadsOnDemand: true })
const upstream = (): GatewayError => new GatewayError('ttft_timeout', 'late')

t.test('where engines keep their models, they are loaded, whatever becomes of calls', async (t) => {
  const cloud = backend('http://x', {
    loadsOnDemand: true,
    provider: provider({ remoteModels: ':cloud$' }),
  })
  for (const [spec, model] of [
    [STAYS, 'm'],
    [cloud, 'm:cloud'],
  ] as const) {
    const residency = new ResidencyState(spec, model, newLoadTime())
    t.ok(isLoaded(residency, 1e12))
    t.equal(loadWait(residency, 1e12), 0)
  }
  const stays = new ResidencyState(STAYS, 'm', newLoadTime())
  stays.called(STAYS, upstream(), 0)
  stays.displaced()
  t.ok(isLoaded(stays, 0))
})

t.test('an answer says that it is loaded, for some minutes, and a failure that nothing is known', async (t) => {
  const residency = new ResidencyState(COMES, 'm', newLoadTime())
  t.equal(residency.loaded, null)
  residency.called(COMES, null, 1000)
  t.ok(isLoaded(residency, 240_999))
  t.notOk(isLoaded(residency, 241_000))
  residency.called(COMES, new GatewayError('invalid_request', 'mistake'), 2000)
  t.ok(isLoaded(residency, 2000), 'a mistake of the caller says nothing')
  residency.called(COMES, upstream(), 2000)
  t.equal(residency.loaded, null)
})

t.test('another model that answers may have taken its place, where nothing tells', async (t) => {
  const residency = new ResidencyState(COMES, 'm', newLoadTime())
  residency.called(COMES, null, 0)
  residency.displaced()
  t.equal(residency.loaded, null)
  residency.told(false, null)
  residency.displaced()
  t.equal(residency.loaded, false, 'what its engine told stays')
})

t.test('a load is expected to take what its size lets expect, and then what loads took', async (t) => {
  const learnt = newLoadTime()
  const residency = new ResidencyState(COMES, 'm', learnt)
  t.equal(loadWait(residency, 0), 5, 'of no known size')
  residency.bytes = 15e9
  t.equal(loadWait(residency, 0), 10)
  learnLoad(learnt, 30)
  t.equal(loadWait(residency, 0), 30)
  learnLoad(learnt, 20)
  t.equal(loadWait(residency, 0), 27)
  residency.told(true, 500)
  t.equal(loadWait(residency, 499), 0)
  t.equal(loadWait(residency, 500), 27, 'it has left by itself')
})
