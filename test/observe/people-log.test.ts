import t from 'tap'
import { EVENTS, type EventName, type GatewayEvent } from '../../src/core/events.ts'
import { GatewayError } from '../../src/core/errors.ts'
import type { RequestRecord } from '../../src/core/request-record.ts'
import { failureLine, failureRecordOf } from '../../src/observe/log/failure.ts'
import { amount } from '../../src/core/amount.ts'
import { dollars, time } from '../../src/observe/log/people/figures.ts'
import { createPeopleLog } from '../../src/observe/log/people/log.ts'
import { cut, shownLines, width } from '../../src/observe/log/people/screen.ts'
import { cost, usage } from '../support/factories.ts'
import { after, attempt } from '../support/records.ts'

interface Seen {
  readonly columns?: number
  readonly colour?: boolean
  readonly level?: string
}

/** A log at such a terminal, and what it wrote. */
function terminal({ columns = 100, colour = false, level = 'info' }: Seen = {}) {
  let text = ''
  const log = createPeopleLog(level, { columns: () => columns, colour }, { write: (line) => void (text += line) })
  return { ...log, text: () => text }
}

/** Without the times, which are those of the machine. */
const timeless = (text: string): string[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/^\d\d:\d\d:\d\d /, ''))

const FILE = { file: '/data/state.json' }
const ADMIN = { id: 'ann', by: '127.0.0.1' }
const NOTICE = {
  budget: 'team-day',
  of: 'team',
  id: 'blue',
  per: 'day',
  resets_at: '2026-12-01T00:00:00.000Z',
  limit: { usd: 5, tokens: null, requests: null },
  used: { usd: 4.02, tokens: 10, requests: 3 },
} as const

