import t from 'tap'
import { transportCode, isNotHttp } from '../../src/core/transport.ts'
import { ResponseParser } from '../../src/backends/upstream/response-parser.ts'
import { mutated, RESPONSES } from './responses.ts'

interface Read {
  readonly status: number | null
  readonly headers: unknown
  readonly body: string
  readonly end: 'whole' | 'not HTTP' | 'open'
  readonly reusable: boolean | null
  readonly keepsMs: number | null
  readonly excess: boolean
}

/** What a parser has read of `pieces`. */
function readAll(pieces: readonly Buffer[]): Read {
  const parser = new ResponseParser()
  let seen: Read = { status: null, headers: null, body: '', end: 'open', reusable: null, keepsMs: null, excess: false }
  let left = pieces.length
  for (const piece of pieces) {
    // The bytes are another's as soon as they were read.
    const shared = Buffer.from(piece)
    const { head, body, failure, ended, excess } = parser.push(shared, shared.length)
    shared.fill(1)
    left--
    if (head !== null) opened = head
    if (head !== null) seen = { ...seen, status: head.status, headers: { ...head.headers } }
    if (body !== null) seen = { ...seen, body: seen.body + body.toString('latin1') }
    if (failure !== null) return isNotHttp(transportCode(failure)) ? { ...seen, end: 'not HTTP' } : seen
    if (ended)
      return {
        ...seen,
        end: 'whole',
        reusable: opened!.reusable,
        keepsMs: opened!.keepsMs,
        excess:
          excess > 0 || pieces.slice(pieces.length - left).some((rest) => /[^\r\n]/.test(rest.toString('latin1'))),
      }
  }
  return parser.finish() ? { ...seen, end: 'whole', reusable: opened!.reusable } : seen
}
let opened: ReturnType<ResponseParser['push']>['head'] = null

const cutAt = (bytes: Buffer, places: readonly number[]): Buffer[] =>
  [0, ...places].map((from, n) => bytes.subarray(from, places[n] ?? bytes.length)).filter((piece) => piece.length > 0)

t.test('a response is the same, wherever its bytes are cut', async (t) => {
  const all: [string, Buffer][] = Object.entries(RESPONSES).map(([name, text]) => [name, Buffer.from(text, 'latin1')])
  all.push(...mutated(600, 7))
  for (const [name, bytes] of all) {
    const whole = readAll([bytes])
    const wrong: unknown[] = []
    const same = (places: readonly number[]): void => {
      const read = readAll(cutAt(bytes, places))
      if (JSON.stringify(read) !== JSON.stringify(whole)) wrong.push([places, read])
    }
    const step = Math.max(1, Math.floor(bytes.length / 300))
    for (let at = 1; at < bytes.length; at += step) same([at])
    for (let at = 1; at < bytes.length - 3; at += step * 7) same([at, at + 1, at + 3])
    if (bytes.length < 3_000) same(Array.from({ length: bytes.length - 1 }, (_, n) => n + 1))
    t.strictSame(wrong, [], name)
  }
})

t.test('what a head says is read', async (t) => {
  const read = (name: string): Read => readAll([Buffer.from(RESPONSES[name]!)])
  t.match(read('with a length'), {
    status: 200,
    headers: { 'content-type': 'application/json' },
    end: 'whole',
    reusable: true,
  })
  t.match(read('with a header several times'), { headers: { a: ['1', '2', '3'] } })
  t.match(read('with blanks around a value'), { headers: { a: 'b c \t ' } })
  t.match(read('with extensions'), { body: 'hello', end: 'whole', reusable: true, excess: false })
  t.match(read('with trailers'), { body: 'hello', end: 'whole', reusable: true })
  t.match(read('with a body too long'), { body: 'hell', end: 'whole', excess: true })
  t.match(read('that keeps for a time'), { reusable: true, keepsMs: 5_000 })
  for (const name of [
    'that closes',
    'that closes, among other options',
    'of HTTP/1.0',
    'that ends with the connection',
  ])
    t.match(read(name), { end: 'whole', reusable: false }, name)
  t.match(read('of HTTP/1.0 that keeps'), { end: 'whole', reusable: true })
})

t.test('several responses on one connection are read one after the other', async (t) => {
  const parser = new ResponseParser()
  for (const name of [
    'with a length',
    'with chunks',
    'with trailers',
    'behind early hints',
    'of status 204',
    'with no body',
  ]) {
    const bytes = Buffer.from(RESPONSES[name]!)
    t.match(
      parser.push(bytes, bytes.length),
      { failure: null, ended: true, excess: 0, head: { status: /20[04]/ } },
      name,
    )
  }
})

t.test('a head that has no end is refused, whatever it is made of', async (t) => {
  for (const [name, begin, more] of [
    ['a reason', 'HTTP/1.1 200 ', 'x'],
    ['a name', 'HTTP/1.1 200 OK\r\n', 'x'],
    ['a value', 'HTTP/1.1 200 OK\r\na: ', 'x'],
    ['blanks', 'HTTP/1.1 200 OK\r\na:', ' '],
    ['an extension', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5;', 'x'],
    ['headers', 'HTTP/1.1 200 OK\r\n', 'a: b\r\n'],
    ['trailers', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n', 'a: b\r\n'],
  ] as const) {
    const parser = new ResponseParser()
    const first = Buffer.from(begin)
    t.equal(parser.push(first, first.length).failure, null, name)
    let failure: Error | null = null
    for (let n = 0; n < 40 && failure === null; n++) {
      const bytes = Buffer.from(more.repeat(1_000))
      failure = parser.push(bytes, bytes.length).failure
    }
    t.match(failure, { message: /too large/ }, name)
  }
})
