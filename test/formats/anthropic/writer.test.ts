import t from 'tap'
import type { JsonObject } from '../../../src/core/json.ts'
import { NO_TOKENS } from '../../../src/core/no-tokens.ts'
import { MESSAGE_STOP } from '../../../src/formats/anthropic/events.ts'
import { MessageWriter } from '../../../src/formats/anthropic/writer.ts'
import type { AnswerState } from '../../../src/formats/answer-state.ts'
import { OpenAIAnswerState } from '../../../src/formats/openai/answer-state.ts'
import type { Piece } from '../../../src/formats/piece.ts'
import { messageEvents, messagesRequest } from '../../support/messages.ts'

const text = (words: string): Piece => ({ kind: 'text', choice: 0, text: words })
const thought = (words: string): Piece => ({ kind: 'thought', choice: 0, text: words })
const begins = (slot: number, id: string, name: string, json = ''): Piece => ({
  kind: 'call',
  choice: 0,
  slot,
  begins: { id, name, free: false },
  arguments: json,
})
const more = (slot: number, json: string): Piece => ({ kind: 'call', choice: 0, slot, begins: null, arguments: json })
const seal = (maker: string, value: string, slot: number | null = null): Piece => ({
  kind: 'seal',
  choice: 0,
  slot,
  seal: { maker, value, id: null },
})
const end = (
  finish: 'stop' | 'length' | 'tool_calls' | 'content_filter' | 'error' | 'unknown',
  stop: string | null = null,
): Piece => ({
  kind: 'end',
  choice: 0,
  finish,
  stop,
})

/** What a backend is known to have answered, its end being that of the pieces. */
function stateOf(pieces: readonly Piece[], traits: Partial<AnswerState> = {}): AnswerState {
  const last = pieces.find((piece) => piece.kind === 'end')
  const settled = { ...NO_TOKENS, input: 100, cachedInput: 60, cacheWrite: 10, output: 7, reasoning: 3 }
  const known = { id: 'chatcmpl-1', model: 'tiny', finish: last?.finish ?? null, settled, reported: null, ...traits }
  return Object.defineProperties(
    new OpenAIAnswerState(),
    Object.fromEntries(Object.entries(known).map(([name, value]) => [name, { value }])),
  )
}

/** Of a stream, each piece in an event of its own. */
function streamed(pieces: readonly Piece[], body: JsonObject = {}, traits: Partial<AnswerState> = {}) {
  const writer = new MessageWriter(messagesRequest({ stream: true, ...body }))
  const state = stateOf(pieces, traits)
  const out = [...pieces.map((piece) => writer.events([piece], state)), writer.last(state), MESSAGE_STOP]
  return messageEvents(Buffer.concat(out.filter((one) => one !== null)))
}

function whole(pieces: readonly Piece[], body: JsonObject = {}, traits: Partial<AnswerState> = {}) {
  return JSON.parse(
    new MessageWriter(messagesRequest(body)).body(pieces, stateOf(pieces, traits)).toString(),
  ) as JsonObject
}

/** The message that the events come to, as Anthropic's SDK puts it together. */
function collected(events: ReturnType<typeof streamed>): Record<string, unknown> {
  let message: Record<string, unknown> = {}
  const content: Record<string, unknown>[] = []
  let json = ''
  let open = -1
  for (const event of events) {
    switch (event.type) {
      case 'message_start':
        message = { ...(event['message'] as object) }
        break
      case 'content_block_start':
        if (open !== -1) throw new Error('a block begins in another')
        open = event['index'] as number
        if (open !== content.length) throw new Error(`block ${open} is number ${content.length}`)
        content.push({ ...(event['content_block'] as object) })
        json = ''
        break
      case 'content_block_delta': {
        if (event['index'] !== open) throw new Error('a delta of no open block')
        const block = content[open]!
        const delta = event['delta'] as Record<string, string>
        if (delta['type'] === 'text_delta') block['text'] = String(block['text']) + delta['text']!
        else if (delta['type'] === 'thinking_delta') block['thinking'] = String(block['thinking']) + delta['thinking']!
        else if (delta['type'] === 'signature_delta') block['signature'] = delta['signature']
        else if (delta['type'] === 'input_json_delta') json += delta['partial_json']!
        else block['citations'] = [...((block['citations'] as unknown[] | undefined) ?? []), delta['citation']]
        break
      }
      case 'content_block_stop':
        if (event['index'] !== open) throw new Error('the end of no open block')
        if (json !== '') content[open]!['input'] = JSON.parse(json) as object
        open = -1
        break
      case 'message_delta':
        message = { ...message, ...(event['delta'] as object), usage: event['usage'] }
        break
      case 'message_stop':
        if (open !== -1) throw new Error('the message ends in a block')
    }
  }
  return { ...message, content }
}

interface Case {
  readonly name: string
  readonly pieces: readonly Piece[]
  readonly content: readonly object[]
  readonly reason: string
  readonly body?: JsonObject
  readonly traits?: Partial<AnswerState>
}

const use = (id: string, name: string, input: object): object => ({ type: 'tool_use', id, name, input })

