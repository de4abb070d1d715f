import t from 'tap'
import { seeded } from '../support/random.ts'
import { type Asked, GateBench, key, limits } from './gate-bench.ts'
import { Storm } from './storm.ts'

t.test(
  'a place is given at once while there is one; who comes then waits, and is served in the order of coming',
  async (t) => {
    const bench = new GateBench(t, { limits: limits({ parallel: 2 }) })
    const asked = Array.from({ length: 4 }, () => bench.ask())
    t.strictSame(asked.map(({ answers }) => answers), [1, 1, 0, 0]) // prettier-ignore
    t.match(bench.view, { waiting: 2, full: false })
    t.ok(bench.view.seconds > 0)
    await bench.pass(3_000)
    asked[1]!.pass!.done(null)
    await bench.told()
    t.strictSame(asked.map(({ answers }) => answers), [1, 1, 1, 0]) // prettier-ignore
    t.equal(asked[2]!.servedAt, bench.clock.time)
    for (const one of [asked[0]!, asked[2]!]) one.pass!.done(null)
    await bench.told()
    asked[3]!.pass!.done(null)
    t.strictSame(bench.view, { waiting: 0, seconds: 0, full: false })
  },
)

t.test('the wait that is told is the one that comes, by how long calls stay', async (t) => {
  const bench = new GateBench(t, { limits: limits({ parallel: 1 }) })
  for (let round = 0; round < 60; round++) {
    const one = bench.ask()
    await bench.pass(500)
    one.pass!.done(null)
  }
  bench.ask()
  for (let ahead = 0; ahead < 6; ahead++) {
    t.equal(Math.round(bench.view.seconds * 10), 5 * (ahead + 1), `${ahead} wait`)
    bench.ask()
  }
})

t.test('what cannot be served in time is refused at once, with the wait that is expected', async (t) => {
  const bench = new GateBench(t, { limits: limits({ parallel: 1, queue: 2, queueWaitMs: 30_000 }) })
  const first = bench.ask()
  await bench.pass(10_000)
  first.pass!.done(null)
  bench.ask()
  t.match(bench.ask({ latest: bench.clock.time + 9_000 }).refusal, {
    refused: 'deadline',
    by: 'busy',
    retryAfterMs: 10_000,
  })
  t.equal(bench.ask({ latest: bench.clock.time + 11_000 }).answers, 0)
  bench.ask()
  t.match(bench.ask().refusal, { refused: 'full', retryAfterMs: 30_000 })
  t.equal(bench.view.full, true)
  const others = new GateBench(t, { limits: limits({ parallel: 1, queueWaitMs: 15_000 }) })
  const slow = others.ask()
  await others.pass(10_000)
  slow.pass!.done(null)
  others.ask()
  others.ask()
  t.match(others.ask().refusal, { refused: 'wait', retryAfterMs: 20_000 })
})

t.test('before any call has ended nobody is refused by a guess', async (t) => {
  const bench = new GateBench(t, { limits: limits({ parallel: 1, queue: 8, queueWaitMs: 3_000 }) })
  const asked = Array.from({ length: 10 }, () => bench.ask())
  t.equal(asked.filter(({ refusal }) => refusal !== null).length, 1, 'only for whom there is no room to wait')
  t.match(asked.at(-1)!.refusal, { refused: 'full', by: 'busy' })
})

t.test('nobody waits longer than queue_wait, or than is of use', async (t) => {
  const bench = new GateBench(t, { limits: limits({ parallel: 1, queueWaitMs: 5_000 }) })
  bench.ask()
  const patient = bench.ask()
  const hasty = bench.ask({ latest: bench.clock.time + 4_500 })
  await bench.pass(4_499)
  t.equal(hasty.answers, 0)
  await bench.pass(1)
  t.match(hasty.refusal, { refused: 'deadline' })
  t.equal(patient.answers, 0)
  await bench.pass(500)
  t.match(patient.refusal, { refused: 'wait' })
  t.equal(bench.view.waiting, 0)
})

