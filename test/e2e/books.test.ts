/**
 * The whole of the accounting at work: mixed agents on several routes, then what the ledger, the metrics, a real Prometheus
 * with the shipped rules and the sessions say of it, against what the backends say that they told.
 */
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import OpenAI from 'openai'
import t from 'tap'
import { run } from '../cli/turnout.ts'
import { withoutVariables } from '../docker/promql.ts'
import { eventually } from '../support/await.ts'
import { chatStream, CHAT_PATH } from '../support/chat.ts'
import { missing } from '../support/engines.ts'
import { failing, type Plan } from '../support/fault-plan.ts'
import type { RecordedRequest } from '../support/fault-record.ts'
import { startFaultUpstream } from '../support/fault-upstream.ts'
import { hashed } from '../support/gateway.ts'
import { startGatewayProcess } from '../support/gateway-process.ts'
import { query, startPrometheus } from '../support/prometheus.ts'
import { RawClient } from '../support/raw-client.ts'

const ROOT = resolve(import.meta.dirname, '../../..')
const TOKEN = 'admin-secret'
/** There is no Redis here, no engine that tells its load or is started, no limit of a backend, none rests, nobody objects to an answer, and too few conversations for an interval. */
const ELSEWHERE =
  /turnout_(limits_store_up|hints_total|savings_\w+|backend_(running|waiting|kv_usage_ratio|state_until_timestamp_seconds|queue_length|queue_refused_total|key_rests_total)|queue_seconds_bucket|engine_(starts_total|stops_total|swaps_total|start_seconds_bucket|running|waiting))\{/

/** What a backend says of one answer: in the event of its usage, or in its body. */
const answer = (
  stream: boolean,
  [input, output, cached, reasoning]: readonly [number, number, number, number],
  finish: string,
): Plan => {
  const usage = {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    prompt_tokens_details: { cached_tokens: cached },
    completion_tokens_details: { reasoning_tokens: reasoning },
  }
  const head = { id: 'c-1', created: 1, model: 'm' }
  if (!stream)
    return {
      body: {
        ...head,
        object: 'chat.completion',
        choices: [{ index: 0, message: { role: 'assistant', content: 'Done.' }, finish_reason: finish }],
        usage,
      },
    }
  return {
    events: [
      JSON.stringify({
        ...head,
        object: 'chat.completion.chunk',
        choices: [{ index: 0, delta: { role: 'assistant', content: 'Done.' }, finish_reason: null }],
      }),
      JSON.stringify({
        ...head,
        object: 'chat.completion.chunk',
        choices: [{ index: 0, delta: {}, finish_reason: finish }],
      }),
      JSON.stringify({ ...head, object: 'chat.completion.chunk', choices: [], usage }),
    ],
  }
}

interface Row {
  readonly kind: string
  readonly route: string
  readonly key: string
  readonly success: boolean
  readonly tokens: { input: number; cached_input: number; output: number; reasoning: number } | null
  readonly tokens_estimated: boolean
  readonly cost_usd: number | null
  readonly waste: { reason: string; tokens: number } | null
}

const nano = (usd: number | null): number => Math.round((usd ?? 0) * 1e9)

t.test('an operator sees what useful answers cost, and caps a team', { skip: missing('prometheus') }, async (t) => {
  const told = { input: 0, cached: 0, output: 0, reasoning: 0, answers: 0 }
  let turn = 0
  let failNext = true
  const rule = ({ json }: RecordedRequest): Plan | undefined => {
    const said = JSON.stringify(json)
    if (said.includes('river')) return { stallAfter: 2 }
    if (/Step (600|1000):/.test(said) && failNext) {
      failNext = false
      return failing(500)
    }
    turn++
    const finish = turn % 9 === 0 ? 'length' : 'stop'
    const plan = [100 + turn, 20 + (turn % 7), turn % 3 === 0 ? 50 : 0, turn % 4 === 0 ? 10 : 0] as const
    told.input += plan[0]
    told.output += plan[1]
    told.cached += plan[2]
    told.reasoning += plan[3]
    told.answers++
    return answer(json?.['stream'] === true, plan, finish)
  }
  const [cheap, dear] = await Promise.all(
    ['small', 'large'].map((model) => startFaultUpstream({ models: [model], rule })),
  )
  for (const upstream of [cheap!, dear!]) t.teardown(() => upstream.close())
  const folder = t.testdir({})
  const gateway = await startGatewayProcess({
    backends: [
      { name: 'cheap', kind: 'openai-compatible', url: cheap!.url, models: ['small'] },
      { name: 'dear', kind: 'openai-compatible', url: dear!.url, models: ['large'] },
    ],
    models: {
      small: {
        price: { input_per_mtok_usd: 10, cached_input_per_mtok_usd: 1, output_per_mtok_usd: 40 },
        quality: { default: 0.7 },
      },
      large: { price: { input_per_mtok_usd: 100, output_per_mtok_usd: 400 }, quality: { default: 0.8 } },
    },
    routes: [
      { name: 'code', candidates: ['*'], strategy: 'cheap', baseline: 'dear/large', control: '50%' },
      { name: 'docs', candidates: ['dear/*'], explore: false },
    ],
    keys: [
      { id: 'red-1', hash: hashed('sk-red'), team: 'red' },
      { id: 'blue-1', hash: hashed('sk-blue'), team: 'blue' },
    ],
    budgets: [{ name: 'teams-daily', of: 'team', ids: ['blue'], usd: 0.25, per: 'day' }],
    store: { ledger: join(folder, 'ledger') },
    admin: { port: 0, token: hashed(TOKEN) },
    limits: { attempts: 2 },
  })
  t.teardown(() => gateway.close())
  const agents = ['claude-cli/2.1.0', 'codex_cli_rs/0.46.0', 'opencode/1.0']
  const client = (key: string, agent: string, session: string): OpenAI =>
    new OpenAI({
      baseURL: `${gateway.url}/v1`,
      apiKey: key,
      maxRetries: 0,
      defaultHeaders: { 'user-agent': agent, 'x-turnout-session': session },
    })
  let refused = 0
  const ask = async (index: number): Promise<void> => {
    const key = index % 5 === 4 ? 'sk-blue' : 'sk-red'
    const one = client(key, agents[index % 3]!, `task-${index % 6}`)
    const body = {
      model: index % 2 === 0 ? 'code' : 'docs',
      max_tokens: 40,
      messages: [{ role: 'user' as const, content: `Step ${index}: mend the parser.` }],
    }
    try {
      if (index % 3 === 0) await one.chat.completions.create(body)
      else for await (const chunk of await one.chat.completions.create({ ...body, stream: true })) t.ok(chunk.id)
    } catch (thrown) {
      if (!(thrown instanceof OpenAI.RateLimitError) || thrown.code !== 'budget_exceeded') throw thrown
      refused++
    }
  }
  for (let round = 0; round < 30; round++) await Promise.all(Array.from({ length: 4 }, (_, at) => ask(4 * round + at)))
  // One that fails first at its backend, one that the caller leaves.
  await ask(600)
  const leaver = await RawClient.open(gateway.url)
  const leaving = await leaver.send(CHAT_PATH, {
    headers: { authorization: 'Bearer sk-red' },
    body: chatStream({ model: 'cheap/small' }),
  })
  await leaving.next()
  leaver.destroy()
  t.equal(await gateway.settled('turnout_requests_total', { status: '499' }, 1), 1)

  const cli = async (...args: string[]): Promise<string> => {
    const { code, out, err } = await run(args, { cwd: folder, env: { TURNOUT_ADMIN_TOKEN: TOKEN } })
    t.equal(code, 0, err)
    return out
  }
  let rows: Row[] = []
  const text = async (): Promise<string> =>
    await cli('ledger', '--folder', join(folder, 'ledger'), '--since', '1h', '--format', 'jsonl')
  await eventually(5_000, 'all rows are on the disk', async () => {
    rows = (await text())
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Row)
    return rows.filter(({ kind }) => kind === 'request').length === 122
  })
  const requests = rows.filter(({ kind }) => kind === 'request')
  const attempts = rows.filter(({ kind }) => kind === 'attempt')
  const sum = (list: readonly Row[], of: (row: Row) => number): number => list.reduce((so, row) => so + of(row), 0)

  await t.test('the ledger is what the backends told', async (t) => {
    const whole = attempts.filter(({ tokens, tokens_estimated }) => tokens !== null && !tokens_estimated)
    t.equal(whole.length, told.answers)
    t.equal(
      sum(whole, ({ tokens }) => tokens!.input),
      told.input,
    )
    t.equal(
      sum(whole, ({ tokens }) => tokens!.cached_input),
      told.cached,
    )
    t.equal(
      sum(whole, ({ tokens }) => tokens!.output),
      told.output,
    )
    t.equal(
      sum(whole, ({ tokens }) => tokens!.reasoning),
      told.reasoning,
    )
    t.equal(
      sum(requests, ({ cost_usd }) => nano(cost_usd)),
      sum(attempts, ({ cost_usd }) => nano(cost_usd)),
    )
    for (const kind of ['input', 'output'] as const)
      t.equal(
        sum(requests, ({ tokens }) => tokens?.[kind] ?? 0),
        sum(attempts, ({ tokens }) => tokens?.[kind] ?? 0),
        kind,
      )
  })

  await t.test('and the metrics are the ledger', async (t) => {
    for (const kind of ['input', 'cached_input', 'output', 'reasoning'] as const)
      t.equal(
        await gateway.metric('turnout_tokens_total', { kind }),
        sum(attempts, ({ tokens }) => tokens?.[kind] ?? 0),
        kind,
      )
    t.equal(
      nano(await gateway.metric('turnout_cost_usd_total')),
      sum(attempts, ({ cost_usd }) => nano(cost_usd)),
    )
    t.equal(
      await gateway.metric('turnout_wasted_tokens_total'),
      sum(attempts, ({ waste }) => waste?.tokens ?? 0),
    )
    t.equal(await gateway.metric('turnout_successes_total'), requests.filter(({ success }) => success).length)
  })

  await t.test('a team is capped', async (t) => {
    const blue =
      sum(
        requests.filter(({ key }) => key === 'blue-1'),
        ({ cost_usd }) => nano(cost_usd),
      ) / 1e9
    t.ok(refused > 0, `${refused} refused`)
    t.ok(blue >= 0.25 && blue < 0.25 + 0.08, `${blue} USD of 0.25`)
  })

  const { url: prometheus } = await startPrometheus(t, `127.0.0.1:${gateway.port}`, true)
  const one = async (expression: string): Promise<number> => Number((await query(prometheus, expression))[0]?.value[1])

  await t.test('the five headline queries are exact', async (t) => {
    await eventually(
      20_000,
      'the rules have recorded',
      async () =>
        (await one('turnout:savings_usd{route="code"}').catch(() => NaN)) > 0 &&
        (await one('turnout:tokens_per_success{route="code"}').catch(() => NaN)) > 0,
    )
    for (const route of ['code', 'docs']) {
      const own = attempts.filter((row) => row.route === route)
      const tokens = sum(own, (row) => (row.tokens?.input ?? 0) + (row.tokens?.output ?? 0))
      const successes = requests.filter((row) => row.route === route && row.success).length
      t.equal(await one(`turnout:tokens_per_success{route="${route}"}`), tokens / successes, `${route}: tokens`)
      const cost = sum(own, ({ cost_usd }) => nano(cost_usd))
      t.equal(
        Math.round((await one(`turnout:cost_per_success_usd{route="${route}"}`)) * successes * 1e9),
        cost,
        `${route}: cost`,
      )
      t.equal(
        await one(`turnout:waste_ratio{route="${route}"}`),
        sum(own, ({ waste }) => waste?.tokens ?? 0) / tokens,
        `${route}: waste`,
      )
      const output = sum(own, (row) => row.tokens?.output ?? 0)
      t.equal(
        await one(`turnout:reasoning_share{route="${route}"}`),
        sum(own, (row) => row.tokens?.reasoning ?? 0) / output,
        `${route}: reasoning`,
      )
    }
    const saved =
      (await gateway.metric('turnout_baseline_cost_usd_total')) -
      (await gateway.metric('turnout_baseline_compared_cost_usd_total'))
    t.ok(saved > 0)
    t.ok(Math.abs((await one('turnout:savings_usd{route="code"}')) - saved) < 1e-12)
    const [low, high] = [
      await one('turnout:savings_usd_low{route="code"}'),
      await one('turnout:savings_usd_high{route="code"}'),
    ]
    t.ok(low < saved && saved < high, `${low} < ${saved} < ${high}`)
  })

  await t.test('every query of the dashboard has an answer', async (t) => {
    const { panels } = JSON.parse(readFileSync(join(ROOT, 'docker/grafana/dashboards/turnout.json'), 'utf8')) as {
      panels: readonly { title: string; targets?: readonly { expr: string }[] }[]
    }
    const variables = ['job', 'instance', 'route', 'backend', 'model']
    let quiet: string[] = []
    // Traffic goes on while it is looked, or nothing would have a rate.
    await eventually(40_000, 'answers to all queries', async () => {
      failNext = true
      await ask(1000).catch(() => undefined)
      await ask(1001)
      await ask(1004)
      quiet = []
      for (const { title, targets = [] } of panels)
        for (const { expr } of targets)
          if ((await query(prometheus, withoutVariables(expr, variables))).length === 0) quiet.push(`${title}: ${expr}`)
      return quiet.every((one) => ELSEWHERE.test(one))
    }).catch(() => t.strictSame(quiet, []))
  })

  await t.test('sessions and agents have their sums', async (t) => {
    const lines = (await cli('sessions', '--url', gateway.adminUrl ?? '', '--agents', '--sort', 'cost')).split('\n')
    t.match(lines[0], /^agent +sessions/)
    for (const name of ['claude-code', 'codex', 'opencode'])
      t.ok(
        lines.some((line) => line.startsWith(name)),
        name,
      )
  })
})
