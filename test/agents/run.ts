/**
 * `npm run test:agents`: real agents do real work through a real gateway in front of a scripted model. Each alone first, then all at once
 * with several sessions each, under one key with a budget, while backends fail now and then. At the end the ledger is held against what
 * the model answered. The agents are large, so they are no part of `npm test`: TURNOUT_TEST_AGENTS is the folder that they are installed in.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { table } from '../../src/cli/table.ts'
import type { LedgerRow } from '../../src/ledger/row.ts'
import { run as turnout } from '../cli/turnout.ts'
import { eventually } from '../support/await.ts'
import { startFaultUpstream } from '../support/fault-upstream.ts'
import { hashed } from '../support/gateway.ts'
import { startGatewayProcess } from '../support/gateway-process.ts'
import { REAL_AGENTS, type RealAgent } from './agents.ts'
import { booksOf } from './books.ts'
import { type Outcome, runAgent } from './run-agent.ts'
import { FAULTS, MODEL, type Script, scriptedModel, type Took } from './scripted-model.ts'

const USAGE = `usage: npm run test:agents -- [--sessions N] [--only claude-code,codex] [--model NAME] [--fail-every N]
       [--faults ${Object.keys(FAULTS).join(',')}] [--install] [--keep]
TURNOUT_TEST_AGENTS names the folder that the agents are installed in; --install installs what is missing there`

const { values } = parseArgs({
  options: {
    sessions: { type: 'string', default: '3' },
    only: { type: 'string' },
    model: { type: 'string' },
    'fail-every': { type: 'string', default: '7' },
    faults: { type: 'string', default: Object.keys(FAULTS).join(',') },
    install: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
  },
})

const ways = values.faults.split(',').filter((name) => Object.hasOwn(FAULTS, name))
const KEY = 'key-of-the-agents'
const ADMIN = 'admin-of-the-agents'
const LIMIT_MS = 180_000
/** Without a choice: the four that the project promises. */
const PROMISED = ['claude-code', 'codex', 'opencode', 'qwen-code']

const folder = process.env['TURNOUT_TEST_AGENTS']
const asked = values.only?.split(',') ?? PROMISED
const agents = REAL_AGENTS.filter(({ id }) => asked.includes(id))
if (folder === undefined || agents.length < asked.length) {
  console.error(USAGE)
  process.exit(2)
}
const bin = join(resolve(folder), 'node_modules/.bin')
const missing = agents.filter(({ command }) => !existsSync(join(bin, command)))
if (missing.length > 0 && values.install) install(missing)
else if (missing.length > 0) {
  console.error(`${folder} lacks ${missing.map(({ id }) => id).join(', ')}\n${USAGE}`)
  process.exit(2)
}

function install(packages: readonly RealAgent[]): void {
  mkdirSync(resolve(folder!), { recursive: true })
  const manifest = join(resolve(folder!), 'package.json')
  if (!existsSync(manifest)) writeFileSync(manifest, '{"private":true}')
  const args = ['install', '--no-audit', '--no-fund', ...packages.map((one) => one.package)]
  spawnSync('npm', args, { cwd: resolve(folder!), stdio: 'inherit' })
}

const versionOf = ({ command }: RealAgent): string => {
  const { stdout } = spawnSync(join(bin, command), ['--version'], {
    encoding: 'utf8',
    env: { PATH: `${bin}:${dirname(process.execPath)}:/usr/bin:/bin`, HOME: root },
  })
  return /\d+\.\d+\.\d+\S*/.exec(stdout)?.[0] ?? '?'
}

const root = await mkdtemp(join(tmpdir(), 'turnout-agents-'))
const agentOf = new Map<string, RealAgent>()
const mayCut = (mark: string): boolean => agentOf.get(mark)?.asksAgain ?? false
const pair = (every: number): Script[] => [0, 1].map(() => scriptedModel({ every, ways, mayCut }))
const scripts = pair(0)
const upstreams = await Promise.all(scripts.map(({ rule }) => startFaultUpstream({ models: [MODEL], rule })))
const gateway = await startGatewayProcess({
  backends: upstreams.map(({ url }, at) => ({ name: `engine-${at}`, kind: 'openai-compatible', url, models: [MODEL] })),
  routes: [
    { name: 'claude', match: { model: ['claude-*'] }, candidates: ['*'] },
    { name: 'codex', match: { model: ['gpt-*'] }, candidates: ['*'] },
    { name: 'gemini', match: { model: ['gemini-*'] }, candidates: ['*'] },
    { name: 'default', candidates: ['*'] },
  ],
  keys: [{ id: 'agents', hash: hashed(KEY) }],
  budgets: [{ name: 'all-agents', of: 'key', per: 'day', tokens: 1_000_000_000 }],
  store: { ledger: join(root, 'ledger') },
  admin: { port: 0, token: hashed(ADMIN) },
  server: { drain: '5s' },
})