t.test('who leaves while it waits is out at once, and counts nowhere', async (t) => {
  const bench = new GateBench(t, { limits: limits({ parallel: 1, queue: 1, rpm: 2 }) })
  const first = bench.ask()
  const second = bench.ask()
  t.match(bench.ask().refusal, { refused: 'full' })
  second.cancel()
  second.cancel()
  await bench.told()
  t.equal(second.answers, 1)
  t.equal(second.refusal, null)
  const third = bench.ask()
  first.pass!.done(null)
  await bench.told()
  t.ok(third.pass)
  third.pass!.unused()
  third.pass!.done(null)
  t.ok(bench.ask().pass, 'what was not sent is not counted by rpm either')
  t.equal(bench.ask().pass, null)
})

t.test('a higher priority goes first, the same one in the order of coming', async (t) => {
  const bench = new GateBench(t, { limits: limits({ parallel: 1 }) })
  let open = bench.ask().pass!
  const order = [1, 0, 2, 1, 2, 0].map((priority) => bench.ask({ priority }))
  const seen: Asked[] = []
  for (let round = 0; round < order.length; round++) {
    open.done(null)
    await bench.told()
    seen.push(bench.served.at(-1)!)
    open = seen.at(-1)!.pass!
  }
  t.strictSame(seen.map((one) => order.indexOf(one)), [2, 4, 0, 3, 1, 5]) // prettier-ignore
})

/** Serves for so many rounds, all who are served coming back at once; tokens by caller, an output token for two. */
async function shares(
  bench: GateBench,
  rounds: number,
  take: (one: Asked) => { input: number; output: number },
): Promise<Map<string, number>> {
  const sums = new Map<string, number>()
  for (let round = 0; round < rounds; round++) {
    const one = bench.served.shift()!
    const spent = take(one)
    const { caller } = one.entrant
    sums.set(caller, (sums.get(caller) ?? 0) + spent.input + 2 * spent.output)
    bench.ask({ ...one.entrant })
    one.pass!.done(spent)
    await bench.pass(10)
  }
  return sums
}

t.test('fifty agents of one key have no more than the two of another, whatever their requests take', async (t) => {
  const random = seeded(5)
  const bench = new GateBench(t, { limits: limits({ parallel: 4, queue: 100, queueWaitMs: 1e9 }) })
  for (let agent = 0; agent < 50; agent++) bench.ask({ caller: 'many', input: 100, output: 100 })
  for (let agent = 0; agent < 6; agent++) bench.ask({ caller: 'few', input: 2_000, output: 300 })
  for (let agent = 0; agent < 6; agent++) bench.ask({ caller: 'odd', input: 50, output: 10 })
  // What `odd` takes is ten times what is expected of it.
  const sums = await shares(bench, 6_000, ({ entrant: { caller, input, output } }) =>
    caller === 'odd'
      ? { input: 10 * input, output: 10 * output }
      : { input, output: Math.round(2 * random() * output) },
  )
  const all = [...sums.values()].reduce((sum, one) => sum + one, 0)
  for (const [caller, tokens] of sums)
    t.ok(Math.abs((3 * tokens) / all - 1) < 0.05, `${caller}: ${((100 * tokens) / all).toFixed(1)} %`)
})

t.test('who was away has saved up nothing', async (t) => {
  const bench = new GateBench(t, { limits: limits({ parallel: 1, queueWaitMs: 1e9 }) })
  for (let agent = 0; agent < 4; agent++) bench.ask({ caller: 'steady' })
  await shares(bench, 500, ({ entrant }) => entrant)
  for (let agent = 0; agent < 4; agent++) bench.ask({ caller: 'back' })
  const sums = await shares(bench, 40, ({ entrant }) => entrant)
  t.ok(Math.abs(sums.get('steady')! - sums.get('back')!) <= 2 * 200, [...sums].join(' '))
})

t.test('with several keys each has its own limits, and the one with the most room is next', async (t) => {
  const keys = [key('a'), key('b', { parallel: 4 }), key('c', { rpm: 1 })]
  const bench = new GateBench(t, { keys, limits: limits({ parallel: 2, queue: 0 }) })
  const taken = Array.from({ length: 9 }, () => bench.ask())
  const names = taken.map(({ pass }) => pass?.key?.name ?? '-')
  t.equal(names.slice(0, 3).sort().join(), 'a,b,c', 'one each, before any has two')
  t.strictSame(
    ['a', 'b', 'c', '-'].map((name) => names.filter((one) => one === name).length),
    [2, 4, 1, 2],
  )
  t.match(taken.at(-1)!.refusal, { refused: 'full', by: 'busy', rest: null })
})

