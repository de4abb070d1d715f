import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import t from 'tap'
import { isRequired } from '../support/required.ts'
import { parse, stringify } from 'yaml'
import { budget } from '../budgets/rig.ts'
import { missing } from '../support/engines.ts'
import { newMetrics } from '../support/metrics.ts'
import { groupingsOf, legendLabels, selectorsOf, withoutVariables } from './promql.ts'

interface Query {
  readonly panel: string
  readonly expr: string
  readonly legend: string
}

interface Panel {
  readonly id: number
  readonly type: string
  readonly title: string
  readonly datasource?: unknown
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly targets?: readonly { readonly refId: string; readonly expr: string; readonly legendFormat: string }[]
}

interface Dashboard {
  readonly uid: string
  readonly panels: readonly Panel[]
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly type: string; readonly query: unknown }[]
  }
}

const ROOT = resolve(import.meta.dirname, '../../..')
const DASHBOARD = JSON.parse(readFileSync(join(ROOT, 'docker/grafana/dashboards/turnout.json'), 'utf8')) as Dashboard
const QUERIES: readonly Query[] = DASHBOARD.panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr, legendFormat }) => ({ panel: title, expr, legend: legendFormat })),
)
const VARIABLES = DASHBOARD.templating.list.filter(({ type }) => type === 'query')

/** Labels that every scrape adds. */
const SCRAPED = ['job', 'instance']

interface Rule {
  readonly record: string
  readonly expr: string
}

/** What our rules record: its name and the labels that it is grouped by. Those that divide two others have theirs. */
const RULES = (
  parse(readFileSync(join(ROOT, 'docker/prometheus/rules/recording.yml'), 'utf8')) as {
    groups: readonly { readonly rules: readonly Rule[] }[]
  }
).groups.flatMap(({ rules }) => rules)
const labelsOfRule = ({ expr }: Rule): readonly string[] => {
  const own = groupingsOf(expr).filter((label) => !['le', ''].includes(label))
  return own.length > 0 ? [...new Set(own)] : ['job', 'route']
}
const RECORDED = RULES.map((rule) => [rule.record, labelsOfRule(rule)] as const)

/** Series name -> label names, as /metrics exports them: a histogram has three series. */
function exported(): Map<string, readonly string[]> {
  const all = new Map<string, readonly string[]>(RECORDED)
  // A budget, a ledger: what is told only where there is one.
  const spec = budget({ nanoUsd: 1, soft: 0.5 })
  const limits = () => ({ budgets: [], up: true })
  const ledger = () => ({ pendingRows: 0, writtenRows: 0, lostRows: 0, damagedLines: 0, up: true })
  const metrics = newMetrics({ budgets: [spec], limits, ledger }).families
  for (const { name, type, labelNames } of metrics) {
    if (type !== 'histogram') all.set(name, [...SCRAPED, ...labelNames])
    else {
      all.set(`${name}_bucket`, [...SCRAPED, ...labelNames, 'le'])
      all.set(`${name}_sum`, [...SCRAPED, ...labelNames])
      all.set(`${name}_count`, [...SCRAPED, ...labelNames])
    }
  }
  return all
}

const SERIES = exported()

/** What is wrong with a query, in words; nothing where it can have data. */
function faults({ panel, expr, legend }: Query): string[] {
  const selectors = selectorsOf(expr)
  if (selectors.length === 0) return [`${panel}: reads no metric of the gateway`]
  const unknown = selectors
    .filter(({ metric }) => !SERIES.has(metric))
    .map(({ metric }) => `${panel}: there is no ${metric}`)
  if (unknown.length > 0) return unknown
  const common = selectors
    .map(({ metric }) => SERIES.get(metric)!)
    .reduce((a, b) => a.filter((label) => b.includes(label)))
  const wrong = selectors.flatMap(({ metric, labels }) =>
    labels
      .filter((label) => !SERIES.get(metric)!.includes(label))
      .map((label) => `${panel}: ${metric} has no label ${label}`),
  )
  const groups = groupingsOf(expr)
  const lost = legendLabels(legend).filter((label) => groups.length > 0 && !groups.includes(label))
  return [
    ...wrong,
    ...groups.filter((label) => !common.includes(label)).map((label) => `${panel}: cannot be grouped by ${label}`),
    ...lost.map((label) => `${panel}: the legend shows ${label}, which the query drops`),
  ]
}

