import t from 'tap'
import { adminRoutes, type AdminTools } from '../../src/http/admin/routes.ts'
import { adminRig, send, TOKEN } from './admin.ts'

const ROUTES = adminRoutes({ budgets: null, sessions: null } as AdminTools).filter(({ path }) => path.includes(':'))

/** Ids that no key, budget or session has, as they stand in a path. */
const ODD = [
  'x'.repeat(1_025),
  'x'.repeat(1_100),
  'x'.repeat(4_000),
  '%41'.repeat(1_500),
  '%00',
  'a%00b',
  '%',
  '%2',
  '%zz',
  '%ff%fe',
  '%c0%ae',
  '%2F',
  'a%2Fb%2Fc',
  '%2e%2e%2fkeys',
  '..%5c..%5c',
  '%0d%0aset-cookie:x',
  '%e2%80%ae',
  '%f0%9f%92%a9',
  '__proto__',
  'constructor',
  'a?b',
  'a;b',
  '%25',
  '%22%3E%3Cscript%3E',
]

t.test('an odd id is not found, at every path of the admin API', async (t) => {
  const { url, gateway } = await adminRig(t)
  t.ok(ROUTES.length >= 6)
  for (const { method, path } of ROUTES)
    for (const id of path.includes('budgets') ? ODD.filter((one) => one.length > 1_024) : ODD) {
      const body = method === 'PATCH' ? { rpm: 1 } : undefined
      const answer = await send(`${url}${path.replace(/:\w+/, id)}`, method, TOKEN, body)
      const label = `${method} ${path} ${id.slice(0, 30)}: ${answer.status} ${answer.text.slice(0, 200)}`
      t.equal(answer.status, 404, label)
      t.match(answer.body, { error: { code: 'not_found' } }, label)
      t.ok(answer.text.length < 1_000, 'and is not sent back at length')
      t.notMatch(answer.text, /[\u0000-\u001f\u202e]/, label)
    }
  t.notMatch(gateway.logged(), /"level":50/)
})

t.test('an odd path of the gateway itself is not found', async (t) => {
  const { gateway } = await adminRig(t, { store: {} })
  for (const id of ODD)
    for (const [method, path] of [
      ['GET', `/v1/models/${id}`],
      ['GET', `/${id}`],
      ['GET', `/health/${id}`],
      ['POST', `/v1/audio/${id}`],
    ] as const) {
      const { status, text } = await send(`${gateway.url}${path}`, method, null)
      const label = `${method} ${path.slice(0, 40)}: ${status} ${text.slice(0, 100)}`
      t.ok((status >= 400 && status < 500) || status === 501, label)
      t.ok(text.length < 1_000, label)
    }
})
