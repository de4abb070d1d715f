/** Lists of models for the clients of Anthropic, and the names of local models in them. */
import Anthropic from '@anthropic-ai/sdk'
import t from 'tap'
import { startFaultUpstream } from '../support/fault-upstream.ts'
import { messages, MESSAGES_PATH } from '../support/messages.ts'
import { RawClient, rawPost } from '../support/raw-client.ts'
import { gatewayFor } from '../support/rig.ts'
import type { Test } from 'tap'

async function served(t: Test, routes: readonly object[] = []) {
  const local = await startFaultUpstream({ models: ['qwen3:8b', 'tiny'] })
  const cloud = await startFaultUpstream({ models: ['far'] })
  for (const one of [local, cloud]) t.teardown(() => one.close())
  const backends = [
    { name: 'gpu', kind: 'vllm', url: local.url, models: ['qwen3:8b', 'tiny'] },
    { name: 'cloud', kind: 'openai-compatible', url: cloud.url, models: ['far'] },
  ]
  const gateway = await gatewayFor(t, { backends, routes })
  return { gateway, local, cloud, claude: new Anthropic({ baseURL: gateway.url, apiKey: 'any', maxRetries: 0 }) }
}

t.test('the list, as the SDK pages through it', async (t) => {
  const { claude } = await served(t)
  const ids: string[] = []
  for await (const { id, type } of claude.models.list({ limit: 2 })) {
    t.equal(type, 'model')
    ids.push(id)
  }
  t.strictSame(new Set(ids).size, ids.length)
  for (const id of ['auto', 'tiny', 'claude-local-tiny', 'claude-local-qwen3:8b', 'claude-local-auto', 'far'])
    t.ok(ids.includes(id), id)
  t.notOk(ids.includes('claude-local-far'), 'a model of a cloud is no local one')
  t.match(await claude.models.retrieve('claude-local-qwen3:8b'), {
    id: 'claude-local-qwen3:8b',
    display_name: 'qwen3:8b (local)',
  })
  await t.rejects(claude.models.retrieve('nobody'), /404.*not_found_error/)
})

t.test('clients of OpenAI get the list that they know', async (t) => {
  const { gateway } = await served(t)
  const client = await RawClient.open(gateway.url)
  const list = await (
    await client.send('/v1/models?limit=1', { method: 'GET' })
  ).json<{ object: string; data: { id: string }[] }>()
  t.equal(list.object, 'list')
  t.notOk(list.data.some(({ id }) => id.startsWith('claude-local-')))
  client.destroy()
})

t.test('a local model answers under its alias, whatever a route makes of the names of Claude', async (t) => {
  const { gateway, local, cloud } = await served(t, [
    { name: 'claude', match: { model: ['claude-*'] }, candidates: ['cloud/*'] },
  ])
  for (const path of [MESSAGES_PATH, '/v1/chat/completions']) {
    const answer = await rawPost(gateway.url, path, messages({ model: 'claude-local-tiny' }))
    t.equal(answer.status, 200, path)
    t.match(await answer.json(), { model: 'tiny' })
  }
  t.strictSame(
    local.requests.map(({ json }) => json?.['model']),
    ['tiny', 'tiny'],
  )
  await (await rawPost(gateway.url, MESSAGES_PATH, messages({ model: 'claude-opus-5' }))).json()
  t.strictSame(
    cloud.requests.map(({ json }) => json?.['model']),
    ['far'],
  )
  const nobody = await rawPost(gateway.url, MESSAGES_PATH, messages({ model: 'claude-local-nobody' }))
  t.equal(nobody.status, 200, 'no alias of anything: a name of Claude, as the route says')
})