const CASES: readonly Case[] = [
  {
    name: 'a text',
    pieces: [text('Hel'), text('lo'), end('stop')],
    content: [{ type: 'text', text: 'Hello' }],
    reason: 'end_turn',
  },
  { name: 'nothing', pieces: [end('stop')], content: [], reason: 'end_turn' },
  {
    name: 'a text that was cut',
    pieces: [text('Hel'), end('length')],
    content: [{ type: 'text', text: 'Hel' }],
    reason: 'max_tokens',
  },
  {
    name: 'a context that was full',
    pieces: [text('Hel'), end('length')],
    content: [{ type: 'text', text: 'Hel' }],
    reason: 'model_context_window_exceeded',
    traits: { finishWord: 'model_context_window_exceeded' },
  },
  {
    name: 'an answer that broke off',
    pieces: [text('Hel'), end('error')],
    content: [{ type: 'text', text: 'Hel' }],
    reason: 'max_tokens',
  },
  {
    name: 'an end without a known word',
    pieces: [text('Hel'), end('unknown')],
    content: [{ type: 'text', text: 'Hel' }],
    reason: 'end_turn',
  },
  {
    name: 'a refusal',
    pieces: [{ kind: 'refusal', choice: 0, text: 'No.' }, end('stop')],
    content: [{ type: 'text', text: 'No.' }],
    reason: 'refusal',
  },
  {
    name: 'a filter',
    pieces: [text('Hel'), end('content_filter')],
    content: [{ type: 'text', text: 'Hel' }],
    reason: 'refusal',
  },
  {
    name: 'a stop sequence of the request',
    pieces: [text('Hel'), end('stop', '→')],
    content: [{ type: 'text', text: 'Hel' }],
    reason: 'stop_sequence',
    body: { stop_sequences: ['→'] },
  },
  {
    name: 'a stop that nobody asked for',
    pieces: [text('Hel'), end('stop', '<|im_end|>')],
    content: [{ type: 'text', text: 'Hel' }],
    reason: 'end_turn',
    body: { stop_sequences: ['→'] },
  },
  {
    name: 'a thought with its seal, and a text',
    pieces: [thought('Let '), thought('me'), seal('anthropic-messages', 'EqR'), text('So.'), end('stop')],
    content: [
      { type: 'thinking', thinking: 'Let me', signature: 'EqR' },
      { type: 'text', text: 'So.' },
    ],
    reason: 'end_turn',
  },
  {
    name: 'a thought that nobody signed',
    pieces: [thought('Let me'), text('So.'), end('stop')],
    content: [
      { type: 'thinking', thinking: 'Let me', signature: '' },
      { type: 'text', text: 'So.' },
    ],
    reason: 'end_turn',
  },
  {
    name: 'a seal alone, of another maker',
    pieces: [seal('openai-responses', 'gAAA'), text('So.'), end('stop')],
    content: [
      { type: 'redacted_thinking', data: 'turnout.openai-responses.gAAA' },
      { type: 'text', text: 'So.' },
    ],
    reason: 'end_turn',
  },
  {
    name: 'thoughts that the caller does not want to see',
    pieces: [
      thought('Let me'),
      text('So.'),
      thought('Hm'),
      seal('anthropic-messages', 'EqR'),
      text('Yes.'),
      end('stop'),
    ],
    content: [
      { type: 'text', text: 'So.' },
      { type: 'thinking', thinking: '', signature: 'EqR' },
      { type: 'text', text: 'Yes.' },
    ],
    reason: 'end_turn',
    body: { thinking: { type: 'adaptive', display: 'omitted' } },
  },
  {
    name: 'a call, behind which the engine says stop',
    pieces: [text('I look.'), begins(0, 'call_1', 'read'), more(0, '{"path"'), more(0, ':"a"}'), end('stop')],
    content: [{ type: 'text', text: 'I look.' }, use('call_1', 'read', { path: 'a' })],
    reason: 'tool_use',
  },
  {
    name: 'a call without arguments',
    pieces: [begins(0, 'call_1', 'now'), end('tool_calls')],
    content: [use('call_1', 'now', {})],
    reason: 'tool_use',
  },
  {
    name: 'a call that was cut',
    pieces: [begins(0, 'call_1', 'now', '{}'), end('length')],
    content: [use('call_1', 'now', {})],
    reason: 'max_tokens',
  },
  {
    name: 'calls one after another',
    pieces: [begins(0, 'a', 'x', '{"n":1}'), begins(1, 'b', 'y'), more(1, '{"n":'), more(1, '2}'), end('tool_calls')],
    content: [use('a', 'x', { n: 1 }), use('b', 'y', { n: 2 })],
    reason: 'tool_use',
  },
  {
    name: 'calls at the same time',
    pieces: [
      begins(0, 'a', 'x'),
      begins(1, 'b', 'y'),
      more(1, '{"n":'),
      more(0, '{"n":1'),
      more(1, '2}'),
      text('Both.'),
      more(0, '}'),
      end('tool_calls'),
    ],
    content: [use('a', 'x', { n: 1 }), use('b', 'y', { n: 2 }), { type: 'text', text: 'Both.' }],
    reason: 'tool_use',
  },
  {
    name: 'three calls at the same time, of which one has no arguments',
    pieces: [
      begins(0, 'a', 'x'),
      begins(1, 'b', 'y'),
      begins(2, 'c', 'z'),
      more(2, '{"n":3}'),
      more(1, '{"n":2}'),
      end('tool_calls'),
    ],
    content: [use('a', 'x', {}), use('b', 'y', { n: 2 }), use('c', 'z', { n: 3 })],
    reason: 'tool_use',
  },
  {
    name: 'an id that Anthropic would refuse',
    pieces: [begins(0, 'functions.read:0', 'read', '{}'), end('tool_calls')],
    content: [use('toolu_turnout_ZnVuY3Rpb25zLnJlYWQ6MA', 'read', {})],
    reason: 'tool_use',
  },
  {
    name: 'seals of calls have no place',
    pieces: [begins(0, 'a', 'x', '{}'), seal('gemini', 'CsI', 0), end('tool_calls')],
    content: [use('a', 'x', {})],
    reason: 'tool_use',
  },
  {
    name: 'a citation',
    pieces: [text('So.'), { kind: 'citation', choice: 0, url: 'https://a', title: 'A', range: null }, end('stop')],
    content: [
      {
        type: 'text',
        text: 'So.',
        citations: [
          { type: 'web_search_result_location', url: 'https://a', title: 'A', cited_text: '', encrypted_index: '' },
        ],
      },
    ],
    reason: 'end_turn',
  },
  {
    name: 'other choices are not told',
    pieces: [text('a'), { kind: 'text', choice: 1, text: 'b' }, end('stop')],
    content: [{ type: 'text', text: 'a' }],
    reason: 'end_turn',
  },
]

