/** Who waits at one gate takes a free place of another that is as good. */
import type { Test } from 'tap'
import t from 'tap'
import type { Entrant } from '../../src/backends/gate/entrant.ts'
import { pick, seeded } from '../support/random.ts'
import { type Asked, entrant, GateBench, limits } from './gate-bench.ts'

interface Pair {
  readonly a: GateBench
  readonly b: GateBench
  /** The calls that take the one place of each. */
  readonly open: readonly [Asked, Asked]
  well: boolean
}

function pairOf(test: Test): Pair {
  const own = { limits: limits({ parallel: 1 }) }
  const a = new GateBench(test, own)
  const b: GateBench = new GateBench(test, own, { isWell: () => pair.well }, { clock: a.clock })
  const pair: Pair = { a, b, open: [a.ask(), b.ask()], well: true }
  return pair
}

/** It waits at `a`, and takes a place of `b` from `later` ms on. */
function waits(a: GateBench, b: GateBench, traits: Partial<Entrant> = {}, later = 0): Asked {
  const asked = a.ask(traits)
  b.gate.welcome(entrant(traits), asked.waiting!, a.clock.time + later)
  return asked
}

t.test('who waits has the first free place of either, and only one', async (t) => {
  const { a, b, open } = pairOf(t)
  const [one, two] = [waits(a, b), waits(a, b)]
  t.equal(a.view.waiting, 2)
  t.equal(b.view.waiting, 0, 'it is shown where it waits')
  open[1].pass!.done(null)
  await a.told()
  t.equal(one.pass?.gate, b.gate)
  t.equal(a.view.waiting, 1)
  open[0].pass!.done(null)
  await a.told()
  t.equal(two.pass?.gate, a.gate)
  one.pass!.done(null)
  two.pass!.done(null)
  await a.told()
  t.strictSame([one.answers, two.answers, a.view.waiting], [1, 1, 0])
  t.ok(b.ask().pass, 'nothing of them is left behind')
})

t.test('those who wait there go first, but for those of a lower priority', async (t) => {
  const { a, b, open } = pairOf(t)
  const guests = [waits(a, b), waits(a, b, { priority: 2 })]
  const own = b.ask()
  open[1].pass!.done(null)
  await a.told()
  t.ok(guests[1]!.pass)
  guests[1]!.pass!.done(null)
  await a.told()
  t.ok(own.pass)
  t.notOk(guests[0]!.pass)
  own.pass!.done(null)
  await a.told()
  t.equal(guests[0]!.pass?.gate, b.gate)
})

t.test('it takes no place where it would be answered later than where it waits', async (t) => {
  const { a, b, open } = pairOf(t)
  const loyal = waits(a, b, {}, 3_000)
  open[1].pass!.done(null)
  await a.pass(2_999)
  t.notOk(loyal.pass)
  t.equal(b.ask().answers, 1, 'and it holds up nobody who asks there')
  b.served.at(-1)!.pass!.done(null)
  await a.pass(1)
  t.equal(loyal.pass?.gate, b.gate)
  t.equal(loyal.servedAt, a.clock.time)
})

t.test('no place of a backend is taken while something is known against it', async (t) => {
  const state = pairOf(t)
  const { a, b, open } = state
  state.well = false
  const one = waits(a, b)
  open[1].pass!.done(null)
  await a.pass(900)
  t.notOk(one.pass)
  state.well = true
  await a.pass(1_000)
  t.equal(one.pass?.gate, b.gate)
  const two = waits(a, b)
  b.gate.hold(true)
  one.pass!.done(null)
  await a.pass(5_000)
  t.notOk(two.pass)
  b.gate.release()
  await a.told()
  t.equal(two.pass?.gate, b.gate)
})

t.test('who leaves, is refused or loses its backend is on no list any more', async (t) => {
  const { a, b, open } = pairOf(t)
  const gone = waits(a, b)
  const late = waits(a, b, { latest: a.clock.time + 2_000 })
  const moved = waits(a, b, { others: true })
  const stays = waits(a, b)
  gone.cancel()
  await a.pass(2_000)
  t.equal(late.refusal?.refused, 'deadline')
  a.gate.hold(true)
  await a.told()
  t.equal(moved.refusal?.refused, 'moved')
  open[1].pass!.done(null)
  await a.told()
  t.strictSame([gone, late, moved].map(({ pass }) => pass), [null, null, null]) // prettier-ignore
  t.equal(stays.pass?.gate, b.gate, 'while its own backend is away')
  b.gate.close()
  const last = waits(a, b)
  b.gate.close()
  a.gate.release()
  open[0].pass!.done(null)
  await a.told()
  t.equal(last.pass?.gate, a.gate)
})

t.test('a wait at one backend counts as a wait at the next', async (t) => {
  const bench = new GateBench(t, { limits: limits({ parallel: 1, queueWaitMs: 10_000 }) })
  const open = bench.ask()
  await bench.pass(9_000)
  const late = bench.ask({ since: bench.clock.time - 9_000 })
  await bench.pass(999)
  t.equal(late.answers, 0)
  await bench.pass(1)
  t.equal(late.refusal?.refused, 'wait')
  t.equal(bench.ask({ since: bench.clock.time - 10_001 }).refusal?.refused, 'wait')
  open.pass!.done(null)
})

t.test(
  'of three gates under a storm no place stays free for which somebody waits, and each is answered once',
  async (t) => {
    for (let seed = 1; seed <= 8; seed++) {
      const random = seeded(seed)
      const first = new GateBench(t, { limits: limits({ parallel: 1, queueWaitMs: 20_000 }) })
      const more = [2, 3].map((parallel) => new GateBench(t, { limits: limits({ parallel, queueWaitMs: 20_000 }) }, {}, { clock: first.clock })) // prettier-ignore
      const benches = [first, ...more]
      const all: Asked[] = []
      let open: Asked[] = []
      for (let step = 0; step < 600; step++) {
        const what = random()
        if (what < 0.5) {
          const traits = { caller: pick(random, ['x', 'y', 'z']), priority: pick(random, [0, 1, 2]) }
          const bench = pick(random, benches)
          const asked = bench.ask(traits)
          all.push(asked)
          for (const other of benches)
            if (other !== bench && asked.waiting !== null)
              other.gate.welcome(entrant(traits), asked.waiting, first.clock.time)
        } else if (what < 0.55) all[Math.floor(random() * all.length)]?.cancel()
        else if (what < 0.9) open.splice(Math.floor(random() * open.length), 1)[0]?.pass!.done(null)
        else await first.pass(Math.floor(2_000 * random()))
        await first.told()
        for (const bench of benches) open.push(...bench.served.splice(0))
        open = open.filter(({ pass }) => pass !== null)
        const waiting = benches.reduce((sum, { view }) => sum + view.waiting, 0)
        const free = benches.some(({ gate }) => gate.lanes[0]!.open < gate.lanes[0]!.limits.parallel!)
        if (waiting > 0 && free) t.fail(`seed ${seed}, step ${step}: ${waiting} wait before a free place`)
        const taken = benches.reduce((sum, { gate }) => sum + gate.lanes[0]!.open, 0)
        if (taken !== open.length)
          t.fail(`seed ${seed}, step ${step}: ${taken} places are taken by ${open.length} calls`)
      }
      for (const { gate } of benches) gate.close()
      await first.told()
      t.strictSame(all.filter(({ answers }) => answers !== 1), [], `seed ${seed}`) // prettier-ignore
    }
  },
)
