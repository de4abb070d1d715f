/** A control group over real sockets: who is in it, what its answers, the log, the ledger, the metrics and the explanation say. */
import { join } from 'node:path'
import t from 'tap'
import type { RequestRecord } from '../../src/core/request-record.ts'
import { entriesOf } from '../../src/ledger/read.ts'
import type { LedgerRow } from '../../src/ledger/row.ts'
import { chat, CHAT_PATH } from '../support/chat.ts'
import { sumOf } from '../support/gateway.ts'
import { rig } from '../support/rig.ts'

const CANDIDATES = ['one', 'two', 'three']
const TALKS = 40

t.test('conversations of a control group stay in it and at their candidate, and all says so', async (t) => {
  const folder = join(t.testdir({}), 'ledger')
  const { gateway } = await rig(t, {
    upstreams: Object.fromEntries(CANDIDATES.map((name) => [name, {}])),
    config: {
      routes: [{ name: 'default', candidates: ['*'], control: '50%', explore: false }],
      store: { ledger: folder },
    },
  })
  const ask = async (model: string, headers: Record<string, string>, path = CHAT_PATH) => {
    const response = await fetch(`${gateway.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(chat({ model })),
    })
    const body = await response.text()
    const { headers: told, status } = response
    t.equal(status, 200, body)
    return { control: told.get('x-turnout-control'), backend: told.get('x-turnout-backend'), body }
  }
  const turns = new Map<string, { control: string | null; backend: string | null }[]>()
  for (let turn = 0; turn < 3; turn++)
    for (let talk = 0; talk < TALKS; talk++) {
      const name = `talk-${talk}`
      const { control, backend } = await ask('auto', { 'x-turnout-session': name })
      turns.set(name, [...(turns.get(name) ?? []), { control, backend }])
    }
  const first = [...turns.values()].map(([one]) => one!)
  for (const all of turns.values()) {
    t.equal(new Set(all.map(({ control }) => control)).size, 1)
    if (all[0]!.control !== null) t.equal(new Set(all.map(({ backend }) => backend)).size, 1, 'it stays')
  }
  const control = first.filter(({ control }) => control === 'routing')
  t.ok(control.length > 8 && control.length < TALKS - 8, `${control.length}`)
  t.equal(new Set(control.map(({ backend }) => backend)).size, 3, 'any of the candidates')

  t.equal((await ask('one/tiny', { 'x-turnout-session': 'talk-0' })).control, null, 'who names a backend gets it')
  const [inside] = [...turns].find(([, all]) => all[0]!.control !== null)!
  const explained = await ask('auto', { 'x-turnout-session': inside, accept: 'text/plain' }, '/v1/route')
  t.match(explained.body, /^control +yes: it goes without routing; 50 % of requests go without$/m)

  const metrics = await (await fetch(`${gateway.url}/metrics`)).text()
  const count = (group: string): number =>
    sumOf(metrics, 'turnout_trial_requests_total', { route: 'default', feature: 'routing', group })
  t.strictSame([count('control'), count('rest')], [3 * control.length, 3 * (TALKS - control.length)])

  await gateway.close()
  const rows: LedgerRow[] = []
  for await (const { row } of entriesOf(folder, { kind: 'request', decisions: true })) rows.push(row)
  t.equal(rows.length, 3 * TALKS + 1)
  for (const { trials, conversation, session, decision, model } of rows) {
    if (trials === undefined) {
      t.equal(conversation, undefined)
      t.equal(model, 'tiny')
      continue
    }
    const isControl = turns.get(session!)![0]!.control !== null
    t.strictSame(trials, [{ feature: 'routing', control: isControl, share: 0.5 }])
    t.ok(conversation)
    t.strictSame((decision as Pick<RequestRecord, 'trials'>).trials, trials)
  }
  t.equal(rows.filter(({ trials }) => trials === undefined).length, 1)
})
