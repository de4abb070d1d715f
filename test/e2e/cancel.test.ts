import { ENDPOINTS } from '../../src/core/endpoints.ts'
import type { Test } from 'tap'
import t from 'tap'
import { eventually, within } from '../support/await.ts'
import { startBlackHole } from '../support/black-hole.ts'
import { BODIES, CHAT_PATH } from '../support/chat.ts'
import type { Plan } from '../support/fault-plan.ts'
import { RawClient } from '../support/raw-client.ts'
import type { SingleRig } from '../support/rig.ts'
import { gatewayFor, singleRig } from '../support/rig.ts'

const LIMIT_MS = 200
const WAYS = ['destroy', 'reset'] as const

interface Phase {
  readonly name: string
  readonly plan: Plan
  readonly stream: boolean
  /** The caller has its status line before it leaves. */
  readonly answered: boolean
}

const STREAMED: readonly Phase[] = [
  { name: 'no headers yet', plan: { headersAfter: 'never' }, stream: true, answered: false },
  { name: 'headers, no event', plan: { firstAfter: 'never' }, stream: true, answered: false },
  { name: 'mid-stream', plan: { stallAfter: 2 }, stream: true, answered: true },
]
const WHOLE: readonly Phase[] = [
  { name: 'no headers yet', plan: { headersAfter: 'never' }, stream: false, answered: false },
  { name: 'headers, no body', plan: { firstAfter: 'never' }, stream: false, answered: false },
]

/** Leaves in one phase in one way, and looks when the engine's connection closes. */
async function leave(t: Test, rig: SingleRig, path: string, phase: Phase, way: (typeof WAYS)[number]): Promise<void> {
  const { gateway, upstream } = rig
  const number = upstream.requests.length + 1
  upstream.next(phase.plan)
  const client = await RawClient.open(gateway.url)
  const answer = client.send(path, { body: { ...BODIES[path], ...(phase.stream ? { stream: true } : {}) } })
  answer.catch(() => undefined)
  const request = await within(2_000, 'the request', upstream.waitRequest(number))
  if (phase.plan.firstAfter) await request.started
  if (phase.answered) await (await answer).next()
  const leftAt = performance.now()
  client[way]()
  const name = `${path} ${phase.stream ? 'streamed' : 'whole'}, ${phase.name}, ${way}`
  const closed = await within(2_000, name, request.closed).catch(() => null)
  const took = closed === null ? Infinity : closed.at - leftAt
  t.ok(took <= LIMIT_MS, `${name}: ${took.toFixed(1)} ms`)
}

t.test('a caller that leaves frees the engine, whatever the phase, endpoint and manner', async (t) => {
  const rig = await singleRig(t)
  const left = Object.keys(BODIES).flatMap((path) => {
    const streams = ENDPOINTS.some((endpoint) => endpoint.path === path && endpoint.streams)
    return [...(streams ? STREAMED : []), ...WHOLE].flatMap((phase) => WAYS.map((way) => ({ path, phase, way })))
  })
  for (const { path, phase, way } of left) await leave(t, rig, path, phase, way)
  t.equal(await rig.gateway.settled('turnout_inflight_requests', {}, 0), 0, 'nothing is in flight')
  const counted = await rig.gateway.settled('turnout_requests_total', { status: '499' }, left.length)
  t.equal(counted, left.length, 'each is counted as left')
  t.ok(left.length > 28, `${left.length} ways`)
  // undici opens a new connection in place of the one that it cut; like any idle one it goes after four seconds.
  await within(8_000, 'no connection is kept for them', rig.upstream.waitSockets(0))
})

t.test('a caller that leaves while the connection is still being made', async (t) => {
  const hole = await startBlackHole()
  t.teardown(() => hole.close())
  const gateway = await gatewayFor(t, {
    backends: [{ name: 'hole', kind: 'openai-compatible', url: hole.url, models: ['tiny'] }],
    limits: { connect: '20s' },
    discovery: { timeout: '100ms' },
  })
  const others = await hole.hanging()
  if (others === null) return t.comment('no kernel table to look at')
  for (const way of WAYS) {
    const client = await RawClient.open(gateway.url)
    client.send(CHAT_PATH, { body: BODIES[CHAT_PATH] ?? {} }).catch(() => undefined)
    await eventually(2_000, 'the attempt hangs', async () => (await gateway.metric('turnout_inflight_requests')) === 1)
    client[way]()
    await eventually(
      2_000,
      `${way}: the call is over`,
      async () => (await gateway.metric('turnout_inflight_requests')) === 0,
    )
  }
  t.equal(await gateway.settled('turnout_requests_total', { status: '499' }, 2), 2)
})

t.test('callers that stay are never cancelled: kept connections', async (t) => {
  const { gateway, upstream } = await singleRig(t)
  const run = async (stream: boolean): Promise<number> => {
    const client = await RawClient.open(gateway.url)
    let complete = 0
    for (let i = 0; i < 60; i++) {
      const response = await client.send(CHAT_PATH, { body: { ...BODIES[CHAT_PATH], ...(stream ? { stream } : {}) } })
      if ((await response.complete) && response.status === 200) complete++
    }
    client.destroy()
    return complete
  }
  const counts = await Promise.all([true, false, true, false, true, false].map(run))
  t.same(counts, [60, 60, 60, 60, 60, 60])
  t.equal(upstream.requests.length, 360)
  t.equal(await gateway.settled('turnout_requests_total', { status: '200' }, 360), 360)
  t.equal(await gateway.metric('turnout_requests_total', { status: '499' }), 0)
  t.equal(await gateway.metric('turnout_inflight_requests'), 0)
})

t.test('callers that stay are never cancelled: FIN right behind the request, and still reading', async (t) => {
  const { gateway } = await singleRig(t, { plan: { headersAfter: 30, firstAfter: 10 } })
  const run = async (i: number): Promise<string> => {
    const client = await RawClient.open(gateway.url)
    const body = { ...BODIES[CHAT_PATH], ...(i % 2 === 0 ? { stream: true } : {}) }
    const response = await client.send(CHAT_PATH, { body, halfClose: true })
    const complete = await response.complete
    await within(2_000, 'the gateway closes its half too', client.closed)
    return `${response.status} ${complete}`
  }
  const odd: string[] = []
  for (let i = 0; i < 60; i += 6) {
    const outcomes = await Promise.all(
      Array.from({ length: 6 }, (_, k) => run(i + k).catch((thrown: unknown) => String(thrown))),
    )
    odd.push(...outcomes.filter((outcome) => outcome !== '200 true'))
  }
  t.same(odd, [], '60 half-closed requests')
  t.equal(await gateway.metric('turnout_requests_total', { status: '499' }), 0)
})
