/** One total, and everything that shows a view of it: for any sequence of outcomes they are equal, live and after a restart. */
import { TOKEN_KINDS } from '../../src/core/tokens.ts'
import t, { type Test } from 'tap'
import type { AttemptRecord, RequestRecord } from '../../src/core/request-record.ts'
import type { Cost, Waste } from '../../src/core/settlement.ts'
import { countedOfRow, startOf } from '../../src/core/counted.ts'
import { NO_TOTAL, spentOf, totalOf, wasteInAll } from '../../src/core/total.ts'
import { totalOfRow } from '../../src/core/total-row.ts'
import type { LedgerRow } from '../../src/ledger/row.ts'
import { rowsOf } from '../../src/ledger/rows-of.ts'
import { MemoryLimiter } from '../../src/budgets/memory.ts'
import { outcomeText } from '../../src/observe/log/request-line.ts'
import { asObject, totalHeaders } from '../../src/relay/headers.ts'
import { Sessions } from '../../src/sessions/sessions.ts'
import { attemptAttributes, requestAttributes } from '../../src/observe/telemetry/attributes.ts'
import { cost, usage } from '../support/factories.ts'
import { sumOf } from '../support/gateway.ts'
import { newMetrics } from '../support/metrics.ts'
import { pick, seeded } from '../support/random.ts'
import { after, attempt } from '../support/records.ts'
import { budget } from '../budgets/rig.ts'

const REASONS: readonly Waste['reason'][] = [
  'retry',
  'failover',
  'hedge',
  'client_abort',
  'truncated',
  'empty',
  'refusal',
]
const SOURCES: readonly Cost['source'][] = ['price', 'backend', 'engine_time']

/** Priced or not, failed or not, before or after it took something, by counts that are a guess or not. */
function anyCall(random: () => number): AttemptRecord {
  const below = (limit: number): number => Math.floor(random() * limit)
  const input = below(100_000)
  const output = below(10_000)
  const took = random() < 0.75
  const estimated = random() < 0.3
  const tokens = { input, output, cachedInput: below(input + 1), reasoning: below(output + 1), estimated }
  const hourCacheWrite = below(5)
  const written = { hourCacheWrite, cacheWrite: hourCacheWrite + below(9) }
  const rare = random() < 0.2 ? { ...written, audioInput: below(9), imageInput: below(9), audioOutput: below(9) } : {}
  const priced = took && random() < 0.6
  return {
    ...attempt(pick(random, ['m', 'n', 'o']), random() < 0.5 ? 'upstream_incomplete' : null),
    answered: random() < 0.5,
    backend: pick(random, ['a', 'b']),
    usage: took ? usage({ ...tokens, ...rare }) : null,
    cost: priced ? { nanoUsd: below(5_000_000_000), source: pick(random, SOURCES), estimated: random() < 0.3 } : null,
    waste: took && random() < 0.5 ? { reason: pick(random, REASONS), tokens: input + output } : null,
  }
}

const dollars = (value: unknown): number => Math.round(Number(value ?? 0) * 1e9)

interface Line {
  readonly requests: number
  readonly tokens: Readonly<Record<string, number>>
  readonly tokens_estimated: number
  readonly cost_usd: number
  readonly unpriced_requests: number
  readonly waste: Readonly<Record<string, number>>
}
const ALL = { since: null, sort: null, limit: 1000, agent: null, key: null, team: null, by: null }

/** Without what a usage has beside its tokens. */
const bare = (total: ReturnType<typeof totalOf>): object => {
  if (total.tokens === null) return total
  const tokens = Object.fromEntries([...TOKEN_KINDS, 'estimated' as const].map((name) => [name, total.tokens![name]]))
  return { ...total, tokens }
}

/** What the calls took, added up by hand. */
class Truth {
  nano = 0
  tokens = 0
  partial = 0
  wasted = 0
  estimated = 0
  readonly reasons: Record<string, number> = {}

  /** Nano-dollars of this request, and whether they are all. */
  add(attempts: readonly AttemptRecord[]): { readonly nano: number; readonly partial: boolean } {
    let [nano, tokens] = [0, 0]
    for (const { usage: took, cost: paid, waste } of attempts) {
      nano += paid?.nanoUsd ?? 0
      tokens += took === null ? 0 : took.input + took.output
      if (waste === null) continue
      this.wasted += waste.tokens
      this.reasons[waste.reason] = (this.reasons[waste.reason] ?? 0) + waste.tokens
    }
    const partial = attempts.some(({ usage: took, cost: paid }) => took !== null && paid === null)
    this.nano += nano
    this.tokens += tokens
    if (partial) this.partial++
    if (attempts.some(({ usage: took }) => took?.estimated === true)) this.estimated += tokens
    return { nano, partial }
  }
}

