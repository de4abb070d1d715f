import t from 'tap'
import { DONE_EVENT } from '../../src/formats/openai/done.ts'
import { encodeEvent, frameText, KEEP_ALIVE_EVENT, type SseFrame, SseSplitter } from '../../src/formats/sse.ts'
import { pick, seeded } from '../support/random.ts'
import { noSamples, samples } from '../support/samples.ts'

/** What a frame is to its readers. */
interface Seen {
  readonly data: string | null
  readonly event: string | null
  readonly raw: string
}

function seen(frame: SseFrame): Seen {
  return { data: frame.data === null ? null : frameText(frame), event: frame.event, raw: frame.raw.toString('latin1') }
}

function parse(pieces: Iterable<Buffer>): Seen[] {
  const splitter = new SseSplitter()
  const out: SseFrame[] = []
  for (const piece of pieces) splitter.push(piece, out)
  splitter.flush(out)
  return out.map(seen)
}

function cut(bytes: Buffer, at: readonly number[]): Buffer[] {
  const ends = [...at, bytes.length]
  return ends.map((end, index) => bytes.subarray(index === 0 ? 0 : ends[index - 1], end))
}

const everyByte = (bytes: Buffer): Buffer[] => cut(bytes, [...bytes.keys()].slice(1))

/** The WHATWG rules in the plainest form, with the two freedoms of the gateway: a pending last block counts, data lines are joined by a space. */
function expected(bytes: Buffer): { data: string | null; event: string | null }[] {
  const text = bytes.toString().replace(/^\ufeff/, '')
  const blocks = text.split(/\r\n|\r|\n/)
  const found: { data: string | null; event: string | null }[] = []
  let data: string[] = []
  let comments = 0
  let event: string | null = null
  const dispatch = (): void => {
    const joined = data.join(' ')
    if (joined !== '') found.push({ data: joined, event })
    else if (comments > 0) found.push({ data: null, event: null })
    data = []
    comments = 0
    event = null
  }
  for (const line of blocks) {
    if (line === '') dispatch()
    else if (line.startsWith(':')) comments++
    else {
      const [, name, value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line)!
      if (name === 'data') data.push(value)
      if (name === 'event') event = value
    }
  }
  dispatch()
  return found
}

const CORPUS: Readonly<Record<string, string>> = {
  'line feeds': 'data: {"a":1}\n\ndata: {"a":2}\n\ndata: [DONE]\n\n',
  'carriage returns and line feeds': 'data: {"a":1}\r\n\r\ndata: {"a":2}\r\n\r\ndata: [DONE]\r\n\r\n',
  'carriage returns alone': 'data: {"a":1}\r\rdata: {"a":2}\r\rdata: [DONE]\r\r',
  'all three line ends':
    'data: {"a":1}\r\n\ndata: {"a":2}\n\r\ndata: {"a":3}\r\r\ndata: {"a":4}\n\rdata: {"a":5}\r\n\r',
  'a byte order mark': '\ufeffdata: {"a":1}\n\ndata: {"b":"\ufeff"}\n\n',
  'UTF-8 of two, three and four bytes': 'data: {"a":"é ü 漢字 🚂 \u2028"}\r\n\r\ndata: {"b":"🚃🚃"}\n\n',
  comments: ': keep-alive\n\ndata: {"a":1}\n\n:\n\n: one\n: two\n\ndata: {"a":2}\n\n',
  'a comment inside of an event': 'data: {"a":1,\n: OPENROUTER PROCESSING\ndata: "b":2}\n\n',
  'several data lines': 'data: {"a":\ndata: 1,\ndata:"b":2}\n\ndata: {}\ndata:\n\n',
  'named events': 'event: error\ndata: {"error":"x"}\n\nevent:ping\n\nevent\ndata: {"a":1}\n\ndata: {"b":1}\n\n',
  'ids and retries': 'id: 7\nretry: 3000\ndata: {"a":1}\n\nid: 8\n\nretry: 1\n\ndata: {"a":2}\nid\n\n',
  'empty data': 'data:\n\ndata: \n\ndata\n\ndata:\ndata:\n\ndata: {"a":1}\n\n',
  'unknown fields': 'foo: bar\ndata: {"a":1}\nDATA: no\n data: no\n\n',
  'no blank behind the colon': 'data:{"a":1}\n\ndata:  {"a":2}\n\ndata: a:b: c\n\n',
  'blank lines around': '\n\n\r\n\rdata: {"a":1}\n\n\n\n\r\n\r\ndata: {"a":2}\n\n\n',
  'no blank line at the end': 'data: {"a":1}\n\ndata: {"a":2}\n',
  'no line end at the end': 'data: {"a":1}\n\ndata: [DONE]',
  'a lone carriage return at the end': 'data: {"a":1}\r\n\r\ndata: {"a":2}\r',
  'nothing at all': '',
  'line ends only': '\r\n\r\n\n\r',
  'no event stream': '<html>\n<body>\n\n</body></html>',
}

