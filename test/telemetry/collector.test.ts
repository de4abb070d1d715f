import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import type { RequestRecord } from '../../src/core/request-record.ts'
import { beginTrace } from '../../src/formats/trace-context.ts'
import type { TelemetryEvent } from '../../src/core/events.ts'
import { type ExportPace, Telemetry } from '../../src/observe/telemetry/telemetry.ts'
import { within } from '../support/await.ts'
import { freePort } from '../support/engines.ts'
import { ATTEMPT } from '../support/factories.ts'
import { after } from '../support/records.ts'
import { startOtlpReceiver } from './otlp-receiver.ts'

/** A request with one call: two spans. */
const finished = (): RequestRecord =>
  after(
    [{ ...ATTEMPT, backend: 'a', model: 'm', status: 200, error: null, answered: true, ttftMs: null, totalMs: 5 }],
    {
      trace: beginTrace({}, 1),
      totalMs: 6,
      success: true,
      endedAt: Date.now(),
    },
  )

function telemetry(
  endpoint: string,
  pace: Partial<ExportPace>,
  metrics = false,
): { it: Telemetry; events: TelemetryEvent[] } {
  const events: TelemetryEvent[] = []
  const spec = { endpoint, headers: {}, traces: true, metrics, sample: 1, serviceName: 's', intervalMs: 60_000 }
  const it = new Telemetry(spec, {
    version: '1',
    kinds: new Map([['a', 'mistral_ai']]),
    emit: (event) => events.push(event),
    pace: { delayMs: 1, waits: [], ...pace },
  })
  return { it, events }
}

async function until(what: string, holds: () => boolean): Promise<void> {
  await within(
    5_000,
    what,
    (async () => {
      while (!holds()) await turn()
    })(),
  )
}

t.test('a collector that is away is told of once; spans go on when it is back', async (t) => {
  const port = await freePort()
  const { it, events } = telemetry(`http://127.0.0.1:${port}`, {})
  for (let number = 0; number < 3; number++) {
    it.onCompleted(finished())
    await turn()
  }
  await until('it is missed', () => events.length > 0)
  t.strictSame(events, [{ event: 'collector_away', signal: 'traces', reason: 'ECONNREFUSED' }])
  for (let number = 0; number < 300; number++) it.onCompleted(finished())
  const receiver = await startOtlpReceiver(port)
  t.teardown(() => receiver.close())
  await until('it is found again', () => {
    it.onCompleted(finished())
    return events.length > 1
  })
  t.match(events[1], { event: 'collector_back', lost: Number })
  t.ok(Number(events[1]!.lost) >= 2, 'what was tried in vain is counted')
  await it.close()
  t.equal(events.length, 2, 'no event for each batch')
  t.ok(receiver.spans.length >= 2)
  t.match(receiver.spans.find(({ kind }) => kind === 3)?.attributes, { 'gen_ai.provider.name': 'mistral_ai' })
})

t.test('a collector that asks for another try gets it', async (t) => {
  const receiver = await startOtlpReceiver()
  t.teardown(() => receiver.close())
  receiver.answer(503)
  const { it, events } = telemetry(receiver.url, { waits: [1, 1, 1, 1] })
  it.onCompleted(finished())
  await receiver.waitExports(2)
  receiver.answer(200)
  await receiver.waitSpans(2)
  await it.close()
  t.match(events, [
    { event: 'collector_away', reason: 'status_503' },
    { event: 'collector_back', lost: 0 },
  ])
  t.equal(receiver.spans.length, 2)
})

t.test('a refusal is not tried again', async (t) => {
  const receiver = await startOtlpReceiver()
  t.teardown(() => receiver.close())
  receiver.answer(401)
  const { it, events } = telemetry(receiver.url, { waits: [1, 1, 1] })
  it.onCompleted(finished())
  await until('it is refused', () => events.length > 0)
  await it.close()
  t.equal(receiver.headers.length, 1)
  t.match(events, [
    { event: 'collector_away', reason: 'status_401' },
    { event: 'spans_lost', lost: 2 },
  ])
})

t.test('only so many spans wait; the others are counted, and the close has an end', async (t) => {
  const receiver = await startOtlpReceiver()
  t.teardown(() => receiver.close())
  receiver.answer(0)
  const { it, events } = telemetry(receiver.url, { queue: 100, closeMs: 50 }, true)
  for (let number = 0; number < 200; number++) it.onCompleted(finished())
  t.match(events, [{ event: 'collector_away', reason: 'queue_full' }])
  const began = performance.now()
  await it.close()
  t.ok(performance.now() - began < 2_000, 'it does not wait for a collector that is silent')
  t.strictSame(events.slice(1), [{ event: 'spans_lost', signal: 'traces', lost: 400 }])
  t.equal(receiver.spans.length, 0)
})

t.test('each signal has trouble of its own', async (t) => {
  const receiver = await startOtlpReceiver()
  t.teardown(() => receiver.close())
  receiver.answer(404, '/v1/traces')
  const { it, events } = telemetry(receiver.url, {}, true)
  it.onCompleted(finished())
  await until('spans are refused', () => events.length > 0)
  await it.close()
  t.strictSame(events, [
    { event: 'collector_away', signal: 'traces', reason: 'status_404' },
    { event: 'spans_lost', signal: 'traces', lost: 2 },
  ])
  t.ok(receiver.points.length > 0, 'metrics are taken')
})

t.test('the close sends what waits', async (t) => {
  const receiver = await startOtlpReceiver()
  t.teardown(() => receiver.close())
  const { it, events } = telemetry(receiver.url, { delayMs: 60_000 }, true)
  for (let number = 0; number < 200; number++) it.onCompleted(finished())
  await it.close()
  t.equal(receiver.spans.length, 400)
  t.equal(receiver.points.find(({ name }) => name === 'gen_ai.server.request.duration')?.count, 200)
  t.strictSame(events, [])
})
