import t from 'tap'
import type { KeySpec } from '../../src/core/principal.ts'
import type { RouteMatch, RouteSpec } from '../../src/core/settings.ts'
import { coversGlob } from '../../src/decision/route/coverage.ts'
import { shadows } from '../../src/decision/route/unreachable.ts'
import { KEY, routeMatch, routeSpec } from '../support/factories.ts'

type Conditions = Partial<RouteMatch>

const key = (id: string, routes: readonly string[] | null = null): KeySpec => ({ ...KEY, id, routes })
const rule = (name: string, match: Conditions | null): RouteSpec =>
  routeSpec(name, { match: match && routeMatch(match) })

/** `by > route: what`, for rules a, b, c .. in this order. */
function found(rules: readonly (Conditions | null)[], keys: readonly KeySpec[] = []): string[] {
  const routes = rules.map((match, index) => rule('abcdefgh'[index]!, match))
  return shadows(routes, keys).map(({ by, route, why }) => `${by.join('+')} > ${route}: ${why.split(': ', 1)[0]}`)
}

/** [earlier, later]: the later one gets nothing. */
const SHADOWED: readonly (readonly [Conditions, Conditions])[] = [
  [{ model: ['auto'] }, { model: ['auto'] }],
  [{ model: ['auto'] }, { class: ['code'] }],
  [{ model: ['*'] }, { class: ['code'], needs: ['tools'], hour: { from: 1, to: 2 } }],
  [{ model: ['gpt-*'] }, { model: ['gpt-5*'] }],
  [{ model: ['gpt-*', 'o*'] }, { model: ['o3', 'gpt-5-*-mini'] }],
  [{ class: ['code', 'math'] }, { class: ['math'] }],
  [{ needs: ['tools'] }, { needs: ['vision', 'tools'] }],
  [{ tokens: { min: 10, max: null } }, { tokens: { min: 10, max: 20 } }],
  [{ tokens: { min: null, max: 100 } }, { tokens: { min: 10, max: 100 } }],
  [{ hour: { from: 20, to: 6 } }, { hour: { from: 22, to: 24 } }],
  [{ hour: { from: 20, to: 6 } }, { hour: { from: 23, to: 3 } }],
  [{ hour: { from: 0, to: 24 } }, { class: ['code'] }],
  [{ header: { 'x-a': 'b*' } }, { header: { 'x-a': 'bc*', 'x-d': 'e' } }],
  [{ header: { 'x-a': '*' } }, { header: { 'x-a': 'b' }, class: ['code'] }],
]

/** [earlier, later]: something is left, or may be. */
const LEFT: readonly (readonly [Conditions, Conditions])[] = [
  [{ class: ['code'] }, { model: ['auto'] }],
  [{ class: ['code'] }, { model: ['gpt-*'] }],
  [{ class: ['code'] }, { class: ['math', 'logic'] }],
  [{ model: ['gpt-5*'] }, { model: ['gpt-*'] }],
  [{ needs: ['vision', 'tools'] }, { needs: ['tools'] }],
  [{ tokens: { min: 10, max: null } }, { tokens: { min: 9, max: 20 } }],
  [{ tokens: { min: null, max: 100 } }, { tokens: { min: 10, max: null } }],
  [{ hour: { from: 22, to: 2 } }, { hour: { from: 20, to: 6 } }],
  [{ hour: { from: 8, to: 20 } }, { hour: { from: 20, to: 8 } }],
  [{ header: { 'x-a': 'b*', 'x-d': 'e' } }, { header: { 'x-a': 'bc' } }],
  [{ header: { 'x-a': 'b' } }, { header: { 'x-a': 'b*' } }],
  [{ header: { 'x-a': '*' } }, { model: ['auto'] }],
]

t.test('a rule of which an earlier one takes everything', async (t) => {
  for (const [earlier, later] of SHADOWED)
    t.strictSame(
      found([earlier, later]).slice(0, 1),
      ['a > b: routes[1].match is never fulfilled'],
      JSON.stringify(later),
    )
})

t.test('a rule to which something is left', async (t) => {
  for (const [earlier, later] of LEFT) t.strictSame(found([earlier, later]), [], JSON.stringify([earlier, later]))
})

t.test('a route is unreachable only by routes before it', async (t) => {
  for (const [earlier, later] of SHADOWED.slice(1, 7))
    t.strictSame(
      found([later, earlier]).filter((one) => one.includes('> a: routes[0].match')),
      [],
    )
  t.strictSame(found([{ class: ['code'] }, { class: ['code', 'math'] }, { class: ['math'] }]), [
    'a > b: routes[1].match.class[0] is never fulfilled for the class "code"',
    'b > c: routes[2].match is never fulfilled',
  ])
})

t.test('several that share it out', async (t) => {
  const day = { hour: { from: 6, to: 20 } }
  const night = { hour: { from: 20, to: 6 } }
  t.strictSame(found([day, night, { class: ['code'] }]), ['a+b > c: routes[2].match is never fulfilled'])
  t.strictSame(found([day, { hour: { from: 21, to: 6 } }, { class: ['code'] }]), [])
  t.strictSame(found([day, { ...night, class: ['math'] }, { class: ['code'] }]), [])
  const small = { tokens: { min: null, max: 999 } }
  const large = { tokens: { min: 1000, max: null } }
  t.strictSame(found([large, small, { needs: ['tools'] }]), ['a+b > c: routes[2].match is never fulfilled'])
  t.strictSame(found([{ tokens: { min: 1001, max: null } }, small, { needs: ['tools'] }]), [])
  t.strictSame(
    found([{ class: ['code'] }, { needs: ['vision'] }, { class: ['math'] }, { class: ['math', 'code'] }]),
    ['a+c > d: routes[3].match is never fulfilled'],
    'only those that are needed',
  )
})

