import t from 'tap'
import { callsMade, newTrail, overheadMs } from '../../src/core/trail.ts'
import { deployment, gatewayRequest } from '../support/factories.ts'

const TRIED = {
  target: deployment('a/m').targets[0]!,
  startedAt: 1,
  endedAt: 2,
  status: 500,
  error: null,
  ttftMs: null,
  open: 0,
  sent: true,
  told: null,
}
const request = gatewayRequest({ model: 'm' }, { startedAt: 100 })

t.test('calls made, the open one included', async (t) => {
  const trail = newTrail()
  t.equal(callsMade(trail), 0)
  trail.current = deployment('a/m')
  t.equal(callsMade(trail), 1)
  trail.current = null
  trail.tried.push(TRIED)
  t.equal(callsMade(trail), 1)
  trail.current = deployment('b/m')
  t.equal(callsMade(trail), 2)
})

t.test('what the gateway itself took', async (t) => {
  const trail = newTrail()
  t.equal(overheadMs(request, trail, 105), 5, 'nothing was sent')
  trail.firstSentAt = 103
  t.equal(overheadMs(request, trail, 999), 3, 'waiting for backends is not ours')
  trail.committedAt = 500
  t.equal(overheadMs(request, trail, 502), 5, 'from the first frame to its departure is')
  t.equal(overheadMs(request, trail, 400), 3, 'headers that went out with a comment, before the first frame')
})

t.test('each request has a trail of its own', async (t) => {
  newTrail().tried.push(TRIED)
  t.strictSame(newTrail().tried, [])
})
