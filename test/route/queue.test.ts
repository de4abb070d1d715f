/** What a decision makes of a place that has to be waited for in the gateway. */
import t from 'tap'
import type { Deployment, GatewayRequest, QueueView } from '../../src/core/types.ts'
import type { RouteSpec } from '../../src/core/settings.ts'
import { weightsFrom } from '../../src/core/terms.ts'
import { plan } from '../../src/decision/route/plan.ts'
import { compileRoutes } from '../../src/decision/route/table.ts'
import { like } from '../support/fields.ts'
import { catalogOf, classify, gatewayRequest, LIMITS, live, moment, routeSpec } from '../support/factories.ts'

const at = (name: string, queue: Partial<QueueView>, price = 0): Deployment =>
  like(
    `${name}/${name === 'cloud' ? 'large' : 'm'}`,
    { price },
    { live: live({ queue: { waiting: 0, seconds: 0, full: false, ...queue } }) },
  )

/** Nothing but cost counts. */
const COST = weightsFrom({ cost: 1 })

function ask(all: readonly Deployment[], traits: Partial<RouteSpec>, request: Partial<GatewayRequest> = {}): string {
  const table = compileRoutes([routeSpec('r', { candidates: ['*'], ...traits })], [], catalogOf(...all))
  const asked = gatewayRequest({ model: 'r', messages: [{ role: 'user', content: 'x' }] }, request)
  const { order } = plan(asked, classify(asked), table, LIMITS, moment({ now: 1000 }))
  return order.map(({ deployment }) => deployment.backend.name).join(' ')
}

t.test('where nothing is scored, whoever has room comes first, and else who has it soonest', async (t) => {
  for (const strategy of ['ordered', 'round_robin', 'weighted', 'least_busy'] as const) {
    const all = [at('a', { seconds: 9 }), at('b', { seconds: 0.5 }), at('c', {}), at('d', { seconds: 1, full: true })]
    t.equal(ask(all, { strategy }), 'c b a d', strategy)
  }
})

t.test(
  'where it is, the wait is part of the time to the first token: it is weighed against a place that costs',
  async (t) => {
    const free = at('cloud', {}, 10)
    const order = (seconds: number, strategy: RouteSpec['strategy']): string =>
      ask([at('own', { seconds }), free], { strategy })
    t.equal(order(0, 'fast'), 'own cloud')
    t.equal(order(20, 'fast'), 'cloud own')
    t.equal(order(20, COST), 'own cloud', 'whom time costs nothing waits')
    t.equal(ask([at('own', { full: true, seconds: 20 }), free], { strategy: COST }), 'cloud own', 'but not where it would be refused') // prettier-ignore
  },
)

t.test('a wait above the ceiling of a route, or of a caller, takes a candidate out', async (t) => {
  const all = [at('own', { seconds: 20 }), at('cloud', {}, 10)]
  t.equal(ask(all, { strategy: COST, maxTtftMs: 5_000 }), 'cloud')
  t.equal(ask(all, { strategy: COST }, { deadlineMs: 10_000 }), 'cloud')
})
