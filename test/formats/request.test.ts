import t from 'tap'
import { CHAT, COMPLETIONS, EMBEDDINGS, type Endpoint, RERANK } from '../../src/core/endpoints.ts'
import { GatewayError } from '../../src/core/errors.ts'
import { type OpenAIRequest, parseBody } from '../../src/formats/openai/request.ts'

const read = (text: string, endpoint: Endpoint = CHAT): OpenAIRequest => parseBody(Buffer.from(text), endpoint)

function refusal(text: string | Buffer, endpoint: Endpoint = CHAT): GatewayError {
  try {
    parseBody(Buffer.from(text), endpoint)
  } catch (thrown) {
    if (thrown instanceof GatewayError) return thrown
    throw thrown
  }
  throw new Error(`${String(text)} was taken`)
}

t.test('a body that is not a JSON object is refused', async (t) => {
  for (const text of [
    '',
    ' ',
    '{',
    '{"a":',
    'null',
    '1',
    '"x"',
    '[]',
    '[{"model":"m"}]',
    "{'a':1}",
    '\ufeff{}',
    '{} {}',
  ])
    t.equal(refusal(text).code, 'invalid_json', JSON.stringify(text))
  t.equal(refusal(Buffer.from([0xff, 0xfe, 0x00])).code, 'invalid_json')
  t.equal(refusal('[]').status, 400)
})

t.test('the message about broken JSON quotes nothing of the prompt', async (t) => {
  for (const text of ['{"messages":"my secret}', '{"a":secret}', '{"model":"m","x":"secret" secret'])
    t.notMatch(refusal(text).message, /secret/, text)
})

const WRONG: readonly (readonly [endpoint: Endpoint, text: string, param: string])[] = [
  [CHAT, '{}', 'model'],
  [CHAT, '{"model":""}', 'model'],
  [CHAT, '{"model":null,"messages":[]}', 'model'],
  [CHAT, '{"model":["a"],"messages":[]}', 'model'],
  [CHAT, '{"model":"m"}', 'messages'],
  [CHAT, '{"model":"m","messages":"hello"}', 'messages'],
  [CHAT, '{"model":"m","messages":{"role":"user"}}', 'messages'],
  [CHAT, '{"model":"m","messages":null}', 'messages'],
  [CHAT, '{"model":"m","messages":[],"stream":"true"}', 'stream'],
  [CHAT, '{"model":"m","messages":[],"stream":1}', 'stream'],
  [COMPLETIONS, '{"model":"m"}', 'prompt'],
  [COMPLETIONS, '{"model":"m","prompt":3}', 'prompt'],
  [EMBEDDINGS, '{"model":"m"}', 'input'],
  [EMBEDDINGS, '{"model":"m","input":{}}', 'input'],
  [RERANK, '{"model":"m","documents":[]}', 'query'],
  [RERANK, '{"model":"m","query":["a"],"documents":[]}', 'query'],
  [RERANK, '{"model":"m","query":"q"}', 'documents'],
  [RERANK, '{"model":"m","query":"q","documents":"d"}', 'documents'],
]

for (const [endpoint, text, param] of WRONG) {
  t.test(`${endpoint.id} ${text} names ${param}`, async (t) => {
    const error = refusal(text, endpoint)
    t.equal(error.code, 'invalid_request')
    t.equal(error.param, param)
    t.match(error.message, `\`${param}\``)
    t.equal(error.source, 'caller')
  })
}

t.test('what is read of a good body', async (t) => {
  const body = '{"model":"m","messages":[],"stream":true,"stream_options":{"include_usage":true},"unknown":[1]}'
  t.match(read(body), { model: 'm', stream: true, prompt: { wantsUsage: true, body: { unknown: [1] } } })
  t.match(read('{"model":"m","messages":[]}'), { stream: false, prompt: { wantsUsage: false } })
  t.match(read('{"model":"m","messages":[],"stream":null,"stream_options":null}'), {
    stream: false,
    prompt: { wantsUsage: false },
  })
  t.equal(read('{"model":"m","messages":[],"stream_options":{"include_usage":false}}').prompt.wantsUsage, false)
  t.equal(read('{"model":"m","messages":[],"stream_options":"include_usage"}').prompt.wantsUsage, false)
  const twice = { code: 'invalid_request', param: 'model', message: '`model` is there twice.' }
  t.throws(() => read('{"model":"a","messages":[],"mod\\u0065l":"b"}'), twice)
  t.equal(read('{"model":"m","prompt":["a","b"]}', COMPLETIONS).stream, false)
})

t.test('no member can be there twice', async (t) => {
  const more = (text: string): string => `{"model":"m","messages":[],${text}}`
  for (const [text, key] of [
    ['"stream":true,"stream":false', 'stream'],
    ['"messages":[{}]', 'messages'],
    ['"stre\\u0061m":true,"stream":false', 'stream'],
    ['"seed":1,"x":{},"seed":1', 'seed'],
    ['"__proto__":1,"__proto__":2', '__proto__'],
    [`"${'k'.repeat(9_000)}":1,"${'k'.repeat(9_000)}":2,"fill":"${'x'.repeat(70_000)}"`, 'k'.repeat(100)],
  ] as const) {
    const error = refusal(more(text))
    t.match(error, { code: 'invalid_request', param: key, message: `\`${key}\` is there twice.` })
  }
  const long = 'k'.repeat(9_000)
  t.equal(read(more(`"${long}a":1,"${long}b":2,"fill":"${'x'.repeat(70_000)}"`)).model, 'm', 'alike is not the same')
  t.equal(read(more('"a":{"x":1,"x":2}')).model, 'm', 'what is inside of the members is up to the engine')
})

t.test('a model of many escapes', async (t) => {
  const fill = `"fill":"${'x'.repeat(70_000)}"`
  t.equal(read(`{"model":"${'\\u0061'.repeat(500)}é","messages":[],${fill}}`).model, `${'a'.repeat(500)}é`)
  const long = refusal(`{"model":"${'\\u0061'.repeat(800)}","messages":[],${fill}}`)
  t.match(long, { code: 'invalid_request', param: 'model', message: /longer than 512/ })
})

t.test('an endpoint without streams never streams', async (t) => {
  t.equal(read('{"model":"m","input":"x","stream":true}', EMBEDDINGS).stream, false)
  t.equal(read('{"model":"m","query":"x","documents":[],"stream":true}', RERANK).stream, false)
})

t.test('nesting beyond reason is no fault of the gateway', async (t) => {
  const deep = '['.repeat(200_000) + ']'.repeat(200_000)
  try {
    t.equal(read(`{"model":"m","messages":[],"x":${deep}}`).model, 'm')
  } catch (thrown) {
    t.ok(thrown instanceof GatewayError, String(thrown))
  }
})
