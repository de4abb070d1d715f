import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { stringify } from 'yaml'
import { budgetTable, type SpentBudget } from '../../src/cli/stats-text.ts'
import { ANSWERED, finished } from '../ledger/finished.ts'
import { opened } from '../ledger/opened.ts'
import { CHAT_PATH, chat } from '../support/chat.ts'
import { cost } from '../support/factories.ts'
import { eventually } from '../support/await.ts'
import { hashed } from '../support/gateway.ts'
import { rawPost } from '../support/raw-client.ts'
import { rig } from '../support/rig.ts'
import { type Ran, runHere, unwrapped } from './turnout.ts'

const HOUR = 3_600_000

/** Standard error without the line breaks of 80 columns. */
async function run(args: readonly string[], cwd: string, env: Readonly<Record<string, string>> = {}): Promise<Ran> {
  const ran = await runHere(['stats', ...args], { cwd, env })
  return { ...ran, err: unwrapped(ran.err) }
}

const json = ({ out }: Ran): Readonly<Record<string, unknown>> => JSON.parse(out) as Readonly<Record<string, unknown>>

const BACKENDS = [{ name: 'a', kind: 'openai-compatible', url: 'http://127.0.0.1:9', models: ['m'] }]

/** A folder with `turnout.yaml`. */
async function configured(t: Test, config: object): Promise<string> {
  const cwd = t.testdir({})
  await writeFile(join(cwd, 'turnout.yaml'), stringify({ backends: BACKENDS, ...config }))
  return cwd
}

t.test('the five numbers and the budgets, from the ledger, on one screen', async (t) => {
  const cwd = await configured(t, {
    store: { ledger: './data' },
    budgets: [
      { name: 'all', of: 'gateway', usd: 50, per: 'month' },
      { name: 'small', of: 'key', tokens: 10_000, requests: 2, per: 'day' },
      { name: 'blue-only', of: 'team', ids: ['blue', 'b-*'], usd: 5, per: 'hour' },
    ],
  })
  const { ledger } = await opened(join(cwd, 'data'))
  const paid = { ...ANSWERED, cost: cost(1_500_000_000), ttftMs: 250 }
  const now = Date.now()
  ledger.onCompleted(finished({ key: 'ci', attempts: [paid], endedAt: now - 2 * HOUR }))
  ledger.onCompleted(finished({ key: 'ci', attempts: [paid], endedAt: now }))
  ledger.onCompleted(finished({ key: 'ci', attempts: [], success: false, endedAt: now }))
  await ledger.close()
  const shown = await run([], cwd)
  t.strictSame([shown.code, shown.err], [0, ''])
  const lines = shown.out.split('\n')
  t.ok(lines.length <= 24 && lines.every((line) => line.length <= 80))
  t.match(lines[0], /^since 20\d\d-\d\d-\d\d \d\d:\d\d UTC, from the ledger in data$/)
  t.match(shown.out, /^ {2}useful answers +1 {3}of 2 requests, 50 %$/m)
  t.match(shown.out, /^ {2}cost +\$1\.50 {3}\$1\.50 per useful answer$/m)
  t.match(shown.out, /^ {2}tokens +18 {3}18 per useful answer$/m)
  t.match(shown.out, /^ {2}first token +25\d ms {3}median of 1 stream; p95 25\d ms$/m)
  // Windows begin with the calendar: two hours ago may be yesterday.
  t.match(shown.out, /^all +gateway +\$(3\.00|1\.50) +\$50\.00 +[36] % +month, in \d+[dhms]$/m)
  t.match(shown.out, /^small +key ci +[12] +2 requests +(50|100) % +day, in \d+[hms]$/m)
  t.match(shown.out, /^blue-only +team blue, b-\* +\$0\.00 +\$5\.00 +0 % +hour, in \d+[ms]$/m)
  const told = json(await run(['--since', '3h', '--json'], cwd))
  t.match(told, { source: 'ledger', requests: 3, successes: 2, cost_usd: 3, success_ratio: 0.6667 })
  t.match(told['budgets'], [{ budget: 'all', of: 'gateway', per: 'month', limit: { usd: 50 } }])
  t.notMatch(told['budgets'], [{ in_flight: 0 }], 'what is under way is not known')
  t.notMatch((await run(['--folder', 'data'], cwd)).out, /^budget/m)
})

