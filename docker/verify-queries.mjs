// Asks Prometheus every query of the dashboard on standard input; verify.sh runs it inside of the gateway's container.
// One line for each query that fails, then `queries N, with data N, without N: ..`. Exit 1 where one failed, or where there was none.
import { text } from 'node:stream/consumers'

// Series that some fleets never have: engines without prices, models that do not reason, backends that report no cache, callers who
// stay to the end, routes without a baseline, budgets, a ledger, Redis, failures; and what our rules record of the last hour.
const OPTIONAL =
  /turnout_(cost_usd|unpriced_requests|wasted_tokens|baseline_\w+|budget_\w+|ledger_\w+|limits_store|estimated_tokens)|turnout:\w+:1h|turnout:(savings|cost_per|waste_ratio_by)|kind="(cached_input|reasoning)"|!="(none|ok)"/

const dashboard = JSON.parse(await text(process.stdin))
const variables = dashboard.templating.list.filter(({ type }) => type === 'query').map(({ name }) => name)
const plain = (expr) =>
  variables
    .reduce((all, name) => all.replaceAll(`$${name}`, '.*'), expr)
    .replaceAll('$__rate_interval', '1m')
    .replaceAll('$__range', '10m')

async function ask(path, parameters) {
  const answer = await fetch(`http://prometheus:9090/api/v1/${path}`, {
    method: 'POST',
    body: new URLSearchParams(parameters),
  })
  return await answer.json()
}

const now = Date.now() / 1000
const query = (expr, instant) =>
  instant ? ask('query', { query: expr }) : ask('query_range', { query: expr, start: now - 60, end: now, step: 5 })
const values = ({ value, values }) => (values ?? [value]).map(([, number]) => Number(number))

let asked = 0
let failed = 0
const empty = []
for (const { title, targets = [] } of dashboard.panels) {
  for (const { expr, instant = false } of targets) {
    asked++
    const { status, error, data } = await query(plain(expr), instant)
    const filled = data?.result.some((series) => values(series).some(Number.isFinite)) === true
    if (filled) continue
    if (status === 'success' && OPTIONAL.test(expr)) {
      empty.push(title)
      continue
    }
    failed++
    process.stdout.write(`  ${title}: ${error ?? 'no data'}: ${plain(expr)}\n`)
  }
}
console.log(
  `queries ${asked}, with data ${asked - failed - empty.length}, without ${empty.length}: ${empty.join(', ')}`,
)
process.exitCode = failed > 0 || asked === 0 ? 1 : 0
