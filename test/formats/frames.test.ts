import t from 'tap'
import { NO_TOKENS } from '../../src/core/no-tokens.ts'
import type { EventVerdict } from '../../src/formats/format.ts'
import { readFrame } from '../../src/formats/openai/frames.ts'
import { type SseFrame, SseSplitter } from '../../src/formats/sse.ts'
import { usageEvent, type UsageWish } from '../../src/formats/openai/usage-chunk.ts'
import { OpenAIAnswerState } from '../../src/formats/openai/answer-state.ts'
import { gatewayRequest } from '../support/factories.ts'
import { noSamples, type Sample, samples } from '../support/samples.ts'

interface Reading {
  readonly track: OpenAIAnswerState
  readonly verdicts: readonly EventVerdict[]
  /** Parsed payloads of what is sent on, without comments. */
  readonly sent: readonly Record<string, unknown>[]
}

function framesOf(text: string | Buffer): SseFrame[] {
  const out: SseFrame[] = []
  const splitter = new SseSplitter()
  splitter.push(Buffer.from(text), out)
  splitter.flush(out)
  return out
}

function read(text: string | Buffer, hideUsage: boolean, wish: UsageWish = hideUsage ? 'hidden' : 'end'): Reading {
  const track = new OpenAIAnswerState()
  const verdicts: EventVerdict[] = []
  for (const frame of framesOf(text)) {
    verdicts.push(readFrame(frame, track, wish))
    if (verdicts.at(-1)?.kind === 'done') break
  }
  const sent = verdicts.flatMap((verdict) => {
    const data = verdict.kind === 'send' ? /^data: ?(.*)\n\n$/s.exec(verdict.raw.toString())?.[1] : undefined
    return data === undefined ? [] : [JSON.parse(data) as Record<string, unknown>]
  })
  return { track, verdicts, sent }
}

const kinds = ({ verdicts }: Reading): string => verdicts.map(({ kind }) => kind).join(' ')

const event = (fields: object): string => `data: ${JSON.stringify({ id: 'c', model: 'm-1', ...fields })}\n\n`
const choice = (delta: object, finish: string | null = null): object => ({ index: 0, delta, finish_reason: finish })

const ROLE = event({ choices: [choice({ role: 'assistant', content: '' })] })
const TEXT = event({ choices: [choice({ content: 'Hi' })] })
const FINISH = event({ choices: [choice({}, 'stop')] })
const DONE = 'data: [DONE]\n\n'
const COUNTS = { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 }
const REQUEST = gatewayRequest({ model: 'asked' }, { id: 'r' })
const USAGE = { ...NO_TOKENS, input: 3, cachedInput: 0, output: 2, reasoning: 0 }

t.test('a plain stream is passed on event by event', async (t) => {
  const reading = read(ROLE + TEXT + FINISH + DONE, true)
  t.equal(kinds(reading), 'send send send done')
  t.match(reading.track, { reported: null, finish: 'stop', model: 'm-1', content: true, done: true })
})

t.test('a stream without text has no content', async (t) => {
  t.equal(read(ROLE + FINISH + DONE, true).track.content, false)
})

const WITH_USAGE: Readonly<Record<string, string>> = {
  'a chunk of its own': ROLE + TEXT + FINISH + event({ choices: [], usage: COUNTS }) + DONE,
  'its own chunk, null in all others':
    [ROLE, TEXT, FINISH].map((text) => text.replace('}\n', ',"usage":null}\n')).join('') +
    event({ choices: [], usage: COUNTS }) +
    DONE,
  'the finish chunk': ROLE + TEXT + event({ choices: [choice({}, 'stop')], usage: COUNTS }) + DONE,
  'the last content chunk': ROLE + event({ choices: [choice({ content: 'Hi' })], usage: COUNTS }) + FINISH + DONE,
  cumulative:
    event({ choices: [choice({ role: 'assistant' })], usage: { prompt_tokens: 3, completion_tokens: 0 } }) +
    event({ choices: [choice({ content: 'Hi' })], usage: { prompt_tokens: 3, completion_tokens: 1 } }) +
    event({ choices: [choice({}, 'stop')], usage: COUNTS }) +
    DONE,
  'its own chunk without choices': ROLE + TEXT + FINISH + event({ usage: COUNTS }) + DONE,
  'JSON with blanks':
    ROLE +
    TEXT +
    FINISH +
    `data: { "choices" : [ ] , "usage" : ${JSON.stringify(COUNTS, null, 1).replaceAll('\n', '')} }\n\n${DONE}`,
}

