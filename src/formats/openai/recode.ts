/**
 * Embeddings from numbers to base64 and back, as the bytes of an answer pass: official SDKs ask for base64 by default, and
 * engines answer either. What is no vector of finite numbers passes as it came, and so does everything around the vectors.
 */
import type { OpenAIPrompt } from './prompt.ts'
import type { Steps } from '../../core/slices.ts'

const KEY = Buffer.from('"embedding"')
/** A longer one is no vector: the largest have some thousand numbers. */
const MOST_VECTOR_BYTES = 4 << 20
/** White space around the colon; with more of it nothing is recoded. */
const MOST_SPACE = 64
const STEP_BYTES = 64 * 1024
const NOTHING = Buffer.alloc(0)

const COLON = 0x3a
const OPEN = 0x5b
const CLOSE = 0x5d
const QUOTE = 0x22

/** A recoder for the answer to this request; null where nothing has to be recoded whatever comes. */
export function recoderOf({ endpoint, body }: Pick<OpenAIPrompt, 'endpoint' | 'body'>): EmbeddingRecoder | null {
  if (endpoint.id !== 'embeddings') return null
  const format = body['encoding_format'] ?? 'float'
  return format === 'base64' || format === 'float' ? new EmbeddingRecoder(format) : null
}

/** For one answer. */
export class EmbeddingRecoder {
  readonly #toBase64: boolean
  readonly #open: number
  readonly #close: number
  /** Bytes that may be the beginning of a key. */
  #rest: Buffer = NOTHING
  /** Pieces of a vector whose end has not come. */
  #vector: Buffer[] | null = null
  #vectorBytes = 0
  /** Something was put in another form. */
  changed = false

  constructor(to: 'base64' | 'float') {
    this.#toBase64 = to === 'base64'
    this.#open = this.#toBase64 ? OPEN : QUOTE
    this.#close = this.#toBase64 ? CLOSE : QUOTE
  }

  /** Adds to `out` what can go on. */
  push(chunk: Buffer, out: Buffer[]): void {
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    this.#rest = NOTHING
    if (this.#vector !== null) bytes = this.#gather(bytes, 0, out)
    let done = 0
    let from = 0
    while (bytes.length > 0) {
      const at = bytes.indexOf(KEY, from)
      if (at < 0) return this.#keep(bytes, done, Math.max(done, bytes.length - KEY.length + 1), out)
      const value = valueAt(bytes, at + KEY.length)
      if (value >= bytes.length && value - at < MOST_SPACE) return this.#keep(bytes, done, at, out)
      if (value < 0 || bytes[value] !== this.#open) {
        from = at + KEY.length
        continue
      }
      if (value > done) out.push(bytes.subarray(done, value))
      this.#vector = []
      bytes = this.#gather(bytes, value, out)
      done = 0
      from = 0
    }
  }

  /** The answer has ended. */
  end(out: Buffer[]): void {
    if (this.#vector !== null) out.push(...this.#vector)
    if (this.#rest.length > 0) out.push(this.#rest)
    this.#vector = null
    this.#rest = NOTHING
  }

  #keep(bytes: Buffer, from: number, to: number, out: Buffer[]): void {
    if (to > from) out.push(bytes.subarray(from, to))
    this.#rest = bytes.subarray(to)
  }

  /** Takes from `start` on what belongs to the open vector; what follows it. */
  #gather(bytes: Buffer, start: number, out: Buffer[]): Buffer {
    const vector = this.#vector!
    // The opening quote is no end.
    const end = bytes.indexOf(this.#close, vector.length === 0 ? start + 1 : start)
    const piece = bytes.subarray(start, end < 0 ? bytes.length : end + 1)
    vector.push(piece)
    this.#vectorBytes += piece.length
    if (end < 0 && this.#vectorBytes <= MOST_VECTOR_BYTES) return NOTHING
    const text = vector.length === 1 ? piece : Buffer.concat(vector, this.#vectorBytes)
    this.#vector = null
    this.#vectorBytes = 0
    out.push(end < 0 ? text : this.#recoded(text))
    return end < 0 ? NOTHING : bytes.subarray(end + 1)
  }

  #recoded(text: Buffer): Buffer {
    const other = this.#toBase64 ? base64Of(text) : numbersOf(text)
    if (other === null) return text
    this.changed = true
    return Buffer.from(other, 'latin1')
  }
}

/** Offset of the value behind a key, its length where it has not come yet; -1 where there is no value. */
function valueAt(bytes: Buffer, from: number): number {
  const colon = spaceEnd(bytes, from)
  if (colon === bytes.length) return colon
  return bytes[colon] === COLON ? spaceEnd(bytes, colon + 1) : -1
}

function spaceEnd(bytes: Buffer, from: number): number {
  let at = from
  while (at < bytes.length && at - from < MOST_SPACE && bytes[at]! <= 0x20) at++
  return at
}

/** `[0.5,1]` -> a JSON text of little-endian 32-bit floats, as both official SDKs decode them; null where it is no such list. */
function base64Of(text: Buffer): string | null {
  let list: unknown
  try {
    list = JSON.parse(text.toString('latin1'))
  } catch {
    return null
  }
  if (!Array.isArray(list) || !list.every((one) => typeof one === 'number')) return null
  const vector = Float32Array.from(list)
  return vector.every(Number.isFinite) ? `"${Buffer.from(vector.buffer).toString('base64')}"` : null
}

/** The numbers of a vector, in either form; null where it is none. */
export function numbersIn(vector: unknown): readonly number[] | null {
  if (typeof vector === 'string') {
    const numbers = numbersOf(Buffer.from(JSON.stringify(vector)))
    return numbers === null ? null : (JSON.parse(numbers) as number[])
  }
  return Array.isArray(vector) && vector.every((one) => typeof one === 'number') ? vector : null
}

const BASE64 = /^"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?"$/

function numbersOf(text: Buffer): string | null {
  // Some write a slash with an escape, which base64 has one in 64.
  const quoted = text.toString('latin1').replaceAll('\\/', '/')
  if (!BASE64.test(quoted)) return null
  const bytes = Buffer.from(quoted.slice(1, -1), 'base64')
  if (bytes.length === 0 || bytes.length % 4 !== 0) return null
  const numbers = Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readFloatLE(4 * index))
  return numbers.every(Number.isFinite) ? JSON.stringify(numbers) : null
}

/** A whole answer; the same buffer where nothing had to change. */
export function* recode(body: Buffer, recoder: EmbeddingRecoder): Steps<Buffer> {
  const out: Buffer[] = []
  for (let at = 0; at < body.length; at += STEP_BYTES) {
    recoder.push(body.subarray(at, at + STEP_BYTES), out)
    yield
  }
  recoder.end(out)
  return recoder.changed ? Buffer.concat(out) : body
}
