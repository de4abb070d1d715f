import t from 'tap'
import { cost, deployment } from '../support/factories.ts'
import { NO_TOTAL } from '../../src/core/total.ts'
import { NO_TOKENS } from '../../src/core/no-tokens.ts'
import { OPENAI } from '../../src/formats/openai/openai.ts'
import { GatewayError } from '../../src/core/errors.ts'
import { addAnswerHeaders, type AnswerFacts, asObject, retryHeaders, totalHeaders } from '../../src/relay/headers.ts'

const FACTS: AnswerFacts = {
  requestId: 'r',
  route: 'default',
  deployment: deployment('a/org/m', { backend: { key: 'secret' } }),
  attempts: 2,
  overheadMs: 1.23456,
  maxTokens: null,
  path: null,
  trials: [],
}

function answerHeaders(facts: Partial<AnswerFacts> = {}): Record<string, string> {
  const list: string[] = []
  addAnswerHeaders(list, { ...FACTS, ...facts })
  return asObject(list)
}

t.test('what an answer says about itself', async (t) => {
  t.strictSame(answerHeaders(), {
    'x-request-id': 'r',
    'x-turnout-attempts': '2',
    'x-turnout-overhead-ms': '1.23',
    'x-turnout-route': 'default',
    'x-turnout-backend': 'a',
    'x-turnout-model': 'org/m',
  })
  const nobody = answerHeaders({ route: null, deployment: null, attempts: 0 })
  t.strictSame(Object.keys(nobody).sort(), ['x-request-id', 'x-turnout-attempts', 'x-turnout-overhead-ms'])
})

t.test('one of a control group is told what it went without', async (t) => {
  const of = (control: boolean) => answerHeaders({ trials: [{ feature: 'routing', control, share: 0.05 }] })
  t.equal(of(true)['x-turnout-control'], 'routing')
  t.notOk('x-turnout-control' in of(false))
})

t.test('neither address nor key', async (t) => t.notMatch(JSON.stringify(answerHeaders()), /10\.0\.0\.5|8000|secret/))

t.test('a name with any character makes a header', async (t) => {
  for (const model of ['qwen-中文', 'a\r\nx-evil: 1', 'a\0b', '\ud800', '🚂']) {
    t.doesNotThrow(() => answerHeaders({ deployment: deployment(`a/${model}`) }), JSON.stringify(model))
    t.match(
      answerHeaders({
        deployment: deployment(`a/${model === '\ud800' ? 'x' : model}`),
        route: model === '\ud800' ? 'x' : model,
      })['x-turnout-model'],
      /^[\x20-\x7e]+$/,
    )
  }
})

t.test('tokens and cost are headers', async (t) => {
  const tokens = { ...NO_TOKENS, input: 3, cachedInput: 1, output: 2, reasoning: 0 }
  t.strictSame(asObject(totalHeaders({ ...NO_TOTAL, tokens, cost: cost(1_234_000) })), {
    'x-turnout-tokens': 'input=3, cached_input=1, output=2, reasoning=0',
    'x-turnout-cost-usd': '0.001234',
  })
  t.strictSame(asObject(totalHeaders({ ...NO_TOTAL, tokens, cost: cost(0) }))['x-turnout-cost-usd'], '0.000000')
  t.strictSame(totalHeaders(NO_TOTAL), [])
  t.strictSame(totalHeaders({ ...NO_TOTAL, cost: cost(20) }), ['x-turnout-cost-usd', '0.00000002'])
  t.strictSame(totalHeaders({ ...NO_TOTAL, cost: cost(1) }), ['x-turnout-cost-usd', '0.000000001'])
  t.strictSame(totalHeaders({ ...NO_TOTAL, partial: true }), ['x-turnout-cost-partial', 'true'])
  t.strictSame(asObject(totalHeaders({ ...NO_TOTAL, cost: cost(5_000), partial: true })), {
    'x-turnout-cost-usd': '0.000005',
    'x-turnout-cost-partial': 'true',
  })
})

t.test('when to come back', async (t) => {
  const retry = (ms: number | null): Record<string, string> =>
    asObject(retryHeaders(new GatewayError('overloaded', 'x', { retryAfterMs: ms })))
  t.strictSame(retry(null), {})
  t.strictSame(retry(2000), { 'retry-after': '2', 'retry-after-ms': '2000' })
  t.strictSame(retry(2000.1), { 'retry-after': '3', 'retry-after-ms': '2001' })
  t.strictSame(retry(12), { 'retry-after': '1', 'retry-after-ms': '12' }, 'never at once')
  t.strictSame(retry(0), { 'retry-after': '1', 'retry-after-ms': '0' })
})

t.test('lists are pairs, and names come once', async (t) => {
  for (const list of [
    OPENAI.caller.stream.headers,
    totalHeaders({ tokens: { ...NO_TOKENS, input: 1 }, cost: cost(1), partial: true, waste: [] }),
  ]) {
    t.equal(list.length % 2, 0)
    const names = list.filter((_, index) => index % 2 === 0)
    t.equal(new Set(names).size, names.length)
  }
  t.match(asObject(OPENAI.caller.stream.headers), {
    'content-type': /^text\/event-stream/,
    'cache-control': /no-transform/,
    'x-accel-buffering': 'no',
  })
})
