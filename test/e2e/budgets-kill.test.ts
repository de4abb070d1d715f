/** A gateway that is killed under load counts nothing twice: what it knows after the restart is what the ledger has. */
import { join } from 'node:path'
import t from 'tap'
import { rowsIn } from '../ledger/opened.ts'
import { chat, CHAT_PATH } from '../support/chat.ts'
import { eventually } from '../support/await.ts'
import { startFaultUpstream } from '../support/fault-upstream.ts'
import { hashed } from '../support/gateway.ts'
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts'
import { rawPost } from '../support/raw-client.ts'

const TOKEN = 'admin-secret'
const headers = { authorization: `Bearer ${TOKEN}` }

interface Used {
  readonly usd: number
  readonly tokens: number
  readonly requests: number
}
interface Listed {
  readonly budget: string
  readonly id: string
  readonly used: Used
}

const listed = async (gateway: GatewayProcess): Promise<readonly Listed[]> => {
  const answer = await fetch(`${gateway.adminUrl}/admin/budgets`, { headers })
  return ((await answer.json()) as { budgets: readonly Listed[] }).budgets
}

/** What the rows of requests in a folder sum up to. */
async function summed(folder: string): Promise<Used> {
  let [requests, tokens, usd] = [0, 0, 0]
  for (const row of await rowsIn(folder, { kind: 'request' })) {
    if (row.attempts === 0) continue
    requests++
    tokens += row.tokens === null ? 0 : row.tokens.input + row.tokens.output
    usd += row.cost_usd ?? 0
  }
  return { requests, tokens, usd: Math.round(usd * 1e9) / 1e9 }
}

t.test('killed twice under load: requests, tokens and money are those of the ledger', async (t) => {
  const upstream = await startFaultUpstream({ plan: { pace: 4 } })
  t.teardown(() => upstream.close())
  const folder = join(t.testdir({}), 'ledger')
  const config = {
    backends: [{ name: 'up', kind: 'openai-compatible', url: upstream.url, models: ['tiny'] }],
    models: { tiny: { context: 1000, price: { input_per_mtok_usd: 1, output_per_mtok_usd: 1 } } },
    keys: [{ id: 'ann', hash: hashed('sk-ann'), team: 'red' }],
    budgets: [
      { name: 'day', of: 'team', requests: 100_000, usd: 1000, per: 'day' },
      { name: 'month', of: 'key', tokens: 1_000_000_000, per: 'month' },
    ],
    store: { ledger: folder },
    admin: { port: 0, token: hashed(TOKEN) },
  }
  for (let round = 0; round < 2; round++) {
    const gateway = await startGatewayProcess(config)
    t.teardown(() => gateway.close())
    let done = 0
    let killed = false
    const caller = async (): Promise<void> => {
      while (!killed) {
        const response = await rawPost(gateway.url, CHAT_PATH, chat({ stream: true, max_tokens: 50 }), {
          authorization: 'Bearer sk-ann',
        }).catch(() => null)
        await response?.complete.catch(() => undefined)
        if (response?.status === 200) done++
      }
    }
    for (let i = 0; i < 24; i++) void caller()
    // Longer than a snapshot takes to be written, and some of it in flight then.
    const until = Date.now() + 2_500
    // Far more than must be found: rows of the last second die with the process.
    await eventually(20_000, 'there is some load', () => done > 180 && Date.now() > until)
    gateway.signal('SIGKILL')
    killed = true
    await gateway.exited

    const next = await startGatewayProcess(config)
    t.teardown(() => next.close())
    const used = (await listed(next)).map(({ used }) => used)
    const truth = await summed(folder)
    t.equal(used.length, 2, 'budgets are listed before the first request')
    for (const one of used)
      t.strictSame({ ...one, usd: Math.round(one.usd * 1e9) / 1e9 }, { ...truth }, `round ${round}`)
    t.ok(truth.requests > 60)
    next.signal('SIGTERM')
    await next.exited
  }
})

t.test('only budgets that there are can be set back', async (t) => {
  const upstream = await startFaultUpstream()
  t.teardown(() => upstream.close())
  const config = {
    backends: [{ name: 'up', kind: 'openai-compatible', url: upstream.url, models: ['tiny'] }],
    keys: [{ id: 'ann', hash: hashed('sk-ann'), team: 'red', tpm: 100_000 }],
    budgets: [{ name: 'day', of: 'team', requests: 5, per: 'day' }],
    store: { ledger: join(t.testdir({}), 'ledger') },
    admin: { port: 0, token: hashed(TOKEN) },
  }
  const first = await startGatewayProcess(config)
  t.teardown(() => first.close())
  const ask = await rawPost(first.url, CHAT_PATH, chat(), { authorization: 'Bearer sk-ann' })
  await ask.complete
  first.signal('SIGTERM')
  await first.exited
  const gateway = await startGatewayProcess(config)
  t.teardown(() => gateway.close())
  const reset = async (name: string, body?: object): Promise<[number, string]> => {
    const init = body === undefined ? { headers } : { headers: { ...headers, 'content-type': 'application/json' } }
    const answer = await fetch(`${gateway.adminUrl}/admin/budgets/${name}/reset`, {
      method: 'POST',
      ...init,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    return [answer.status, await answer.text()]
  }
  for (const [name, body, status, said] of [
    ['day', { id: 'red' }, 200, '"reset":1'],
    ['day', undefined, 200, '"reset":1'],
    ['key-tokens', undefined, 200, '"reset":'],
    ['dai', undefined, 404, 'There is no budget \\"dai\\"'],
    ['dai', { id: 'red' }, 404, 'There is no budget \\"dai\\"'],
    ['DAY', undefined, 404, 'There is no budget \\"DAY\\"'],
    ['day', { id: 'blue' }, 404, 'Budget \\"day\\" has no count of \\"blue\\"'],
    ['key-usd', undefined, 404, 'There is no budget \\"key-usd\\"'],
  ] as const) {
    const [code, text] = await reset(name, body)
    t.equal(code, status, `${name} ${JSON.stringify(body)}`)
    t.ok(text.includes(said), text)
  }
})
