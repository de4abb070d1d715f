/** Nothing lists estimates, terms or strategies beside their tables: what is made of them has exactly their rows. */
import t from 'tap'
import { schemaText } from '../../src/cli/schema.ts'
import { strategyText } from '../../src/cli/route-text.ts'
import { valueOf } from '../../src/core/decision-rows.ts'
import { keyed } from '../../src/core/keyed.ts'
import { isUnscored, STRATEGIES, STRATEGY_NAMES } from '../../src/core/strategies.ts'
import {
  COLUMN,
  COLUMNS,
  ESTIMATE_NAMES,
  RECORDED,
  TERM_COLUMN,
  TERM_NAMES,
  TERMS,
  WEIGHT_NAMES,
} from '../../src/core/terms.ts'
import { weightsOf } from '../../src/decision/route/utility.ts'
import { fillFromRecord } from '../../src/replay/judge.ts'
import { readLine } from '../../src/replay/lines.ts'
import { decisionTable } from '../../src/observe/explain/table.ts'
import { routeSpec } from '../support/factories.ts'
import { decisionOf, like, planOf } from '../support/fields.ts'

const FIELDS = RECORDED.map(({ field }) => field)
const TWO = [like('a/x', { quality: 0.6 }), like('b/y', { price: 3 })]

t.test('each estimate and each term has a column of its own', async (t) => {
  const columns = [...Object.values(COLUMN), ...Object.values(TERM_COLUMN)]
  t.strictSame(
    columns.sort((a, b) => a - b),
    [...Array(COLUMNS).keys()],
  )
  t.strictSame(Object.keys(COLUMN), [...ESTIMATE_NAMES, 'utility'])
  t.strictSame(Object.keys(TERM_COLUMN), TERM_NAMES)
})

t.test(
  'the decision record holds exactly the recorded estimates and all terms, which sum to the utility',
  async (t) => {
    for (const { expected, terms, utility } of planOf(TWO).record.candidates) {
      t.strictSame(Object.keys(expected), FIELDS)
      t.strictSame(Object.keys(terms), TERM_NAMES)
      const sum = Object.values(terms).reduce<number>((all, one) => all + (one ?? 0), 0)
      t.ok(Math.abs(sum - (utility ?? NaN)) < 0.01, `${sum}, ${utility}`)
    }
  },
)

t.test('what a replay reads back of a record is what was decided by', async (t) => {
  const { record } = planOf(TWO)
  const decision = decisionOf(TWO)
  const outcome = { tokens: null, cost_usd: null, success: true, ttft_ms: 1, total_ms: 1 }
  const line = { msg: 'request', time: 0, request_id: 'r', caller: 'c', model: 'r', decision: { ...record, outcome } }
  const logged = readLine(JSON.stringify(line))
  if (typeof logged === 'string') throw new Error(logged)
  for (const [row, option] of logged.options.entries()) {
    const read = new Float64Array(COLUMNS)
    fillFromRecord(read, 0, option, { backends: new Map() })
    for (const { field, column, per, digits } of RECORDED) {
      const decided = valueOf(decision, row, column)!
      t.ok(Math.abs(read[column]! - decided) <= per * 10 ** -digits, `${field}: ${read[column]}, ${decided}`)
    }
    const unrecorded = ESTIMATE_NAMES.filter((name) => !RECORDED.some(({ column }) => column === COLUMN[name]))
    for (const name of unrecorded) t.ok(Number.isNaN(read[COLUMN[name]]), `${name} is unknown, not 0`)
  }
})

t.test('the explain table has a column for each estimate and each term that a candidate has', async (t) => {
  const { record } = planOf(TWO)
  const everything = {
    ...record,
    candidates: record.candidates.map((one) => ({
      ...one,
      expected: keyed(FIELDS, () => 1),
      terms: keyed(TERM_NAMES, () => 1),
    })),
  }
  const heads = decisionTable(everything)
    .split('\n')
    .find((line) => line.startsWith('candidate'))
  const estimates = RECORDED.flatMap(({ shown }) => (shown === null ? [] : [shown]))
  const wanted = [
    ...estimates.filter(({ first }) => first).map(({ heading }) => heading),
    ...estimates.filter(({ first }) => !first).map(({ heading }) => heading),
    ...TERM_NAMES.map((name) => TERMS[name].heading),
  ]
  t.strictSame(heads?.split(/ +/), ['candidate', 'effort', ...wanted, 'utility'])
})

t.test('the schema has exactly the weights and the strategies', async (t) => {
  interface Node {
    readonly properties?: Readonly<Record<string, Node>>
    readonly items?: Node
    readonly anyOf?: readonly Node[]
    readonly enum?: readonly string[]
    readonly description?: string
  }
  const schema = JSON.parse(schemaText()) as Node
  const route = schema.properties?.['routes']?.items?.properties ?? {}
  const weights = route['weights']?.properties ?? {}
  t.strictSame(Object.keys(weights), WEIGHT_NAMES)
  for (const name of WEIGHT_NAMES) t.equal(weights[name]?.description, `of ${TERMS[name].weight}`)
  const [named, weighed] = route['strategy']?.anyOf ?? []
  t.strictSame(named?.enum, STRATEGY_NAMES)
  t.strictSame(Object.keys(weighed?.properties ?? {}), [...WEIGHT_NAMES, 'cheapest_within'])
})

t.test('a strategy weighs what its row says, and nothing else', async (t) => {
  for (const name of STRATEGY_NAMES) {
    const weights: Readonly<Record<string, number>> = STRATEGIES[name].weights ?? {}
    t.strictSame(
      [...weightsOf(name)],
      WEIGHT_NAMES.map((weight) => weights[weight] ?? 0),
      name,
    )
    t.equal(isUnscored(name), STRATEGIES[name].weights === null, name)
    t.ok(strategyText(routeSpec('r', { strategy: name })).startsWith(name), name)
  }
})

t.test('pressure on a budget raises the terms of money alone', async (t) => {
  const [usual, pressed] = [weightsOf('balanced'), weightsOf('balanced', 1)]
  t.strictSame(
    WEIGHT_NAMES.filter((_, place) => pressed[place] !== usual[place]),
    WEIGHT_NAMES.filter((name) => TERMS[name].underPressure),
  )
  t.equal(pressed[WEIGHT_NAMES.indexOf('cost')], 2 * STRATEGIES.balanced.weights.cost)
})
