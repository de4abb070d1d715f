import t from 'tap'
import { letPass, within } from '../support/await.ts'
import { BODIES, errorOf, readStream } from '../support/chat.ts'
import type { Plan } from '../support/fault-plan.ts'
import { failing } from '../support/fault-plan.ts'
import { pick, seeded } from '../support/random.ts'
import { RawClient } from '../support/raw-client.ts'
import { rig } from '../support/rig.ts'

const PLANS: readonly Plan[] = [
  {},
  {},
  {},
  failing(500),
  failing(503, { headers: { 'retry-after-ms': '1' } }),
  failing(429, { headers: { 'retry-after-ms': '1' } }),
  failing(400),
  { drop: 'reset' },
  { drop: 'fin' },
  { headersAfter: 20 },
  { headersAfter: 'never' },
  { firstAfter: 'never' },
  { stallAfter: 3 },
  { pace: 3 },
  { cut: { events: 0, how: 'reset' } },
  { cut: { bytes: 500, how: 'fin' } },
  { cut: { bytes: 900, how: 'end' } },
  { split: 'every' },
  { afterwards: 'reset' },
  { afterwards: 'fin' },
  { inBand: { after: 2, form: 'flat' } },
  { malformed: { at: 1, how: 'truncated' } },
  { body: 'not json', contentType: 'text/html' },
]

type Leave = 'stay' | 'fin' | 'rst'

t.test('500 requests, faulty backends, callers that come and go: all settled once, nothing left open', async (t) => {
  const random = seeded(73)
  const rule = (): Plan => pick(random, PLANS)
  const { gateway, upstreams } = await rig(t, {
    upstreams: { a: { rule }, b: { rule }, c: { rule } },
    config: {
      limits: { headers: '100ms', ttft: '150ms', idle: '150ms', total: '400ms', keep_alive: '60ms' },
      routes: [{ name: 'all', candidates: ['a/*', 'b/*', 'c/*'], strategy: 'balanced' }],
    },
  })
  const faults: string[] = []
  let answered = 0
  let left = 0

  async function one(leave: Leave, path: string, stream: boolean, after: number): Promise<void> {
    const client = await RawClient.open(gateway.url)
    const body = { ...BODIES[path], model: 'all', ...(stream ? { stream } : {}) }
    const answer = client.send(path, { body })
    if (leave !== 'stay') {
      left++
      answer.catch(() => undefined)
      await letPass(after, 'callers leave at any moment')
      if (leave === 'rst') client.reset()
      else client.destroy()
      return
    }
    const response = await within(5_000, 'a status line', answer)
    if (response.headers['content-type']?.startsWith('text/event-stream')) {
      const { dones, doneLast, finish, errors } = await within(5_000, 'an end', readStream(response))
      if (dones !== 1 || !doneLast || (finish === null && errors.length === 0)) throw new Error('a silent end')
    } else {
      const json = await within(5_000, 'a body', response.json())
      if (response.status !== 200) errorOf(json)
    }
    answered++
    client.destroy()
  }

  const paths = Object.keys(BODIES)
  for (let wave = 0; wave < 10; wave++) {
    const jobs = Array.from({ length: 50 }, () => {
      const path = pick(random, paths)
      const stream = path.endsWith('completions') && random() < 0.6
      const leave = pick(random, ['stay', 'stay', 'stay', 'fin', 'rst'] as const)
      return one(leave, path, stream, 2 + random() * 60).catch((thrown: unknown) => {
        faults.push(`${leave} ${path} ${stream}: ${String(thrown)}`)
      })
    })
    await Promise.all(jobs)
  }
  t.same(faults, [])
  t.ok(answered > 250, `${answered} were answered`)
  t.equal(await gateway.settled('turnout_inflight_requests', {}, 0), 0, 'no call is left open')
  t.equal(await gateway.settled('turnout_requests_total', {}, 500), 500, 'each request is counted once')
  const seen = Object.values(upstreams).reduce((sum, upstream) => sum + upstream.requests.length, 0)
  const attempts = await gateway.metric('turnout_attempts_total')
  // A connection found broken is repaired unseen; a caller may leave while a connection is still being made.
  const broken = Object.values(upstreams).flatMap(({ requests }) => requests.filter((one) => one.plan.drop))
  const figures = `${attempts} attempts, ${seen} calls seen by backends, ${broken.length} broken connections, ${left} left`
  t.ok(attempts >= seen - broken.length && attempts <= seen + left, figures)
  t.notOk(gateway.logged().includes('internal_error'), 'and the gateway never blamed itself')
})
