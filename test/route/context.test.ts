/** Prompts that may not fit (AT-87): an engine that cuts them tells nobody, so it is not given one that might be too long. */
import t from 'tap'
import type { JsonObject } from '../../src/core/json.ts'
import type { Deployment, GatewayRequest } from '../../src/core/types.ts'
import { OLLAMA_CHAT } from '../../src/core/endpoints.ts'
import { readRequest } from '../../src/formats/ollama/request.ts'
import { PROVIDERS } from '../config/load.ts'
import { seeded } from '../support/random.ts'
import { plan } from '../../src/decision/route/plan.ts'
import { compileRoutes } from '../../src/decision/route/table.ts'
import { learnTokens } from '../../src/decision/learn/calibration.ts'
import { catalogOf, classify, gatewayRequest, LIMITS, moment, provider } from '../support/factories.ts'
import { like } from '../support/fields.ts'

const CUTS = provider({ local: true, response: { cutsLongPrompts: true } })

const engine = (id: string, context: number | null, cuts = false): Deployment =>
  like(id, {}, { ...(cuts ? { backend: { provider: CUTS } } : {}), facts: { context, quality: { default: 0.7 } } })

const asking = (content: string, fields: JsonObject = {}): GatewayRequest =>
  gatewayRequest({ model: 'auto', messages: [{ role: 'user', content }], ...fields })

/** Text of about so many tokens, as the gateway counts. */
function sized(tokens: number): string {
  const word = 'river '
  const each = classify(asking(word.repeat(1000))).inputTokens / 1000
  return word.repeat(Math.round(tokens / each))
}

/** What would be called, in order; null where nothing can be. */
function asked(request: GatewayRequest, all: readonly Deployment[]): string[] | null {
  const table = compileRoutes([], [], catalogOf(...all))
  const { order, refusal } = plan(request, classify(request), table, LIMITS, moment())
  if (refusal !== null && refusal.code !== 'context_length_exceeded') throw refusal
  return refusal === null ? order.map(({ deployment }) => deployment.id) : null
}

t.test('what surely does not fit is given to nobody', async (t) => {
  for (const cuts of [true, false]) t.equal(asked(asking(sized(40_000)), [engine('a/m', 4096, cuts)]), null)
})

t.test('what may not fit is kept from who cuts in silence, not from who refuses', async (t) => {
  for (const tokens of [3700, 4500, 6000]) {
    t.equal(asked(asking(sized(tokens)), [engine('a/m', 4096, true)]), null, `${tokens}, cut`)
    t.strictSame(asked(asking(sized(tokens)), [engine('a/m', 4096)]), ['a/m'], `${tokens}, refused by the engine`)
  }
})

t.test('what fits goes everywhere', async (t) => {
  for (const cuts of [true, false]) t.strictSame(asked(asking(sized(1000)), [engine('a/m', 4096, cuts)]), ['a/m'])
  t.strictSame(asked(asking(sized(1_000_000)), [engine('a/m', null, true)]), ['a/m'], 'where nobody knows the context')
})

t.test('another one with a larger context answers instead', async (t) => {
  const all = [engine('small/m', 4096, true), engine('large/n', 131_072, true)]
  t.strictSame(asked(asking(sized(10_000)), all), ['large/n'])
})

t.test('where it is tight, a larger context comes first', async (t) => {
  const [small, large] = [engine('small/m', 4096), engine('large/n', 131_072)]
  large.latency.ttft.weights[0] = 4
  t.equal(asked(asking(sized(500)), [small, large])?.[0], 'small/m', 'with room to spare the better one')
  t.strictSame(asked(asking(sized(3900)), [small, large]), ['large/n', 'small/m'])
  const room = { max_tokens: 3500 }
  t.strictSame(asked(asking(sized(500), room), [small, large]), ['small/m', 'large/n'])
  t.strictSame(
    asked(asking(sized(1500), room), [small, large]),
    ['large/n', 'small/m'],
    'the answer needs room as well',
  )
})

