/** An HTTP/1.1 client connection of as few instructions as will do: one request at a time, answers handed on as they come. */
import { connect, type Socket } from 'node:net'

/** Receives one answer. */
export interface Sink {
  head(status: number): void
  data(bytes: Buffer, start: number, end: number): void
  end(): void
  fail(why: string): void
}

type State = 'head' | 'length' | 'size' | 'data' | 'gap' | 'trailer'

export class Wire {
  readonly #socket: Socket
  #sink: Sink | null = null
  #state: State = 'head'
  #left = 0
  #rest: Buffer | null = null
  closed = false

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (bytes) => this.#read(bytes))
    socket.on('error', (error) => this.#broken(error.message))
    socket.on('close', () => this.#broken('the connection was closed'))
  }

  static open(port: number): Promise<Wire> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true })
      socket.once('error', reject)
      socket.once('connect', () => {
        socket.off('error', reject)
        resolve(new Wire(socket))
      })
    })
  }

  send(request: Buffer, sink: Sink): void {
    if (this.closed) return sink.fail('the connection was closed between two requests')
    this.#sink = sink
    this.#state = 'head'
    this.#socket.write(request)
  }

  close(): void {
    this.#sink = null
    this.#socket.destroy()
  }

  #broken(why: string): void {
    this.closed = true
    const sink = this.#sink
    this.#sink = null
    sink?.fail(why)
  }

  #done(): void {
    const sink = this.#sink
    this.#sink = null
    this.#state = 'head'
    sink?.end()
  }

  #read(bytes: Buffer): void {
    let all = bytes
    if (this.#rest !== null) {
      all = Buffer.concat([this.#rest, bytes])
      this.#rest = null
    }
    let at = 0
    while (at < all.length) {
      if (this.#sink === null) {
        this.#socket.destroy(new Error('bytes came that nobody had asked for'))
        return
      }
      if (this.#state === 'length' || this.#state === 'data') {
        const end = Math.min(all.length, at + this.#left)
        this.#sink.data(all, at, end)
        this.#left -= end - at
        at = end
        if (this.#left > 0) return
        if (this.#state === 'length') this.#done()
        else this.#state = 'gap'
        continue
      }
      const mark = all.indexOf(this.#state === 'head' ? '\r\n\r\n' : '\r\n', at, 'latin1')
      if (mark < 0) {
        this.#rest = all.subarray(at)
        return
      }
      at = this.#line(all, at, mark)
    }
  }

  /** Takes one line (or the head) and says where the next byte is. */
  #line(all: Buffer, at: number, mark: number): number {
    if (this.#state === 'head') {
      this.#startAnswer(all.toString('latin1', at, mark + 2))
      return mark + 4
    }
    if (this.#state === 'gap') this.#state = 'size'
    else if (this.#state === 'size') {
      this.#left = Number.parseInt(all.toString('latin1', at, mark), 16)
      if (Number.isNaN(this.#left)) this.#socket.destroy(new Error('no size of a chunk where one belongs'))
      this.#state = this.#left === 0 ? 'trailer' : 'data'
    } else if (mark === at) this.#done()
    return mark + 2
  }

  #startAnswer(head: string): void {
    this.#sink?.head(Number(head.slice(9, 12)))
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)
    if (length !== null) {
      this.#left = Number(length[1])
      this.#state = 'length'
      if (this.#left === 0) this.#done()
    } else if (/\r\ntransfer-encoding: *chunked/i.test(head)) this.#state = 'size'
    else this.#socket.destroy(new Error('an answer with neither length nor chunks'))
  }
}
