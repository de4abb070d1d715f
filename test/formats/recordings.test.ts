/** What real engines answered in their other APIs, read by the room of each, and told on to callers of every other. */
import t from 'tap'
import { FORMATS } from '../../src/formats/formats.ts'
import { noSamples, sample } from '../support/samples.ts'
import { usage } from '../support/factories.ts'
import { countable, sayable } from './answer-limits.ts'
import { wholeParts } from './comparable.ts'
import { bodyOf, framesOf, type Read, readBody, readStream, streamOf } from './spoken.ts'

interface Recording {
  readonly format: string
  readonly text: string
  readonly thoughts?: string
  /** How many. */
  readonly calls?: number
  readonly finish: 'stop' | 'length'
  /** Input, of which cached, output. */
  readonly tokens: readonly [number, number, number]
}

/** As a person reads them in the recordings. */
const RECORDINGS: Readonly<Record<string, Recording>> = {
  'llamacpp/llamacpp-anthropic-messages': {
    format: 'anthropic-messages',
    text: '(nextExtended underwear прав就不',
    finish: 'length',
    tokens: [19, 18, 5],
  },
  'llamacpp/llamacpp-anthropic-messages-stream': {
    format: 'anthropic-messages',
    text: ' Libre фотограф remedies Icons',
    finish: 'length',
    tokens: [19, 18, 4],
  },
  'llamacpp/llamacpp-anthropic-tools': {
    format: 'anthropic-messages',
    text: '',
    calls: 7,
    finish: 'length',
    tokens: [175, 174, 200],
  },
  'ollama/v1-messages': {
    format: 'anthropic-messages',
    text: 'In the village to the shop. A child buys',
    finish: 'length',
    tokens: [13, 12, 10],
  },
  'vllm/anthropic-messages': {
    format: 'anthropic-messages',
    text: 'In the city. A child buys warm bread for a while.',
    finish: 'stop',
    tokens: [13, 0, 14],
  },
  'llamacpp/llamacpp-responses': {
    format: 'openai-responses',
    text: ' Birmingham★★LayoutInflater下面我们 brown',
    finish: 'stop',
    tokens: [19, 13, 5],
  },
  'llamacpp/llamacpp-responses-stream': {
    format: 'openai-responses',
    text: ' Birmingham★★LayoutInflater下面我们',
    finish: 'stop',
    tokens: [19, 18, 4],
  },
  'ollama/v1-responses': {
    format: 'openai-responses',
    text: 'A train leaves the morning the hills and the shop',
    finish: 'stop',
    tokens: [13, 12, 10],
  },
  'ollama/api-chat': {
    format: 'ollama',
    text: 'A train leaves of the old tree.',
    finish: 'length',
    tokens: [47, 46, 8],
  },
  'ollama/api-chat-stream': {
    format: 'ollama',
    text: 'The garden grows behind',
    finish: 'length',
    tokens: [47, 46, 4],
  },
  'ollama/api-chat-think': {
    format: 'ollama',
    text: 'The river runs to the hills and coffee.',
    thoughts: 'Let me think about this first',
    finish: 'stop',
    tokens: [48, 47, 18],
  },
}

const isStream = (name: string): boolean => name.endsWith('-stream')

for (const [name, recording] of Object.entries(RECORDINGS))
  t.test(name, { skip: noSamples }, async (t) => {
    const { body } = sample(name)
    const format = FORMATS.get(recording.format)!
    const read = (chunks: readonly Buffer[]): Read | Promise<Read> =>
      isStream(name) ? readStream(format, framesOf(format, chunks)) : readBody(format, Buffer.concat(chunks))
    const { pieces, reader } = await read([body])
    const parts = wholeParts(pieces)
    const textOf = (kind: string): string =>
      parts.map((part) => ('text' in part && part.kind === kind ? part.text : '')).join('')
    t.equal(textOf('text'), recording.text)
    t.equal(textOf('thought'), recording.thoughts ?? '')
    t.equal(parts.filter(({ kind }) => kind === 'call').length, recording.calls ?? 0)
    t.equal(reader.state.finish, recording.finish)
    const [input, cachedInput, output] = recording.tokens
    const told = usage({ input, cachedInput, output })
    t.strictSame({ ...reader.state.settled, tier: null }, told)

    if (isStream(name)) {
      const each = await read([...body].map((byte) => Buffer.of(byte)))
      t.strictSame(wholeParts(each.pieces), parts, 'each byte alone')
    }
    const answer = { name, events: pieces.map((piece) => [piece]), finish: recording.finish, usage: told, free: false }
    for (const other of FORMATS.values()) {
      const wanted = sayable(other.name, parts)
      const stream = readStream(other, framesOf(other, [streamOf(other, answer)]))
      t.strictSame(wholeParts(stream.pieces), wanted, `told on, streamed: ${other.name}`)
      const whole = await readBody(other, bodyOf(other, answer))
      t.strictSame(wholeParts(whole.pieces), wanted, `told on, whole: ${other.name}`)
      t.strictSame(whole.reader.state.settled, countable(other.name, told), `its tokens: ${other.name}`)
    }
  })
