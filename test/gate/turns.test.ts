/** Models on one engine that loads what it is asked for: swaps are few, and nobody is starved. */
import t from 'tap'
import { type Asked, GateBench, limits } from './gate-bench.ts'

const LOAD_MS = 5_000
const CALL_MS = 500

/** An engine with one model at a time; each call is served in its turn, with the load before it where another model is there. */
class Engine {
  model: string | null = null
  swaps = 0
  loading = false

  loadSeconds(model: string): number {
    return this.model === model && !this.loading ? 0 : LOAD_MS / 1000
  }
}

async function run(
  bench: GateBench,
  engine: Engine,
  ms: number,
  again: (one: Asked) => boolean,
): Promise<Map<string, number>> {
  const served = new Map<string, number>()
  const until = bench.clock.time + ms
  while (bench.clock.time < until && bench.served.length > 0) {
    const one = bench.served.shift()!
    const { model } = one.entrant
    if (engine.model !== model) {
      engine.swaps++
      engine.model = model
      engine.loading = true
      await bench.pass(LOAD_MS)
      engine.loading = false
    }
    await bench.pass(CALL_MS)
    served.set(model, (served.get(model) ?? 0) + 1)
    if (again(one)) bench.ask({ ...one.entrant })
    one.pass!.done(one.entrant)
    await bench.told()
  }
  return served
}

t.test('two models under mixed load do not push each other out, and both are served', async (t) => {
  const engine = new Engine()
  const bench = new GateBench(
    t,
    { limits: limits({ parallel: 1, queueWaitMs: 120_000 }) },
    { loadSeconds: (model) => engine.loadSeconds(model) },
  )
  for (let agent = 0; agent < 8; agent++) bench.ask({ caller: `k${agent}`, model: agent % 2 === 0 ? 'a' : 'b' })
  const served = await run(bench, engine, 600_000, () => true)
  // A turn is four loads of five seconds: 20 s, and what is under way at its end.
  t.ok(engine.swaps >= 20 && engine.swaps <= 31, `${engine.swaps} swaps in ten minutes`)
  const [a, b] = [served.get('a')!, served.get('b')!]
  t.ok(Math.abs(a / (a + b) - 0.5) < 0.05, `${a} of one, ${b} of the other`)
  t.ok(a + b > 0.7 * (600_000 / CALL_MS), 'most of the time goes into answers')
})

t.test('one request for another model waits for its turn, and not for the end of all others', async (t) => {
  const engine = new Engine()
  const bench = new GateBench(
    t,
    { limits: limits({ parallel: 1, queueWaitMs: 60_000 }) },
    { loadSeconds: (model) => engine.loadSeconds(model) },
  )
  for (let agent = 0; agent < 20; agent++) bench.ask({ caller: 'many', model: 'a' })
  const other = bench.ask({ caller: 'one', model: 'b' })
  await run(bench, engine, 45_000, ({ entrant }) => entrant.model === 'a')
  t.ok(other.servedAt !== null && other.servedAt - other.at <= 30_000, `after ${other.servedAt! - other.at} ms`)
  t.ok(engine.swaps <= 3)
})
