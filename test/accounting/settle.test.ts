import t from 'tap'
import { Tails } from '../../src/decision/learn/tails.ts'
import { NO_TOKENS } from '../../src/core/no-tokens.ts'
import { NO_PRICE } from '../../src/core/settings.ts'
import { Books } from '../../src/accounting/books.ts'
import { settle, type SettleTools } from '../../src/accounting/settle.ts'
import { EMBEDDINGS } from '../../src/core/endpoints.ts'
import { clientClosed, GatewayError } from '../../src/core/errors.ts'
import type { GatewayEvent } from '../../src/core/events.ts'
import type { DecisionReads, RequestObserver, RequestRecord } from '../../src/core/request-record.ts'
import type { CheckResult } from '../../src/core/settlement.ts'
import type { GatewayRequest } from '../../src/core/types.ts'
import { NO_TOTAL } from '../../src/core/total.ts'
import type { Observation } from '../../src/decision/learn/model-stats.ts'
import { Conversations } from '../../src/decision/route/conversations.ts'
import type { Attempt } from '../../src/dispatch/attempt.ts'
import { AnswerCollector } from '../../src/formats/answer-collector.ts'
import { createLog } from '../../src/observe/log/log.ts'
import type { OpenAIAnswerState } from '../../src/formats/openai/answer-state.ts'
import { Sessions } from '../../src/sessions/sessions.ts'
import { newMetrics } from '../support/metrics.ts'
import { decided } from '../support/records.ts'
import { attemptOf, FleetLog, lifeOf, planTo } from '../support/attempts.ts'
import { deployment, gatewayRequest } from '../support/factories.ts'

interface Settled {
  readonly record: RequestRecord
  readonly fleet: readonly string[]
  readonly learnt: readonly Observation[]
  readonly level: string
  readonly line: Readonly<Record<string, unknown>>
  readonly events: readonly GatewayEvent[]
}

/** A line of the log as it is written. */
type LogLine = Readonly<Record<string, unknown>>

/** pino's number for "warn". */
const WARN = 40

const ANSWERER = deployment('a/m', {
  facts: { price: { ...NO_PRICE, inputPerMtok: 1, outputPerMtok: 2 } },
}).targets[0]!

interface Traits {
  readonly request?: GatewayRequest
  /** What a checker finds; absent: nothing is to be checked. */
  readonly check?: CheckResult
  readonly error?: GatewayError | null
  readonly status?: number
  /** Sees the record before all others. */
  readonly observer?: RequestObserver
}

/** `made`: calls that were made; the last one may still be open. */
async function settledOf(made: readonly Attempt[], traits: Traits = {}): Promise<Settled> {
  const { request = gatewayRequest({ model: 'm' }, { startedAt: 100 }), error = null, status = 200 } = traits
  const records: RequestRecord[] = []
  const events: GatewayEvent[] = []
  const learnt: Observation[] = []
  const lines: LogLine[] = []
  const log = createLog('info', { write: (line) => void lines.push(JSON.parse(line) as LogLine) })
  const books = new Books({
    lessons: { learn: (one) => void learnt.push(one), follow: () => null, heed: () => undefined, tails: new Tails() },
    observers: [
      ...(traits.observer === undefined ? [] : [traits.observer]),
      { readsDecisions: 'none', onCompleted: (record) => void records.push(record) },
      log.observer('always'),
    ],
    emit: (event) => void events.push(event),
  })
  const tools: SettleTools = {
    fleet: { overran: () => undefined },
    conversations: new Conversations(),
    checker: { check: () => Promise.resolve(traits.check ?? 'unchecked') },
    books,
  }
  const told = new FleetLog()
  const plan = planTo([ANSWERER], { decision: decided() })
  const life = lifeOf({ request, plan, made, now: () => 350, fleet: told.fleet })
  Object.assign(life, { status, headAt: 340, bytesOut: 5 })
  if (error !== null) life.fail(error)
  await settle(life, tools)
  books.flush()
  if (records.length !== 1 || lines.length !== 1) throw new Error(`${records.length} records, ${lines.length} lines`)
  return {
    record: records[0]!,
    fleet: told.lines,
    learnt,
    level: lines[0]!['level'] === WARN ? 'warn' : 'info',
    line: lines[0]!,
    events,
  }
}

