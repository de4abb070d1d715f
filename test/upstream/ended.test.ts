/** Answers that end in one turn of the event loop are read in a row, behind it: none of them has to do with another, or is lost meanwhile. */
import { setImmediate } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { Call } from '../../src/backends/upstream/call.ts'
import type { Client, ResponseHandler } from '../../src/backends/upstream/client.ts'
import { BackendPool, Pools } from '../../src/backends/upstream/pools.ts'
import { GatewayError } from '../../src/core/errors.ts'
import { CLIENT } from '../support/client.ts'
import { Clock } from '../support/clock.ts'
import { callOf, start, type Started } from '../support/exchange-rig.ts'

const ROOT = 'http://127.0.0.1:9'
const LEFT = (): GatewayError => new GatewayError('client_closed', 'The caller left.')

const WHOLE = JSON.stringify({
  ...{ id: 'c', object: 'chat.completion', created: 1, model: 'tiny' },
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hello.' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 7, completion_tokens: 2, total_tokens: 9 },
})
const EVENTS = `data: ${JSON.stringify({ id: 'c', choices: [{ index: 0, delta: { content: 'Hi' }, finish_reason: 'stop' }] })}\n\n`

/** Calls whose responses the test gives by hand, so that it knows in which turn. */
class Hand {
  readonly clock = new Clock()
  readonly pool: BackendPool
  /** Of the calls, in order. */
  readonly handlers: ResponseHandler[] = []
  /** Connections that were made. */
  opened = 0
  readonly #pools: Pools

  constructor(test: Test) {
    this.#pools = new Pools(1_000, this.clock.now, CLIENT)
    const client: Client = {
      closed: false,
      send: (_request, handler) => {
        this.handlers.push(handler)
        handler.onRequestStart()
      },
      pause: () => undefined,
      resume: () => undefined,
      abort: () => undefined,
      close: () => undefined,
      destroy: () => Promise.resolve(),
    }
    const open = (): Client => {
      this.opened++
      return client
    }
    this.pool = new BackendPool(ROOT, { open, now: this.clock.now, emptied: () => undefined })
    this.clock.install(test)
  }

  start(traits: Partial<Call> = {}): Started {
    return start(callOf(this.#pools, this.clock, ROOT, { stream: false, pool: this.pool, ...traits }))
  }

  /** The whole response to the last call. */
  answer(body: string, headers: Record<string, string> = {}): void {
    const handler = this.handlers.at(-1)!
    handler.onResponseStart(200, { 'content-type': 'application/json', ...headers })
    handler.onResponseData(Buffer.from(body))
    handler.onResponseEnd()
  }
}

t.test('they are read behind the turn in their order, and one that cannot be read keeps no other', async (t) => {
  const hand = new Hand(t)
  const seen: string[] = []
  const all = [WHOLE, '{"choices":', WHOLE, WHOLE].map((body, at) => {
    const one = hand.start({ fresh: true })
    if (at === 2)
      one.exchange.answer.body = () => {
        throw new Error('a fault of a format')
      }
    hand.answer(body)
    void one.commit.then((code) => seen.push(`${at} ${code}`))
    return one
  })
  await Promise.resolve()
  t.strictSame(all.map((one) => one.exchange.endedAt), [null, null, null, null], 'not in this turn') // prettier-ignore
  await setImmediate()
  await setImmediate()
  t.strictSame(seen, ['0 committed', '1 upstream_incomplete', '2 upstream_bad_response', '3 committed'])
})

t.test('the connection is free at once', async (t) => {
  const hand = new Hand(t)
  const calls = [1, 2].map(() => {
    const one = hand.start()
    hand.answer(WHOLE)
    return one.commit
  })
  t.equal(hand.opened, 1)
  t.strictSame(await Promise.all(calls), ['committed', 'committed'])
})

t.test('a caller that leaves before its answer is read is charged for it', async (t) => {
  const hand = new Hand(t)
  const one = hand.start()
  hand.answer(WHOLE)
  one.exchange.cancel(LEFT())
  t.equal(await one.commit, 'committed')
  t.match(one.exchange.track.reported, { input: 7, output: 2 })
  t.equal(await one.sink.outcome, 'end')
  t.equal(one.sink.ends, 1)
})

t.test('a limit that passes before it is read takes nothing from an answer that is there', async (t) => {
  const hand = new Hand(t)
  const one = hand.start()
  hand.answer(WHOLE)
  hand.clock.pass(3_600_000)
  t.equal(await one.commit, 'committed')
})

t.test('a stream without a terminal event ends behind the turn, and after what came of it', async (t) => {
  const hand = new Hand(t)
  const one = hand.start({ stream: true })
  hand.answer(EVENTS, { 'content-type': 'text/event-stream' })
  t.equal(await one.commit, 'committed')
  t.equal(await one.sink.outcome, 'end')
  t.match(one.sink.text, /"Hi"/)
})
