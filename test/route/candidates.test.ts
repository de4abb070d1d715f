/** What a table remembers of names and candidates changes no decision: each is the same as with a table of its own. */
import { ownPlaces } from '../../src/core/ask-place.ts'
import t from 'tap'
import { CAPABILITIES } from '../../src/core/capabilities.ts'
import { decisionRecordOf } from '../../src/core/decision-rows.ts'
import { CHAT, EMBEDDINGS } from '../../src/core/endpoints.ts'
import type { JsonObject } from '../../src/core/json.ts'
import type { KeySpec } from '../../src/core/principal.ts'
import type { RouteSpec } from '../../src/core/settings.ts'
import type { Deployment, GatewayRequest, RoutePlan } from '../../src/core/types.ts'
import { plan } from '../../src/decision/route/plan.ts'
import { compileRoutes, type RouteTable } from '../../src/decision/route/table.ts'
import {
  ANYBODY,
  catalogOf,
  classify,
  deployment,
  gatewayRequest,
  KEY,
  LIMITS,
  moment,
  provider,
  routeMatch,
  routeSpec,
} from '../support/factories.ts'
import { pick, seeded } from '../support/random.ts'

/** Models of all kinds: with and without efforts, capabilities, contexts. */
function anyDeployment(random: () => number, index: number): Deployment {
  const capabilities = Object.fromEntries(
    CAPABILITIES.filter(() => random() < 0.2).map((name) => [name, random() < 0.7]),
  )
  const made = deployment(`b${index}/m${index % 5}`, {
    backend: {
      weight: random() < 0.1 ? 0 : 1,
      provider: provider({ local: random() < 0.5, ...(random() < 0.2 ? { endpoints: ownPlaces([CHAT]) } : {}) }),
    },
    facts: {
      capabilities,
      context: random() < 0.5 ? pick(random, [20, 60, 4000]) : null,
      efforts: random() < 0.3 ? ['low', 'high'] : [],
    },
  })
  made.calibration.factor = 0.5 + random()
  return made
}

const ROUTES: readonly RouteSpec[] = [
  routeSpec('long', { match: routeMatch({ tokens: { min: 50, max: null } }), candidates: ['m0', 'm1'] }),
  routeSpec('r', { candidates: ['m1', 'm2'], fallback: ['*'], localOnly: true }),
  routeSpec('x', { match: routeMatch({ model: ['x-*'] }), strategy: 'round_robin', maxTtftMs: 900 }),
]
const KEYS: readonly KeySpec[] = [null, ['r'], ['default'], []].map((routes, at) => ({ ...KEY, id: `k${at}`, routes }))

function anyRequest(random: () => number): GatewayRequest {
  const principal = pick(random, [ANYBODY, ...KEYS])
  const model = pick(random, ['auto', 'auto:cheap', 'r', 'x-1', 'm1', 'M2', 'b3/m3', 'nowhere'])
  if (random() < 0.15) return gatewayRequest({ model, input: 'a text' }, { endpoint: EMBEDDINGS, principal })
  const fields: JsonObject = {
    model,
    messages: [{ role: 'user', content: 'word '.repeat(1 + 200 * random() ** 3) }],
    ...(random() < 0.2 ? { tools: [{ type: 'function' }] } : {}),
    ...(random() < 0.1 ? { response_format: { type: 'json_schema' } } : {}),
    ...(random() < 0.2 ? { reasoning_effort: pick(random, ['low', 'medium']) } : {}),
  }
  return gatewayRequest(fields, { principal, strategy: random() < 0.1 ? 'fast' : null })
}

/** All that is to be seen of a plan, or why there is none. */
function seenOf(request: GatewayRequest, table: RouteTable): unknown {
  let made: RoutePlan
  try {
    made = plan(request, classify(request), table, LIMITS, moment())
  } catch (thrown) {
    return String(thrown)
  }
  const order = made.order.map(({ deployment: { id }, effort }) => `${id} ${effort ?? ''}`)
  const expected = made.order.map((target) => made.expected(target))
  return { order, expected, refusal: made.refusal?.message ?? null, record: decisionRecordOf(made.decision) }
}

t.test('a table in use decides as a new one does, whatever was asked before', async (t) => {
  const random = seeded(77)
  for (let world = 0; world < 40; world++) {
    const all = Array.from({ length: Math.floor(1 + 45 * random() ** 2) }, (_, index) => anyDeployment(random, index))
    const compiled = (): RouteTable => compileRoutes(ROUTES, KEYS, catalogOf(...all))
    const used = compiled()
    for (let turn = 0; turn < 40; turn++) {
      const request = anyRequest(random)
      t.strictSame(seenOf(request, used), seenOf(request, compiled()), request.model)
      // What is learnt of a model is learnt while the table is in use.
      const { health, calibration } = pick(random, all)
      if (random() < 0.3) calibration.factor = 0.5 + random()
      if (random() < 0.3) (health.answers as Set<string>).add('embeddings')
    }
  }
})
