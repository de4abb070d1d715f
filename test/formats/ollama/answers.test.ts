/** What answers of an Ollama tell, and how those of others are written for its clients. */
import t from 'tap'
import {
  OLLAMA_CHAT,
  OLLAMA_EMBED,
  OLLAMA_EMBEDDINGS,
  OLLAMA_GENERATE,
  type Endpoint,
} from '../../../src/core/endpoints.ts'
import type { GatewayRequest } from '../../../src/core/types.ts'
import type { AnswerReader } from '../../../src/formats/format.ts'
import type { Piece } from '../../../src/formats/piece.ts'
import { frameText, type SseFrame } from '../../../src/formats/sse.ts'
import { OllamaAnswerReader } from '../../../src/formats/ollama/answer-reader.ts'
import { LINES } from '../../../src/formats/ollama/lines.ts'
import { OLLAMA_FORMAT } from '../../../src/formats/ollama/ollama.ts'
import { OllamaWriter } from '../../../src/formats/ollama/writer.ts'
import { noSamples, sample } from '../../support/samples.ts'
import { asked } from './requests.ts'

const chat = (more: object = {}): GatewayRequest =>
  asked(OLLAMA_CHAT, { model: 'tiny', messages: [{ role: 'user', content: 'hi' }], ...more })
const generate = (): GatewayRequest => asked(OLLAMA_GENERATE, { model: 'tiny', prompt: 'hi' })
const READING = { inputTokens: 11, checks: null, nowMs: 0, clock: () => 0 }

const line = (value: object): string =>
  `${JSON.stringify({ model: 'tiny', created_at: '2026-11-30T12:00:00Z', ...value })}\n`
const said = (content: string, more: object = {}): string =>
  line({ message: { role: 'assistant', content, ...more }, done: false })
const done = (more: object = {}): string =>
  line({
    message: { role: 'assistant', content: '' },
    done: true,
    done_reason: 'stop',
    prompt_eval_count: 5,
    eval_count: 2,
    ...more,
  })

function framesOf(text: string): SseFrame[] {
  const frames: SseFrame[] = []
  const splitter = LINES.splitter()
  splitter.push(Buffer.from(text), frames)
  splitter.flush(frames)
  return frames
}

interface Heard {
  readonly reader: AnswerReader
  readonly pieces: readonly Piece[]
  readonly verdicts: readonly string[]
}

function heard(text: string, request = chat(), checks: { json: boolean; mustCall: boolean } | null = null): Heard {
  const reader = new OllamaAnswerReader(request, { ...READING, checks })
  const verdicts: string[] = []
  const pieces = framesOf(text).flatMap((frame) => {
    const verdict = reader.event(frame)
    verdicts.push(verdict.kind === 'fault' ? `fault: ${verdict.fault.message}` : verdict.kind)
    return verdict.kind === 'send' ? reader.pieces(verdict.raw) : []
  })
  return { reader, pieces, verdicts }
}

t.test('a stream tells its text, its end and its tokens', async (t) => {
  const { reader, pieces } = heard(said('größer ') + said('水') + done({ prompt_eval_cached_count: 4 }))
  t.match(pieces, [
    { kind: 'text', text: 'größer ' },
    { kind: 'text', text: '水' },
    { kind: 'end', finish: 'stop' },
  ])
  t.match(reader.state.reported, { input: 5, cachedInput: 4, output: 2 })
  t.match(reader.state, { model: 'tiny', created: 1796040000, finish: 'stop', content: true, done: true })
  t.ok(reader.finished)
})

t.test('thoughts and calls, whole, with ids that are made where there are none', async (t) => {
  const calls = [
    { function: { name: 'f', arguments: { a: 1 } } },
    { id: 'own', function: { name: 'g', arguments: {} } },
  ]
  const { reader, pieces } = heard(said('', { thinking: 'hm' }) + said('', { tool_calls: calls }) + done())
  const ids = pieces.flatMap((piece) => (piece.kind === 'call' ? [piece.begins?.id ?? ''] : []))
  t.match(pieces, [
    { kind: 'thought', text: 'hm' },
    { kind: 'call', slot: 0, begins: { name: 'f' }, arguments: '{"a":1}' },
    { kind: 'call', slot: 1, begins: { name: 'g', id: 'own' }, arguments: '{}' },
    { kind: 'end', finish: 'tool_calls' },
  ])
  t.match(ids[0], /^call_.+_0$/)
  t.equal(reader.state.finish, 'tool_calls', 'Ollama says stop')
  const only = heard(said('', { thinking: 'hm' }) + done()).reader.state
  t.equal(only.content, false, 'thinking is no answer')
  t.equal(heard(said('<think>hm</think>') + done()).reader.state.content, false, 'nor what was left in the text')
})

