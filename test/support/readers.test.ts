import t from 'tap'
import type { Head } from './http-message.ts'
import { MessageReader } from './http-message.ts'
import type { SseBlock } from './sse-reader.ts'
import { SseReader } from './sse-reader.ts'

function readAll(
  kind: 'request' | 'response',
  pieces: readonly Buffer[],
  close = false,
): { heads: Head[]; body: string; ends: boolean[] } {
  const heads: Head[] = []
  const ends: boolean[] = []
  let body = ''
  const reader = new MessageReader(kind, {
    head: (head) => heads.push(head),
    data: (bytes) => (body += bytes.toString()),
    end: (complete) => ends.push(complete),
  })
  for (const piece of pieces) reader.push(piece)
  if (close) reader.close()
  return { heads, body, ends }
}

const bytewise = (text: string): Buffer[] => [...Buffer.from(text)].map((byte) => Buffer.from([byte]))

t.test('messages are the same whole and byte by byte', async (t) => {
  const texts = {
    length: 'POST /a HTTP/1.1\r\nContent-Length: 5\r\nX: 1\r\nx: 2\r\n\r\nhelloGET /b HTTP/1.1\r\n\r\n',
    chunked: 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\na\r\n0123456789\r\n0\r\n\r\n',
    interim: 'HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 204 None\r\n\r\n',
    broken: 'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc',
  }
  for (const [name, text] of Object.entries(texts)) {
    const kind = name === 'length' ? 'request' : 'response'
    t.same(readAll(kind, bytewise(text), true), readAll(kind, [Buffer.from(text)], true), name)
  }
  const two = readAll('request', [Buffer.from(texts.length)])
  t.same([two.heads.length, two.body, two.ends, two.heads[0]?.headers.x], [2, 'hello', [true, true], '1, 2'])
  t.same(readAll('response', [Buffer.from(texts.chunked)]).body, 'abc0123456789')
  t.same(readAll('response', [Buffer.from(texts.broken)], true).ends, [false])
  t.same(readAll('response', [Buffer.from(texts.interim)]).heads.length, 1)
})

t.test('a body without length ends with the connection', async (t) => {
  const read = readAll('response', [Buffer.from('HTTP/1.1 200 OK\r\n\r\nall of it')], true)
  t.same([read.body, read.ends], ['all of it', [true]])
})

function parse(pieces: readonly Buffer[]): { blocks: Omit<SseBlock, 'at' | 'raw'>[]; raw: string; rest: string } {
  const reader = new SseReader()
  const blocks = pieces.flatMap((piece) => reader.push(piece, 0))
  return {
    blocks: blocks.map(({ data, event, comments, fields }) => ({ data, event, comments, fields })),
    raw: Buffer.concat(blocks.map((block) => block.raw)).toString(),
    rest: reader.rest.toString(),
  }
}

t.test('SSE blocks keep comments, fields and exact bytes, at any split', async (t) => {
  const text = ': hi\n\ndata: größe\ndata: 水\n\nid: 3\nevent: e\r\ndata:x\r\n\r\nretry: 1\n\ndata: cut'
  const whole = parse([Buffer.from(text)])
  t.same(whole.blocks, [
    { data: null, event: null, comments: ['hi'], fields: [] },
    { data: 'größe\n水', event: null, comments: [], fields: [] },
    { data: 'x', event: 'e', comments: [], fields: ['id'] },
    { data: null, event: null, comments: [], fields: ['retry'] },
  ])
  t.equal(whole.raw + whole.rest, text)
  t.same(parse(bytewise(text)), whole)
  for (let at = 1; at < Buffer.byteLength(text); at++) {
    const bytes = Buffer.from(text)
    t.same(parse([bytes.subarray(0, at), bytes.subarray(at)]), whole)
  }
})
