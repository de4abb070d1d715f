import t from 'tap'
import { budgetPressure } from '../../src/budgets/pressure.ts'
import { GatewayError } from '../../src/core/errors.ts'
import { budget, claim, desk, NOON, subject } from './rig.ts'

const DAY = 86_400_000
const count = { endsAt: DAY, nanoUsd: 0, pressure: 0, pressedAt: 0 }

t.test('money is worth what it is, as long as it lasts', async (t) => {
  t.equal(budgetPressure(count, 100, 10, DAY / 10), 0, 'as fast as the time goes by')
  t.equal(budgetPressure(count, 100, 5, DAY / 10), 0)
  t.ok(Math.abs(budgetPressure(count, 100, 20, DAY / 10) - 1) < 1e-9, 'twice as fast')
  t.equal(budgetPressure({ ...count, pressure: 1 }, 100, 0, DAY / 10), 0, 'it eases')
  t.equal(budgetPressure({ ...count, pressure: 7.9 }, 100, 100, 1), 8, 'bounded')
  t.equal(budgetPressure({ ...count, nanoUsd: 100 }, 100, 0, 0), 8, 'used up')
})

/** A day of requests that would cost twice the budget; who is pressed takes cheaper answers. When the first was refused, and what was served. */
function day(pressure: boolean): { wall: number; served: number; spent: number } {
  const one = desk([budget({ nanoUsd: 100e9, pressure })])
  const start = NOON - DAY / 2
  let wall = DAY
  let served = 0
  for (let minute = 0; minute < 1440; minute++) {
    one.clock.now = start + minute * 60_000
    const usd = 200 / 1440 / (1 + one.limiter.pressure(subject(), []))
    try {
      one.limiter.reserve(subject(), [], claim(usd * 1e9)).settle(claim(usd * 1e9))
      served++
    } catch (thrown) {
      if (!(thrown instanceof GatewayError)) throw thrown
      wall = Math.min(wall, one.clock.now - start)
    }
  }
  return { wall, served, spent: one.limiter.states()[0]!.used.nanoUsd / 1e9 }
}

t.test('a budget lasts for the day instead of half of it', async (t) => {
  const [hard, soft] = [day(false), day(true)]
  t.ok(hard.wall < 0.52 * DAY, `without it the wall is met after ${(24 * hard.wall) / DAY} h`)
  t.ok(soft.wall > 0.97 * DAY, `with it after ${(24 * soft.wall) / DAY} h`)
  t.ok(soft.served > 1.9 * hard.served)
  t.ok(soft.spent > 85, `${soft.spent} of 100 USD are used`)
})

t.test('nobody is pressed by the budgets of others', async (t) => {
  const one = desk([budget({ nanoUsd: 1e9, pressure: true })])
  one.limiter.reserve(subject(), [], claim(9e8)).settle(claim(9e8))
  t.ok(one.limiter.pressure(subject(), []) > 0)
  t.equal(one.limiter.pressure(subject({ team: 'blue' }), []), 0)
})