t.test('a key that was refused rests alone; when all rest, who comes is told when the first is back', async (t) => {
  const bench = new GateBench(t, { keys: [key('a'), key('b')], limits: null })
  const refused = (one: Asked, ms: number): number => {
    bench.gate.rest(one.pass, 'upstream_rate_limited', ms)
    one.pass!.done({ input: 0, output: 0 })
    return bench.gate.restsUntil(null)
  }
  const one = bench.ask()
  t.equal(refused(one, 20_000), 0)
  t.equal(bench.gate.hasOther('tiny'), true)
  const other = bench.ask()
  t.not(other.pass!.key!.name, one.pass!.key!.name)
  t.equal(refused(other, 8_000), bench.clock.time + 8_000)
  t.equal(bench.gate.hasOther('tiny'), false)
  t.match(bench.ask().refusal, { by: 'rate', rest: 'upstream_rate_limited', retryAfterMs: 8_000 })
  t.match(bench.view, { seconds: 8, full: true })
  await bench.pass(8_000)
  t.equal(bench.ask().pass!.key!.name, other.pass!.key!.name)
  t.equal(bench.view.full, false)
  t.strictSame(bench.rests, [
    `${one.pass!.key!.name} upstream_rate_limited 20000`,
    `${other.pass!.key!.name} upstream_rate_limited 8000`,
  ])
})

t.test('a limit of one model rests a key for that model only, and who waits for it holds up no other', async (t) => {
  const own = limits({ parallel: 1, queueWaitMs: 60_000 })
  const bench = new GateBench(t, { keys: [key('a'), key('b')], limits: own })
  const [one, two] = [bench.ask({ model: 'large' }), bench.ask({ model: 'large' })]
  bench.gate.rest(one.pass, 'upstream_rate_limited', 20_000, 'large')
  one.pass!.done({ input: 0, output: 0 })
  t.equal(bench.gate.hasOther('large'), true)
  bench.gate.rest(two.pass, 'upstream_rate_limited', 9_000, 'large')
  two.pass!.done({ input: 0, output: 0 })
  t.equal(bench.gate.hasOther('large'), false)
  t.equal(bench.gate.restsUntil('large'), bench.clock.time + 9_000)
  t.equal(bench.gate.restsUntil('small'), 0)
  const waiting = bench.ask({ model: 'large' })
  t.equal(waiting.answers, 0)
  const small = [1, 2, 3].map(() => bench.ask({ model: 'small' }))
  t.strictSame(small.map(({ pass }) => pass !== null), [true, true, false]) // prettier-ignore
  small[0]!.pass!.done(null)
  await bench.told()
  t.ok(small[2]!.pass, 'it came later than the one that cannot be served yet')
  small[1]!.pass!.done(null)
  small[2]!.pass!.done(null)
  await bench.pass(8_999)
  t.equal(waiting.answers, 0)
  await bench.pass(1)
  t.equal(waiting.servedAt, bench.clock.time)
  t.equal(waiting.pass!.key!.name, two.pass!.key!.name)
  t.match(bench.rests, [/ upstream_rate_limited 20000 large$/, / upstream_rate_limited 9000 large$/])
})

t.test('who waits is told at once when a key rests for longer than may be waited', async (t) => {
  const bench = new GateBench(t, { limits: limits({ parallel: 1, queueWaitMs: 30_000 }) })
  const open = bench.ask()
  const hasty = bench.ask({ latest: bench.clock.time + 10_000 })
  const patient = bench.ask()
  bench.gate.rest(null, 'upstream_rate_limited', 20_000)
  await bench.told()
  t.match(hasty.refusal, { refused: 'deadline', rest: 'upstream_rate_limited' })
  t.ok(hasty.refusal!.retryAfterMs >= 20_000)
  t.equal(patient.answers, 0)
  bench.gate.rest(null, 'upstream_rate_limited', 3_600_000)
  await bench.told()
  t.match(patient.refusal, { refused: 'wait', rest: 'upstream_rate_limited' })
  open.pass!.done(null)
})