const where = { bin, root, key: KEY, limitMs: LIMIT_MS }
const aim = { url: gateway.url, keyed: true, model: values.model ?? null }
const outcomes: Outcome[] = []
let failed = false

async function work(agent: RealAgent, mark: string): Promise<void> {
  agentOf.set(mark, agent)
  const outcome = await runAgent(agent, mark, aim, where)
  outcomes.push(outcome)
  if (outcome.code === 0 && outcome.file && outcome.done) return
  failed = true
  console.log(
    `\n${mark}: exit code ${outcome.code}, file ${outcome.file}, done ${outcome.done}\n${outcome.said.slice(-3_000)}\n`,
  )
}

for (const agent of agents) await work(agent, `${agent.id}-alone`)
const failing = pair(Number(values['fail-every']))
for (const [at, upstream] of upstreams.entries()) upstream.set({ models: [MODEL], rule: failing[at]!.rule })
const sessions = Array.from({ length: Number(values.sessions) }, (_, at) => at + 1)
await Promise.all(agents.flatMap((agent) => sessions.map((at) => work(agent, `${agent.id}-${at}`))))

const budgets = await budgetUsed()
gateway.signal('SIGTERM')
await gateway.exited
const { out } = await turnout(['ledger', '--folder', join(root, 'ledger')], { cwd: root })
const rows = out.split('\n').filter(Boolean).map((line) => JSON.parse(line) as LedgerRow) // prettier-ignore
const took = new Map<string, Took>([...scripts, ...failing].flatMap((script) => [...script.took]))
const books = booksOf(rows, took, agentOf)
report()
await Promise.all(upstreams.map((upstream) => upstream.close()))
if (values.keep) console.log(`kept: ${root}`)
else await rm(root, { recursive: true, force: true })
process.exitCode = failed || books.wrong.length > 0 ? 1 : 0

/** Tokens that count against the budget, once nothing is in flight. */
async function budgetUsed(): Promise<number> {
  await eventually(
    10_000,
    'nothing is in flight',
    async () => (await gateway.metric('turnout_inflight_requests')) === 0,
  )
  const headers = { authorization: `Bearer ${ADMIN}` }
  const answer = await fetch(`${gateway.adminUrl}/admin/budgets`, { headers })
  const { budgets } = (await answer.json()) as { budgets: readonly { used: { tokens: number } }[] }
  return budgets.reduce((sum, { used }) => sum + used.tokens, 0)
}

function report(): void {
  const lines = agents.map((agent) => {
    const own = outcomes.filter((outcome) => outcome.agent === agent.id)
    const good = own.filter(({ code, file, done }) => code === 0 && file && done)
    const seconds = own.map(({ ms }) => ms / 1000)
    return [
      agent.id,
      versionOf(agent),
      `${good.length}/${own.length}`,
      `${Math.min(...seconds).toFixed(1)}-${Math.max(...seconds).toFixed(1)}`,
    ]
  })
  console.log(`\n${table(['agent', 'version', 'done', 'seconds'], lines)}`)
  const sums = books.sums.map(({ agent, requests, sessions, input, output, wasted }) =>
    [agent, requests, sessions, input, output, wasted].map(String),
  )
  console.log(table(['counted as', 'requests', 'sessions', 'input', 'output', 'wasted'], sums))
  const faults = failing.reduce((sum, script) => sum + script.faults, 0)
  const booked = books.sums.reduce((sum, { input, output }) => sum + input + output, 0)
  console.log(`${faults} calls failed on purpose; the ledger has ${booked} tokens, the budget ${budgets}`)
  if (booked !== budgets) failed = true
  for (const line of books.wrong.slice(0, 20)) console.log(`wrong: ${line}`)
  console.log(
    books.wrong.length === 0
      ? 'the ledger says what the model answered, to the token'
      : `${books.wrong.length} things do not add up`,
  )
}