/** The answer of one call that is still open, as the caller has it. */
function settled(track: Partial<OpenAIAnswerState> | null, traits: Traits = {}): Promise<Settled> {
  if (track === null) return settledOf([], traits)
  const exchange = { ttftMs: 12, endedAt: 340, streamed: true }
  const whole = { finish: 'stop', content: true, ...track } as const
  return settledOf(
    [attemptOf(ANSWERER, { startedAt: 100.5, committedAt: 340, endedAt: null, exchange, track: whole })],
    traits,
  )
}

t.test('an observer that throws keeps the record from no other, and is reported without its words', async (t) => {
  const prompt = 'a secret of the prompt'
  const observer: RequestObserver = {
    readsDecisions: 'none',
    onCompleted: () => {
      throw new SyntaxError(prompt)
    },
  }
  const { record, learnt, events } = await settled({}, { observer })
  t.equal(record.success, true, 'the others see it')
  t.equal(learnt.length, 1, 'and it is learnt from')
  t.match(events, [{ event: 'observer_failed', type: 'SyntaxError', stack: /settle/ }])
  t.equal(events.length, 1)
  t.notMatch(JSON.stringify(events), prompt)
})

t.test('a good answer is recorded whole: its attempt, its cost and its times', async (t) => {
  const { record, fleet, level } = await settled({
    reported: { ...NO_TOKENS, input: 10, cachedInput: 0, output: 5, reasoning: 0 },
  })
  t.match(record, {
    attempts: [{ backend: 'a', model: 'm', status: 200, error: null, ttftMs: 12, answered: true }],
    cost: { nanoUsd: 20_000 },
    ttftMs: 12,
    totalMs: 250,
    overheadMs: 0.5,
    finish: 'stop',
    success: true,
    status: 200,
    bytesOut: 5,
  })
  t.strictSame(fleet, ['end a/m ok'])
  t.equal(level, 'info')
})

t.test('what is a useful answer', async (t) => {
  const success = async (track: Partial<OpenAIAnswerState>, traits: Traits = {}): Promise<boolean> =>
    (await settled(track, traits)).record.success
  for (const finish of ['stop', 'tool_calls', 'function_call', 'unknown', null] as const)
    t.equal(await success({ finish }), true, String(finish))
  for (const finish of ['length', 'content_filter', 'error'] as const) t.equal(await success({ finish }), false, finish)
  t.equal(await success({ content: false }), false, 'an empty one is none')
  t.equal(await success({}, { error: new GatewayError('upstream_incomplete', 'x') }), false)
  const embeddings = gatewayRequest({ model: 'm', input: 'x' }, { endpoint: EMBEDDINGS, startedAt: 0 })
  t.equal(await success({ finish: null }, { request: embeddings }), true, 'embeddings have no finish reason')
})

t.test('the verdict of a check, and what was wasted on an answer that does not fit', async (t) => {
  const usage = { ...NO_TOKENS, input: 10, cachedInput: 0, output: 5, reasoning: 0 }
  const toCheck = () => ({ reported: usage, collected: new AnswerCollector({ json: true, mustCall: false }) })
  const { record } = await settled(toCheck(), { check: 'not_json' })
  t.match(record, { success: false, score: 0, why: 'not_json' })
  t.match(record.attempts, [{ waste: { reason: 'invalid_output', tokens: 15 } }])
  t.strictSame(record.waste, [{ reason: 'invalid_output', tokens: 15 }])
  t.match((await settled(toCheck(), { check: 'unchecked' })).record, {
    waste: [],
    success: true,
    score: null,
    why: 'unchecked',
  })
})

t.test('no call was answered', async (t) => {
  const error = new GatewayError('upstream_error', 'boom')
  const target = deployment('b/m').targets[0]!
  const failed = attemptOf(target, { error, exchange: { status: 500 } })
  const { record, fleet, level, learnt } = await settledOf([failed], { error, status: 502 })
  t.match(record, {
    attempts: [{ backend: 'b', model: 'm', status: 500, error: 'upstream_error', ttftMs: null, answered: false }],
    ...NO_TOTAL,
    answered: false,
    ttftMs: null,
    finish: null,
    success: false,
    status: 502,
    error: 'upstream_error',
    failure: { source: 'upstream', messageChars: 4 },
  })
  t.strictSame(fleet, [], 'its end was reported when it failed')
  t.strictSame(learnt, [])
  t.equal(level, 'warn')
})

