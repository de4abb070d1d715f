/** One call of one backend over a real connection: its limits under a clock of the test, its end in every state, and what reaches the caller. */
import type { Test } from 'tap'
import { GatewayError } from '../../src/core/errors.ts'
import type { Call } from '../../src/backends/upstream/call.ts'
import { eventually, within } from '../support/await.ts'
import { startBlackHole } from '../support/black-hole.ts'
import { withEachClient } from '../support/clients.ts'
import { callOf, exchangeRig, type ExchangeRig, LONG, start, type Started } from '../support/exchange-rig.ts'
import { backend } from '../support/factories.ts'
import type { Cut, Plan } from '../support/fault-plan.ts'
import { deferred } from '../support/fault-record.ts'

const LEFT = (): GatewayError => new GatewayError('client_closed', 'The caller left.')
const WHOLE: Partial<Call> = { stream: false }

const say = (content: string, finish_reason: string | null = null): string =>
  JSON.stringify({ id: 'c', model: 'tiny', choices: [{ index: 0, delta: { content }, finish_reason }] })

/** Waits for real until the status line has come. */
const answered = ({ exchange }: Started): Promise<void> =>
  eventually(5_000, 'the status line', () => exchange.status !== null)

/** A stream whose events the test lets go one by one. */
function paced(): { plan: Plan; go: () => void } {
  let next = deferred<undefined>()
  const gates = [next]
  return {
    plan: { pace: (event) => (gates[event] ??= deferred<undefined>()).promise },
    go: () => {
      next.resolve(undefined)
      const at = gates.indexOf(next) + 1
      next = gates[at] ??= deferred<undefined>()
    },
  }
}

/** Lets pass all but one millisecond of `ms`, then that one: nothing happens before, `code` happens then. */
async function runsOut(t: Test, { clock }: ExchangeRig, one: Started, ms: number, code: string): Promise<void> {
  clock.pass(ms - 1)
  await new Promise((resolve) => setImmediate(resolve))
  t.equal(one.committed(), null, `nothing has happened 1 ms before ${code}`)
  clock.pass(1)
  t.equal(await one.commit, code)
}

withEachClient('a connection that is not made in time ends with connect_timeout', async (t, client) => {
  const hole = await startBlackHole()
  t.teardown(() => hole.close())
  const rig = await exchangeRig(t, client)
  for (const traits of [{}, WHOLE]) {
    const one = start(callOf(rig.pools, rig.clock, hole.url, traits))
    await runsOut(t, rig, one, LONG.connectMs, 'connect_timeout')
    t.equal(one.exchange.sent, false)
    t.equal(one.exchange.status, null)
    t.equal(one.exchange.endedAt, rig.clock.time)
  }
})

withEachClient(
  'a stream without a status line in time ends with headers_timeout, and its connection is closed',
  async (t, client) => {
    const rig = await exchangeRig(t, client, { plan: { headersAfter: 'never' } })
    const one = rig.start()
    const request = await rig.upstream.waitRequest(1)
    await runsOut(t, rig, one, LONG.headersMs, 'headers_timeout')
    t.equal(one.exchange.sent, true)
    t.match(await within(2_000, 'the close', request.closed), { by: /fin|reset/ })
  },
)

withEachClient(
  'the limit of the first token counts from the start of the call, whenever the status line comes',
  async (t, client) => {
    for (const waited of [0, 1_000, LONG.headersMs - 1]) {
      const gate = deferred<undefined>()
      const rig = await exchangeRig(t, client, { plan: { headersAfter: gate.promise, firstAfter: 'never' } })
      const one = rig.start()
      const request = await rig.upstream.waitRequest(1)
      rig.clock.pass(waited)
      gate.resolve(undefined)
      await answered(one)
      await runsOut(t, rig, one, LONG.ttftMs - waited, 'ttft_timeout')
      await within(2_000, 'the close', request.closed)
    }
  },
)

withEachClient(
  'a provider whose status line comes with the first token has the limit of the first token for both',
  async (t, client) => {
    const rig = await exchangeRig(t, client, { plan: { headersAfter: 'never' } })
    const plain = backend({ root: rig.upstream.url })
    const response = { ...plain.provider.response, headersWithFirstToken: true }
    const one = rig.start({ backend: { ...plain, provider: { ...plain.provider, response } } })
    await rig.upstream.waitRequest(1)
    await runsOut(t, rig, one, LONG.ttftMs, 'ttft_timeout')
  },
)

