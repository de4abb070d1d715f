import t from 'tap'
import { weightsFrom } from '../../src/core/terms.ts'
import { ANONYMOUS, type KeySpec, type Principal } from '../../src/core/principal.ts'
import { ANYBODY, catalogOf, deployment, KEY, profile, provider, routeMatch, routeSpec } from '../support/factories.ts'
import { GatewayError } from '../../src/core/errors.ts'
import type { RouteSpec } from '../../src/core/settings.ts'
import { type Strategy, STRATEGY_NAMES } from '../../src/core/strategies.ts'
import { type NameContext, resolve } from '../../src/decision/route/names.ts'
import type { ResolvedRoute } from '../../src/decision/route/resolutions.ts'
import { compileRoutes, type RouteTable } from '../../src/decision/route/table.ts'
import { outside } from '../../src/decision/route/bounds.ts'
import { reachOf } from '../../src/decision/route/reach.ts'

const local = { backend: { provider: provider({ local: true }) } }
const ALL = catalogOf(
  deployment('gpu/qwen', { ...local, facts: { aliases: ['coder', 'smart'] } }),
  deployment('gpu/org/big', local),
  deployment('spare/qwen', local),
  deployment('cloud/gpt-5-mini'),
  deployment('cloud/gpt-5', { facts: { aliases: ['smart'] } }),
)

const tableOf = (routes: readonly RouteSpec[] = [], keys: readonly KeySpec[] = []): RouteTable =>
  compileRoutes(routes, keys, ALL)

const ids = (choice: ResolvedRoute): string => choice.candidates.map(({ id }) => id).join(' ')

const TEAM: Principal = { ...ANONYMOUS, id: 'team-a', routes: null, rpm: null }

function ask(
  model: string,
  routes: readonly RouteSpec[] = [],
  principal = ANYBODY,
  wish: Strategy | null = null,
): ResolvedRoute {
  return resolve({ ...asked(model, principal), strategy: wish }, tableOf(routes))
}

/** A request at noon. */
const asked = (model: string, principal = ANYBODY): NameContext => ({
  model,
  principal,
  strategy: null,
  headers: {},
  profile: profile(),
  utcHour: 12,
})

function refusal(
  model: string,
  routes: readonly RouteSpec[] = [],
  keys: readonly KeySpec[] = [],
  principal = ANYBODY,
): GatewayError {
  try {
    resolve(asked(model, principal), tableOf(routes, keys))
  } catch (thrown) {
    if (thrown instanceof GatewayError) return thrown
    throw thrown
  }
  throw new Error(`${model} was found`)
}

const EVERYTHING = 'gpu/qwen gpu/org/big spare/qwen cloud/gpt-5-mini cloud/gpt-5'

t.test('auto: everything there is', async (t) => {
  t.match(ask('auto'), { route: 'default', strategy: 'balanced', open: true })
  t.equal(ids(ask('auto')), EVERYTHING)
})

t.test('auto with a strategy', async (t) => {
  for (const strategy of STRATEGY_NAMES) {
    t.equal(ask(`auto:${strategy}`).strategy, strategy)
    t.equal(ids(ask(`auto:${strategy}`)), EVERYTHING)
  }
})

t.test('a strategy that does not exist', async (t) => {
  for (const model of ['auto:', 'auto:quick', 'auto:FAST', 'auto:fast ', 'auto::fast']) {
    const error = refusal(model)
    t.equal(error.code, 'model_not_found', model)
    t.equal(error.param, 'model')
    for (const strategy of STRATEGY_NAMES) t.match(error.message, `auto:${strategy}`)
  }
  t.ok(refusal(`auto:${'x'.repeat(1e6)}`).message.length < 2000, 'a long one is not sent back whole')
})

t.test('auto only under its own name', async (t) => {
  for (const model of ['AUTO', 'auto/x', 'automatic', ' auto']) t.equal(refusal(model).code, 'model_not_found', model)
})