for (const [name, text] of Object.entries(WITH_USAGE)) {
  t.test(`usage in ${name}`, async (t) => {
    const hidden = read(text, true)
    t.strictSame(hidden.track.reported, USAGE, 'it is counted')
    t.equal(hidden.track.finish, 'stop')
    t.notOk(
      hidden.sent.some((chunk) => 'usage' in chunk),
      'the caller sees none',
    )
    t.equal(hidden.sent.length, 3, 'nothing else is lost')
    for (const chunk of hidden.sent) t.match(chunk, { choices: [{ index: 0 }] })
    const shown = read(text, false)
    t.strictSame(shown.track.reported, USAGE)
    t.notOk(
      shown.sent.some((chunk) => chunk['usage']),
      'shown: not yet',
    )
    t.equal(shown.sent.length, 3)
    const last = usageEvent(shown.track, REQUEST, 0).toString()
    t.match(JSON.parse(last.slice(6)), { choices: [], usage: COUNTS }, 'but at the end')
    if (text.includes(`"choices":[],"usage":${JSON.stringify(COUNTS)}}`)) t.ok(text.includes(last), 'byte for byte')
    const everywhere = read(text, false, 'everywhere')
    const sent = everywhere.verdicts.flatMap((verdict) => (verdict.kind === 'send' ? [verdict.raw.toString()] : []))
    t.ok(text.startsWith(sent.join('')), 'everywhere: as it came')
  })
}

t.test('usage null everywhere is no usage', async (t) => {
  const text = [ROLE, TEXT, FINISH].map((one) => one.replace('}\n', ',"usage":null}\n')).join('') + DONE
  const hidden = read(text, true)
  t.equal(hidden.track.reported, null)
  t.notOk(hidden.sent.some((chunk) => 'usage' in chunk))
  t.equal(hidden.sent.length, 3)
  t.equal(read(text, false).sent.filter((chunk) => chunk['usage'] === null).length, 3)
})

t.test("usage in Groq's own member", async (t) => {
  const text = ROLE + TEXT + event({ choices: [choice({}, 'stop')], x_groq: { id: 'r', usage: COUNTS } }) + DONE
  t.strictSame(read(text, true).track.reported, USAGE)
  const both = ROLE + event({ choices: [choice({}, 'stop')], x_groq: { id: 'r', usage: null }, usage: COUNTS }) + DONE
  t.strictSame(read(both, true).track.reported, USAGE, 'null there, counts at the top')
})

t.test("usage in Groq's and in Moonshot's place is not shown there", async (t) => {
  const groq = ROLE + event({ choices: [choice({}, 'stop')], x_groq: { id: 'r', usage: COUNTS } })
  const moonshot = ROLE + event({ choices: [{ ...choice({}, 'stop'), usage: COUNTS }] })
  for (const text of [groq, moonshot])
    for (const hidden of [true, false]) {
      const { sent, track } = read(text, hidden)
      t.notMatch(JSON.stringify(sent), /usage/)
      t.match(sent[1], { choices: [{ index: 0, finish_reason: 'stop' }] })
      t.strictSame(track.reported, USAGE)
    }
  t.match(read(groq, true).sent[1], { x_groq: { id: 'r' } })
})

