/** Lines of JSON, however the network cuts them. */
import t from 'tap'
import { frameText, type SseFrame } from '../../../src/formats/sse.ts'
import { encodeLine, LINES } from '../../../src/formats/ollama/lines.ts'
import { pick, seeded } from '../../support/random.ts'
import { noSamples, sample } from '../../support/samples.ts'

interface Seen {
  readonly text: string
  readonly raw: string
}

function split(pieces: readonly Buffer[]): Seen[] {
  const splitter = LINES.splitter()
  const out: SseFrame[] = []
  for (const piece of pieces) splitter.push(piece, out)
  splitter.flush(out)
  return out.map((frame) => ({ text: frameText(frame), raw: frame.raw.toString() }))
}

const everyByte = (bytes: Buffer): Buffer[] => [...bytes].map((byte) => Buffer.from([byte]))

const CASES: readonly (readonly [name: string, text: string, lines: readonly string[]])[] = [
  ['one line', '{"a":1}\n', ['{"a":1}']],
  ['several', '{"a":1}\n{"b":2}\n', ['{"a":1}', '{"b":2}']],
  ['the last one without its end', '{"a":1}\n{"b":2}', ['{"a":1}', '{"b":2}']],
  ['ends of Windows', '{"a":1}\r\n{"b":2}\r\n', ['{"a":1}', '{"b":2}']],
  ['blank lines', '\n\r\n{"a":1}\n \n\n{"b":2}\n\n', ['{"a":1}', '{"b":2}']],
  ['a line end that is written in a text', '{"a":"x\\ny"}\n', ['{"a":"x\\ny"}']],
  ['signs of several bytes', '{"a":"größer 水 🚂"}\n{"b":"é"}\n', ['{"a":"größer 水 🚂"}', '{"b":"é"}']],
  ['nothing', '', []],
]

t.test('a line is an event, wherever the network cuts', async (t) => {
  const random = seeded(7)
  for (const [name, text, lines] of CASES) {
    const bytes = Buffer.from(text)
    const whole = split([bytes])
    t.strictSame(
      whole.map((one) => one.text),
      lines,
      name,
    )
    t.strictSame(split(everyByte(bytes)), whole, `${name}: each byte by itself`)
    for (let at = 1; at < bytes.length; at++)
      t.strictSame(split([bytes.subarray(0, at), bytes.subarray(at)]), whole, `${name}: cut at ${at}`)
    for (let round = 0; round < 20; round++) {
      const pieces: Buffer[] = []
      for (let from = 0; from < bytes.length;) {
        const length = pick(random, [1, 2, 3, 5, 8])
        pieces.push(bytes.subarray(from, from + length))
        from += length
      }
      t.strictSame(split(pieces), whole, `${name}: random pieces`)
    }
  }
})

t.test('what is sent on are the very bytes', async (t) => {
  const text = '{"a":1}\n{"b":"水"}\n'
  t.equal(
    split(everyByte(Buffer.from(text)))
      .map(({ raw }) => raw)
      .join(''),
    text,
  )
  t.equal(split([encodeLine({ a: 'x\ny' })])[0]?.text, '{"a":"x\\ny"}', 'a line of ours is one line')
})

t.test('what has no end yet is pending', async (t) => {
  const splitter = LINES.splitter()
  const out: SseFrame[] = []
  splitter.push(Buffer.from('{"a":1}\n{"b"'), out)
  t.equal(splitter.pending, 4)
  t.equal(out.length, 1)
  splitter.push(Buffer.from(':2}\n'), out)
  t.equal(splitter.pending, 0)
  t.equal(out.length, 2)
})

t.test('a body is lines where it begins as an object', async (t) => {
  for (const [head, form] of [
    ['', null],
    [' \n', null],
    ['{', 'events'],
    ['\n {"a"', 'events'],
    ['<html>', 'other'],
    ['data: {', 'other'],
    ['[', 'other'],
  ] as const)
    t.equal(LINES.formOf(Buffer.from(head)), form, JSON.stringify(head))
})

t.test('a recorded stream is its lines', { skip: noSamples }, async (t) => {
  const { body } = sample('ollama/api-chat-stream')
  const seen = split(everyByte(body))
  t.strictSame(seen, split([body]))
  t.ok(seen.every(({ text }) => JSON.parse(text)))
  t.match(JSON.parse(seen.at(-1)!.text), { done: true, done_reason: 'length', eval_count: 4 })
})
