/** How streams end, and what is in them: each cut into network chunks at every byte, each beside its whole form. */
import { OPENAI } from '../../src/formats/openai/openai.ts'
import t from 'tap'
import { verdictOf } from '../../src/accounting/verdict.ts'
import type { Verdict } from '../../src/core/settlement.ts'
import type { RoutePlan } from '../../src/core/types.ts'
import { readBody } from '../../src/formats/openai/body.ts'
import { usageSoFar } from '../../src/formats/usage-so-far.ts'
import { OpenAIAnswerReader } from '../../src/formats/openai/answer-reader.ts'
import { OpenAIAnswerState } from '../../src/formats/openai/answer-state.ts'
import { type StreamProgress, StreamReader } from '../../src/backends/upstream/stream-reader.ts'
import { backend, gatewayRequest } from '../support/factories.ts'

interface Heard {
  readonly code: string | null
  /** Nothing of it has reached the caller: the next backend can be asked. */
  readonly free: boolean
  readonly finish: string | null
  readonly success: boolean
  readonly why: string | null
}

const PLAN = { success: { finish: null, json: false, schema: false } } as RoutePlan
const REQUEST = gatewayRequest({ model: 'm' })

function judge(track: OpenAIAnswerState, streamed: boolean): Verdict {
  const exchange = { track, streamed, body: Buffer.from('{}') }
  return verdictOf({ request: REQUEST, plan: PLAN, answer: { exchange }, error: null }, null)
}

function hear(
  pieces: readonly Buffer[],
  choices: number,
): Heard & { readonly out: string; readonly track: OpenAIAnswerState } {
  const request = gatewayRequest({ model: 'm', stream: true, n: choices }, { id: 'r' })
  const answer = new OpenAIAnswerReader(request, { inputTokens: 7, checks: null, nowMs: 0, clock: () => 0 })
  const track = answer.state
  const reader = new StreamReader({
    call: { backend: backend(), answer, format: OPENAI.backend },
    bufferBytes: 1 << 20,
    retryAfterMs: null,
  })
  let out = ''
  let last: StreamProgress | null = null
  for (const piece of pieces) {
    last = reader.push(piece)
    out += last.out?.toString() ?? ''
    if (last.done || last.failure !== null) break
  }
  if (last === null || (!last.done && last.failure === null)) {
    last = reader.finish()
    out += last.out?.toString() ?? ''
  }
  const code = last.failure?.code ?? null
  const { success, why } = code === null ? judge(track, true) : { success: false, why: code }
  return { code, free: out === '', finish: track.finish, success, why, out, track }
}

const choice = (delta: object, finish: unknown = null, index = 0): object => ({ index, delta, finish_reason: finish })
const event = (...choices: object[]): string => `data: ${JSON.stringify({ id: 'c', model: 'm', choices })}\n\n`
const say = (content: string, finish: unknown = null, index = 0): string => event(choice({ content }, finish, index))
const end = (finish: unknown, index = 0): string => event(choice({}, finish, index))
const DONE = 'data: [DONE]\n\n'
const ROLE = event(choice({ role: 'assistant', content: '' }))
const ERROR = 'data: {"error":{"message":"boom","code":500}}\n\n'
const CALL = event(
  choice({ tool_calls: [{ index: 0, id: 'a', type: 'function', function: { name: 'f', arguments: '' } }] }),
)

const WHOLE: Heard = { code: null, free: false, finish: 'stop', success: true, why: null }
const CUT: Heard = {
  code: 'upstream_incomplete',
  free: false,
  finish: null,
  success: false,
  why: 'upstream_incomplete',
}
const UNSAID: Heard = { ...WHOLE, finish: 'unknown', why: 'unchecked' }

