/** One call of one backend, from the moment it is sent: the only type for it above upstream/. */
import type { Lease } from '../backends/engine/group.ts'
import type { Place } from '../backends/fleet/places.ts'
import type { Pass } from '../backends/gate/pass.ts'
import type { Exchange } from '../backends/upstream/exchange.ts'
import type { LoadView } from '../core/load.ts'
import type { GatewayError } from '../core/errors.ts'
import type { EndpointPlace } from '../core/provider.ts'
import type { Deployment, Target } from '../core/types.ts'
import type { PieceRecoder } from '../formats/format.ts'

/** What is fixed when the call is sent. Times are clock readings in ms. */
export interface Sent {
  readonly target: Target
  readonly exchange: Exchange
  readonly startedAt: number
  /** Of its backend at that moment, without this call. */
  readonly load: LoadView
  /** Its model was not known to be loaded: it may have waited for that. */
  readonly cold: boolean
  /** Null where none was taken. */
  readonly place: Place | null
  /** What the gate of its backend gave it; null: there is none. */
  readonly pass: Pass | null
  /** That it waited for it, ms. */
  readonly queuedMs: number
  /** Of an engine that the gateway starts; null: it runs by itself. */
  readonly lease: Lease | null
  /** On a new connection: the call before it failed on a kept one that was closed. */
  readonly fresh: boolean
  /** The gateway asks for usage by a field that the caller did not send. */
  readonly addsUsage: boolean
  /** Where, and so in which format. */
  readonly askedAt: EndpointPlace
  /** What of the request this format cannot say, by its name in the caller's. */
  readonly lossy: readonly string[]
  /** Tokens that its answer may have by what was learnt; null: no such limit holds. */
  readonly trimmed: number | null
  /** How its prompt came to be read, where its backend is one of those that answer what others have read; null: there are no such others. */
  readonly path: Path | null
}

/** `unified`: the backend that answers has read the prompt as well. */
export type Path = 'prefill-decode' | 'unified'

export class Attempt {
  readonly target: Target
  readonly exchange: Exchange
  readonly startedAt: number
  readonly load: LoadView
  readonly cold: boolean
  readonly place: Place | null
  readonly pass: Pass | null
  readonly queuedMs: number
  readonly lease: Lease | null
  readonly fresh: boolean
  readonly addsUsage: boolean
  readonly askedAt: EndpointPlace
  readonly lossy: readonly string[]
  readonly trimmed: number | null
  readonly path: Path | null
  /** When the first frame of its answer, or the whole of it, was in hand; null where none came. */
  committedAt: number | null = null
  /** Null while it is open. */
  endedAt: number | null = null
  /** Why it failed, before its answer or in the middle of it; null where it did not. */
  error: GatewayError | null = null
  /** The whole answer as the caller is to see it; null where it comes in pieces. */
  body: Buffer | null = null
  /** What its pieces go through; null: they go on as they came. */
  recoder: PieceRecoder | null = null

  constructor(sent: Sent) {
    this.target = sent.target
    this.exchange = sent.exchange
    this.startedAt = sent.startedAt
    this.load = sent.load
    this.cold = sent.cold
    this.place = sent.place
    this.pass = sent.pass
    this.queuedMs = sent.queuedMs
    this.lease = sent.lease
    this.fresh = sent.fresh
    this.addsUsage = sent.addsUsage
    this.askedAt = sent.askedAt
    this.lossy = sent.lossy
    this.trimmed = sent.trimmed
    this.path = sent.path
  }

  get deployment(): Deployment {
    return this.target.deployment
  }

  /** An answer of it began: something of it may have reached the caller, whatever became of it. */
  get answered(): boolean {
    return this.committedAt !== null
  }
}
