import t from 'tap'
import { stepOf } from '../../src/accounting/step.ts'
import type { Json } from '../../src/core/json.ts'
import type { Waste } from '../../src/core/settlement.ts'
import { Sessions } from '../../src/sessions/sessions.ts'
import { type Ending, finished } from '../support/records.ts'
import { cost, gatewayRequest, usage } from '../support/factories.ts'
import { seeded } from '../support/random.ts'

interface Asked {
  readonly key?: string
  readonly session?: string | null
  readonly agent?: string
  readonly messages?: readonly Json[]
  readonly repeated?: boolean
  readonly ending?: Ending
  readonly affinity?: string | null
  readonly at?: number
}

const NOON = Date.parse('2026-11-23T12:00:00Z')
const QUESTION: readonly Json[] = [{ role: 'user', content: 'Mend the failing test.' }]

function tell(sessions: Sessions, asked: Asked = {}): void {
  const {
    key = 'k',
    session = 's',
    agent = 'codex',
    messages = QUESTION,
    repeated = false,
    ending = {},
    at = NOON,
  } = asked
  const affinity = asked.affinity ?? null
  const step = stepOf(gatewayRequest({ model: 'm', messages }).prompt)
  sessions.onCompleted(
    finished({ ...ending, key, session, agent, affinity, repeated, step, route: 'auto', endedAt: at }),
  )
}

interface Line {
  readonly id: string
  readonly session: string
  readonly key: string
  readonly agent: string
  readonly derived: boolean
  readonly requests: number
  readonly successes: number
  readonly tokens: Readonly<Record<string, number>>
  readonly cost_usd: number
  readonly waste: Readonly<Record<string, number>>
  readonly signals: readonly string[]
  readonly sessions?: number
}

const ALL = { since: null, sort: null, limit: 1000, agent: null, key: null, team: null, by: null }
const lines = (sessions: Sessions, query: object = {}): Line[] => sessions.list({ ...ALL, ...query }) as Line[]

t.test('requests are rolled up', async (t) => {
  const sessions = new Sessions()
  const took = { usage: usage({ input: 100, cachedInput: 60, output: 20, reasoning: 5 }), cost: cost(3_000) }
  tell(sessions, { ending: took })
  tell(sessions, {
    ending: { ...took, success: false, wasted: { reason: 'truncated', tokens: 120 } },
    at: NOON + 60_000,
  })
  t.match(lines(sessions), [
    {
      id: 'k/s',
      agent: 'codex',
      derived: false,
      requests: 2,
      successes: 1,
      tokens: { input: 200, cached_input: 120, output: 40, reasoning: 10 },
      cost_usd: 6e-6,
      waste: { truncated: 120 },
      waste_ratio: 0.5,
      cache_share: 0.6,
      reasoning_share: 0.25,
      cost_per_success_usd: 6e-6,
      tokens_per_success: 240,
      last_at: '2026-11-23T12:01:00.000Z',
      signals: [],
    },
  ])
  t.match(sessions.get('k/s'), { session: 's', requests: 2 })
  t.equal(sessions.get('k/t'), null)
})

t.test('two keys with one name for their sessions', async (t) => {
  const sessions = new Sessions()
  for (const key of ['a', 'b']) tell(sessions, { key })
  t.strictSame(
    lines(sessions).map(({ id, requests }) => [id, requests]),
    [
      ['a/s', 1],
      ['b/s', 1],
    ],
  )
  t.equal(lines(sessions, { key: 'a' }).length, 1)
})

t.test('who names no session has one by how the conversation began', async (t) => {
  const sessions = new Sessions()
  for (const affinity of ['c-1', 'c-1', 'c-2', null]) tell(sessions, { session: null, affinity })
  t.strictSame(
    lines(sessions).map(({ session, derived, requests }) => [session, derived, requests]),
    [
      ['~c-1', true, 2],
      ['~c-2', true, 1],
      ['~chat', true, 1],
    ],
  )
  tell(sessions, { key: 'other', session: null, affinity: 'c-1' })
  t.equal(lines(sessions, { key: 'other' })[0]?.requests, 1, 'two keys that begin alike stay apart')
})

t.test('agents that share a session', async (t) => {
  const sessions = new Sessions()
  tell(sessions, { agent: 'planner', ending: { cost: cost(3e9) } })
  tell(sessions, { agent: 'coder', ending: { cost: cost(5e9) }, at: NOON + 1 })
  tell(sessions, { agent: 'planner', session: 't', ending: { cost: cost(1e9) }, at: NOON + 2 })
  t.match(lines(sessions, { sort: 'cost' }), [
    { session: 's', agent: 'coder', cost_usd: 8, requests: 2 },
    { session: 't', agent: 'planner', cost_usd: 1, requests: 1 },
  ])
  t.match(sessions.get('k/s'), { cost_usd: 8, requests: 2, agent: 'coder' })
  t.match(lines(sessions, { agent: 'planner' }), [{ session: 't' }, { session: 's', cost_usd: 3, requests: 1 }])
  t.match(lines(sessions, { by: 'agent', sort: 'cost' }), [
    { agent: 'coder', sessions: 1, cost_usd: 5 },
    { agent: 'planner', sessions: 2, cost_usd: 4 },
  ])
})

