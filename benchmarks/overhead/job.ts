/** What the runner tells the load generator, and what it hears back. */
import type { Ask } from './payload.ts'

/** How requests arrive. Times in milliseconds. */
export type Load =
  | {
      readonly shape: 'closed'
      readonly ask: Ask
      readonly connections: number
      /** Each connection waits up to this long before it asks again. */
      readonly pauseMs: number
      readonly warmMs: number
      readonly windowMs: number
      /** So many are asked, and the window ends with the last answer, if that is sooner; null = after its time. */
      readonly requests: number | null
    }
  | {
      readonly shape: 'held'
      readonly ask: Ask
      readonly streams: number
      readonly rampMs: number
      readonly settleMs: number
      readonly windowMs: number
    }
  | {
      readonly shape: 'poisson'
      readonly ask: Ask
      readonly connections: number
      readonly perSecond: number
      readonly warmMs: number
      readonly windowMs: number
    }

export type Closed = Extract<Load, { shape: 'closed' }>

export interface Job {
  /** For messages. */
  readonly name: string
  readonly port: number
  readonly token: string
  /** The name that is asked for. */
  readonly model: string
  /** How many models of the upstream may answer. */
  readonly models: number
  readonly load: Load
  readonly proxyPids: readonly number[]
  readonly upstreamPid: number
  /** Send back the time of each answer. */
  readonly samples: boolean
}

/** One contender under one load. Counts are of the window, except where said. */
export interface Cell {
  requests: number
  /** Content events. */
  chunks: number
  wallMs: number
  /** `machine`: all processes together, ours and others. */
  cpuMicros: Record<'proxy' | 'upstream' | 'load' | 'machine', number>
  /** From the request to the first event. */
  firstMs: number[]
  /** From the request to the end of its answer. */
  totalMs: number[]
  /** How much later than planned an arrival was sent. */
  lateMs: number[]
  /** Answers of the whole job, all of them checked. */
  completed: number
  /** Of these, how many had the upstream's very bytes. */
  identical: number
  /** Output tokens of the whole job. */
  outputTokens: number
}