const ENDS: Readonly<Record<string, readonly [stream: string, wanted: Partial<Heard>, choices?: number]>> = {
  'a reason and the end': [ROLE + say('a') + end('stop') + DONE, WHOLE],
  'a reason without [DONE]': [ROLE + say('a') + end('stop'), WHOLE],
  'a reason with the last text': [say('a') + say('b', 'stop'), WHOLE],
  'no reason, no [DONE]': [ROLE + say('a'), CUT],
  'empty reasons, no [DONE]': [say('a', '') + say('b', ''), CUT],
  'the word null': [say('a', 'null') + say('b', 'null'), CUT],
  'the word None': [say('a', 'None') + say('b', 'None'), CUT],
  not_finished: [say('a', 'not_finished') + say('b', 'not_finished'), CUT],
  FINISH_REASON_UNSPECIFIED: [say('a', 'FINISH_REASON_UNSPECIFIED'), CUT],
  'a strange word beside each text': [say('a', 'going') + say('b', 'going'), { ...CUT, finish: 'unknown' }],
  'a strange word beside each text, and with nothing': [
    say('a', 'going') + say('b', 'going') + end('going'),
    { ...CUT, finish: 'unknown' },
  ],
  'a strange word beside each text, then an end': [say('a', 'going') + say('b', 'going') + end('stop'), WHOLE],
  'a strange word beside each text, then [DONE]': [say('a', 'going') + say('b', 'going') + DONE, UNSAID],
  'stop beside each text, cut': [say('a', 'stop') + say('b', 'stop'), { ...CUT, finish: 'stop' }],
  'stop beside each text, then [DONE]': [say('a', 'stop') + say('b', 'stop') + DONE, WHOLE],
  'text behind the reason': [say('a') + end('stop') + say('b'), CUT],
  'reasoning behind the reason': [say('a') + end('stop') + event(choice({ reasoning_content: 'hm' })), CUT],
  'a call behind the reason': [say('a') + end('stop') + CALL, CUT],
  'text behind the reason, then another': [
    say('a') + end('stop') + say('b') + end('length'),
    { finish: 'length', why: 'truncated' },
  ],
  'a strange word once, without [DONE]': [say('a') + end('strange'), UNSAID],
  'a strange word once, with [DONE]': [say('a') + end('strange') + DONE, UNSAID],
  'an empty reason behind the reason': [say('a') + end('stop') + end('') + DONE, WHOLE],
  'an empty reason behind the reason, no [DONE]': [say('a') + end('stop') + end(''), WHOLE],
  'null behind the reason': [say('a') + end('stop') + end(null), WHOLE],
  'the word null behind the reason': [say('a') + end('stop') + end('null'), WHOLE],
  'a number for a reason': [say('a') + end(1), CUT],
  'no reason at all, but [DONE]': [say('a') + DONE, { ...UNSAID, finish: null }],
  'empty reasons, but [DONE]': [say('a', '') + DONE, { ...UNSAID, finish: null }],
  TGI: [say('a') + end('eos_token') + DONE, WHOLE],
  'Gemini cut': [say('a') + end('MAX_TOKENS') + DONE, { finish: 'length', success: false, why: 'truncated' }],
  'a filter by another word': [
    say('a') + end('SAFETY') + DONE,
    { finish: 'content_filter', success: false, why: 'refusal' },
  ],
  'a failure by another word': [
    say('a') + end('network_error') + DONE,
    { finish: 'error', success: false, why: 'finish' },
  ],
  'two choices, one of them cut': [say('a') + say('b', null, 1) + end('stop'), { ...CUT, finish: 'stop' }],
  'two choices, the first one cut': [say('a') + say('b', null, 1) + end('stop', 1), CUT],
  'two choices in one event, one of them cut': [
    event(choice({ content: 'a' }), choice({ content: 'b' }, null, 1)) +
      event(choice({}, 'stop'), choice({ content: 'c' }, null, 1)),
    { ...CUT, finish: 'stop' },
  ],
  'a second choice that comes late, in one event with the first': [
    say('a') + say('a') + say('a') + event(choice({ content: 'b' }), choice({ content: 'c' }, null, 1)) + end('stop'),
    { ...CUT, finish: 'stop' },
  ],
  'two choices, one of them cut in spite of [DONE]': [
    say('a') + say('b', null, 1) + end('stop') + DONE,
    { ...CUT, finish: 'stop' },
  ],
  'two choices, both whole': [say('a') + say('b', null, 1) + end('stop') + end('length', 1), WHOLE],
  'two were asked for, one never began': [say('a') + end('stop'), { ...CUT, finish: 'stop' }, 2],
  'two were asked for, the engine gives one': [say('a') + end('stop') + DONE, WHOLE, 2],
  'ten choices, the last one cut': [
    Array.from({ length: 11 }, (_, index) => say('x', null, index)).join('') +
      Array.from({ length: 10 }, (_, index) => end('stop', index)).join(''),
    { ...CUT, finish: 'stop' },
    11,
  ],
  'legacy, whole': [
    event({ index: 0, text: 'a', finish_reason: null }) + event({ index: 0, text: '', finish_reason: 'stop' }),
    WHOLE,
  ],
  'legacy, cut': [
    event({ index: 0, text: 'a', finish_reason: '' }) + event({ index: 0, text: 'b', finish_reason: '' }),
    CUT,
  ],
  'legacy, two prompts, one cut': [
    event({ index: 0, text: 'a', finish_reason: null }) +
      event({ index: 1, text: 'a', finish_reason: null }) +
      event({ index: 0, text: '', finish_reason: 'stop' }),
    { ...CUT, finish: 'stop' },
  ],
  'no index at all': [
    event({ delta: { content: 'a' }, finish_reason: null }) + event({ delta: {}, finish_reason: 'stop' }),
    WHOLE,
  ],

  // What binds the caller to a backend.
  'a role, then an error': [ROLE + ERROR, { code: 'upstream_error', free: true }],
  'an empty delta, then an error': [end(null) + ERROR, { code: 'upstream_error', free: true }],
  'empty text, then an error': [say('') + say('') + ERROR, { code: 'upstream_error', free: true }],
  "Azure's filter results, then an error": [
    `data: {"id":"","model":"","choices":[],"prompt_filter_results":[{"prompt_index":0}]}\n\n${ROLE}${ERROR}`,
    { code: 'upstream_error', free: true },
  ],
  'a ping, then an error': [`event: ping\ndata: {"type":"ping"}\n\n${ERROR}`, { code: 'upstream_error', free: true }],
  'a comment, then an error': [`: OPENROUTER PROCESSING\n\n${ERROR}`, { code: 'upstream_error', free: true }],
  'a role, then the end of the connection': [ROLE, { code: 'upstream_incomplete', free: true }],
  'a role, then [DONE]': [ROLE + DONE, { code: 'upstream_bad_response', free: true }],
  'a role, then what is no JSON': [`${ROLE}data: oops\n\n`, { code: 'upstream_bad_response', free: true }],
  'empty reasoning and no calls, then an error': [
    event(choice({ reasoning_content: '', tool_calls: [], content: null })) + ERROR,
    { code: 'upstream_error', free: true },
  ],
  'logprobs of nothing, then an error': [
    event({ ...choice({ content: '' }), logprobs: { content: [] } }) + ERROR,
    { code: 'upstream_error', free: true },
  ],
  'progress of the prompt, then an error': [
    `data: {"choices":[{"index":0,"delta":{"role":"assistant","content":null},"finish_reason":null}],"prompt_progress":{"total":9,"processed":3}}\n\n${ERROR}`,
    { code: 'upstream_error', free: true },
  ],
  'usage of the prompt, then an error': [
    `data: {"choices":[{"index":0,"delta":{"role":"assistant"},"finish_reason":null}],"usage":{"prompt_tokens":3,"completion_tokens":0}}\n\n${ERROR}`,
    { code: 'upstream_error', free: true },
  ],
  'text, then an error': [say('a') + ERROR, { code: 'upstream_error', free: false }],
  'white space, then an error': [say('\n') + ERROR, { code: 'upstream_error', free: false }],
  'reasoning, then an error': [event(choice({ reasoning: 'hm' })) + ERROR, { code: 'upstream_error', free: false }],
  'reasoning in a list, then an error': [
    event(choice({ reasoning_details: [{ type: 'reasoning.text', text: 'hm' }] })) + ERROR,
    { code: 'upstream_error', free: false },
  ],
  'a call, then an error': [CALL + ERROR, { code: 'upstream_error', free: false }],
  'a legacy call, then an error': [event(choice({ function_call: { name: 'f' } })) + ERROR, { free: false }],
  'a refusal, then an error': [event(choice({ refusal: 'no' })) + ERROR, { free: false }],
  'audio, then an error': [event(choice({ audio: { id: 'a', data: 'x' } })) + ERROR, { free: false }],
  'a picture, then an error': [
    event(choice({ images: [{ type: 'image_url', image_url: { url: 'data:x' } }] })) + ERROR,
    { free: false },
  ],
  'logprobs, then an error': [
    event({ ...choice({ content: '' }), logprobs: { content: [{ token: 'a', logprob: -1 }] } }) + ERROR,
    { free: false },
  ],
  'a finish reason, then an error': [end('stop') + ERROR, { free: false }],
  'legacy text, then an error': [event({ index: 0, text: 'a', finish_reason: null }) + ERROR, { free: false }],
  'empty legacy text, then an error': [event({ index: 0, text: '', finish_reason: null }) + ERROR, { free: true }],
}

