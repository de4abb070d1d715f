import { ownPlaces } from '../../src/core/ask-place.ts'
import t from 'tap'
import { loadOf } from '../../src/core/load.ts'
import { ANONYMOUS, type KeySpec } from '../../src/core/principal.ts'
import {
  catalogOf,
  classify,
  deployment,
  gatewayRequest,
  KEY,
  LIMITS,
  live,
  moment,
  provider,
  routeMatch,
  routeSpec,
} from '../support/factories.ts'
import { type Recorded, recorded } from '../support/fields.ts'
import { learnTtft, newLatency } from '../../src/decision/learn/latency.ts'
import { CHAT, EMBEDDINGS, RERANK } from '../../src/core/endpoints.ts'
import { GatewayError } from '../../src/core/errors.ts'
import type { RouteSpec } from '../../src/core/settings.ts'
import type { JsonObject } from '../../src/core/json.ts'
import type { Deployment, GatewayRequest, RoutePlan } from '../../src/core/types.ts'
import { plan } from '../../src/decision/route/plan.ts'
import { compileRoutes } from '../../src/decision/route/table.ts'

interface World {
  readonly deployments: readonly Deployment[]
  readonly routes?: readonly RouteSpec[]
  readonly keys?: readonly KeySpec[]
  readonly now?: number
}

function planned(request: GatewayRequest, { deployments, routes = [], keys = [], now = 1000 }: World): Recorded {
  const table = compileRoutes(routes, keys, catalogOf(...deployments))
  return recorded(plan(request, classify(request), table, LIMITS, moment({ now })))
}

function refusal(request: GatewayRequest, world: World): GatewayError {
  const { refusal } = planned(request, world)
  if (refusal === null) throw new Error('it is not refused')
  return refusal
}

const order = (result: RoutePlan): string => result.order.map(({ deployment }) => deployment.id).join(' ')

const chat = (fields: JsonObject = {}, traits: Partial<GatewayRequest> = {}): GatewayRequest =>
  gatewayRequest({ model: 'auto', messages: [{ role: 'user', content: 'x' }], ...fields }, traits)

const long = (tokens: number, fields: JsonObject = {}): GatewayRequest =>
  chat({ messages: [{ role: 'user', content: 'word '.repeat(tokens) }], ...fields })

// ---------------------------------------------------------------- order

t.test('healthy ones first, whatever else', async (t) => {
  const down = deployment('down/m', { live: live({ state: 'down' }) })
  const warming = deployment('warming/m', { live: live({ state: 'warming_up' }) })
  const cooling = deployment('cooling/m', { live: live({ retryAfterUntil: 2000 }) })
  const busy = deployment('busy/m', { live: live({ load: loadOf(99) }), health: { calls: 9999 } })
  const unknown = deployment('unknown/m', { live: live({ state: 'unknown', load: loadOf(100) }) })
  const all = [down, warming, cooling, busy, unknown]
  t.equal(order(planned(chat(), { deployments: all })), 'busy/m unknown/m cooling/m warming/m down/m')
  t.equal(order(planned(chat(), { deployments: [cooling, busy], now: 2000 })), 'cooling/m busy/m', 'the wait is over')
})

t.test('among equals fewest calls in flight, then fewest so far, then by name', async (t) => {
  const of = (id: string, inflight: number, calls: number): Deployment =>
    deployment(id, { live: live({ load: loadOf(inflight) }), health: { calls } })
  const deployments = [of('a/m', 2, 0), of('b/m', 1, 3), of('c/m', 1, 2), of('d/m', 1, 2), of('e/m', 0, 9)]
  t.equal(order(planned(chat(), { deployments })), 'e/m c/m d/m b/m a/m')
})

t.test('one that failed rests, and is the first again afterwards', async (t) => {
  const deployments = [
    deployment('a/m', { health: { ejectedUntil: 2000 } }),
    deployment('b/m', { health: { calls: 1 } }),
  ]
  t.equal(order(planned(chat(), { deployments, now: 1999 })), 'b/m a/m')
  t.equal(order(planned(chat(), { deployments, now: 2000 })), 'a/m b/m')
})

