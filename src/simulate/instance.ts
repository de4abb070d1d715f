/** What can be called in a simulation: engines and clouds. */
import type { TraceRequest } from './trace.ts'

/** Why a call came to nothing: the engine is away or went away, or it takes no more at the moment. */
export type Failure = { readonly why: 'away' } | { readonly why: 'full'; readonly retrySeconds: number }

export interface Call {
  readonly request: TraceRequest
  /** Which of the models is asked for. */
  readonly model: number
  /** The first token comes, of a prompt of which so many tokens had been kept. */
  began(keptTokens: number): void
  /** The last one came; always after `began`. */
  ended(): void
  /** Nothing more comes. */
  failed(failure: Failure): void
}

/** What it says of itself; null: it does not say. */
export interface Reading {
  readonly running: number | null
  readonly waiting: number | null
  /** Share of its cache that holds prompts which are worked on, 0..1. */
  readonly kv: number | null
  /** Tokens that its cache holds. */
  readonly kvTokens: number | null
  /** Calls at a time. */
  readonly slots: number | null
  /** The model that is loaded, where one is at a time; -1: none is. */
  readonly model: number | null
  /** How often it was started again. */
  readonly restarts: number
}

export interface Instance {
  call(call: Call): void
  /** Null: it is away. */
  read(): Reading | null
  /** All that it works on comes to nothing, and what it had kept is lost. */
  die(): void
  /** It can be called again. */
  revive(): void
  /** Seconds that it has read prompts. */
  readonly busySeconds: number
}