/** In two pieces, at every byte. */
const splits = (bytes: Buffer): Buffer[][] =>
  Array.from({ length: bytes.length - 1 }, (_, at) => [bytes.subarray(0, at + 1), bytes.subarray(at + 1)])

for (const [name, [stream, wanted, choices = 1]] of Object.entries(ENDS))
  t.test(name, async (t) => {
    const bytes = Buffer.from(stream)
    const whole = hear([bytes], choices)
    t.match(whole, wanted)
    const told = ({ track, ...heard }: Heard & { readonly track: OpenAIAnswerState }): string =>
      JSON.stringify({ ...heard, usage: track.reported })
    const otherwise = splits(bytes).filter((pieces) => told(hear(pieces, choices)) !== told(whole))
    t.strictSame(otherwise, [], 'split anywhere')
    const each = hear(
      Array.from(bytes, (byte) => Buffer.of(byte)),
      choices,
    )
    t.match(each, wanted, 'byte by byte')
    if (whole.code === null) t.ok(stream.startsWith(whole.out.slice(0, 20)), 'what was held comes out in order')
  })

const THINK = '<think>\nThe user asks.\n</think>\n\n'
type Parts = readonly Readonly<Record<string, unknown>>[]
const text = (...pieces: readonly string[]): Parts => pieces.map((content) => ({ content }))