t.test("llama.cpp's timings count where there is no usage", async (t) => {
  const timings = { cache_n: 2, prompt_n: 1, predicted_n: 2, predicted_ms: 10 }
  const text = ROLE + TEXT + event({ choices: [choice({}, 'stop')], timings }) + DONE
  const { track, sent } = read(text, false)
  t.match(track.reported, { input: 3, cachedInput: 2, output: 2 })
  t.match(sent[2], { timings })
  t.match(JSON.parse(usageEvent(track, REQUEST, 0).toString().slice(6)), { choices: [], usage: { prompt_tokens: 3 } })
  const both = ROLE + event({ choices: [choice({}, 'stop')] }) + event({ choices: [], usage: COUNTS, timings })
  t.strictSame(read(both, true).track.reported, USAGE)
})

t.test('zeros and nothing do not overwrite what was told', async (t) => {
  const zero = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 }
  const text =
    event({ choices: [choice({ content: 'a' })], usage: zero }) +
    event({ choices: [choice({ content: 'b' })], usage: COUNTS }) +
    event({ choices: [choice({}, 'stop')], usage: null }) +
    event({ choices: [], usage: zero })
  for (const hidden of [true, false]) {
    const { track, sent } = read(text, hidden)
    t.strictSame(track.reported, USAGE)
    t.equal(sent.length, 3)
    t.notOk(sent.some((chunk) => chunk['usage']))
  }
  t.equal(read(event({ choices: [choice({ content: 'a' })], usage: zero }), true).track.reported, null)
})

t.test('the tier of the answer', async (t) => {
  const text =
    event({ choices: [choice({ content: 'a' })], service_tier: 'flex' }) + event({ choices: [], usage: COUNTS })
  t.equal(read(text, true).track.reported?.tier, 'flex')
})

t.test('hiding usage leaves all other bytes', async (t) => {
  const raw =
    'data: {"id":"c","model":"m","n":12345678901234567890,"choices":[{"index":0,"delta":{"content":"a\\u0041é"}}],"usage":null,"x":1.0}\n\n'
  const [first] = read(ROLE + raw, true).verdicts.slice(1)
  t.equal(first?.kind === 'send' && first.raw.toString(), raw.replace(',"usage":null', ''))
})

const ERROR = { message: 'boom', type: 'server_error', code: 500 }
const FAULTS: Readonly<Record<string, string>> = {
  object: `data: ${JSON.stringify({ error: ERROR })}\n\n`,
  'object with blanks': 'data: { "error" : { "message" : "boom" } }\n\n',
  'object beside choices': event({ error: ERROR, choices: [choice({ content: '' }, 'error')] }),
  'object behind choices': event({ choices: [choice({ content: '' }, 'error')], error: ERROR }),
  'object behind a null one': event({ choices: [{ ...choice({}), error: null }], error: ERROR }),
  text: 'data: {"error":"boom"}\n\n',
  array: 'data: {"error":[{"message":"boom"}]}\n\n',
  flat: 'data: {"object":"error","message":"boom","type":"BadRequestError","code":400}\n\n',
  'flat with blanks': 'data: {"object": "error", "message": "boom"}\n\n',
  'named event, object': `event: error\ndata: ${JSON.stringify({ error: ERROR })}\n\n`,
  'named event, flat': 'event: error\ndata: {"message":"boom","type":"x"}\n\n',
  'named event, text': 'event: error\ndata: boom\n\n',
  'in the choice': event({ choices: [{ index: 0, error: ERROR, finish_reason: 'error' }] }),
  Groq: event({ choices: [], x_groq: { error: 'boom' } }),
}

for (const [name, text] of Object.entries(FAULTS)) {
  t.test(`an error in the stream: ${name}`, async (t) => {
    for (const before of ['', ROLE + TEXT]) {
      const last = read(before + text, true).verdicts.at(-1)
      t.equal(last?.kind, 'fault', before === '' ? 'first event' : 'later event')
      t.match(last?.kind === 'fault' && last.fault.message, /boom/)
    }
  })
}

