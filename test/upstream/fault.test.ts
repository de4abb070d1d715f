import t from 'tap'
import type { ErrorCode, GatewayError } from '../../src/core/errors.ts'
import { embeddedFault, readFault } from '../../src/formats/read-fault.ts'
import {
  answerFault,
  badAnswer,
  limitFault,
  redact,
  statusOf,
  transportFault,
} from '../../src/backends/upstream/fault.ts'
import { transportCode, transportWords } from '../../src/core/transport.ts'
import { backend, LIMITS, provider } from '../support/factories.ts'
import { pick, seeded } from '../support/random.ts'
import { noSamples, sample } from '../support/samples.ts'

const KEY = 'sk-secret-0123456789'
const UP = backend({ key: KEY, root: 'http://10.0.0.5:8000/base' })
const BLAMING = backend({
  provider: provider({
    response: {
      callerErrors: [
        { status: 500, pattern: 'input is not supported' },
        { status: 500, pattern: 'json\\.exception|parse error' },
      ],
    },
  }),
})

const answered = (status: number, body: string, spec = UP): GatewayError => answerFault(spec, status, readFault(body))
const openai = (message: string, code: string | number | null = null, type: string | null = null): string =>
  JSON.stringify({ error: { message, type, param: null, code } })

// ---------------------------------------------------------------- statuses

const BY_STATUS: readonly (readonly [status: number, code: ErrorCode])[] = [
  [400, 'invalid_request'],
  [401, 'upstream_auth'],
  [402, 'upstream_quota'],
  [403, 'upstream_auth'],
  [404, 'upstream_model_missing'],
  [405, 'upstream_unsupported'],
  [406, 'invalid_request'],
  [408, 'upstream_error'],
  [409, 'upstream_error'],
  [413, 'invalid_request'],
  [415, 'invalid_request'],
  [422, 'invalid_request'],
  [425, 'upstream_error'],
  [429, 'upstream_rate_limited'],
  [451, 'invalid_request'],
  [498, 'overloaded'],
  [499, 'upstream_error'],
  [500, 'upstream_error'],
  [501, 'upstream_unsupported'],
  [502, 'upstream_error'],
  [503, 'overloaded'],
  [504, 'upstream_error'],
  [520, 'upstream_error'],
  [529, 'overloaded'],
  [300, 'upstream_bad_response'],
  [302, 'upstream_bad_response'],
  [304, 'upstream_bad_response'],
  [204, 'upstream_bad_response'],
  [600, 'upstream_bad_response'],
  [999, 'upstream_bad_response'],
]

for (const [status, code] of BY_STATUS)
  t.test(`status ${status} is ${code}`, async (t) => {
    const error = answered(status, openai('something about it'))
    t.equal(error.code, code)
    t.equal(error.upstreamStatus, status)
    t.equal(error.status, code === 'invalid_request' ? status : answered(status, openai('x')).status)
    if (code === 'invalid_request') t.equal(error.status, status, "the backend's own 4xx is passed on")
    t.not(error.message, '')
  })

t.test('without a word each status has a code and a message', async (t) => {
  for (let status = 200; status < 650; status++)
    for (const body of ['', '{}', '<html>', '[]', 'null']) {
      const error = answered(status, body)
      if (error.message === '' || error.status < 400 || error.status > 599)
        t.fail(`${status} ${body}: ${error.status} ${error.message}`)
    }
})

// ---------------------------------------------------------------- words

