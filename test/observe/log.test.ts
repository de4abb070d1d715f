import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import t from 'tap'
import { ATTEMPT, backend, cost, usage } from '../support/factories.ts'
import { seeded } from '../support/random.ts'
import { after, decided, finished } from '../support/records.ts'
import { type DecisionRows, decisionRecordOf } from '../../src/core/decision-rows.ts'
import { clientClosed, GatewayError } from '../../src/core/errors.ts'
import { requestedModel } from '../../src/core/requested-model.ts'
import type { RequestRecord } from '../../src/core/request-record.ts'
import type { LogDecisions } from '../../src/core/settings.ts'
import { usdOf } from '../../src/core/money.ts'
import { wasteInAll } from '../../src/core/total.ts'
import { failureLine, failureRecordOf } from '../../src/observe/log/failure.ts'
import { requestText } from '../../src/observe/log/request-line.ts'
import { createLog } from '../../src/observe/log/log.ts'

const SECRET = 'sk-secret-0123456789'

function logged(line: object): string {
  let text = ''
  createLog('info', { write: (one: string) => void (text += one) }).events.info(line, 'test')
  return text
}

const HIDING: Readonly<Record<string, object>> = {
  'a header at the top': { authorization: `Bearer ${SECRET}` },
  'a key header at the top': { 'x-api-key': SECRET },
  'another key header at the top': { 'api-key': SECRET },
  cookies: { cookie: SECRET },
  'a key': { key: SECRET },
  'an api_key': { api_key: SECRET },
  headers: { headers: { authorization: SECRET, 'x-api-key': SECRET, 'api-key': SECRET, cookie: SECRET } },
  'headers of a request': { req: { headers: { authorization: SECRET, 'x-api-key': SECRET } } },
  'a backend': { backend: backend({ key: SECRET }) },
  'a body': { body: { api_key: SECRET, authorization: SECRET } },
}

for (const [name, line] of Object.entries(HIDING))
  t.test(`secrets are hidden in ${name}`, async (t) => {
    const text = logged(line)
    t.notMatch(text, SECRET)
    t.match(text, '[redacted]')
  })

t.test('a line is one JSON object, without process and host', async (t) => {
  const line = JSON.parse(logged({ a: 1 })) as object
  t.match(line, { a: 1, msg: 'test', level: 30 })
  t.notOk('pid' in line || 'hostname' in line)
  t.equal(logged({ a: 'x\ny' }).split('\n').length, 2)
})

t.test('lines below the level are not written', async (t) => {
  let text = ''
  const log = createLog('warn', { write: (one: string) => void (text += one) })
  log.events.info('no')
  log.requests.info('"request_id":"no"')
  log.events.warn('yes')
  log.requests.warn('"request_id":"yes"')
  t.equal(text.match(/yes/g)?.length, 2)
  t.notMatch(text, /"no"/)
  t.doesNotThrow(() => log.flush())
})

t.test('a request line has the form of any other', async (t) => {
  const texts: string[] = []
  const log = createLog('info', { write: (one: string) => void texts.push(one) })
  log.requests.info(`"request_id":${JSON.stringify('a\n"b')}`)
  log.requests.warn('"request_id":"c"')
  const [first, second] = texts.map((text) => JSON.parse(text) as { time: number })
  t.match(first, { level: 30, msg: 'request', request_id: 'a\n"b' })
  t.match(second, { level: 40, msg: 'request', request_id: 'c' })
  t.ok(Math.abs(first!.time - Date.now()) < 10_000)
  t.ok(texts.every((text) => text.indexOf('\n') === text.length - 1))
  const silent = createLog('silent', { write: () => t.fail('silent') })
  silent.requests.warn('"request_id":"d"')
})

t.test('an exception is written with its stack', async (t) => {
  t.match(JSON.parse(logged({ err: new TypeError('boom') })), { err: { type: 'TypeError', stack: /log\.test/ } })
  t.match(JSON.parse(logged({ err: 'text' })), { err: { type: 'string' } })
})

