/**
 * What a ZeroMQ peer sends, read as it comes: the greeting, then commands and messages of several parts (ZMTP 3.0 and 3.1, RFC 23 and 37, mechanism
 * NULL). However the bytes are cut, and within bounded memory. Pure but for what it holds of an unfinished frame.
 */

/** Wrong or unfit bytes: the connection is of no use. In a few words, without what the peer said but for names. */
export class ZmtpError extends Error {}

export interface ZmtpSink {
  /** `minor`: 0 or 1 of version 3. */
  greeting(minor: number): void
  /** `body`: good until this returns. */
  command(name: string, body: Buffer): void
  message(parts: readonly Buffer[]): void
}

export const GREETING_BYTES = 64
/** A step of an engine with a million tokens takes 5 MB. */
const MOST_MESSAGE = 16 * 1024 ** 2
const MOST_PARTS = 16
const MOST_COMMAND = 4096

const MORE = 1
const LONG = 2
const COMMAND = 4

type State = 'greeting' | 'flags' | 'size' | 'body'

export class ZmtpReader {
  readonly #sink: ZmtpSink
  #state: State = 'greeting'
  /** Bytes that the state waits for. */
  #wanted = GREETING_BYTES
  #chunks: Buffer[] = []
  #held = 0
  #flags = 0
  #parts: Buffer[] = []
  #partBytes = 0

  constructor(sink: ZmtpSink) {
    this.#sink = sink
  }

  /** Throws a ZmtpError. */
  push(chunk: Buffer): void {
    if (chunk.length === 0) return
    this.#chunks.push(chunk)
    this.#held += chunk.length
    if (this.#state === 'greeting') checkSignature(this.#chunks[0]!)
    while (this.#held >= this.#wanted) this.#step(this.#take(this.#wanted))
  }

  #take(count: number): Buffer {
    const whole = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks)
    this.#held -= count
    this.#chunks = this.#held > 0 ? [whole.subarray(count)] : []
    return whole.subarray(0, count)
  }

  #step(bytes: Buffer): void {
    if (this.#state === 'greeting') {
      this.#sink.greeting(greetingOf(bytes))
      this.#next('flags', 1)
    } else if (this.#state === 'flags') {
      this.#flags = flagsOf(bytes[0]!)
      this.#next('size', (this.#flags & LONG) === 0 ? 1 : 8)
    } else if (this.#state === 'size') {
      const size = bytes.length === 1 ? BigInt(bytes[0]!) : bytes.readBigUInt64BE()
      const most = (this.#flags & COMMAND) === 0 ? MOST_MESSAGE - this.#partBytes : MOST_COMMAND
      if (size > BigInt(most)) throw new ZmtpError(`a frame of ${size} bytes`)
      this.#next('body', Number(size))
    } else this.#frame(bytes)
  }

  #next(state: State, wanted: number): void {
    this.#state = state
    this.#wanted = wanted
  }

  #frame(body: Buffer): void {
    this.#next('flags', 1)
    if ((this.#flags & COMMAND) !== 0) {
      const length = body[0] ?? 0
      if (length === 0 || length >= body.length + 1) throw new ZmtpError('a command without a name')
      return this.#sink.command(body.toString('latin1', 1, 1 + length), body.subarray(1 + length))
    }
    if (this.#parts.length === MOST_PARTS) throw new ZmtpError(`a message of more than ${MOST_PARTS} parts`)
    // What is held of a message would else keep alive the whole chunk that it came in.
    this.#parts.push(Buffer.from(body))
    this.#partBytes += body.length
    if ((this.#flags & MORE) !== 0) return
    const parts = this.#parts
    this.#parts = []
    this.#partBytes = 0
    this.#sink.message(parts)
  }
}

/** Told at its first byte: an HTTP server would else be waited for. */
function checkSignature(start: Buffer): void {
  if (start[0] !== 0xff) throw new ZmtpError('it speaks no ZMTP')
}

function greetingOf(bytes: Buffer): number {
  if (bytes[9] !== 0x7f) throw new ZmtpError('it speaks no ZMTP')
  if (bytes[10]! < 3) throw new ZmtpError(`it speaks ZMTP ${bytes[10]!}, and 3 is needed`)
  const mechanism = bytes.toString('latin1', 12, 32).replace(/\0+$/, '')
  if (mechanism !== 'NULL')
    throw new ZmtpError(`it asks for ${mechanism.replace(/[^A-Z0-9]/g, '?')}, and only NULL is spoken here`)
  return bytes[10]! > 3 ? 1 : Math.min(1, bytes[11]!)
}

function flagsOf(flags: number): number {
  const known = (flags & ~(MORE | LONG | COMMAND)) === 0
  if (!known || ((flags & COMMAND) !== 0 && (flags & MORE) !== 0)) throw new ZmtpError('a frame with unknown flags')
  return flags
}