const OVERFLOWS: readonly (readonly [status: number, body: string])[] = [
  [
    400,
    openai(
      "This model's maximum context length is 8192 tokens. However, your messages resulted in 9001 tokens.",
      'context_length_exceeded',
      'invalid_request_error',
    ),
  ],
  [400, openai('Your input exceeds the context window of this model.', 'context_length_exceeded')],
  [
    400,
    openai(
      "This model's maximum context length is 2048 tokens. However, you requested 3000 tokens",
      400,
      'BadRequestError',
    ),
  ],
  [400, openai('max_tokens=100000 cannot be greater than max_model_len=2048.', 400)],
  [
    400,
    openai(
      "'max_tokens' or 'max_completion_tokens' is too large: 9000. This model's maximum context length is 2048 tokens",
      400,
    ),
  ],
  [
    400,
    openai(
      "You passed 2049 input tokens and requested 10 output tokens. However, the model's context length is only 2048 tokens",
      400,
    ),
  ],
  [
    400,
    openai(
      'request (1819 tokens) exceeds the available context size (512 tokens), try increasing it',
      400,
      'exceed_context_size_error',
    ),
  ],
  [500, openai('the request exceeds the available context size. try increasing the context size', 500)],
  [400, openai("The input (5000 tokens) is longer than the model's context length (4096 tokens).")],
  [400, openai("Requested token count exceeds the model's maximum context length of 4096 tokens.")],
  [
    400,
    openai(
      'Trying to keep the first 5000 tokens when context the overflows. However, the model is loaded with a length of only 4096 tokens',
    ),
  ],
  [400, openai('Context size has been exceeded.')],
  [400, openai('prompt is too long: 210000 tokens > 200000 maximum', null, 'invalid_request_error')],
  [400, openai('input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000')],
  [
    400,
    '[{"error":{"code":400,"message":"The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).","status":"INVALID_ARGUMENT"}}]',
  ],
  [
    400,
    '{"object":"error","message":"Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length","type":"invalid_request_error","code":"3051"}',
  ],
  [422, openai('Input validation error: `inputs` tokens + `max_new_tokens` must be <= 8193. Given: 9000')],
  [400, '{"error":{"code":400,"message":"no words for it","metadata":{"error_type":"context_length_exceeded"}}}'],
  [413, openai('too many tokens')],
]

for (const [status, body] of OVERFLOWS)
  t.test(`too long: ${body.slice(0, 90)}`, async (t) => {
    const error = answered(status, body)
    t.equal(error.code, 'context_length_exceeded')
    t.equal(error.status, 400)
    t.equal(error.source, 'caller')
  })

const WORDS: Readonly<Record<string, readonly [status: number, body: string, code: ErrorCode]>> = {
  'OpenAI without credit': [
    429,
    openai('You exceeded your current quota, please check your plan.', 'insufficient_quota', 'insufficient_quota'),
    'upstream_quota',
  ],
  'OpenAI at its limit': [
    429,
    openai('Rate limit reached for gpt-x', 'rate_limit_exceeded', 'requests'),
    'upstream_rate_limited',
  ],
  'DeepSeek without credit': [402, openai('Insufficient Balance'), 'upstream_quota'],
  'Azure, filtered prompt': [
    400,
    '{"error":{"message":"The response was filtered","param":"prompt","code":"content_filter","status":400,"innererror":{"code":"ResponsibleAIPolicyViolation"}}}',
    'content_filter',
  ],
  'OpenAI, policy': [
    400,
    openai('rejected by the safety system', 'content_policy_violation', 'image_generation_user_error'),
    'content_filter',
  ],
  'Azure, no such deployment': [
    404,
    openai('The API deployment for this resource does not exist.', 'DeploymentNotFound'),
    'upstream_model_missing',
  ],
  'Gemini, a bad key': [
    400,
    '[{"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT"}}]',
    'upstream_auth',
  ],
  'FastAPI, no such path': [404, '{"detail":"Not Found"}', 'upstream_unsupported'],
  'Go, no such path': [404, '404 page not found', 'upstream_unsupported'],
  'llama.cpp, no such path': [404, openai('File Not Found', 404, 'not_found_error'), 'upstream_unsupported'],
  'nginx, no such path': [404, '<html><title>404</title></html>', 'upstream_unsupported'],
  'Ollama, no such model': [404, openai("model 'nope' not found", null, 'not_found_error'), 'upstream_model_missing'],
  'no embeddings': [
    501,
    openai('This server does not support embeddings. Start it with `--embeddings`', 501, 'not_supported_error'),
    'upstream_unsupported',
  ],
  'Mistral, an unknown field': [
    422,
    '{"detail":[{"loc":["body","x"],"msg":"Extra inputs are not permitted","type":"extra_forbidden"}]}',
    'invalid_request',
  ],
  'Groq, full': [498, openai('flex capacity exceeded'), 'overloaded'],
  'Anthropic, full': [529, '{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}', 'overloaded'],
  'llama.cpp loads': [503, openai('Loading model', 503, 'unavailable_error'), 'overloaded'],
  'a word of length in another complaint': [
    400,
    openai('messages must have a length of at least 1'),
    'invalid_request',
  ],
  'a filter word in a 500': [500, openai('content_filter crashed', null, 'server_error'), 'upstream_error'],
}

