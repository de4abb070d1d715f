import t from 'tap'
import { fitsMsgpack } from '../../src/backends/kv-events/fits-msgpack.ts'
import { message, ping, pong, properties, ready, subscribe } from '../../src/backends/kv-events/zmtp-frames.ts'
import { ZmtpReader } from '../../src/backends/kv-events/zmtp-reader.ts'
import { batchOf, frame, greeting, messageOf, readyOf, removed, sequence, stored } from '../support/zmq-peer.ts'

function read(bytes: Buffer, cut: number): string[] {
  const seen: string[] = []
  const reader = new ZmtpReader({
    greeting: (minor) => seen.push(`greeting ${minor}`),
    command: (name, body) => seen.push(`${name} ${body.length}`),
    message: (parts) => seen.push(parts.map((part) => `${part.length}:${part[0] ?? ''}`).join(' ')),
  })
  for (let at = 0; at < bytes.length; at += cut) reader.push(bytes.subarray(at, at + cut))
  return seen
}

const WHOLE = Buffer.concat([
  greeting(),
  readyOf('PUB'),
  messageOf([Buffer.alloc(0)]),
  messageOf([Buffer.alloc(0), sequence(1n), Buffer.alloc(300, 7)]),
  messageOf([Buffer.from('short but long'), Buffer.alloc(255, 1)], 0),
  frame(6, Buffer.from('\x04PING\x00\x01ctx')),
  messageOf([Buffer.alloc(70_000, 9)]),
])

t.test('what a peer says is read however its bytes are cut', (t) => {
  const expected = ['greeting 1', 'READY 19', '0:', '0: 8:0 300:7', '14:115 255:1', 'PING 5', '70000:9']
  const small = WHOLE.subarray(0, WHOLE.length - 70_000 + 40)
  for (const cut of [1, 2, 3, 5, 7, 9, 63, 64, 65, 1000, WHOLE.length]) {
    t.strictSame(read(WHOLE, cut), expected, `${cut} bytes at a time`)
    t.strictSame(read(small, cut), expected.slice(0, -1), `${cut} bytes at a time, and the end does not come`)
  }
  // Two pieces, the border at every byte.
  for (let at = 1; at < 700; at++) {
    const seen: string[] = []
    const reader = new ZmtpReader({ greeting: () => undefined, command: (name) => seen.push(name), message: (parts) => seen.push(String(parts.length)) }) // prettier-ignore
    reader.push(WHOLE.subarray(0, at))
    reader.push(WHOLE.subarray(at))
    t.strictSame(seen, ['READY', '1', '3', '2', 'PING', '1'], `border at ${at}`)
  }
  t.end()
})

t.test('wrong and hostile frames are told, and claim no memory', (t) => {
  const size = (bytes: bigint): Buffer => {
    const head = Buffer.alloc(8)
    head.writeBigUInt64BE(bytes)
    return head
  }
  const after = (...bytes: Buffer[]): Buffer => Buffer.concat([greeting(), readyOf('PUB'), ...bytes])
  for (const [bytes, says] of [
    [Buffer.from('HTTP/1.1 400 Bad Request\r\n'), /it speaks no ZMTP/],
    [Buffer.from('H'), /it speaks no ZMTP/],
    [greeting().fill(0, 9, 10), /it speaks no ZMTP/],
    [greeting('NULL', 2, 0), /it speaks ZMTP 2, and 3 is needed/],
    [greeting('CURVE'), /it asks for CURVE, and only NULL is spoken here/],
    [greeting('\x1b[2J'), /it asks for \?\?2J/],
    [after(Buffer.from([2]), size(2n ** 63n)), /a frame of 9223372036854775808 bytes/],
    [after(Buffer.from([2]), size(17n * 1024n ** 2n)), /a frame of 17825792 bytes/],
    [after(Buffer.from([6]), size(5000n)), /a frame of 5000 bytes/],
    [after(Buffer.from([5, 0])), /unknown flags/],
    [after(Buffer.from([8, 0])), /unknown flags/],
    [after(Buffer.from([4, 0])), /a command without a name/],
    [after(Buffer.from([4, 2, 9, 1])), /a command without a name/],
    [after(...Array.from({ length: 17 }, () => Buffer.from([1, 0]))), /a message of more than 16 parts/],
    [after(...Array.from({ length: 2 }, () => frame(3, Buffer.alloc(9 * 1024 ** 2)))), /a frame of 9437184 bytes/],
  ] as const)
    for (const cut of [1, 64 * 1024])
      if (bytes.length < 1e6 || cut > 1) t.throws(() => read(bytes, cut), { message: says }, String(says)) // prettier-ignore
  t.end()
})

t.test('what is said is what the other side reads', (t) => {
  const seen: string[] = []
  const reader = new ZmtpReader({
    greeting: () => undefined,
    command: (name, body) => seen.push(`${name} ${body.toString('hex')}`),
    message: (parts) => seen.push(parts.map((part) => part.toString('hex')).join('|')),
  })
  reader.push(greeting())
  for (const bytes of [subscribe('kv', 1), subscribe('kv', 0), ping(300), pong(Buffer.from('\x01\x2cabc')), message([Buffer.alloc(0), Buffer.from('x')])]) reader.push(bytes) // prettier-ignore
  t.strictSame(seen, ['SUBSCRIBE 6b76', '016b76', 'PING 012c', 'PONG 616263', '|78'])
  t.match([...(properties(ready('SUB').subarray(8)) ?? [])], [['socket-type', 'SUB'], ['identity', '']]) // prettier-ignore
  for (const bytes of ['\x09', '\x01a\x00\x00\x00\x09b', '\xff'.repeat(9)]) t.equal(properties(Buffer.from(bytes, 'latin1')), null) // prettier-ignore
  t.end()
})

t.test('MessagePack that claims more than it has, or is deep, is not decoded', (t) => {
  const whole = batchOf(stored([2n ** 63n + 5n, -7n, new Uint8Array(32)], null), removed([1, 2]))
  t.equal(fitsMsgpack(whole), true)
  for (let at = 0; at < whole.length; at++) t.equal(fitsMsgpack(whole.subarray(0, at)), false, `${at} bytes`)
  t.equal(fitsMsgpack(Buffer.concat([whole, Buffer.from([0])])), false, 'more than one value')
  for (const hex of ['ddffffffff', 'dcffff00', 'df7fffffff', 'c6ffffffff', 'dbffffffff', 'c1', 'd4', 'c701']) t.equal(fitsMsgpack(Buffer.from(hex, 'hex')), false, hex) // prettier-ignore
  t.equal(fitsMsgpack(Buffer.alloc(1_000_000, 0x91)), false, 'a million lists in lists')
  t.equal(fitsMsgpack(Buffer.from('9191919191919190', 'hex')), true)
  t.end()
})