/** Deltas of a stream (the whole form has them joined), and whether there is an answer in them. */
const ANSWERS: Readonly<Record<string, readonly [deltas: Parts, answer: boolean]>> = {
  text: [text('Par', 'is.'), true],
  nothing: [[], false],
  'white space': [text(' ', '\n\n', '\t'), false],
  'signs of no width': [text('\u200b', '\ufeff', '\u00a0'), false],
  'reasoning_content alone': [[{ reasoning_content: 'The user ' }, { reasoning_content: 'asks' }], false],
  'reasoning alone': [[{ reasoning: 'The user ' }, { reasoning: 'asks' }], false],
  'thinking alone': [[{ thinking: 'The user asks' }], false],
  'reasoning and white space': [[{ reasoning_content: 'hm' }, { content: '\n' }], false],
  'reasoning, then text': [[{ reasoning_content: 'hm' }, { content: 'Paris.' }], true],
  'thought in tags alone': [text(...Array.from(THINK)), false],
  'thought in tags, never closed': [text('<think>', 'The user asks'), false],
  'thought in tags, then text': [text(THINK, 'Paris.'), true],
  'thought in tags and text in one': [text(`${THINK}P`), true],
  'two thoughts': [text(THINK, THINK), false],
  'two thoughts, then text': [text(THINK, THINK, 'x'), true],
  'empty thought': [text('<think></think>'), false],
  'the closer alone': [text('</think>', '\n'), false],
  '<thinking>': [text('<thinking>a</thinking>'), false],
  '<thought>': [text('<thought>a</thought>'), false],
  '[THINK]': [text('[THINK]a[/THINK]'), false],
  '◁think▷': [text('◁think▷a◁/think▷'), false],
  'a tag that is none': [text('<thin', 'g>'), true],
  'a tag that only begins': [text('<thin'), true],
  'a tag behind text': [text('x <think>', 'a</think>'), true],
  'a call': [
    [{ tool_calls: [{ index: 0, id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } }] }],
    true,
  ],
  'a call with blank arguments': [
    [{ tool_calls: [{ index: 0, id: 'a', type: 'function', function: { name: 'f', arguments: ' ' } }] }],
    true,
  ],
  'a legacy call': [[{ function_call: { name: 'f', arguments: '' } }], true],
  'reasoning, then a call': [
    [
      { reasoning: 'hm' },
      { tool_calls: [{ index: 0, id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } }] },
    ],
    true,
  ],
  audio: [[{ audio: { id: 'a', data: 'x' } }], true],
  'a picture': [[{ images: [{ type: 'image_url', image_url: { url: 'data:x' } }] }], true],
  'parts: thinking alone': [[{ content: [{ type: 'thinking', thinking: [{ type: 'text', text: 'hm' }] }] }], false],
  'parts: text': [[{ content: [{ type: 'text', text: 'x' }] }], true],
  'parts: blank text': [[{ content: [{ type: 'text', text: ' ' }] }], false],
  'parts: a picture': [[{ content: [{ type: 'image_url', image_url: { url: 'x' } }] }], true],
}

