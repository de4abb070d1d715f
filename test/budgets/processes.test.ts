/** Processes that share a Redis, and are killed. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import type { BudgetSpec } from '../../src/core/budget.ts'
import { eventually, within } from '../support/await.ts'
import { missing } from '../support/engines.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { budget, claim, subject } from './rig.ts'
import { sharedDesk, tryTo } from './shared-rig.ts'

const skip = missing('redis')
const HOLDER = fileURLToPath(new URL('../support/limits-holder.js', import.meta.url))

interface Holder {
  /** How many it was let in with. */
  readonly admitted: number
  kill(): Promise<void>
}

async function startHolder(
  t: Test,
  redis: RedisServer,
  tries: number,
  leaseMs: number,
  spec: BudgetSpec,
): Promise<Holder> {
  const args = [HOLDER, redis.url, String(tries), String(leaseMs), JSON.stringify(spec)]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL')
    await exited
  }
  t.teardown(kill)
  const lines = once(createInterface({ input: child.stdout }), 'line')
  const [line] = (await within(20_000, 'it has asked', lines)) as [string]
  return { admitted: Number(line), kill }
}

t.test(
  'three processes take no more than the limit together; those of one that is killed are free again',
  { skip },
  async (t) => {
    const redis = await startRedis(t)
    const spec = budget({ per: null, parallel: 100 })
    const holders = await Promise.all([0, 1, 2].map(() => startHolder(t, redis, 80, 1_500, spec)))
    const admitted = holders.map((holder) => holder.admitted)
    t.equal(
      admitted.reduce((sum, one) => sum + one, 0),
      100,
      admitted.join(),
    )
    const { limiter } = await sharedDesk(t, redis, [spec], { now: Date.now() })
    const fill = async (): Promise<number> => {
      let taken = 0
      while (typeof (await tryTo(() => limiter.reserve(subject(), [], claim(0), 'x'))) !== 'string') taken++
      return taken
    }
    t.equal(await fill(), 0)
    const most = holders.reduce((one, other) => (one.admitted >= other.admitted ? one : other))
    await most.kill()
    let free = 0
    await eventually(10_000, 'its places are free', async () => (free += await fill()) >= most.admitted)
    // Longer than a lease: those of the living are not.
    const until = Date.now() + 2_000
    await eventually(5_000, 'some time goes by', () => Date.now() > until)
    free += await fill()
    t.equal(free, most.admitted)
  },
)

t.test('money that a killed process held is taken for spent', { skip }, async (t) => {
  const redis = await startRedis(t)
  const spec = budget({ per: 'month', nanoUsd: 10e9 })
  const holders = await Promise.all([0, 1].map(() => startHolder(t, redis, 10, 1_000, spec)))
  t.equal(holders[0]!.admitted + holders[1]!.admitted, 10)
  for (const holder of holders) await holder.kill()
  const { limiter } = await sharedDesk(t, redis, [spec], { now: Date.now() })
  let said: unknown = ''
  await eventually(5_000, 'the leases are over', async () => {
    said = await tryTo(() => limiter.reserve(subject(), [], claim(1), 'x'))
    return /used up; it resets/.test(String(said))
  })
  t.match(said, /Budget "b" of team "red": 10 USD a month are used up/)
})