t.test('an error that is none', async (t) => {
  for (const error of ['null', '""', 'false', ' null']) {
    const text = `data: {"choices":[{"index":0,"delta":{"content":"x"}}],"error":${error}}\n\n`
    t.equal(kinds(read(ROLE + text, true)), 'send send', error)
    t.equal(kinds(read(text, true)), 'send', `${error} in the first event`)
  }
})

t.test('the same words inside of a text are only words', async (t) => {
  const words = [
    '"error":{"message":"boom"}',
    '{"error": "x"}',
    'usage":{"prompt_tokens":99}',
    '"usage": {"prompt_tokens": 99}',
    '"finish_reason":"length"',
    '"object":"error"',
    '"object": "error"',
    '\\"error\\":1',
    'error":',
    '[DONE]',
    '"model":"other"',
  ]
  for (const content of words) {
    const text = event({ choices: [choice({ content })] })
    const reading = read(ROLE + text + FINISH, true)
    t.equal(kinds(reading), 'send send send', content)
    t.match(reading.track, { reported: null, finish: 'stop', model: 'm-1', content: true }, content)
    t.equal(read(text, true).verdicts[0]?.kind, 'send', `${content} in the first event`)
    const tool = { tool_calls: [{ index: 0, function: { name: 'f', arguments: content } }] }
    t.equal(kinds(read(ROLE + event({ choices: [choice(tool)] }), true)), 'send send', `${content} in arguments`)
  }
})

t.test('a member whose name only ends alike is another one', async (t) => {
  const finish = event({ choices: [{ index: 0, delta: {}, native_finish_reason: null, finish_reason: 'stop' }] })
  t.equal(read(ROLE + finish, true).track.finish, 'stop')
  const other = event({ choices: [{ index: 0, delta: {}, native_finish_reason: 'STOP', finish_reason: 'length' }] })
  t.equal(read(ROLE + other, true).track.finish, 'length')
  const usage = event({ cost_usage: null, choices: [], usage: COUNTS })
  t.strictSame(read(ROLE + usage, true).track.reported, USAGE)
})

const CONTENTS: readonly (readonly [delta: object, filled: boolean])[] = [
  [{ content: 'x' }, true],
  [{ content: '"' }, true],
  [{ content: ' ' }, false],
  [{ content: '\n\n\u200b' }, false],
  [{ content: '<think>hm</think>' }, false],
  [{ content: '<think>hm</think>\n' }, false],
  [{ content: '<think>hm</think>\nyes' }, true],
  [{ content: '<thin' }, true],
  [{ content: [{ type: 'thinking', thinking: [{ type: 'text', text: 'hm' }] }] }, false],
  [{ content: [{ type: 'text', text: 'x' }] }, true],
  [{ content: [{ type: 'image_url', image_url: { url: 'data:x' } }] }, true],
  [{ images: [{ type: 'image_url', image_url: { url: 'data:x' } }] }, true],
  [{ refusal: ' ' }, false],
  [{ reasoning: 'hm', content: ' ' }, false],
  [{ content: '' }, false],
  [{ content: null }, false],
  [{ role: 'assistant' }, false],
  [{ reasoning_content: 'hm' }, false],
  [{ reasoning: 'hm' }, false],
  [{ refusal: 'no' }, true],
  [{ refusal: null, content: '' }, false],
  [{ tool_calls: [{ index: 0, function: { name: 'f', arguments: '' } }] }, true],
  [{ tool_calls: [] }, false],
  [{ tool_calls: null }, false],
  [{ function_call: { name: 'f' } }, true],
  [{ audio: { data: 'x' } }, true],
]

t.test('what counts as content', async (t) => {
  for (const [delta, filled] of CONTENTS) {
    t.equal(read(event({ choices: [choice(delta)] }), true).track.content, filled, JSON.stringify(delta))
    t.equal(read(ROLE + event({ choices: [choice(delta)] }), true).track.content, filled, 'later')
  }
  t.equal(read(event({ choices: [{ index: 0, text: 'x' }] }), true).track.content, true, 'legacy completions')
})