t.test('one of those that a rule lists', async (t) => {
  t.strictSame(found([{ model: ['auto'] }, { model: ['gpt-*', 'auto'] }]), [
    'a > b: routes[1].match.model[1] is never fulfilled for the model "auto"',
  ])
  t.strictSame(found([{ key: ['k'] }, { key: ['l', 'k'], class: ['code'] }], [key('k'), key('l')]), [
    'a > b: routes[1].match.key[1] is never fulfilled for the key "k"',
  ])
})

t.test('rules that take names leave nothing to routes of these names', async (t) => {
  t.strictSame(found([null, { model: ['*'] }]), ['b > a: routes[0].name'])
  t.strictSame(found([{ model: ['*'] }, null]), ['a > b: routes[1].name'])
  t.strictSame(found([null, { model: ['*'], class: ['code'] }]), [], 'not all of them')
  t.strictSame(found([{ model: ['b', 'auto'] }, { model: ['gpt-*'] }]), ['a > b: routes[1].name'])
  t.strictSame(found([{ model: ['b*'] }, { class: ['code'] }]), ['a > b: routes[1].name'])
  t.strictSame(
    found([{ model: ['a*', 'b*'] }, { model: ['x'] }, { model: ['*'] }]),
    ['a > b: routes[1].name'],
    'the last one gets its own',
  )
})

t.test('the default route is unreachable where others take all requests of auto', async (t) => {
  const found = (rules: readonly RouteSpec[], keys: readonly KeySpec[] = []): string[] =>
    shadows(rules, keys).map(({ by, route, why }) => `${by.join('+')} > ${route}: ${why.split(': ', 2)[1]}`)
  const usual = rule('default', null)
  const all = rule('all', { model: ['auto'] })
  const none = 'all > default: `auto` never reaches this route'
  t.strictSame(found([usual, all]), [none], 'wherever it stands')
  t.strictSame(found([all, usual]), [none])
  t.strictSame(found([rule('some', { class: ['code'] }), usual]), [])
  const mine = rule('mine', { key: ['k'] })
  t.strictSame(found([mine, usual], [key('k', ['mine', 'default']), key('l')]), [
    'mine > default: `auto` of the key "k" never reaches this route',
  ])
  t.strictSame(found([mine, usual], [key('k'), key('l')]), [], 'a key that may use everything need not use it')
  t.strictSame(found([mine, usual], [key('k')]), ['mine > default: `auto` never reaches this route'])
})

t.test('a rule is passed over for a key that may use none of it', async (t) => {
  const all = { model: ['auto'] }
  t.strictSame(found([all, all], [key('k', ['b']), key('l', ['b', 'a'])]), [
    'a > b: routes[1].match is never fulfilled for the key "l"',
  ])
  t.strictSame(found([all, all], [key('k', ['b'])]), [])
  t.strictSame(found([all, all], [key('k', ['a']), key('l')]), [
    'a > b: routes[1].match is never fulfilled for a key that may use the route',
  ])
  t.strictSame(found([all, all], [key('k', ['default'])]).length, 1, 'which stands for everything, being no route')
})

t.test('a rule does not surely take the requests of a key that something other than its routes binds', async (t) => {
  const all = routeMatch({ model: ['auto'] })
  const routes = ['a', 'b'].map((name) => routeSpec(name, { match: all }))
  const shadowed = (...ids: readonly string[]): string[] =>
    shadows(routes, ids.map((id) => key(id)), ({ id }) => id === 'bound').map(({ route }) => route) // prettier-ignore
  t.strictSame(shadowed('k', 'l'), ['b'])
  t.strictSame(shadowed('bound'), [])
  t.strictSame(shadowed('k', 'bound'), [])
  const named = [routeSpec('a', { match: routeMatch({ model: ['*'] }) }), routeSpec('b', { match: null })]
  t.equal(shadows(named, [key('k')], () => false).length, 1)
  t.strictSame(
    shadows(named, [key('k')], () => true),
    [],
    'nor those for a name',
  )
})

t.test('a route that no key may use is not called shadowed', async (t) => {
  const all = { model: ['auto'] }
  t.strictSame(found([all, all], [key('k', ['a'])]), [])
  const routes = [rule('a', all), rule('b', all), rule('default', null)]
  t.strictSame(shadows(routes, [key('k', ['default'])]), [], 'where there is such a route, it is no other')
})

t.test('the reason names the route that comes before', async (t) => {
  const [one] = shadows([rule('first', { model: ['*'] }), rule('second', { class: ['code'] })])
  t.equal(one?.why, 'routes[1].match is never fulfilled: route "first" comes before it and takes all of that')
  t.strictSame(one?.by, ['first'])
})

t.test('a glob over another', async (t) => {
  const YES = [
    ['*', '*'],
    ['*', ''],
    ['a*', 'ab*'],
    ['*b', 'a*b'],
    ['a*c', 'abc'],
    ['*a*', 'x*a*y'],
    ['**', '*'],
    ['*', '**'],
    ['a.c', 'a.c'],
  ] as const
  const NO = [
    ['a*', '*'],
    ['a', 'a*'],
    ['ab*', 'a*'],
    ['a*b', 'a*'],
    ['a.c', 'abc'],
    ['*a*', '*'],
    ['', '*'],
    ['[a]', 'a'],
  ] as const
  for (const [outer, inner] of YES) t.equal(coversGlob(outer, inner), true, `${outer} over ${inner}`)
  for (const [outer, inner] of NO) t.equal(coversGlob(outer, inner), false, `${outer} over ${inner}`)
})