for (const [name, [status, body, code]] of Object.entries(WORDS))
  t.test(`${name} is ${code}`, async (t) => t.equal(answered(status, body).code, code))

t.test('a provider that blames itself for the mistake of a caller', async (t) => {
  const error = answered(500, openai('image input is not supported - hint', 500, 'server_error'), BLAMING)
  t.equal(error.code, 'upstream_cannot')
  t.equal(error.status, 400)
  t.equal(error.upstreamStatus, 500)
  t.equal(answered(500, openai('[json.exception.parse_error.101]'), BLAMING).code, 'invalid_request')
  t.equal(answered(500, openai('[json.exception.parse_error.101]'), UP).code, 'upstream_error')
  t.equal(answered(502, openai('image input is not supported'), BLAMING).code, 'upstream_error', 'only that status')
})

t.test("the backend's words and parameter reach the caller", async (t) => {
  const error = answered(422, '{"error":{"message":"`top_p` must be below 1","type":"t","param":"top_p","code":"c"}}')
  t.equal(error.message, '`top_p` must be below 1')
  t.equal(error.param, 'top_p')
  t.equal(error.status, 422)
})

t.test('a wait is told for a full or limited backend only', async (t) => {
  const wait = (status: number): number | null => answerFault(UP, status, readFault(openai('x')), 7000).retryAfterMs
  for (const status of [429, 503, 529, 498]) t.equal(wait(status), 7000, String(status))
  for (const status of [400, 401, 404, 500]) t.equal(wait(status), null, String(status))
})

// ---------------------------------------------------------------- errors inside a 200

const INSIDE: readonly (readonly [error: unknown, code: ErrorCode])[] = [
  [{ message: 'm', code: 400 }, 'invalid_request'],
  [{ message: 'm', code: 429 }, 'upstream_rate_limited'],
  [{ message: 'm', code: 502 }, 'upstream_error'],
  [{ message: 'm', code: 503 }, 'overloaded'],
  [{ message: 'm', type: 'rate_limit_error' }, 'upstream_rate_limited'],
  [{ message: 'm', type: 'overloaded_error' }, 'overloaded'],
  [{ message: 'm', type: 'Service Unavailable' }, 'overloaded'],
  [{ message: 'm', type: 'authentication_error' }, 'upstream_auth'],
  [{ message: 'm', type: 'NotFoundError' }, 'upstream_model_missing'],
  [{ message: 'm', type: 'invalid_request_error' }, 'invalid_request'],
  [{ message: 'm', type: 'BadRequestError' }, 'invalid_request'],
  [{ message: 'm', type: 'server_error' }, 'upstream_error'],
  [{ message: 'm' }, 'upstream_error'],
  ['CUDA out of memory', 'upstream_error'],
  [{ message: 'm', code: 'context_length_exceeded' }, 'context_length_exceeded'],
  ["This model's maximum context length is 5 tokens", 'context_length_exceeded'],
  [{ message: 'm', code: 'content_filter' }, 'content_filter'],
  [{ message: 'm', code: 'insufficient_quota' }, 'upstream_quota'],
  ['Unexpected endpoint or method. (POST /v1/rerank)', 'upstream_unsupported'],
  [{ type: 'billing_error', message: 'm' }, 'upstream_quota'],
  [{ type: 'request_too_large', message: 'Request exceeds the maximum size' }, 'invalid_request'],
  [{ type: 'rate_limit_error', message: 'm' }, 'upstream_rate_limited'],
  [{ type: 'api_error', message: 'Internal server error' }, 'upstream_error'],
  [{ type: 'authentication_error', message: 'invalid x-api-key' }, 'upstream_auth'],
  [{ type: 'not_found_error', message: 'model: claude-0' }, 'upstream_model_missing'],
  [
    { type: 'invalid_request_error', message: 'prompt is too long: 210000 tokens > 200000 maximum' },
    'context_length_exceeded',
  ],
  [
    {
      type: 'invalid_request_error',
      message:
        'input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000, decrease input length or `max_tokens` and try again',
    },
    'context_length_exceeded',
  ],
]