t.test('an exception is written without its message, which may quote anything', async (t) => {
  const canary = 'canary0sesame'
  const thrown = (work: () => unknown): unknown => {
    try {
      return work()
    } catch (error) {
      return error
    }
  }
  const named = Object.assign(new Error(canary), { name: `${canary} 1`, code: `${canary} 2` })
  const faked = new Error(`x\n    at ${canary} (file:///a.js:1:1)\n    at file:///${canary}.js:1:1`)
  const later = Object.assign(new Error('x'), {
    message: canary,
    stack: `Error: ${canary}\n    at a (file:///b.js:1:1)`,
  })
  for (const error of [
    thrown(() => JSON.parse(canary)),
    thrown(() => JSON.parse(`{"a": ${canary}}`)),
    thrown(() => new RegExp(`(${canary}`)),
    thrown(() => new URL(canary)),
    thrown(() => Reflect.apply((size: number) => Buffer.alloc(size), null, [canary])),
    new Error(canary, { cause: new Error(canary) }),
    named,
    faked,
    later,
    canary,
    { message: canary },
  ]) {
    const text = logged({ err: error })
    t.notMatch(text, canary)
    t.match(JSON.parse(text), { err: { type: String } })
    const failure = new GatewayError('internal_error', canary, { cause: error, param: canary })
    const line = JSON.stringify(lineOf(failure))
    t.notMatch(line, canary)
    t.match(line, `"message_chars":${canary.length}`)
  }
})

const ANSWER: RequestRecord = after(
  [
    {
      ...ATTEMPT,
      backend: 'a',
      model: 'm',
      status: 200,
      error: null,
      answered: true,
      ttftMs: 12.345,
      usage: usage({ input: 10, cachedInput: 4, output: 5, reasoning: 2 }),
      cost: cost(1_500_000),
    },
  ],
  {
    key: 'team-a',
    session: 's',
    agent: 'g',
    stream: false,
    ttftMs: 12.345,
    streamMs: 10,
    totalMs: 99.99,
    overheadMs: 0.123,
    finish: 'stop',
    success: true,
    score: 1,
    bytesOut: 7,
  },
)

const lineOf = (error: GatewayError): object =>
  shown({ ...ANSWER, status: error.status, error: error.code, failure: failureRecordOf(error) })

const shown = (record: RequestRecord): LogLine => JSON.parse(`{${requestText(record)}}`) as LogLine

/** The line of a request in a log that holds so many decisions. */
function lineIn(whole: LogDecisions, record: RequestRecord, level = 'info'): LogLine {
  let text = ''
  const log = createLog(level, { write: (one: string) => void (text += one) })
  log.observer(whole).onCompleted(record)
  return JSON.parse(text === '' ? '{}' : text) as LogLine
}

type LogLine = Readonly<Record<string, unknown>>

t.test('the line of a request', async (t) => {
  const line = lineIn('always', { ...ANSWER, decision: decided({ route: 'r' }) })
  t.match(line, {
    level: 30,
    time: ANSWER.endedAt,
    msg: 'request',
    request_id: 'req-1',
    caller: 'team-a',
    endpoint: 'chat',
    model: 'm',
    stream: false,
    status: 200,
    session: 's',
    agent: 'g',
    overhead_ms: 0.1,
    bytes_out: 7,
    decision: {
      route: 'r',
      outcome: {
        attempts: [{ backend: 'a', model: 'm', status: 200, error: null, ttft_ms: 12.3 }],
        tokens: { input: 10, cached_input: 4, output: 5, reasoning: 2 },
        cost_usd: 0.0015,
        ttft_ms: 12.3,
        total_ms: 100,
        finish: 'stop',
        success: true,
        score: 1,
        why: null,
      },
    },
  })
})

