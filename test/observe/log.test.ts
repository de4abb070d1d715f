import t from 'tap'
import { ATTEMPT, backend, cost, usage } from '../support/factories.ts'
import { after, decided } from '../support/records.ts'
import { GatewayError } from '../../src/core/errors.ts'
import { requestedModel } from '../../src/core/requested-model.ts'
import type { RequestRecord } from '../../src/core/request-record.ts'
import { failureRecordOf } from '../../src/observe/log/failure.ts'
import { requestLine } from '../../src/observe/log/request-line.ts'
import { DecisionTexts } from '../../src/observe/log/decision-text.ts'
import { createLog, logEvents } from '../../src/observe/log/log.ts'
import { RequestLogger } from '../../src/observe/log/request-log.ts'

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
  log.requests.info({ request_id: 'no' })
  log.events.warn('yes')
  log.requests.warn({ request_id: 'yes' })
  t.equal(text.match(/yes/g)?.length, 2)
  t.notMatch(text, /"no"/)
  t.doesNotThrow(() => log.flush())
})

t.test('a request line has the form of any other', async (t) => {
  const texts: string[] = []
  const log = createLog('info', { write: (one: string) => void texts.push(one) })
  log.requests.info({ request_id: 'a\n"b', error: undefined })
  log.requests.warn({ request_id: 'c' })
  const [first, second] = texts.map((text) => JSON.parse(text) as { time: number })
  t.match(first, { level: 30, msg: 'request', request_id: 'a\n"b' })
  t.match(second, { level: 40, msg: 'request', request_id: 'c' })
  t.ok(Math.abs(first!.time - Date.now()) < 10_000)
  t.ok(texts.every((text) => text.indexOf('\n') === text.length - 1))
  const silent = createLog('silent', { write: () => t.fail('silent') })
  silent.requests.warn({ request_id: 'd' })
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
  requestLine({ ...ANSWER, status: error.status, error: error.code, failure: failureRecordOf(error) })

t.test('the line of a request', async (t) => {
  let text = ''
  const log = createLog('info', { write: (one: string) => void (text += one) })
  new RequestLogger(log, new DecisionTexts()).onCompleted({ ...ANSWER, decision: decided({ route: 'r' }) })
  const line = JSON.parse(text) as object
  t.match(line, {
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
  const emit = logEvents(createLog('info', { write: (line: string) => void lines.push(line) }))
  emit({ event: 'backend_state', backend: 'a', from: 'unknown', state: 'down', reason: 'connection refused' })
  emit({ event: 'ledger_rows_lost', folder: '/data', lost_rows: 3 })
  emit({ event: 'store_away' })
  t.strictSame(
    lines.map((line) => line.replace(/"time":\d+/, '"time":0')),
    [
      '{"level":30,"time":0,"event":"backend_state","backend":"a","from":"unknown","state":"down","reason":"connection refused","msg":"fleet"}\n',
      '{"level":50,"time":0,"event":"ledger_rows_lost","folder":"/data","lost_rows":3,"msg":"ledger"}\n',
      '{"level":40,"time":0,"event":"store_away","msg":"limits"}\n',
    ],
  )
})
