/** What is used of a budget outlives a stop, and a kill. */
import { join } from 'node:path'
import t from 'tap'
import { chat, CHAT_PATH } from '../support/chat.ts'
import { eventually } from '../support/await.ts'
import { startFaultUpstream } from '../support/fault-upstream.ts'
import { hashed } from '../support/gateway.ts'
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts'
import { rawPost } from '../support/raw-client.ts'

const TOKEN = 'admin-secret'

interface Told {
  readonly budget: string
  readonly id: string
  readonly used: { readonly usd: number; readonly tokens: number; readonly requests: number }
}

async function used(gateway: GatewayProcess): Promise<readonly Told[]> {
  const headers = { authorization: `Bearer ${TOKEN}` }
  const answer = await fetch(`${gateway.adminUrl}/admin/budgets`, { headers })
  return ((await answer.json()) as { budgets: readonly Told[] }).budgets
}

async function ask(gateway: GatewayProcess): Promise<number> {
  const response = await rawPost(gateway.url, CHAT_PATH, chat(), { authorization: 'Bearer sk-ann' })
  await response.complete
  return response.status
}

t.test('a budget goes on after a stop and after a kill', async (t) => {
  const upstream = await startFaultUpstream()
  t.teardown(() => upstream.close())
  const config = {
    backends: [{ name: 'up', kind: 'openai-compatible', url: upstream.url, models: ['tiny'] }],
    models: { tiny: { price: { input_per_mtok_usd: 1000, output_per_mtok_usd: 1000 } } },
    keys: [{ id: 'ann', hash: hashed('sk-ann'), team: 'red', budget: { usd: 100, per: 'month' } }],
    budgets: [{ name: 'few', of: 'team', requests: 12, per: 'month' }],
    store: { ledger: join(t.testdir({}), 'ledger') },
    admin: { port: 0, token: hashed(TOKEN) },
  }
  let sent = 0
  for (const how of ['SIGTERM', 'SIGKILL', 'SIGKILL'] as const) {
    const gateway = await startGatewayProcess(config)
    t.teardown(() => gateway.close())
    for (let i = 0; i < 4; i++) {
      t.equal(await ask(gateway), 200)
      sent++
    }
    const [team, key] = await used(gateway)
    t.match(team, { budget: 'few', id: 'red', used: { requests: sent } }, how)
    t.match(key, { budget: 'key-usd', id: 'ann' })
    t.ok(Math.abs(key!.used.usd - 0.001 * key!.used.tokens) < 1e-9)
    // A kill may take the last second: what is older is on the disk.
    await eventually(
      5_000,
      'the rows are on the disk',
      async () => (await gateway.metric('turnout_ledger_pending_rows')) === 0,
    )
    gateway.signal(how)
    await gateway.exited
  }
  const last = await startGatewayProcess(config)
  t.teardown(() => last.close())
  t.equal(await ask(last), 429, 'twelve were let in before')
  t.equal(upstream.requests.length, 12)
})
