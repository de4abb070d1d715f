/** What is said to a ZeroMQ peer. Pure. */

export type SocketType = 'SUB' | 'DEALER'

/** ZMTP 3.1, mechanism NULL. */
export function greeting(): Buffer {
  const bytes = Buffer.alloc(64)
  bytes[0] = 0xff
  bytes[8] = 1
  bytes[9] = 0x7f
  bytes[10] = 3
  bytes[11] = 1
  bytes.write('NULL', 12, 'latin1')
  return bytes
}

export const ready = (type: SocketType): Buffer =>
  command('READY', Buffer.concat([property('Socket-Type', type), property('Identity', '')]))

/** `minor`: what the peer speaks; before 3.1 this was a message. */
export const subscribe = (topic: string, minor: number): Buffer =>
  minor >= 1
    ? command('SUBSCRIBE', Buffer.from(topic))
    : frame(0, Buffer.concat([Buffer.from([1]), Buffer.from(topic)]))

/** Seconds after which the peer may take us for dead, as tenths; nothing to be sent back. */
export const ping = (tenths: number): Buffer => command('PING', Buffer.from([tenths >> 8, tenths & 0xff]))

/** `body`: of the PING: its time, and what is to be sent back, 16 bytes at most. */
export const pong = (body: Buffer): Buffer => command('PONG', body.subarray(2, 18))

export const message = (parts: readonly Buffer[]): Buffer =>
  Buffer.concat(parts.map((part, index) => frame(index < parts.length - 1 ? 1 : 0, part)))

const command = (name: string, body: Buffer): Buffer =>
  frame(4, Buffer.concat([Buffer.from([name.length]), Buffer.from(name, 'latin1'), body]))

function property(name: string, value: string): Buffer {
  const size = Buffer.alloc(4)
  size.writeUInt32BE(value.length)
  return Buffer.concat([Buffer.from([name.length]), Buffer.from(name), size, Buffer.from(value)])
}

function frame(flags: number, body: Buffer): Buffer {
  if (body.length < 256) return Buffer.concat([Buffer.from([flags, body.length]), body])
  const head = Buffer.alloc(9)
  head[0] = flags | 2
  head.writeBigUInt64BE(BigInt(body.length), 1)
  return Buffer.concat([head, body])
}

/** Of a READY: its properties by name in lower case. Null: it is none. */
export function properties(body: Buffer): ReadonlyMap<string, string> | null {
  const all = new Map<string, string>()
  let at = 0
  while (at < body.length) {
    const name = body[at]!
    if (at + 1 + name + 4 > body.length) return null
    const size = body.readUInt32BE(at + 1 + name)
    const from = at + 1 + name + 4
    if (from + size > body.length) return null
    all.set(body.toString('latin1', at + 1, at + 1 + name).toLowerCase(), body.toString('latin1', from, from + size))
    at = from + size
  }
  return all
}
