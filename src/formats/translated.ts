/** A backend of one wire format for callers of another: requests go through `Contents`, answers through `Piece`. */
import { GatewayError } from '../core/errors.ts'
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
import type { Piece } from './piece.ts'
import type { SseFrame } from './sse.ts'
import { CutState } from './cut-state.ts'
import { StopCut } from './stop-cut.ts'

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
    refuseManyStops(request.prompt.contents().stop)
    return backend.compose(request, deployment, how)
  },
  reader: (request: GatewayRequest, how: Reading) =>
    new TranslatedReader(
      backend.reader(request, how),
      caller.writer(request, how.nowMs, how.clock),
      stopCutOf(request),
    ),
})

/** Not every format has a word for stop sequences, or for so many. Null: the answer goes as far as its backend wishes. */
function stopCutOf({ prompt }: GatewayRequest): StopCut | null {
  const stops = prompt.contents().stop.filter((stop) => stop !== '')
  return stops.length === 0 ? null : new StopCut(stops, prompt.choices)
}

const MOST_STOPS = 64
const MOST_STOP_CHARACTERS = 4096

/** Every word of an answer is compared with all of them: a caller must not make that long for everybody. */
function refuseManyStops(stops: readonly string[]): void {
  const characters = stops.reduce((sum, { length }) => sum + length, 0)
  if (stops.length <= MOST_STOPS && characters <= MOST_STOP_CHARACTERS) return
  throw new GatewayError(
    'invalid_request',
    `Stop sequences: at most ${MOST_STOPS}, of ${MOST_STOP_CHARACTERS} characters together.`,
  )
}

/** Reads as the backend's format does, and gives what the caller's would write. */
class TranslatedReader implements AnswerReader {
  readonly state: AnswerState
  /** The same, where stop sequences are watched for. */
  readonly #cutState: CutState | null
  readonly expectsFinishReason: boolean
  readonly #inner: AnswerReader
  readonly #writer: AnswerWriter
  readonly #cut: StopCut | null

  constructor(inner: AnswerReader, writer: AnswerWriter, cut: StopCut | null) {
    this.#inner = inner
    this.#writer = writer
    this.#cut = cut
    this.#cutState = cut === null ? null : new CutState(inner.state, cut)
    this.state = this.#cutState ?? inner.state
    this.expectsFinishReason = inner.expectsFinishReason
  }

  headers(headers: AnswerHeaders): void {
    this.#inner.headers(headers)
  }

  event(frame: SseFrame): EventVerdict {
    const verdict = this.#inner.event(frame)
    if (verdict.kind !== 'send') return verdict
    const raw = this.#writer.events(this.#wanted(verdict.raw), this.state)
    // What the backend would go on to say nobody reads: its connection closes.
    if (this.#cutState !== null && this.#cut?.met === true) this.#cutState.cutShort = verdict.last !== true
    if (verdict.last === true || this.#cut?.met === true) return { kind: 'send', raw: raw ?? NOTHING, last: true }
    return raw === null ? SWALLOW : { kind: 'send', raw }
  }

  get begun(): boolean {
    return this.#inner.begun
  }

  #wanted(bytes: Buffer): readonly Piece[] {
    const pieces = this.#inner.pieces(bytes)
    if (this.#cut === null) return pieces
    const wanted = this.#cut.take(pieces)
    // It holds what was cut off as well, by which the answer would be judged.
    if (this.#cut.met) this.state.collected?.lose()
    return wanted
  }

  get finished(): boolean {
    return this.#inner.finished || this.#cut?.met === true
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
    const pieces = this.#wanted(finished)
    return this.#writer.body([...pieces, ...this.#rest], this.state)
  }

  get #rest(): readonly Piece[] {
    return this.#cut?.rest() ?? []
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
    const rest = this.#rest
    const said = rest.length === 0 ? null : this.#writer.events(rest, this.state)
    const last = this.#writer.last(this.state)
    return said === null || last === null ? (said ?? last) : Buffer.concat([said, last])
  }

  pieces(bytes: Buffer): ReturnType<AnswerReader['pieces']> {
    return this.#inner.pieces(bytes)
  }
}

const NOTHING = Buffer.alloc(0)
const SWALLOW: EventVerdict = { kind: 'swallow' }
