import t from 'tap'
import { embeddedFault, readFault } from '../../src/formats/read-fault.ts'
import type { UpstreamFault } from '../../src/formats/upstream-fault.ts'
import { pick, seeded } from '../support/random.ts'
import { noSamples, samples } from '../support/samples.ts'

const SHAPES: Readonly<Record<string, readonly [body: string, wanted: Partial<UpstreamFault>]>> = {
  OpenAI: [
    '{"error":{"message":"m","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}',
    { message: 'm', type: 'invalid_request_error', param: 'messages', code: 'context_length_exceeded', status: null },
  ],
  'a number as code': [
    '{"error":{"message":"m","type":"BadRequestError","param":null,"code":400}}',
    { message: 'm', code: '400', status: 400, param: null },
  ],
  'a text': ['{"error":"m"}', { message: 'm', code: null, type: null }],
  'flat (Mistral, old vLLM)': [
    '{"object":"error","message":"m","type":"t","param":null,"code":"3230"}',
    { message: 'm', type: 't', code: '3230', status: null },
  ],
  detail: ['{"detail":"Not Found"}', { message: 'Not Found' }],
  'a list of details': ['{"detail":[{"loc":["body","x"],"msg":"extra fields","type":"extra_forbidden"}]}', {}],
  message: ['{"message":"Unauthorized","request_id":"r"}', { message: 'Unauthorized' }],
  'a message that is an object': [
    '{"object":"error","message":{"detail":[{"msg":"extra fields"}]},"type":"t"}',
    { type: 't' },
  ],
  msg: ['{"msg":"m"}', { message: 'm' }],
  'an array (Gemini)': [
    '[{"error":{"code":400,"message":"m","status":"INVALID_ARGUMENT"}}]',
    { message: 'm', status: 400 },
  ],
  'an error that is an array': ['{"error":[{"message":"m"}]}', { message: 'm' }],
  OpenRouter: [
    '{"error":{"code":400,"message":"m","metadata":{"provider_name":"x","raw":"{}","error_type":"context_length_exceeded"}}}',
    { message: 'm', code: 'context_length_exceeded', status: 400 },
  ],
  Azure: [
    '{"error":{"message":"m","type":null,"param":"prompt","code":"content_filter","status":400,"innererror":{"code":"ResponsibleAIPolicyViolation"}}}',
    { message: 'm', code: 'content_filter', param: 'prompt', status: 400 },
  ],
  'a JSON text in a text (Ollama)': [
    '{"error":{"message":"{\\"error\\":{\\"code\\":400,\\"message\\":\\"m\\",\\"type\\":\\"exceed_context_size_error\\"}}","type":"invalid_request_error"}}',
    { message: 'm', type: 'exceed_context_size_error', status: 400 },
  ],
  'JSON in a text that is no error': ['{"error":{"message":"{\\"foo\\":1}","type":"t"}}', { message: '{"foo":1}' }],
  'braces that are no JSON': ['{"error":{"message":"{oops}"}}', { message: '{oops}' }],
  'an error and a message': [
    '{"error":"Internal Server Error","message":"real cause","status":500}',
    { message: 'real cause', status: 500 },
  ],
  'an error beside a null message': ['{"error":"m","message":null}', { message: 'm' }],
  'plain text': ['404 page not found\n', { message: '404 page not found' }],
  'a JSON text': ['"m"', { message: 'm' }],
  HTML: ['<html><head><title>502 Bad Gateway</title></head></html>', { message: '' }],
  'HTML with a doctype': ['\n<!DOCTYPE html><p>secret</p>', { message: '' }],
  XML: ['<?xml version="1.0"?><Error/>', { message: '' }],
  nothing: ['', { message: '' }],
  'an empty object': ['{}', { message: '' }],
  'a number': ['3', { message: '' }],
  null: ['null', { message: '' }],
  'an empty array': ['[]', { message: '' }],
  'a null error': ['{"error":null}', { message: '' }],
}

for (const [name, [body, wanted]] of Object.entries(SHAPES))
  t.test(`an error body: ${name}`, async (t) => t.match(readFault(body), wanted))

t.test('a list of details says what is wrong', async (t) => {
  t.match(readFault(SHAPES['a list of details']![0]).message, /extra fields/)
  t.match(readFault(SHAPES['a message that is an object']![0]).message, /extra fields/)
})

t.test('a status is taken only where it is one of an error', async (t) => {
  for (const [code, status] of [
    [400, 400],
    [599, 599],
    [200, null],
    [600, null],
    [0, null],
    [-1, null],
    [429.5, null],
  ])
    t.equal(readFault(JSON.stringify({ error: { message: 'm', code } })).status, status, String(code))
  t.equal(readFault('{"error":{"message":"m","code":1e400}}').status, null)
})

t.test('a long message is cut', async (t) => {
  t.ok(readFault('x'.repeat(1e6)).message.length < 2100)
  t.ok(readFault(JSON.stringify({ error: { message: 'x'.repeat(1e6), code: 'y'.repeat(1e6) } })).message.length < 2100)
})

