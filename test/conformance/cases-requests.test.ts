/** The inputs of other people's bug reports that are requests, or whole answers: what reaches the backend, and what comes of it. */
import t from 'tap'
import { parseConfig } from '../../src/config/load.ts'
import { loadProviders } from '../../src/config/providers.ts'
import { caseJson, caseText, noCases } from '../support/cases.ts'
import {
  CHAT_PATH,
  chatStream,
  COMPLETIONS_PATH,
  EMBEDDINGS_PATH,
  errorOf,
  readStream,
  RERANK_PATH,
} from '../support/chat.ts'
import { deferred } from '../support/fault-record.ts'
import { hashed } from '../support/gateway.ts'
import { rawPost } from '../support/raw-client.ts'
import { rig, singleRig } from '../support/rig.ts'

const UNJUDGED: Readonly<Record<string, string>> = {
  '04-embeddings-messages.json': EMBEDDINGS_PATH,
  '04b-rerank-multimodal.json': RERANK_PATH,
  '04c-completions-prompt-embeds.json': COMPLETIONS_PATH,
}

for (const [file, path] of Object.entries(UNJUDGED))
  t.test(`${file}: the engine judges it`, { skip: noCases }, async (t) => {
    const { gateway, upstream } = await singleRig(t)
    const body = { ...caseJson(file), model: 'tiny' }
    t.equal((await rawPost(gateway.url, path, body)).status, 200)
    t.strictSame(upstream.requests[0]?.json, body)
  })

t.test('05-base-path-not-v1.yaml: a path that ends in a version is taken as it is', { skip: noCases }, async (t) => {
  const { config } = parseConfig(caseText('05-base-path-not-v1.yaml'), {}, await loadProviders())
  const [zai] = config.backends
  t.equal(
    `${zai!.root}${zai!.provider.endpoints.chat?.[0]?.path ?? ''}`,
    'https://api.z.ai/api/coding/paas/v4/chat/completions',
  )
})

t.test(
  '08-max-completion-tokens-null.json: null is absent where the field is renamed',
  { skip: noCases },
  async (t) => {
    const body = { ...caseJson('08-max-completion-tokens-null.json'), model: 'tiny' }
    for (const kind of ['openai-compatible', 'ollama', 'vllm', 'mistral']) {
      const { gateway, upstream } = await singleRig(t, {}, { backend: { kind } })
      t.equal((await rawPost(gateway.url, CHAT_PATH, body)).status, 200)
      const sent = upstream.requests[0]?.json ?? {}
      t.equal(sent['max_tokens'] ?? sent['max_completion_tokens'], 50, kind)
    }
  },
)

t.test('09-stream-as-text-plain.http: what begins as an event stream is one', { skip: noCases }, async (t) => {
  const [head = '', ...rest] = caseText('09-stream-as-text-plain.http').split(/\r?\n\r?\n/)
  const contentType = /content-type: (.*)/.exec(head)![1]!
  for (const type of [contentType, 'application/json', 'application/octet-stream']) {
    const { gateway, upstream } = await singleRig(t)
    upstream.next({ body: `${rest.join('\n\n')}\n\n`, contentType: type, untilClose: true })
    const got = await readStream(await rawPost(gateway.url, CHAT_PATH, chatStream()))
    t.strictSame([got.errors, got.text, got.finish, got.doneLast], [[], 'hello', 'stop', true], type)
  }
})

for (const file of ['13-embedding-null.json', '13b-embedding-nested.json'])
  t.test(`${file}: what is no vector of numbers passes as it came`, { skip: noCases }, async (t) => {
    const { gateway, upstream } = await singleRig(t)
    for (const encoding_format of ['base64', 'float']) {
      upstream.next({ body: caseJson(file) })
      const response = await rawPost(gateway.url, EMBEDDINGS_PATH, { model: 'tiny', input: 'x', encoding_format })
      t.strictSame([response.status, await response.json()], [200, caseJson(file)], encoding_format)
    }
  })

t.test('14-toc-dots.json: runs of one mark fit where they fit', { skip: noCases }, async (t) => {
  const { gateway } = await rig(t, { upstreams: { up: {} }, config: { models: { tiny: { context: 4096 } } } })
  t.equal((await rawPost(gateway.url, CHAT_PATH, { ...caseJson('14-toc-dots.json'), model: 'tiny' })).status, 200)
})

t.test('15-n50.json: fifty choices are fifty choices to a budget', { skip: noCases }, async (t) => {
  const { gateway, upstreams } = await rig(t, {
    upstreams: { up: {} },
    config: {
      keys: [{ id: 'ann', hash: hashed('sk-ann'), team: 'red' }],
      budgets: [{ name: 'b', of: 'team', per: 'month', tokens: 1_000 }],
    },
  })
  const body = { ...caseJson('15-n50.json'), model: 'tiny' }
  const gate = deferred<true>()
  upstreams['up']!.next({ headersAfter: gate.promise })
  // One is let in whatever it comes to, and what it may come to is all there is for the others.
  const first = rawPost(gateway.url, CHAT_PATH, body, { authorization: 'Bearer sk-ann' })
  await upstreams['up']!.waitRequest(1)
  const second = await rawPost(gateway.url, CHAT_PATH, body, { authorization: 'Bearer sk-ann' })
  t.equal(second.status, 429)
  t.match(errorOf(await second.json()), { code: /budget/, source: 'policy' })
  gate.resolve(true)
  t.equal((await first).status, 200)
  t.equal(upstreams['up']!.requests.length, 1)
})
