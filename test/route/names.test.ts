import t from 'tap'
import { GatewayError } from '../../src/core/errors.ts'
import type { KeySpec, Principal, RouteSpec, Strategy } from '../../src/core/settings.ts'
import { STRATEGIES } from '../../src/core/settings.ts'
import { type Choice, resolve } from '../../src/route/names.ts'
import { compileRoutes, type RouteTable } from '../../src/route/table.ts'
import { ANYBODY, catalogOf, deployment, provider, routeMatch, routeSpec } from '../support/factories.ts'

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

const ids = (choice: Choice): string => choice.candidates.map(({ id }) => id).join(' ')

const TEAM: Principal = { id: 'team-a', routes: null, rpm: null }

function ask(
  model: string,
  routes: readonly RouteSpec[] = [],
  principal = ANYBODY,
  wish: Strategy | null = null,
): Choice {
  return resolve(model, principal, wish, tableOf(routes))
}

function refusal(
  model: string,
  routes: readonly RouteSpec[] = [],
  keys: readonly KeySpec[] = [],
  principal = ANYBODY,
): GatewayError {
  try {
    resolve(model, principal, null, tableOf(routes, keys))
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
  for (const strategy of STRATEGIES) {
    t.equal(ask(`auto:${strategy}`).strategy, strategy)
    t.equal(ids(ask(`auto:${strategy}`)), EVERYTHING)
  }
})

t.test('a strategy that does not exist', async (t) => {
  for (const model of ['auto:', 'auto:quick', 'auto:FAST', 'auto:fast ', 'auto::fast']) {
    const error = refusal(model)
    t.equal(error.code, 'model_not_found', model)
    t.equal(error.param, 'model')
    for (const strategy of STRATEGIES) t.match(error.message, `auto:${strategy}`)
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

t.test('an alias', async (t) => {
  t.equal(ids(ask('coder')), 'gpu/qwen')
  t.equal(ids(ask('smart')), 'gpu/qwen cloud/gpt-5')
})

const CODING = routeSpec('coding', { candidates: ['cloud/*', 'gpu/qwen'], strategy: 'ordered' })

t.test("a route's name", async (t) => {
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

t.test('weights have a name too', async (t) => {
  t.equal(
    ask('r', [routeSpec('r', { strategy: { quality: 1, cost: 0, latency: 0, efficiency: 0 } })]).strategy,
    'weights',
  )
  t.equal(
    ask('r', [routeSpec('r', { strategy: { quality: 1, cost: 0, latency: 0, efficiency: 0 } })], ANYBODY, 'cheap')
      .strategy,
    'cheap',
  )
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
  const isLocal = (choice: Choice): boolean => choice.candidates.length > 0 && choice.localOnly
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

t.test('an unknown name is not sent back whole', async (t) => {
  t.ok(refusal('x'.repeat(1e6)).message.length < 1000)
})

t.test('names of the language are no names of models', async (t) => {
  for (const model of ['__proto__', 'constructor', 'toString', '', '/', 'gpu/', '/qwen', 'gpu/nope', 'nope/qwen'])
    t.equal(refusal(model).code, 'model_not_found', model)
})

t.test('nothing is known yet', async (t) => {
  const empty = compileRoutes([], [], catalogOf())
  t.throws(() => resolve('qwen', ANYBODY, null, empty), { code: 'model_not_found', message: /no backend has told/ })
  t.equal(resolve('auto', ANYBODY, null, empty).candidates.length, 0)
})

t.test('a restricted key is told of nothing else', async (t) => {
  const key: KeySpec = { id: 'guest', routes: ['coding'], rpm: null, hash: '' }
  const error = refusal('nope', [CODING, routeSpec('hidden', { candidates: ['spare/*'] })], [key], key)
  t.match(error.message, 'gpt-5')
  t.notMatch(error.message, /org\/big|hidden/)
})
