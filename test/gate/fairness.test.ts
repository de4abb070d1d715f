/** Nobody who waits is passed over for ever, whoever else asks, and no caller has more than another for having more that waits. */
import t from 'tap'
import { pick, seeded } from '../support/random.ts'
import { type Asked, GateBench, limits } from './gate-bench.ts'

const CALLERS = ['a', 'b', 'c', 'd', 'e']
const MOST = { input: 400, output: 100 }
const MOST_COST = MOST.input + 2 * MOST.output

const costOf = ({ entrant: { input, output } }: Asked): number => input + 2 * output

/** The oldest that is open ends; what it was expected to use is what it used. */
async function endOne(bench: GateBench, open: Asked[]): Promise<void> {
  const one = open.shift()
  one?.pass!.done(one.entrant)
  await bench.told()
  open.push(...bench.served.splice(0))
}

t.test(
  'callers that always have something waiting are served alike, whatever they ask for and how often',
  async (t) => {
    for (let seed = 1; seed <= 6; seed++) {
      const random = seeded(seed)
      const parallel = 1 + Math.floor(4 * random())
      const bench = new GateBench(t, { limits: limits({ parallel, queue: 200, queueWaitMs: 1e9 }) })
      // Each has another number of requests that wait all the time, of another size.
      const kinds = CALLERS.map((caller, at) => ({ caller, many: 2 + 3 * at, share: 0.2 + 0.8 * random() }))
      const used = new Map(CALLERS.map((caller) => [caller, 0]))
      const waiting = new Map(CALLERS.map((caller) => [caller, 0]))
      const open: Asked[] = []
      const refill = (): void => {
        for (const { caller, many, share } of kinds)
        for (; waiting.get(caller)! < many; waiting.set(caller, waiting.get(caller)! + 1))
          bench.ask({ caller, input: Math.ceil(MOST.input * share * random()), output: Math.ceil(MOST.output * share * random()) }) // prettier-ignore
      }
      const note = (from: number): void => {
        for (const one of open.slice(from)) {
          const { caller } = one.entrant
          waiting.set(caller, waiting.get(caller)! - 1)
          used.set(caller, used.get(caller)! + costOf(one))
        }
      }
      refill()
      await bench.told()
      open.push(...bench.served.splice(0))
      note(0)
      for (const caller of CALLERS) used.set(caller, 0)
      for (let step = 0; step < 1_000; step++) {
        refill()
        const before = open.length - 1
        await endOne(bench, open)
        note(before)
        const all = [...used.values()]
        const apart = Math.max(...all) - Math.min(...all)
        // The bound of a virtual token counter, and the first calls, which were sent before anybody waited.
        if (apart > (2 + parallel) * MOST_COST) t.fail(`seed ${seed}, step ${step}: ${apart} apart`)
      }
      t.ok(Math.min(...used.values()) > 20 * MOST_COST, `seed ${seed}: ${[...used.values()].join(', ')}`)
      bench.gate.close()
      await bench.told()
    }
  },
)

t.test('a single request is served after as many others as there are callers, however many theirs are', async (t) => {
  for (let seed = 1; seed <= 6; seed++) {
    const random = seeded(seed)
    const bench = new GateBench(t, { limits: limits({ parallel: 2, queue: 500, queueWaitMs: 1e9 }) })
    for (let at = 0; at < 300; at++) bench.ask({ caller: pick(random, CALLERS) })
    await bench.told()
    const open = bench.served.splice(0)
    for (let round = 0; round < 100; round++) {
      const one = bench.ask({ caller: `guest ${round}` })
      let others = 0
      for (; one.pass === null; others++) {
        bench.ask({ caller: pick(random, CALLERS) })
        await endOne(bench, open)
        if (others > CALLERS.length + 2) break
      }
      t.ok(one.pass !== null, `seed ${seed}: served after ${others} others`)
    }
    t.equal(open.length, 2, 'and both places are taken')
    bench.gate.close()
    await bench.told()
  }
})

t.test('of several priorities the lower ones wait, and are told when it would be too long', async (t) => {
  const bench = new GateBench(t, { limits: limits({ parallel: 1, queue: 20, queueWaitMs: 30_000 }) })
  let open = bench.ask({ priority: 2 })
  const low = bench.ask({ priority: 0 })
  const starved: Asked[] = []
  // High ones come as fast as they are served: one more always waits.
  for (let second = 0; second < 40; second++) {
    const next = bench.ask({ priority: 2 })
    starved.push(bench.ask({ priority: 0 }))
    await bench.pass(1_000)
    open.pass!.done(null)
    await bench.told()
    open = next
    t.ok(next.pass, `second ${second}`)
    if (bench.view.waiting > 20) t.fail(`${bench.view.waiting} wait`)
  }
  t.match(low.refusal, { refused: 'wait' }, 'it was not kept for ever')
  for (const { refusal } of starved.filter(({ answers }) => answers > 0)) t.ok(refusal!.retryAfterMs > 0)
  bench.gate.close()
  await bench.told()
})
