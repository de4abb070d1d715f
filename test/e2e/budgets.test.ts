/** Budgets and limits over real sockets: what is refused, what is given back, and what a team can spend. */
import t from 'tap'
import { BODIES, chat, CHAT_PATH, chatStream, errorOf } from '../support/chat.ts'
import { hashed } from '../support/gateway.ts'
import { RawClient, rawPost } from '../support/raw-client.ts'
import { rig, type Rig } from '../support/rig.ts'
import type { FaultOptions } from '../support/fault-plan.ts'
import type { Test } from 'tap'

const KEYS = [
  { id: 'ann', hash: hashed('sk-ann'), team: 'red' },
  { id: 'bob', hash: hashed('sk-bob'), team: 'red' },
  { id: 'cat', hash: hashed('sk-cat'), team: 'blue' },
]
const as = (name: string): Record<string, string> => ({ authorization: `Bearer sk-${name}` })

/** A tenth of a cent for each token. */
const MODELS = { tiny: { price: { input_per_mtok_usd: 1000, output_per_mtok_usd: 1000 } } }

const budgeted = (t: Test, budgets: readonly object[], up: FaultOptions = {}, config: object = {}): Promise<Rig> =>
  rig(t, { upstreams: { up }, config: { keys: KEYS, models: MODELS, budgets, ...config } })

t.test('500 at once at a limit of 100: 100 pass, and nobody else is held up', async (t) => {
  const { gateway, upstreams } = await budgeted(t, [{ name: 'few', of: 'team', requests: 100, per: 'month' }])
  const ask = async (index: number): Promise<number> => {
    const response = await rawPost(gateway.url, CHAT_PATH, chat(), as(index % 2 === 0 ? 'ann' : 'bob'))
    await response.complete
    return response.status
  }
  const statuses = await Promise.all(Array.from({ length: 500 }, (_, index) => ask(index)))
  t.equal(statuses.filter((status) => status === 200).length, 100)
  t.equal(statuses.filter((status) => status === 429).length, 400)
  t.equal(upstreams['up']!.requests.length, 100)
  t.equal((await rawPost(gateway.url, CHAT_PATH, chat(), as('cat'))).status, 200, 'another team has its own count')
})

t.test('a team can spend 5 USD a day, and no more than one answer beyond it', async (t) => {
  const { gateway, upstreams } = await budgeted(t, [{ name: 'teams-daily', of: 'team', usd: 5, per: 'day' }])
  let refused = 0
  let costs = 0
  const spend = async (index: number): Promise<void> => {
    const body = index % 3 === 0 ? chatStream({ max_tokens: 60 }) : chat({ max_tokens: 60 })
    const response = await rawPost(gateway.url, CHAT_PATH, body, as(index % 2 === 0 ? 'ann' : 'bob'))
    if (response.status === 429) refused++
    await response.complete
  }
  for (let round = 0; round < 60; round++) await Promise.all(Array.from({ length: 8 }, (_, index) => spend(index)))
  const spent = await gateway.metric('turnout_cost_usd_total')
  costs = spent / upstreams['up']!.requests.length
  t.ok(refused > 0, `${refused} refused`)
  t.ok(spent >= 5 - 1e-9 && spent < 5 + 1.5 * costs, `${spent} USD spent, ${costs} an answer`)
  const over = await rawPost(gateway.url, CHAT_PATH, chat(), as('ann'))
  t.equal(over.status, 429)
  const error = errorOf(await over.json())
  t.match(error, { code: 'budget_exceeded', type: 'rate_limit_error', source: 'policy' })
  t.match(
    error.message,
    /^Budget "teams-daily" of team "red": 5 USD a day are used up; it resets at \d{4}-\d\d-\d\dT00:00:00Z\.$/,
  )
  t.equal(over.headers['x-should-retry'], 'false', 'no SDK comes back within the minute')
  t.ok(Number(over.headers['retry-after']) > 0)
  t.equal((await rawPost(gateway.url, CHAT_PATH, chat(), as('cat'))).status, 200)
})

