import { join } from 'node:path'
import t, { type Test } from 'tap'
import { nanoUsdOf } from '../../src/core/money.ts'
import { TOKEN_NAMES } from '../../src/core/tokens.ts'
import { GROUP_FIELDS, type GroupField } from '../../src/ledger/groups.ts'
import type { LedgerRow } from '../../src/ledger/row.ts'
import { ANSWERED, anyFinished, finished } from '../ledger/finished.ts'
import { opened, rowsIn } from '../ledger/opened.ts'
import { pick, seeded } from '../support/random.ts'
import { type Ran, runHere } from './turnout.ts'

const HOUR = 3_600_000

const run = (cwd: string, ...args: string[]): Promise<Ran> => runHere(['ledger', '--folder', 'data', ...args], { cwd })

/** Requests of every kind of the last three days. */
async function filled(t: Test, count: number): Promise<string> {
  const cwd = t.testdir({})
  const { ledger } = await opened(join(cwd, 'data'))
  const random = seeded(11)
  const now = Date.now()
  for (let at = 0; at < count; at++)
    ledger.onCompleted({
      ...anyFinished(random, `r-${at}`, now - Math.floor((1 - at / count) * 72 * HOUR)),
      model: pick(random, ['tiny', 'big', 'meta-llama/Llama-3.3-70B-Instruct-with-a-long-name', null]),
      backend: pick(random, ['gpu-a', 'openai']),
      key: pick(random, ['ci', 'team-a']),
      team: pick(random, ['blue', null]),
      session: pick(random, ['=1+1', 'b "quoted"', null]),
      stream: random() < 0.5,
    })
  await ledger.close()
  return cwd
}

type Line = Readonly<Record<string, unknown>> & {
  readonly requests: number
  readonly successes: number
  readonly tokens: Readonly<Record<string, number>>
  readonly cost_usd: number
  readonly unpriced_requests: number
  readonly waste_tokens: number
}

const linesOf = ({ out }: Ran): Line[] =>
  out
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Line)

/** The plain sum over rows, written without the code that is tested. */
function summed(rows: readonly LedgerRow[]): Omit<Line, 'tokens'> & { readonly tokens: Line['tokens'] } {
  const sum = (of: (row: LedgerRow) => number): number => rows.reduce((all, row) => all + of(row), 0)
  return {
    requests: rows.length,
    successes: sum(({ success }) => Number(success)),
    tokens: Object.fromEntries(TOKEN_NAMES.map((name) => [name, sum(({ tokens }) => tokens?.[name] ?? 0)])),
    cost_usd: sum(({ cost_usd }) => nanoUsdOf(cost_usd ?? 0)) / 1e9,
    unpriced_requests: sum(({ cost_partial }) => Number(cost_partial)),
    waste_tokens: sum(({ waste }) => waste?.tokens ?? 0),
  }
}

t.test('for any fields the sums are those over the rows of each group, and no row is left out', async (t) => {
  const cwd = await filled(t, 600)
  const rows = await rowsIn(join(cwd, 'data'), { kind: 'request' })
  const attempts = await rowsIn(join(cwd, 'data'), { kind: 'attempt' })
  const names = Object.keys(GROUP_FIELDS) as GroupField[]
  const random = seeded(5)
  const choices = [...names.map((name) => [name]), ...names.map((name) => [...new Set([name, pick(random, names)])])]
  for (const fields of choices)
    for (const [kind, all] of [
      ['request', rows],
      ['attempt', attempts],
    ] as const) {
      const ran = await run(cwd, '--sum', fields.join(','), '--format', 'jsonl', '--kind', kind)
      t.strictSame([ran.code, ran.err], [0, ''])
      const lines = linesOf(ran)
      t.equal(
        lines.reduce((sum, { requests }) => sum + requests, 0),
        all.length,
        fields.join(),
      )
      for (const { waste_by_reason, ...line } of lines) {
        const own = all.filter((row) => fields.every((name) => GROUP_FIELDS[name](row) === line[name]))
        const named = Object.fromEntries(fields.map((name) => [name, line[name]]))
        t.strictSame(line, { ...named, ...summed(own) }, fields.join())
        t.equal(
          Object.values(waste_by_reason as Record<string, number>).reduce((sum, one) => sum + one, 0),
          line.waste_tokens,
        )
      }
    }
})

