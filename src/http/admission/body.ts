/** The body of a request: whether there is room for it, whether it is what it must be, and its bytes. */
import type { IncomingMessage } from 'node:http'
import { clientClosed, GatewayError } from '../../core/errors.ts'
import type { Arrival } from '../arrival.ts'
import { canonicalUrl, isOllamaPath, pathOf } from '../paths.ts'
import type { BodyRoom } from './body-room.ts'
import { faultOfUpload } from './upload-fault.ts'

const NO_BODY = Buffer.alloc(0)
const RETRY_MS = 1_000

export interface BodyLimits {
  /** For all bodies together. */
  readonly room: BodyRoom
  /** Bytes of one body. */
  readonly mostBytes: number
}

/** Takes the room that a body says to need; why it is not read, or null. */
export function unwelcomeBody(arrival: Arrival, { room, mostBytes }: BodyLimits): GatewayError | null {
  const { request, response } = arrival
  // It left meanwhile: what is held for it now would be given back by nobody.
  if (request.socket.destroyed) return clientClosed()
  const told = lengthOf(request)
  // One that is too large is refused for that, and not read.
  if (told !== 0 && !(told > mostBytes)) {
    arrival.heldBody = room.open(request, response)
    if (told > 0 && !arrival.heldBody.grow(told)) return cutOff(arrival, overloaded())
  }
  return request.method === 'POST' ? wrongType(arrival) : null
}

/** Reads it to its end; `done` is called once, with what is wrong with it where something is. `stopping`: the gateway ends. */
export function readBody(
  arrival: Arrival,
  mostBytes: number,
  stopping: () => boolean,
  done: (body: Buffer | GatewayError) => void,
): void {
  const { request, heldBody } = arrival
  const told = lengthOf(request)
  if (told > mostBytes) return done(cutOff(arrival, tooLarge()))
  // No header that says so is no proof that nothing comes: of very many headers Node keeps only the first.
  if (told === 0) return done(NO_BODY)
  const body = new BodyBytes(told)
  const over = (result: Buffer | GatewayError): void => {
    request.off('data', take)
    request.off('end', end)
    request.off('error', fail)
    done(result instanceof GatewayError ? cutOff(arrival, result) : result)
  }
  const take = (chunk: Buffer): void => {
    if (Number.isNaN(told) && heldBody?.grow(chunk.length) === false) over(overloaded())
    else if (body.length + chunk.length > mostBytes) over(tooLarge())
    else body.add(chunk)
  }
  const end = (): void => over(wrongEncoding(request) ?? body.whole())
  const fail = (thrown: Error & { code?: string }): void => over(faultOfUpload(thrown, arrival, stopping()))
  request.on('data', take)
  request.on('end', end)
  request.on('error', fail)
}

/** Chunks as one buffer. */
class BodyBytes {
  length = 0
  readonly #told: number
  /** Where it is not known. */
  #chunks: Buffer[] | null = null
  #whole: Buffer | null = null

  /** `told`: how many bytes there will be; NaN where it is not known. */
  constructor(told: number) {
    this.#told = told
  }

  add(chunk: Buffer): void {
    if (Number.isNaN(this.#told)) (this.#chunks ??= []).push(chunk)
    else if (chunk.length === this.#told) this.#whole = chunk
    else {
      // Joined at the end a large body would be held twice for a moment.
      this.#whole ??= Buffer.allocUnsafe(this.#told)
      chunk.copy(this.#whole, this.length)
    }
    this.length += chunk.length
  }

  whole(): Buffer | GatewayError {
    if (Number.isNaN(this.#told)) {
      const chunks = this.#chunks ?? []
      return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)
    }
    if (this.#whole !== null && this.length === this.#told) return this.#whole
    return new GatewayError('invalid_request', 'The body is shorter or longer than its content-length.')
  }
}

/** NaN where it is not told. */
const lengthOf = ({ headers }: IncomingMessage): number => Number(headers['content-length'] ?? NaN)

const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0

/** Whatever stands before the parameters. */
const JSON_TYPE = /^\s*application\/json\s*(;|$)/i

function wrongType({ request, target }: Arrival): GatewayError | null {
  const type = request.headers['content-type']
  if (type === undefined ? !hasBody(request) : JSON_TYPE.test(type)) return null
  // The examples of Ollama's own documentation name no type, so curl calls the body a form.
  if (isOllamaPath(pathOf(canonicalUrl(target))) && !isOfPage(request)) return null
  const message = `The body must be application/json, not "${(type ?? 'untyped').slice(0, 100)}".`
  return new GatewayError('unsupported_media_type', message)
}

/** A browser sends one of these with whatever a page makes it send. */
const isOfPage = ({ headers }: IncomingMessage): boolean =>
  ['origin', 'referer', 'sec-fetch-site', 'sec-fetch-mode'].some((name) => headers[name] !== undefined)

/** Compressed bodies could neither be read here nor passed on to every engine. */
function wrongEncoding({ headers }: IncomingMessage): GatewayError | null {
  const encoding = headers['content-encoding']
  if (encoding === undefined || encoding === '' || encoding.toLowerCase() === 'identity') return null
  const message = `The body must not be encoded: "content-encoding: ${encoding.slice(0, 100)}".`
  return new GatewayError('unsupported_media_type', message)
}

/** The rest of its body is not read, and cannot be told from another request. */
function cutOff({ response }: Arrival, error: GatewayError): GatewayError {
  response.setHeader('connection', 'close')
  return error
}

const tooLarge = (): GatewayError =>
  new GatewayError('body_too_large', 'The body is larger than `limits.body` of the gateway.')

const overloaded = (): GatewayError =>
  new GatewayError(
    'gateway_overloaded',
    'The bodies of the requests in flight use all of `limits.bodies`; try again in a moment.',
    { retryAfterMs: RETRY_MS },
  )
