/**
 * A priced backend and one without a price, calls that fail before and after they took something: what a request came to is
 * the same number in its answer, the log, the ledger, the metrics, the budget and the session, also after a kill.
 */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { entriesOf } from '../../src/ledger/read.ts'
import type { LedgerRow } from '../../src/ledger/row.ts'
import { eventually } from '../support/await.ts'
import { chat, CHAT_PATH } from '../support/chat.ts'
import { failing, type Plan } from '../support/fault-plan.ts'
import { type FaultUpstream, startFaultUpstream } from '../support/fault-upstream.ts'
import { hashed } from '../support/gateway.ts'
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts'
import { type Outcome, outcomeOf } from '../support/outcome.ts'
import { rawPost, RawClient } from '../support/raw-client.ts'
import { pick, seeded } from '../support/random.ts'

const TOKEN = 'admin-secret'
const HEAD = { id: 'c', created: 1, model: 'tiny' }
const USAGE = { prompt_tokens: 7, completion_tokens: 9, total_tokens: 16 }
const chunk = (delta: object, finish_reason: string | null, more: object = {}): string =>
  JSON.stringify({ ...HEAD, choices: [{ index: 0, delta, finish_reason }], ...more })

/** What a backend may do with a request, streamed and whole. */
const DEEDS: Readonly<Record<string, readonly [streamed: Plan, whole: Plan]>> = {
  good: [{}, {}],
  'good, at its own price': [
    {
      events: [
        chunk({ content: 'x' }, 'stop'),
        JSON.stringify({ ...HEAD, choices: [], usage: { ...USAGE, cost: 0.0123 } }),
      ],
    },
    {
      body: {
        ...HEAD,
        choices: [{ index: 0, message: { content: 'x' }, finish_reason: 'stop' }],
        usage: { ...USAGE, cost: 0.0123 },
      },
    },
  ],
  'good, at a price of no known form': [
    {
      events: [
        chunk({ content: 'x' }, 'stop'),
        JSON.stringify({ ...HEAD, choices: [], usage: { ...USAGE, credits: 3 } }),
      ],
    },
    {
      body: {
        ...HEAD,
        choices: [{ index: 0, message: { content: 'x' }, finish_reason: 'stop' }],
        usage: { ...USAGE, credits: 3 },
      },
    },
  ],
  'fails before it does anything': [failing(500), failing(500)],
  'reads the prompt and breaks off': [{ cut: { events: 1, how: 'reset' } }, { cut: { bytes: 60, how: 'reset' } }],
  'fails, and charges': [
    { events: [chunk({}, null, { usage: { ...USAGE, cost: 0.004 } }), JSON.stringify({ error: { message: 'no' } })] },
    { body: { error: { message: 'no', code: 500 }, usage: { ...USAGE, cost: 0.004 } } },
  ],
  'breaks off in the answer': [{ cut: { events: 3, how: 'reset' } }, { cut: { bytes: 90, how: 'reset' } }],
  'ends without a useful word': [{ words: [] }, { words: [] }],
}

interface Sums {
  nano: number
  tokens: number
  partial: number
  wasted: number
}

const nano = (usd: unknown): number => Math.round(Number(usd ?? 0) * 1e9)

const sumOf = (rows: readonly LedgerRow[]): Sums =>
  rows.reduce<Sums>(
    (sum, { cost_usd, tokens, cost_partial, waste }) => ({
      nano: sum.nano + nano(cost_usd),
      tokens: sum.tokens + (tokens === null ? 0 : tokens.input + tokens.output),
      partial: sum.partial + Number(cost_partial),
      wasted: sum.wasted + (waste?.tokens ?? 0),
    }),
    { nano: 0, tokens: 0, partial: 0, wasted: 0 },
  )

async function admin<T>(gateway: GatewayProcess, path: string): Promise<T> {
  const answer = await fetch(`${gateway.adminUrl}${path}`, { headers: { authorization: `Bearer ${TOKEN}` } })
  return (await answer.json()) as T
}