t.test('the same by CSV, which names columns and defuses what callers chose', async (t) => {
  const cwd = await filled(t, 200)
  const lines = linesOf(await run(cwd, '--sum', 'session,day', '--format', 'jsonl'))
  const [head, ...rest] = (await run(cwd, '--sum', 'session,day', '--format', 'csv')).out.split('\r\n').slice(0, -1)
  t.equal(
    head,
    `session,day,requests,successes,${['input', 'cached_input', 'cache_write', 'cache_write_1h', 'audio_input', 'image_input', 'output', 'reasoning', 'audio_output'].map((name) => `tokens_${name}`).join(',')},cost_usd,unpriced_requests,waste_tokens`,
  )
  t.equal(rest.length, lines.length)
  for (const [at, { session, day, requests, successes, waste_tokens }] of lines.entries()) {
    const cell = session === '=1+1' ? "'=1+1" : session === null ? '' : '"b ""quoted"""'
    t.ok(rest[at]!.startsWith(`${cell},${String(day)},${requests},${successes},`), rest[at] ?? '')
    t.ok(rest[at]!.endsWith(`,${waste_tokens}`))
  }
})

t.test('a table for people: 80 columns, in order, with the sum of all', async (t) => {
  const cwd = await filled(t, 300)
  for (const fields of ['model', 'model,day', 'day', 'model,backend,session', 'key,team', 'hour,endpoint,model,key']) {
    const { code, out } = await run(cwd, '--sum', fields)
    t.equal(code, 0)
    const lines = out.split('\n').slice(0, -1)
    t.strictSame(lines.filter((line) => line.length > 80), [], fields) // prettier-ignore
    t.match(lines.at(-2), /^all +/)
    t.equal(lines.at(-1), '+ without requests of unknown price')
  }
  const { out } = await run(cwd, '--sum', 'team')
  t.match(
    out,
    /^team +useful +input +cached +output +reasoning +cost +waste\nblue +\d+\/\d+ .*\n- +\d+\/\d+ .*\nall +\d+\/300 /,
  )
  t.equal((await run(cwd, '--sum', 'team', '--since', '2098-01-01')).out, 'no rows\n')
})

t.test('filters and times hold for sums as well', async (t) => {
  const cwd = t.testdir({})
  const { ledger } = await opened(join(cwd, 'data'))
  for (const [key, route, hours] of [
    ['ci', 'a', 30],
    ['ci', 'b', 0],
    ['x', 'a', 0],
  ] as const)
    // prettier-ignore
    ledger.onCompleted(finished({ key, route, attempts: [ANSWERED], endedAt: Date.now() - hours * HOUR }))
  await ledger.close()
  const counts = async (...args: string[]): Promise<unknown[]> =>
    linesOf(await run(cwd, '--sum', 'key', '--format', 'jsonl', ...args)).map(({ key, requests }) => [key, requests])
  t.strictSame(await counts(), [['ci', 2], ['x', 1]]) // prettier-ignore
  t.strictSame(await counts('--since', '1h'), [['ci', 1], ['x', 1]]) // prettier-ignore
  t.strictSame(await counts('--route', 'a', '--key', 'ci'), [['ci', 1]])
})

t.test('a field that is not there is told with the one that was meant', async (t) => {
  const cwd = await filled(t, 1)
  for (const [args, err] of [
    [['--sum', 'modle'], /--sum: there is no field "modle"; did you mean "model"\?/],
    [['--sum', 'model,colour'], /--sum: there is no field "colour"; there are route, backend/],
    [['--sum', ''], /--sum: there is no field ""/],
    [['--sum', 'day,day'], /--sum: a field is named twice/],
    [['--sum', 'day', '--decisions'], /--decisions: nothing can be added up/],
    [['--format', 'table'], /--format table: .*; add\s+--sum/],
  ] as const)
    t.match(await run(cwd, ...args), { code: 2, out: '', err })
})