t.test('a model id: every backend that serves it', async (t) => {
  t.equal(ids(ask('qwen')), 'gpu/qwen spare/qwen')
  t.match(ask('qwen'), { route: 'default', open: false, rule: null, strategy: 'balanced' })
  t.equal(ids(ask('gpt-5')), 'cloud/gpt-5')
  t.equal(ids(ask('org/big')), 'gpu/org/big', 'ids hold slashes')
})

t.test('backend and model: exactly that one', async (t) => {
  t.equal(ids(ask('spare/qwen')), 'spare/qwen')
  t.equal(ids(ask('gpu/org/big')), 'gpu/org/big')
  t.match(ask('gpu/qwen'), { open: false, rule: null })
})

t.test('an alias names its models', async (t) => {
  t.equal(ids(ask('coder')), 'gpu/qwen')
  t.equal(ids(ask('smart')), 'gpu/qwen cloud/gpt-5')
})

const CODING = routeSpec('coding', { candidates: ['cloud/*', 'gpu/qwen'], strategy: 'ordered' })

t.test('the name of a route names its candidates', async (t) => {
  const choice = ask('coding', [CODING])
  t.equal(ids(choice), 'cloud/gpt-5-mini cloud/gpt-5 gpu/qwen', 'in the order of its patterns, each once')
  t.match(choice, { route: 'coding', strategy: 'ordered', open: true })
  t.equal(choice.rule?.spec, CODING)
})

t.test('candidates by pattern over backend/model and over model', async (t) => {
  const by = (...candidates: string[]): string => ids(ask('r', [routeSpec('r', { candidates })]))
  t.equal(by('*/qwen'), 'gpu/qwen spare/qwen')
  t.equal(by('qwen'), 'gpu/qwen spare/qwen')
  t.equal(by('spare/*', '*/qwen'), 'spare/qwen gpu/qwen')
  t.equal(by('nobody/*'), '')
})

t.test('strategies without a name of their own have one for the record', async (t) => {
  const weights = weightsFrom({ quality: 1 })
  t.match(ask('r', [routeSpec('r', { strategy: weights })]), { strategy: 'weights', scoring: weights })
  const within = { cheapestWithin: 0.02 }
  t.match(ask('r', [routeSpec('r', { strategy: within })]), { strategy: 'cheapest_within', scoring: within })
  t.match(ask('r', [routeSpec('r', { strategy: weights })], ANYBODY, 'cheap'), { strategy: 'cheap', scoring: 'cheap' })
  t.equal(ask('qwen').scoring, 'balanced')
})

t.test('fallback: in the order of its patterns, without the candidates', async (t) => {
  const route = routeSpec('r', { candidates: ['gpu/*'], fallback: ['cloud/gpt-5', '*'] })
  const choice = ask('r', [route])
  t.equal(ids(choice), 'gpu/qwen gpu/org/big')
  t.equal(choice.fallback.map(({ id }) => id).join(' '), 'cloud/gpt-5 spare/qwen cloud/gpt-5-mini')
  t.strictSame(ask('qwen', [route]).fallback, [])
  t.equal(ask('auto', [{ ...route, name: 'default' }]).fallback.length, 3, 'of the default route too')
})

// ---------------------------------------------------------------- rules

t.test('a rule by model', async (t) => {
  const rule = routeSpec('r', { match: routeMatch({ model: ['gpt-*', 'auto'], key: null }), candidates: ['gpu/*'] })
  for (const model of ['gpt-4o', 'gpt-5', 'auto', 'auto:fast']) t.equal(ask(model, [rule]).route, 'r', model)
  t.equal(ids(ask('gpt-4o', [rule])), 'gpu/qwen gpu/org/big', 'a name that nobody serves')
  t.equal(ask('qwen', [rule]).route, 'default')
  t.equal(ask('cloud/gpt-5', [rule]).route, 'default', 'exactly that backend stays exactly that')
})

