import type { Test } from 'tap'
import t from 'tap'
import { loadProviders } from '../../src/config/providers.ts'
import { lacksEverywhere } from '../../src/core/ask-place.ts'
import type { Capability } from '../../src/core/capabilities.ts'
import { CHAT } from '../../src/core/endpoints.ts'
import type { Provider } from '../../src/core/provider.ts'
import { chat, CHAT_PATH, errorOf } from '../support/chat.ts'
import type { FaultUpstream } from '../support/fault-upstream.ts'
import { startFaultUpstream } from '../support/fault-upstream.ts'
import type { Gateway } from '../support/gateway.ts'
import { rawPost, type RawResponse } from '../support/raw-client.ts'
import { gatewayFor, rig } from '../support/rig.ts'

/** What a request needs decides who is sent it: never one that loses it, and one that is known to have it first. */
const parts = (part: object): object => ({
  messages: [{ role: 'user', content: [{ type: 'text', text: 'look' }, part] }],
})

const NEEDS: Readonly<Record<string, object>> = {
  logprobs: { logprobs: true, top_logprobs: 2 },
  logit_bias: { logit_bias: { '50256': -100 } },
  n: { n: 2 },
  json_schema: { response_format: { type: 'json_schema', json_schema: { name: 'x', schema: {} } } },
  json_object: { response_format: { type: 'json_object' } },
  audio: parts({ type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } }),
  vision: parts({ type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } }),
  tools: { tools: [{ type: 'function', function: { name: 'f', parameters: { type: 'object' } } }] },
}

/** What is not a need, though the field is there. */
const IDLE: readonly object[] = [
  { logprobs: false },
  { logprobs: null },
  { logit_bias: {} },
  { logit_bias: null },
  { n: 1 },
  { n: null },
  { response_format: { type: 'text' } },
  { tools: [] },
]

const ask = (gateway: Gateway, model: string, more: object): Promise<RawResponse> =>
  rawPost(gateway.url, CHAT_PATH, { ...chat({ model }), ...more })

async function kindBefore(
  test: Test,
  kind: string,
): Promise<{ gateway: Gateway; own: FaultUpstream; other: FaultUpstream }> {
  const [own, other] = [await startFaultUpstream(), await startFaultUpstream()]
  test.teardown(() => Promise.all([own.close(), other.close()]))
  const gateway = await gatewayFor(test, {
    backends: [
      // As the stand-in speaks.
      { name: 'own', kind, url: own.url, key: 'sk-test-000000000', models: ['tiny'], formats: [CHAT.format] },
      { name: 'other', kind: 'openai-compatible', url: other.url, models: ['tiny'] },
    ],
    routes: [{ name: 'pair', candidates: ['own/*', 'other/*'], strategy: 'ordered' }],
  })
  return { gateway, own, other }
}

const providers = await loadProviders()

/** What is lost where it is asked in the form of its callers. */
function lostBy(provider: Provider): readonly Capability[] {
  const chat = (provider.endpoints.chat ?? []).filter(({ format }) => format === CHAT.format)
  return lacksEverywhere({ ...provider, endpoints: { chat } }, 'chat', 'tiny')
}

for (const provider of providers.values()) {
  const { kind, request } = provider
  const lacks = lostBy(provider)
  t.test(`${kind} is sent nothing that it loses without a word`, async (t) => {
    const { gateway, own, other } = await kindBefore(t, kind)
    for (const lack of lacks) {
      const needed = NEEDS[lack]
      if (needed === undefined) return t.fail(`no request needs ${lack}`)
      t.equal((await ask(gateway, 'pair', needed)).headers['x-turnout-backend'], 'other', lack)
      const named = await ask(gateway, 'own/tiny', needed)
      t.equal(named.status, 400, lack)
      t.equal(errorOf(await named.json()).code, 'unsupported')
    }
    t.equal(own.requests.length, 0)
    t.equal(other.requests.length, lacks.length)
    for (const idle of IDLE) t.equal((await ask(gateway, 'own/tiny', idle)).status, 200, JSON.stringify(idle))
  })
  t.test(`what the file of ${kind} drops is either no need or among what it lacks`, async (t) => {
    for (const need of ['logprobs', 'logit_bias', 'n', 'tools', 'response_format'] as const)
      if (request.drop.includes(need)) t.ok((lacks as readonly string[]).includes(need), need)
  })
}

t.test('the operator knows better than the file of the kind', async (t) => {
  const own = await startFaultUpstream()
  t.teardown(() => own.close())
  const gateway = await gatewayFor(t, {
    backends: [
      {
        name: 'own',
        kind: 'anthropic',
        url: own.url,
        key: 'sk-test-000000000',
        models: ['tiny'],
        formats: [CHAT.format],
      },
    ],
    models: { 'own/tiny': { capabilities: { json_schema: true } } },
  })
  t.equal((await ask(gateway, 'own/tiny', NEEDS['json_schema']!)).status, 200)
})

for (const [need, needed] of Object.entries(NEEDS))
  for (const model of ['auto', 'tiny', 'pair'])
    t.test(`${need}, by ${model}: the one that is known to have it comes first`, async (t) => {
      const { gateway, upstreams } = await rig(t, {
        upstreams: { unknown: {}, known: {} },
        config: {
          models: { 'known/tiny': { capabilities: { [need]: true } } },
          routes: [{ name: 'pair', candidates: ['unknown/*', 'known/*'], strategy: 'ordered' }],
        },
      })
      for (let round = 0; round < 3; round++)
        t.equal((await ask(gateway, model, needed)).headers['x-turnout-backend'], 'known')
      t.equal(upstreams.unknown!.requests.length, 0)
      if (model === 'pair')
        t.equal((await ask(gateway, model, {})).headers['x-turnout-backend'], 'unknown', 'without the need as written')
    })

t.test('who has proven to have it is as good as who says so', async (t) => {
  const { gateway } = await rig(t, {
    upstreams: { proven: {}, known: {} },
    config: {
      models: { 'known/tiny': { capabilities: { tools: true } } },
      routes: [{ name: 'pair', candidates: ['proven/*', 'known/*'], strategy: 'ordered' }],
    },
  })
  const tools = NEEDS['tools']!
  t.equal((await ask(gateway, 'pair', tools)).headers['x-turnout-backend'], 'known')
  t.equal((await ask(gateway, 'proven/tiny', tools)).status, 200)
  t.equal((await ask(gateway, 'pair', tools)).headers['x-turnout-backend'], 'proven')
})

t.test('where nothing is known of any they share the work as ever, and others are tried now and then', async (t) => {
  const { gateway } = await rig(t, { upstreams: { a: { models: ['one'] }, b: { models: ['two'] } } })
  const answer = await rawPost(gateway.url, '/v1/route', { ...chat({ model: 'auto' }), ...NEEDS['tools'] })
  const { propensity } = await answer.json<{ propensity: number }>()
  t.ok(propensity < 1, `one of them was likely by ${propensity}`)
})