const EVENT_LINES: readonly (readonly [event: GatewayEvent, line: string])[] = [
  [
    {
      event: 'backend_state',
      backend: 'ollama',
      from: 'ready',
      state: 'down',
      reason: 'connection refused',
      until: null,
    },
    'warn  backend ollama is down: connection refused',
  ],
  [
    { event: 'backend_state', backend: 'ollama', from: 'down', state: 'ready', reason: null, until: null },
    'info  backend ollama is ready again',
  ],
  [
    { event: 'backend_state', backend: 'ollama', from: 'down', state: 'warming_up', reason: 'loading', until: null },
    'info  backend ollama is loading',
  ],
  [
    { event: 'backend_key_rests', backend: 'openai', key_name: 'spare', model: null, why: 'upstream_auth', ms: 30_000 },
    'warn  key spare of backend openai rests for 30s (upstream_auth); the others go on',
  ],
  [
    {
      ...{ event: 'backend_key_rests', backend: 'openai', key_name: 'spare', model: 'gpt-5-mini' },
      ...{ why: 'upstream_rate_limited', ms: 20_000 },
    },
    'warn  key spare of backend openai rests for 20s for gpt-5-mini (upstream_rate_limited); the others go on',
  ],
  [{ event: 'kv_events_followed', backend: 'gpu' }, 'info  gpu says what its KV cache keeps'],
  [
    { event: 'kv_events_away', backend: 'gpu', why: 'no connection' },
    'warn  gpu does not say what its KV cache keeps: no connection',
  ],
  [
    { event: 'kv_events_missed', backend: 'gpu', batches: 3 },
    'warn  gpu: 3 batches of KV events did not come, and cannot be asked for again',
  ],
  [
    { event: 'engine_found', backend: 'vllm-8001', kind: 'vllm', address: '127.0.0.1:8001', models: 1 },
    'info  found vllm-8001 (vllm) at 127.0.0.1:8001: 1 model',
  ],
  [{ event: 'engine_starting', backend: 'night', group: null }, 'info  engine night is started'],
  [{ event: 'engine_starting', backend: 'night', group: 'gpu0' }, 'info  engine night is started (group gpu0)'],
  [{ event: 'engine_started', backend: 'night', seconds: 12.34 }, 'info  engine night answers after 12.3 s'],
  [
    { event: 'engine_stopped', backend: 'night', why: 'swap' },
    'info  engine night was stopped: another engine needs its place',
  ],
  [{ event: 'engine_stopped', backend: 'night', why: 'idle' }, 'info  engine night was stopped: nobody asked for it'],
  [
    { event: 'engine_failed', backend: 'night', while: 'starting', why: 'ended with code 1', words: [] },
    'warn  engine night did not start: ended with code 1',
  ],
  [
    { event: 'engine_failed', backend: 'night', while: 'running', why: 'ended by SIGSEGV', words: [] },
    'warn  engine night failed: ended by SIGSEGV',
  ],
  [
    { event: 'engine_left_over', port: '9001', pid: 42, fate: 'ended' },
    'warn  process 42 was left on port 9001 by a gateway that is gone, and was ended',
  ],
  [
    { event: 'engine_left_over', port: '9001', pid: 42, fate: 'kept' },
    'warn  process 42 on port 9001 is an engine of another gateway',
  ],
  [
    { event: 'engine_output', backend: 'night', line: 'slot 0 is free', left: 3 },
    'debug night: (3 lines left out) slot 0 is free',
  ],
  [{ event: 'keys_read', file: '/data/keys.json', keys: 1 }, 'info  1 key read from /data/keys.json'],
  [
    { event: 'keys_not_read', file: '/data/keys.json', why: 'is not JSON; the keys before it stay' },
    'warn  keys cannot be read from /data/keys.json: is not JSON; the keys before it stay',
  ],
  [
    {
      event: 'keys_ignored',
      file: '/data/keys.json',
      ids: ['ann', 'bob'],
      why: 'the configuration has keys of these ids',
    },
    'warn  keys of /data/keys.json do not count: the configuration has keys of these ids (ann, bob)',
  ],
  [
    {
      event: 'keys_readable',
      file: '/data/keys.json',
      why: 'others can read it (mode 0644); chmod 600 /data/keys.json',
    },
    'warn  the keys in /data/keys.json are not safe: others can read it (mode 0644); chmod 600 /data/keys.json',
  ],
  [{ event: 'state_loaded', ...FILE }, 'info  what was learnt was read from /data/state.json'],
  [
    { event: 'state_set_aside', ...FILE, why: 'is not JSON' },
    'info  what was learnt cannot be used, is set aside as /data/state.json and begins anew: is not JSON',
  ],
  [
    { event: 'state_not_read', ...FILE, why: 'EACCES' },
    'info  what was learnt cannot be read from /data/state.json: EACCES',
  ],
  [
    { event: 'state_not_written', ...FILE, why: 'ENOSPC', more: 3 },
    'info  what was learnt cannot be written to /data/state.json: ENOSPC (and 3 more failures)',
  ],
  [{ event: 'state_written_again', ...FILE }, 'info  what was learnt is written to /data/state.json again'],
  [{ event: 'budgets_loaded', ...FILE }, 'info  what budgets had used was read from /data/state.json'],
  [
    { event: 'budgets_set_aside', ...FILE, why: 'is not JSON' },
    'info  what budgets had used cannot be used, is set aside as /data/state.json and begins anew: is not JSON',
  ],
  [
    { event: 'budgets_not_read', ...FILE, why: 'EACCES' },
    'info  what budgets had used cannot be read from /data/state.json: EACCES',
  ],
  [
    { event: 'budgets_not_written', ...FILE, why: 'ENOSPC' },
    'info  what budgets had used cannot be written to /data/state.json: ENOSPC',
  ],
  [{ event: 'budgets_written_again', ...FILE }, 'info  what budgets had used is written to /data/state.json again'],
  [
    { event: 'budget_soft', ...NOTICE },
    'info  budget team-day: team blue has used $4.02 of $5 a day; it begins anew at 2026-12-01T00:00:00.000Z',
  ],
  [
    {
      ...NOTICE,
      event: 'budget_exceeded',
      budget: 'all',
      of: 'gateway',
      id: 'gateway',
      per: 'month',
      resets_at: null,
      limit: { usd: null, tokens: 1e6, requests: 100 },
      used: { usd: 4.02, tokens: 1e6, requests: 43 },
    },
    'warn  budget all: the gateway has used 1M of 1M tokens, 43 of 100 requests a month; requests are refused',
  ],
  [
    { event: 'webhook_dropped', budget: 'team-day', why: 'HTTP 500', more: 2 },
    'warn  the webhook of budget team-day was not told: HTTP 500 (and 2 more notices)',
  ],
  [{ event: 'store_away' }, 'warn  Redis does not answer: budgets go by what this gateway knows'],
  [{ event: 'store_back' }, 'info  Redis answers again'],
  [
    { event: 'settlements_lost', count: 2 },
    'warn  what 2 requests came to did not reach Redis, and does not count there',
  ],
  [
    { event: 'ledger_away', folder: '/data/ledger', why: 'ENOSPC' },
    'warn  the ledger cannot be written to /data/ledger: ENOSPC; its rows wait in memory',
  ],
  [
    { event: 'ledger_not_pruned', folder: '/data/ledger', why: 'EACCES' },
    'warn  old parts of the ledger in /data/ledger cannot be deleted: EACCES',
  ],
  [
    { event: 'ledger_back', folder: '/data/ledger', pending_rows: 12, lost_rows: 0 },
    'info  the ledger is written to /data/ledger again, with 12 rows that waited; 0 rows lost',
  ],
  [
    { event: 'ledger_rows_lost', folder: '/data/ledger', lost_rows: 1 },
    'error the ledger in /data/ledger lost 1 row: no room to keep them',
  ],
  [
    { event: 'ledger_pruned', folder: '/data/ledger', segments: 2, bytes: 12_345_678 },
    'info  2 old parts of the ledger deleted (12.3 MB)',
  ],
  [
    { event: 'ledger_not_read', why: 'EACCES' },
    'warn  the ledger cannot be read for what budgets and sessions had used: EACCES',
  ],
  [
    { event: 'ledger_damaged', lines: 2, files: 1, first: 'a.jsonl:7' },
    'warn  the ledger has 2 lines that cannot be read in 1 file, the first in a.jsonl:7',
  ],
  [{ event: 'ledger_torn', lines: 1 }, 'info  the ledger ends in 1 line cut short by an earlier stop'],
  [{ event: 'ledger_newer', files: 2 }, 'warn  2 files of the ledger can be read by a later version only'],
  [
    { event: 'collector_away', signal: 'traces', reason: 'ECONNREFUSED' },
    'warn  the collector does not take traces: ECONNREFUSED',
  ],
  [{ event: 'collector_back', signal: 'traces', lost: 5 }, 'info  the collector takes traces again; 5 spans lost'],
  [{ event: 'spans_lost', signal: 'traces', lost: 1 }, 'warn  1 span lost: the collector is too slow, or away'],
  [{ event: 'admin_refused', address: '10.0.0.9' }, 'warn  admin API: wrong token from 10.0.0.9'],
  [{ event: 'key_created', ...ADMIN }, 'info  key created: ann, asked by 127.0.0.1'],
  [{ event: 'key_changed', ...ADMIN }, 'info  key changed: ann, asked by 127.0.0.1'],
  [{ event: 'key_rotated', ...ADMIN }, 'info  key rotated: ann, asked by 127.0.0.1'],
  [{ event: 'key_revoked', ...ADMIN }, 'info  key revoked: ann, asked by 127.0.0.1'],
  [
    { event: 'budget_reset', name: 'team-day', id: null, by: '127.0.0.1' },
    'info  budget reset: team-day, asked by 127.0.0.1',
  ],
  [
    {
      event: 'policy_applied',
      added: ['ollama'],
      changed: [],
      removed: ['simulator-1', 'simulator-2'],
      needs_restart: ['server.port'],
    },
    'info  configuration in force; backends: added ollama; removed simulator-1, simulator-2; counts after a restart only: server.port',
  ],
  [
    { event: 'policy_applied', added: [], changed: [], removed: [], needs_restart: [] },
    'info  configuration in force; backends: as before',
  ],
  [
    { event: 'observer_failed', type: 'TypeError', code: 'E_X' },
    'error what records finished requests failed: TypeError E_X',
  ],
  [
    { event: 'nothing_to_reload', signal: 'SIGHUP' },
    'warn  SIGHUP: nothing to reload; restart to change the configuration',
  ],
]

