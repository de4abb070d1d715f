/**
 * An answer that began on one backend, broke off there and was finished by another: every projection goes by which attempts
 * answered, not by which was the last. A third attempt may have failed after both.
 */
import t from 'tap'
import { countedOfRow } from '../../src/core/counted.ts'
import { firstAnswer, lastAnswer, type RequestRecord, soleAnswer } from '../../src/core/request-record.ts'
import { spentOf } from '../../src/core/total.ts'
import { beginTrace } from '../../src/formats/trace-context.ts'
import type { LedgerRow } from '../../src/ledger/row.ts'
import { rowsOf } from '../../src/ledger/rows-of.ts'
import { Baselines } from '../../src/observe/gateway/baselines.ts'
import { predictionRatios } from '../../src/observe/gateway/predictions.ts'
import { outcomeText, requestText } from '../../src/observe/log/request-line.ts'
import { Telemetry } from '../../src/observe/telemetry/telemetry.ts'
import { asObject, totalHeaders } from '../../src/relay/headers.ts'
import { Sessions } from '../../src/sessions/sessions.ts'
import { cost, usage } from '../support/factories.ts'
import { sumOf } from '../support/gateway.ts'
import { newMetrics } from '../support/metrics.ts'
import { after, attempt } from '../support/records.ts'
import { startOtlpReceiver } from '../telemetry/otlp-receiver.ts'

const expected = { input: 10, output: 20, reasoning: null, nanoUsd: 500, ttftMs: 25 }

/** Began on `a/m`, 40 tokens of which the caller has; cut. */
const BROKEN = {
  ...attempt('m', 'upstream_incomplete'),
  answered: true,
  ttftMs: 50,
  startedMs: 5,
  totalMs: 200,
  usage: usage({ input: 10, output: 40, estimated: true }),
  cost: cost(1_000),
  waste: { reason: 'failover', tokens: 50 } as const,
  expected,
}
/** Finished on `b/n`. */
const FINISHED = {
  ...attempt('n'),
  backend: 'b',
  startedMs: 210,
  totalMs: 300,
  usage: usage({ input: 50, output: 30 }),
  cost: cost(3_000),
  expected,
}
/** Called after both, as for a part that did not come: it answered nothing. */
const FAILED = { ...attempt('o', 'overloaded'), backend: 'c', ttftMs: null }

const TRAITS = {
  trace: beginTrace({}, 1),
  ttftMs: 50,
  totalMs: 510,
  streamMs: 455,
  finish: 'stop',
  success: true,
  score: 1,
  session: 's',
} as const

const RESCUED: readonly RequestRecord[] = [after([BROKEN, FINISHED], TRAITS), after([BROKEN, FINISHED, FAILED], TRAITS)]

t.test('the first and the last attempt that answered are told apart', async (t) => {
  for (const record of RESCUED) {
    t.equal(firstAnswer(record), record.attempts[0])
    t.equal(lastAnswer(record), record.attempts[1])
    t.equal(soleAnswer(record), null)
    t.match(record, { backend: 'b', model: 'n', tokens: { input: 60, output: 70 }, cost: { nanoUsd: 4_000 } })
  }
  const failed = after([FAILED])
  t.strictSame([firstAnswer(failed), lastAnswer(failed), soleAnswer(failed)], [null, null, null])
  t.match(failed, { answered: false, backend: 'c' }, 'else the last call')
  const sole = after([FAILED, FINISHED, FAILED])
  t.equal(soleAnswer(sole), sole.attempts[1])
})

t.test('the ledger: the finish and the verdict are of the call that finished; sums are of all', async (t) => {
  for (const record of RESCUED) {
    const rows = rowsOf(record, 'w', 1, null).map(({ text }) => JSON.parse(text) as LedgerRow)
    t.match(rows[0], { backend: 'a', finish: null, success: false, why: 'upstream_incomplete', ttft_ms: 50 })
    t.match(rows[1], { backend: 'b', finish: 'stop', success: true, why: null })
    const own = rows.at(-1)!
    t.match(own, { kind: 'request', backend: 'b', model: 'n', finish: 'stop', success: true, cost_usd: 0.000004 })
    t.match(own, { attempts: record.calls, ttft_ms: 50, waste: { reason: 'failover', tokens: 50 } })
    if (record.calls === 3) t.match(rows[2], { backend: 'c', finish: null, success: false, why: 'overloaded' })
    t.strictSame(spentOf(countedOfRow(own)), spentOf(record), 'budgets count the same after a restart')
    t.strictSame(spentOf(record), { nanoUsd: 4_000, tokens: 130 })
  }
})

