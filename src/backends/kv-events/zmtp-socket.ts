/** One connection to a ZeroMQ peer, from its greeting to its end: messages come out, nothing is kept. */
import { connect, type Socket } from 'node:net'
import { transportReason } from '../../core/transport.ts'
import { greeting, message, ping, pong, properties, ready, type SocketType, subscribe } from './zmtp-frames.ts'
import { ZmtpError, ZmtpReader } from './zmtp-reader.ts'

export interface ZmtpTarget {
  readonly host: string
  readonly port: number
}

export interface ZmtpHandlers {
  /** The peer is there, and is of the right kind. */
  ready(): void
  message(parts: readonly Buffer[]): void
  /** Called once. `why`: in a few words. */
  closed(why: string): void
}

const CONNECT_MS = 5_000
/** A peer that is silent for so long is asked whether it lives, and is given as long to answer. */
const SILENCE_MS = 15_000

/** Kinds of sockets that may be at the other end. */
const PEERS: Readonly<Record<SocketType, readonly string[]>> = { SUB: ['PUB', 'XPUB'], DEALER: ['ROUTER', 'REP'] }

export class ZmtpSocket {
  readonly #type: SocketType
  readonly #handlers: ZmtpHandlers
  readonly #socket: Socket
  readonly #reader: ZmtpReader
  #minor = 0
  #ready = false
  #asked = false
  #closed = false

  constructor({ host, port }: ZmtpTarget, type: SocketType, handlers: ZmtpHandlers) {
    this.#type = type
    this.#handlers = handlers
    this.#reader = new ZmtpReader({
      greeting: (minor) => {
        this.#minor = minor
        this.#socket.write(ready(type))
      },
      command: (name, body) => this.#command(name, body),
      message: (parts) => {
        if (!this.#ready) throw new ZmtpError('a message before READY')
        handlers.message(parts)
      },
    })
    this.#socket = connect({ host, port, noDelay: true })
    this.#socket.setTimeout(CONNECT_MS)
    this.#socket.on('connect', () => this.#socket.write(greeting()))
    this.#socket.on('data', (chunk) => this.#read(chunk))
    this.#socket.on('timeout', () => this.#silent())
    this.#socket.on('error', (error) => this.#end(transportReason(error)))
    this.#socket.on('close', () => this.#end('it closed the connection'))
    // Alone it keeps no process alive.
    this.#socket.unref()
  }

  send(parts: readonly Buffer[]): void {
    this.#socket.write(message(parts))
  }

  close(): void {
    this.#end('closed')
  }

  #read(chunk: Buffer): void {
    this.#asked = false
    try {
      this.#reader.push(chunk)
    } catch (thrown) {
      if (!(thrown instanceof ZmtpError)) throw thrown
      this.#end(thrown.message)
    }
  }

  #command(name: string, body: Buffer): void {
    if (name === 'READY' && !this.#ready) return this.#meet(body)
    if (name === 'ERROR') throw new ZmtpError('it refuses the connection')
    if (name === 'PING') {
      if (body.length < 2) throw new ZmtpError('a PING without a time')
      this.#socket.write(pong(body))
    }
    // PONG says that it lives, which any byte does. Others are of versions to come.
  }

  #meet(body: Buffer): void {
    const type = properties(body)?.get('socket-type') ?? ''
    if (!PEERS[this.#type].includes(type))
      throw new ZmtpError(`it is no ${PEERS[this.#type][0]!}, but ${/^[A-Z]{1,8}$/.test(type) ? type : 'unknown'}`)
    this.#ready = true
    this.#socket.setTimeout(SILENCE_MS)
    if (this.#type === 'SUB') this.#socket.write(subscribe('', this.#minor))
    this.#handlers.ready()
  }

  #silent(): void {
    if (!this.#ready) return this.#end('no answer in time')
    // Before 3.1 there is no such question; then the system's own probes must do.
    if (this.#minor === 0) return void this.#socket.setKeepAlive(true, SILENCE_MS)
    if (this.#asked) return this.#end('it is silent')
    this.#asked = true
    this.#socket.write(ping((2 * SILENCE_MS) / 100))
  }

  #end(why: string): void {
    if (this.#closed) return
    this.#closed = true
    this.#socket.destroy()
    this.#handlers.closed(why)
  }
}
