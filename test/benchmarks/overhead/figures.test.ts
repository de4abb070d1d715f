import { Worker } from 'node:worker_threads'
import { once } from 'node:events'
import t from 'tap'
import { risen } from '../../../benchmarks/overhead/garbage-meter.ts'
import { optionsOf } from '../../../benchmarks/overhead/options.ts'
import { cpuMicros } from '../../../benchmarks/overhead/proc.ts'
import { cpuGrowth, memoryGrowthMb } from '../../../benchmarks/overhead/soak.ts'
import { isSteady } from '../../../benchmarks/overhead/warm.ts'

t.test('a contender is steady when a request has stopped to get cheaper', async (t) => {
  t.notOk(isSteady([]))
  t.notOk(isSteady([100]))
  t.notOk(isSteady([100, 94]))
  t.ok(isSteady([100, 96]))
  t.ok(isSteady([100, 50, 60]), 'dearer by noise is steady')
})

t.test('what was allocated is what the levels rose by between collections', async (t) => {
  const at = (usedHeapSize: number, externalMemory: number) => ({ usedHeapSize, externalMemory })
  const collections = [
    { before: at(50, 9), after: at(20, 4) },
    { before: at(80, 7), after: at(10, 3) },
  ]
  // Heap 40 + 60 + 5; outside 4 + 3 + 2.
  t.strictSame(risen(at(10, 5), collections, at(15, 5)), { heap: 105, external: 9 })
})

t.test('the time of threads that have ended counts', async (t) => {
  const before = cpuMicros([process.pid])
  const busy = 'const end = process.hrtime.bigint() + 300_000_000n; while (process.hrtime.bigint() < end);'
  const used = process.cpuUsage()
  await once(new Worker(busy, { eval: true }), 'exit')
  const { user, system } = process.cpuUsage(used)
  const counted = cpuMicros([process.pid]) - before
  t.ok(counted > (user + system) * 0.8 - 20_000, `${counted} of ${user + system} us`)
})

t.test('the growth of a soak is that beyond what happened to the machine', async (t) => {
  const ends = { requests: 9, first: { cpuMicros: 100, memoryMb: 90 }, last: { cpuMicros: 120, memoryMb: 99 } }
  t.equal(cpuGrowth({ ...ends, reference: null }), 1.2)
  t.equal(cpuGrowth({ ...ends, reference: { first: 50, last: 60 } }), 1)
  t.equal(memoryGrowthMb({ ...ends, reference: null }), 9)
})

t.test('contenders are configurations, of another build as well', async (t) => {
  t.strictSame(optionsOf(['--only', 'auto8,fastify']).names, ['fastify', 'auto8'])
  t.strictSame(optionsOf(['--only', 'auto8,fastify', '--base', 'x.js']).names, ['fastify', 'auto8', 'base-auto8'])
  t.strictSame(optionsOf(['--soak', '60000', '--base', 'x.js']).soak, {
    names: ['auto8', 'base-auto8'],
    requests: 60000,
  })
  for (const [option, value] of [
    ['--only', 'auto9'],
    ['--scenario', 'chats'],
    ['--soak', '100'],
    ['--rounds', '0'],
  ])
    t.throws(() => optionsOf([option!, value!]), { message: new RegExp(option!) })
})