t.test('who waits when the backend fails goes elsewhere if it can, and else is served when it is back', async (t) => {
  const bench = new GateBench(t, { limits: limits({ parallel: 1 }) })
  const open = bench.ask()
  const movable = bench.ask({ others: true })
  const bound = bench.ask()
  bench.gate.hold(true)
  await bench.told()
  t.match(movable.refusal, { refused: 'moved' })
  open.pass!.done({ input: 0, output: 0 })
  await bench.told()
  t.equal(bound.answers, 0, 'nothing is sent to what is down')
  bench.gate.release()
  await bench.told()
  t.ok(bound.pass)
  bench.ask({ others: true })
  const last = bench.ask()
  bench.gate.close()
  await bench.told()
  t.match(last.refusal, { refused: 'moved' })
  t.equal(bench.clock.waiting, 0, 'no timer is left')
})

t.test('a wait that no minute and no key would end is called no limit of rate', async (t) => {
  const bench = new GateBench(t, { limits: limits({ parallel: 2, rpm: 100 }) })
  bench.gate.hold(true)
  bench.ask()
  bench.gate.hold(true)
  const waiting = [bench.ask(), bench.ask(), bench.ask()]
  const late = bench.ask({ latest: bench.clock.time - 1 })
  t.match(late.refusal, { refused: 'deadline', by: 'busy', rest: null })
  for (const one of waiting) one.cancel()
  const limited = new GateBench(t, { limits: limits({ tpm: 1_000 }) }, {}, { clock: bench.clock })
  limited.ask({ input: 800, output: 0 })
  t.match(limited.ask({ input: 900, output: 0, latest: bench.clock.time }).refusal, { by: 'rate' }, 'by its own tokens')
})

t.test('a gate that is closed while its keys rest shows no wait any more', (t) => {
  const bench = new GateBench(t, { keys: [key('a'), key('b')], limits: null })
  bench.gate.rest(null, 'upstream_rate_limited', 3_600_000)
  t.match(bench.view, { seconds: 3_600, full: true })
  bench.gate.close()
  t.strictSame(bench.view, { waiting: 0, seconds: 0, full: false })
  t.equal(bench.clock.waiting, 0, 'no timer is left')
  t.end()
})

t.test('one key has its own limits in place of the common ones', (t) => {
  const bench = new GateBench(t, { keys: [key('a', { parallel: 3 })], limits: limits({ parallel: 1, queue: 0 }) })
  t.strictSame([1, 2, 3, 4].map(() => bench.ask().pass !== null), [true, true, true, false]) // prettier-ignore
  t.end()
})

t.test('a key whose position changes goes on with its calls, its minute and its rest', async (t) => {
  const own = limits({ rpm: 2, queue: 0 })
  const bench = new GateBench(t, { keys: [key('1', { secret: 'x' }), key('2', { secret: 'y' })], limits: own })
  for (let call = 0; call < 4; call++) t.ok(bench.ask().pass)
  const [, lane] = bench.gate.lanes
  bench.gate.rest(bench.served.find(({ pass }) => pass!.key!.secret === 'y')!.pass, 'upstream_auth', 30_000)
  bench.gate.apply({ keys: [key('1', { secret: 'y' })], limits: own })
  t.match(bench.gate.lanes, [{ key: { name: '1' }, open: 2, rests: 1 }])
  t.equal(bench.gate.lanes[0]!.restFor(null).code, 'upstream_auth')
  t.equal(bench.gate.lanes[0], lane)
  t.equal(bench.ask().pass, null)
  await bench.pass(61_000)
  t.ok(bench.ask().pass)
})

