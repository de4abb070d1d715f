import t from 'tap'
import { chat, CHAT_PATH, errorOf } from '../support/chat.ts'
import { failing } from '../support/fault-plan.ts'
import { type Gateway, hashed } from '../support/gateway.ts'
import { rawPost, type RawResponse } from '../support/raw-client.ts'
import { rig, type Rig } from '../support/rig.ts'

/** What a key and a route may reach: the same in what is sent, in lists, in refusals and in the record. */
const KEY = 'sk-turnout-guest'
const FREE = 'sk-turnout-free'
const AS_GUEST = { authorization: `Bearer ${KEY}` }
const AS_FREE = { authorization: `Bearer ${FREE}` }
const IMAGE = {
  messages: [
    { role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } }] },
  ],
}

const world = (test: Parameters<typeof rig>[0]): Promise<Rig> =>
  rig(test, {
    upstreams: { own: { models: ['tiny'] }, cloud: { models: ['big'] }, blind: { models: ['dark'] } },
    config: {
      keys: [
        { id: 'guest', hash: hashed(KEY), routes: ['own'] },
        { id: 'free', hash: hashed(FREE) },
      ],
      models: { 'blind/dark': { capabilities: { vision: false } } },
      routes: [
        { name: 'own', candidates: ['own/*'] },
        { name: 'both', candidates: ['own/*'], fallback: ['cloud/*'] },
        { name: 'near', candidates: ['cloud/*'], fallback: ['own/*'], limits: { local_only: true } },
        { name: 'near-by-strategy', candidates: ['cloud/*'], strategy: 'local' },
        { name: 'blind', candidates: ['blind/*'], fallback: ['cloud/*', 'own/*'] },
        { name: 'blind-only', candidates: ['blind/*'], fallback: ['blind/*', 'nothing/*'] },
      ],
    },
  })

interface DecisionShape {
  readonly order: readonly string[]
  readonly candidates: readonly {
    readonly backend: string
    readonly dropped: { readonly filter: string; readonly why: string } | null
  }[]
}

const ask = (
  gateway: Gateway,
  model: string,
  headers: Record<string, string>,
  more: object = {},
): Promise<RawResponse> => rawPost(gateway.url, CHAT_PATH, { ...chat({ model }), ...more }, headers)

async function recordOf(
  gateway: Gateway,
  model: string,
  headers: Record<string, string>,
  more: object = {},
): Promise<DecisionShape> {
  const answer = await rawPost(gateway.url, '/v1/route', { ...chat({ model }), ...more }, headers)
  return await answer.json<DecisionShape>()
}

const droppedIn = ({ candidates }: DecisionShape): Record<string, string | null> =>
  Object.fromEntries(candidates.map(({ backend, dropped }) => [backend, dropped?.filter ?? null]))

const FORBIDDEN: readonly (readonly [
  what: string,
  model: string,
  headers: Record<string, string>,
  more: Record<string, string>,
])[] = [
  ["a key's bound, a model by its name", 'big', AS_GUEST, {}],
  ["a key's bound, a backend by its name", 'cloud/big', AS_GUEST, {}],
  ["a route's local_only", 'near', AS_FREE, {}],
  ["a route's strategy", 'near-by-strategy', AS_FREE, {}],
  ['auto:local', 'auto:local', AS_FREE, {}],
  ["the caller's own strategy", 'big', AS_FREE, { 'x-turnout-strategy': 'local' }],
  ['both at once', 'near', AS_GUEST, {}],
]

for (const [what, model, headers, more] of FORBIDDEN)
  t.test(`forbidden, not unsupported, and nothing is sent: ${what}`, async (t) => {
    const { gateway, upstreams } = await world(t)
    const response = await ask(gateway, model, { ...headers, ...more })
    t.equal(response.status, 403)
    t.match(errorOf(await response.json()), { code: 'forbidden', source: 'policy', param: 'model' })
    for (const upstream of Object.values(upstreams)) t.equal(upstream.requests.length, 0)
    for (const [, filter] of Object.entries(droppedIn(await recordOf(gateway, model, { ...headers, ...more }))))
      t.match(filter, /^(policy|local)$/)
  })

t.test('lists name what a request would be served by', async (t) => {
  const { gateway } = await world(t)
  const names = async (headers: Record<string, string>): Promise<string[]> => {
    const answer = (await (await fetch(`${gateway.url}/v1/models`, { headers })).json()) as { data: { id: string }[] }
    return answer.data.map(({ id }) => id)
  }
  for (const headers of [AS_GUEST, AS_FREE])
    for (const name of ['tiny', 'big', 'dark', 'own', 'both', 'near', 'near-by-strategy', 'blind']) {
      const listed = (await names(headers)).includes(name)
      const { status } = await ask(gateway, name, headers)
      t.equal(listed, status === 200, `${headers === AS_GUEST ? 'guest' : 'free'} ${name}: ${status}`)
    }
})

t.test('a fallback that was ruled out is in the record, with its reason', async (t) => {
  const { gateway } = await world(t)
  t.strictSame(droppedIn(await recordOf(gateway, 'both', AS_GUEST)), { own: null, cloud: 'policy' })
  t.strictSame(droppedIn(await recordOf(gateway, 'both', AS_FREE)), { own: null })
  t.strictSame(droppedIn(await recordOf(gateway, 'near', AS_FREE)), { cloud: 'local', own: 'local' })
  const explained = await ask(gateway, 'both', { ...AS_GUEST, 'x-turnout-explain': '1' })
  const { turnout } = await explained.json<{ turnout: DecisionShape }>()
  t.strictSame(droppedIn(turnout), { own: null, cloud: 'policy' })
})

t.test('where no candidate can, the fallback is asked, and a refusal names it too', async (t) => {
  const { gateway, upstreams } = await world(t)
  const response = await ask(gateway, 'blind', AS_FREE, IMAGE)
  t.equal(response.headers['x-turnout-backend'], 'cloud')
  t.strictSame((await recordOf(gateway, 'blind', AS_FREE, IMAGE)).order, ['cloud/big', 'own/tiny'])
  upstreams.cloud!.set({ plan: failing(400, { message: 'big is not a multimodal model' }) })
  t.equal((await ask(gateway, 'blind', AS_FREE, IMAGE)).headers['x-turnout-backend'], 'own')
  const before = upstreams.cloud!.requests.length
  t.equal((await ask(gateway, 'blind', AS_FREE, IMAGE)).headers['x-turnout-backend'], 'own')
  t.equal(upstreams.cloud!.requests.length, before, 'one that refused comes last')
  t.equal((await ask(gateway, 'blind', AS_GUEST, IMAGE)).headers['x-turnout-backend'], 'own')
  const refused = await recordOf(gateway, 'blind', AS_GUEST, IMAGE)
  t.strictSame(droppedIn(refused), { blind: 'policy', cloud: 'policy' })
})
