import t from 'tap'
import { Deadline, type Phase } from '../../src/backends/upstream/deadline.ts'
import { Clock } from '../support/clock.ts'

/** Runs `play` with a deadline of `totalMs`; gives when which phase ran out, in ms from the start. */
function played(
  totalMs: number,
  play: (deadline: Deadline, clock: Clock) => void,
): { ends: [Phase, number][]; clock: Clock } {
  const clock = new Clock()
  const ends: [Phase, number][] = []
  clock.inside(() => {
    const deadline = new Deadline(totalMs, clock.now, (phase) => ends.push([phase, clock.time - 1000]))
    play(deadline, clock)
  })
  return { ends, clock }
}

t.test('each phase runs out under its own name', async (t) => {
  for (const phase of ['connect', 'headers', 'ttft', 'idle'] as const) {
    const { ends } = played(10_000, (deadline, clock) => {
      deadline.enter(phase, 500)
      clock.pass(499)
      t.equal(clock.waiting, 1)
      clock.pass(1000)
    })
    t.strictSame(ends, [[phase, 500]])
  }
})

t.test('a new phase takes the place of the old one', async (t) => {
  const longer = played(10_000, (deadline, clock) => {
    deadline.enter('connect', 200)
    clock.pass(100)
    deadline.enter('headers', 1000)
    clock.pass(5000)
  })
  t.strictSame(longer.ends, [['headers', 1100]])
  const shorter = played(10_000, (deadline, clock) => {
    deadline.enter('headers', 5000)
    clock.pass(100)
    deadline.enter('ttft', 50)
    clock.pass(5000)
  })
  t.strictSame(shorter.ends, [['ttft', 150]])
})

t.test('the total ends any phase, also one without an end', async (t) => {
  const phases = played(1000, (deadline, clock) => {
    deadline.enter('idle', 5000)
    clock.pass(9000)
  })
  t.strictSame(phases.ends, [['total', 1000]])
  const endless = played(1000, (deadline, clock) => {
    deadline.enter('connect', 100)
    clock.pass(50)
    deadline.enter('total', Infinity)
    clock.pass(9000)
  })
  t.strictSame(endless.ends, [['total', 1000]])
})

t.test('where both are over, the total speaks', async (t) => {
  t.strictSame(
    played(500, (deadline, clock) => {
      deadline.enter('idle', 500)
      clock.pass(9000)
    }).ends,
    [['total', 500]],
  )
  t.strictSame(
    played(500, (deadline, clock) => {
      deadline.enter('ttft', 400)
      // The process was asleep.
      clock.time += 5000
      clock.pass(0)
    }).ends,
    [['total', 5000]],
  )
})

t.test('extending keeps a stream alive, and costs no timer', async (t) => {
  const { ends, clock } = played(1e9, (deadline, clock) => {
    deadline.enter('idle', 1000)
    for (let chunk = 0; chunk < 10_000; chunk++) {
      clock.pass(10)
      deadline.extend(1000)
    }
    clock.pass(50_000)
  })
  t.strictSame(ends, [['idle', 10_000 * 10 + 1000]], 'and the silence after the last chunk is noticed in time')
  t.ok(clock.set < 150, `${clock.set} timers for 10000 chunks`)
})

t.test('extending does not reach beyond the total', async (t) => {
  const { ends } = played(2000, (deadline, clock) => {
    deadline.enter('idle', 1000)
    for (let chunk = 0; chunk < 300 && clock.time < 3000; chunk++) {
      clock.pass(10)
      deadline.extend(1000)
    }
    clock.pass(10_000)
  })
  t.strictSame(ends, [['total', 2000]])
})

t.test('a stopped one never runs out', async (t) => {
  const { ends, clock } = played(1000, (deadline, clock) => {
    deadline.enter('connect', 100)
    clock.pass(50)
    deadline.stop()
    deadline.stop()
    clock.pass(10_000)
  })
  t.strictSame(ends, [])
  t.equal(clock.waiting, 0)
})

t.test('stopped before it began', async (t) => {
  t.strictSame(played(1000, (deadline) => deadline.stop()).ends, [])
})

t.test('it runs out once', async (t) => {
  const { ends, clock } = played(1000, (deadline, clock) => {
    deadline.enter('connect', 100)
    clock.pass(10_000)
  })
  t.equal(ends.length, 1)
  t.equal(clock.waiting, 0)
})

t.test('a timer that fires too early looks again', async (t) => {
  const { ends } = played(10_000, (deadline, clock) => {
    deadline.enter('connect', 100.4)
    clock.pass(101)
  })
  t.equal(ends.length, 1)
  const early = played(10_000, (deadline, clock) => {
    deadline.enter('connect', 100)
    // The timer's clock runs ahead of the one that is read.
    clock.pass(99)
    clock.time += 0.5
    clock.pass(0)
    t.equal(clock.waiting, 1)
    clock.pass(0.5)
  })
  t.strictSame(early.ends, [['connect', 100]])
})

t.test('the callback may enter a phase again', async (t) => {
  const clock = new Clock()
  const ends: [Phase, number][] = []
  clock.inside(() => {
    const deadline: Deadline = new Deadline(1000, clock.now, (phase) => {
      ends.push([phase, clock.time - 1000])
      if (phase !== 'total') deadline.enter('idle', 300)
    })
    deadline.enter('idle', 300)
    clock.pass(10_000)
  })
  t.strictSame(ends, [
    ['idle', 300],
    ['idle', 600],
    ['idle', 900],
    ['total', 1000],
  ])
})

t.test('longer than a timer can be', async (t) => {
  const weeks = 60 * 24 * 3600 * 1000
  const { ends } = played(weeks, (deadline, clock) => {
    deadline.enter('total', Infinity)
    clock.pass(weeks - 1)
    t.equal(clock.waiting, 1)
    clock.pass(1)
  })
  t.strictSame(ends, [['total', weeks]])
  const never = played(Infinity, (deadline, clock) => {
    deadline.enter('total', Infinity)
    clock.pass(weeks)
  })
  t.strictSame(never.ends, [])
})