async function budget(gateway: GatewayProcess): Promise<{ nano: number; tokens: number; requests: number }> {
  const { budgets } = await admin<{ budgets: { used: { usd: number; tokens: number; requests: number } }[] }>(
    gateway,
    '/admin/budgets',
  )
  const { usd, tokens, requests } = budgets[0]!.used
  return { nano: nano(usd), tokens, requests }
}

interface Line {
  readonly requests: number
  readonly tokens: { readonly input: number; readonly output: number }
  readonly cost_usd: number
  readonly unpriced_requests: number
  readonly waste: Readonly<Record<string, number>>
}

async function sessions(gateway: GatewayProcess): Promise<Sums & { requests: number; waste: Record<string, number> }> {
  const { sessions: lines } = await admin<{ sessions: Line[] }>(gateway, '/admin/sessions')
  const waste: Record<string, number> = {}
  const sum = { nano: 0, tokens: 0, partial: 0, wasted: 0, requests: 0 }
  for (const line of lines) {
    sum.nano += nano(line.cost_usd)
    sum.tokens += line.tokens.input + line.tokens.output
    sum.partial += line.unpriced_requests
    sum.requests += line.requests
    for (const [reason, tokens] of Object.entries(line.waste)) {
      waste[reason] = (waste[reason] ?? 0) + tokens
      sum.wasted += tokens
    }
  }
  return { ...sum, waste }
}

const started = async (): Promise<{ upstreams: readonly [FaultUpstream, FaultUpstream]; config: object }> => {
  const upstreams = [await startFaultUpstream(), await startFaultUpstream()] as const
  return {
    upstreams,
    config: {
      backends: ['priced', 'free-form'].map((name, index) => ({
        name,
        kind: 'openai-compatible',
        url: upstreams[index]!.url,
        models: ['tiny'],
      })),
      models: { 'priced/tiny': { price: { input_per_mtok_usd: 1000, output_per_mtok_usd: 2000 } } },
      routes: [
        { name: 'up', candidates: ['priced/*', 'free-form/*'], strategy: 'ordered' },
        { name: 'down', candidates: ['free-form/*', 'priced/*'], strategy: 'ordered' },
      ],
      budgets: [{ name: 'all', of: 'gateway', usd: 1000, tokens: 100_000_000, per: 'month' }],
      admin: { port: 0, token: hashed(TOKEN) },
      limits: { attempts: 2 },
    },
  }
}

type Asked = Outcome & { readonly cost_partial?: boolean }