for (const { name, pieces, content, reason, body, traits } of CASES)
  t.test(`${name}: the same streamed and not`, async (t) => {
    const plain = whole(pieces, body, traits)
    t.strictSame(plain['content'], content)
    t.equal(plain['stop_reason'], reason)
    t.equal(plain['stop_sequence'], reason === 'stop_sequence' ? '→' : null)
    t.strictSame(collected(streamed(pieces, body, traits)), plain)
  })

t.test('the events of a text, in their order', async (t) => {
  const events = streamed([text('Hel'), text('lo'), end('stop')])
  const usage = {
    input_tokens: 30,
    cache_creation_input_tokens: 10,
    cache_read_input_tokens: 60,
    output_tokens: 7,
    output_tokens_details: { thinking_tokens: 3 },
    service_tier: null,
  }
  const none = {
    input_tokens: 0,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 0,
    output_tokens: 0,
    output_tokens_details: null,
    service_tier: null,
  }
  t.strictSame(events, [
    {
      type: 'message_start',
      message: {
        id: 'msg_req-1',
        type: 'message',
        role: 'assistant',
        model: 'tiny',
        content: [],
        stop_reason: null,
        stop_sequence: null,
        stop_details: null,
        usage: none,
      },
    },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hel' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'lo' } },
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null, stop_details: null }, usage },
    { type: 'message_stop' },
  ])
})

t.test('a message begins with the first event of its backend, whatever that brings', async (t) => {
  const writer = new MessageWriter(messagesRequest({ stream: true }))
  const state = stateOf([])
  t.match(messageEvents(writer.events([], state)!), [{ type: 'message_start' }])
  t.equal(writer.events([], state), null)
})

t.test('the later of two calls is held back only while the first is not whole', async (t) => {
  const writer = new MessageWriter(messagesRequest({ stream: true }))
  const state = stateOf([])
  const types = (piece: Piece): string[] => {
    const out = writer.events([piece], state)
    return out === null ? [] : messageEvents(out).map(({ type }) => type)
  }
  t.strictSame(types(begins(0, 'a', 'x')), ['message_start', 'content_block_start'])
  t.strictSame(types(begins(1, 'b', 'y')), [])
  t.strictSame(types(more(1, '{"n":')), [])
  t.strictSame(types(more(0, '{}')), [
    'content_block_delta',
    'content_block_stop',
    'content_block_start',
    'content_block_delta',
  ])
  t.strictSame(types(more(1, '2}')), ['content_block_delta'])
  t.strictSame(types(more(0, ' ')), [], 'more of a call that is closed is dropped')
})

t.test("the id is the engine's own where it is one of Anthropic's", async (t) => {
  t.equal(whole([end('stop')], {}, { id: 'msg_01' })['id'], 'msg_01')
})

t.test('a guess of the usage says that it is one, and what the backend charges is told', async (t) => {
  const settled = { ...NO_TOKENS, input: 10, output: 2, estimated: true, chargedNanoUsd: 1_500_000, tier: 'default' }
  t.strictSame(whole([end('stop')], {}, { settled })['usage'], {
    input_tokens: 10,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 0,
    output_tokens: 2,
    output_tokens_details: null,
    service_tier: 'standard',
    cost: 0.0015,
    estimated: true,
  })
})