t.test('every kind of event is one line that a person can read', async (t) => {
  for (const [event, line] of EVENT_LINES) {
    const { emit, text } = terminal({ level: 'debug' })
    emit(event)
    t.match(text(), /^\d\d:\d\d:\d\d /)
    t.strictSame(timeless(text()), [line], event.event)
  }
  const told = new Set<EventName>(EVENT_LINES.map(([{ event }]) => event))
  t.strictSame([...told].sort(), Object.keys(EVENTS).sort(), 'all kinds')
})

t.test(
  'the last words of an engine that did not start stand below why, and what engines print is seen at debug only',
  async (t) => {
    const { emit, text } = terminal()
    emit({ event: 'engine_output', backend: 'night', line: 'a prompt' })
    t.equal(text(), '')
    const failed = { event: 'engine_failed', backend: 'night', while: 'starting', why: 'ended with code 1' } as const
    emit({ ...failed, words: ['error loading model', 'exiting'] })
    t.strictSame(timeless(text()), [
      'warn  engine night did not start: ended with code 1; its last words:',
      '    error loading model',
      '    exiting',
    ])
  },
)

t.test('a backend that is ready when it is looked at first is no news: the start screen has it', async (t) => {
  const { emit, text } = terminal()
  emit({ event: 'backend_state', backend: 'a', from: 'unknown', state: 'ready', reason: null, until: null })
  t.equal(text(), '')
  emit({ event: 'backend_state', backend: 'a', from: 'unknown', state: 'down', reason: 'no answer', until: null })
  t.strictSame(timeless(text()), ['warn  backend a is down: no answer'])
})