const DECISIONS = readFileSync(resolve(import.meta.dirname, '../../../test/core/decisions.jsonl'), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => (JSON.parse(line) as { rows: DecisionRows }).rows)
/** One among several candidates. */
const DECIDED = DECISIONS.find(({ order }) => order.length > 1)!

/** One request in a hundred is a sample, by its id: these two are none and one. */
const [COMMON, SAMPLE] = ['id-0', 'id-207']
const LIVE = finished({ decision: DECIDED })
const BROKEN = finished({ decision: DECIDED, error: new GatewayError('upstream_incomplete', 'cut') })
const LEFT = finished({ decision: DECIDED, error: clientClosed() })

const WHOLE: Readonly<Record<string, { readonly record: RequestRecord; readonly in: readonly LogDecisions[] }>> = {
  'an answer': { record: { ...LIVE, id: COMMON }, in: ['always'] },
  'one in a hundred': { record: { ...LIVE, id: SAMPLE }, in: ['always', 'sampled'] },
  'a failure of a backend': { record: { ...BROKEN, id: COMMON }, in: ['always', 'sampled'] },
  'a caller who left': { record: { ...LEFT, id: COMMON }, in: ['always'] },
  'a caller who wants it explained': {
    record: { ...LIVE, id: COMMON, explained: true },
    in: ['always', 'sampled', 'never'],
  },
}

for (const [what, { record, in: where }] of Object.entries(WHOLE))
  t.test(`${what}: its whole decision is in the log where that holds ${where.join(' or ')}`, async (t) => {
    for (const whole of ['always', 'sampled', 'never'] as const) {
      const line = lineIn(whole, record)
      const expected = { ...decisionRecordOf(record.decision!), outcome: line['outcome'] }
      t.strictSame(line['decision'], where.includes(whole) ? expected : undefined, whole)
      t.ok(line['outcome'] !== undefined)
    }
  })

t.test('of ids as callers and the gateway make them one in a hundred is a sample', async (t) => {
  let samples = 0
  const log = createLog('info', { write: (line: string) => void (samples += line.includes('"decision":') ? 1 : 0) })
  const logger = log.observer('sampled')
  const shares = [
    () => randomUUID(),
    (number: number) => `req-${number}`,
    (number: number) => number.toString(16).padStart(32, '0'),
  ].map((idOf) => {
    samples = 0
    for (let number = 0; number < 20_000; number++) logger.onCompleted({ ...LIVE, id: idOf(number) })
    return samples / 20_000
  })
  for (const share of shares) t.ok(share > 0.007 && share < 0.013, String(share))
})

t.test('a brief line tells what was chosen, what came next, and how it ended, in less than a kilobyte', async (t) => {
  const record: RequestRecord = { ...LIVE, id: COMMON, session: 's-17', agent: 'coder', team: 'red' }
  for (const decision of DECISIONS) {
    const { chosen, candidates } = decisionRecordOf(decision)
    const shown = decision.order.slice(0, 2).map(({ backend, model, effort }) => {
      const one = candidates.find((it) => it.backend === backend && it.model === model && it.effort === effort)
      return { backend, model, ...(effort === null ? {} : { effort }), utility: one?.utility ?? null }
    })
    const line = lineIn('sampled', { ...record, decision })
    t.strictSame([line['chosen'], line['next']], [shown[0], shown[1]])
    if (chosen !== null) t.match(line['chosen'], { backend: chosen.backend, model: chosen.model })
  }
  t.ok(decisionRecordOf(DECIDED).candidates.some(({ utility }) => utility !== null))
  const line = lineIn('sampled', record)
  t.match(line, {
    route: record.route,
    strategy: record.strategy,
    class: record.class,
    outcome: {
      attempts: [{ backend: 'a', model: 'm', error: null }],
      tokens: { input: 10 },
      cost_usd: 1.5,
      success: true,
    },
  })
  t.ok(JSON.stringify(line).length < 1000, String(JSON.stringify(line).length))
})

