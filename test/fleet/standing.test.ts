/** What is known of one backend -> its state, and until when others come first. */
import t from 'tap'
import { newLive } from '../../src/backends/fleet/health.ts'
import { KEY_MS, Standing } from '../../src/backends/fleet/standing.ts'

function rig() {
  const live = newLive()
  const standing = new Standing(live, 0, () => undefined)
  standing.found(null, 0)
  return { live, standing }
}

const refuse = (standing: Standing, now: number): void =>
  standing.called({ is: 'key', reason: 'HTTP 401: its key is refused' }, null, now)

t.test('others come first while its key is refused, and no longer', async (t) => {
  const ends: readonly (readonly [what: string, end: (standing: Standing) => void])[] = [
    ['a call is answered', (standing) => standing.called({ is: 'up' }, null, 100)],
    [
      'its list is answered again',
      (standing) => {
        standing.locked('HTTP 401', 50)
        standing.found(null, 100)
      },
    ],
    ['it has another key', (standing) => standing.keyChanged(100)],
  ]
  for (const [what, end] of ends) {
    const { live, standing } = rig()
    refuse(standing, 0)
    t.match(live, { state: 'auth_error', retryAfterUntil: KEY_MS })
    end(standing)
    t.match(live, { state: 'ready', retryAfterUntil: 0 }, what)
  }
})

t.test('an accepted key does not end the rest that it has asked for', async (t) => {
  const { live, standing } = rig()
  standing.pausedBy({ state: 'rate_limited', reason: null, from: 0, until: 5_000 })
  refuse(standing, 0)
  standing.called({ is: 'up' }, null, 100)
  t.match(live, { state: 'rate_limited', until: 5_000, retryAfterUntil: 5_000 })
})
