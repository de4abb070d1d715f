import t from 'tap'
import { type GroupRules, MOST_WAITING, type Order, Schedule } from '../../src/backends/engine/schedule.ts'
import type { MemberRules } from '../../src/backends/engine/member.ts'
import { seeded } from '../support/random.ts'

type Orders = readonly Order<string, number>[]

const ONE: GroupRules = { members: 1, memoryBytes: null, turnMs: 30_000 }
const PLAIN: MemberRules = { memoryBytes: null, ttlMs: null }

function scheduleOf(engines: Readonly<Record<string, Partial<MemberRules>>>, rules: Partial<GroupRules> = {}) {
  const schedule = new Schedule<string, number>({ ...ONE, ...rules })
  for (const [name, own] of Object.entries(engines)) schedule.add(name, { ...PLAIN, ...own }, 0)
  return schedule
}

/** `start a`, `admit 1`, `refuse 2 failed`, `stop a swap`. */
const told = (orders: Orders): string[] =>
  orders.map((order) => {
    if (order.to === 'start') return `start ${order.engine}`
    if (order.to === 'stop') return `stop ${order.engine} ${order.why}`
    return order.to === 'admit' ? `admit ${order.ticket}` : `refuse ${order.ticket} ${order.why}`
  })

t.test('the first call starts an engine, all that wait share the start, and later ones go to it at once', async (t) => {
  const schedule = scheduleOf({ a: {} })
  t.equal(schedule.enter('a'), null)
  t.same(told(schedule.want('a', 1, 0)), ['start a'])
  t.same(told(schedule.want('a', 2, 100)), [])
  t.equal(schedule.phase('a'), 'starting')
  t.same(told(schedule.ready('a', 2_000)), ['admit 1', 'admit 2'])
  t.type(schedule.enter('a'), 'number')
  t.equal(schedule.member('a').open, 3)
  t.equal(schedule.member('a').startMs, 2_000, 'what a start takes is learnt')
})

t.test('an engine is stopped when nothing was asked of it for its ttl, and not before', async (t) => {
  const schedule = scheduleOf({ a: { ttlMs: 10_000 } })
  schedule.want('a', 1, 0)
  const [admitted] = schedule.ready('a', 1_000)
  const run = admitted?.to === 'admit' ? admitted.run : -1
  t.same(told(schedule.tick(60_000)), [], 'while a call is open')
  t.equal(schedule.nextAt(), null)
  t.same(told(schedule.done('a', run, 61_000)), [])
  t.equal(schedule.nextAt(), 71_000)
  t.same(told(schedule.tick(70_999)), [])
  t.same(told(schedule.tick(71_000)), ['stop a idle'])
  t.same(told(schedule.want('a', 2, 71_100)), [], 'it ends first')
  t.same(told(schedule.ended('a', 72_000)), ['start a'])
})

t.test('two engines of a group change places once a turn while both are in demand, and no call is cut', async (t) => {
  const schedule = scheduleOf({ a: {}, b: {} })
  schedule.want('a', 1, 0)
  const run = runOf(schedule.ready('a', 1_000), 1)
  t.same(told(schedule.want('b', 2, 2_000)), [])
  t.equal(schedule.nextAt(), 31_000, 'the turn of a ends')
  t.type(schedule.enter('a'), 'number', 'calls of the one that runs go first')
  t.same(told(schedule.tick(31_000)), [], 'its calls go on')
  t.equal(schedule.enter('a'), null, 'and no new one is let to it')
  t.same(told(schedule.want('a', 3, 31_500)), [])
  t.same(told(schedule.done('a', run, 32_000)), [])
  t.same(told(schedule.done('a', run, 33_000)), ['stop a swap'])
  t.same(told(schedule.ended('a', 34_000)), ['start b'])
  t.same(told(schedule.ready('b', 35_000)), ['admit 2'])
  t.equal(schedule.nextAt(), 65_000, 'then it is the turn of b, whoever waits for a')
})

t.test('one that has nothing to do keeps its place for as long as its start took', async (t) => {
  const schedule = scheduleOf({ a: {}, b: {} })
  schedule.want('a', 1, 0)
  const run = runOf(schedule.ready('a', 3_000), 1)
  schedule.done('a', run, 4_000)
  t.same(told(schedule.want('b', 2, 4_100)), [])
  t.equal(schedule.nextAt(), 7_000)
  t.type(schedule.enter('a'), 'number')
  t.same(told(schedule.done('a', run, 6_000)), [])
  t.same(told(schedule.tick(8_999)), [])
  t.same(told(schedule.tick(9_000)), ['stop a swap'])
})