/** The members of a line as an object that JSON.stringify would write: the plain way. */
const plainly = (record: RequestRecord): object => {
  const { order, candidates } =
    record.decision === null ? { order: [], candidates: [] } : decisionRecordOf(record.decision)
  const rounded = (ms: number | null): number | null => (ms === null ? null : Math.round(ms * 10) / 10)
  const choice = (place: number): object | undefined => {
    const name = record.decision?.order[place]
    const one = candidates.find(
      (it) => it.backend === name?.backend && it.model === name.model && it.effort === name.effort,
    )
    if (order[place] === undefined || name === undefined) return undefined
    return { backend: name.backend, model: name.model, effort: name.effort ?? undefined, utility: one?.utility ?? null }
  }
  const { tokens, cost: paid } = record
  return {
    request_id: record.id,
    caller: record.key,
    endpoint: record.endpoint,
    model: record.requestedModel,
    stream: record.stream,
    status: record.status,
    team: record.team ?? undefined,
    user: record.user ?? undefined,
    session: record.session ?? undefined,
    agent: record.agent ?? undefined,
    error: record.error === null || record.failure === null ? undefined : failureLine(record.error, record.failure),
    overhead_ms: rounded(record.overheadMs),
    bytes_out: record.bytesOut,
    route: record.route ?? undefined,
    strategy: record.strategy ?? undefined,
    class: record.class ?? undefined,
    chosen: choice(0),
    next: choice(1),
    outcome: {
      attempts: record.attempts.map(({ backend: name, model, format, lossy, status, error, ttftMs }) => ({
        ...{ backend: name, model, status, error },
        ttft_ms: rounded(ttftMs),
        format: format ?? undefined,
        lossy: lossy.length === 0 ? undefined : lossy,
      })),
      tokens:
        tokens === null
          ? null
          : {
              ...{ input: tokens.input, cached_input: tokens.cachedInput, output: tokens.output },
              ...{ reasoning: tokens.reasoning, estimated: tokens.estimated || undefined },
            },
      cost_usd: paid === null ? null : usdOf(paid.nanoUsd),
      cost_partial: record.partial || undefined,
      cost_source: paid?.source,
      wasted: wasteInAll(record),
      ttft_ms: rounded(record.ttftMs),
      total_ms: rounded(record.totalMs),
      finish: record.finish,
      success: record.success,
      score: record.score,
      why: record.why,
    },
  }
}

t.test('a line that is put together by hand is, to the byte, what JSON.stringify makes of its members', async (t) => {
  const random = seeded(17)
  const one = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)]!
  const text = (): string => one(['a', 'a "b"', 'c\\d', 'é\u2028\n', '\ud800', '', 'gpt-5-mini'])
  const maybe = <T>(value: T): T | null => (random() < 0.5 ? null : value)
  const ms = (): number => one([0, random(), 1e4 * random(), 1e-9, 12.05])
  for (let number = 0; number < 500; number++) {
    const used = usage({ input: number, cachedInput: 4, output: 5, reasoning: one([0, 2]), estimated: random() < 0.5 })
    const calls = Array.from({ length: one([0, 1, 3]) }, () => ({
      ...ATTEMPT,
      ...{
        backend: text(),
        model: text(),
        status: maybe(500),
        error: maybe('overloaded' as const),
        ttftMs: maybe(ms()),
      },
      ...{ usage: maybe(used), cost: maybe(cost(Math.floor(random() * 1e12))) },
      waste: maybe({ reason: 'failover', tokens: 7 } as const),
    }))
    const error = one([null, new GatewayError('upstream_error', text(), { upstreamStatus: 500, upstreamCode: text() })])
    const record = after(calls, {
      ...{ id: text(), key: text(), requestedModel: text(), stream: random() < 0.5 },
      ...{ team: maybe(text()), user: maybe(text()), session: maybe(text()), agent: maybe(text()) },
      ...{
        route: maybe(text()),
        strategy: maybe(text()),
        class: maybe('chat' as const),
        decision: maybe(one(DECISIONS)),
      },
      ...{ ttftMs: maybe(ms()), totalMs: ms(), overheadMs: ms(), finish: maybe(text()), score: maybe(0.5) },
      ...{ why: maybe('empty' as const), error: error?.code ?? null, failure: error && failureRecordOf(error) },
    })
    t.equal(`{${requestText(record)}}`, JSON.stringify(plainly(record)))
  }
})

