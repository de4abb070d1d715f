import t from 'tap'
import { routeReach } from '../../src/cli/reach.ts'
import { load } from '../config/load.ts'
import { chat, CHAT_PATH } from '../support/chat.ts'
import { failing } from '../support/fault-plan.ts'
import { startFaultUpstream } from '../support/fault-upstream.ts'
import { hashed } from '../support/gateway.ts'
import { pick, seeded } from '../support/random.ts'
import { rawPost } from '../support/raw-client.ts'
import { gatewayFor } from '../support/rig.ts'

/** Whatever the bounds: lists, single entries, decisions, answers and `check` agree on what a key can reach. */
const MODELS = ['m0', 'm1', 'm2']
const NAMES = ['a', 'b', 'c']
const KEYS = ['one', 'two', 'all']
const STRATEGIES = ['ordered', 'balanced', 'local', 'cheap', 'round_robin', 'least_busy', 'weighted', 'hash']

/** The parts of a configuration that bound what is reached. */
function world(seed: number): { backends: object[]; routes: object[]; keys: object[]; models: string[][] } {
  const random = seeded(seed)
  const some = <T>(list: readonly T[], chance: number): T[] => list.filter(() => random() < chance)
  const patterns = [...NAMES.map((name) => `${name}/*`), ...MODELS, 'm*', '*/m1', 'b/m2', '*']
  const routes = ['r0', 'r1', 'm2', ...(random() < 0.5 ? ['default'] : [])].map((name) => {
    const fallback = some(patterns, 0.2)
    return {
      name,
      candidates: [pick(random, patterns), ...some(patterns, 0.15)],
      ...(fallback.length > 0 ? { fallback } : {}),
      ...(random() < 0.3 ? { limits: { local_only: true } } : {}),
      strategy: pick(random, STRATEGIES),
    }
  })
  const targets = routes.map(({ name }) => name)
  return {
    models: NAMES.map(() =>
      [pick(random, MODELS), ...some(MODELS, 0.5)].filter((one, i, all) => all.indexOf(one) === i),
    ),
    backends: NAMES.map((name) => ({
      name,
      kind: random() < 0.5 ? 'vllm' : 'openai-compatible',
      weight: random() < 0.25 ? 0 : 1,
    })),
    routes,
    keys: KEYS.map((id) => ({
      id,
      hash: hashed(`sk-${id}`),
      ...(id === 'all' ? {} : { routes: [pick(random, targets), ...some(targets, 0.3)] }),
    })),
  }
}

const backendsOf = (places: ReadonlySet<string>): Set<string> =>
  new Set([...places].map((place) => place.split('/')[0]!))

for (let seed = 1; seed <= 12; seed++)
  t.test(`what a key is shown is what it can ask for, and what check prints is what is reached: ${seed}`, async (t) => {
    const { models, backends, routes, keys } = world(seed)
    const upstreams = await Promise.all(models.map((own) => startFaultUpstream({ models: own })))
    t.teardown(() => Promise.all(upstreams.map((one) => one.close())))
    const config = {
      backends: backends.map((one, i) => ({ ...one, url: upstreams[i]!.url, models: models[i]! })),
      routes,
      keys,
      // As many as there are places.
      limits: { attempts: 9 },
    }
    const gateway = await gatewayFor(t, config)
    /** Everything that is tried for this name where all fail. */
    const asked = async (model: string, headers: Record<string, string>): Promise<Set<string>> => {
      const before = upstreams.map(({ requests }) => requests.length)
      for (const upstream of upstreams) upstream.set({ plan: failing(500) })
      await (await rawPost(gateway.url, CHAT_PATH, chat({ model }), headers)).body()
      for (const upstream of upstreams) upstream.set({})
      const sent = upstreams.flatMap(({ requests }, i) =>
        requests.slice(before[i]).map(({ json }) => `${NAMES[i]}/${String(json?.model)}`),
      )
      return new Set(sent)
    }
    const pairs = NAMES.flatMap((name, i) => models[i]!.map((model) => `${name}/${model}`))
    const names = ['auto', ...MODELS, ...(routes as { name: string }[]).map(({ name }) => name)]
    for (const id of KEYS) {
      const headers = { authorization: `Bearer sk-${id}` }
      const get = (path: string): Promise<Response> => fetch(`${gateway.url}${path}`, { headers })
      const { data } = (await (await get('/v1/models')).json()) as { data: { id: string; backends: string[] }[] }
      const listed = new Map(data.map((entry) => [entry.id, entry.backends]))
      t.equal(listed.size, data.length, 'each name once')
      for (const name of new Set([...names, ...pairs, ...listed.keys()])) {
        const where = `${id}, ${name}`
        const single = await get(`/v1/models/${name}`)
        await single.text()
        const sent = await rawPost(gateway.url, CHAT_PATH, chat({ model: name }), headers)
        const answer = await sent.json<{ error?: { code: string; message: string } }>()
        const decided = await rawPost(gateway.url, '/v1/route', chat({ model: name }), headers)
        const { order = [] } = await decided.json<{ order?: string[] }>()
        t.equal(single.status === 200, sent.status === 200, `${where}: ${single.status} alone, sent ${sent.status}`)
        t.equal(order.length > 0, sent.status === 200, `${where}: decided ${order.length}, sent ${sent.status}`)
        if (!pairs.includes(name)) t.equal(listed.has(name), sent.status === 200, `${where}: listed`)
        // Drained: it may be back in a minute.
        if (sent.status !== 200)
          t.match(answer.error?.code, /^(forbidden|model_not_found|no_backend)$/, `${where}: ${answer.error?.message}`)
        if (answer.error?.code === 'no_backend') t.match(answer.error.message, /drained|reaches no model/, where)
        if (listed.has(name)) t.strictSame(new Set(listed.get(name)), backendsOf(await asked(name, headers)), where)
      }
    }
    const { config: built } = load(JSON.stringify(config))
    for (const route of built.routes) {
      const printed = [...routeReach(route, built), ...routeReach(route, built, route.fallback)]
      const told = printed.flatMap(({ backend, declared }) => declared.map((model) => `${backend}/${model}`))
      t.strictSame(new Set(told), await asked(route.name, { authorization: 'Bearer sk-all' }), `check, ${route.name}`)
    }
  })