const NOW = 1_700_000_000_000
const newLimiter = (): MemoryLimiter =>
  new MemoryLimiter([budget({ of: 'gateway', nanoUsd: 1e15, tokens: 1e12 })], {
    now: () => NOW,
    emit: () => undefined,
    post: () => Promise.resolve(''),
    onRefused: () => undefined,
  })

const rowsFor = (one: RequestRecord): LedgerRow[] =>
  rowsOf(one, 'w', 1, null).map(({ text }) => JSON.parse(text) as LedgerRow)

/** All that keeps count of requests, now and as it is after a restart. */
class Books {
  readonly live = { limiter: newLimiter(), sessions: new Sessions() }
  readonly replayed = { limiter: newLimiter(), sessions: new Sessions() }
  readonly metrics = newMetrics()
  readonly rows: LedgerRow[] = []

  /** Its row. */
  settled(one: RequestRecord): LedgerRow {
    const rows = rowsFor(one)
    const own = rows.at(-1)!
    this.rows.push(...rows)
    this.live.limiter.mirror(one, [], { nanoUsd: 0, tokens: 0 }).settle(spentOf(one))
    const counted = countedOfRow(own)
    const spent = spentOf(counted)
    if (spent !== null) this.replayed.limiter.replay(counted, [], startOf(counted), spent)
    this.metrics.onCompleted(one)
    this.live.sessions.onCompleted(one)
    this.replayed.sessions.replay(counted)
    return own
  }
}

function shownEqual(t: Test, one: RequestRecord, nano: number, partial: boolean): void {
  t.equal(one.partial, partial)
  const headers = asObject(totalHeaders(one))
  t.equal(dollars(headers['x-turnout-cost-usd']), nano, 'header')
  t.equal(headers['x-turnout-cost-partial'] === 'true', partial)
  const outcome = JSON.parse(outcomeText(one)) as Record<string, unknown>
  t.equal(dollars(outcome['cost_usd']), nano, 'outcome')
  t.equal(outcome['cost_partial'] === true, partial)
  const span = requestAttributes(one)
  t.equal(dollars(span['turnout.cost_usd']), nano, 'span')
  t.equal(span['turnout.cost.partial'] === true, partial)
  const calls = one.attempts.map((call) => attemptAttributes(one, call, 'p', null))
  const sum = calls.reduce((so, call) => so + dollars(call['turnout.cost_usd']), 0)
  t.equal(sum, nano, 'spans of calls')
  const wasted = one.waste.reduce((so, { tokens }) => so + tokens, 0)
  t.equal(span['turnout.waste.tokens'] ?? 0, wasted)
  t.equal((outcome['wasted'] as Waste | null)?.tokens ?? 0, wasted)
}

async function booksEqual(t: Test, { live, replayed, metrics, rows }: Books, truth: Truth): Promise<void> {
  for (const kind of ['request', 'attempt']) {
    const all = rows.filter((row) => row.kind === kind)
    const sum = (of: (row: LedgerRow) => number): number => all.reduce((so, row) => so + of(row), 0)
    t.equal(
      sum((row) => dollars(row.cost_usd)),
      truth.nano,
      `ledger, ${kind}`,
    )
    t.equal(
      sum(({ tokens }) => (tokens === null ? 0 : tokens.input + tokens.output)),
      truth.tokens,
    )
    t.equal(
      sum(({ waste }) => waste?.tokens ?? 0),
      truth.wasted,
    )
    if (kind === 'request')
      t.equal(
        sum((row) => Number(row.cost_partial)),
        truth.partial,
      )
  }
  const text = await metrics.scrape('text')
  const sum = (name: string, labels: Record<string, string> = {}): number => sumOf(text, `turnout_${name}`, labels)
  t.equal(dollars(sum('cost_usd_total')), truth.nano, 'metrics')
  t.equal(sum('tokens_total', { kind: 'input' }) + sum('tokens_total', { kind: 'output' }), truth.tokens)
  t.equal(sum('unpriced_requests_total'), truth.partial)
  for (const reason of REASONS) t.equal(sum('wasted_tokens_total', { reason }), truth.reasons[reason] ?? 0, reason)
  for (const [name, { limiter, sessions }] of Object.entries({ live, replayed })) {
    const { used } = limiter.states()[0]!
    t.strictSame([used.nanoUsd, used.tokens], [truth.nano, truth.tokens], `budget, ${name}`)
    const lines = sessions.list(ALL) as Line[]
    const all = (of: (line: Line) => number): number => lines.reduce((so, line) => so + of(line), 0)
    t.equal(
      all(({ cost_usd }) => dollars(cost_usd)),
      truth.nano,
      `sessions, ${name}`,
    )
    t.equal(
      all(({ tokens }) => tokens['input']! + tokens['output']!),
      truth.tokens,
    )
    t.equal(
      all((line) => line.tokens_estimated),
      truth.estimated,
    )
    t.equal(
      all((line) => line.unpriced_requests),
      truth.partial,
    )
    for (const reason of REASONS)
      t.equal(
        all(({ waste }) => waste[reason] ?? 0),
        truth.reasons[reason] ?? 0,
        `${name}: ${reason}`,
      )
  }
}