/** The whole form of what a stream brings in pieces. */
function joined(deltas: Parts): Readonly<Record<string, unknown>> {
  const message: Record<string, unknown> = { role: 'assistant', content: null }
  for (const delta of deltas)
    for (const [key, value] of Object.entries(delta)) {
      const before = message[key]
      message[key] = typeof value === 'string' && typeof before === 'string' ? before + value : value
    }
  return message
}

for (const [name, [deltas, answer]] of Object.entries(ANSWERS))
  t.test(`an answer, streamed and whole: ${name}`, async (t) => {
    const usage = { prompt_tokens: 7, completion_tokens: 9, total_tokens: 16 }
    const tail = `${end('stop')}data: ${JSON.stringify({ choices: [], usage })}\n\n${DONE}`
    const bytes = Buffer.from(ROLE + deltas.map((delta) => event(choice(delta))).join('') + tail)
    const wanted = { code: null, success: answer, why: answer ? null : 'empty' }
    const whole = new OpenAIAnswerState()
    const body = { model: 'm', choices: [{ index: 0, message: joined(deltas), finish_reason: 'stop' }], usage }
    t.equal(readBody(Buffer.from(JSON.stringify(body)), whole), null)
    t.match(judge(whole, false), { success: wanted.success, why: wanted.why }, 'whole')
    t.match(hear([bytes], 1), wanted, 'streamed')
    const otherwise = splits(bytes).filter((pieces) => {
      const { code, success, why, track } = hear(pieces, 1)
      return code !== null || success !== wanted.success || why !== wanted.why || track.reported?.output !== 9
    })
    t.strictSame(otherwise, [], 'split anywhere')
  })

