import t from 'tap'
import { NO_TOKENS } from '../../src/core/no-tokens.ts'
import { NO_PRICE } from '../../src/core/settings.ts'
import { type Ending, settle, type SettleTools } from '../../src/accounting/settle.ts'
import { EMBEDDINGS } from '../../src/core/endpoints.ts'
import { clientClosed, GatewayError } from '../../src/core/errors.ts'
import type { RequestRecord } from '../../src/core/request-record.ts'
import type { CheckResult, Tried } from '../../src/core/settlement.ts'
import { NO_TOTAL } from '../../src/core/total.ts'
import { DecisionTexts } from '../../src/observe/log/decision-text.ts'
import type { Log } from '../../src/observe/log/log.ts'
import { RequestLogger } from '../../src/observe/log/request-log.ts'
import { newTrail } from '../../src/core/trail.ts'
import { OpenAIAnswerState } from '../../src/formats/openai/answer-state.ts'
import { deployment, gatewayRequest } from '../support/factories.ts'

interface Told {
  readonly record: RequestRecord
  readonly fleet: readonly string[]
  readonly level: string
  readonly line: Readonly<Record<string, unknown>>
}

const ANSWERER = deployment('a/m', {
  facts: { price: { ...NO_PRICE, inputPerMtok: 1, outputPerMtok: 2 } },
})

interface Answer {
  readonly finish?: string | null
  readonly content?: boolean
  readonly usage?: OpenAIAnswerState['usage']
}

function settled(
  answer: Answer | null,
  { fit = null, ...traits }: Partial<Ending> & { readonly fit?: CheckResult | null } = {},
  failed: readonly Tried[] = [],
): Told {
  const told: RequestRecord[] = []
  const fleet: string[] = []
  const lines: [string, Record<string, unknown>][] = []
  const log = {
    info: (line: Record<string, unknown>) => lines.push(['info', line]),
    warn: (line: Record<string, unknown>) => lines.push(['warn', line]),
  }
  const tools = {
    fleet: {
      end: ({ id }: { id: string }, { error }: { error: GatewayError | null }) =>
        fleet.push(`${id} ${error?.code ?? 'ok'}`),
    },
    observers: [
      { readsDecisions: 'none', onCompleted: (record: RequestRecord) => told.push(record) },
      new RequestLogger({ requests: log, events: log } as unknown as Log, new DecisionTexts()),
    ],
  } as unknown as SettleTools
  const trail = newTrail()
  trail.tried.push(...failed)
  const track = Object.assign(new OpenAIAnswerState(), { finish: 'stop', content: true, usage: null, ...answer })
  const exchange = { track, status: 200, ttftMs: 12, endedAt: 340 }
  settle(
    {
      request: gatewayRequest({ model: 'm' }, { startedAt: 100 }),
      plan: null,
      trail,
      committed:
        answer === null
          ? null
          : ({ exchange, deployment: ANSWERER, target: ANSWERER.targets[0] } as unknown as Ending['committed']),
      error: null,
      status: 200,
      bytesOut: 5,
      overheadMs: 0.5,
      endedAt: 350,
      ...traits,
    },
    fit,
    null,
    tools,
  )
  if (told.length !== 1 || lines.length !== 1) throw new Error(`${told.length} records, ${lines.length} lines`)
  return { record: told[0]!, fleet, level: lines[0]![0], line: lines[0]![1] }
}

t.test('a good answer', async (t) => {
  const { record, fleet, level } = settled({
    usage: { ...NO_TOKENS, input: 10, cachedInput: 0, output: 5, reasoning: 0 },
  })
  t.match(record, {
    attempts: [{ backend: 'a', model: 'm', status: 200, error: null, ttftMs: 12 }],
    cost: { nanoUsd: 20_000 },
    partial: false,
    ttftMs: 12,
    totalMs: 250,
    overheadMs: 0.5,
    finish: 'stop',
    success: true,
    status: 200,
    bytesOut: 5,
  })
  t.strictSame(fleet, ['a/m ok'])
  t.equal(level, 'info')
})

t.test('what is a useful answer', async (t) => {
  const success = (answer: Answer, traits: Partial<Ending> = {}): boolean => settled(answer, traits).record.success
  for (const finish of ['stop', 'tool_calls', 'function_call', 'unknown', null] as const)
    t.equal(success({ finish }), true, String(finish))
  for (const finish of ['length', 'content_filter', 'error'] as const) t.equal(success({ finish }), false, finish)
  t.equal(success({ content: false }), false, 'an empty one is none')
  t.equal(success({}, { error: new GatewayError('upstream_incomplete', 'x') }), false)
  const embeddings = gatewayRequest({ model: 'm', input: 'x' }, { endpoint: EMBEDDINGS, startedAt: 0 })
  t.equal(success({ finish: null }, { request: embeddings }), true, 'embeddings have no finish reason')
})

t.test('the verdict, and what was wasted on an answer that does not fit', async (t) => {
  const usage = { ...NO_TOKENS, input: 10, cachedInput: 0, output: 5, reasoning: 0 }
  const { record, line } = settled({ usage }, { fit: 'not_json' })
  t.match(record, { success: false, score: 0, why: 'not_json' })
  t.strictSame(record.waste, [{ reason: 'invalid_output', tokens: 15 }])
  t.notOk('decision' in line && line['decision'], 'no plan here')
  t.match(settled({}, { fit: 'unchecked' }).record, {
    waste: [],
    success: true,
    score: null,
    why: 'unchecked',
  })
})

t.test('nobody answered', async (t) => {
  const error = new GatewayError('upstream_error', 'boom')
  const target = deployment('b/m').targets[0]!
  const failed: Tried = {
    target,
    startedAt: 1,
    endedAt: 2,
    status: 500,
    error,
    ttftMs: null,
    open: 0,
    sent: true,
    told: null,
  }
  const { record, fleet, level } = settled(null, { error, status: 502 }, [failed])
  t.match(record, {
    attempts: [{ backend: 'b', model: 'm', status: 500, error: 'upstream_error', ttftMs: null }],
    ...NO_TOTAL,
    ttftMs: null,
    finish: null,
    success: false,
    status: 502,
    error: 'upstream_error',
    failure: { source: 'upstream', messageChars: 4 },
  })
  t.strictSame(fleet, [], 'its end was told when it failed')
  t.equal(level, 'warn')
})

t.test('an answer that broke off', async (t) => {
  const error = new GatewayError('upstream_incomplete', 'cut')
  const { record, fleet, line } = settled(
    { finish: null, usage: { ...NO_TOKENS, input: 1, cachedInput: 0, output: 1, reasoning: 0 } },
    { error },
  )
  t.match(record, {
    attempts: [{ error: 'upstream_incomplete', ttftMs: 12 }],
    status: 200,
    success: false,
    cost: { nanoUsd: 3_000 },
  })
  t.strictSame(fleet, ['a/m upstream_incomplete'])
  t.match(line, { status: 200, error: { code: 'upstream_incomplete' } })
})

t.test('a caller who left', async (t) => {
  const { record, level } = settled({ finish: null }, { error: clientClosed(), status: 200 })
  t.equal(record.status, 499)
  t.equal(level, 'info', 'nobody here has erred')
})

t.test("a caller's own mistake is no warning", async (t) => {
  t.equal(settled(null, { error: new GatewayError('invalid_request', 'x'), status: 400 }).level, 'info')
  t.equal(settled(null, { error: new GatewayError('internal_error', 'x'), status: 500 }).level, 'warn')
})