t.test('a rule by key', async (t) => {
  const rule = routeSpec('r', { match: routeMatch({ model: ['auto'], key: ['team-a'] }), candidates: ['gpu/*'] })
  t.equal(ask('auto', [rule], TEAM).route, 'r')
  t.equal(ask('auto', [rule], ANYBODY).route, 'default')
  t.equal(ask('qwen', [rule], TEAM).route, 'default', 'both conditions must hold')
  const any = routeSpec('r', { match: routeMatch({ model: null, key: ['team-a'] }), candidates: ['gpu/*'] })
  t.equal(ask('auto', [any], TEAM).route, 'r')
  t.equal(ask('auto', [any]).route, 'default')
})

t.test('a rule without a model is for auto: who names a model gets that model', async (t) => {
  const code = routeMatch({ class: ['code'] })
  for (const match of [code, routeMatch({ key: ['anonymous'] }), routeMatch({ tokens: { min: 1, max: null } })]) {
    const rule = routeSpec('r', { match, candidates: ['gpu/*'] })
    const to = (model: string): string =>
      resolve({ ...asked(model), profile: profile({ class: 'code' }) }, tableOf([rule])).route
    t.equal(to('auto'), 'r')
    t.equal(to('auto:fast'), 'r')
    for (const model of ['qwen', 'gpt-5', 'coder', 'cloud/gpt-5']) t.equal(to(model), 'default', model)
    t.throws(() => to('gpt-4o'), { code: 'model_not_found' }, 'nor one that nobody serves')
  }
  const over = routeSpec('r', { match: { ...code, model: ['gpt-*'] }, candidates: ['gpu/*'] })
  const to = (model: string): string =>
    resolve({ ...asked(model), profile: profile({ class: 'code' }) }, tableOf([over])).route
  t.equal(to('gpt-5'), 'r', 'a glob takes names over')
  t.equal(to('cloud/gpt-5'), 'default', 'but never one of exactly one backend')
  t.equal(to('auto'), 'default')
})

t.test('the first rule that holds', async (t) => {
  const first = routeSpec('first', { match: routeMatch({ model: ['auto'], key: null }) })
  const second = routeSpec('second', { match: routeMatch({ model: ['*'], key: null }) })
  t.equal(ask('auto', [first, second]).route, 'first')
  t.equal(ask('auto', [second, first]).route, 'second')
})

t.test('a rule without conditions is reached by name only', async (t) => {
  const none = routeSpec('none', { match: null })
  const empty = routeSpec('empty', { match: routeMatch({ model: null, key: null }) })
  t.equal(ask('auto', [none, empty]).route, 'default')
  for (const name of ['none', 'empty']) t.equal(ask(name, [none, empty]).route, name)
})

t.test('a configured default route is what auto means', async (t) => {
  const preferred = routeSpec('default', { candidates: ['gpu/*'], strategy: 'ordered', limits: { attempts: 1 } })
  const choice = ask('auto', [preferred])
  t.equal(ids(choice), 'gpu/qwen gpu/org/big')
  t.equal(choice.route, 'default')
  t.equal(choice.rule?.spec.limits.attempts, 1)
  t.equal(choice.strategy, 'ordered', 'with its strategy')
  t.equal(ask('auto:cheap', [preferred]).strategy, 'cheap')
})

t.test('strategies: the header, then the name, then the route', async (t) => {
  const rule = routeSpec('r', { match: routeMatch({ model: ['auto'], key: null }), strategy: 'cheap' })
  t.equal(ask('auto', [rule]).strategy, 'cheap')
  t.equal(ask('auto:fast', [rule]).strategy, 'fast')
  t.equal(ask('auto:fast', [rule], ANYBODY, 'best').strategy, 'best')
  t.equal(ask('r', [rule], ANYBODY, 'best').strategy, 'best')
  t.equal(ask('qwen', [], ANYBODY, 'best').strategy, 'best')
  t.equal(ask('auto', [rule], ANYBODY, 'balanced').strategy, 'balanced', 'balanced is a wish as well')
  t.equal(ask('auto:balanced', [rule]).strategy, 'balanced')
})

