import t from 'tap'
import { type Counted, countedOfRow } from '../../src/core/counted.ts'
import { GatewayError } from '../../src/core/errors.ts'
import type { RequestRecord } from '../../src/core/request-record.ts'
import type { Waste } from '../../src/core/settlement.ts'
import type { LedgerRow } from '../../src/ledger/row.ts'
import { rowsOf } from '../../src/ledger/rows-of.ts'
import { Sessions } from '../../src/sessions/sessions.ts'
import { attempt, finished } from '../support/records.ts'
import { cost, usage } from '../support/factories.ts'
import { seeded } from '../support/random.ts'

const ALL = { since: null, sort: 'cost', limit: 1000, agent: null, key: null, team: null, by: null }

/** As the ledger reads it back. */
const readBack = (record: RequestRecord): Counted => {
  const [row] = rowsOf(record, 'w', 1, null, 'request')
  return countedOfRow(JSON.parse(row!.text) as LedgerRow)
}

const random = seeded(21)
const one = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!

function anyFinished(at: number): RequestRecord {
  const took = usage({
    input: Math.floor(random() * 1e5),
    cachedInput: Math.floor(random() * 1e3),
    output: Math.floor(random() * 1e4),
    estimated: random() < 0.1,
  })
  const failed = random() < 0.2
  const wasted: Waste | null = failed ? { reason: 'truncated', tokens: took.input + took.output } : null
  return finished({
    key: one(['k1', 'k2']),
    team: one(['blue', null]),
    session: one(['a', 'b', 'c', null]),
    agent: one(['codex', 'aider', null]),
    user: one(['ann', null]),
    attempts: random() < 0.1 ? [] : [attempt(one(['m', 'n']))],
    usage: took,
    cost: random() < 0.2 ? null : cost(Math.floor(random() * 1e9)),
    wasted,
    success: !failed,
    status: failed ? 502 : 200,
    error: failed ? new GatewayError('upstream_error', 'It broke.') : null,
    endedAt: 1.7e12 + at,
  })
}

t.test('sums of sessions and of agents are sums of requests, and the ledger gives the same', async (t) => {
  const [live, again] = [new Sessions(), new Sessions()]
  const sum = { requests: 0, input: 0, output: 0, nano: 0, wasted: 0, unpriced: 0, estimated: 0 }
  for (let i = 0; i < 2000; i++) {
    const record = anyFinished(i * 1000)
    live.onCompleted(record)
    again.replay(readBack(record))
    const { attempts, tokens: took } = record
    sum.requests++
    sum.input += took?.input ?? 0
    sum.output += took?.output ?? 0
    if (took?.estimated === true) sum.estimated += took.input + took.output
    for (const { cost, usage, waste } of attempts) {
      sum.nano += cost?.nanoUsd ?? 0
      sum.wasted += waste?.tokens ?? 0
      if (usage !== null && cost === null) sum.unpriced++
    }
  }
  type Line = Record<string, number> & { tokens: Record<string, number>; waste: Record<string, number> }
  for (const by of [null, 'agent']) {
    const lines = live.list({ ...ALL, by }) as Line[]
    const total = (of: (line: Line) => number): number => lines.reduce((so, line) => so + of(line), 0)
    t.strictSame(
      {
        requests: total((line) => line['requests']!),
        input: total(({ tokens }) => tokens['input']!),
        output: total(({ tokens }) => tokens['output']!),
        nano: Math.round(total((line) => line['cost_usd']! * 1e9)),
        wasted: total(({ waste }) => waste['truncated'] ?? 0),
        unpriced: total((line) => line['unpriced_requests']!),
        estimated: total((line) => line['tokens_estimated']!),
      },
      sum,
      by ?? 'session',
    )
    const plain = (all: readonly object[]): unknown[] => all.map((line) => ({ ...line, signals: null }))
    t.strictSame(plain(again.list({ ...ALL, by })), plain(lines), 'replayed')
  }
})

t.test('after a restart a session goes on, and failures in a row are known', async (t) => {
  const sessions = new Sessions()
  const failed = finished({ session: 's', success: false, status: 502, endedAt: 1.7e12 })
  for (let i = 0; i < 4; i++) sessions.replay(readBack(failed))
  sessions.onCompleted({ ...failed, endedAt: 1.7e12 + 5000 })
  t.match(sessions.list(ALL), [{ session: 's', requests: 5, successes: 0, signals: ['failing'] }])
})