t.test('for any sequence of deeds all books are one', async (t) => {
  const { upstreams, config } = await started()
  for (const upstream of upstreams) t.teardown(() => upstream.close())
  const folder = join(t.testdir({}), 'ledger')
  let gateway = await startGatewayProcess({ ...config, store: { ledger: folder } })
  t.teardown(() => gateway.close())
  const random = seeded(7)
  const names = Object.keys(DEEDS)
  const shown = { nano: 0, partial: 0 }
  const headers = new Map<string, Readonly<Record<string, string | undefined>>>()
  const REQUESTS = 100
  for (let number = 0; number < REQUESTS; number++) {
    // Each pair of deeds once, and then by chance.
    const [one, other] =
      number < names.length ** 2
        ? [names[number % names.length]!, names[Math.floor(number / names.length)]!]
        : [pick(random, names), pick(random, names)]
    const stream = random() < 0.5
    const route = random() < 0.7 ? 'up' : 'down'
    const [first, second] = route === 'up' ? upstreams : [upstreams[1], upstreams[0]]
    const plan = (deed: string): Plan => DEEDS[deed]![stream ? 0 : 1]
    first.set({ plan: plan(one) })
    second.set({ plan: plan(other) })
    const id = `r${number}`
    const response = await rawPost(gateway.url, CHAT_PATH, chat({ model: route, stream }), {
      'x-request-id': id,
      'x-turnout-session': `s${number % 5}`,
    })
    await response.complete.catch(() => undefined)
    if (response.status === 200 && !stream) headers.set(id, response.headers)
  }
  // One whose caller leaves in the middle.
  for (const upstream of upstreams) upstream.set({ plan: { stallAfter: 3 } })
  const leaver = await RawClient.open(gateway.url)
  const leaving = await leaver.send(CHAT_PATH, {
    headers: { 'x-request-id': 'left', 'x-turnout-session': 's0' },
    body: chat({ model: 'up', stream: true }),
  })
  await leaving.next()
  leaver.destroy()
  await outcomeOf(gateway, 'left')
  for (const id of [...Array.from({ length: REQUESTS }, (_, number) => `r${number}`), 'left']) {
    const outcome = (await outcomeOf(gateway, id)) as Asked
    shown.nano += nano(outcome.cost_usd)
    if (outcome.cost_partial === true) shown.partial++
    const told = headers.get(id)
    if (told === undefined) continue
    t.equal(nano(told['x-turnout-cost-usd']), nano(outcome.cost_usd), `${id}: header`)
    t.equal(told['x-turnout-cost-partial'] === 'true', outcome.cost_partial === true)
  }

  await eventually(
    5_000,
    'the rows are on the disk',
    async () => (await gateway.metric('turnout_ledger_pending_rows')) === 0,
  )
  const rows: LedgerRow[] = []
  for await (const { row } of entriesOf(folder)) rows.push(row)
  const requests = rows.filter(({ kind }) => kind === 'request')
  const truth = sumOf(requests)
  t.equal(requests.length, REQUESTS + 1)
  t.ok(truth.partial > 20 && truth.nano > 1e8 && truth.wasted > 100, JSON.stringify(truth))
  t.ok(requests.some(({ waste_by_reason }) => waste_by_reason !== undefined))
  t.ok(
    requests.some(({ cost_partial, cost_usd }) => cost_partial && cost_usd !== null),
    'some are known in part',
  )
  t.strictSame(shown, { nano: truth.nano, partial: truth.partial }, 'as the log and the headers tell')

  for (const stream of [true, false])
    t.ok(
      rows.some(
        (row) => row.kind === 'attempt' && row.stream === stream && row.error !== null && row.cost_usd === 0.004,
      ),
      'a call that failed was charged',
    )
  const attempts = sumOf(rows.filter(({ kind }) => kind === 'attempt'))
  t.strictSame({ ...attempts, partial: 0 }, { ...truth, partial: 0 }, 'rows of attempts')
  t.equal(nano(await gateway.metric('turnout_cost_usd_total')), truth.nano, 'metrics')
  const [input, output] = await Promise.all(
    ['input', 'output'].map((kind) => gateway.metric('turnout_tokens_total', { kind })),
  )
  t.equal(input! + output!, truth.tokens)
  t.equal(await gateway.metric('turnout_unpriced_requests_total'), truth.partial)
  t.equal(await gateway.metric('turnout_wasted_tokens_total'), truth.wasted)
  const before = await sessions(gateway)
  for (const [reason, tokens] of Object.entries(before.waste))
    t.equal(await gateway.metric('turnout_wasted_tokens_total', { reason }), tokens, reason)
  const counted = await budget(gateway)

  for (const [when, way] of [
    ['live', null],
    ['after a kill', 'kill'],
    ['from the ledger alone', 'ledger'],
  ] as const) {
    if (way !== null) {
      gateway.signal('SIGKILL')
      await gateway.exited
      if (way === 'ledger') await rm(join(folder, 'budgets.json'), { force: true })
      gateway = await startGatewayProcess({ ...config, store: { ledger: folder } })
    }
    t.strictSame(await budget(gateway), counted, `budget, ${when}`)
    t.match(counted, { nano: truth.nano, tokens: truth.tokens })
    const { waste, ...sum } = await sessions(gateway)
    t.strictSame(sum, { ...truth, requests: REQUESTS + 1 }, `sessions, ${when}`)
    t.strictSame(waste, before.waste)
  }
})