t.test('the tokenizer of the model decides, once it is known', async (t) => {
  const all = [engine('a/m', 4096, true)]
  const request = asking(sized(3300))
  t.equal(asked(request, all), null, 'not yet sure')
  for (let i = 0; i < 100; i++) learnTokens(all[0]!.calibration, 1000, 1000)
  t.strictSame(asked(request, all), ['a/m'], 'sure now')
  for (let i = 0; i < 100; i++) learnTokens(all[0]!.calibration, 1000, 1500)
  t.equal(asked(request, all), null, 'its tokens are smaller')
})

t.test('the refusal names the sizes', async (t) => {
  const table = compileRoutes([], [], catalogOf(engine('a/m', 4096)))
  const request = asking(sized(40_000))
  t.match(plan(request, classify(request), table, LIMITS, moment()).refusal, {
    code: 'context_length_exceeded',
    status: 400,
    message: /a\/m: its context is 4096 tokens, the prompt has about [34]\d{4}/,
  })
})

/** Prompts of one and of many messages, against models whose tokenizers differ by half. */
t.test('no prompt that is too long goes to an engine that cuts, whatever was learnt before', async (t) => {
  const random = seeded(16)
  let sent = 0
  for (let round = 0; round < 300; round++) {
    const context = 512 + Math.floor(random() * 4000)
    const one = engine('a/m', context, true)
    const factor = 0.75 + random() * 0.5
    for (let i = Math.floor(random() * 30); i > 0; i--)
      learnTokens(one.calibration, 1000, 1000 * factor * (0.95 + random() * 0.1))
    const taught = one.calibration.count > 10
    for (const share of [0.3, 0.6, 0.9, 1, 1.1, 2]) {
      const tokens = (context * share) / factor
      const messages = Array.from({ length: round % 2 === 0 ? 1 : 1 + Math.floor(random() * 20) }, () => 0)
      const request = gatewayRequest({
        model: 'auto',
        messages: messages.map((_, at) => ({
          role: at % 2 === 0 ? 'user' : 'assistant',
          content: sized(tokens / messages.length),
        })),
      })
      const actual = classify(request).longestTokens * (taught ? factor : Math.min(factor, 1.2))
      const goes = asked(request, [one]) !== null
      if (goes) sent++
      if (actual > context) t.notOk(goes, `${actual} of ${context}`)
      if (share === 0.3) t.ok(goes, `what fits with room to spare goes: ${actual} of ${context}`)
    }
  }
  t.ok(sent > 300, `${sent} were sent`)
})

t.test('a context that the caller asks for is the one that counts, where its engine is told', async (t) => {
  const native = (content: string, context: number): GatewayRequest => {
    const body = { model: 'auto', stream: false, messages: [{ role: 'user', content }], options: { num_ctx: context } }
    return { ...gatewayRequest({}), ...readRequest(Buffer.from(JSON.stringify(body)), OLLAMA_CHAT) }
  }
  const ollama = (traits: Partial<Deployment['facts']> = {}): Deployment =>
    like(
      'a/m',
      {},
      {
        backend: { provider: PROVIDERS.get('ollama')! },
        facts: { context: 4096, quality: { default: 0.7 }, ...traits },
      },
    )
  t.equal(asked(native(sized(2000), 1024), [ollama()]), null, 'it would be loaded with less')
  t.strictSame(asked(native(sized(6000), 16_384), [ollama()]), ['a/m'], 'it is loaded with more')
  t.equal(
    asked(native(sized(6000), 16_384), [ollama({ trainedContext: 4096 })]),
    null,
    'but not with more than it was trained for',
  )
  const wishes = { numCtx: 8192, keepAlive: null, think: null }
  t.equal(
    asked(native(sized(6000), 16_384), [ollama({ wishes, context: 4096 })]),
    null,
    'the wish of the operator counts over it',
  )
  t.equal(asked(native(sized(6000), 16_384), [engine('b/m', 4096, true)]), null, 'others are not told')
})

t.test('where nobody has told the context, the refusal says what sets it', async (t) => {
  const table = compileRoutes(
    [],
    [],
    catalogOf(like('a/m', {}, { backend: { provider: CUTS }, facts: { context: 4096, contextFrom: 'usual' } })),
  )
  const request = asking(sized(40_000))
  t.match(
    plan(request, classify(request), table, LIMITS, moment()).refusal?.message,
    /4096 tokens \(as usual until it is loaded: `num_ctx` of the backend sets another\), the prompt has about/,
  )
})
