import t from 'tap'
import { NO_TOKENS } from '../../src/core/no-tokens.ts'
import { atOnce } from '../../src/core/slices.ts'
import { readBody, readLargeBody } from '../../src/formats/openai/body.ts'
import { OpenAIAnswerState } from '../../src/formats/openai/answer-state.ts'
import type { UpstreamFault } from '../../src/formats/upstream-fault.ts'
import { seeded } from '../support/random.ts'
import { noSamples, samples } from '../support/samples.ts'

interface Read {
  readonly fault: UpstreamFault | 'garbage' | null
  readonly track: OpenAIAnswerState
}

function read(body: string | Buffer): Read {
  const track = new OpenAIAnswerState()
  return { fault: readBody(Buffer.from(body), track), track }
}

const readLarge = (body: string | Buffer): Read => {
  const track = new OpenAIAnswerState()
  return { fault: atOnce(readLargeBody(Buffer.from(body), track)), track }
}

/** The same answer with so much white space before its last brace that it counts as large. */
const enlarged = (text: string): string => `${text.slice(0, -1)}${' '.repeat(70_000)}${text.slice(-1)}`

const message = (fields: object, finish: string | null = 'stop'): string =>
  JSON.stringify({ id: 'c', model: 'm-1', choices: [{ index: 0, message: fields, finish_reason: finish }] })

const ANSWERS: Readonly<Record<string, readonly [text: string, wanted: Partial<OpenAIAnswerState>]>> = {
  chat: [
    message({ role: 'assistant', content: 'Hi' }),
    { content: true, finish: 'stop', model: 'm-1', reported: null },
  ],
  'an empty answer': [message({ content: '' }), { content: false, finish: 'stop' }],
  'null content': [message({ content: null, refusal: null, tool_calls: [] }), { content: false }],
  'a tool call': [
    message({ content: null, tool_calls: [{ id: 'x' }] }, 'tool_calls'),
    { content: true, finish: 'tool_calls' },
  ],
  reasoning: [message({ content: '', reasoning: 'hm' }, 'length'), { content: false, finish: 'length' }],
  'reasoning content': [message({ content: '', reasoning_content: 'hm' }), { content: false }],
  thinking: [message({ content: '<think>hm</think>\n' }), { content: false }],
  'thinking, then an answer': [message({ content: '<think>hm</think>\nyes' }), { content: true }],
  'white space': [message({ content: ' \n\t' }), { content: false }],
  audio: [message({ content: null, audio: { data: 'x' } }), { content: true }],
  refusal: [message({ content: null, refusal: 'no' }), { content: true }],
  'parts of content': [message({ content: [{ type: 'text', text: 'x' }] }), { content: true }],
  'no finish': [message({ content: 'x' }, null), { finish: null }],
  'no choices': ['{"model":"m","choices":[]}', { content: false, finish: null }],
  'legacy completion': [
    '{"model":"m","choices":[{"text":"x","finish_reason":"length"}]}',
    { content: true, finish: 'length' },
  ],
  embeddings: [
    '{"object":"list","model":"m","data":[],"usage":{"prompt_tokens":3,"total_tokens":3}}',
    { content: true, model: 'm' },
  ],
  rerank: ['{"results":[{"index":0,"relevance_score":0.5}]}', { content: true, model: null }],
  'error null': ['{"error":null,"choices":[{"message":{"content":"x"}}]}', { content: true }],
  'error empty': ['{"error":"","choices":[{"message":{"content":"x"}}]}', { content: true }],
  usage: [
    '{"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":2}}',
    { reported: { ...NO_TOKENS, input: 7, cachedInput: 0, output: 2, reasoning: 0 } },
  ],
  'words inside of the text': [
    message({ content: '{"error":{"message":"x"},"usage":{"prompt_tokens":9}}' }),
    { reported: null, content: true },
  ],
  'blank lines before': [`\n\n\n${message({ content: 'x' })}`, { content: true }],
}

for (const [name, [text, wanted]] of Object.entries(ANSWERS)) {
  t.test(`an answer: ${name}`, async (t) => {
    for (const body of [text, `${text}\n`, enlarged(text)]) {
      const { fault, track } = read(body)
      t.equal(fault, null)
      t.match(track, wanted)
    }
  })
}

