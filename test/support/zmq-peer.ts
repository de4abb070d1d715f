/** A ZeroMQ publisher and the socket on which it says again what it said, written by RFC 23 and 37: what vLLM and SGLang have. */
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'
import { Encoder } from '@msgpack/msgpack'
import { ZmtpReader } from '../../src/backends/kv-events/zmtp-reader.ts'

const encoder = new Encoder({ useBigInt64: true })

export const frame = (flags: number, body: Buffer): Buffer => {
  if ((flags & 2) === 0) return Buffer.concat([Buffer.from([flags, body.length]), body])
  const size = Buffer.alloc(8)
  size.writeBigUInt64BE(BigInt(body.length))
  return Buffer.concat([Buffer.from([flags]), size, body])
}

export const greeting = (mechanism = 'NULL', major = 3, minor = 1): Buffer => {
  const bytes = Buffer.alloc(64)
  bytes[0] = 0xff
  // libzmq writes the length of an identity of older versions here.
  bytes[8] = 1
  bytes[9] = 0x7f
  bytes[10] = major
  bytes[11] = minor
  bytes.write(mechanism, 12)
  return bytes
}

export const readyOf = (type: string): Buffer => {
  const size = Buffer.alloc(4)
  size.writeUInt32BE(type.length)
  return frame(4, Buffer.concat([Buffer.from('\x05READY\x0bSocket-Type'), size, Buffer.from(type)]))
}

export const sequence = (seq: bigint): Buffer => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(seq)
  return bytes
}

/** A message; parts of 256 bytes and more are long frames, and so is the `long`th whatever its size. */
export const messageOf = (parts: readonly Buffer[], long = -1): Buffer =>
  Buffer.concat(
    parts.map((part, index) =>
      frame((index < parts.length - 1 ? 1 : 0) | (part.length > 255 || index === long ? 2 : 0), part),
    ),
  )

export type Hash = number | bigint | Uint8Array

export const stored = (hashes: readonly Hash[], parent: Hash | null, size = 16): unknown[] => [
  'BlockStored',
  hashes,
  parent,
  hashes.flatMap(() => Array.from({ length: size }, (_, at) => at)),
  size,
  null,
  'GPU',
]
export const removed = (hashes: readonly Hash[]): unknown[] => ['BlockRemoved', hashes, 'GPU']
export const CLEARED: readonly unknown[] = ['AllBlocksCleared']

export const batchOf = (...events: readonly (readonly unknown[])[]): Buffer =>
  Buffer.from(encoder.encode([1_700_000_000.5, events, 0]))

interface Options {
  /** Bytes of a write; 0: as they come. */
  readonly cut?: number
  readonly type?: string
  readonly minor?: number
}

export interface Peer {
  readonly port: number
  /** Names of the commands, and first bytes of the messages, that came. */
  readonly heard: readonly string[]
  /** Subscribers that are there. */
  readonly open: ReadonlySet<Socket>
  /** Resolves when the next peer has subscribed. */
  subscribed(): Promise<void>
  send(bytes: Buffer): void
  publish(seq: bigint, payload: Buffer): void
  /** Breaks all connections. */
  cut(): void
  close(): Promise<void>
}

/** `answer`: to what a peer of a ROUTER sends: messages of the replay. */
export async function startPeer(
  { cut = 0, type = 'PUB', minor = 1 }: Options = {},
  port = 0,
  answer: (parts: readonly Buffer[]) => readonly Buffer[] = () => [],
): Promise<Peer> {
  const open = new Set<Socket>()
  const heard: string[] = []
  const waiting: (() => void)[] = []
  const write = (socket: Socket, bytes: Buffer): void => {
    if (cut === 0) socket.write(bytes)
    else for (let at = 0; at < bytes.length; at += cut) socket.write(bytes.subarray(at, at + cut))
  }
  const there = (socket: Socket): void => {
    open.add(socket)
    for (const done of waiting.splice(0)) done()
  }
  const server: Server = createServer((socket) => {
    socket.setNoDelay(true)
    const reader = new ZmtpReader({
      greeting: () => write(socket, readyOf(type)),
      command: (name, body) => {
        heard.push(`${name} ${body.toString('hex')}`)
        if (name === 'SUBSCRIBE') there(socket)
        if (name === 'PING') write(socket, frame(4, Buffer.from('\x04PONG')))
      },
      message: (parts) => {
        heard.push(`message ${parts.map((part) => part.toString('hex')).join(' ')}`)
        if (type === 'PUB' && parts[0]?.[0] === 1) there(socket)
        for (const bytes of type === 'ROUTER' ? answer(parts) : []) write(socket, bytes)
      },
    })
    socket.on('data', (bytes) => reader.push(bytes))
    socket.on('error', () => undefined)
    socket.on('close', () => open.delete(socket))
    write(socket, greeting('NULL', 3, minor))
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const send = (bytes: Buffer): void => {
    for (const socket of open) write(socket, bytes)
  }
  const all = new Set<Socket>()
  server.on('connection', (socket) => {
    all.add(socket)
    socket.on('close', () => all.delete(socket))
  })
  const breakAll = (): void => {
    for (const socket of all) socket.destroy()
  }
  return {
    port: (server.address() as AddressInfo).port,
    heard,
    open,
    subscribed: () => new Promise((resolve) => waiting.push(resolve)),
    send,
    publish: (seq, payload) => send(messageOf([Buffer.alloc(0), sequence(seq), payload])),
    cut: breakAll,
    close: async () => {
      breakAll()
      server.close()
      await once(server, 'close')
    },
  }
}
