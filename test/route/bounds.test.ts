import { stringify } from 'yaml'
import t, { type Test } from 'tap'
import { keyTable, shownKey, usesText } from '../../src/cli/key-text.ts'
import { routeReach as checked } from '../../src/cli/reach.ts'
import { parseConfig } from '../../src/config/load.ts'
import { loadProviders } from '../../src/config/providers.ts'
import { ANONYMOUS } from '../../src/core/principal.ts'
import type { Config } from '../../src/core/settings.ts'
import type { RoutePlan } from '../../src/core/types.ts'
import { BOUNDS, type BoundFilter, keyWords, routeWords } from '../../src/decision/route/bounds.ts'
import { FILTERS } from '../../src/decision/route/filters.ts'
import { plan } from '../../src/decision/route/plan.ts'
import { shadows } from '../../src/decision/route/unreachable.ts'
import { viewOfFixed } from '../../src/keys/key-view.ts'
import { reachOf as listed } from '../../src/decision/route/reach.ts'
import { compileRoutes, type RouteTable } from '../../src/decision/route/table.ts'
import { replayOne } from '../../src/replay/judge.ts'
import { readLine } from '../../src/replay/lines.ts'
import { policyOf } from '../../src/replay/policy.ts'
import { line } from '../replay/samples.ts'
import { catalogOf, classify, deployment, gatewayRequest, LIMITS, moment, routeMatch } from '../support/factories.ts'
import { type Recorded, recorded } from '../support/fields.ts'

/** Two backends with one model each, of which a bound lets one be reached. */
interface Case {
  /** Options of the backend that is within. */
  readonly within?: object
  /** Options of the backend that is outside. */
  readonly outside?: object
  /** Options of a route that set the bound, */
  readonly route?: object
  /** or of a key. */
  readonly key?: object
}

/** For each bound: everything that can set it. */
const CASES: Readonly<Record<BoundFilter, readonly Case[]>> = {
  weight: [{ outside: { weight: 0 } }],
  role: [{ outside: { role: 'prefill' } }, { outside: { role: 'prefill' }, within: { role: 'decode' } }],
  policy: [{ key: { routes: ['mine'] } }],
  local: [
    { within: { kind: 'ollama' }, route: { limits: { local_only: true } } },
    { within: { kind: 'ollama' }, route: { strategy: 'local' } },
  ],
}

const PROVIDERS = await loadProviders()
const HASH = `sha256:${'ab'.repeat(32)}`

const configOf = ({ within, outside, route, key }: Case): Config =>
  parseConfig(
    stringify({
      backends: [
        { name: 'out', kind: 'openai-compatible', url: 'http://127.0.0.1:9/out', models: ['m'], ...outside },
        { name: 'in', kind: 'openai-compatible', url: 'http://127.0.0.1:9/in', models: ['m'], ...within },
      ],
      routes: [
        { name: 'both', candidates: ['*'], ...route },
        { name: 'later', candidates: ['in/*'], fallback: ['out/*'], ...route },
        { name: 'mine', candidates: ['in/*'] },
      ],
      keys: [
        { id: 'k', hash: HASH, ...key },
        { id: 'granted', hash: HASH.replaceAll('ab', 'cd'), ...key, routes: ['both', 'later'] },
      ],
    }),
    {},
    PROVIDERS,
  ).config

const tableOf = ({ backends, routes, keys }: Config): RouteTable =>
  compileRoutes(routes, keys, catalogOf(...backends.map((backend) => deployment(`${backend.name}/m`, { backend }))))

function planned(model: string, key: string | null, config: Config): Recorded {
  const principal = config.keys.find(({ id }) => id === key) ?? ANONYMOUS
  const request = gatewayRequest({ model, messages: [{ role: 'user', content: 'x' }] }, { principal })
  return recorded(plan(request, classify(request), tableOf(config), LIMITS, moment()))
}

const orderOf = (route: RoutePlan): string => route.order.map(({ deployment: { id } }) => id).join()

/** Where a logged request goes under the configuration: `out` is the better one. */
function replayed(model: string, caller: string, config: Config): string | null {
  const candidates = [
    { id: 'out/m', success: 0.99, cost: 0.0001 },
    { id: 'in/m', success: 0.6, cost: 0.01 },
  ]
  const logged = readLine(line({ candidates, line: { model, caller } }))
  if (typeof logged === 'string') throw new Error(logged)
  const { choice } = replayOne(logged, policyOf(config))
  return choice === null ? null : (candidates[choice]?.id ?? null)
}

const listedBy = (model: string, key: string | null, config: Config): string =>
  listed(model, config.keys.find(({ id }) => id === key) ?? ANONYMOUS, tableOf(config))
    .map(({ id }) => id)
    .join()