for (const [name, text] of Object.entries(CORPUS)) {
  t.test(`${name}: the same events however it is cut`, async (t) => {
    const bytes = Buffer.from(text)
    const whole = parse([bytes])
    t.strictSame(
      whole.map(({ data, event }) => ({ data, event })),
      expected(bytes),
      'as the rules say',
    )
    for (let at = 1; at <= bytes.length; at++) {
      if (JSON.stringify(parse(cut(bytes, [at]))) !== JSON.stringify(whole)) t.fail(`cut at ${at}`)
    }
    for (let a = 1; a <= bytes.length; a++)
      for (let b = a; b <= bytes.length; b++)
        if (JSON.stringify(parse(cut(bytes, [a, b]))) !== JSON.stringify(whole)) t.fail(`cut at ${a} and ${b}`)
    t.strictSame(parse(everyByte(bytes)), whole, 'byte by byte')
  })
}

t.test('random streams, randomly cut', async (t) => {
  const random = seeded(20_261_123)
  const lines = [
    'data: {"a":"é🚂"}',
    'data:x',
    'data',
    'data: ',
    ': c',
    ':',
    'id: 1',
    'retry: 5',
    'event: error',
    'x',
    '',
  ]
  for (let round = 0; round < 3000; round++) {
    const bom = random() < 0.1 ? '\ufeff' : ''
    const count = 1 + Math.floor(random() * 12)
    let text = bom
    for (let i = 0; i < count; i++) text += pick(random, lines) + pick(random, ['\n', '\r\n', '\r', '\n\n', '\r\n\r\n'])
    const bytes = Buffer.from(text)
    const cuts = Array.from({ length: Math.floor(random() * 6) }, () => 1 + Math.floor(random() * bytes.length))
    const got = parse(
      cut(
        bytes,
        cuts.sort((a, b) => a - b),
      ),
    )
    const wanted = expected(bytes)
    if (JSON.stringify(got.map(({ data, event }) => ({ data, event }))) !== JSON.stringify(wanted)) {
      t.fail(`${JSON.stringify(text)} cut at ${cuts.join(', ')}: ${JSON.stringify(got)}`)
      break
    }
    const bad = got.find(({ raw }) => !isHarmless(raw))
    if (bad !== undefined) {
      t.fail(`${JSON.stringify(text)} sends on ${JSON.stringify(bad.raw)}`)
      break
    }
  }
})

/** One data line that is not empty, or comments; nothing that official SDKs stumble over. */
const isHarmless = (raw: string): boolean => /^(data: ?[^\n]+\n|(:[^\n]*\n)+)\n$/.test(raw) && !raw.includes('\r')

t.test('what goes out holds no id, no retry, no name and no event without data', async (t) => {
  for (const [name, text] of Object.entries(CORPUS))
    for (const { raw } of parse([Buffer.from(text)])) t.ok(isHarmless(raw), `${name}: ${JSON.stringify(raw)}`)
})

t.test('a good event goes out byte for byte', async (t) => {
  const events = ['data: {"a":1,  "n":1234567890123456789}\n\n', 'data:{"b":"é"}\n\n', 'data: [DONE]\n\n']
  t.strictSame(
    parse([Buffer.from(events.join(''))]).map(({ raw }) => Buffer.from(raw, 'latin1').toString()),
    events,
  )
})

t.test('data is the payload, one byte a character, at its place in raw', async (t) => {
  const out: SseFrame[] = []
  new SseSplitter().push(Buffer.from('data: {"a":"é"}\n\nid: 1\ndata: {"b":\ndata: "ü"}\n\n'), out)
  for (const frame of out) {
    t.equal(frame.data, frame.raw.toString('latin1', frame.dataStart, frame.dataEnd))
    t.doesNotThrow(() => JSON.parse(frameText(frame)))
  }
  t.equal(out.length, 2)
})

t.test('empty chunks change nothing, also before a byte order mark', async (t) => {
  const nothing = Buffer.alloc(0)
  const text = Buffer.from('\ufeffdata: {"a":1}\r\n\r\n')
  t.strictSame(parse([text, nothing]), parse([text]))
  t.strictSame(parse([nothing, text]), parse([text]))
  t.strictSame(parse([text.subarray(0, 1), nothing, text.subarray(1)]), parse([text]))
})