t.test('a whole answer: what is said of its end, and what is not', async (t) => {
  const rows: readonly (readonly [
    finish: unknown,
    content: string,
    finish: string | null,
    success: boolean,
    why: string | null,
  ])[] = [
    ['stop', 'x', 'stop', true, null],
    ['eos_token', 'x', 'stop', true, null],
    ['END_TURN', 'x', 'stop', true, null],
    ['', 'x', null, true, 'unchecked'],
    ['null', 'x', null, true, 'unchecked'],
    [null, 'x', null, true, 'unchecked'],
    [undefined, 'x', null, true, 'unchecked'],
    ['strange', 'x', 'unknown', true, 'unchecked'],
    ['strange', ' ', 'unknown', false, 'empty'],
    [null, '', null, false, 'empty'],
    ['MAX_TOKENS', 'x', 'length', false, 'truncated'],
    ['abort', 'x', 'error', false, 'finish'],
  ]
  for (const [finish_reason, content, finish, success, why] of rows) {
    const track = new OpenAIAnswerState()
    readBody(Buffer.from(JSON.stringify({ choices: [{ index: 0, message: { content }, finish_reason }] })), track)
    track.settled = usageSoFar(track, 1, true)
    t.equal(track.finish, finish, String(finish_reason))
    t.match(judge(track, false), { success, why }, String(finish_reason))
  }
})

const DEEP = '['.repeat(20_000) + ']'.repeat(20_000)
const HOSTILE: Readonly<Record<string, string>> = {
  'text nested beyond reason': `{"choices":[{"index":0,"delta":{"content":${DEEP}}}]}`,
  'reasoning nested beyond reason': `{"choices":[{"index":0,"delta":{"reasoning_details":${DEEP}}}]}`,
  'arguments nested beyond reason': `{"choices":[{"index":0,"delta":{"tool_calls":[{"function":{"name":"f","arguments":${DEEP}}}]}}]}`,
  'a field of a call nested beyond reason': `{"choices":[{"index":0,"delta":{"tool_calls":[{"function":{"name":"f"},"x":${DEEP}}]}}]}`,
  'a reason nested beyond reason': `{"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":${DEEP}}]}`,
  'arguments that are no JSON text': String.raw`{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"\x"}}]}}]}`,
  'a choice that is none': '{"choices":[null,1,"x",[],{}]}',
  'a thousand calls': JSON.stringify({
    choices: [
      {
        index: 0,
        delta: { tool_calls: Array.from({ length: 3_000 }, (_, i) => ({ id: `c${i}`, function: { name: 'f' } })) },
      },
    ],
  }),
}

t.test('nothing that a backend may send makes the reader throw, streamed or whole', async (t) => {
  for (const [name, json] of Object.entries(HOSTILE))
    for (const before of [
      '',
      ROLE,
      say('a'),
      CALL,
      `${CALL}${CALL.replace('"arguments":""', '"arguments":"x"')}`,
      event(choice({ tool_calls: [{ index: 0, function: { arguments: 'x' } }] })),
    ]) {
      t.doesNotThrow(() => hear([Buffer.from(`${before}data: ${json}\n\n${end('stop')}${DONE}`)], 1), name)
      const body = Buffer.from(json.replaceAll('"delta"', '"message"'))
      const track = new OpenAIAnswerState()
      t.doesNotThrow(() => readBody(body, track), `${name}, whole`)
    }
})

t.test('3,000 choices and as many calls are read in no time', async (t) => {
  const events = Array.from(
    { length: 3_000 },
    (_, index) =>
      say('x', null, index) +
      event(choice({ tool_calls: [{ id: `c${index}`, function: { name: 'f', arguments: '{}' } }] })),
  )
  const at = performance.now()
  hear([Buffer.from(events.join(''))], 1)
  t.ok(performance.now() - at < 5_000)
})