const FAULTS: Readonly<Record<string, readonly [text: string, wanted: Partial<UpstreamFault>]>> = {
  object: ['{"error":{"message":"boom","type":"t","code":429}}', { message: 'boom', type: 't', status: 429 }],
  text: ['{"error":"boom"}', { message: 'boom' }],
  flat: ['{"object":"error","message":"boom","type":"BadRequestError","code":400}', { message: 'boom', status: 400 }],
  'in the choice': [
    '{"choices":[{"index":0,"error":{"message":"boom","code":502}}]}',
    { message: 'boom', status: 502 },
  ],
  'in an array': ['[{"error":{"message":"boom","code":400}}]', { message: 'boom', status: 400 }],
  "LM Studio's unknown path": [
    '{"error":"Unexpected endpoint or method. (POST /v1/rerank)"}',
    { message: 'Unexpected endpoint or method. (POST /v1/rerank)' },
  ],
}

for (const [name, [text, wanted]] of Object.entries(FAULTS)) {
  t.test(`an error with status 200: ${name}`, async (t) => {
    for (const body of [text, enlarged(text)]) t.match(read(body).fault, wanted)
  })
}

t.test('what is not an answer is refused', async (t) => {
  const choices = ['{"choices":1}', '{"choices":null}', '{"choices":{}}']
  for (const text of [
    '',
    ' ',
    'x',
    '<html></html>',
    '1',
    'null',
    '"x"',
    '{',
    '{"a":',
    '[',
    '[1',
    '{"a":1}x',
    ...choices,
  ])
    t.equal(read(text).fault, 'garbage', JSON.stringify(text))
})

t.test('no odd entry makes it throw', async (t) => {
  for (const choices of [
    '[null]',
    '[1]',
    '["x"]',
    '[[]]',
    '[{"message":null}]',
    '[{"message":"x"}]',
    '[{"message":[1]}]',
    '[{}]',
  ])
    for (const text of [`{"choices":${choices}}`, enlarged(`{"choices":${choices}}`)])
      t.doesNotThrow(() => read(text), text.slice(0, 60))
  for (const text of [
    '[]',
    '[null]',
    '[1]',
    '[[]]',
    '{"usage":[]}',
    '{"model":1}',
    '{"error":[]}',
    '{"error":{}}',
    '{"object":1}',
  ])
    t.doesNotThrow(() => read(text), text)
})

t.test('random garbage never throws', async (t) => {
  const random = seeded(5)
  const pieces = [
    '{',
    '}',
    '[',
    ']',
    ':',
    ',',
    '"choices"',
    '"error"',
    '"message"',
    'null',
    '1',
    '"x"',
    '"usage"',
    ' ',
    '"object"',
    '"error"',
  ]
  for (let round = 0; round < 20_000; round++) {
    let text = ''
    for (let i = Math.floor(random() * 14); i >= 0; i--) text += pieces[Math.floor(random() * pieces.length)]!
    try {
      read(text)
      read(enlarged(text))
    } catch (thrown) {
      return t.fail(`${text}: ${String(thrown)}`)
    }
  }
})

t.test('nesting beyond reason never throws', async (t) => {
  const deep = '['.repeat(100_000) + ']'.repeat(100_000)
  for (const text of [deep, `{"error":${deep}}`, `{"choices":[{"error":${deep}}]}`, `{"choices":${deep}}`])
    t.doesNotThrow(() => read(text), text.slice(0, 30))
})

t.test('recorded answers of engines', { skip: noSamples }, async (t) => {
  let read200 = 0
  for (const { name, status, headers, body } of samples()) {
    if (status !== 200 || !headers['content-type']?.includes('application/json')) continue
    let value: {
      choices?: { finish_reason?: string; message?: { content?: string } }[]
      model?: string
      usage?: object
    }
    try {
      value = JSON.parse(body.toString())
    } catch {
      continue
    }
    if (value.choices === undefined) continue
    const { fault, track } = read(body)
    t.equal(fault, null, name)
    t.equal(track.finish, value.choices[0]?.finish_reason, name)
    t.equal(track.model, value.model, name)
    t.equal(track.reported !== null, value.usage !== undefined, name)
    if (value.choices[0]?.message?.content) t.equal(track.content, true, name)
    read200++
  }
  t.ok(read200 >= 20, `${read200} answers`)
})

const TOKEN = { token: 'a"b\\', logprob: -0.1, bytes: [97], top_logprobs: [{ token: '}]', logprob: -2 }] }