t.test('other limits are in force at once, for who waits too; calls of before count', async (t) => {
  const bench = new GateBench(t, { limits: limits({ parallel: 1 }) }, {}, { open: 1 })
  const waiting = [bench.ask(), bench.ask(), bench.ask()]
  t.equal(bench.view.waiting, 3, 'the one that began before there was a gate has the place')
  bench.gate.apply({ keys: [], limits: limits({ parallel: 2 }) })
  await bench.told()
  t.strictSame(waiting.map(({ pass }) => pass !== null), [true, false, false]) // prettier-ignore
  bench.gate.strangerLeft()
  await bench.told()
  t.strictSame(waiting.map(({ pass }) => pass !== null), [true, true, false]) // prettier-ignore
  bench.gate.apply({ keys: [], limits: null })
  await bench.told()
  t.ok(waiting[2]!.pass)
})

t.test('slots that the engine tells are a limit where a queue is asked for, and none elsewhere', (t) => {
  const slots = { slots: () => 2 }
  const queued = new GateBench(t, { limits: limits() }, slots)
  t.strictSame([1, 2, 3].map(() => queued.ask().answers), [1, 1, 0]) // prettier-ignore
  const only = new GateBench(t, { limits: limits({ rpm: 100, queues: false }) }, slots)
  t.strictSame([1, 2, 3].map(() => only.ask().answers), [1, 1, 1]) // prettier-ignore
  t.end()
})

t.test('slots of one model are a limit of its calls alone, and its wait is told by them', async (t) => {
  const slots = { slots: (model: string | null) => (model === 'vision' ? 1 : null) }
  const bench = new GateBench(t, { limits: limits({ queueWaitMs: 60_000 }) }, slots)
  const open = bench.ask({ model: 'vision' })
  const waiting = bench.ask({ model: 'vision' })
  t.strictSame([1, 2, 3].map(() => bench.ask({ model: 'text' }).pass !== null), [true, true, true]) // prettier-ignore
  t.equal(waiting.answers, 0)
  await bench.pass(8_000)
  open.pass!.done(null)
  await bench.told()
  t.ok(waiting.pass)
  const ahead = bench.ask({ model: 'vision' })
  const refused = bench.ask({ model: 'vision', latest: bench.clock.time + 9_000 })
  t.match(refused.refusal, { refused: 'deadline', by: 'busy', retryAfterMs: 16_000 })
  t.equal(ahead.answers, 0)
  ahead.cancel()
  const half = { slots: (model: string | null) => (model === null ? 2 : 1) }
  const shared = new GateBench(t, {}, half)
  t.strictSame(['a', 'a', 'b', 'c'].map((model) => shared.ask({ model }).answers), [1, 0, 1, 0]) // prettier-ignore
})

t.test('no limit is passed in any minute, nobody is lost or served twice, and no place stays empty', async (t) => {
  for (let seed = 1; seed <= 12; seed++) {
    const storm = new Storm(t, seed)
    const { bench, limits: own } = storm
    for (let step = 0; step < 1_500; step++) {
      await storm.step()
      for (const name of storm.keys) {
        if (storm.open(name) > (own.parallel ?? Infinity)) t.fail(`${storm.open(name)} calls are open`)
        if (storm.onlyPlaces && bench.view.waiting > 0 && storm.open(name) < own.parallel!) t.fail('a place is empty')
      }
      if (bench.view.waiting > own.queue) t.fail(`${bench.view.waiting} wait`)
    }
    for (const { key: name, at } of storm.sent) {
      const minute = storm.sent.filter((one) => one.key === name && one.at > at - 60_000 && one.at <= at)
      if (minute.length > (own.rpm ?? Infinity)) t.fail(`${minute.length} calls in a minute`)
      const tokens = minute.reduce((sum, one) => sum + one.tokens, 0)
      if (tokens > (own.tpm ?? Infinity)) t.fail(`${tokens} tokens in a minute`)
    }
    bench.gate.close()
    await bench.told()
    t.ok(storm.sent.length > 50, `seed ${seed}: ${storm.sent.length} of ${storm.all.length} served`)
    t.strictSame(storm.all.filter(({ answers }) => answers !== 1), [], 'each has one answer') // prettier-ignore
    for (const { at, servedAt, entrant } of storm.all)
      if (servedAt !== null && (servedAt > entrant.latest || servedAt > at + own.queueWaitMs)) t.fail('served too late')
  }
})
