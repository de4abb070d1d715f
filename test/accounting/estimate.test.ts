import t from 'tap'
import { usageOfAnswer, usageOfFailure } from '../../src/accounting/estimate.ts'
import { clientClosed, GatewayError } from '../../src/core/errors.ts'
import type { OnAbort } from '../../src/core/provider.ts'
import type { Target } from '../../src/core/types.ts'
import { OpenAIAnswerState } from '../../src/formats/openai/answer-state.ts'
import { planTo } from '../support/attempts.ts'
import { deployment, profile, usage } from '../support/factories.ts'

const EVENT = '{"choices":[{"delta":{"content":"a"}}]}'
const PLAN = planTo([], {
  profile: profile({ inputTokens: 40 }),
  expected: () => ({ input: 40, output: 90.4, reasoning: 20, nanoUsd: null, ttftMs: null }),
})

interface Ended {
  readonly target: Target
  readonly error: GatewayError | null
}

function ended(onAbort: OnAbort, error: GatewayError | null): Ended {
  const { targets } = deployment('a/m', { backend: { onAbort } })
  targets[0]!.deployment.calibration.factor = 1.5
  return { target: targets[0]!, error }
}

function track(events: number, traits: Partial<OpenAIAnswerState> = {}): OpenAIAnswerState {
  const made = Object.assign(new OpenAIAnswerState(), traits)
  for (let event = 0; event < events; event++) made.size.event(EVENT)
  return made
}

t.test('what came, and the prompt as the tokenizer of the model is known to count it', async (t) => {
  const got = usageOfAnswer(track(7, { tier: 'flex' }), ended('cancel', clientClosed()), PLAN)
  t.strictSame(got, usage({ input: 60, output: 7, tier: 'flex', estimated: true }))
  t.strictSame(usageOfFailure(null, ended('cancel', clientClosed()), PLAN), usage({ input: 60, estimated: true }))
  t.strictSame(usageOfFailure(null, ended('cancel', clientClosed()), null), usage({ input: 0, estimated: true }))
})

t.test('what the backend told stands', async (t) => {
  const told = usage({ input: 50, output: 6 })
  t.equal(
    usageOfAnswer(track(7, { reported: told, usageIsOld: true }), ended('cancel', null), PLAN),
    told,
    'of a whole one',
  )
  t.equal(
    usageOfAnswer(track(6, { reported: told }), ended('cancel', clientClosed()), PLAN),
    told,
    'nothing came after',
  )
  t.strictSame(
    usageOfAnswer(track(9, { reported: told, usageIsOld: true }), ended('cancel', clientClosed()), PLAN),
    usage({ input: 50, output: 9, estimated: true }),
    'a running count that more came after',
  )
})

t.test('a backend that charges the whole answer all the same', async (t) => {
  const whole = usage({ input: 60, output: 90, reasoning: 20, estimated: true })
  for (const code of ['idle_timeout', 'total_timeout', 'shutting_down', 'deadline_exceeded'] as const)
    t.strictSame(usageOfAnswer(track(7), ended('estimate', new GatewayError(code, 'x')), PLAN), whole, code)
  t.strictSame(usageOfFailure(null, ended('estimate', clientClosed()), PLAN), whole)
  const cut = Object.assign(track(7, { done: true, finish: 'stop' }), { cutShort: true })
  t.strictSame(usageOfAnswer(cut, ended('estimate', null), PLAN), whole, 'the gateway ended it at a stop sequence')
  t.equal(usageOfAnswer(cut, ended('cancel', null), PLAN).output, 7)
  t.equal(usageOfAnswer(track(200), ended('estimate', clientClosed()), PLAN).output, 200, 'never less than came')
  const broke = new GatewayError('upstream_incomplete', 'x')
  t.equal(usageOfAnswer(track(7), ended('estimate', broke), PLAN).output, 7, 'it broke off by itself')
  const told = usage({ input: 50, output: 6 })
  t.equal(usageOfAnswer(track(6, { reported: told, finish: 'stop' }), ended('estimate', clientClosed()), PLAN), told)
})