t.test('a caller that leaves gives the place back to the one that had it', async (t) => {
  const schedule = scheduleOf({ a: {}, b: {} })
  schedule.want('a', 1, 0)
  schedule.ready('a', 1_000)
  schedule.want('b', 2, 40_000)
  t.equal(schedule.enter('a'), null, 'it drains')
  t.same(told(schedule.want('a', 3, 40_100)), [])
  t.same(told(schedule.leave(2, 40_200)), ['admit 3'])
  t.equal(schedule.waiting, 0)
})

t.test('a start that fails refuses all that wait, rests, and rests longer each time', async (t) => {
  const schedule = scheduleOf({ a: {} })
  let now = 0
  for (const rest of [1_000, 2_000, 4_000, 8_000]) {
    t.same(told(schedule.want('a', 1, now)), ['start a'])
    schedule.want('a', 2, now)
    t.same(told(schedule.ended('a', now + 10)), ['refuse 1 failed', 'refuse 2 failed'])
    t.same(told(schedule.want('a', 3, now + 20)), ['refuse 3 failed'], 'while it rests')
    now += 10 + rest
    t.equal(schedule.phase('a'), 'failed')
    schedule.tick(now)
    t.equal(schedule.phase('a'), 'stopped', `after ${rest} ms`)
  }
  for (let i = 0; i < 20; i++, now += 60_010) {
    schedule.want('a', 1, now)
    schedule.ended('a', now + 10)
  }
  schedule.want('a', 1, now)
  t.equal(schedule.member('a').phase, 'starting', 'never longer than a minute')
})

t.test('one that ran is started again by the next request; one that ends again and again rests', async (t) => {
  const schedule = scheduleOf({ a: {} })
  schedule.want('a', 1, 0)
  const run = runOf(schedule.ready('a', 1_000), 1)
  schedule.ended('a', 2_000)
  t.same(told(schedule.done('a', run, 2_001)), [], 'a call of that run')
  t.equal(schedule.member('a').open, 0)
  t.same(told(schedule.want('a', 2, 2_002)), ['start a'])
  schedule.ready('a', 3_000)
  schedule.ended('a', 4_000)
  t.same(told(schedule.want('a', 3, 4_001)), ['refuse 3 failed'])
  schedule.want('a', 4, 6_000)
  schedule.ready('a', 7_000)
  schedule.ended('a', 80_000)
  t.same(told(schedule.want('a', 5, 80_001)), ['start a'], 'a long run makes good')
})

t.test('memory of a group lets in as many as fit, and as many leave as must', async (t) => {
  const sizes = { a: { memoryBytes: 8 }, b: { memoryBytes: 8 }, c: { memoryBytes: 4 }, d: { memoryBytes: 20 } }
  const schedule = scheduleOf(sizes, { members: null, memoryBytes: 20 })
  t.same(told(schedule.want('a', 1, 0)), ['start a'])
  t.same(told(schedule.want('b', 2, 0)), ['start b'])
  t.same(told(schedule.want('c', 3, 0)), ['start c'])
  for (const [engine, ticket] of [
    ['a', 1],
    ['b', 2],
    ['c', 3],
  ] as const)
    schedule.done(engine, runOf(schedule.ready(engine, 1_000), ticket), 2_000)
  t.same(told(schedule.want('d', 4, 50_000)), ['stop a swap', 'stop b swap', 'stop c swap'])
  t.same(told(schedule.ended('a', 50_100)), [])
  t.same(told(schedule.want('c', 5, 50_200)), [], 'who comes later does not take what is freed')
  t.same(told(schedule.ended('c', 50_300)), [])
  t.same(told(schedule.ended('b', 50_400)), ['start d'])
})

t.test('another command ends what runs once it is idle, and is started by the next request', async (t) => {
  const schedule = scheduleOf({ a: {} })
  schedule.want('a', 1, 0)
  const run = runOf(schedule.ready('a', 1_000), 1)
  t.same(told(schedule.renew('a', PLAIN, true, 2_000)), [])
  t.same(told(schedule.want('a', 2, 2_100)), [], 'who comes meanwhile waits for the new one')
  t.same(told(schedule.done('a', run, 3_000)), ['stop a changed'])
  t.same(told(schedule.ended('a', 3_100)), ['start a'])
  t.same(told(schedule.ready('a', 4_000)), ['admit 2'])
})

