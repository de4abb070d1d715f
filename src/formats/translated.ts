/** A backend of one wire format for callers of another: requests go through `Contents`, answers through `Piece`. */
import type { GatewayRequest } from '../core/types.ts'
import type { Steps } from '../core/slices.ts'
import type { AnswerState } from './answer-state.ts'
import type {
  AnswerHeaders,
  AnswerReader,
  AnswerWriter,
  BackendSide,
  BodyVerdict,
  CallerSide,
  EventVerdict,
  Reading,
} from './format.ts'
import { type Formats, formatNamed } from './formats.ts'
import type { SseFrame } from './sse.ts'

/** How backends of the format `backend` are called for callers of the format `caller`. */
export function backendSide(backend: string, caller: string, formats: Formats): BackendSide {
  const side = formatNamed(backend, formats).backend
  if (backend === caller) return side
  const sides = SIDES.get(formats) ?? new Map<string, BackendSide>()
  SIDES.set(formats, sides)
  const name = `${backend} ${caller}`
  const known = sides.get(name) ?? translated(side, formatNamed(caller, formats).caller)
  sides.set(name, known)
  return known
}

/** Made once for each pair. */
const SIDES = new WeakMap<Formats, Map<string, BackendSide>>()

const translated = (backend: BackendSide, caller: CallerSide): BackendSide => ({
  ...backend,
  compose(request, deployment, how) {
    caller.checkTypes?.(request.prompt)
    return backend.compose(request, deployment, how)
  },
  reader: (request: GatewayRequest, how: Reading) =>
    new TranslatedReader(backend.reader(request, how), caller.writer(request, how.nowMs, how.clock)),
})

/** Reads as the backend's format does, and gives what the caller's would write. */
class TranslatedReader implements AnswerReader {
  readonly state: AnswerState
  readonly expectsFinishReason: boolean
  readonly #inner: AnswerReader
  readonly #writer: AnswerWriter

  constructor(inner: AnswerReader, writer: AnswerWriter) {
    this.#inner = inner
    this.#writer = writer
    this.state = inner.state
    this.expectsFinishReason = inner.expectsFinishReason
  }

  headers(headers: AnswerHeaders): void {
    this.#inner.headers(headers)
  }

  event(frame: SseFrame): EventVerdict {
    const verdict = this.#inner.event(frame)
    if (verdict.kind !== 'send') return verdict
    const raw = this.#writer.events(this.#inner.pieces(verdict.raw), this.state)
    if (verdict.last === true) return { kind: 'send', raw: raw ?? NOTHING, last: true }
    return raw === null ? SWALLOW : { kind: 'send', raw }
  }

  get begun(): boolean {
    return this.#inner.begun
  }

  get finished(): boolean {
    return this.#inner.finished
  }

  get torn(): boolean {
    return this.#inner.torn
  }

  brings(frame: SseFrame): boolean {
    return this.#inner.brings(frame)
  }

  isWhole(frame: SseFrame): boolean {
    return this.#inner.isWhole(frame)
  }

  body(body: Buffer): BodyVerdict {
    return this.#inner.body(body)
  }

  bodyInSteps(body: Buffer): Steps<BodyVerdict> {
    return this.#inner.bodyInSteps(body)
  }

  asEvents(body: Buffer): Buffer | null {
    return this.#inner.asEvents(body)
  }

  async finishedBody(body: Buffer): Promise<Buffer> {
    const finished = await this.#inner.finishedBody(body)
    return this.#writer.body(this.#inner.pieces(finished), this.state)
  }

  needsRewrite(): boolean {
    return true
  }

  pieceRecoder(): null {
    return null
  }

  failed(body: object): Buffer | null {
    return this.#writer.failed(body)
  }

  get whole(): Buffer | null {
    return this.#writer.whole ?? null
  }

  complete(nowMs: number): Buffer | null {
    this.#inner.complete(nowMs)
    return this.#writer.last(this.state)
  }

  pieces(bytes: Buffer): ReturnType<AnswerReader['pieces']> {
    return this.#inner.pieces(bytes)
  }
}

const NOTHING = Buffer.alloc(0)
const SWALLOW: EventVerdict = { kind: 'swallow' }
