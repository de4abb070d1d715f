/** What one replica has proven of a capability counts for its siblings. */
import t from 'tap'
import { loadOf } from '../../src/core/load.ts'
import { CHAT } from '../../src/core/endpoints.ts'
import type { Json } from '../../src/core/json.ts'
import { plan } from '../../src/decision/route/plan.ts'
import { compileRoutes } from '../../src/decision/route/table.ts'
import { catalogOf, classify, deployment, facts, gatewayRequest, LIMITS, live, moment } from '../support/factories.ts'

const NEEDS = {
  tools: { tools: [{ type: 'function', function: { name: 'look', parameters: { type: 'object' } } }] },
  json_schema: {
    response_format: { type: 'json_schema', json_schema: { name: 'x', schema: { type: 'object' } } },
  },
  vision: {},
}

const content = (need: string): Json =>
  need === 'vision'
    ? [
        { type: 'text', text: 'What is this?' },
        { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } },
      ]
    : 'What is this?'

for (const [need, fields] of Object.entries(NEEDS))
  t.test(
    `an idle replica comes before the busy one that has proven ${need}, one of which nothing is known behind both`,
    async (t) => {
      const ask = (answers: readonly string[]): string[] => {
        const all = catalogOf(
          deployment('proven/m', { live: live({ load: loadOf(3) }), health: { answers: new Set(answers) } }),
          deployment('twin/m'),
          deployment('other/n', { facts: facts({ quality: { default: 0.99 } }) }),
        )
        const request = gatewayRequest(
          { model: 'auto', messages: [{ role: 'user', content: content(need) }], ...fields },
          { endpoint: CHAT },
        )
        const made = plan(request, classify(request), compileRoutes([], [], all), LIMITS, moment({ random: () => 0.5 }))
        return made.order.map((target) => target.deployment.id)
      }
      t.strictSame(ask([need]), ['twin/m', 'proven/m', 'other/n'])
      t.equal(ask([])[0], 'other/n', 'where nothing is known of any, the better one goes first')
    },
  )
