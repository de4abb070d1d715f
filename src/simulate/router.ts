/** Who decides in a simulation where a request goes: a published formula, or the shipped gateway. */
import type { Failure, Reading } from './instance.ts'
import type { TraceRequest } from './trace.ts'

/** A request as a router meets it. */
export interface Asked {
  /** Its place in the trace. */
  readonly number: number
  readonly request: TraceRequest
  /** Which of the models it asks for. */
  readonly model: number
  /** Seconds: when it came. */
  readonly at: number
}

/** What a router is told of a call that it has sent. Times are seconds. */
export interface Sent {
  began(now: number): void
  /** `keptTokens`: of the prompt, as the engine reports it with its usage. */
  ended(now: number, keptTokens: number): void
  failed(now: number, failure: Failure): void
}

export interface Router {
  /** Places of the fleet, in the order in which they are to be asked. */
  order(asked: Asked, now: number): readonly number[]
  /** The request is sent there. */
  send(asked: Asked, place: number, now: number): Sent
  /** A look at an engine; null: it is away. */
  read(place: number, reading: Reading | null, now: number): void
  close(): void
}
