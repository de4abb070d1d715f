/** What is known of whether a model is loaded, and how long a call waits where it is not. */
import t from 'tap'
import { GatewayError } from '../../src/core/errors.ts'
import { UNTOLD } from '../../src/core/engine-reading.ts'
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
    residency.called(null, 5)
    residency.displaced()
    t.ok(isLoaded(residency, 1e12), 'after an answer as before')
  }
  const stays = new ResidencyState(STAYS, 'm', newLoadTime())
  stays.called(upstream(), 0)
  stays.displaced()
  t.ok(isLoaded(stays, 0))
})

t.test('an answer says that it is loaded, for some minutes, and a failure that nothing is known', async (t) => {
  const residency = new ResidencyState(COMES, 'm', newLoadTime())
  t.equal(residency.loaded, null)
  residency.called(null, 1000)
  t.ok(isLoaded(residency, 240_999))
  t.notOk(isLoaded(residency, 241_000))
  residency.called(new GatewayError('invalid_request', 'mistake'), 2000)
  t.ok(isLoaded(residency, 2000), 'a mistake of the caller says nothing')
  residency.called(upstream(), 2000)
  t.equal(residency.loaded, null)
})

t.test('another model that answers may have taken its place, where nothing tells', async (t) => {
  const residency = new ResidencyState(COMES, 'm', newLoadTime())
  residency.called(null, 0)
  residency.displaced()
  t.equal(residency.loaded, null)
  residency.heard({ ...UNTOLD, loaded: false }, 5000, 7000)
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
  residency.heard({ ...UNTOLD, loaded: true, until: 7500 }, 0, 7000)
  t.equal(loadWait(residency, 499), 0)
  t.equal(loadWait(residency, 500), 27, 'it has left by itself')
})

t.test('its engine knows better than its calls', async (t) => {
  const residency = new ResidencyState(COMES, 'm', newLoadTime())
  residency.heard({ ...UNTOLD, loaded: true }, 0, 7000)
  t.ok(isLoaded(residency, 1e9), 'as long as it says so')
  residency.heard({ ...UNTOLD, loaded: false, loading: true }, 10, 7000)
  t.notOk(isLoaded(residency, 10))
  residency.called(null, 20)
  residency.heard({ ...UNTOLD, loaded: false }, 900, 7000)
  t.ok(isLoaded(residency, 900), 'what was under way while it answered is old')
  residency.heard({ ...UNTOLD, loaded: false }, 1020, 7000)
  t.notOk(isLoaded(residency, 1020))
  residency.heard(null, 1030, 7000)
  residency.heard(UNTOLD, 1030, 7000)
  t.equal(residency.loaded, false, 'silence says nothing')
  const router = new ResidencyState(STAYS, 'm', newLoadTime())
  router.heard({ ...UNTOLD, loaded: false }, 0, 7000)
  t.notOk(isLoaded(router, 0), 'the router of llama.cpp tells of models that nobody said to come and go')
  router.called(null, 0)
  t.ok(isLoaded(router, 1000))
  router.displaced()
  t.equal(router.loaded, null)
})