t.test('who said not to have the endpoint comes last, for that endpoint', async (t) => {
  const refuses = new Map([['rerank', 5000]])
  const deployments = [
    deployment('a/m', { health: { unsupportedUntil: refuses } }),
    deployment('b/m', { live: live({ state: 'down' }) }),
    deployment('c/m', { live: live({ load: loadOf(9) }) }),
  ]
  const rerank = gatewayRequest({ model: 'm', query: 'q', documents: ['d'] }, { endpoint: RERANK })
  t.equal(order(planned(rerank, { deployments, now: 1000 })), 'c/m b/m a/m')
  t.equal(order(planned(rerank, { deployments, now: 5000 })), 'a/m c/m b/m', 'not for ever')
  t.equal(order(planned(chat(), { deployments, now: 1000 })), 'a/m c/m b/m')
})

t.test('the expected time of streams says nothing about embeddings: the one called least is asked', async (t) => {
  const shared = newLatency(false)
  const [quick, slow] = [newLatency(false, shared), newLatency(false, shared)]
  for (let i = 0; i < 20; i++) {
    learnTtft(quick, 10, loadOf(0), 0.3)
    learnTtft(slow, 10, loadOf(0), 9)
  }
  const deployments = [
    deployment('a/m', { health: { calls: 5 }, learnt: { latency: quick } }),
    deployment('b/m', { health: { calls: 4 }, learnt: { latency: slow } }),
  ]
  t.equal(order(planned(chat(), { deployments })), 'a/m b/m')
  const embeddings = gatewayRequest({ model: 'm', input: 'x' }, { endpoint: EMBEDDINGS })
  t.equal(order(planned(embeddings, { deployments })), 'b/m a/m')
})

t.test('a route that a key may not use does not stand in its way', async (t) => {
  const deployments = [deployment('a/m'), deployment('b/m')]
  const routes = [
    routeSpec('coding', { match: routeMatch({ model: ['auto'], key: null }), candidates: ['a/*'] }),
    routeSpec('default', { candidates: ['b/*'] }),
  ]
  const keys: KeySpec[] = [{ ...KEY, id: 'web', routes: ['default'], rpm: null, hash: '' }]
  const auto = chat({ model: 'auto' }, { principal: { ...ANONYMOUS, id: 'web', routes: ['default'], rpm: null } })
  t.equal(order(planned(auto, { deployments, routes, keys })), 'b/m')
  t.equal(order(planned(chat({ model: 'auto' }), { deployments, routes, keys })), 'a/m')
})

t.test('ordered: as written, the sick ones behind', async (t) => {
  const deployments = [
    deployment('a/m', { live: live({ load: loadOf(50) }), health: { calls: 500 } }),
    deployment('b/m', { live: live({ state: 'down' }) }),
    deployment('c/m'),
  ]
  const routes = [routeSpec('r', { candidates: ['b/*', 'a/*', 'c/*'], strategy: 'ordered' })]
  t.equal(order(planned(chat({ model: 'r' }), { deployments, routes })), 'a/m c/m b/m')
  t.equal(order(planned(chat({ model: 'r' }, { strategy: 'fast' }), { deployments, routes })), 'c/m a/m b/m')
})

t.test('somebody who is down is still the last resort', async (t) => {
  t.equal(order(planned(chat(), { deployments: [deployment('a/m', { live: live({ state: 'down' }) })] })), 'a/m')
})

t.test('planning changes nothing', async (t) => {
  const deployments = [deployment('b/m', { live: live({ load: loadOf(3) }) }), deployment('a/m')]
  const catalog = catalogOf(...deployments)
  const seen = (): string => JSON.stringify(catalog.all.map((one) => ({ ...one, targets: null })))
  const before = seen()
  const request = chat()
  plan(request, classify(request), compileRoutes([], [], catalog), LIMITS, moment())
  t.equal(seen(), before)
})

// ---------------------------------------------------------------- filters