withEachClient('a stream that falls silent ends with idle_timeout, with or without pings', async (t, client) => {
  for (const pings of [undefined, { text: ': ping\n\n', everyMs: 5_000 }]) {
    const rig = await exchangeRig(t, client, { plan: { stallAfter: 3, ...(pings ? { pings } : {}) } })
    const one = rig.start()
    t.equal(await one.commit, 'committed')
    await one.sink.until('river')
    await rig.clock.passSlowly(LONG.idleMs, 1_000)
    t.equal(one.sink.ends, 0, 'not before the limit')
    await rig.clock.passSlowly(LONG.idleMs / 32 + 1, 1_000)
    t.equal(await one.sink.outcome, 'idle_timeout')
    await within(2_000, 'the close', rig.upstream.requests[0]!.closed)
  }
})

withEachClient('a stream whose tokens come slower than anything else goes on to its end', async (t, client) => {
  const { plan, go } = paced()
  const rig = await exchangeRig(t, client, { plan })
  const one = rig.start({ totalMs: Infinity })
  go()
  go()
  t.equal(await one.commit, 'committed')
  t.equal(one.exchange.ttftMs, 0)
  for (const word of ['river', 'runs', 'to ', 'the ', 'sea']) {
    rig.clock.pass(LONG.idleMs - 1)
    go()
    await one.sink.until(word)
  }
  for (let rest = 0; rest < 20; rest++) go()
  t.equal(await one.sink.outcome, 'end')
})

withEachClient('the total ends a call in every state', async (t, client) => {
  const states: Readonly<Record<string, [Plan, Partial<Call>, (one: Started) => Promise<unknown>]>> = {
    'no status line': [{ headersAfter: 'never' }, WHOLE, () => Promise.resolve()],
    'a status line': [{ firstAfter: 'never' }, WHOLE, answered],
    'half a body': [{ stallAfter: 1, headers: { 'content-length': '4000' } }, WHOLE, answered],
  }
  for (const [name, [plan, traits, reached]] of Object.entries(states))
    for (const ownDeadline of [false, true]) {
      const rig = await exchangeRig(t, client, { plan })
      const one = rig.start({ ...traits, ownDeadline })
      await rig.upstream.waitRequest(1)
      await reached(one)
      await runsOut(t, rig, one, LONG.totalMs, ownDeadline ? 'deadline_exceeded' : 'total_timeout')
      t.equal(one.exchange.endedAt, rig.clock.time, name)
    }
  const { plan, go } = paced()
  const rig = await exchangeRig(t, client, { plan })
  const one = rig.start({ totalMs: 100_000 })
  for (let event = 0; event < 2; event++) go()
  await one.commit
  await one.sink.until('The')
  rig.clock.pass(50_000)
  go()
  await one.sink.until('river')
  rig.clock.pass(49_999)
  t.equal(one.sink.ends, 0)
  rig.clock.pass(1)
  t.equal(await one.sink.outcome, 'total_timeout', 'of a stream that flows')
})

withEachClient('an error whose text does not come within a second is known by its status', async (t, client) => {
  for (const [status, code] of [
    [500, 'upstream_error'],
    [401, 'upstream_auth'],
    [429, 'upstream_rate_limited'],
  ] as const) {
    const rig = await exchangeRig(t, client, { plan: { status, firstAfter: 'never' } })
    const one = rig.start()
    await answered(one)
    await runsOut(t, rig, one, 1_000, code)
    t.equal(one.exchange.status, status)
  }
})

withEachClient(
  'a stream that said its last word ends well 1.5 s later, whatever heartbeats come',
  async (t, client) => {
    const events = [say('a'), say('b', 'stop')]
    for (const pings of [undefined, { text: ': ping\n\n', everyMs: 100 }]) {
      const rig = await exchangeRig(t, client, {
        plan: { events, done: false, stallAfter: 2, ...(pings ? { pings } : {}) },
      })
      const one = rig.start()
      await one.commit
      await one.sink.until('"stop"')
      await rig.clock.passSlowly(1_400, 100)
      t.equal(one.sink.ends, 0)
      await rig.clock.passSlowly(200, 100)
      t.equal(await one.sink.outcome, 'end')
      await within(
        2_000,
        'the close',
        rig.clock.passSlowly(1_100, 100).then(() => rig.upstream.requests[0]!.closed),
      )
    }
  },
)