t.test('local means local, whoever says it', async (t) => {
  const rule = routeSpec('r', { match: routeMatch({ model: ['auto'], key: null }) })
  const elsewhere = deployment('cloud/gpt-5')
  const isLocal = ({ candidates, rule, scoring }: ResolvedRoute): boolean =>
    candidates.length > 0 && outside(elsewhere, { spec: rule?.spec ?? null, scoring, key: null })?.filter === 'local'
  t.ok(isLocal(ask('auto:local')), 'auto:local')
  t.ok(isLocal(ask('auto:local', [rule])), 'auto:local with a rule for auto')
  t.ok(isLocal(ask('auto:local', [routeSpec('default')])), 'auto:local with a default route')
  t.ok(isLocal(ask('auto', [], ANYBODY, 'local')), 'auto with the header')
  t.ok(isLocal(ask('auto', [rule], ANYBODY, 'local')), 'auto with the header and a rule')
  t.ok(isLocal(ask('smart', [], ANYBODY, 'local')), 'an alias with the header')
  t.ok(isLocal(ask('r', [routeSpec('r', { strategy: 'local' })])), "a route's own strategy")
  t.ok(isLocal(ask('r', [routeSpec('r', { localOnly: true })])), "a route's own limit")
  t.ok(isLocal(ask('r', [routeSpec('r', { localOnly: true })], ANYBODY, 'fast')), 'which no caller can lift')
  t.ok(isLocal(ask('cloud/gpt-5', [], ANYBODY, 'local')), 'one backend by its name')
  for (const model of ['auto', 'auto:fast', 'qwen', 'cloud/gpt-5', 'smart']) t.notOk(isLocal(ask(model)), model)
})

// ---------------------------------------------------------------- unknown names

t.test('an unknown name lists what there is', async (t) => {
  const error = refusal('nope', [CODING])
  t.equal(error.code, 'model_not_found')
  t.equal(error.status, 404)
  for (const name of ['"nope"', 'auto', 'qwen', 'coding', 'coder']) t.match(error.message, name)
})

t.test('a name that is nearly one is told with the one that was meant, of those that the caller may use', async (t) => {
  t.match(
    refusal('qwem', [CODING]).message,
    /^No model, route or alias named "qwem"\. Did you mean "qwen"\? There are: auto, /,
  )
  t.match(refusal('openai/gpt5', [CODING]).message, /Did you mean "gpt-5"\?/)
  t.match(refusal('Big', []).message, /Did you mean "org\/big"\?/, 'by the end of a name that is a path')
  t.notMatch(refusal('nope', [CODING]).message, /Did you mean/)
  const key: KeySpec = { ...KEY, id: 'guest', routes: ['coding'], rpm: null, hash: '' }
  const secret = refusal('hiden', [CODING, routeSpec('hidden', { candidates: ['spare/*'] })], [key], key)
  t.notMatch(secret.message, /hidden|Did you mean/)
})

t.test('an unknown name is not sent back whole', async (t) => {
  t.ok(refusal('x'.repeat(1e6)).message.length < 1000)
})

t.test('names of the language are no names of models', async (t) => {
  for (const model of ['__proto__', 'constructor', 'toString', '', '/', 'gpu/', '/qwen', 'gpu/nope', 'nope/qwen'])
    t.equal(refusal(model).code, 'model_not_found', model)
})

t.test('nothing is known yet', async (t) => {
  const empty = compileRoutes([], [], catalogOf())
  t.throws(() => resolve(asked('qwen'), empty), { code: 'model_not_found', message: /no backend has listed/ })
  t.equal(resolve(asked('auto'), empty).candidates.length, 0)
})

t.test('a name that a backend which is away may have is no wrong name', async (t) => {
  const { backend, live } = deployment('gone/any')
  const away = { spec: backend, live: { ...live, state: 'down' as const } }
  const table = (known: typeof ALL, keys: readonly KeySpec[] = []): RouteTable =>
    compileRoutes([CODING], keys, { ...known, backends: [away] })
  const told = { code: 'no_backend', status: 503, message: /^Backend "gone" is down and has not listed its models yet/ }
  t.throws(() => resolve(asked('gone/qwen'), table(ALL)), told)
  t.throws(() => resolve(asked('other/qwen'), table(ALL)), { code: 'model_not_found' })
  t.throws(() => resolve(asked('qwen'), table(catalogOf())), { code: 'no_backend', message: /^No backend has listed/ })
  const key: KeySpec = { ...KEY, id: 'guest', routes: ['coding'], rpm: null, hash: '' }
  t.throws(() => resolve(asked('gone/qwen', key), table(ALL, [key])), { code: 'model_not_found' })
})