t.test('capabilities: what is known to be absent rules out, what is unknown does not', async (t) => {
  const deployments = [
    deployment('no/m', { facts: { capabilities: { tools: false } } }),
    deployment('yes/m', { facts: { capabilities: { tools: true } } }),
    deployment('unknown/m'),
  ]
  const result = planned(chat({ tools: [{ type: 'function' }] }), { deployments })
  t.equal(order(result), 'yes/m unknown/m')
  t.match(result.record.candidates[0]?.dropped, { filter: 'capability', why: /tools/ })
  t.equal(result.record.candidates[1]?.dropped, null)
})

t.test('each need rules out', async (t) => {
  const image = { messages: [{ role: 'user', content: [{ type: 'image_url' }] }] }
  const cases: [JsonObject, string][] = [
    [{ tools: [{}] }, 'tools'],
    [image, 'vision'],
    [{ messages: [{ content: [{ type: 'input_audio' }] }] }, 'audio'],
    [{ response_format: { type: 'json_schema' } }, 'json_schema'],
    [{ logprobs: true }, 'logprobs'],
    [{}, 'chat'],
  ]
  for (const [fields, capability] of cases) {
    const error = refusal(chat(fields), {
      deployments: [deployment('a/m', { facts: { capabilities: { [capability]: false } } })],
    })
    t.equal(error.code, 'unsupported', capability)
    t.match(error.message, `a/m: it has no ${capability}`)
    t.equal(error.status, 400)
  }
})

const embed = (model: string, input: string | readonly string[] = 'x'): GatewayRequest =>
  gatewayRequest({ model, input }, { endpoint: EMBEDDINGS })

t.test('embeddings and rerank need a model that is known for them, unless it was named', async (t) => {
  const deployments = [
    deployment('a/chatty'),
    deployment('b/embed', { facts: { capabilities: { embeddings: true, rerank: true } } }),
  ]
  t.equal(order(planned(embed('auto'), { deployments })), 'b/embed')
  t.equal(order(planned(embed('chatty'), { deployments })), 'a/chatty', 'who names it may know')
  t.match(refusal(embed('auto'), { deployments: deployments.slice(0, 1) }), {
    code: 'unsupported',
    message: /a\/chatty: .*embeddings/,
  })
  const rerank = gatewayRequest({ model: 'auto', query: 'q', documents: ['d'] }, { endpoint: RERANK })
  t.equal(order(planned(rerank, { deployments })), 'b/embed')
})

t.test('a provider without the endpoint', async (t) => {
  const none = provider({ label: 'Ollama', endpoints: ownPlaces([CHAT]) })
  const deployments = [
    deployment('a/m', { backend: { provider: none } }),
    deployment('b/m', { facts: { capabilities: { rerank: true } } }),
  ]
  const rerank = gatewayRequest({ model: 'm', query: 'q', documents: ['d'] }, { endpoint: RERANK })
  const result = planned(rerank, { deployments })
  t.equal(order(result), 'b/m')
  t.match(result.record.candidates[0]?.dropped, { filter: 'endpoint', why: /Ollama has no rerank endpoint/ })
})

t.test('a prompt that cannot fit', async (t) => {
  const deployments = [
    deployment('small/m', { facts: { context: 1000 } }),
    deployment('large/m', { facts: { context: 100_000 } }),
    deployment('unknown/m'),
  ]
  const result = planned(long(20_000), { deployments })
  t.equal(order(result), 'large/m unknown/m')
  t.match(result.record.candidates[0]?.dropped, { filter: 'context', why: /1000 tokens/ })
  t.equal(order(planned(long(50), { deployments })), 'large/m small/m unknown/m')
  t.equal(order(planned(long(1500), { deployments })), 'large/m unknown/m small/m', 'an estimate is not judged harshly')
})

t.test('too long for everybody', async (t) => {
  const error = refusal(long(20_000), {
    deployments: [deployment('a/m', { facts: { context: 1000 } }), deployment('b/n', { facts: { context: 2000 } })],
  })
  t.match(error, { code: 'context_length_exceeded', status: 400, message: /a\/m: .*1000.*b\/n: .*2000/ })
})

