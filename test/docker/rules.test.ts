/** The rules that ship with the project, by promtool: what they record, when they fire, and when not. */
import { spawnSync } from 'node:child_process'
import { copyFileSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { missing } from '../support/engines.ts'

const ROOT = resolve(import.meta.dirname, '../../..')
const RULES = join(ROOT, 'docker/prometheus/rules')
const TESTS = join(ROOT, 'test/docker/rules')

interface Group {
  readonly rules: readonly { readonly record?: string; readonly alert?: string }[]
}

const rules = (file: string): Group['rules'] =>
  (parse(readFileSync(join(RULES, file), 'utf8')) as { groups: readonly Group[] }).groups.flatMap(
    (group) => group.rules,
  )

const skip = missing('prometheus')

t.test('the rules pass the tests of promtool', { skip }, async (t) => {
  const folder = t.testdir({})
  for (const [from, files] of [
    [RULES, readdirSync(RULES)],
    [TESTS, readdirSync(TESTS)],
  ] as const)
    for (const file of files) copyFileSync(join(from, file), join(folder, file))
  for (const file of readdirSync(TESTS)) {
    const { status, stdout, stderr } = spawnSync('promtool', ['test', 'rules', file], { cwd: folder, encoding: 'utf8' })
    t.equal(status, 0, `${file}: ${stdout}${stderr}`)
  }
})

t.test('every rule is tested, and every alert has its line of what to do', async (t) => {
  const tests = readdirSync(TESTS)
    .map((file) => readFileSync(join(TESTS, file), 'utf8'))
    .join('\n')
  const runbook = readFileSync(join(ROOT, 'docker/README.md'), 'utf8')
  const tested = (name: string): boolean => new RegExp(`${name}(?![\\w:])`).test(tests)
  // These are read by the tested ones.
  const inner = ['turnout:tokens', 'turnout:successes', 'turnout:cost_ratio_low', 'turnout:cost_ratio_high']
  const records = rules('recording.yml').flatMap(({ record }) => record ?? [])
  t.strictSame(
    records
      .filter((name) => !tested(name) && !inner.includes(name.replace(/:1h$/, '')))
      .filter((name) => !/bias:1h|p50/.test(name)),
    [],
  )
  for (const { alert = '' } of rules('alerts.yml')) {
    t.ok(tested(alert), `${alert} is tested`)
    t.ok(runbook.includes(`\`${alert}\``), `${alert} is in docker/README.md`)
  }
})

t.test('the names that the project promises', async (t) => {
  const records = new Set(rules('recording.yml').map(({ record }) => record))
  for (const name of [
    'tokens_per_success',
    'cost_per_success_usd',
    'waste_ratio',
    'reasoning_share',
    'cached_share',
    'savings_usd',
  ])
    t.ok(records.has(`turnout:${name}`), name)
})

t.test('the configuration of Prometheus takes them', { skip }, async (t) => {
  const file = join(ROOT, 'docker/prometheus/prometheus.yml')
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'config', file], { encoding: 'utf8' })
  t.equal(status, 0, `${stdout}${stderr}`)
  t.match(stdout, /23 rules found/)
})
