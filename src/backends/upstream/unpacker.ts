/** Clouds and proxies compress answers even where nobody asked for it: bytes in, plain bytes out while they come. */
import type { Transform } from 'node:stream'
import * as zlib from 'node:zlib'

export interface UnpackerSink {
  data(plain: Buffer): void
  /** All of it was there. */
  end(): void
  /** `cut`: it ends too early; else it is not what its header says, or the header says what is not known. */
  fail(cut: boolean): void
  /** The connection broke by `thrown`, and what had come is unpacked. */
  broken(thrown: Error): void
  /** No more packed bytes until `go`. */
  hold(): void
  go(): void
}

/** Each piece goes on as far as it can be unpacked: an event must not wait for the next one. */
const FLUSH = { flush: zlib.constants.Z_SYNC_FLUSH }
const FLUSH_BROTLI = { flush: zlib.constants.BROTLI_OPERATION_FLUSH }

/** Some send deflate without the zlib header that HTTP wants around it. */
const inflate = (first: Buffer): Transform =>
  (first[0]! & 0x0f) === 8 ? zlib.createInflate(FLUSH) : zlib.createInflateRaw(FLUSH)

/** Newer versions of Node have it. */
const { createZstdDecompress } = zlib as { readonly createZstdDecompress?: () => Transform }

const OPENERS: Readonly<Record<string, ((first: Buffer) => Transform) | undefined>> = {
  gzip: () => zlib.createGunzip(FLUSH),
  'x-gzip': () => zlib.createGunzip(FLUSH),
  deflate: inflate,
  br: () => zlib.createBrotliDecompress(FLUSH_BROTLI),
  zstd: createZstdDecompress && (() => createZstdDecompress()),
}

export class Unpacker {
  readonly #open: (first: Buffer) => Transform
  readonly #sink: UnpackerSink
  #stream: Transform | null = null
  #paused = false
  /** What the connection broke by, while the rest is unpacked. */
  #broken: Error | null = null

  private constructor(open: (first: Buffer) => Transform, sink: UnpackerSink) {
    this.#open = open
    this.#sink = sink
  }

  /** Null where there is nothing to unpack, or it has failed already as nobody knows how. */
  static of(encoding: string | string[] | undefined, sink: UnpackerSink): Unpacker | null {
    const name = String(encoding ?? '')
      .trim()
      .toLowerCase()
    if (name === '' || name === 'identity') return null
    const open = Object.hasOwn(OPENERS, name) ? OPENERS[name] : undefined
    if (open !== undefined) return new Unpacker(open, sink)
    sink.fail(false)
    return null
  }

  push(packed: Buffer): void {
    this.#stream ??= this.#begin(packed)
    const stream = this.#stream
    if (stream.write(packed)) return
    this.#sink.hold()
    stream.once('drain', () => this.#sink.go())
  }

  /** The packed bytes have ended; `broken`: by what they broke off. */
  finish(broken: Error | null = null): void {
    this.#broken = broken
    if (this.#stream === null) this.#end()
    else this.#stream.end()
  }

  #end(): void {
    if (this.#broken === null) this.#sink.end()
    else this.#sink.broken(this.#broken)
  }

  #fail(cut: boolean): void {
    if (this.#broken === null) this.#sink.fail(cut)
    else this.#sink.broken(this.#broken)
  }

  pause(): void {
    this.#paused = true
    this.#stream?.pause()
  }

  resume(): void {
    this.#paused = false
    this.#stream?.resume()
  }

  stop(): void {
    this.#stream?.destroy()
  }

  #begin(first: Buffer): Transform {
    const stream = this.#open(first)
    stream.on('data', (plain: Buffer) => this.#sink.data(plain))
    stream.on('end', () => this.#end())
    stream.on('error', (error: NodeJS.ErrnoException) => this.#fail(error.code === 'Z_BUF_ERROR'))
    if (this.#paused) stream.pause()
    return stream
  }
}