t.test('too long for those who could do it', async (t) => {
  const embedder = deployment('a/embed', { facts: { capabilities: { chat: false } } })
  const error = refusal(long(20_000), { deployments: [embedder, deployment('b/m', { facts: { context: 1000 } })] })
  t.equal(error.code, 'context_length_exceeded', 'a shorter prompt would have been answered')
})

t.test('many texts to embed are many prompts, not a long one', async (t) => {
  const deployments = [
    deployment('a/embed', { facts: { context: 2048, capabilities: { embeddings: true, rerank: true } } }),
  ]
  const texts = Array.from({ length: 200 }, () => 'x'.repeat(4000))
  t.equal(planned(embed('embed', texts), { deployments }).refusal, null)
  t.equal(refusal(embed('embed', ['x', 'x'.repeat(100_000)]), { deployments }).code, 'context_length_exceeded')
  const rerank = gatewayRequest({ model: 'embed', query: 'q', documents: texts }, { endpoint: RERANK })
  t.equal(planned(rerank, { deployments }).refusal, null)
})

t.test('local only: hardware of the operator, and nothing that it passes on', async (t) => {
  const own = { backend: { provider: provider({ local: true, remoteModels: '-cloud$' }) } }
  const deployments = [deployment('cloud/m'), deployment('here/m', own), deployment('here/big-cloud', own)]
  const routes = [routeSpec('r', { localOnly: true }), routeSpec('s', { strategy: 'local' })]
  for (const model of ['auto:local', 'r', 's']) {
    const result = planned(chat({ model }), { deployments, routes })
    t.equal(order(result), 'here/m', model)
    t.match(result.record.candidates[0]?.dropped, { filter: 'local', why: /local/ })
  }
  t.equal(order(planned(chat({ model: 'm' }, { strategy: 'local' }), { deployments })), 'here/m')
  const error = refusal(chat({ model: 'cloud/m' }, { strategy: 'local' }), { deployments })
  t.match(error, { code: 'forbidden', status: 403, message: /cloud\/m: .*local/ })
})

// ---------------------------------------------------------------- keys

const guest = (routes: readonly string[] | null): KeySpec => ({ ...KEY, id: 'guest', routes, rpm: null, hash: '' })

t.test('a key with routes may use what they reach', async (t) => {
  const deployments = [deployment('a/m'), deployment('b/m'), deployment('c/n')]
  const routes = [routeSpec('r', { candidates: ['a/*'] }), routeSpec('all')]
  const world = (key: KeySpec): World => ({ deployments, routes, keys: [key] })
  const by = (model: string, key: KeySpec): string => order(planned(chat({ model }, { principal: key }), world(key)))
  t.equal(by('auto', guest(null)), 'a/m b/m c/n')
  t.equal(by('auto', guest(['r'])), 'a/m')
  t.equal(by('m', guest(['r'])), 'a/m')
  t.equal(by('all', guest(['r'])), 'a/m')
  t.equal(by('auto', guest(['default'])), 'a/m b/m c/n')
  for (const model of ['b/m', 'n', 'c/n']) {
    const key = guest(['r'])
    const error = refusal(chat({ model }, { principal: key }), world(key))
    t.match(error, { code: 'forbidden', status: 403, source: 'policy', param: 'model' }, model)
  }
  const nothing = guest([])
  t.equal(refusal(chat({}, { principal: nothing }), world(nothing)).code, 'forbidden')
})

t.test('a key for a local route cannot reach past it by another name', async (t) => {
  const here = deployment('here/m', { backend: { provider: provider({ local: true }) } })
  const deployments = [here, deployment('cloud/m')]
  for (const traits of [{ localOnly: true }, { strategy: 'local' as const }]) {
    const key = guest(['r'])
    const world = { deployments, routes: [routeSpec('r', traits)], keys: [key] }
    t.equal(refusal(chat({ model: 'cloud/m' }, { principal: key }), world).code, 'forbidden', JSON.stringify(traits))
    t.equal(order(planned(chat({ model: 'm' }, { principal: key }), world)), 'here/m')
  }
})

