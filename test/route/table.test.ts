import t from 'tap'
import { allowedTo, compileRoutes } from '../../src/decision/route/table.ts'
import { catalogOf, deployment, KEY, routeSpec } from '../support/factories.ts'

t.test('what a key may use: a restricted key that the table does not know may use nothing', async (t) => {
  const [small, big] = [deployment('up/small'), deployment('up/big')]
  const table = compileRoutes(
    [routeSpec('coding', { candidates: ['up/small'] })],
    [
      { ...KEY, id: 'free', routes: null },
      { ...KEY, id: 'bound', routes: ['coding'] },
      { ...KEY, id: 'stale', routes: ['a route that is gone'] },
    ],
    catalogOf(small, big),
  )
  t.equal(allowedTo({ id: 'free', routes: null }, table), undefined)
  t.strictSame([...(allowedTo({ id: 'bound', routes: ['coding'] }, table) ?? [])], [small])
  t.equal(allowedTo({ id: 'stale', routes: ['a route that is gone'] }, table)?.size, 0)
  t.equal(allowedTo({ id: 'unknown', routes: ['coding'] }, table)?.size, 0)
})