/** Everything that is outside stays unreached, wherever a request, a list, a check or a replay could lead to it. */
function driven(t: Test, filter: BoundFilter, one: Case): void {
  const config = configOf(one)
  const key = one.key === undefined ? null : 'k'
  const caller = key ?? 'anonymous'
  for (const model of ['both', 'later']) {
    t.equal(orderOf(planned(model, key, config)), 'in/m', `a request for the route "${model}"`)
    t.equal(listedBy(model, key, config), 'in/m', `the list of models has "${model}" for what is within`)
    t.equal(replayed(model, caller, config), 'in/m', `a replay of a request for the route "${model}"`)
  }
  const { candidates } = planned('both', key, config).record
  t.equal(candidates.find(({ backend }) => backend === 'out')?.dropped?.filter, filter, 'the decision names the filter')
  if (one.key === undefined) {
    const [both, later] = config.routes
    t.strictSame(checked(both!, config).map(({ backend }) => backend), ['in'], 'turnout check: candidates') // prettier-ignore
    t.strictSame(checked(later!, config, later!.fallback), [], 'turnout check: fallback')
    t.equal(orderOf(planned('m', 'granted', config)), 'in/m', 'what a route does not reach it does not grant')
    t.equal(replayed('m', 'granted', config), 'in/m', 'nor in a replay')
  }
  if (one.route === undefined) {
    t.equal(orderOf(planned('m', key, config)), 'in/m', 'a request for the model')
    t.equal(orderOf(planned('auto', key, config)), 'in/m', 'a request for auto')
    t.equal(listedBy('m', key, config), 'in/m', 'the list has the model')
    t.equal(listedBy('out/m', key, config), '', 'and not the one that is outside')
    t.equal(replayed('m', caller, config), 'in/m', 'a replay of a request for the model')
    t.equal(replayed('out/m', caller, config), null, 'a replay of a request for the one that is outside')
    t.ok(planned('out/m', key, config).refusal, 'a request for the one that is outside is refused')
  }
}

for (const [filter, cases] of Object.entries(CASES) as [BoundFilter, readonly Case[]][])
  for (const one of cases)
    t.test(`the bound ${filter} holds everywhere: ${JSON.stringify(one)}`, async (t) => driven(t, filter, one))

/** Two rules for `auto`: a key that is kept within may use nothing of the first one. */
function ruled(one: Case): Config {
  const { routes, keys, ...config } = configOf(one)
  const match = routeMatch({ model: ['auto'] })
  const [first, mine] = ['out/*', 'in/*'].map((candidates) => ({ ...routes[0]!, candidates: [candidates], match }))
  return {
    ...config,
    keys: keys.slice(0, 1),
    routes: [
      { ...first!, name: 'first' },
      { ...mine!, name: 'mine' },
    ],
  }
}

t.test('a rule that a bound key passes over is not said to take its requests', async (t) => {
  for (const one of Object.values(CASES).flat()) {
    if (one.key === undefined) continue
    const config = ruled(one)
    t.equal(planned('auto', 'k', config).record.route, 'mine', JSON.stringify(one.key))
    t.strictSame(shadows(config.routes, config.keys), [])
  }
  const { routes, keys } = ruled({})
  t.equal(shadows(routes, keys)[0]?.route, 'mine', 'a key without bounds leaves nothing to it')
})

t.test('without a bound both are reached everywhere', async (t) => {
  const config = configOf({})
  for (const model of ['both', 'm', 'auto']) t.equal(orderOf(planned(model, null, config)).split(',').length, 2, model)
  t.equal(orderOf(planned('later', null, config)), 'in/m,out/m')
  t.equal(replayed('both', 'anonymous', config), 'out/m')
  t.equal(listedBy('m', null, config), 'out/m,in/m')
})

t.test('every bound has cases, means something, and is decided by the configuration', async (t) => {
  for (const filter of Object.keys(BOUNDS) as BoundFilter[]) {
    t.ok(CASES[filter].length > 0, filter)
    t.strictSame({ ...FILTERS[filter], means: '' }, { means: '', byPolicy: true, estimated: false })
    t.match(FILTERS[filter].means, /\w{3}/)
  }
})

t.test('what a bound says in words is said of the routes and keys that set it alone', async (t) => {
  for (const one of Object.values(CASES).flat()) {
    const { routes, keys } = configOf(one)
    if (one.route !== undefined && 'strategy' in one.route)
      t.strictSame(routeWords(routes[0]!), [], 'it is the strategy')
    else if (one.route !== undefined) t.equal(routeWords(routes[0]!).length, 1)
    t.strictSame(routeWords(routes[2]!), [])
    if (one.key === undefined) continue
    const [key] = keys
    const said = keyWords(key!)
    t.equal(said.length, 'routes' in one.key ? 0 : 1, JSON.stringify(one.key))
    const view = viewOfFixed(key!, 0)
    const uses = usesText(key!)
    t.equal(uses, [key!.routes?.join(', ') ?? 'everything', ...said].join('; '))
    t.not(uses, 'everything')
    t.ok(keyTable([view]).includes(` ${uses} `), 'turnout key list')
    t.ok(shownKey(view).includes(` ${uses}\n`), 'turnout key show')
    t.equal(shownKey(view).split(uses).length, 2, 'once')
  }
})