t.test('a part of the cost that is known counts, and the rest is told', async (t) => {
  const sessions = new Sessions()
  const [one] = finished().attempts
  const attempts = [{ ...one!, usage: usage({ input: 5 }), cost: cost(7) }, one!]
  tell(sessions, { ending: { attempts, cost: null } })
  t.match(lines(sessions), [{ cost_usd: 7e-9, unpriced_requests: 1, attempts: 2 }])
})

t.test('orders, ages and agents', async (t) => {
  const sessions = new Sessions()
  tell(sessions, { session: 'old', at: NOON - 7_200_000, ending: { cost: cost(9e9) } })
  tell(sessions, { session: 'new', agent: 'aider', ending: { cost: cost(1e9) } })
  tell(sessions, { session: 'newer', at: NOON + 1, ending: { cost: cost(5e9) } })
  const names = (query: object): string[] => lines(sessions, query).map(({ session }) => session)
  t.strictSame(names({}), ['newer', 'new', 'old'])
  t.strictSame(names({ sort: 'cost' }), ['old', 'newer', 'new'])
  t.strictSame(names({ since: NOON - 3_600_000 }), ['newer', 'new'])
  t.strictSame(names({ agent: 'aider' }), ['new'])
  t.strictSame(names({ team: 'blue' }), [])
  t.strictSame(names({ limit: 1 }), ['newer'])
  t.throws(() => lines(sessions, { sort: 'beauty' }), { code: 'invalid_request', param: 'sort' })
  const agents = lines(sessions, { by: 'agent', sort: 'cost' })
  t.strictSame(
    agents.map(({ agent, sessions: count, requests, cost_usd }) => [agent, count, requests, cost_usd]),
    [
      ['codex', 2, 2, 14],
      ['aider', 1, 1, 1],
    ],
  )
})

t.test('sums of sessions are sums of what was told', async (t) => {
  const random = seeded(11)
  const sessions = new Sessions()
  const sum = { input: 0, output: 0, nano: 0, wasted: 0 }
  for (let i = 0; i < 3000; i++) {
    const took = usage({ input: Math.round(random() * 1e5), output: Math.round(random() * 1e4) })
    const nano = Math.round(random() * 1e9)
    const waste: Waste | null = random() < 0.2 ? { reason: 'empty', tokens: took.input + took.output } : null
    tell(sessions, {
      session: `s${Math.floor(random() * 50)}`,
      ending: { usage: took, cost: cost(nano), wasted: waste },
    })
    sum.input += took.input
    sum.output += took.output
    sum.nano += nano
    sum.wasted += waste?.tokens ?? 0
  }
  const all = lines(sessions)
  t.equal(all.length, 50)
  const total = (of: (line: Line) => number): number => all.reduce((so, line) => so + of(line), 0)
  t.equal(
    total(({ tokens }) => tokens['input']!),
    sum.input,
  )
  t.equal(
    total(({ tokens }) => tokens['output']!),
    sum.output,
  )
  t.equal(Math.round(total(({ cost_usd }) => cost_usd) * 1e9), sum.nano)
  t.equal(
    total(({ waste }) => waste['empty'] ?? 0),
    sum.wasted,
  )
})

t.test('no more sessions than the memory has room for, and names of none grow', async (t) => {
  const sessions = new Sessions()
  for (let i = 0; i < 12_000; i++) tell(sessions, { session: `s${i}`, key: `k${i % 7}` })
  const all = lines(sessions, { limit: 100_000 })
  t.equal(all.length, 10_000)
  t.ok(all.some(({ session }) => session === 's11999') && !all.some(({ session }) => session === 's0'))
  for (let i = 0; i < 12_000; i++) tell(sessions, { session: null, affinity: `c-${i}` })
  const both = lines(sessions, { limit: 100_000 })
  t.equal(both.length, 12_000)
  t.equal(both.filter(({ derived }) => !derived).length, 10_000, 'requests without a name push out none that has one')
  const one = new Sessions()
  for (let i = 0; i < 200; i++)
    tell(one, { ending: { attempts: finished().attempts.map((attempt) => ({ ...attempt, model: `m${i}` })) } })
  t.ok(Object.keys((one.get('k/s') as { models: object }).models).length <= 17)
})

t.test('a request that the decision refused counts under its endpoint, and not in its conversation', async (t) => {
  const sessions = new Sessions()
  const unnamed = { key: 'k', session: null, affinity: 'c-1', route: 'auto', endedAt: NOON }
  sessions.onCompleted(finished(unnamed))
  sessions.onCompleted({ ...finished(unnamed), planned: false })
  const counted = lines(sessions).map(({ session, requests }) => [session, requests])
  t.strictSame(counted.sort(), [
    ['~c-1', 1],
    ['~chat', 1],
  ])
})