t.test('one that is not wanted any more ends with its calls', async (t) => {
  const schedule = scheduleOf({ a: {}, b: {} })
  schedule.want('a', 1, 0)
  const run = runOf(schedule.ready('a', 1_000), 1)
  schedule.want('b', 2, 2_000)
  t.same(told(schedule.retire('b', 2_100)), ['refuse 2 failed'])
  t.same(told(schedule.retire('a', 2_200)), [])
  t.equal(schedule.enter('a'), null)
  t.same(told(schedule.done('a', run, 3_000)), ['stop a changed'])
  schedule.ended('a', 4_000)
  schedule.forget('a')
  t.equal(schedule.nextAt(), null)
})

t.test('only so many wait', async (t) => {
  const schedule = scheduleOf({ a: {} })
  for (let ticket = 0; ticket < MOST_WAITING; ticket++) schedule.want('a', ticket, 0)
  t.same(told(schedule.want('a', -1, 0)), ['refuse -1 crowded'])
})

t.test('the wait that is expected has the start, the turn of who runs, and those that are ahead', async (t) => {
  const schedule = scheduleOf({ a: {}, b: {}, c: {} })
  t.equal(schedule.waitMs('a', 0), 10_000, 'before a start was seen')
  schedule.want('a', 1, 0)
  t.equal(schedule.waitMs('a', 4_000), 6_000)
  t.equal(schedule.waitMs('a', 12_000), 1_000, 'it may be over at any moment')
  const run = runOf(schedule.ready('a', 5_000), 1)
  t.equal(schedule.waitMs('a', 5_000), 0)
  t.equal(schedule.waitMs('b', 15_000), 20_000 + 10_000, 'the rest of the turn, and the start')
  schedule.done('a', run, 16_000)
  t.equal(schedule.waitMs('b', 16_000), 5_000 + 10_000, 'less where it has nothing to do')
  schedule.want('b', 2, 16_000)
  t.equal(schedule.waitMs('c', 16_000), 5_000 + 10_000 + 30_000, 'b has its turn first')
})

t.test('whatever happens: never more than may, no call cut, nobody starved, and swaps bounded by turns', async (t) => {
  const TURN = 1_000
  let swapsSeen = 0
  for (let seed = 1; seed <= 60; seed++) {
    const world = new World(seed, TURN)
    for (let step = 0; step < 2_000; step++) world.step()
    world.drain()
    t.same(world.faults, [], `seed ${seed}`)
    t.equal(world.unanswered, 0, `seed ${seed}: all were let in or refused`)
    swapsSeen += world.swaps.length
    // A place changes hands when its holder had its turn, or was idle for its patience.
    for (const { heldMs, idleMs } of world.swaps)
      t.ok(heldMs >= TURN || idleMs >= 250, `seed ${seed}: ${heldMs} ${idleMs}`)
  }
  t.ok(swapsSeen > 1_000, `${swapsSeen} swaps`)
})

const runOf = (orders: Orders, ticket: number): number => {
  for (const order of orders) if (order.to === 'admit' && order.ticket === ticket) return order.run
  throw new Error(`${ticket} was not let in`)
}

/** Engines that start, crash and end after random times, and callers that come and leave. */
class World {
  readonly faults: string[] = []
  readonly swaps: { heldMs: number; idleMs: number }[] = []
  readonly #random: () => number
  readonly #schedule: Schedule<string, number>
  readonly #names = ['a', 'b', 'c', 'd']
  readonly #rules: GroupRules
  readonly #processes = new Map<string, { readyAt: number; endAt: number }>()
  readonly #open: { readonly engine: string; readonly run: number }[] = []
  readonly #waiting = new Map<number, { readonly engine: string; readonly since: number }>()
  readonly #readyAt = new Map<string, number>()
  #now = 0
  #tickets = 0

  constructor(seed: number, turnMs: number) {
    this.#random = seeded(seed)
    const counted = seed % 2 === 0
    this.#rules = { members: counted ? null : 1 + (seed % 3), memoryBytes: counted ? 10 : null, turnMs }
    this.#schedule = new Schedule(this.#rules)
    for (const [index, name] of this.#names.entries())
      this.#schedule.add(name, { memoryBytes: counted ? 3 + index : null, ttlMs: index === 0 ? 5_000 : null }, 0)
  }

  get unanswered(): number {
    return this.#waiting.size
  }

  step(): void {
    this.#pass(Math.floor(this.#random() * 200))
    const chance = this.#random()
    const engine = this.#names[Math.floor(this.#random() * this.#names.length)]!
    if (chance < 0.5) this.#come(engine)
    else if (chance < 0.9) this.#end()
    else if (chance < 0.93) this.#crash()
    else if (chance < 0.96) this.#leave()
    else if (chance < 0.97)
      this.#obey(this.#schedule.renew(engine, this.#schedule.member(engine).rules, this.#random() < 0.5, this.#now))
  }

  /** Nobody comes any more, and time passes. */
  drain(): void {
    for (let i = 0; i < 2_000 && (this.#waiting.size > 0 || this.#open.length > 0); i++) {
      this.#pass(100)
      this.#end()
    }
  }

  #come(engine: string): void {
    const run = this.#schedule.enter(engine)
    if (run !== null) return void this.#open.push({ engine, run })
    const ticket = ++this.#tickets
    this.#waiting.set(ticket, { engine, since: this.#now })
    this.#obey(this.#schedule.want(engine, ticket, this.#now))
  }

  #end(): void {
    const [call] = this.#open.splice(Math.floor(this.#random() * this.#open.length), 1)
    if (call !== undefined) this.#obey(this.#schedule.done(call.engine, call.run, this.#now))
  }

