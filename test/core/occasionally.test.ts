import t from 'tap'
import { Occasionally } from '../../src/core/occasionally.ts'

t.test(
  'a fault is said at once, then once a minute with the number of those between, and at once when it had ended',
  async (t) => {
    let now = 5
    const fault = new Occasionally(60_000, () => now)
    t.equal(fault.due(), 0)
    for (let second = 1; second < 60; second++) {
      now = 5 + second * 1_000
      t.equal(fault.due(), null)
    }
    now = 60_005
    t.equal(fault.due(), 59)
    t.equal(fault.due(), null)
    fault.over()
    t.equal(fault.due(), 0)
  },
)
