/** A kind of tokens that has a row is counted, written, read back, priced and offered in the configuration. */
import t from 'tap'
import { schemaText } from '../../src/cli/schema.ts'
import { CSV_HEADER } from '../../src/cli/ledger-csv.ts'
import { NO_TOKENS } from '../../src/core/no-tokens.ts'
import { answerNanoUsd } from '../../src/core/rates.ts'
import { NO_PRICE } from '../../src/core/settings.ts'
import { RATE_NAMES, rateName, rateOption, TOKEN_KINDS, type TokenKind, TOKENS } from '../../src/core/tokens.ts'
import { totalOf } from '../../src/core/total.ts'
import { totalOfRow, type TotalRow, totalText } from '../../src/core/total-row.ts'
import { readUsage as readAnthropic } from '../../src/formats/anthropic/read-usage.ts'
import { writeUsage as writeAnthropic } from '../../src/formats/anthropic/usage.ts'
import { readUsage, writeUsage } from '../../src/formats/openai/usage.ts'
import { sumOf } from '../support/gateway.ts'
import { newMetrics } from '../support/metrics.ts'
import { after, attempt } from '../support/records.ts'

const SOME = { ...NO_TOKENS, input: 100, output: 100 }

/** So many of a kind, in what it is a part of as well. */
const someOf = (kind: TokenKind, count: number): typeof NO_TOKENS => ({
  ...SOME,
  ...(kind === 'hourCacheWrite' ? { cacheWrite: count } : {}),
  [kind]: count,
})

for (const kind of TOKEN_KINDS)
  t.test(`${TOKENS[kind].name}: in sums, in rows and in usage objects`, async (t) => {
    const usage = someOf(kind, 7)
    const { tokens } = totalOf([
      { usage, cost: null, waste: null },
      { usage, cost: null, waste: null },
    ])
    t.equal(tokens?.[kind], 14)
    const row = JSON.parse(`{${totalText({ tokens: usage, cost: null, partial: true, waste: [] })}}`) as TotalRow
    t.equal(row.tokens?.[TOKENS[kind].name], 7)
    t.equal(totalOfRow(row).tokens?.[kind], 7)
    // OpenAI's usage has no place for how long a cache keeps it, Anthropic's has.
    const told = kind === 'hourCacheWrite' ? readAnthropic({ ...writeAnthropic(usage) }) : readUsage(writeUsage(usage))
    t.equal(told?.[kind], 7)
    t.match(CSV_HEADER, new RegExp(`\\btokens_${TOKENS[kind].name}\\b`))
  })

for (const kind of TOKEN_KINDS)
  t.test(`${TOKENS[kind].name}: in the metrics`, async (t) => {
    const metrics = newMetrics()
    metrics.onCompleted(after([{ ...attempt('m'), usage: someOf(kind, 7) }]))
    const labels = { kind: TOKENS[kind].name }
    t.equal(sumOf(await metrics.scrape('text'), 'turnout_tokens_total', labels), 7)
  })

for (const kind of TOKEN_KINDS)
  t.test(`a rate of ${TOKENS[kind].name} changes what an answer with such tokens costs`, async (t) => {
    const price = { ...NO_PRICE, inputPerMtok: 1, outputPerMtok: 1 }
    const usage = someOf(kind, 50)
    const [usual, dearer] = [price, { ...price, [rateName(kind)]: 3 }].map((own) => answerNanoUsd(own, usage, 0))
    t.equal(dearer! - usual!, 2 * 50 * 1000)
  })

t.test('a row has the usual kinds always and the rare ones where there are some', async (t) => {
  const row = JSON.parse(`{${totalText({ tokens: SOME, cost: null, partial: false, waste: [] })}}`) as TotalRow
  t.strictSame(
    Object.keys(row.tokens ?? {}),
    TOKEN_KINDS.filter((kind) => !TOKENS[kind].rare).map((kind) => TOKENS[kind].name),
  )
})

t.test('the configuration has exactly one price for each kind', async (t) => {
  interface Node {
    readonly properties?: Readonly<Record<string, Node>>
    readonly items?: Node
  }
  const schema = JSON.parse(schemaText()) as Node
  const price = schema.properties?.['backends']?.items?.properties?.['price']?.properties ?? {}
  const options = Object.keys(price).filter((name) => name.endsWith('_per_mtok_usd'))
  t.strictSame(options, TOKEN_KINDS.map(rateOption))
  t.strictSame(RATE_NAMES, TOKEN_KINDS.map(rateName))
})
