import t from 'tap'
import { startGateway } from '../support/gateway.ts'

const SAID = [{ role: 'user', content: 'Hello' }]

t.test('a required member under another name is told by both names, in each dialect', async (t) => {
  const gateway = await startGateway({
    backends: [{ name: 'a', kind: 'openai-compatible', url: 'http://127.0.0.1:9', models: ['m'] }],
  })
  t.teardown(() => gateway.close())
  const cases: readonly (readonly [path: string, body: object, said: RegExp])[] = [
    [
      '/v1/chat/completions',
      { model: 'm', message: SAID },
      /^`messages` must be an array of messages; write `messages` instead of `message`\.$/,
    ],
    ['/v1/chat/completions', { modle: 'm', messages: SAID }, /; write `model` instead of `modle`\.$/],
    ['/v1/messages', { model: 'm', max_tokens: 5, mesages: SAID }, /; write `messages` instead of `mesages`\.$/],
    ['/v1/responses', { model: 'm', inputs: 'Hello' }, /; write `input` instead of `inputs`\.$/],
    ['/v1/embeddings', { model: 'm', inpt: 'Hello' }, /; write `input` instead of `inpt`\.$/],
    ['/v1/chat/completions', { model: 'm', text: 'Hello' }, /^`messages` must be an array of messages\.$/],
    [
      '/v1/chat/completions',
      { model: 'm', messages: 'Hello', message: SAID },
      /^`messages` must be an array of messages\.$/,
    ],
  ]
  for (const [path, body, said] of cases) {
    const response = await fetch(`${gateway.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    t.equal(response.status, 400, path)
    t.match(await response.json(), { error: { message: said } }, `${path} ${JSON.stringify(body)}`)
  }
})
