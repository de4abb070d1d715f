import t from 'tap'
import type { RouteMatch } from '../../src/core/settings.ts'
import { matches, type MatchContext } from '../../src/decision/route/match.ts'
import { compileRoutes } from '../../src/decision/route/table.ts'
import { catalogOf, profile, routeMatch, routeSpec } from '../support/factories.ts'

const AUTO: MatchContext = {
  model: 'auto',
  key: 'team-a',
  headers: { 'x-team': 'research', 'x-many': ['one', 'two'] },
  profile: profile({ class: 'code', needs: ['chat', 'tools'], inputTokens: 1000 }),
  utcHour: 12,
}

function judged(match: Partial<RouteMatch> | null, occasion: Partial<MatchContext> = {}): boolean | null {
  const spec = routeSpec('r', { match: match && routeMatch(match) })
  return matches(compileRoutes([spec], [], catalogOf()).routes[0]!, { ...AUTO, ...occasion })
}

/** Each condition, with what holds at noon for the request above and what does not. */
const CONDITIONS: readonly (readonly [yes: Partial<RouteMatch>, no: Partial<RouteMatch>])[] = [
  [{ model: ['auto'] }, { model: ['gpt-*'] }],
  [{ model: ['x', 'a*'] }, { model: ['Auto'] }],
  [{ key: ['team-b', 'team-a'] }, { key: ['team-b'] }],
  [{ header: { 'x-team': 'research' } }, { header: { 'x-team': 'Research' } }],
  [{ header: { 'x-team': 're*' } }, { header: { 'x-absent': '*' } }],
  [{ header: { 'x-many': 'two' } }, { header: { 'x-many': 'three' } }],
  [{ header: { 'x-team': '*', 'x-many': 'o*' } }, { header: { 'x-team': '*', 'x-many': 'x' } }],
  [{ class: ['math', 'code'] }, { class: ['math'] }],
  [{ needs: ['tools'] }, { needs: ['vision'] }],
  [{ needs: ['tools', 'chat'] }, { needs: ['tools', 'vision'] }],
  [{ tokens: { min: 1000, max: null } }, { tokens: { min: 1001, max: null } }],
  [{ tokens: { min: null, max: 1000 } }, { tokens: { min: null, max: 999 } }],
  [{ tokens: { min: 1000, max: 1000 } }, { tokens: { min: 1, max: 10 } }],
  [{ hour: { from: 12, to: 13 } }, { hour: { from: 11, to: 12 } }],
  [{ hour: { from: 0, to: 24 } }, { hour: { from: 20, to: 6 } }],
]

t.test('each condition decides alone', async (t) => {
  for (const [yes, no] of CONDITIONS) {
    t.equal(judged(yes), true, JSON.stringify(yes))
    t.equal(judged(no), false, JSON.stringify(no))
  }
})

t.test('all conditions must hold', async (t) => {
  const all = Object.assign({}, ...CONDITIONS.map(([yes]) => yes)) as Partial<RouteMatch>
  t.equal(judged(all), true)
  for (const [, no] of CONDITIONS) t.equal(judged({ ...all, ...no }), false, JSON.stringify(no))
})

t.test('names of the language are no headers', async (t) => {
  for (const name of ['__proto__', 'constructor', 'toString'])
    t.equal(judged({ header: Object.fromEntries([[name, '*']]) }), false, name)
})

t.test('hours may reach over midnight', async (t) => {
  const taken = (from: number, to: number): number[] =>
    [...Array(24).keys()].filter((utcHour) => judged({ hour: { from, to } }, { utcHour }) === true)
  t.strictSame(taken(22, 2), [0, 1, 22, 23])
  t.strictSame(taken(20, 24), [20, 21, 22, 23])
  t.strictSame(taken(23, 0), [23])
  t.strictSame(taken(0, 1), [0])
  t.equal(taken(0, 24).length, 24)
})

t.test('no condition at all is never taken', async (t) => {
  t.equal(judged(null), false)
  t.equal(judged({}), false)
  t.equal(judged({}, { profile: null }), false)
})

t.test('without a model the rule is for auto', async (t) => {
  for (const match of [{ class: ['code'] }, { key: ['team-a'] }, { hour: { from: 0, to: 24 } }] as const) {
    t.equal(judged(match), true)
    t.equal(judged(match, { model: 'qwen' }), false)
    t.equal(judged({ ...match, model: ['*'] }, { model: 'qwen' }), true)
  }
})

t.test('without a profile: what a name and a key say is said, the rest may be', async (t) => {
  const profile = null
  t.equal(judged({ model: ['auto'], key: ['team-a'] }, { profile }), true)
  t.equal(judged({ key: ['team-b'], class: ['code'] }, { profile }), false)
  t.equal(judged({ model: ['x'], hour: { from: 0, to: 1 } }, { profile }), false)
  for (const match of [
    { class: ['math'] },
    { needs: ['vision'] },
    { tokens: { min: 5000, max: null } },
    { hour: { from: 0, to: 1 } },
    { header: { 'x-absent': '*' } },
  ] as const)
    t.equal(judged(match, { profile }), null, JSON.stringify(match))
})
