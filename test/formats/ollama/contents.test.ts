/** What requests of Ollama's clients say, and which of them are refused. */
import t from 'tap'
import {
  type Endpoint,
  OLLAMA_CHAT,
  OLLAMA_EMBED,
  OLLAMA_EMBEDDINGS,
  OLLAMA_GENERATE,
  OLLAMA_LOAD,
  OLLAMA_LOAD_CHAT,
  OLLAMA_RAW,
  OLLAMA_TEMPLATE,
} from '../../../src/core/endpoints.ts'
import { GatewayError } from '../../../src/core/errors.ts'
import type { Contents } from '../../../src/core/prompt.ts'
import { read } from './requests.ts'

const contentsOf = (body: object, endpoint: Endpoint = OLLAMA_CHAT): Contents =>
  read(endpoint, { model: 'm', ...body }).prompt.contents()

const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
const JPEG = '/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAgGBgcGBQgHBwcJ'
const WAV = 'UklGRiQAAABXQVZFZm10IBAAAAABAAEA'

const USER = { role: 'user', content: 'hi' }

t.test('a conversation is read in its order, with all that its messages hold', async (t) => {
  const { messages } = contentsOf({
    messages: [
      { role: 'system', content: 'Be brief.' },
      { role: 'User', content: 'What is it?', images: [PNG, JPEG] },
      { role: 'assistant', content: 'A river.', thinking: 'Let me see' },
      { role: 'user', content: 'größer 水' },
    ],
  })
  t.match(messages, [
    { role: 'system', parts: [{ kind: 'text', text: 'Be brief.' }] },
    {
      role: 'user',
      parts: [
        { kind: 'text', text: 'What is it?' },
        { kind: 'image', source: { kind: 'data', mediaType: 'image/png', data: PNG } },
        { kind: 'image', source: { kind: 'data', mediaType: 'image/jpeg', data: JPEG } },
      ],
    },
    {
      role: 'assistant',
      parts: [
        { kind: 'thought', text: 'Let me see' },
        { kind: 'text', text: 'A river.' },
      ],
    },
    { role: 'user', parts: [{ kind: 'text', text: 'größer 水' }] },
  ])
  t.match(contentsOf({ messages: [{ ...USER, images: [WAV] }] }).messages[0]?.parts[1], {
    kind: 'audio',
    source: { mediaType: 'audio/wav' },
  })
})

t.test('results find their calls: by id, by the name of the tool, or as they follow each other', async (t) => {
  const call = (name: string, args: object, id?: string): object => ({
    ...(id === undefined ? {} : { id }),
    function: { name, arguments: args },
  })
  const ids = (messages: readonly object[]): (string | null)[] =>
    contentsOf({ messages }).messages.flatMap(({ parts, result }) => [
      ...parts.flatMap((part) => (part.kind === 'call' ? [`${part.id} ${part.name} ${part.arguments}`] : [])),
      ...(result === null ? [] : [`-> ${result.id} ${String(result.name)}`]),
    ])
  t.strictSame(
    ids([
      USER,
      { role: 'assistant', content: '', tool_calls: [call('a', { x: 1 }), call('b', {}), call('a', { x: 2 })] },
      { role: 'tool', content: 'B', tool_name: 'b' },
      { role: 'tool', content: 'A1', tool_name: 'a' },
      { role: 'tool', content: 'A2' },
    ]),
    ['call_0 a {"x":1}', 'call_1 b {}', 'call_2 a {"x":2}', '-> call_1 b', '-> call_0 a', '-> call_2 a'],
  )
  t.strictSame(
    ids([
      USER,
      { role: 'assistant', content: '', tool_calls: [call('a', {}, 'one'), call('a', {}, 'two')] },
      { role: 'tool', content: '2', tool_call_id: 'two' },
      { role: 'tool', content: '1', tool_call_id: 'one' },
    ]),
    ['one a {}', 'two a {}', '-> two a', '-> one a'],
  )
})