for (const [error, code] of INSIDE)
  t.test(`${JSON.stringify(error)} inside a 200 is ${code}`, async (t) => {
    const fault = embeddedFault({ error })!
    t.equal(answerFault(UP, statusOf(fault), fault).code, code)
  })

// ---------------------------------------------------------------- recordings

const RECORDED: Readonly<Record<string, readonly [code: ErrorCode, status: number]>> = {
  'llamacpp/llamacpp-embeddings-error': ['invalid_request', 400],
  'llamacpp/llamacpp-embeddings-off': ['upstream_unsupported', 404],
  'llamacpp/llamacpp-error-404': ['upstream_unsupported', 404],
  'llamacpp/llamacpp-error-badauth': ['upstream_auth', 502],
  'llamacpp/llamacpp-error-badrole': ['invalid_request', 400],
  'llamacpp/llamacpp-error-context': ['context_length_exceeded', 400],
  'llamacpp/llamacpp-error-context-stream': ['context_length_exceeded', 400],
  'llamacpp/llamacpp-error-image': ['upstream_cannot', 400],
  'llamacpp/llamacpp-error-json': ['invalid_request', 400],
  'llamacpp/llamacpp-error-nomessages': ['invalid_request', 400],
  'ollama/error-404': ['upstream_unsupported', 404],
  'ollama/error-context-one-long-message': ['context_length_exceeded', 400],
  'ollama/error-image': ['upstream_cannot', 400],
  'ollama/error-json': ['invalid_request', 400],
  'ollama/error-model': ['upstream_model_missing', 502],
  'ollama/error-nomessages': ['invalid_request', 400],
  'ollama/error-queue-full-503': ['overloaded', 503],
  'vllm/embeddings-error': ['upstream_unsupported', 404],
  'vllm/error-admission-limit': ['overloaded', 503],
  'vllm/error-context': ['context_length_exceeded', 400],
  'vllm/error-context-stream': ['context_length_exceeded', 400],
  'vllm/error-image': ['upstream_cannot', 400],
  'vllm/error-json': ['invalid_request', 400],
  'vllm/error-maxtokens': ['context_length_exceeded', 400],
  'vllm/error-model': ['upstream_model_missing', 502],
  'vllm/error-nomessages': ['invalid_request', 400],
}

t.test('recorded errors of engines', { skip: noSamples }, async (t) => {
  for (const [name, [code, status]] of Object.entries(RECORDED)) {
    const { status: given, body } = sample(name)
    const error = answered(given, body.toString(), BLAMING)
    t.equal(error.code, code, name)
    t.equal(error.status, status, name)
    t.equal(error.upstreamStatus, given, name)
  }
})

// ---------------------------------------------------------------- secrets

t.test('the words of a refusal of our key are not told', async (t) => {
  for (const status of [401, 403]) {
    const error = answered(status, openai(`Incorrect API key provided: ${KEY.slice(0, 8)}***`, 'invalid_api_key'))
    t.notMatch(error.message, /sk-|Incorrect/)
    t.match(error.message, '"up"')
  }
})