/** What is of no account for what is read of an answer, in all the places where engines put it. */
function heavier(text: string): string {
  const answer = JSON.parse(text) as Record<string, unknown>
  const list = Array.from({ length: 2_000 }, () => TOKEN)
  const heavy = {
    logprobs: { content: list },
    token_ids: list.map((_, at) => at),
    extra: { choices: list, '\u0061"': {} },
  }
  const { choices, ...rest } = answer
  const more = Array.isArray(choices)
    ? { choices: (choices as object[]).map((one) => ({ ...heavy, ...one, stop_reason: list })) }
    : {}
  return JSON.stringify({ prompt_logprobs: list, ...rest, ...more, citations: list })
}

/** All that is known of an answer, whatever it was read from. */
const known = ({ fault, track }: Read): unknown => {
  const {
    reported: usage,
    charge,
    tier,
    finish,
    finishWord,
    model,
    content,
    refused,
    usageIsPlain,
    mends,
    unread,
  } = track
  const size = usage === null ? track.size.tokens : null
  return { fault, usage, charge, tier, finish, finishWord, model, content, refused, usageIsPlain, mends, unread, size }
}

t.test('a large answer is read as a small one, whatever weighs in it', async (t) => {
  for (const [name, [text]] of [...Object.entries(ANSWERS), ...Object.entries(FAULTS)]) {
    t.strictSame(known(readLarge(text)), known(read(text)), name)
    if (!text.startsWith('{')) continue
    const heavy = heavier(text)
    t.ok(heavy.length > 300_000)
    t.strictSame(known(readLarge(heavy)), known(read(text)), `${name}, with much beside it`)
    for (let cut = 1; cut < 6; cut++)
      t.equal(readLarge(heavy.slice(0, -cut * 41_003)).fault, 'garbage', `${name}, ${cut} pieces short`)
  }
  for (const choices of ['1', 'null', '{}', '[null]', '[1]', '[[]]', '[{"message":[1]}]', '[{}]'])
    t.equal(readLarge(`{"choices":${choices}}`).fault, read(`{"choices":${choices}}`).fault, choices)
})

const USAGE = '"usage":{"prompt_tokens":7,"completion_tokens":9,"total_tokens":16}'
const NINE = { ...NO_TOKENS, input: 7, output: 9 }

t.test('texts and calls of megabytes', async (t) => {
  const texts = ['a', '"', '\\', '\n"\\', '\u0000', 'é', '\u{1f600}', '</think>']
  for (const unit of texts) {
    const content = `x${unit.repeat(3_000_000 / unit.length)}`
    const { fault, track } = readLarge(message({ content }))
    t.equal(fault, null, unit)
    t.match(track, { content: true, finish: 'stop', reported: null, unread: false })
    const bytes = Buffer.byteLength(content)
    t.ok(track.size.tokens >= bytes / 4 && track.size.tokens <= 2 * bytes, `${unit}: ${track.size.tokens} tokens`)
  }
  const args = JSON.stringify({ text: 'a "long" one\n'.repeat(40_000) })
  const calls = [{ id: 'c', type: 'function', function: { name: 'write', arguments: args } }]
  const { track } = readLarge(message({ content: null, tool_calls: calls, function_call: { name: 'f' } }, 'tool_use'))
  t.strictSame(
    track.mends,
    read(message({ content: null, tool_calls: calls, function_call: { name: 'f' } }, 'tool_use')).track.mends,
  )
})

t.test('an answer of too many parts is counted by its usage, and not judged', async (t) => {
  const choices = Array.from({ length: 30_000 }, (_, index) => ({
    index,
    message: { content: 'hi' },
    finish_reason: 'stop',
  }))
  const { fault, track } = readLarge(`{"choices":${JSON.stringify(choices)},"model":"m",${USAGE}}`)
  t.equal(fault, null)
  t.match(track, { unread: true, model: 'm', reported: NINE, finish: null, mends: null })
})

t.test('a large answer is read in many small steps', async (t) => {
  for (const text of [
    message({ content: '\\"'.repeat(2_000_000) }),
    message({ content: 'a'.repeat(8_000_000) }).replace('"index":0', `"logprobs":[${'[{"a":1}],'.repeat(900_000)}0]`),
    `{"data":[${'0.125,'.repeat(1_300_000)}0],${USAGE}}`,
  ]) {
    const steps = readLargeBody(Buffer.from(text), new OpenAIAnswerState())
    let count = 0
    while (steps.next().done !== true) count++
    t.ok(count > 30, `${count} steps for ${text.length} bytes`)
  }
})
