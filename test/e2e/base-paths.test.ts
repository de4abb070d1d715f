/** Backends below a path of their own: what is called and what is listed, over a socket. */
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { chat, CHAT_PATH, EMBEDDINGS_PATH } from '../support/chat.ts'
import { rawPost } from '../support/raw-client.ts'
import { gatewayFor } from '../support/rig.ts'

const ANSWER = {
  id: 'a',
  object: 'chat.completion',
  created: 1,
  model: 'tiny',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Yes.' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
}

t.test('the list of models and the calls go below the path', async (t) => {
  const seen: string[] = []
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`)
    request.resume()
    const body = request.url?.endsWith('/models') === true ? { object: 'list', data: [{ id: 'tiny' }] } : ANSWER
    response.setHeader('content-type', 'application/json').end(JSON.stringify(body))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const root = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  for (const [path, path_as_is, base] of [
    ['', false, '/v1'],
    ['/v1', false, '/v1'],
    ['/v1/', true, '/v1'],
    ['/api/coding/paas/v4', false, '/api/coding/paas/v4'],
    ['/api/v3/', false, '/api/v3'],
    ['/inference', true, '/inference'],
    ['/inference', false, '/inference/v1'],
    ['', true, ''],
  ] as const) {
    const gateway = await gatewayFor(t, {
      backends: [{ name: 'up', kind: 'openai-compatible', url: root + path, path_as_is }],
    })
    seen.length = 0
    t.equal((await rawPost(gateway.url, CHAT_PATH, chat())).status, 200, path)
    await (
      await rawPost(gateway.url, EMBEDDINGS_PATH, { model: 'tiny', input: 'a' })
    ).complete
    t.strictSame(seen, [`POST ${base}/chat/completions`, `POST ${base}/embeddings`], path)
    await gateway.close()
  }
})