t.test('events that are not of the protocol are garbage', async (t) => {
  for (const text of ['boom', '<html>', '{"a":1', '"x"', '1', '[]', '{"a":1}]', 'data', 'null'])
    t.equal(kinds(read(`data: ${text}\n\n`, true)), 'garbage', text)
  for (const text of ['{"choices":[{"delta":{"content":"a', '{"choices":', 'x', '[1]'])
    t.equal(kinds(read(`${ROLE}data: ${text}\n\n`, true)), 'send garbage', `${text}, later`)
})

t.test('the end, and what stands around it', async (t) => {
  for (const text of ['data: [DONE]\n\n', 'data:[DONE]\n\n', 'data: [DONE] \n\n', 'event: done\ndata: [DONE]\n\n'])
    t.equal(kinds(read(text, true)), 'done', JSON.stringify(text))
  t.equal(kinds(read(': comment\n\n', true)), 'send')
  const lines = 'data: {"id":"c","model":"m",\ndata: "choices":[{"index":0,"delta":{"content":"x"}}]}\n\n'
  t.equal(read(lines, true).sent.length, 1, 'a payload on two lines goes out on one')
})

/** What a careful reader of the whole stream finds. */
function careful(body: Buffer): { finish: string | null; model: string | null; usage: boolean; text: boolean } {
  const chunks = framesOf(body).flatMap(({ data, raw }) =>
    data === null || data.startsWith('[DONE]') ? [] : [JSON.parse(/^data: ?(.*)\n/.exec(raw.toString())![1]!)],
  )
  const choices = chunks.flatMap((chunk) => chunk.choices ?? [])
  const reasons = choices.map((one) => one.finish_reason).filter(Boolean) as string[]
  const filled = (one: { delta?: { content?: string; tool_calls?: unknown[] }; text?: string }): boolean =>
    Boolean(one.delta?.content ?? '') || Boolean(one.text) || Boolean(one.delta?.tool_calls?.length)
  return {
    finish: reasons.at(-1) ?? null,
    model: chunks[0]?.model ?? null,
    usage: chunks.some((chunk) => chunk.usage ?? chunk.timings),
    text: choices.some(filled),
  }
}

const isOpenAi = ({ headers, body }: Sample): boolean =>
  (headers['content-type']?.includes('event-stream') ?? false) &&
  /"(chat\.completion\.chunk|text_completion)"/.test(body.toString())

t.test('recorded streams of engines', { skip: noSamples }, async (t) => {
  const streams = samples().filter(isOpenAi)
  t.ok(streams.length >= 8, `${streams.length} recordings`)
  for (const { name, body } of streams) {
    const wanted = careful(body)
    for (const hide of [true, false]) {
      const reading = read(body, hide)
      t.match(
        reading.track,
        { finish: wanted.finish, model: wanted.model, content: wanted.text, done: true },
        `${name}, ${hide ? 'hidden' : 'shown'}`,
      )
      t.equal(reading.track.reported !== null, wanted.usage, name)
      t.notOk(reading.verdicts.some(({ kind }) => kind === 'fault' || kind === 'garbage'))
      if (hide) t.notOk(reading.sent.some((chunk) => 'usage' in chunk))
    }
  }
})

t.test(
  'recorded: what a caller sees with hidden usage is what an unasked engine sends',
  { skip: noSamples },
  async (t) => {
    const asked = read(samples().find(({ name }) => name === 'ollama/v1-chat-stream-usage')!.body, true).sent
    const unasked = read(samples().find(({ name }) => name === 'ollama/v1-chat-stream')!.body, true).sent
    const shape = (chunk: object | undefined): string =>
      Object.keys(chunk ?? {})
        .sort()
        .join()
    t.equal(shape(asked.at(0)), shape(unasked.at(0)))
    t.equal(shape(asked.at(-1)), shape(unasked.at(-1)))
  },
)