t.test('an event comes as soon as its blank line is there', async (t) => {
  const splitter = new SseSplitter()
  const out: SseFrame[] = []
  splitter.push(Buffer.from('data: 1\r\n\r'), out)
  t.equal(out.length, 1, 'the lone CR already ends it')
  splitter.push(Buffer.from('\ndata: 2\n'), out)
  t.equal(out.length, 1)
  t.equal(splitter.pending, 'data: 2\n'.length)
  splitter.push(Buffer.from('\n'), out)
  t.equal(out.length, 2)
  t.equal(splitter.pending, 0)
  splitter.flush(out)
  t.equal(out.length, 2, 'nothing is told twice')
})

/** CPU seconds for one event of that many bytes in chunks of 256; the least of several runs. */
function cost(bytes: number): number {
  const body = Buffer.alloc(bytes, 'x')
  const chunks = [Buffer.from('data: "'), ...cut(body, steps(bytes, 256)), Buffer.from('"\n\n')]
  const runs = Array.from({ length: 5 }, () => {
    const before = process.cpuUsage()
    const out = parse(chunks)
    if (out.length !== 1 || out[0]?.data?.length !== bytes + 2) throw new Error('not one event')
    const { user, system } = process.cpuUsage(before)
    return user + system
  })
  return Math.min(...runs)
}

const steps = (bytes: number, step: number): number[] =>
  Array.from({ length: Math.ceil(bytes / step) - 1 }, (_, index) => (index + 1) * step)

t.test('an event of megabytes in small chunks takes linear time', async (t) => {
  cost(1 << 20)
  const small = cost(1 << 20)
  const large = cost(5 << 20)
  t.ok(large < 15 * Math.max(small, 1000), `five times the bytes: ${small} µs, then ${large} µs`)
})

t.test('many events in one chunk take linear time', async (t) => {
  const time = (count: number): number => {
    const bytes = Buffer.from('id: 1\r\ndata: {"a":1}\r\n\r\n'.repeat(count))
    const before = process.cpuUsage()
    t.equal(parse([bytes]).length, count)
    const { user, system } = process.cpuUsage(before)
    return user + system
  }
  time(20_000)
  const small = time(20_000)
  const large = time(100_000)
  t.ok(large < 15 * Math.max(small, 1000), `five times the events: ${small} µs, then ${large} µs`)
})

t.test('recorded streams of engines', { skip: noSamples }, async (t) => {
  const random = seeded(7)
  const streams = samples().filter(({ headers }) => headers['content-type']?.includes('event-stream'))
  t.ok(streams.length >= 8, `${streams.length} recordings`)
  for (const { name, body } of streams) {
    const whole = parse([body])
    t.strictSame(
      whole.map(({ data, event }) => ({ data, event })),
      expected(body),
      name,
    )
    t.strictSame(parse(everyByte(body)), whole, `${name}, byte by byte`)
    for (let round = 0; round < 20; round++) {
      const cuts = Array.from({ length: 8 }, () => Math.floor(random() * body.length)).sort((a, b) => a - b)
      if (JSON.stringify(parse(cut(body, cuts))) !== JSON.stringify(whole)) t.fail(`${name} cut at ${cuts.join(', ')}`)
    }
  }
})

t.test('events of the gateway are read back as they are', async (t) => {
  const text = JSON.stringify({ message: 'line\nbreak \u2028 é' })
  t.strictSame(
    parse([encodeEvent(text), KEEP_ALIVE_EVENT, DONE_EVENT]).map(({ data }) => data),
    [text, null, '[DONE]'],
  )
  const named = parse([encodeEvent('{}', 'error')])
  t.strictSame([named[0]?.data, named[0]?.event], ['{}', 'error'])
})

t.test(
  'names of events are sent on where the format has them; lines of any length, and none, in between',
  async (t) => {
    const text =
      '\n\nevent: a\ndata: {"a":1}\n\n\n:\n\ne\n\nevent\n\nevent: b\nid: 7\ndata: {"b":1}\n\ndata: {"c":1}\n\nevent: d\n\nevent: e\nda\n\nevent: f\ndata: {}\n\n\n'
    const named = (chunks: readonly Buffer[]): string => {
      const splitter = new SseSplitter(true)
      const frames: SseFrame[] = []
      for (const chunk of chunks) splitter.push(chunk, frames)
      splitter.flush(frames)
      return frames.map(({ raw }) => raw.toString()).join('')
    }
    const whole = named([Buffer.from(text)])
    t.equal(whole, 'event: a\ndata: {"a":1}\n\n:\n\nevent: b\ndata: {"b":1}\n\ndata: {"c":1}\n\nevent: f\ndata: {}\n\n')
    t.equal(named(everyByte(Buffer.from(text))), whole)
  },
)