/** Where a call may be when it is cancelled: how the backend behaves, and how it is seen that it is there. */
const STATES: Readonly<
  Record<string, readonly [Plan, Partial<Call>, (one: Started, rig: ExchangeRig) => Promise<unknown>]>
> = {
  'waiting for the status line': [{ headersAfter: 'never' }, {}, (_, rig) => rig.upstream.waitRequest(1)],
  'waiting for the status line of a whole answer': [
    { headersAfter: 'never' },
    WHOLE,
    (_, rig) => rig.upstream.waitRequest(1),
  ],
  'with a status line and no event': [{ firstAfter: 'never' }, {}, answered],
  'with events that say nothing yet': [{ stallAfter: 1 }, {}, answered],
  'in mid-stream': [{ stallAfter: 4 }, {}, (one) => one.sink.until('runs')],
  'with a status line and no body': [{ firstAfter: 'never' }, WHOLE, answered],
  'in the text of an error': [{ status: 503, firstAfter: 'never' }, {}, answered],
  'behind its last finish reason': [
    { events: [say('a'), say('b', 'stop')], done: false, stallAfter: 2 },
    {},
    (one) => one.sink.until('"stop"'),
  ],
}

withEachClient(
  'a cancelled call ends once, at once and for good, and its connection closes, in every state',
  async (t, client) => {
    for (const [name, [plan, traits, reached]] of Object.entries(STATES)) {
      const rig = await exchangeRig(t, client, { plan })
      const one = rig.start(traits)
      await reached(one, rig)
      const committed = one.committed() === 'committed'
      const text = one.sink.text
      one.exchange.cancel(LEFT())
      t.equal(one.exchange.endedAt, rig.clock.time, `${name}: it is over`)
      if (committed) t.equal(await one.sink.outcome, 'client_closed', name)
      else t.equal(await one.commit, 'client_closed', name)
      t.match(await within(2_000, name, rig.upstream.requests[0]!.closed), { by: /fin|reset/ }, name)
      one.exchange.cancel(new GatewayError('internal_error', 'again'))
      rig.clock.pass(LONG.totalMs * 2)
      t.equal(one.sink.ends, committed ? 1 : 0, `${name}: one end`)
      t.equal(one.sink.text, text, `${name}: nothing comes after it`)
    }
  },
)

withEachClient('a call that is cancelled before there is a connection never goes out', async (t, client) => {
  const rig = await exchangeRig(t, client)
  const one = rig.start()
  one.exchange.cancel(LEFT())
  t.equal(await one.commit, 'client_closed')
  // The next call on the same pool shows that the first one did not come before it.
  t.equal(await rig.start(WHOLE).commit, 'committed')
  t.equal(rig.upstream.requests.length, 1)
  t.equal(one.exchange.sent, false)
})

withEachClient('a call that is cancelled after its end has ended well', async (t, client) => {
  const rig = await exchangeRig(t, client)
  for (const traits of [{}, WHOLE]) {
    const one = rig.start(traits)
    await one.commit
    t.equal(await one.sink.outcome, 'end')
    const at = one.exchange.endedAt
    rig.clock.pass(10)
    one.exchange.cancel(LEFT())
    t.equal(one.sink.ends, 1)
    t.equal(one.exchange.endedAt, at)
  }
})

withEachClient('a backend that goes on after an abort is read to its end for its usage', async (t, client) => {
  const { plan, go } = paced()
  const rig = await exchangeRig(t, client, { plan: { ...plan, usage: 'always' } })
  const one = rig.start({ backend: backend({ root: rig.upstream.url, onAbort: 'drain' }) })
  go()
  go()
  await one.commit
  await one.sink.until('The')
  const text = one.sink.text
  one.exchange.cancel(LEFT())
  one.exchange.cancel(LEFT())
  t.equal(one.exchange.endedAt, null, 'it goes on')
  for (let rest = 0; rest < 20; rest++) go()
  t.equal(await one.sink.outcome, 'client_closed')
  t.equal(one.sink.text, text, 'the caller gets nothing of it')
  t.match(one.exchange.track.reported, { output: 10 })
  await rig.upstream.requests[0]!.finished
  t.equal(await rig.start(WHOLE).commit, 'committed')
  t.equal(rig.upstream.requests[1]!.reused, true, 'its connection is used again')
})

