import type { Test } from 'tap'
import t from 'tap'
import { hashed } from '../support/gateway.ts'
import { gatewayFor } from '../support/rig.ts'

interface Listed {
  readonly id: string
  readonly backends: readonly string[]
}

const CLOUD = { name: 'cloud', kind: 'openai-compatible', url: 'http://127.0.0.1:9', models: ['tiny', 'gpt'] }
const LOCAL = { name: 'own', kind: 'vllm', url: 'http://127.0.0.1:9', models: ['tiny', 'org/big'] }

const ROUTES = [
  { name: 'all', candidates: ['*'] },
  { name: 'priv', candidates: ['*'], limits: { local_only: true } },
  { name: 'mine', candidates: ['*'], strategy: 'local' },
  { name: 'nobody', candidates: ['cloud/*'], limits: { local_only: true } },
]

type Ask = (path: string, key?: string) => Promise<{ status: number; body: { data: Listed[] } & Listed }>

async function asking(test: Test, config: object): Promise<Ask> {
  const { url } = await gatewayFor(test, { backends: [CLOUD, LOCAL], ...config })
  return async (path, key) => {
    const answer = await fetch(`${url}/v1/models${path}`, key ? { headers: { authorization: `Bearer ${key}` } } : {})
    return { status: answer.status, body: (await answer.json()) as { data: Listed[] } & Listed }
  }
}

const backendsOf = ({ data }: { data: Listed[] }): Record<string, string> =>
  Object.fromEntries(data.map(({ id, backends }) => [id, backends.join(' ')]))

t.test('each name with the backends that a request for it reaches', async (t) => {
  const ask = await asking(t, { routes: ROUTES })
  t.strictSame(backendsOf((await ask('')).body), {
    auto: 'cloud own',
    all: 'cloud own',
    priv: 'own',
    mine: 'own',
    tiny: 'cloud own',
    gpt: 'cloud',
    'org/big': 'own',
  })
  t.strictSame((await ask('/priv')).body.backends, ['own'])
  t.strictSame((await ask('/cloud/tiny')).body.backends, ['cloud'])
  t.strictSame((await ask('/org/big')).body.backends, ['own'])
  for (const name of ['nobody', 'none', 'auto:none']) t.equal((await ask(`/${name}`)).status, 404, name)
})

t.test('auto is the default route, and a rule takes what it matches', async (t) => {
  const ask = await asking(t, {
    routes: [
      { name: 'default', candidates: ['*'], limits: { local_only: true } },
      { name: 'rule', match: { model: ['gp*'] }, candidates: ['own/*'] },
    ],
  })
  const listed = backendsOf((await ask('')).body)
  t.match(listed, { auto: 'own', default: 'own', rule: 'own', gpt: 'own', tiny: 'cloud own' })
})

t.test('only what the key may use', async (t) => {
  const ask = await asking(t, {
    routes: ROUTES,
    keys: [{ id: 'team', hash: hashed('sesame'), routes: ['priv'] }],
  })
  t.equal((await ask('')).status, 401)
  t.strictSame(new Set(Object.values(backendsOf((await ask('', 'sesame')).body))), new Set(['own']))
  t.equal((await ask('/gpt', 'sesame')).status, 404)
})
