/** Any sequence of requests, endings and hours. */
import t from 'tap'
import { GatewayError } from '../../src/core/errors.ts'
import type { Reservation } from '../../src/budgets/limiter.ts'
import { pick, seeded } from '../support/random.ts'
import { budget, claim, desk, subject } from './rig.ts'

t.test('a budget is overspent by one request at most, and all that is held comes back', async (t) => {
  for (let seed = 1; seed <= 60; seed++) {
    const random = seeded(seed)
    const limit = {
      nanoUsd: 1e9 + random() * 9e9,
      tokens: 1000 + Math.round(random() * 9000),
      parallel: 1 + Math.floor(random() * 20),
    }
    const one = desk([budget({ ...limit, per: 'hour' }), budget({ name: 'key', of: 'key', requests: 40, per: 'hour' })])
    const open: { reservation: Reservation; most: number }[] = []
    let largest = 0
    for (let step = 0; step < 400; step++) {
      if (random() < 0.5 && open.length > 0) {
        const { reservation, most } = open.splice(Math.floor(random() * open.length), 1)[0]!
        // No more than the worst case, and mostly less.
        reservation.settle(claim(Math.round(most * random()), Math.round((most / 1e6) * random())))
      } else if (random() < 0.02) one.clock.now += Math.round(random() * 3_600_000)
      else {
        const most = Math.round(random() * 3e9)
        try {
          const who = subject({ key: pick(random, ['a', 'b']) })
          const reservation = one.limiter.reserve(who, [], claim(most, Math.round(most / 1e6)))
          open.push({ reservation, most })
          largest = Math.max(largest, most)
        } catch (thrown) {
          if (!(thrown instanceof GatewayError) || thrown.code !== 'budget_exceeded') throw thrown
        }
      }
      const [team] = one.limiter.states()
      if (team === undefined) continue
      if (team.used.nanoUsd + team.reserved.nanoUsd > limit.nanoUsd + largest) t.fail(`seed ${seed}: too much money`)
      if (team.used.tokens > limit.tokens + largest / 1e6) t.fail(`seed ${seed}: too many tokens`)
      if (team.inflight > limit.parallel) t.fail(`seed ${seed}: too many in flight`)
    }
    for (const { reservation } of open) reservation.settle(claim(0))
    for (const { inflight, reserved } of one.limiter.states())
      if (inflight !== 0 || reserved.nanoUsd !== 0 || reserved.tokens !== 0) t.fail(`seed ${seed}: something is left`)
  }
  t.pass('60 sequences')
})