t.test('a good answer holds no fault', async (t) => {
  const none: unknown[] = [
    null,
    1,
    'error',
    [],
    [{ error: 'x' }],
    {},
    { error: null },
    { error: '' },
    { error: false },
    { object: 'list' },
  ]
  const more: unknown[] = [
    { choices: [] },
    { choices: [null] },
    { choices: [{ error: null }] },
    { x_groq: { error: '' } },
    { message: 'x' },
  ]
  for (const value of [...none, ...more]) t.equal(embeddedFault(value), null, JSON.stringify(value))
})

t.test('an answer that holds one', async (t) => {
  const faults: unknown[] = [
    { error: 'm' },
    { error: { message: 'm' } },
    { object: 'error', message: 'm' },
    { choices: [{ error: { message: 'm' } }] },
  ]
  for (const value of [...faults, { x_groq: { error: 'm' } }, { error: [{ message: 'm' }] }])
    t.equal(embeddedFault(value)?.message, 'm', JSON.stringify(value))
  t.ok(embeddedFault({ error: {} }), 'an empty object is an error to SDKs')
  t.ok(embeddedFault({ error: true }), 'so is true')
})

const isFault = (fault: UpstreamFault | null): boolean =>
  fault === null ||
  (typeof fault.message === 'string' &&
    [fault.code, fault.type, fault.param].every((text) => text === null || typeof text === 'string') &&
    (fault.status === null || (fault.status >= 400 && fault.status <= 599)))

t.test('no body makes it throw: random JSON', async (t) => {
  const random = seeded(6)
  const keys = [
    'error',
    'message',
    'detail',
    'msg',
    'code',
    'status',
    'type',
    'param',
    'metadata',
    'object',
    'choices',
    'toString',
    'valueOf',
    '__proto__',
    'length',
    'constructor',
    'error_type',
    'x_groq',
  ]
  const value = (depth: number): unknown => {
    const kind = random()
    if (depth > 5 || kind < 0.3)
      return pick(random, ['error', '', '{"error":"x"}', '{"a":', '{"message":{"error":[1]}}', 'x', '[]'])
    if (kind < 0.5) return pick(random, [null, true, false, 0, 400, -1, 1e308, 0.5])
    if (kind < 0.65) return Array.from({ length: Math.floor(random() * 3) }, () => value(depth + 1))
    return Object.fromEntries(
      Array.from({ length: Math.floor(random() * 4) }, () => [pick(random, keys), value(depth + 1)]),
    )
  }
  for (let round = 0; round < 30_000; round++) {
    const text = JSON.stringify(value(0))
    try {
      if (!isFault(readFault(text)) || !isFault(embeddedFault(JSON.parse(text)))) return t.fail(text)
    } catch (thrown) {
      return t.fail(`${text}: ${String(thrown)}`)
    }
  }
})

t.test('no body makes it throw: random bytes', async (t) => {
  const random = seeded(8)
  for (let round = 0; round < 5000; round++) {
    const text = Buffer.from(
      Array.from({ length: Math.floor(random() * 40) }, () => Math.floor(random() * 256)),
    ).toString()
    if (!isFault(readFault(text))) return t.fail(JSON.stringify(text))
  }
})

t.test('no body makes it throw: nesting beyond reason', async (t) => {
  const deep = '['.repeat(30_000) + ']'.repeat(30_000)
  const objects = '{"error":'.repeat(6000) + '1' + '}'.repeat(6000)
  for (const body of [
    deep,
    objects,
    `{"error":${deep}}`,
    `{"detail":${deep}}`,
    `{"message":${deep}}`,
    `{"error":{"code":${deep}}}`,
    `{"error":{"status":${deep}}}`,
  ]) {
    t.doesNotThrow(() => readFault(body), body.slice(0, 30))
    t.doesNotThrow(() => embeddedFault(JSON.parse(body)), body.slice(0, 30))
  }
})

t.test('a status with strange members', async (t) => {
  t.doesNotThrow(() => readFault('{"error":{"message":"m","status":{"toString":1}}}'))
  t.doesNotThrow(() => embeddedFault({ error: { message: 'm', status: { toString: 1, valueOf: 2 } } }))
})

t.test('recorded errors of engines', { skip: noSamples }, async (t) => {
  const errors = samples().filter(({ status }) => status >= 400)
  t.ok(errors.length >= 20, `${errors.length} recordings`)
  for (const { name, status, body } of errors) {
    const fault = readFault(body.toString())
    t.not(fault.message, '', name)
    t.notMatch(fault.message, /^\{/, `${name}: words, not JSON`)
    t.ok(fault.status === null || fault.status === status, `${name}: the status inside is the one outside`)
    const inner = /\\?"type\\?":\s*\\?"([^"\\]+)/.exec(body.toString())?.[1] ?? null
    t.equal(fault.type, inner, `${name}: its type`)
  }
})