t.test('wishes are read from where Ollama has them', async (t) => {
  const all = contentsOf({
    messages: [USER],
    tools: [{ type: 'function', function: { name: 'f', description: 'd', parameters: { type: 'object' } } }],
    format: { type: 'object' },
    think: 'high',
    options: {
      ...{ num_predict: 7, temperature: 0.5, top_p: 0.9, top_k: 3, seed: 4, stop: ['x', 'y'] },
      ...{ presence_penalty: 0.1, frequency_penalty: 0.2, num_ctx: 4096, min_p: 0.1 },
    },
    keep_alive: '5m',
    truncate: false,
    shift: true,
  })
  t.match(all, {
    tools: [{ name: 'f', description: 'd', schema: { type: 'object' } }],
    answer: { form: 'json_schema', schema: { type: 'object' } },
    thinking: { effort: 'high' },
    sampling: { maxOutput: 7, temperature: 0.5, topP: 0.9, topK: 3, seed: 4, presencePenalty: 0.1, frequencyPenalty: 0.2 },
    stop: ['x', 'y'],
    unsaid: ['keep_alive', 'shift', 'options.num_ctx', 'options.min_p'],
  }) // prettier-ignore
  const FORMS: readonly (readonly [body: object, form: string | null, effort: string | null])[] = [
    [{ format: 'json', think: true }, 'json_object', 'adaptive'],
    [{ format: '', think: false }, null, 'none'],
    [{ format: null, think: null }, null, null],
    [{}, null, null],
  ]
  for (const [body, form, effort] of FORMS) {
    const { answer, thinking } = contentsOf({ messages: [USER], ...body })
    t.strictSame([answer?.form ?? null, thinking?.effort ?? null], [form, effort], JSON.stringify(body))
  }
  t.equal(contentsOf({ messages: [USER], options: { num_predict: -1 } }).sampling.maxOutput, null, 'no limit')
  t.equal(contentsOf({ messages: [USER], options: { seed: -1 } }).sampling.seed, null, 'any seed')
})

t.test('a prompt is a conversation with one message of the user', async (t) => {
  const { messages } = contentsOf({ prompt: 'Go on', system: 'Be brief.', images: [PNG] }, OLLAMA_GENERATE)
  t.match(messages, [
    { role: 'system', parts: [{ text: 'Be brief.' }] },
    { role: 'user', parts: [{ text: 'Go on' }, { kind: 'image' }] },
  ])
})

t.test('texts are embedded, one or several', async (t) => {
  t.strictSame(contentsOf({ input: 'a' }, OLLAMA_EMBED).embedding, { inputs: ['a'], dimensions: null })
  t.strictSame(contentsOf({ input: ['a', 'b'], dimensions: 64 }, OLLAMA_EMBED).embedding, {
    inputs: ['a', 'b'],
    dimensions: 64,
  })
  t.strictSame(contentsOf({ prompt: 'a' }, OLLAMA_EMBEDDINGS).embedding, { inputs: ['a'], dimensions: null })
  t.strictSame(read(OLLAMA_EMBED, { model: 'm', input: ['a', 'b'] }).prompt.inputs, ['a', 'b'])
})

t.test('what is asked for follows from the body, and streams where nothing else is said', async (t) => {
  const CASES: readonly (readonly [path: Endpoint, body: object, endpoint: Endpoint, stream: boolean])[] = [
    [OLLAMA_CHAT, { messages: [USER] }, OLLAMA_CHAT, true],
    [OLLAMA_CHAT, { messages: [USER], stream: false }, OLLAMA_CHAT, false],
    [OLLAMA_CHAT, { messages: [] }, OLLAMA_LOAD_CHAT, false],
    [OLLAMA_CHAT, {}, OLLAMA_LOAD_CHAT, false],
    [OLLAMA_GENERATE, { prompt: 'a' }, OLLAMA_GENERATE, true],
    [OLLAMA_GENERATE, { prompt: 'a', stream: false }, OLLAMA_GENERATE, false],
    [OLLAMA_GENERATE, { prompt: 'a', raw: true }, OLLAMA_RAW, true],
    [OLLAMA_GENERATE, { prompt: 'a', suffix: 'b' }, OLLAMA_TEMPLATE, true],
    [OLLAMA_GENERATE, { prompt: 'a', template: '{{ .Prompt }}' }, OLLAMA_TEMPLATE, true],
    [OLLAMA_GENERATE, { prompt: 'a', context: [1, 2] }, OLLAMA_TEMPLATE, true],
    [OLLAMA_GENERATE, { prompt: 'a', context: [], suffix: '', template: '', raw: false }, OLLAMA_GENERATE, true],
    [OLLAMA_GENERATE, { prompt: '' }, OLLAMA_LOAD, false],
    [OLLAMA_GENERATE, { keep_alive: 0 }, OLLAMA_LOAD, false],
    [OLLAMA_EMBED, { input: 'a' }, OLLAMA_EMBED, false],
  ]
  for (const [path, body, endpoint, stream] of CASES) {
    const request = read(path, { model: 'm', ...body })
    t.equal(request.endpoint, endpoint, `${path.path} ${JSON.stringify(body)}`)
    t.equal(request.stream, stream)
  }
})