t.test('neither key nor address is told, whatever the backend says', async (t) => {
  const said = `failed at http://10.0.0.5:8000/base/v1/chat/completions (host 10.0.0.5:8000) with key ${KEY} and ${KEY}`
  for (let status = 300; status < 600; status++) {
    const { message } = answered(status, openai(said))
    if (message.includes(KEY) || message.includes('10.0.0.5:8000')) t.fail(`${status}: ${message}`)
  }
  t.equal(redact('a.b', backend({ root: 'http://a.b' })), 'up')
  t.equal(redact('nothing', UP), 'nothing')
  t.equal(redact(`x${KEY}x`, UP), 'x***x')
  t.equal(redact('text', backend({ key: '' })), 'text')
})

t.test('an address without its port is not told either', async (t) => {
  t.notMatch(answered(500, openai('no route to 10.0.0.5')).message, /10\.0\.0\.5/)
  t.notMatch(answered(500, openai('HTTP://10.0.0.5:8000/x')).message, /10\.0\.0\.5/)
})

t.test('total: random statuses and bodies', async (t) => {
  const random = seeded(9)
  const parts = [
    '{"error":',
    '"x"',
    '{',
    '}',
    '"message":',
    '"code":',
    '429',
    'null',
    '"content_filter"',
    ',',
    '[',
    ']',
    '<html>',
    KEY,
  ]
  for (let round = 0; round < 5000; round++) {
    const body = Array.from({ length: Math.floor(random() * 8) }, () => pick(random, parts)).join('')
    const error = answered(100 + Math.floor(random() * 600), body)
    if (error.message.includes(KEY) || error.status < 400 || error.status > 599) t.fail(`${body}: ${error.message}`)
  }
})

// ---------------------------------------------------------------- connections

const failed = (code: string, more: object = {}): Error =>
  Object.assign(new Error(`connect ${code} 10.0.0.5:8000`), { code, ...more })

const TRANSPORT: readonly (readonly [thrown: unknown, code: ErrorCode, words: RegExp])[] = [
  [failed('ECONNREFUSED'), 'upstream_unreachable', /refused/],
  [failed('ECONNRESET'), 'upstream_unreachable', /closed/],
  [failed('EPIPE'), 'upstream_unreachable', /closed/],
  [failed('UND_ERR_SOCKET'), 'upstream_unreachable', /closed/],
  [failed('ENOTFOUND'), 'upstream_unreachable', /unknown host/],
  [failed('EAI_AGAIN'), 'upstream_unreachable', /unknown host/],
  [failed('EHOSTUNREACH'), 'upstream_unreachable', /no route/],
  [failed('ENETUNREACH'), 'upstream_unreachable', /no route/],
  [failed('DEPTH_ZERO_SELF_SIGNED_CERT'), 'upstream_unreachable', /TLS/],
  [failed('ERR_TLS_CERT_ALTNAME_INVALID'), 'upstream_unreachable', /TLS/],
  [failed('UNABLE_TO_VERIFY_LEAF_SIGNATURE'), 'upstream_unreachable', /TLS/],
  [failed('EPROTO'), 'upstream_unreachable', /TLS/],
  [failed('UND_ERR_CONNECT_TIMEOUT'), 'connect_timeout', /in time/],
  [failed('ETIMEDOUT'), 'connect_timeout', /in time/],
  [failed('HPE_INVALID_CONSTANT'), 'upstream_bad_response', /not HTTP/],
  [failed('UND_ERR_HEADERS_OVERFLOW'), 'upstream_bad_response', /not HTTP/],
  [new AggregateError([failed('ECONNREFUSED'), failed('ENETUNREACH')]), 'upstream_unreachable', /refused/],
  [Object.assign(new AggregateError([failed('ETIMEDOUT')]), { code: 'ETIMEDOUT' }), 'connect_timeout', /in time/],
  [new AggregateError([failed('ETIMEDOUT')]), 'connect_timeout', /in time/],
  [new AggregateError([]), 'upstream_unreachable', /failed/],
  [new Error('something'), 'upstream_unreachable', /failed/],
  [null, 'upstream_unreachable', /failed/],
  [undefined, 'upstream_unreachable', /failed/],
  ['text', 'upstream_unreachable', /failed/],
  [{ code: 7 }, 'upstream_unreachable', /failed/],
]