withEachClient(
  'what is read to its end for nobody ends after a minute, also with the caller paused',
  async (t, client) => {
    for (const room of [true, false]) {
      const { plan, go } = paced()
      const rig = await exchangeRig(t, client, { plan })
      const one = rig.start({ backend: backend({ root: rig.upstream.url, onAbort: 'drain' }) })
      one.sink.room = room
      go()
      go()
      await one.commit
      await one.sink.until('The')
      one.exchange.cancel(LEFT())
      // Each of its tokens comes in time: it is only the minute that ends it.
      rig.clock.pass(59_999)
      t.equal(one.sink.ends, 0)
      rig.clock.pass(1)
      t.equal(await one.sink.outcome, 'client_closed')
      await within(2_000, 'the close', rig.upstream.requests[0]!.closed)
    }
  },
)

withEachClient(
  'only the caller who left is read to the end for: any other cancel closes the connection',
  async (t, client) => {
    const rig = await exchangeRig(t, client, { plan: { stallAfter: 2 } })
    const one = rig.start({ backend: backend({ root: rig.upstream.url, onAbort: 'drain' }) })
    await one.commit
    one.exchange.cancel(new GatewayError('shutting_down', 'end'))
    t.equal(await one.sink.outcome, 'shutting_down')
    await within(2_000, 'the close', rig.upstream.requests[0]!.closed)
  },
)