t.test('an answer that broke off', async (t) => {
  const error = new GatewayError('upstream_incomplete', 'cut')
  const usage = { ...NO_TOKENS, input: 1, cachedInput: 0, output: 1, reasoning: 0 }
  const { record, fleet, line } = await settled({ finish: null, reported: usage }, { error })
  t.match(record, {
    attempts: [{ error: 'upstream_incomplete', ttftMs: 12 }],
    status: 200,
    success: false,
    cost: { nanoUsd: 3_000 },
  })
  t.strictSame(fleet, ['end a/m upstream_incomplete'])
  t.match(line, { status: 200, error: { code: 'upstream_incomplete' } })
})

t.test('an answer that broke off, and one that was made in its place: each teaches its own deployment', async (t) => {
  const other = deployment('b/m').targets[0]!
  const broken = attemptOf(ANSWERER, {
    startedAt: 110,
    committedAt: 120,
    endedAt: 200,
    error: 'upstream_incomplete',
    answered: true,
    exchange: { ttftMs: 10, streamed: true },
    track: { content: true, reported: { ...NO_TOKENS, input: 10, output: 2 } },
  })
  const second = attemptOf(other, {
    startedAt: 210,
    committedAt: 240,
    endedAt: null,
    exchange: { ttftMs: 30, streamed: true },
    track: { content: true, finish: 'stop', reported: { ...NO_TOKENS, input: 12, output: 5 } },
  })
  const { record, fleet, learnt } = await settledOf([broken, second])
  t.match(record, {
    attempts: [
      { backend: 'a', answered: true, error: 'upstream_incomplete', waste: { reason: 'failover', tokens: 12 } },
      { backend: 'b', answered: true, error: null, waste: null },
    ],
    tokens: { input: 22, output: 7 },
    partial: true,
    answered: true,
    ttftMs: 10,
    streamMs: 230,
    finish: 'stop',
    success: true,
    error: null,
  })
  t.strictSame(fleet, ['end b/m ok'])
  t.match(learnt, [
    { target: ANSWERER, valid: null, ttftMs: 10, streamMs: null, usage: { output: 2 } },
    { target: other, valid: true, ttftMs: 30, streamMs: 110, usage: { output: 5 } },
  ])
})

t.test('a caller who left', async (t) => {
  const { record, level } = await settled({ finish: null }, { error: clientClosed(), status: 200 })
  t.equal(record.status, 499)
  t.equal(level, 'info', 'nothing here has erred')
})

t.test("a caller's own mistake is no warning", async (t) => {
  const level = async (error: GatewayError): Promise<string> =>
    (await settled(null, { error, status: error.status })).level
  t.equal(await level(new GatewayError('invalid_request', 'x')), 'info')
  t.equal(await level(new GatewayError('internal_error', 'x')), 'warn')
})

t.test('the decision is written out only where an observer reads it', async (t) => {
  const written = async (readsDecisions: DecisionReads, error: GatewayError | null): Promise<boolean> => {
    let wasRead = false
    const plan = planTo([ANSWERER])
    Object.defineProperty(plan, 'decision', { get: () => ((wasRead = true), decided()) })
    const exchange = { ttftMs: 12, endedAt: 340, streamed: true }
    const made = [attemptOf(ANSWERER, { exchange, track: { finish: 'stop', content: true } })]
    const life = lifeOf({ plan, made, error, fleet: new FleetLog().fleet })
    const records: RequestRecord[] = []
    const books = new Books({
      lessons: { learn: () => undefined, follow: () => null, heed: () => undefined, tails: new Tails() },
      observers: [newMetrics(), new Sessions(), { readsDecisions, onCompleted: (record) => void records.push(record) }],
      emit: () => undefined,
    })
    await settle(life, {
      fleet: { overran: () => undefined },
      conversations: new Conversations(),
      checker: { check: () => Promise.resolve('unchecked') },
      books,
    })
    books.flush()
    t.equal(records[0]!.decision !== null, wasRead)
    return wasRead
  }
  const broken = new GatewayError('upstream_incomplete', 'x')
  t.equal(await written('all', null), true)
  t.equal(await written('failed', null), false)
  t.equal(await written('failed', broken), true)
  t.equal(await written('none', broken), false)
})