t.test('a place in flight is free again, however a request ends, on every path', async (t) => {
  const { gateway, upstreams } = await budgeted(
    t,
    [{ name: 'one', of: 'key', parallel: 1 }],
    {},
    { limits: { total: '300ms', attempts: 1 } },
  )
  const up = upstreams['up']!
  for (const [path, body] of Object.entries(BODIES)) {
    const free = async (label: string): Promise<void> => {
      const response = await rawPost(gateway.url, path, body, as('ann'))
      t.equal(response.status, 200, `${path} ${label}`)
      await response.complete
    }
    await free('success')
    up.next({ status: 500, body: { error: { message: 'x' } } })
    t.equal((await rawPost(gateway.url, path, body, as('ann'))).status, 502)
    await free('error')
    up.next({ headersAfter: 'never' })
    t.equal((await rawPost(gateway.url, path, body, as('ann'))).status, 504)
    await free('timeout')
    up.next({ headersAfter: 'never' })
    const number = up.requests.length + 1
    const client = await RawClient.open(gateway.url)
    client.send(path, { body, headers: as('ann') }).catch(() => undefined)
    await up.waitRequest(number)
    const busy = await rawPost(gateway.url, path, body, as('ann'))
    t.equal(busy.status, 429, 'one is in flight')
    t.equal(busy.headers['retry-after'], '1')
    await busy.complete
    client.destroy()
    t.equal(await gateway.settled('turnout_requests_total', { status: '499', endpoint: endpointOf(path) }, 1), 1)
    await free('abort')
  }
})

const endpointOf = (path: string): string => (path === CHAT_PATH ? 'chat' : path.replace('/v1/', ''))

t.test('to ask what would be decided takes nothing from a budget', async (t) => {
  const { gateway } = await budgeted(t, [{ name: 'one', of: 'key', requests: 1, per: 'month' }])
  for (let i = 0; i < 3; i++) t.equal((await rawPost(gateway.url, '/v1/route', chat(), as('ann'))).status, 200)
  t.equal((await rawPost(gateway.url, CHAT_PATH, chat(), as('ann'))).status, 200)
  t.equal((await rawPost(gateway.url, CHAT_PATH, chat(), as('ann'))).status, 429)
})

t.test('the limits of a key itself', async (t) => {
  const own = { id: 'dan', hash: hashed('sk-dan'), tpm: 100, budget: { usd: 1, per: 'month' } }
  const { gateway } = await rig(t, { upstreams: { up: {} }, config: { keys: [own], models: MODELS } })
  const statuses: number[] = []
  const left: number[] = []
  for (let i = 0; i < 12; i++) {
    const response = await rawPost(gateway.url, CHAT_PATH, chat({ max_tokens: 20 }), as('dan'))
    statuses.push(response.status)
    left.push(Number(response.headers['x-ratelimit-remaining-tokens']))
    t.equal(response.headers['x-ratelimit-limit-tokens'], '100')
    t.match(response.headers['x-ratelimit-reset-tokens'], /^\d+m?s$/)
    await response.complete
  }
  t.equal(left[0], 100)
  t.ok(left.every((one, at) => at === 0 || one <= left[at - 1]!) && left.at(-1)! < 30, left.join(' '))
  t.ok(statuses.includes(200) && statuses.includes(429))
  const { message } = errorOf(await (await rawPost(gateway.url, CHAT_PATH, chat(), as('dan'))).json())
  t.match(message, /^Budget "key-tokens" of key "dan": 100 tokens a minute are used up/)
})

t.test('as a budget runs out, the dear model loses to the cheap one', async (t) => {
  const { gateway } = await rig(t, {
    upstreams: { dear: { models: ['large'] }, cheap: { models: ['small'] } },
    config: {
      keys: KEYS,
      models: {
        large: { price: { input_per_mtok_usd: 3000, output_per_mtok_usd: 3000 }, quality: { default: 0.95 } },
        small: { price: { input_per_mtok_usd: 500, output_per_mtok_usd: 500 }, quality: { default: 0.62 } },
      },
      routes: [{ name: 'work', candidates: ['*'], strategy: { quality: 1, cost: 0.8 }, explore: false }],
      budgets: [{ name: 'teams', of: 'team', usd: 20, per: 'month', pressure: true }],
    },
  })
  const backends: string[] = []
  for (let i = 0; i < 40; i++) {
    const response = await rawPost(gateway.url, CHAT_PATH, chat({ model: 'work', max_tokens: 20 }), as('ann'))
    await response.complete
    backends.push(String(response.headers['x-turnout-backend']))
  }
  t.equal(backends[0], 'dear')
  t.equal(backends.at(-1), 'cheap')
  const dry = await (await rawPost(gateway.url, '/v1/route', chat({ model: 'work' }), as('ann'))).json()
  t.ok((dry as { pressure: number }).pressure > 0, 'and the record says why')
  const blue = await rawPost(gateway.url, CHAT_PATH, chat({ model: 'work' }), as('cat'))
  t.equal(blue.headers['x-turnout-backend'], 'dear', 'another team is as free as before')
})