t.test('what cannot be meant is refused by the name of the member', async (t) => {
  const CASES: readonly (readonly [path: Endpoint, body: object | string, param: string | null])[] = [
    [OLLAMA_CHAT, '', null],
    [OLLAMA_CHAT, '{"model":', null],
    [OLLAMA_CHAT, { messages: [USER] }, 'model'],
    [OLLAMA_CHAT, { model: 'm', messages: 'hi' }, 'messages'],
    [OLLAMA_CHAT, { model: 'm', messages: ['hi'] }, 'messages'],
    [OLLAMA_CHAT, { model: 'm', messages: [{ role: 'user', content: [{ type: 'text', text: 'hi' }] }] }, 'messages'],
    [OLLAMA_CHAT, { model: 'm', messages: [{ ...USER, images: 'x' }] }, 'messages[0].images'],
    [OLLAMA_CHAT, { model: 'm', messages: [{ ...USER, images: [1] }] }, 'messages[0].images'],
    [OLLAMA_CHAT, { model: 'm', messages: [USER], stream: 'yes' }, 'stream'],
    [OLLAMA_CHAT, { model: 'm', messages: [USER], options: [] }, 'options'],
    [OLLAMA_CHAT, { model: 'm', messages: [USER], format: 'xml' }, 'format'],
    [OLLAMA_CHAT, { model: 'm', messages: [USER], think: 3 }, 'think'],
    [OLLAMA_CHAT, { model: 'm', messages: [USER], tools: {} }, 'tools'],
    [OLLAMA_GENERATE, { model: 'm', prompt: ['a'] }, 'prompt'],
    [OLLAMA_GENERATE, { model: 'm', prompt: 'a', system: 1 }, 'system'],
    [OLLAMA_EMBED, { model: 'm', input: [] }, 'input'],
    [OLLAMA_EMBED, { model: 'm', input: [1, 2] }, 'input'],
    [OLLAMA_EMBED, { model: 'm' }, 'input'],
    [OLLAMA_EMBEDDINGS, { model: 'm', prompt: 3 }, 'input'],
  ]
  for (const [path, body, param] of CASES)
    try {
      read(path, body)
      t.fail(`${JSON.stringify(body)} was read`)
    } catch (thrown) {
      if (!(thrown instanceof GatewayError)) throw thrown
      t.equal(thrown.status, 400, JSON.stringify(body))
      t.equal(thrown.param, param, JSON.stringify(body))
    }
})

t.test('schemas are found where they lie', async (t) => {
  const { prompt } = read(OLLAMA_CHAT, {
    model: 'm',
    messages: [USER],
    tools: [{ type: 'function', function: { name: 'f', parameters: { type: 'object', required: ['a'] } } }],
    format: { type: 'object', required: ['b'] },
  })
  const answer = prompt.answerSchema()
  t.strictSame(JSON.parse(Buffer.from(answer?.json ?? []).toString()), { format: { type: 'object', required: ['b'] } })
  t.equal(answer?.schema, 'format')
  t.match(prompt.toolSchemas(), [{ holders: ['function'], schema: 'parameters' }])
  t.equal(read(OLLAMA_CHAT, { model: 'm', messages: [USER], format: 'json' }).prompt.answerSchema(), null)
})