for (const [index, [thrown, code, words]] of TRANSPORT.entries())
  t.test(`connection ${index}: ${String(thrown)} is ${code}`, async (t) => {
    const error = transportFault(UP, thrown, false)
    t.equal(error.code, code)
    t.match(error.message, words)
    t.match(error.message, '"up"')
    t.notMatch(error.message, /10\.0\.0\.5/, 'the address stays in the cause')
    t.equal(error.cause, thrown)
  })

t.test('a connection that breaks within the answer', async (t) => {
  for (const code of [
    'ECONNRESET',
    'UND_ERR_SOCKET',
    'EPIPE',
    'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
    'UND_ERR_DESTROYED',
    'ETIMEDOUT',
  ])
    t.equal(transportFault(UP, failed(code), true).code, 'upstream_incomplete', code)
  t.equal(transportFault(UP, new Error('x'), true).code, 'upstream_incomplete')
})

t.test('a transport error is known by its code however deep it lies', async (t) => {
  t.equal(transportCode(new AggregateError([new AggregateError([failed('ECONNREFUSED')])])), 'ECONNREFUSED')
  for (const odd of [null, undefined, 1, 'x', {}, [], { errors: [] }, { errors: [null] }])
    t.equal(transportCode(odd), '')
  t.equal(transportWords(transportCode(Object.assign(new Error('x'), { name: 'HTTPParserError' }))), 'not HTTP')
  t.equal(transportWords(transportCode(failed('UND_ERR_SOCKET', { message: 'bad response' }))), 'not HTTP')
})

t.test('no secret of the gateway leaves in any field, nor the beginning of one', async (t) => {
  const answered = (fields: object): GatewayError => answerFault(UP, 400, readFault(JSON.stringify({ error: fields })))
  const { param, message } = answered({ message: `bad key ${KEY}`, param: KEY })
  t.equal(param, '***')
  t.notMatch(message, KEY)
  for (let before = 1960; before <= 2000; before++)
    t.notMatch(answered({ message: 'x'.repeat(before) + KEY }).message, KEY.slice(0, 6), `cut after ${before}`)
  t.match(answered({ message: 'x'.repeat(3000) }).message, /x…$/)
})

t.test('a model that is forbidden is not a refused key', async (t) => {
  const code = (message: string, name: string | null = null): string =>
    answerFault(UP, 403, { message, code: name, type: null, param: null, status: null }).code
  t.equal(code('Project `p` does not have access to model `m`', 'model_not_found'), 'upstream_model_missing')
  t.equal(code('You do not have access to the model m.'), 'upstream_model_missing')
  t.equal(code('Country not supported'), 'upstream_auth')
})

t.test('limits speak under their own names', async (t) => {
  const wanted = {
    connect: 'connect_timeout',
    headers: 'headers_timeout',
    ttft: 'ttft_timeout',
    idle: 'idle_timeout',
    total: 'total_timeout',
  } as const
  const ms = { connect: 1000, headers: 2000, ttft: 3000, idle: 4000, total: 1234 }
  for (const phase of ['connect', 'headers', 'ttft', 'idle', 'total'] as const) {
    const error = limitFault({ backend: UP, limits: LIMITS, totalMs: 1233.6, ownDeadline: false }, phase)
    t.equal(error.code, wanted[phase])
    t.equal(error.status, 504)
    t.match(error.message, `${ms[phase]} ms`)
    t.match(error.message, '"up"')
  }
})

t.test("the caller's own deadline is not the backend's fault", async (t) => {
  const call = { backend: UP, limits: LIMITS, totalMs: 10, ownDeadline: true }
  t.match(limitFault(call, 'total'), { code: 'deadline_exceeded', source: 'caller', status: 504 })
})

t.test('an answer against its protocol', async (t) => {
  t.match(badAnswer(UP, 'sent nonsense', 200), {
    code: 'upstream_bad_response',
    message: 'Backend "up" sent nonsense.',
    upstreamStatus: 200,
  })
})
