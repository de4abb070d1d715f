import { OPENAI } from '../../src/formats/openai/openai.ts'
import t from 'tap'
import { CHAT, EMBEDDINGS } from '../../src/core/endpoints.ts'
import { OpenAIAnswerReader } from '../../src/formats/openai/answer-reader.ts'
import { type StreamProgress, StreamReader } from '../../src/backends/upstream/stream-reader.ts'
import { backend, gatewayRequest } from '../support/factories.ts'

interface Heard {
  readonly text: string
  readonly done: boolean
  readonly code: string | null
  readonly status: number | null
  readonly started: boolean
}

const event = (fields: object): string => `data: ${JSON.stringify({ model: 'm', ...fields })}\n\n`
const TEXT = event({ choices: [{ index: 0, delta: { content: 'Hi' }, finish_reason: null }] })
const FINISH = event({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] })
const USAGE = event({ choices: [], usage: { prompt_tokens: 1, completion_tokens: 2 } })
const DONE = 'data: [DONE]\n\n'

function hear(
  pieces: readonly string[],
  options: { finishes?: boolean; choices?: number; hideUsage?: boolean; bufferBytes?: number } = {},
): Heard {
  const request = gatewayRequest(
    {
      model: 'm',
      stream: true,
      n: options.choices ?? 1,
      stream_options: { include_usage: options.hideUsage === false },
    },
    { id: 'r', endpoint: (options.finishes ?? true) ? CHAT : EMBEDDINGS },
  )
  const reader = new StreamReader({
    call: {
      backend: backend(),
      answer: new OpenAIAnswerReader(request, { inputTokens: 7, checks: null, nowMs: 0, clock: () => 0 }),
      format: OPENAI.backend,
    },
    bufferBytes: options.bufferBytes ?? 1 << 20,
    retryAfterMs: 1500,
  })
  let text = ''
  let last: StreamProgress = { out: null, done: false, finished: false, failure: null }
  const take = (reading: StreamProgress): boolean => {
    last = reading
    text += reading.out?.toString() ?? ''
    return reading.done || reading.failure !== null
  }
  const over = pieces.some((piece) => take(reader.push(Buffer.from(piece))))
  if (!over) take(reader.finish())
  return {
    text,
    done: last.done,
    code: last.failure?.code ?? null,
    status: last.failure?.status ?? null,
    started: reader.started,
  }
}

t.test('a whole stream, its end and its usage kept', async (t) => {
  t.match(hear([TEXT, FINISH, USAGE, DONE]), { text: TEXT + FINISH, done: true, code: null })
  t.match(hear([TEXT + FINISH + USAGE + DONE], { hideUsage: false }), { text: TEXT + FINISH + USAGE, done: true })
})

t.test('usage that was asked for is the last event, wherever it was', async (t) => {
  const early = hear([TEXT, USAGE, FINISH, DONE], { hideUsage: false })
  t.equal(early.text, TEXT + FINISH + USAGE)
  t.equal(hear([TEXT, USAGE, FINISH], { hideUsage: false }).text, TEXT + FINISH + USAGE, 'without [DONE]')
  const none = hear([TEXT, FINISH, DONE], { hideUsage: false }).text
  t.ok(none.startsWith(TEXT + FINISH))
  t.match(JSON.parse(none.slice((TEXT + FINISH).length + 6)), {
    id: 'r',
    object: 'chat.completion.chunk',
    model: 'm',
    choices: [],
    usage: { prompt_tokens: 7, completion_tokens: 1, total_tokens: 8, estimated: true },
  })
  t.notMatch(hear([TEXT], { hideUsage: false }).text, /usage/, 'nothing of the kind where it broke off')
})

t.test('a forgotten [DONE] is forgiven', async (t) => {
  t.match(hear([TEXT, FINISH]), { text: TEXT + FINISH, done: true, code: null })
  t.match(hear([TEXT, FINISH, DONE.trimEnd()]), { text: TEXT + FINISH, done: true, code: null })
  t.match(hear([TEXT, FINISH.trimEnd()]), { done: true, code: null }, 'nor its last blank line')
})

t.test('an end without a finish reason was a cut', async (t) => {
  t.match(hear([TEXT]), { text: TEXT, done: false, code: 'upstream_incomplete' })
  t.match(hear([]), { done: false, code: 'upstream_incomplete' })
  t.match(hear([': comment\n\n']), { code: 'upstream_incomplete' })
  t.match(hear([event({ x: 1 })], { finishes: false }), { done: true, code: null }, 'where one is to be expected')
})

t.test('a stream cut within an event', async (t) => {
  const heard = hear([TEXT, FINISH.slice(0, 40)])
  t.equal(heard.text, TEXT)
  t.equal(heard.done, false)
  t.equal(heard.code, 'upstream_incomplete')
})

t.test('nothing but the end', async (t) => {
  t.match(hear([DONE]), { done: false, code: 'upstream_bad_response', started: false })
  t.match(
    hear([USAGE, DONE]),
    { done: false, code: 'upstream_bad_response', started: false },
    'hidden usage is no answer',
  )
})

t.test('comments count for nothing before the answer, and pass within it', async (t) => {
  const heard = hear([': wait\n\n', ': wait\n\n', TEXT, ': more\n\n', FINISH, DONE])
  t.equal(heard.text, `${TEXT}: more\n\n${FINISH}`)
})

t.test('an error is not sent on, what came before it is', async (t) => {
  const error = 'data: {"error":{"message":"boom","code":429}}\n\n'
  t.match(hear([error]), { text: '', code: 'upstream_rate_limited', started: false })
  t.match(hear([TEXT + error + TEXT]), { text: TEXT, code: 'upstream_rate_limited', started: true })
})

t.test('what is no JSON is not sent on', async (t) => {
  t.match(hear([TEXT, 'data: boom\n\n', FINISH]), { text: TEXT, code: 'upstream_bad_response' })
})

t.test('nothing behind the end', async (t) => {
  t.match(hear([TEXT + FINISH + DONE + TEXT]), { text: TEXT + FINISH, done: true })
})

t.test('an event larger than the buffer', async (t) => {
  const huge = event({ choices: [{ index: 0, delta: { content: 'x'.repeat(5000) }, finish_reason: null }] })
  const pieces = [huge.slice(0, 2000), huge.slice(2000, 4000), huge.slice(4000), FINISH, DONE]
  t.match(hear([TEXT, ...pieces], { bufferBytes: 3000 }), { text: TEXT, code: 'answer_too_large' })
  t.match(hear([TEXT, ...pieces], { bufferBytes: 8000 }), { done: true, code: null })
})