const TOOK = usage({ input: 1234, output: 340 })
const ANSWERED: RequestRecord = after([{ ...attempt('qwen3'), usage: TOOK, cost: cost(22_100) }], {
  ...{ route: 'default', success: true, ttftMs: 96.4, totalMs: 2061, endedAt: Date.UTC(2026, 10, 30, 12, 0, 7) },
})
const failed = (error: GatewayError, traits: Partial<RequestRecord> = {}): RequestRecord => ({
  ...after([attempt('qwen3', error.code)], { route: 'default', totalMs: 2061 }),
  ...{ tokens: null, cost: null, ttftMs: null, status: error.status, error: error.code },
  failure: failureRecordOf(error),
  ...traits,
})
const UNREACHABLE = new GatewayError('upstream_unreachable', 'Backend "a" cannot be reached.', {
  cause: Object.assign(new Error('x'), { code: 'ECONNREFUSED' }),
})
const LONG = { backend: 'a-very-long-name-of-a-backend', model: 'org/a-model-of-a-long-name-Q4_K_M' }

const NOWHERE = { backend: null, model: null, calls: 0 }

const REQUEST_LINES: readonly (readonly [record: RequestRecord, at100: string, at80: string])[] = [
  [
    ANSWERED,
    '200   default -> a/qwen3                      1.2k in   340 out $0.000022 ttft  96ms  2.06s',
    '200   default -> a/qwen3               1.2k>340  $0.000022  96ms  2.06s',
  ],
  [
    { ...ANSWERED, ttftMs: null, partial: true, cost: null, success: false, why: 'truncated' },
    '200   default -> a/qwen3  truncated           1.2k in   340 out        $?             2.06s',
    '200   default -> a/qwen3  truncated    1.2k>340         $?        2.06s',
  ],
  [
    { ...ANSWERED, ...LONG, calls: 3 },
    '200   a-very-long-name-of-a-backe..  3 calls  1.2k in   340 out $0.000022 ttft  96ms  2.06s',
    '200   a-very-long-name-of-..  3 calls  1.2k>340  $0.000022  96ms  2.06s',
  ],
  [
    failed(UNREACHABLE, { calls: 3 }),
    '502   default -> a/qwen3  upstream_unreachable (ECONNREFUSED), 3 calls                2.06s',
    '502   a/qwen3  upstream_unreachable (ECONNREFUSED), 3 calls       2.06s',
  ],
  [
    failed(new GatewayError('upstream_error', 'x', { upstreamStatus: 503 })),
    '502   default -> a/qwen3  upstream_error (HTTP 503)                                   2.06s',
    '502   default -> a/qwen3  upstream_error (HTTP 503)               2.06s',
  ],
  [
    failed(new GatewayError('model_not_found', 'x'), { ...NOWHERE, requestedModel: 'unknown', route: null }),
    '404   chat  model_not_found                                                           2.06s',
    '404   chat  model_not_found                                       2.06s',
  ],
  [
    failed(new GatewayError('budget_exceeded', 'x'), { ...NOWHERE, requestedModel: 'auto' }),
    '429   default -> chat of auto  budget_exceeded                                        2.06s',
    '429   default -> chat of auto  budget_exceeded                    2.06s',
  ],
  [
    { ...ANSWERED, tokens: { ...TOOK, estimated: true }, status: 499, error: 'client_closed', success: false },
    '499   default -> a/qwen3  client_closed       1.2k in  ~340 out $0.000022 ttft  96ms  2.06s',
    '499   a/qwen3  client_closed           1.2k>~340 $0.000022  96ms  2.06s',
  ],
]