withEachClient('a caller that takes nothing stops the backend, and loses nothing by it', async (t, client) => {
  const piece = 'x'.repeat(4_000)
  const count = 4_000
  const events = Array.from({ length: count }, (_, at) => say(`${at} ${piece}`)).concat(say('', 'stop'))
  const rig = await exchangeRig(t, client, { plan: { events } })
  const one = rig.start()
  one.sink.room = false
  await one.commit
  const request = rig.upstream.requests[0]!
  let before = -1
  await eventually(5_000, 'the backend stops', () => {
    const stands = request.sent === before
    before = request.sent
    return stands && before > 0
  })
  t.ok(request.sent < count / 2, `${request.sent} of ${count} events sent`)
  t.ok(one.sink.text.length < 1 << 20, `${one.sink.text.length} bytes taken`)
  rig.clock.pass(LONG.idleMs * 5)
  t.equal(one.sink.ends, 0, 'it is no silence of the backend')
  one.sink.room = true
  one.exchange.resume()
  one.exchange.resume()
  t.equal(await one.sink.outcome, 'end')
  const came = [...one.sink.text.matchAll(/"content":"(\d+) /g)].map(([, at]) => Number(at))
  t.strictSame(
    came,
    Array.from({ length: count }, (_, at) => at),
  )
})

withEachClient(
  'what comes after the end of a stream is not passed on, and its connection closes a second later',
  async (t, client) => {
    const late = say('late')
    const rig = await exchangeRig(t, client, {
      plan: { events: [say('a', 'stop'), '[DONE]', late, late], done: false, stallAfter: 4 },
    })
    const one = rig.start()
    t.equal(await one.commit, 'committed')
    t.equal(await one.sink.outcome, 'end')
    const request = rig.upstream.requests[0]!
    await eventually(2_000, 'all is sent', () => request.sent === 4)
    t.notMatch(one.sink.text, /late|after the end/)
    rig.clock.pass(1_000)
    await within(2_000, 'the close', request.closed)
    t.equal(one.sink.ends, 1)
  },
)

withEachClient('an interim answer is none', async (t, client) => {
  for (const interim of [102, 103])
    for (const traits of [{}, WHOLE]) {
      const rig = await exchangeRig(t, client, { plan: { interim } })
      const one = rig.start(traits)
      t.equal(await one.commit, 'committed')
      t.equal(one.exchange.status, 200)
      t.equal(await one.sink.outcome, 'end')
    }
})

const FORMS: Readonly<Record<string, Plan>> = {
  plain: {},
  'with CRLF': { eol: '\r\n' },
  'with CR': { eol: '\r' },
  'with comments and noise': { comments: true, noise: true },
  'with usage': { usage: 'always' },
  'with a byte order mark': { mark: true },
  'with a tool call': { toolCall: { name: 'f', arguments: ['{"a":', '"水"}'] } },
}

withEachClient('an answer that comes byte by byte is the same answer', async (t, client) => {
  for (const [name, form] of Object.entries(FORMS))
    for (const traits of [{}, WHOLE]) {
      const rig = await exchangeRig(t, client)
      rig.upstream.next(form, { ...form, split: 'every' })
      const seen: unknown[] = []
      for (let turn = 0; turn < 2; turn++) {
        const one = rig.start(traits)
        t.equal(await one.commit, 'committed', name)
        t.equal(await one.sink.outcome, 'end', name)
        const { track, body } = one.exchange
        seen.push([one.sink.text, body?.toString() ?? null, track.reported, track.finish])
      }
      t.strictSame(seen[1], seen[0], name)
    }
})

withEachClient('an answer that breaks off at any byte is never taken for a whole one', async (t, client) => {
  const words = ['größe', '🚂']
  const rig = await exchangeRig(t, client)
  rig.upstream.next({ words }, { words })
  const size = async (traits: Partial<Call>): Promise<[size: number, text: string]> => {
    const one = rig.start(traits)
    await one.commit
    await one.sink.outcome
    return [one.exchange.body?.length ?? 900, one.sink.text]
  }
  for (const traits of [{}, WHOLE]) {
    const [bytes, whole] = await size(traits)
    const wrong: string[] = []
    for (const how of ['fin', 'reset'] satisfies Cut[])
      for (let at = 0; at < bytes; at += 3) {
        rig.upstream.next({ words, cut: { bytes: at, how } })
        const one = rig.start(traits)
        const outcome = (await one.commit) === 'committed' ? await one.sink.outcome : await one.commit
        const finished = /"finish_reason":"stop"/.test(one.sink.text)
        const good = finished ? outcome === 'end' : outcome === 'upstream_incomplete'
        if (!good || !whole.startsWith(one.sink.text.replace(/data: \[DONE\]\n\n$/, '')))
          wrong.push(`${how} at ${at}: ${outcome} ${one.sink.text}`)
      }
    t.strictSame(wrong, [])
  }
})

withEachClient(
  'a format that throws at the end of a stream ends the answer, and no caller waits for it',
  async (t, client) => {
    const ends: Readonly<Record<string, Plan>> = {
      'with the mark of the end': {},
      'without it': { done: false },
      'broken off behind its last word': { done: false, untilClose: true, afterwards: 'reset' },
    }
    const rig = await exchangeRig(t, client)
    for (const [name, plan] of Object.entries(ends)) {
      rig.upstream.next(plan)
      const { answer, ...call } = callOf(rig.pools, rig.clock, rig.upstream.url)
      const throws = (): never => {
        throw new Error('a member that is not there')
      }
      const one = start({ ...call, answer: Object.assign(answer, { complete: throws }) })
      const outcome = (await one.commit) === 'committed' ? await one.sink.outcome : await one.commit
      t.match(outcome, /^upstream_(bad_response|incomplete|unreachable)$/, name)
      t.equal(one.exchange.endedAt, rig.clock.time, name)
    }
  },
)

withEachClient(
  'a format that throws at a whole answer ends that answer, and the others of its turn are read',
  async (t, client) => {
    const rig = await exchangeRig(t, client)
    const throws = (): never => {
      throw new Error('a member that is not there')
    }
    for (const member of ['body', 'complete']) {
      const calls = Array.from({ length: 9 }, (_, at) => {
        const { answer, ...call } = callOf(rig.pools, rig.clock, rig.upstream.url, WHOLE)
        return start({ ...call, answer: at % 3 === 1 ? Object.assign(answer, { [member]: throws }) : answer })
      })
      const outcomes = await Promise.all(calls.map(({ commit }) => commit))
      const [good, bad] = ['committed', 'upstream_bad_response']
      t.strictSame(outcomes, [good, bad, good, good, bad, good, good, bad, good], member)
    }
  },
)