t.test(
  'while the gateway runs the ledger says what it counts: budgets that were reset, and what is in no file yet',
  async (t) => {
    const budgets = [{ name: 'all', of: 'gateway', usd: 50, per: 'month' }]
    const cwd = await configured(t, { store: { ledger: './data' }, budgets })
    const { gateway } = await rig(t, {
      upstreams: { up: {} },
      config: {
        models: { tiny: { price: { input_per_mtok_usd: 1000, output_per_mtok_usd: 1000 } } },
        admin: { port: 0, token: hashed('admin-secret') },
        store: { ledger: join(cwd, 'data') },
        budgets,
      },
    })
    const send = async (): Promise<void> => {
      await (
        await rawPost(gateway.url, CHAT_PATH, chat())
      ).complete
    }
    const admin = async (method: string, path: string): Promise<Readonly<Record<string, unknown>>> => {
      const headers = { authorization: 'Bearer admin-secret' }
      const answer = await fetch(`${gateway.adminUrl}${path}`, { method, headers })
      return (await answer.json()) as Readonly<Record<string, unknown>>
    }
    await send()
    await admin('POST', '/admin/budgets/all/reset')
    for (let i = 0; i < 3; i++) await send()
    // Rows are written twice a second, counts once.
    await eventually(10_000, 'the same in the ledger and in the gateway', async () => {
      const { last_hour, budgets: states } = await admin('GET', '/admin/stats')
      const shown = await run(['--json'], cwd)
      // Before the first row is written there is no folder.
      if (shown.code !== 0) return false
      const told = json(shown)
      const [[own], [read]] = [states, told['budgets']] as [[SpentBudget], [SpentBudget]]
      return (
        (last_hour as { requests: number }).requests === 4 &&
        Object.entries(last_hour as object).every(([name, value]) => told[name] === value || name.startsWith('ttft')) &&
        own.used.requests === 3 &&
        JSON.stringify(read.used) === JSON.stringify(own.used) &&
        read.resets_at === own.resets_at
      )
    })
  },
)

t.test('where no ledger is configured the last hour comes from the running gateway', async (t) => {
  const { gateway } = await rig(t, { upstreams: { up: {} }, config: {} })
  await (
    await rawPost(gateway.url, CHAT_PATH, chat())
  ).complete
  const port = String(gateway.port)
  const cwd = await configured(t, {})
  const shown = await run(['--since', '7d'], cwd, { TURNOUT_PORT: port })
  t.equal(shown.code, 0)
  t.match(
    shown.out,
    new RegExp(`^the last hour, from the gateway at http://127\\.0\\.0\\.1:${port}\n\n  useful answers +1 `),
  )
  t.equal(
    shown.err,
    'turnout stats: no configuration names a folder in `store.ledger`, so this is the last hour of the running gateway, whatever --since says\n',
  )
  const told = json(await run(['--json'], t.testdir({}), { TURNOUT_PORT: port }))
  t.match(told, { source: 'gateway', requests: 1, successes: 1, budgets: null })
})

t.test('a gateway that asks for keys tells no numbers without the token of the admin API', async (t) => {
  const { gateway } = await rig(t, {
    upstreams: { up: {} },
    config: {
      keys: [{ id: 'ci', hash: hashed('caller') }],
      admin: { port: 0, token: hashed('admin-secret') },
      budgets: [{ name: 'all', of: 'gateway', usd: 50, per: 'month' }],
    },
  })
  const front = await fetch(gateway.url)
  t.strictSame(Object.keys((await front.json()) as object), ['name', 'status', 'version'])
  const cwd = await configured(t, {
    server: { port: gateway.port },
    admin: { port: Number(new URL(gateway.adminUrl!).port), token: hashed('admin-secret') },
  })
  t.match(await run([], cwd), { code: 1, out: '', err: /asks for keys, .* set TURNOUT_ADMIN_TOKEN\n$/ })
  t.match(await run([], cwd, { TURNOUT_ADMIN_TOKEN: 'wrong' }), { code: 1, out: '', err: /not the token/ })
  const told = json(await run(['--json'], cwd, { TURNOUT_ADMIN_TOKEN: 'admin-secret' }))
  t.match(told, { source: 'gateway', requests: 0, budgets: [] })
})

t.test('nobody to ask, nothing to read, wrong usage: each in words', async (t) => {
  const cwd = await configured(t, { store: { ledger: './later' } })
  t.match(await run([], cwd), { code: 1, out: '', err: /later: does not exist: no request has ended/ })
  t.match(await run(['--folder', 'typo'], cwd), {
    code: 1,
    out: '',
    err: /typo: no such folder; --folder takes that of `store.ledger`$/m,
  })
  t.match(await run([], t.testdir({}), { TURNOUT_PORT: '1' }), {
    code: 1,
    out: '',
    err: /no configuration names a folder in `store.ledger`, and no gateway answers at http:\/\/127\.0\.0\.1:1 \(/,
  })
  for (const [args, err] of [
    [['--since', 'today'], /--since: "today" is not a time; write it like 90m/],
    [['--since', '2999-01-01'], /--since is in the future/],
    [['--config', 'a', '--folder', 'b'], /exclude each other/],
    [['--what'], /there is no flag --what /],
    [['more'], /"more" is one word too many /],
  ] as const)
    t.match(await run(args, cwd), { code: 2, out: '', err })
})

t.test('many budgets: those nearest to their limit, in 80 columns', async (t) => {
  const budgets = Array.from({ length: 300 }, (_, at): SpentBudget => ({
    budget: 'by-session-with-a-long-name',
    of: 'session',
    id: `anonymous/0b9e3f6c-1111-4222-8333-${at}`,
    per: 'day',
    resets_at: new Date(90 * 60_000).toISOString(),
    limit: { usd: null, tokens: 100_000_000, requests: null, parallel: 4 },
    used: { usd: 0, tokens: at * 1_000_000, requests: 1 },
  }))
  const lines = budgetTable(budgets, 0).split('\n')
  t.equal(lines.length, 15)
  t.ok(lines.every((line) => line.length <= 80))
  t.match(lines[1], /299M +100M tokens +299 % +day, in 1h$/)
  t.equal(lines[13], 'and 288 more, less spent; --json has them all')
  t.equal(budgetTable([], 0), 'no budgets\n')
})