t.test('generate has its text beside the rest', async (t) => {
  const answer =
    line({ response: 'a', done: false }) +
    line({ response: 'b', thinking: 'c', done: false }) +
    done({ message: undefined, response: '' })
  const { pieces } = heard(answer, generate())
  t.match(pieces, [{ text: 'a' }, { kind: 'thought', text: 'c' }, { text: 'b' }, { kind: 'end' }])
})

t.test('what will be checked is gathered', async (t) => {
  const calls = [{ function: { name: 'f', arguments: { a: 1 } } }]
  const { reader } = heard(said('{"x"') + said(':1}') + said('', { tool_calls: calls }) + done(), chat(), {
    json: true,
    mustCall: false,
  })
  t.equal(reader.state.collected?.text, '{"x":1}')
  t.strictSame(reader.state.collected?.calls, [{ name: 'f', arguments: '{"a":1}' }])
})

t.test('an error in the middle is a fault, and what is cut is not complete', async (t) => {
  const broken = heard(said('a') + '{"error":"the runner has died"}\n')
  t.strictSame(broken.verdicts, ['send', 'fault: the runner has died'])
  t.notOk(broken.reader.finished)
  const nested = heard(
    `{"error":${JSON.stringify('{"error":{"code":400,"message":"too long","type":"exceed_context_size_error"}}')}}\n`,
  )
  t.strictSame(nested.verdicts, ['fault: too long'])
  const silent = heard(said('a') + said('b'))
  t.notOk(silent.reader.finished)
  t.ok(silent.reader.begun)
  t.strictSame(heard(said('a') + 'not json\n').verdicts, ['send', 'garbage'])
  t.strictSame(heard('"text"\n').verdicts, ['garbage'])
})

t.test('a text may hold the words of Ollama', async (t) => {
  const words = '{"done":true,"error":"x","tool_calls":[]}'
  const { verdicts, reader } = heard(said('a') + said(words) + said('b'))
  t.strictSame(verdicts, ['send', 'send', 'send'])
  t.notOk(reader.finished)
})

t.test(
  'older versions leave out a prompt that was in the cache, or say 0: it counts as it was estimated',
  async (t) => {
    for (const count of [undefined, 0]) {
      const { reader } = heard(said('a') + done({ prompt_eval_count: count, eval_count: 7 }))
      t.equal(reader.state.reported, null)
      reader.complete(0)
      t.match(reader.state.settled, { input: 11, output: 7, estimated: true })
    }
  },
)

t.test('a load is complete without a word', async (t) => {
  const { reader } = heard(done({ done_reason: 'load', prompt_eval_count: undefined, eval_count: undefined }))
  t.match(reader.state, { content: true, finish: 'stop', finishWord: 'load' })
})

t.test('vectors, of one text or of several', async (t) => {
  for (const [endpoint, body, vectors] of [
    [OLLAMA_EMBED, { model: 'm', embeddings: [[0.5, -1], [2, 3]], prompt_eval_count: 4 }, [[0.5, -1], [2, 3]]],
    [OLLAMA_EMBEDDINGS, { embedding: [0.25] }, [[0.25]]],
  ] as const) {
    const reader = new OllamaAnswerReader(asked(endpoint, { model: 'm', input: 'a', prompt: 'a' }), READING)
    const bytes = Buffer.from(JSON.stringify(body))
    t.equal(reader.body(bytes), null)
    t.strictSame(reader.pieces(bytes), vectors.map((numbers, choice) => ({ kind: 'vector', choice, numbers })))
    t.ok(reader.state.content)
  }
  const none = new OllamaAnswerReader(asked(OLLAMA_EMBED, { model: 'm', input: 'a' }), READING)
  t.match(none.body(Buffer.from('{"error":"no embeddings"}')), { message: 'no embeddings' })
  t.equal(none.body(Buffer.from('{"models":[]}')), 'garbage')
}) // prettier-ignore

t.test('recorded answers are read, whole and streamed', { skip: noSamples }, async (t) => {
  const whole = (name: string): AnswerReader => {
    const reader = new OllamaAnswerReader(chat({ stream: false }), READING)
    t.equal(reader.body(sample(`ollama/${name}`).body), null, name)
    return reader
  }
  t.match(whole('api-chat').state, { finish: 'length', reported: { input: 47, cachedInput: 46, output: 8 }, model: 'tiny' })
  t.match(whole('api-chat-think').pieces(sample('ollama/api-chat-think').body), [
    { kind: 'thought', text: 'Let me think about this first' },
    { kind: 'text', text: 'The river runs to the hills and coffee.' },
    { kind: 'end', finish: 'stop' },
  ])
  const { reader, pieces } = heard(sample('ollama/api-chat-stream').body.toString())
  t.match(reader.state, { finish: 'length', reported: { input: 47, cachedInput: 46, output: 4 }, done: true })
  t.equal(pieces.map((piece) => (piece.kind === 'text' ? piece.text : '')).join(''), 'The garden grows behind')
  t.match(whole('api-load-only').state, { content: true })
  t.match(OLLAMA_FORMAT.backend.readFault(sample('ollama/error-model-native').body.toString()), { message: "model 'nope' not found" })
}) // prettier-ignore

