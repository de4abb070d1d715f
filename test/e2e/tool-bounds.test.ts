/** llama.cpp refuses all tools where one may have a text of half a million characters, as one of Claude Code's may. */
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { NO_LARGE_BOUNDS, withoutLargeBounds } from '../../src/formats/tool-bounds.ts'
import { members } from '../../src/formats/json/members.ts'
import { gatewayFor } from '../support/rig.ts'

const SCHEMA = {
  type: 'object',
  properties: {
    script: { type: 'string', maxLength: 524_288 },
    title: { type: 'string', maxLength: 80 },
    // A property of this name is no bound, and neither is a value.
    maxLength: { type: 'number', default: { maxLength: 5_000 } },
    list: { type: 'array', maxItems: 10_000, items: { type: 'string', minLength: 2_000 } },
  },
}
const PLAIN = {
  type: 'object',
  properties: {
    script: { type: 'string' },
    title: { type: 'string', maxLength: 80 },
    maxLength: { type: 'number', default: { maxLength: 5_000 } },
    list: { type: 'array', items: { type: 'string' } },
  },
}

t.test('only bounds of schemas that are large are left out', async (t) => {
  const tools = (parameters: object): Buffer => Buffer.from(JSON.stringify({ tools: [{ name: 'x', parameters }] }))
  const loosened = (raw: Buffer): string | null => withoutLargeBounds(raw, members(raw) ?? [])
  t.strictSame(JSON.parse(loosened(tools(SCHEMA)) ?? ''), [{ name: 'x', parameters: PLAIN }])
  t.equal(loosened(tools(PLAIN)), null)
  t.equal(loosened(Buffer.from('{"model":"m"}')), null)
})

interface Asked {
  readonly path: string
  readonly body: Readonly<Record<string, unknown>>
}

/** An engine that answers through a grammar. */
async function engine(t: Test): Promise<{ url: string; asked: Asked[] }> {
  const asked: Asked[] = []
  const server = createServer((request: IncomingMessage, response) => {
    void (async () => {
      let raw = ''
      for await (const part of request as AsyncIterable<Buffer>) raw += part.toString()
      const path = request.url ?? ''
      const answer = (status: number, body: object): unknown =>
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
      if (path === '/v1/models') return answer(200, { object: 'list', data: [{ id: 'tiny', owned_by: 'llamacpp' }] })
      if (request.method !== 'POST') return answer(404, {})
      asked.push({ path, body: JSON.parse(raw) as Asked['body'] })
      const message = 'Failed to initialize samplers: failed to parse grammar'
      if (/"max(Length|Items)":\d{5}/.test(raw))
        return answer(400, { error: { code: 400, message, type: 'invalid_request_error' } })
      const usage = { input_tokens: 9, output_tokens: 1, prompt_tokens: 9, completion_tokens: 1, total_tokens: 10 }
      if (path === '/v1/responses')
        return answer(200, {
          ...{ id: 'resp_1', object: 'response', created_at: 1, status: 'completed', model: 'tiny', usage },
          output: [
            {
              ...{ type: 'message', id: 'msg_1', role: 'assistant', status: 'completed' },
              content: [{ type: 'output_text', text: 'OK', annotations: [] }],
            },
          ],
        })
      if (path === '/v1/messages')
        return answer(200, {
          ...{ id: 'msg_1', type: 'message', role: 'assistant', model: 'tiny', stop_reason: 'end_turn' },
          ...{ stop_sequence: null, content: [{ type: 'text', text: 'OK' }], usage },
        })
      const choice = { index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'OK' } }
      return answer(200, { id: 'c', object: 'chat.completion', created: 1, model: 'tiny', choices: [choice], usage })
    })()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked }
}

const MESSAGES = [{ role: 'user', content: 'Hello' }]
const CALLS: readonly (readonly [path: string, body: object])[] = [
  ['/v1/messages', { max_tokens: 9, tools: [{ name: 'x', input_schema: SCHEMA }] }],
  ['/v1/chat/completions', { tools: [{ type: 'function', function: { name: 'x', parameters: SCHEMA } }] }],
  ['/v1/responses', { input: 'Hello', tools: [{ type: 'function', name: 'x', parameters: SCHEMA }] }],
]

for (const [path, more] of CALLS)
  t.test(
    `an engine that cannot count so far is asked at ${path} without the bounds, from then on at once`,
    async (t) => {
      const { url, asked } = await engine(t)
      const gateway = await gatewayFor(t, { backends: [{ name: 'e', kind: 'llamacpp', url }] })
      const ask = async (): Promise<number> => {
        const headers = { 'content-type': 'application/json', 'anthropic-version': '2023-06-01' }
        const body = JSON.stringify({ model: 'tiny', ...('input' in more ? {} : { messages: MESSAGES }), ...more })
        const answer = await fetch(gateway.url + path, { method: 'POST', headers, body })
        await answer.text()
        return answer.status
      }
      t.equal(await ask(), 200)
      t.equal(await ask(), 200)
      t.strictSame(
        asked.map((one) => one.path),
        [path, path, path],
      )
      const bounds = asked.map(({ body }) => JSON.stringify(body).includes('524288'))
      t.strictSame(bounds, [true, false, false], NO_LARGE_BOUNDS)
      t.match(JSON.stringify(asked[1]?.body), '"maxLength":80')
    },
  )
