/** The numbers of a decision that others use, against its written form, which rounds them. */
import t, { type Test } from 'tap'
import type { CandidateRecord, Expected } from '../../src/core/record.ts'
import { plan } from '../../src/decision/route/plan.ts'
import { compileRoutes } from '../../src/decision/route/table.ts'
import { catalogOf, classify, deployment, gatewayRequest, LIMITS, moment, routeSpec } from '../support/factories.ts'
import { anyNature, like, planOf, recorded } from '../support/fields.ts'
import { seeded } from '../support/random.ts'

function sameAs(t: Test, numbers: Expected, { expected }: CandidateRecord): void {
  const pairs: readonly (readonly [number | null, number | null, digits: number])[] = [
    [numbers.input, expected.input_tokens, 0],
    [numbers.output, expected.output_tokens, 0],
    [numbers.reasoning, expected.reasoning_tokens, 0],
    [numbers.nanoUsd === null ? null : numbers.nanoUsd / 1e9, expected.cost_usd, 9],
    [numbers.ttftMs, expected.ttft_ms, 0],
  ]
  for (const [exact, written, digits] of pairs) {
    if (exact === null || written === null) t.equal(exact, written)
    else t.ok(Math.abs(exact - written) <= 0.5001 * 10 ** -digits, `${exact} is written as ${written}`)
  }
}

t.test('what is expected of a candidate is what its record says, not rounded', async (t) => {
  const random = seeded(5)
  for (let run = 0; run < 20; run++) {
    const all = Array.from({ length: 1 + Math.floor(random() * 6) }, (_, at) =>
      like(`b${at}/m${at}`, anyNature(random)),
    )
    const made = planOf(all)
    for (const target of made.order) {
      const { backend, model } = target.deployment
      const row = made.record.candidates.find((one) => one.backend === backend.name && one.model === model)
      sameAs(t, made.expected(target)!, row!)
    }
  }
})

t.test('nothing is expected of a fallback, and of a target of another decision', async (t) => {
  const [first, last] = [deployment('a/m'), deployment('b/n')]
  const routes = [routeSpec('r', { candidates: ['a/*'], fallback: ['b/*'] })]
  const request = gatewayRequest({ model: 'r', messages: [{ role: 'user', content: 'x' }] })
  const table = compileRoutes(routes, [], catalogOf(first, last))
  const made = plan(request, classify(request), table, LIMITS, moment())
  t.equal(made.order.length, 2)
  t.not(made.expected(made.order[0]!), null)
  t.equal(made.expected(made.order[1]!), null)
  t.equal(made.expected(deployment('c/o').targets[0]!), null)
})

t.test('a plan that a budget lowers says so in its record, and is else the same', async (t) => {
  const made = planOf([like('a/m'), like('b/n')])
  const lowered = recorded(made.lowered(100))
  t.equal(lowered.maxTokens, 100)
  t.strictSame(lowered.record, { ...made.record, max_tokens: 100 })
  t.strictSame(lowered.order, made.order)
  t.strictSame(lowered.expected(made.order[0]!), made.expected(made.order[0]!))
  t.notOk('max_tokens' in made.record)
})

t.test('the baseline of a route, by its own tokens', async (t) => {
  const all = [like('a/m', { price: 1 }), like('b/n', { price: 3 })]
  const request = gatewayRequest({ model: 'r', messages: [{ role: 'user', content: 'x' }] })
  const planned = (baseline: string | null) => {
    const table = compileRoutes([routeSpec('r', { baseline })], [], catalogOf(...all))
    return recorded(plan(request, classify(request), table, LIMITS, moment()))
  }
  const made = planned('b/n')
  const { backend, model, nanoUsd } = made.baseline()!
  t.strictSame([backend, model], ['b', 'n'])
  t.ok(Math.abs(nanoUsd! / 1e9 - made.record.baseline!.cost_usd!) < 1e-9)
  t.equal(planned('c/gone').baseline(), null)
  t.equal(planned(null).baseline(), null)
})
