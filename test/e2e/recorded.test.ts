/** Finished requests are recorded many at a time, but whoever looks sees all of them, and no way out loses one. */
import { join } from 'node:path'
import t from 'tap'
import { rowsIn } from '../ledger/opened.ts'
import { eventually, within } from '../support/await.ts'
import { chat, CHAT_PATH, chatStream } from '../support/chat.ts'
import { startFaultUpstream } from '../support/fault-upstream.ts'
import { hashed } from '../support/gateway.ts'
import { startGatewayProcess } from '../support/gateway-process.ts'
import { RawClient } from '../support/raw-client.ts'
import { gatewayFor } from '../support/rig.ts'

const TOKEN = 'admin-secret'
/** More than one batch, and a part of another. */
const SENT = 70

t.test('a scrape, a list of sessions and feedback right after an answer know of it', async (t) => {
  const upstream = await startFaultUpstream()
  t.teardown(() => upstream.close())
  const gateway = await gatewayFor(t, {
    backends: [{ name: 'up', kind: 'openai-compatible', url: upstream.url, models: ['tiny'] }],
    admin: { port: 0, token: hashed(TOKEN) },
  })
  const client = await RawClient.open(gateway.url)
  t.teardown(() => client.destroy())
  const ask = async (id: string): Promise<void> => {
    const headers = { 'x-request-id': id, 'x-turnout-session': 's-1' }
    await (await client.send(CHAT_PATH, { body: chat(), headers })).body()
  }
  for (let sent = 1; sent <= SENT; sent++) {
    await ask(`r-${sent}`)
    if (sent % 3 === 0) t.equal(await gateway.metric('turnout_requests_total', { endpoint: 'chat' }), sent, 'metrics')
    if (sent % 3 === 1) {
      const init = { headers: { authorization: `Bearer ${TOKEN}` } }
      const told = (await (await fetch(`${gateway.adminUrl}/admin/sessions`, init)).json()) as { sessions: object[] }
      t.match(told.sessions, [{ session: 's-1', requests: sent }], 'sessions')
    }
    if (sent % 3 === 2) {
      const body = { request_id: `r-${sent}`, score: 1 }
      t.equal((await client.send('/v1/feedback', { body })).status, 200, 'feedback')
    }
  }
})

for (const [how, signals] of [
  ['a stop', 1],
  ['a second signal, while an answer is under way', 2],
] as const)
  t.test(`${how} right after the answers loses no line of the log`, async (t) => {
    const upstream = await startFaultUpstream()
    t.teardown(() => upstream.close())
    const ledger = join(t.testdir({}), 'ledger')
    const gateway = await startGatewayProcess({
      backends: [{ name: 'up', kind: 'openai-compatible', url: upstream.url, models: ['tiny'] }],
      store: { ledger },
      server: { drain: '30s' },
    })
    t.teardown(() => gateway.close())
    if (signals === 2) {
      const client = await RawClient.open(gateway.url)
      t.teardown(() => client.destroy())
      upstream.next({ stallAfter: 3 })
      const open = await client.send(CHAT_PATH, { body: chatStream(), headers: { 'x-request-id': 'open' } })
      await open.next()
    }
    const ids = Array.from({ length: SENT }, (_, index) => `r-${index}`)
    await Promise.all(
      ids.map(async (id) => {
        const headers = { 'content-type': 'application/json', 'x-request-id': id }
        await (await fetch(gateway.url + CHAT_PATH, { method: 'POST', headers, body: JSON.stringify(chat()) })).text()
      }),
    )
    gateway.signal('SIGTERM')
    if (signals === 2) {
      await eventually(10_000, 'it says that it stops', () => gateway.logged().includes('SIGTERM: finishing'))
      gateway.signal('SIGTERM')
    }
    t.equal(await within(20_000, 'the end', gateway.exited), signals === 1 ? 0 : 143)
    for (const id of ids) t.ok(gateway.logged().includes(`"request_id":"${id}"`), id)
    if (signals === 1) t.equal((await rowsIn(ledger)).filter(({ kind }) => kind === 'request').length, SENT)
  })