t.test('a query that can have no data is told by name', async (t) => {
  const fault = (expr: string, legend = ''): string => faults({ panel: 'p', expr, legend }).join()
  t.equal(fault('sum by (le) (rate(turnout_overhead_seconds_bucket{stream="true"}[1m]))'), '')
  t.equal(fault('up'), 'p: reads no metric of the gateway')
  t.equal(fault('rate(turnout_overhead_seconds[1m])'), 'p: there is no turnout_overhead_seconds')
  t.equal(fault('turnout_backend_up{route="x", backend=~"y"}'), 'p: turnout_backend_up has no label route')
  t.equal(fault('sum by (model) (turnout_backend_up)'), 'p: cannot be grouped by model')
  t.equal(
    fault('sum by (backend) (turnout_backend_up)', '{{model}}'),
    'p: the legend shows model, which the query drops',
  )
})

t.test('every query reads series and labels that the gateway exports', async (t) => {
  t.ok(QUERIES.length > 30, `${QUERIES.length} queries`)
  t.strictSame(QUERIES.flatMap(faults), [])
})

t.test('every metric is on the dashboard', async (t) => {
  const used = new Set(QUERIES.flatMap(({ expr }) => selectorsOf(expr).map(({ metric }) => metric)))
  const missing = [...SERIES.keys()].filter(
    (name) => name.startsWith('turnout_') && !/_(sum|count)$/.test(name) && !used.has(name),
  )
  t.strictSame(missing, [])
})

t.test('variables are those that are declared, and read series that exist', async (t) => {
  const names = VARIABLES.map(({ name }) => name)
  for (const { panel, expr } of QUERIES)
    for (const [, name] of expr.matchAll(/\$([a-z_]+)/g))
      t.ok(['__rate_interval', '__range', ...names].includes(name ?? ''), `${panel}: $${name ?? ''}`)
  for (const { name, query } of VARIABLES) {
    const [, metric, label] =
      /^label_values\((\w+)(?:\{[^}]*\})?, (\w+)\)$/.exec((query as { query: string }).query) ?? []
    t.ok(SERIES.get(metric ?? '')?.includes(label ?? ''), `${name}: ${metric ?? ''} has ${label ?? ''}`)
  }
})

t.test('panels have ids of their own, a data source and room', async (t) => {
  const { panels } = DASHBOARD
  t.equal(new Set(panels.map(({ id }) => id)).size, panels.length)
  const shown = panels.filter(({ type }) => type !== 'row')
  for (const { title, datasource, targets = [] } of shown) {
    t.strictSame(datasource, { type: 'prometheus', uid: '${datasource}' }, title)
    t.equal(new Set(targets.map(({ refId }) => refId)).size, targets.length, `${title}: refIds`)
  }
  t.strictSame(
    panels.filter(({ gridPos: { x, w } }) => x + w > 24).map(({ title }) => title),
    [],
  )
  const overlaps = panels.flatMap(({ title, gridPos: a }, index) =>
    panels
      .slice(index + 1)
      .filter(({ gridPos: b }) => a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h)
      .map((other) => `${title} lies on ${other.title}`),
  )
  t.strictSame(overlaps, [])
})

const required = isRequired('prometheus')
const promtool = spawnSync('promtool', ['--version']).status === 0

t.test('promtool takes every expression', { skip: promtool || required ? false : 'needs promtool' }, async (t) => {
  const rules = QUERIES.map(({ expr }, index) => ({
    record: `query:${index}`,
    expr: withoutVariables(
      expr,
      VARIABLES.map(({ name }) => name),
    ),
  }))
  const check = (name: string, list: readonly object[]): { status: number | null; said: string } => {
    const file = join(t.testdir(), name)
    writeFileSync(file, stringify({ groups: [{ name: 'dashboard', rules: list }] }))
    const { status, stderr, stdout } = spawnSync('promtool', ['check', 'rules', file], { encoding: 'utf8' })
    return { status, said: `${stdout}${stderr}` }
  }
  const { status, said } = check('dashboard.yml', rules)
  t.equal(status, 0, said)
  t.not(check('broken.yml', [{ record: 'query:0', expr: 'sum by (route) (' }]).status, 0)
})

t.test("Grafana's own linter has nothing to say", { skip: missing('linter') }, async (t) => {
  const file = join(ROOT, 'docker/grafana/dashboards/turnout.json')
  const { status, stdout, stderr } = spawnSync(process.env['TURNOUT_TEST_LINTER'] ?? '', ['lint', '--strict', file], {
    encoding: 'utf8',
  })
  t.equal(status, 0, `${stdout}${stderr}`)
})