t.test('a restricted key is told of nothing else', async (t) => {
  const key: KeySpec = { ...KEY, id: 'guest', routes: ['coding'], rpm: null, hash: '' }
  const error = refusal('nope', [CODING, routeSpec('hidden', { candidates: ['spare/*'] })], [key], key)
  t.match(error.message, 'gpt-5')
  t.notMatch(error.message, /org\/big|hidden/)
})

// ---------------------------------------------------------------- lists

const NIGHT = routeMatch({ model: ['auto'], hour: { from: 20, to: 6 } })
const reach = (
  model: string,
  routes: readonly RouteSpec[],
  keys: readonly KeySpec[] = [],
  principal = ANYBODY,
): string =>
  reachOf(model, principal, tableOf(routes, keys))
    .map(({ id }) => id)
    .join(' ')

t.test('lists: all that a request may come to, up to the first rule that is certain', async (t) => {
  const night = routeSpec('night', { match: NIGHT, candidates: ['spare/*'] })
  const code = routeSpec('code', { match: routeMatch({ class: ['code'] }), candidates: ['cloud/gpt-5'] })
  const any = routeSpec('any', { match: routeMatch({ model: ['auto'] }), candidates: ['gpu/org/big'] })
  const last = routeSpec('last', { match: routeMatch({ model: ['auto'] }), candidates: ['gpu/qwen'] })
  t.equal(reach('auto', [night, code, any, last]), 'spare/qwen cloud/gpt-5 gpu/org/big')
  t.equal(reach('auto', [night]), `spare/qwen ${EVERYTHING.replace(' spare/qwen', '')}`)
  t.equal(reach('qwen', [night, code]), 'gpu/qwen spare/qwen', 'neither is for names')
  const gpt = routeSpec('gpt', { match: routeMatch({ model: ['gpt-*'], needs: ['tools'] }), candidates: ['gpu/qwen'] })
  t.equal(reach('gpt-5', [gpt]), 'gpu/qwen cloud/gpt-5')
  t.equal(reach('gpt-4o', [gpt]), 'gpu/qwen', 'a name that only the rule knows')
  t.equal(reach('auto:nonsense', [night]), '')
})

t.test('lists: fallback counts, what is not local or not allowed does not', async (t) => {
  const spec = routeSpec('r', { candidates: ['gpu/qwen'], fallback: ['spare/*', 'cloud/gpt-5'] })
  t.equal(reach('r', [spec]), 'gpu/qwen spare/qwen cloud/gpt-5')
  t.equal(reach('r', [{ ...spec, localOnly: true }]), 'gpu/qwen spare/qwen')
  const key: KeySpec = { ...KEY, id: 'guest', routes: ['r'], rpm: null, hash: '' }
  t.equal(reach('r', [spec], [key], key), 'gpu/qwen spare/qwen cloud/gpt-5', 'a key may use the fallback of its routes')
  t.equal(reach('auto', [{ ...spec, localOnly: true }], [key], key), 'gpu/qwen spare/qwen', 'as far as the route does')
})

t.test('a key comes to its route by the fallback where there are no candidates now', async (t) => {
  const key: KeySpec = { ...KEY, id: 'guest', routes: ['r'], rpm: null, hash: '' }
  const match = routeMatch({ model: ['auto'] })
  const gone = routeSpec('r', { match, candidates: ['absent/*'], fallback: ['cloud/gpt-5'] })
  t.equal(resolve(asked('auto', key), tableOf([gone], [key])).route, 'r')
  const foreign = routeSpec('other', { match, candidates: ['spare/*'], fallback: ['cloud/gpt-5'] })
  t.equal(
    resolve(asked('auto', key), tableOf([foreign, gone], [key])).route,
    'r',
    'candidates of others are not lent by it',
  )
})
