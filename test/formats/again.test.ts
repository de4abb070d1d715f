/** Events that are known by what is around their text, against a reader that parses each of them. */
import t from 'tap'
import { AnswerCollector } from '../../src/formats/answer-collector.ts'
import { readFrame } from '../../src/formats/openai/frames.ts'
import { type SseFrame, SseSplitter } from '../../src/formats/sse.ts'
import { OpenAIAnswerState } from '../../src/formats/openai/answer-state.ts'
import { pick, seeded } from '../support/random.ts'

const TEXTS = [
  'a',
  ' word',
  '"quoted"',
  '\\',
  'back\\slash"',
  'ö🚂',
  '\n',
  '',
  ' ',
  '<think>',
  '</think>',
  '"usage":{"x":1}',
  '"error":1',
]

type Fields = Record<string, unknown>

/** A random event; most of them are like the one before but for their text. */
function eventOf(random: () => number, shape: number): Fields {
  const text = pick(random, TEXTS)
  const envelope = { id: 'c', model: 'm' }
  const choice = (delta: Fields, finish_reason: unknown = null, index = 0): Fields => ({
    ...envelope,
    choices: [{ index, delta, finish_reason }],
  })
  switch (shape) {
    case 0:
    case 1:
      return choice({ content: text })
    case 2:
      return choice({ reasoning_content: text })
    case 3:
      return { ...choice({ content: text }), usage: null }
    case 4:
      return choice({ content: text }, '')
    case 5:
      return choice({ content: text, reasoning_content: text })
    case 6:
      return choice({ tool_calls: [{ index: 0, id: 'a', type: 'function', function: { name: 'f', arguments: text } }] })
    case 7:
      return choice({ tool_calls: [{ index: 0, function: { arguments: text } }] })
    case 8:
      return choice({ tool_calls: [{ index: 1, function: { arguments: text } }] })
    case 9:
      return choice({ content: text }, null, 1)
    case 10:
      return choice({}, pick(random, ['stop', 'eos_token', 'strange', 'null']))
    case 11:
      return { ...choice({ content: text }), usage: { prompt_tokens: 3, completion_tokens: 1 } }
    default:
      return { ...choice({ content: text }), padding: 'x'.repeat(Math.floor(random() * 4)) }
  }
}

function framesOf(events: readonly Fields[]): SseFrame[] {
  const frames: SseFrame[] = []
  new SseSplitter().push(Buffer.from(events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join('')), frames)
  return frames
}

function read(frames: readonly SseFrame[], hidden: boolean, parses: boolean): unknown {
  const track = new OpenAIAnswerState()
  track.collected = new AnswerCollector({ json: false, mustCall: false })
  const sent = frames.map((frame) => {
    // Where a choice that is not there is the only one, no event is known without being parsed.
    if (parses) track.choices.lone = null
    const verdict = readFrame(frame, track, hidden ? 'hidden' : 'end')
    return verdict.kind === 'send' ? (JSON.parse(verdict.raw.toString().slice(6)) as Fields) : verdict.kind
  })
  const { finish, finishWord, content, refused, reported: usage, collected, choices } = track
  return {
    sent,
    finish,
    finishWord,
    content,
    refused,
    usage,
    calls: collected.calls,
    ended: choices.ended(1),
    torn: choices.torn,
  }
}

t.test('3,000 random streams are read as if each event were parsed', async (t) => {
  const random = seeded(7)
  let events = 0
  for (let round = 0; round < 3_000; round++) {
    const stream: Fields[] = []
    while (stream.length < 24 && (stream.length < 2 || random() > 0.03)) {
      const shape = Math.floor(random() * 14)
      for (let run = Math.floor(random() * 5); run >= 0; run--) stream.push(eventOf(random, shape))
    }
    const frames = framesOf(stream)
    events += frames.length
    const hidden = random() < 0.5
    const known = JSON.stringify(read(frames, hidden, false), normalised)
    const parsed = JSON.stringify(read(frames, hidden, true), normalised)
    if (known !== parsed) {
      t.equal(known, parsed, JSON.stringify(stream))
      return
    }
  }
  t.ok(events > 30_000, `${events} events`)
})

/** Ids that are drawn, and what may be written as null or stay empty, differ without a difference. */
function normalised(key: string, value: unknown): unknown {
  if (key === 'id' && typeof value === 'string' && value.startsWith('call_')) return 'drawn'
  if (key === 'native_finish_reason' && value === '') return undefined
  return key === 'finish_reason' && value === '' ? null : value
}