t.test('a request about which nothing was decided has neither', async (t) => {
  const line = lineIn('always', { ...LIVE, decision: null, route: null, strategy: null, class: null })
  t.notOk('chosen' in line || 'next' in line || 'decision' in line || 'route' in line)
})

t.test('what is below the level is not written, whatever its decision', async (t) => {
  t.strictSame(lineIn('always', LIVE, 'warn'), {})
  t.match(lineIn('never', BROKEN, 'warn'), { level: 40, error: { code: 'upstream_incomplete' } })
  t.strictSame(lineIn('always', BROKEN, 'error'), {})
})

t.test('the line of a failure', async (t) => {
  const cause = Object.assign(new Error('connect refused'), { code: 'ECONNREFUSED' })
  const error = new GatewayError('upstream_unreachable', 'Backend "a" cannot be reached.', { cause })
  t.match(lineOf(error), {
    status: 502,
    error: { code: 'upstream_unreachable', source: 'upstream', cause: /ECONNREFUSED/ },
  })
})

t.test('the code of a backend is in the line where it is a word of its API', async (t) => {
  for (const [upstreamCode, logged] of [
    ['unsupported_parameter', 'unsupported_parameter'],
    ['string_above_max_length', 'string_above_max_length'],
    ['DeploymentNotFound', 'DeploymentNotFound'],
    ['429', '429'],
    ['my-prompt', 'other'],
    ['x'.repeat(60), 'other'],
    [null, undefined],
  ] as const) {
    const error = new GatewayError('invalid_request', 'words', { upstreamCode, upstreamStatus: 400 })
    const { error: said } = lineOf(error) as { error: object }
    t.match(said, { code: 'invalid_request', upstream_status: 400, message_chars: 5 })
    t.equal((said as { upstream_code?: string }).upstream_code, logged)
  }
})

t.test('the address of a backend is in no line', async (t) => {
  const cause = Object.assign(new Error('connect ECONNREFUSED 10.0.0.5:8000'), {
    code: 'ECONNREFUSED',
    address: '10.0.0.5',
  })
  const error = new GatewayError('upstream_unreachable', 'Backend "a" cannot be reached.', { cause })
  t.notMatch(JSON.stringify(lineOf(error)), /10\.0\.0\.5/)
})

t.test('a name of any length is cut', async (t) => {
  t.ok(requestedModel('x'.repeat(1e6), true).length < 300)
  t.equal(requestedModel('a prompt in the wrong place', false), 'unknown')
  t.equal(requestedModel('gpt-5-mini', true), 'gpt-5-mini')
})

t.test('an event is a line as serious as it is, with its part of the gateway as the message', async (t) => {
  const lines: string[] = []
  const { emit } = createLog('info', { write: (line: string) => void lines.push(line) })
  emit({
    event: 'backend_state',
    backend: 'a',
    from: 'unknown',
    state: 'down',
    reason: 'connection refused',
    until: null,
  })
  emit({ event: 'ledger_rows_lost', folder: '/data', lost_rows: 3 })
  emit({ event: 'store_away' })
  t.strictSame(
    lines.map((line) => line.replace(/"time":\d+/, '"time":0')),
    [
      '{"level":30,"time":0,"event":"backend_state","backend":"a","from":"unknown","state":"down","reason":"connection refused","until":null,"msg":"fleet"}\n',
      '{"level":50,"time":0,"event":"ledger_rows_lost","folder":"/data","lost_rows":3,"msg":"ledger"}\n',
      '{"level":40,"time":0,"event":"store_away","msg":"limits"}\n',
    ],
  )
})