t.test('for any outcomes: budget = ledger = metrics = sessions = what was shown, live and replayed', async (t) => {
  for (let seed = 1; seed <= 30; seed++) {
    const random = seeded(seed)
    const [books, truth] = [new Books(), new Truth()]
    for (let index = 0; index < 60; index++) {
      const attempts = Array.from({ length: Math.floor(random() * 5) }, () => anyCall(random))
      const session = pick(random, ['s', 't', null])
      const one = after(attempts, { session, success: random() < 0.5, planned: false, endedAt: NOW })
      const { nano, partial } = truth.add(attempts)
      shownEqual(t, one, nano, partial)
      const row = books.settled(one)
      t.strictSame(
        totalOfRow(row),
        JSON.parse(JSON.stringify(bare(totalOf(attempts)))),
        'read back it is the same value',
      )
    }
    await booksEqual(t, books, truth)
  }
})

t.test('the known part of a cost counts, and the rest is said to be unknown', async (t) => {
  const priced = { usage: usage({ input: 7 }), cost: cost(14_000_000), waste: null }
  const unpriced = { usage: usage({ input: 5 }), cost: null, waste: null }
  const idle = { usage: null, cost: null, waste: null }
  t.match(totalOf([priced, unpriced]), { tokens: { input: 12 }, cost: { nanoUsd: 14_000_000 }, partial: true })
  t.match(totalOf([unpriced, priced]), { cost: { nanoUsd: 14_000_000 }, partial: true })
  t.match(totalOf([unpriced]), { tokens: { input: 5 }, cost: null, partial: true })
  t.match(
    totalOf([idle, priced]),
    { cost: { nanoUsd: 14_000_000 }, partial: false },
    'one that took nothing costs nothing',
  )
  t.strictSame(totalOf([idle]), NO_TOTAL)
  t.match(totalOf([priced, { ...priced, cost: { ...cost(1), source: 'backend', estimated: true } }]), {
    cost: { nanoUsd: 14_000_001, source: 'mixed', estimated: true },
  })
})

t.test('waste of several reasons', async (t) => {
  const wasted = (reason: Waste['reason'], tokens: number) => ({ usage: null, cost: null, waste: { reason, tokens } })
  const total = totalOf([wasted('failover', 3), wasted('retry', 5), wasted('failover', 7)])
  t.strictSame(total.waste, [
    { reason: 'retry', tokens: 5 },
    { reason: 'failover', tokens: 10 },
  ])
  t.strictSame(wasteInAll(total), { reason: 'failover', tokens: 15 })
})

t.test('rows that an earlier version wrote', async (t) => {
  const row = {
    tokens: { input: 3, cached_input: 1, output: 2, reasoning: 0 },
    tokens_estimated: true,
    cost_usd: 0.014,
    cost_partial: true,
    cost_source: 'price',
    waste: { reason: 'failover', tokens: 4 },
  }
  t.match(totalOfRow(row), {
    tokens: { input: 3, cachedInput: 1, cacheWrite: 0, output: 2, estimated: true },
    cost: { nanoUsd: 14_000_000, source: 'price', estimated: true },
    partial: true,
    waste: [{ reason: 'failover', tokens: 4 }],
  })
})