t.test('the policy is judged first, and its reason is kept', async (t) => {
  const deployments = [deployment('a/m', { facts: { capabilities: { chat: false } } }), deployment('b/m')]
  const key = guest(['r'])
  const result = planned(chat({}, { principal: key }), {
    deployments,
    routes: [routeSpec('r', { candidates: ['b/*'] })],
    keys: [key],
  })
  t.match(result.record.candidates[0]?.dropped, { filter: 'policy', why: /guest/ })
})

// ---------------------------------------------------------------- the record and the limits

t.test('the record says what was decided and what was dropped', async (t) => {
  const deployments = [deployment('a/m'), deployment('b/n', { facts: { context: 1 } })]
  const { record, route } = planned(long(100, { model: 'auto:cheap' }), { deployments })
  t.equal(route, 'default')
  t.match(record, {
    request_id: 'req-1',
    route: 'default',
    strategy: 'cheap',
    profile: { input_tokens: 111, needs: ['chat'], affinity: /^c-[0-9a-f]{8}$/ },
    order: ['a/m'],
    relaxed: null,
    candidates: [
      {
        backend: 'a',
        model: 'm',
        effort: null,
        dropped: null,
        expected: { input_tokens: 111, ttft_ms: 603, cost_usd: null, success: Number, output_tokens: Number },
        terms: { quality: Number, cost: Number, latency: Number, efficiency: Number },
        utility: Number,
      },
      { backend: 'b', model: 'n', dropped: { filter: 'context' } },
    ],
  })
  t.notMatch(JSON.stringify(record), /xxxx/, 'nothing of the prompt')
})

t.test('the limits of a route replace those of the gateway', async (t) => {
  const deployments = [deployment('a/m')]
  const routes = [routeSpec('r', { limits: { ttftMs: 7, attempts: 1 } })]
  t.strictSame(planned(chat({ model: 'r' }), { deployments, routes }).limits, { ...LIMITS, ttftMs: 7, attempts: 1 })
  t.equal(planned(chat({ model: 'm' }), { deployments, routes }).limits, LIMITS)
})

t.test('what counts as a useful answer', async (t) => {
  const deployments = [deployment('a/m')]
  const success = { finish: ['stop'], json: true, schema: false }
  const routes = [routeSpec('r', { success })]
  t.strictSame(planned(chat({ model: 'r' }), { deployments, routes }).success, success)
  t.strictSame(planned(chat({ model: 'm' }), { deployments, routes }).success, {
    finish: null,
    json: false,
    schema: false,
  })
})

t.test('a request that no deployment can serve is refused with 503', async (t) => {
  t.match(refusal(chat(), { deployments: [] }), { code: 'no_backend', status: 503, retryAfterMs: 2000 })
  const routes = [routeSpec('r', { candidates: ['none/*'] })]
  t.match(refusal(chat({ model: 'r' }), { deployments: [deployment('a/m')], routes }), {
    code: 'no_backend',
    message: /"r"/,
  })
})

t.test('with mixed reasons each candidate is named with its own', async (t) => {
  const deployments = [
    deployment('a/m', { facts: { capabilities: { tools: false } } }),
    deployment('b/m', { facts: { capabilities: { chat: false } } }),
    deployment('c/m', { backend: { provider: provider({ endpoints: {} }) } }),
  ]
  const { message, code } = refusal(chat({ tools: [{}] }), { deployments })
  t.equal(code, 'unsupported')
  t.match(message, /a\/m: it has no tools/)
  t.match(message, /b\/m: it has no chat/)
  t.match(message, /c\/m: Plain has no chat endpoint/)
})

t.test('a hundred candidates make no endless message', async (t) => {
  const deployments = Array.from({ length: 100 }, (_, index) =>
    deployment(`b${index}/m`, { facts: { capabilities: { chat: false } } }),
  )
  const { message } = refusal(chat(), { deployments })
  t.ok(message.length < 2000)
  t.match(message, /80 more/)
})