// ---------------------------------------------------------------- writing

const END: Piece = { kind: 'end', choice: 0, finish: 'stop', stop: null }
const call = (slot: number, name: string, text: string, begins = true): Piece => ({
  kind: 'call',
  choice: 0,
  slot,
  begins: begins ? { id: `c${slot}`, name, free: false } : null,
  arguments: text,
})

/** The lines of a stream; the clock goes on by a millisecond each time it is read. */
function written(events: readonly (readonly Piece[])[], request = chat()): Record<string, unknown>[] {
  let ms = 0
  const writer = new OllamaWriter(request, Date.UTC(2026, 10, 30), () => ms++)
  const { state } = new OllamaAnswerReader(request, READING)
  const lines = events.flatMap((pieces) => writer.events(pieces, state) ?? [])
  state.reported = { ...heard(done()).reader.state.reported!, cachedInput: 3 }
  const last = writer.last(state)
  return framesOf(Buffer.concat([...lines, ...(last === null ? [] : [last])]).toString()).map(
    (frame) => JSON.parse(frameText(frame)) as Record<string, unknown>,
  )
}

t.test('an answer is written line by line, and its last line tells end, times and tokens', async (t) => {
  const lines = written([[{ kind: 'thought', choice: 0, text: 'hm' }], [{ kind: 'text', choice: 0, text: 'a' }], [END]])
  t.match(lines, [
    { model: 'tiny', created_at: '2026-11-30T00:00:00.000Z', message: { role: 'assistant', content: '', thinking: 'hm' }, done: false },
    { message: { role: 'assistant', content: 'a' }, done: false },
    { message: { role: 'assistant', content: '' }, done: true, done_reason: 'stop', prompt_eval_count: 5, prompt_eval_cached_count: 3, eval_count: 2 },
  ])
  const { total_duration: total, prompt_eval_duration: first, eval_duration: rest } = lines.at(-1)!
  for (const duration of [total, first, rest]) t.ok(Number.isInteger(duration) && (duration as number) >= 1e6, 'nanoseconds')
  t.strictSame(written([[{ kind: 'text', choice: 0, text: 'a' }], [END]], generate()).map(({ response, message }) => [response, message]), [['a', undefined], ['', undefined]])
}) // prettier-ignore

t.test('calls are written whole, however they came', async (t) => {
  const lines = written([[call(0, 'f', '{"a"')], [call(0, 'f', ':1}', false), call(1, 'g', '')], [END]])
  t.match(lines[0], {
    message: {
      content: '',
      tool_calls: [
        { id: 'c0', function: { index: 0, name: 'f', arguments: { a: 1 } } },
        { id: 'c1', function: { index: 1, name: 'g', arguments: {} } },
      ],
    },
  })
  t.equal(lines.length, 2)
  t.match(written([[call(0, 'f', 'no json')], [END]])[0], {
    message: { tool_calls: [{ function: { arguments: { input: 'no json' } } }] },
  })
})

t.test('an answer without a word is one, too', async (t) => {
  t.match(written([[END]]), [
    { message: { content: '' }, done: false },
    { done: true, done_reason: 'stop' },
  ])
})

t.test('each end has its word', async (t) => {
  for (const [finish, word] of [['stop', 'stop'], ['length', 'length'], ['tool_calls', 'stop'], ['content_filter', 'content_filter'], ['unknown', 'stop']] as const)
    t.match(written([[{ ...END, finish }]]).at(-1), { done_reason: word }, finish)
}) // prettier-ignore

t.test('keep-alive lines and errors are lines that clients of both kinds read', async (t) => {
  const { stream } = OLLAMA_FORMAT.caller
  const { comment, end } = stream
  t.match(JSON.parse(comment.toString()), { message: { role: 'assistant', content: '' }, response: '', done: false })
  t.strictSame(JSON.parse(stream.failed({ error: 'it broke' }).toString()), { error: 'it broke' })
  t.equal(comment.at(-1), 0x0a)
  t.equal(end.length, 0, 'the last line of an answer says that it is')
})

t.test('vectors are written in the form of the path', async (t) => {
  const vectors: Piece[] = [[3, 4], [1, 2]].map((numbers, at) => ({ kind: 'vector', choice: 1 - at, numbers }))
  const body = (endpoint: Endpoint): unknown => {
    const request = asked(endpoint, { model: 'm', input: 'a', prompt: 'a' })
    const { state } = new OllamaAnswerReader(request, READING)
    return JSON.parse(new OllamaWriter(request, 0, () => 0).body(vectors, state).toString())
  }
  t.match(body(OLLAMA_EMBED), { model: 'm', embeddings: [[1, 2], [3, 4]] })
  t.strictSame(body(OLLAMA_EMBEDDINGS), { embedding: [1, 2] })
}) // prettier-ignore
