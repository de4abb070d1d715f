/** What the gateway remembers of deployments that fail, refuse or are slow, as its callers see it. */
import t from 'tap'
import { BODIES, chat, chatStream, CHAT_PATH, EMBEDDINGS_PATH, readStream } from '../support/chat.ts'
import { failing } from '../support/fault-plan.ts'
import { RawClient, rawPost } from '../support/raw-client.ts'
import { rig } from '../support/rig.ts'

t.test('one that fails at once does not stay the first choice', async (t) => {
  const { gateway, upstreams } = await rig(t, { upstreams: { broken: { plan: failing(500) }, good: {} } })
  for (let round = 0; round < 10; round++) t.equal((await rawPost(gateway.url, CHAT_PATH, chat())).status, 200)
  t.ok(upstreams['broken']!.requests.length <= 2, `${upstreams['broken']!.requests.length} calls of the broken one`)
})

t.test('models that cannot chat do not use up the attempts of auto for ever', async (t) => {
  const refusal = failing(404, { message: 'This is not a chat model and thus not supported in this endpoint.' })
  const { gateway } = await rig(t, {
    upstreams: {
      cloud: {
        models: ['old-instruct', 'pro', 'codex', 'mini'],
        byModel: { 'old-instruct': refusal, pro: refusal, codex: refusal },
      },
    },
  })
  const seen: number[] = []
  for (let round = 0; round < 6; round++)
    seen.push((await rawPost(gateway.url, CHAT_PATH, chat({ model: 'auto' }))).status)
  t.strictSame(seen.slice(1), [200, 200, 200, 200, 200])
})

t.test('who has no embeddings is asked last, and auto finds who has', async (t) => {
  const none = failing(501, { message: 'This server does not support embeddings.' })
  const { gateway, upstreams } = await rig(t, {
    upstreams: { a: { plan: none }, b: { plan: none }, c: { plan: none }, d: {} },
  })
  const ask = (model: string): Promise<{ status: number }> =>
    rawPost(gateway.url, EMBEDDINGS_PATH, { ...BODIES[EMBEDDINGS_PATH], model })
  t.equal((await ask('tiny')).status, 404, 'three attempts, none of them right')
  t.equal((await ask('tiny')).status, 200)
  t.equal((await ask('tiny')).status, 200)
  t.equal(upstreams['d']!.requests.length, 2)
  t.equal((await ask('auto')).status, 200, 'it has answered embeddings, so it is known to have them')
})

t.test('whole answers say nothing about the first token', async (t) => {
  const { gateway } = await rig(t, { upstreams: { a: { plan: { headersAfter: 80 } }, b: {} } })
  const ttfts = (): (number | null)[] =>
    gateway
      .logged()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { decision?: { outcome: { ttft_ms: number | null } } })
      .flatMap(({ decision }) => (decision === undefined ? [] : [decision.outcome.ttft_ms]))
  await rawPost(gateway.url, CHAT_PATH, chat())
  t.strictSame(ttfts(), [null])
  await readStream(await rawPost(gateway.url, CHAT_PATH, chatStream({ model: 'b/tiny' })))
  t.equal(await gateway.settled('turnout_requests_total', { stream: 'true' }, 1), 1)
  t.type(ttfts()[1], 'number')
})

t.test('a model that the key of the gateway may not use does not cool the whole backend', async (t) => {
  const secret = failing(403, { message: 'Project does not have access to model `secret`.', code: 'model_not_found' })
  const { gateway } = await rig(t, { upstreams: { up: { models: ['secret', 'tiny'], byModel: { secret } } } })
  const response = await rawPost(gateway.url, CHAT_PATH, chat({ model: 'secret' }))
  t.match(await response.json(), { error: { code: 'upstream_model_missing' } })
  const health = (await (await fetch(`${gateway.url}/health`)).json()) as { backends: { cooling_ms: number }[] }
  t.equal(health.backends[0]!.cooling_ms, 0)
})

t.test('tokens of answers that nobody took are wasted, and a guess', async (t) => {
  const { gateway } = await rig(t, { upstreams: { up: { plan: { stallAfter: 3 } } } })
  const client = await RawClient.open(gateway.url)
  const response = await client.send(CHAT_PATH, { body: chatStream() })
  for (let block = 0; block < 3; block++) await response.next()
  client.destroy()
  t.equal(await gateway.settled('turnout_requests_total', { status: '499' }, 1), 1)
  const wasted = await gateway.metric('turnout_wasted_tokens_total', { reason: 'client_abort', backend: 'up' })
  t.equal(wasted, 3 + 11, 'three events and the prompt')
  t.equal(await gateway.metric('turnout_successes_total'), 0)
  for (const name of ['turnout_tokens_total', 'turnout_estimated_tokens_total'])
    for (const [kind, tokens] of Object.entries({ input: 11, output: 3 }))
      t.equal(await gateway.metric(name, { kind }), tokens, `${name} ${kind}`)
})