t.test('a finished request is one line, in 100 columns and in 80', async (t) => {
  for (const [record, at100, at80] of REQUEST_LINES)
    for (const [columns, line] of [
      [100, at100],
      [80, at80],
    ] as const) {
      const { observer, text } = terminal({ columns })
      observer('never').onCompleted(record)
      t.strictSame(timeless(text()), [line], `${columns} columns`)
    }
})

t.test('its time is the end of the request, by the clock of the machine', async (t) => {
  const { observer, text } = terminal()
  observer('never').onCompleted(ANSWERED)
  const local = new Date(ANSWERED.endedAt).toTimeString().slice(0, 8)
  t.equal(text().slice(0, 9), `${local} `)
})

t.test('no line of a request is wider than the terminal, however narrow that is', async (t) => {
  const wide = { ...ANSWERED, backend: 'ローカル', model: '大きなモデルの名前は画面よりも長い名前です🦙🦙' }
  for (const columns of [30, 40, 60, 80, 100, 200]) {
    const { observer, plain, text } = terminal({ columns })
    for (const record of [...REQUEST_LINES.map(([record]) => record), wide]) observer('never').onCompleted(record)
    plain({ ...PLAIN, endpoint: 'x'.repeat(200) })
    for (const line of text().trimEnd().split('\n')) t.ok(width(line) <= columns, `${columns}: ${line}`)
  }
})

const PLAIN = {
  ...{ request_id: 'id', caller: undefined, endpoint: 'models', method: 'GET', status: 200, error: undefined },
  total_ms: 0.4,
}

t.test('so is one that no backend was asked about', async (t) => {
  const { plain, text } = terminal({ columns: 60 })
  const error = new GatewayError('not_found', 'x')
  plain(PLAIN)
  plain({ ...PLAIN, endpoint: 'other', status: 404, error: failureLine(error.code, failureRecordOf(error)) })
  t.strictSame(timeless(text()), [
    '200   GET models                              0.4ms',
    '404   GET other  not_found                    0.4ms',
  ])
})