  #leave(): void {
    const [ticket] = this.#waiting.keys()
    if (ticket === undefined) return
    this.#waiting.delete(ticket)
    this.#obey(this.#schedule.leave(ticket, this.#now))
  }

  #crash(): void {
    const [engine] = this.#processes.keys()
    if (engine !== undefined) this.#gone(engine)
  }

  #gone(engine: string): void {
    this.#processes.delete(engine)
    this.#readyAt.delete(engine)
    this.#obey(this.#schedule.ended(engine, this.#now))
  }

  #pass(ms: number): void {
    const until = this.#now + ms
    for (;;) {
      const at = this.#schedule.nextAt() ?? Infinity
      const due = [...this.#processes].map(([engine, times]) => ({ engine, ...times }))
      const next = Math.min(at, ...due.map(({ readyAt, endAt }) => Math.min(readyAt, endAt)))
      if (next > until) break
      this.#now = Math.max(this.#now, next)
      const ready = due.find(({ readyAt }) => readyAt <= this.#now)
      const ending = due.find(({ endAt }) => endAt <= this.#now)
      if (ready !== undefined) {
        this.#processes.get(ready.engine)!.readyAt = Infinity
        this.#readyAt.set(ready.engine, this.#now)
        this.#obey(this.#schedule.ready(ready.engine, this.#now))
      } else if (ending !== undefined) this.#gone(ending.engine)
      else {
        const before = this.#schedule.nextAt()
        this.#obey(this.#schedule.tick(this.#now))
        if (this.#schedule.nextAt() === before) this.faults.push(`a tick at ${before} that changes nothing`)
      }
    }
    this.#now = until
  }

  #obey(orders: Orders): void {
    for (const order of orders) {
      if (order.to === 'start') this.#start(order.engine)
      else if (order.to === 'stop') this.#stop(order.engine, order.why)
      else {
        const waiter = this.#waiting.get(order.ticket)
        if (waiter === undefined) this.faults.push(`${order.to} of ${order.ticket}, which does not wait`)
        this.#waiting.delete(order.ticket)
        if (waiter === undefined || order.to === 'refuse') continue
        if (this.#schedule.phase(waiter.engine) !== 'running') this.faults.push('let to one that does not run')
        // Four engines, a turn each, and the ends of calls between them.
        if (this.#now - waiter.since > 60_000) this.faults.push(`waited ${this.#now - waiter.since} ms`)
        this.#open.push({ engine: waiter.engine, run: order.run })
      }
    }
  }

  #start(engine: string): void {
    if (this.#processes.has(engine)) this.faults.push(`${engine} started twice`)
    this.#processes.set(engine, { readyAt: this.#now + Math.floor(this.#random() * 400), endAt: Infinity })
    const { members, memoryBytes } = this.#rules
    const bytes = [...this.#processes.keys()].map((one) => this.#schedule.member(one).rules.memoryBytes ?? 0)
    if (members !== null && this.#processes.size > members) this.faults.push(`${this.#processes.size} at a time`)
    if (memoryBytes !== null && bytes.reduce((a, b) => a + b, 0) > memoryBytes) this.faults.push('too much memory')
  }

  #stop(engine: string, why: string): void {
    const process = this.#processes.get(engine)
    if (process === undefined) return void this.faults.push(`${engine} stopped, and it is not there`)
    const { run, idleSince } = this.#schedule.member(engine)
    if (this.#open.some((call) => call.engine === engine && call.run === run))
      this.faults.push(`a call of ${engine} is cut`)
    if (why === 'swap')
      this.swaps.push({ heldMs: this.#now - (this.#readyAt.get(engine) ?? this.#now), idleMs: this.#now - idleSince })
    process.endAt = this.#now + Math.floor(this.#random() * 100)
    process.readyAt = Infinity
  }
}
