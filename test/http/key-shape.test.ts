import t from 'tap'
import { unknownKey } from '../../src/http/admission/key-shape.ts'
import { startGateway } from '../support/gateway.ts'

const CASES: readonly (readonly [key: string, said: RegExp])[] = [
  [
    'sk-proj-sesame0sesame0sesame',
    /looks like a key of OpenAI, and this gateway wants a key of its own, .*`turnout key new`\.$/,
  ],
  ['sk-sesame0sesame0sesame', /looks like a key of OpenAI/],
  ['sk-ant-api03-sesame', /looks like a key of Anthropic/],
  ['sk-or-v1-sesame', /looks like a key of OpenRouter/],
  ['gsk_sesame', /looks like a key of Groq/],
  ['AIzasesame', /looks like a key of Google/],
  ['sk-turnout-sesame', /has the form of one, so it may have been mistyped, replaced or revoked\.$/],
  ['$SESAME_KEY', /is the name of a variable, which the client did not put in\.$/],
  ['${SESAME_KEY}', /is the name of a variable/],
  ['sha256:sesame', /is the hash of a key; send the key itself\.$/],
  ['"sesame"', /is in quotes; send it without them\.$/],
  ['sk-...sesame', /is masked, as consoles show keys; send the whole of it\.$/],
  ['Bearer sesame', /contains a space; send the key alone\.$/],
  ['sesame', /^This API key is unknown\.$/],
]

t.test('a key that nobody has is told by what it looks like, and never repeated', async (t) => {
  for (const [key, said] of CASES) {
    t.match(unknownKey(key), said, key)
    t.notMatch(unknownKey(key), /sesame/i, key)
  }
})

t.test('callers are told so in the envelope of their dialect, and so is a header without its scheme', async (t) => {
  const gateway = await startGateway({
    backends: [{ name: 'a', kind: 'openai-compatible', url: 'http://127.0.0.1:9', models: ['m'] }],
    keys: [{ id: 'team', hash: `sha256:${'ab'.repeat(32)}` }],
  })
  t.teardown(() => gateway.close())
  const refused = async (path: string, headers: Readonly<Record<string, string>>): Promise<unknown> => {
    const init = { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: '{}' }
    const response = await fetch(`${gateway.url}${path}`, init)
    t.equal(response.status, 401)
    return await response.json()
  }
  const openai = 'sk-proj-sesame0sesame0sesame'
  t.match(await refused('/v1/chat/completions', { authorization: `Bearer ${openai}` }), {
    error: { code: 'invalid_api_key', message: /looks like a key of OpenAI/ },
  })
  t.match(await refused('/v1/messages', { 'x-api-key': openai }), {
    type: 'error',
    error: { type: 'authentication_error', message: /looks like a key of OpenAI/ },
  })
  t.match(await refused('/v1/chat/completions', { authorization: 'sesame' }), {
    error: { message: /has no "Bearer " before the key; send "Authorization: Bearer <key>"\.$/ },
  })
  t.match(await refused('/v1/chat/completions', { authorization: 'Bearer ' }), {
    error: { message: /the key is empty, such as a variable that is not set\.$/ },
  })
})
