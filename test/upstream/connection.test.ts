/** Connections of a backend over real sockets, under a clock of the test: which are used again, for how long, and what their end says. */
import { stat } from 'node:fs/promises'
import type { Call } from '../../src/backends/upstream/call.ts'
import { GatewayError } from '../../src/core/errors.ts'
import { within } from '../support/await.ts'
import { withEachClient } from '../support/clients.ts'
import { exchangeRig, type ExchangeRig } from '../support/exchange-rig.ts'

const WHOLE: Partial<Call> = { stream: false }

/** Lets what the system has for this process come: the end of a connection is seen nowhere else. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve))
}

/** Goes on where sockets are read, as callbacks of files run there: what is sent from here is written before anything else is read. */
const amongReads = (): Promise<unknown> => stat('.')

/** One answered call; whether it went out on a connection that had carried another. */
async function reused(rig: ExchangeRig, traits: Partial<Call> = WHOLE): Promise<boolean> {
  const one = rig.start(traits)
  if ((await one.commit) !== 'committed' || (await one.sink.outcome) !== 'end') throw new Error('no answer')
  await rig.upstream.requests.at(-1)!.finished
  return rig.upstream.requests.at(-1)!.reused
}

withEachClient('a connection is used again once its answer has ended, streamed or whole', async (t, client) => {
  const rig = await exchangeRig(t, client)
  t.equal(await reused(rig), false)
  for (const traits of [WHOLE, {}, {}, WHOLE]) {
    // The end of a stream's body comes a moment after its [DONE].
    await turns(10)
    t.equal(await reused(rig, traits), true)
  }
  t.equal(rig.upstream.openSockets, 1)
})

withEachClient('a call that wants a new connection gets one', async (t, client) => {
  const rig = await exchangeRig(t, client)
  await reused(rig)
  t.equal(await reused(rig, { ...WHOLE, fresh: true }), false)
})

withEachClient('a connection is trusted for four seconds of rest', async (t, client) => {
  const rig = await exchangeRig(t, client)
  await reused(rig)
  rig.clock.pass(3_000)
  t.equal(await reused(rig), true)
  rig.clock.time += 4_000
  t.equal(await reused(rig), false, 'it is as old as it may be')
})

withEachClient(
  'where the peer closes idle connections, others are trusted for half of that time',
  async (t, client) => {
    const rig = await exchangeRig(t, client)
    await reused(rig)
    rig.clock.time += 1_000
    rig.upstream.closeIdle('fin')
    await rig.upstream.waitSockets(0)
    await turns(10)
    t.equal(await reused(rig), false, 'it is gone')
    rig.clock.time += 499
    t.equal(await reused(rig), true)
    rig.clock.time += 500
    t.equal(await reused(rig), false)
  },
)

withEachClient('a connection whose call was cancelled or has failed carries no other', async (t, client) => {
  const rig = await exchangeRig(t, client)
  rig.upstream.next({ stallAfter: 2 }, {}, { cut: { events: 2, how: 'reset' } })
  const left = rig.start()
  await left.commit
  left.exchange.cancel(new GatewayError('client_closed', 'left'))
  await within(2_000, 'the close', rig.upstream.requests[0]!.closed)
  t.equal(await reused(rig), false)
  const broken = rig.start()
  await broken.commit
  t.equal(await broken.sink.outcome, 'upstream_incomplete')
  t.equal(await reused(rig), false)
})

withEachClient('a kept connection that the peer had closed is known: its request was not read', async (t, client) => {
  for (const how of ['fin', 'reset'] as const) {
    const rig = await exchangeRig(t, client)
    await reused(rig)
    await amongReads()
    // In the same turn, so that nothing of the end has come.
    rig.upstream.closeIdle(how)
    const one = rig.start(WHOLE)
    t.equal(await one.commit, 'upstream_unreachable', how)
    t.equal(one.exchange.unread, true, how)
    t.equal(rig.upstream.requests.length, 1, how)
  }
})

withEachClient(
  'a call for a kept connection that closes meanwhile is answered on a new one, or known as not read',
  async (t, client) => {
    for (const how of ['fin', 'reset'] as const) {
      const rig = await exchangeRig(t, client)
      await reused(rig)
      // Behind the reads of a turn, as calls are made: undici writes in the next one.
      await turns(1)
      rig.upstream.closeIdle(how)
      const one = rig.start(WHOLE)
      const outcome = await one.commit
      t.ok(outcome === 'committed' || (outcome === 'upstream_unreachable' && one.exchange.unread), how)
      t.equal(rig.upstream.requests.length, outcome === 'committed' ? 2 : 1, how)
    }
  },
)

withEachClient('a request that may have been read is not called unread', async (t, client) => {
  for (const drop of ['fin', 'reset'] as const) {
    const rig = await exchangeRig(t, client)
    rig.upstream.next({ drop }, {}, { drop })
    const first = rig.start(WHOLE)
    t.equal(await first.commit, 'upstream_unreachable', drop)
    t.equal(first.exchange.unread, false, 'on a new connection')
    await reused(rig)
    const kept = rig.start(WHOLE)
    t.equal(await kept.commit, 'upstream_unreachable', drop)
    t.equal(rig.upstream.requests.length, 3, 'it was read')
    t.equal(kept.exchange.unread, false, 'on a kept one')
  }
})

withEachClient(
  'an answer that ends with its connection is whole, also for a caller that takes nothing for a while',
  async (t, client) => {
    const words = Array.from({ length: 40 }, () => 'x'.repeat(64 * 1024))
    const rig = await exchangeRig(t, client, { plan: { words, untilClose: true } })
    const one = rig.start()
    one.sink.room = false
    await one.commit
    await one.sink.until('x')
    one.sink.room = true
    one.exchange.resume()
    t.equal(await one.sink.outcome, 'end')
    t.equal(one.sink.text.match(/x{65536}/g)?.length, 40)
    t.equal(await reused(rig, {}), false)
  },
)

withEachClient('a pool that is destroyed cuts what is open', async (t, client) => {
  const rig = await exchangeRig(t, client, { plan: { stallAfter: 2 } })
  const one = rig.start()
  await one.commit
  await rig.pools.destroy()
  t.equal(await one.sink.outcome, 'upstream_incomplete')
  await within(2_000, 'the close', rig.upstream.waitSockets(0))
})