t.test('lines below the level are not written', async (t) => {
  const { emit, observer, plain, text } = terminal({ level: 'warn' })
  emit({ event: 'store_back' })
  plain(PLAIN)
  observer('never').onCompleted(ANSWERED)
  t.equal(text(), '')
  emit({ event: 'store_away' })
  observer('never').onCompleted(failed(UNREACHABLE))
  t.equal(text().split('\n').length, 3)
})

t.test('what should not have happened has its stack below it, and never its message', async (t) => {
  const { fault, text } = terminal()
  fault('error', 'request', { ...PLAIN, err: new TypeError('CANARY') })
  fault('error', 'admin', { request_id: 'id', path: '/admin/keys', why: 'cannot be written (EACCES)' })
  t.notMatch(text(), /CANARY/)
  const [first, second, ...rest] = timeless(text())
  t.equal(first, 'error a request failed within the gateway, request_id id, endpoint models, TypeError')
  t.match(second, /^ {4}at /)
  t.equal(rest.at(-1), 'error the admin API failed, request_id id, path /admin/keys, why cannot be written (EACCES)')
})

/** What a terminal obeys, or what hides text: a title, a colour, a bell, another line, C1, the other direction, no width. */
const HOSTILE = 'a\x1b]0;owned\x07\x1b[31mb\r\n\x9b2J\u202ec\u200bd\u2028e\x7f'

t.test('no text from elsewhere reaches the terminal as anything but text', async (t) => {
  for (const colour of [true, false]) {
    const { emit, observer, plain, fault, text } = terminal({ colour, columns: 300 })
    const of = { ...ANSWERED, route: HOSTILE, backend: HOSTILE, model: HOSTILE }
    observer('never').onCompleted(of)
    observer('never').onCompleted(failed(UNREACHABLE, { ...NOWHERE, requestedModel: HOSTILE }))
    plain({ ...PLAIN, endpoint: HOSTILE, method: HOSTILE })
    fault('error', 'admin', { path: HOSTILE, why: HOSTILE.replace('\n', '') })
    emit({
      event: 'backend_state',
      backend: HOSTILE,
      from: 'ready',
      state: 'down',
      reason: HOSTILE.replace('\n', ''),
      until: null,
    })
    const own = text().replaceAll(/\x1b\[(?:0|1|2|3[1236])m/g, '')
    t.equal(own.split('\n').length, 8, 'five lines, and what follows a line break as if it were a stack')
    t.notMatch(own.replaceAll('\n', ''), /[\p{C}\p{Zl}\p{Zp}]/u)
    if (colour) t.match(text(), /\x1b\[2m/)
    else t.notMatch(text(), /\x1b/)
  }
  t.equal(shownLines('a\n\tb\x1b[2J\r'), 'a\n\tb?[2J?')
})

t.test('figures take a few characters', async (t) => {
  t.strictSame([0, 999, 1000, 1234, 9949, 9950, 12_345, 999_499, 999_500, 1_234_567].map(amount), [
    ...['0', '999', '1k', '1.2k', '9.9k', '10k', '12k', '999k', '1M', '1.2M'],
  ])
  t.strictSame([0, 0.4, 0.96, 96.4, 999.4, 999.5, 2061, 9994, 9995, 99_900, 140_000].map(time), [
    ...['0.0ms', '0.4ms', '1ms', '96ms', '999ms', '1.00s', '2.06s', '9.99s', '10.0s', '99.9s', '140s'],
  ])
  t.strictSame([0, 1, 22_100, 172_000, 951_000, 17_200_000, 999_400_000, 1.5e9, 20e9].map(dollars), [
    ...['$0', '<$1e-6', '$0.000022', '$0.000172', '$0.0010', '$0.0172', '$0.9994', '$1.50', '$20.00'],
  ])
  t.equal(cut('abcdef', 6), 'abcdef')
  t.equal(cut('abcdef', 5), 'abc..')
  t.equal(cut('abcdef', 1), '')
  t.equal(width('a大é🦙'), 6)
})
