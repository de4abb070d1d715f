/** Gateways that share a folder: one counts budgets in it, and nobody undoes what another has learnt. */
import { readdir, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { eventually } from '../support/await.ts'
import { chat, CHAT_PATH } from '../support/chat.ts'
import { missing } from '../support/engines.ts'
import { startFaultUpstream } from '../support/fault-upstream.ts'
import { type ConfigObject, hashed, startGateway } from '../support/gateway.ts'
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts'
import { rawPost } from '../support/raw-client.ts'
import { startRedis } from '../support/redis.ts'

t.setTimeout(120_000)
const TOKEN = 'admin-secret'

async function world(t: Test, extra: ConfigObject = {}): Promise<{ folder: string; config: ConfigObject }> {
  const upstream = await startFaultUpstream()
  t.teardown(() => upstream.close())
  const folder = join(t.testdir({}), 'data')
  const config = {
    backends: [{ name: 'up', kind: 'openai-compatible', url: upstream.url, models: ['tiny'] }],
    models: { tiny: { price: { input_per_mtok_usd: 1000, output_per_mtok_usd: 1000 } } },
    keys: [{ id: 'ann', hash: hashed('sk-ann'), team: 'red' }],
    budgets: [{ name: 'day', of: 'team', usd: 20, per: 'month' }],
    store: { ledger: folder },
    admin: { port: 0, token: hashed(TOKEN) },
    ...extra,
  }
  return { folder, config }
}

async function start(t: Test, config: ConfigObject): Promise<GatewayProcess> {
  const gateway = await startGatewayProcess(config)
  t.teardown(() => gateway.close())
  return gateway
}

const ask = async (gateway: GatewayProcess): Promise<number> => {
  const response = await rawPost(gateway.url, CHAT_PATH, chat(), { authorization: 'Bearer sk-ann' })
  await response.complete
  return response.status
}

async function usedOf(gateway: GatewayProcess): Promise<number> {
  const answer = await fetch(`${gateway.adminUrl}/admin/budgets`, { headers: { authorization: `Bearer ${TOKEN}` } })
  const { budgets } = (await answer.json()) as { budgets: readonly { used: { requests: number } }[] }
  return budgets[0]?.used.requests ?? 0
}

t.test('a second gateway that would count the same budgets is refused, one after a kill is not', async (t) => {
  const { folder, config } = await world(t)
  const first = await start(t, config)
  for (let i = 0; i < 3; i++) t.equal(await ask(first), 200)
  await t.rejects(startGatewayProcess(config), {
    message:
      /ended with 1:[^]*store\.ledger: budgets are counted into\s+\S+\s+by\s+another\s+gateway,\s+process \d+ on [^]*store\.redis/,
  })
  t.equal(await ask(first), 200, 'the first is not harmed')
  t.equal((await stat(join(folder, 'budgets.json.lock'))).mode & 0o777, 0o600)
  await eventually(
    5_000,
    'the rows are on the disk',
    async () => (await first.metric('turnout_ledger_pending_rows')) === 0,
  )
  first.signal('SIGKILL')
  await first.exited
  const since = performance.now()
  const next = await start(t, config)
  t.ok(performance.now() - since < 15_000)
  t.equal(await usedOf(next), 4, 'and nothing is lost')
  next.signal('SIGTERM')
  await next.exited
  t.notOk(
    (await readdir(folder)).some((name) => name.includes('.lock')),
    'nothing is left behind',
  )
})

t.test('two in one process, and notes of others', async (t) => {
  const { folder, config } = await world(t)
  const first = await startGateway(config)
  await t.rejects(startGateway(config), /by another gateway, process \d+/)
  await first.close()
  const lock = join(folder, 'budgets.json.lock')
  const note = (traits: object): string =>
    JSON.stringify({ token: 'x', pid: 1, started: '1', place: 'elsewhere', host: 'other', ...traits })
  await writeFile(lock, note({}))
  const long = new Date(Date.now() - 60_000)
  await utimes(lock, long, long)
  await (await startGateway(config)).close()
  await writeFile(lock, 'no note')
  await utimes(lock, long, long)
  await (await startGateway(config)).close()
  await writeFile(lock, note({}))
  const touch = setInterval(() => void utimes(lock, new Date(), new Date()).catch(() => undefined), 500)
  await t.rejects(startGateway(config), /process 1 on other/, 'a living one elsewhere')
  clearInterval(touch)
})

t.test('without budgets, and with Redis, gateways share a folder', async (t) => {
  const { config } = await world(t, { budgets: [] })
  const [one, two] = [await start(t, config), await start(t, config)]
  t.strictSame([await ask(one), await ask(two)], [200, 200])
  if (missing('redis') !== false) return
  const redis = await startRedis(t)
  const shared = await world(t)
  const together = { ...shared.config, store: { ledger: shared.folder, redis: redis.url } }
  const [three, four] = [await start(t, together), await start(t, together)]
  t.strictSame([await ask(three), await ask(four)], [200, 200])
  await eventually(5_000, 'both know', async () => (await usedOf(three)) === 2 && (await usedOf(four)) === 2)
})

t.test('each gateway keeps what it has learnt in a file of its own', async (t) => {
  const { folder, config } = await world(t, { budgets: [] })
  const state = join(folder, 'state.json')
  const learning = { ...config, store: { state } }
  const [one, two] = [await start(t, learning), await start(t, learning)]
  for (const gateway of [one, two]) await ask(gateway)
  for (const gateway of [one, two]) {
    gateway.signal('SIGTERM')
    await gateway.exited
  }
  t.strictSame((await readdir(folder)).sort(), ['state.json', 'state.json.2'])
})