t.test('metrics: the first token is of the call that began, the request of the one that finished', async (t) => {
  for (const record of RESCUED) {
    const metrics = newMetrics()
    metrics.onCompleted(record)
    const text = await metrics.scrape('text')
    const sum = (name: string, labels: Record<string, string> = {}): number => sumOf(text, `turnout_${name}`, labels)
    t.equal(sum('requests_total', { backend: 'b', model: 'n', error: 'none' }), 1)
    t.equal(sum('requests_total'), 1)
    t.equal(sum('successes_total', { backend: 'b' }), 1)
    t.equal(sum('time_to_first_token_seconds_sum', { backend: 'a', model: 'm' }), 0.05)
    t.equal(sum('time_to_first_token_seconds_count'), 1)
    t.equal(sum('time_per_output_token_seconds_count'), 0, 'a stream of two models has the pace of neither')
    t.equal(sum('cost_usd_total', { backend: 'a' }), 0.000001)
    t.equal(sum('cost_usd_total', { backend: 'b' }), 0.000003)
    t.equal(sum('attempts_total', { outcome: 'upstream_incomplete' }), 1)
    t.equal(sum('attempts_total', { backend: 'b', outcome: 'ok' }), 1)
  }
})

t.test(
  'predictions: the first token counts, a part of an answer says nothing about its length or its cost',
  async (t) => {
    for (const record of RESCUED) {
      const ratios: Record<string, number> = {}
      predictionRatios(record, (what, ratio) => (ratios[what] = ratio))
      t.strictSame(ratios, { ttft: 2 })
    }
  },
)

t.test('savings: compared as a whole, and the baseline learns nothing from its part', async (t) => {
  for (const record of RESCUED) {
    const baselines = new Baselines()
    for (const [backend, model] of [
      ['b', 'n'],
      ['a', 'm'],
    ] as const) {
      const baseline = { backend, model, nanoUsd: 9_000 }
      const compared = baselines.compare(baseline, record)
      t.strictSame(compared, { baselineNanoUsd: 9_000, comparedNanoUsd: 4_000, own: false })
      t.equal(baselines.ratio(baseline), 1)
    }
  }
})

t.test('the outcome, the log line and the headers', async (t) => {
  for (const record of RESCUED) {
    t.match(JSON.parse(outcomeText(record)), {
      attempts: [
        { backend: 'a', error: 'upstream_incomplete', ttft_ms: 50 },
        { backend: 'b', error: null },
      ],
      cost_usd: 0.000004,
      ttft_ms: 50,
      finish: 'stop',
      success: true,
      wasted: { reason: 'failover', tokens: 50 },
    })
    t.match(JSON.parse(`{${requestText(record)}}`), { status: 200, error: undefined })
    t.equal(asObject(totalHeaders(record))['x-turnout-cost-usd'], '0.000004')
  }
})

t.test('sessions count both attempts that answered', async (t) => {
  for (const record of RESCUED) {
    const [live, replayed] = [new Sessions(), new Sessions()]
    live.onCompleted(record)
    const [row] = rowsOf(record, 'w', 1, null, 'request')
    replayed.replay(countedOfRow(JSON.parse(row!.text) as LedgerRow))
    const shown = live.get('anonymous/s')
    t.match(shown, { requests: 1, attempts: record.calls, models: { 'b/n': 1 }, ttft_ms: 50, cost_usd: 0.000004 })
    t.strictSame(replayed.get('anonymous/s'), shown)
  }
})

t.test('traces: the finish reason is on the span of the call that finished', async (t) => {
  for (const record of RESCUED) {
    const receiver = await startOtlpReceiver()
    t.teardown(() => receiver.close())
    const spec = { endpoint: receiver.url, headers: {}, traces: true, metrics: true, sample: 1, serviceName: 's' }
    const telemetry = new Telemetry(
      { ...spec, intervalMs: 60_000 },
      { version: '1', kinds: new Map(), emit: () => undefined, pace: { delayMs: 1, waits: [] } },
    )
    telemetry.onCompleted(record)
    await telemetry.close()
    const finishes = ['a', 'b'].map(
      (backend) =>
        receiver.spans.find(({ attributes }) => attributes['turnout.backend'] === backend)?.attributes[
          'gen_ai.response.finish_reasons'
        ],
    )
    t.strictSame(finishes, [undefined, ['stop']])
    t.equal(receiver.spans.length, 1 + record.calls)
    const server = receiver.points.find(({ name }) => name === 'gen_ai.server.request.duration')
    t.match(server, { attributes: { 'gen_ai.response.model': 'n' } })
    t.equal(receiver.points.filter(({ name }) => name === 'gen_ai.server.time_per_output_token').length, 0)
  }
})
