/** The loads, and how long each lasts. */
import type { Load } from './job.ts'
import type { Ask } from './payload.ts'

export const SCENARIOS = ['chat', 'paced20', 'paced200', 'unpaced', 'prompt', 'poisson', 'ttft', 'memory'] as const
export type ScenarioName = (typeof SCENARIOS)[number]

export interface Scenario {
  readonly name: ScenarioName
  readonly says: string
  /** What one unit of work is, for the CPU figure; null where none is read off. */
  readonly unit: 'request' | 'chunk' | null
  /** Which times of single answers are kept. */
  readonly times: 'first' | 'total' | null
  /** Whether it tells something without a proxy: the base for added times, and how fast the load side can be. */
  readonly direct: boolean
  readonly load: Load
}

/** Lengths of a run, in milliseconds. */
export interface Lengths {
  /** Before the first round: closed-loop requests of 1 kB, and each other kind of answer. */
  readonly warmChat: number
  readonly warmOther: number
  readonly warm: number
  readonly window: number
  readonly settle: number
  /** How long 500 streams are held for the memory figure. */
  readonly hold: number
  /** Fresh start to the reading of the idle figure. */
  readonly idle: number
}

export const FULL: Lengths = {
  warmChat: 3_000,
  warmOther: 1_000,
  warm: 700,
  window: 2_500,
  settle: 400,
  hold: 2_500,
  idle: 1_500,
}
export const QUICK: Lengths = {
  warmChat: 1_500,
  warmOther: 300,
  warm: 150,
  window: 450,
  settle: 150,
  hold: 600,
  idle: 500,
}

const JSON_ASK: Ask = { prompt: 'small', stream: false, chunks: 1, delayMs: 0 }
const PACE_MS = 10
const UNPACED_CHUNKS = 300
const SHORT_STREAM_CHUNKS = 20
const MEMORY_STREAMS = 500
/** Streams last this much longer than they are looked at. */
const SPARE_MS = 600
/** Slow enough that 500 streams fill no core: memory under load, not under overload. */
const MEMORY_PACE_MS = 50

export function scenarios({ warm, window, settle, hold }: Lengths): readonly Scenario[] {
  const closed = { shape: 'closed', pauseMs: 0, warmMs: warm, windowMs: window } as const
  const held = (streams: number, delayMs: number, windowMs: number): Load => {
    const rampMs = Math.max(settle, streams)
    const chunks = Math.ceil((rampMs + settle + windowMs + SPARE_MS) / delayMs)
    const ask: Ask = { prompt: 'small', stream: true, chunks, delayMs }
    return { shape: 'held', ask, streams, rampMs, settleMs: settle, windowMs }
  }
  const stream = (chunks: number, delayMs: number): Ask => ({ prompt: 'small', stream: true, chunks, delayMs })
  const row = (scenario: Omit<Scenario, 'times' | 'direct'> & Partial<Scenario>): Scenario => ({
    times: null,
    direct: false,
    ...scenario,
  })
  return [
    row({
      name: 'chat',
      says: 'requests and answers of 1 kB, closed loop, 32 connections',
      unit: 'request',
      direct: true,
      load: { ...closed, ask: JSON_ASK, connections: 32 },
    }),
    row({ name: 'paced20', says: '20 streams, a chunk each 10 ms', unit: 'chunk', load: held(20, PACE_MS, window) }),
    row({ name: 'paced200', says: '200 streams, a chunk each 10 ms', unit: 'chunk', load: held(200, PACE_MS, window) }),
    row({
      name: 'unpaced',
      says: `8 streams at a time of ${UNPACED_CHUNKS} chunks without a delay`,
      unit: 'chunk',
      direct: true,
      load: { ...closed, ask: stream(UNPACED_CHUNKS, 0), connections: 8 },
    }),
    row({
      name: 'prompt',
      says: 'prompts of 400 kB, closed loop, 4 connections',
      unit: 'request',
      direct: true,
      load: { ...closed, ask: { ...JSON_ASK, prompt: 'large' }, connections: 4 },
    }),
    row({
      name: 'poisson',
      says: '1,000 requests/s of 1 kB, Poisson arrivals, open loop',
      unit: 'request',
      times: 'total',
      direct: true,
      load: { shape: 'poisson', ask: JSON_ASK, connections: 32, perSecond: 1_000, warmMs: warm, windowMs: window },
    }),
    row({
      name: 'ttft',
      says: `20 streams at a time of ${SHORT_STREAM_CHUNKS} chunks, each 10 ms: time to the first`,
      unit: 'request',
      times: 'first',
      direct: true,
      load: { ...closed, ask: stream(SHORT_STREAM_CHUNKS, PACE_MS), connections: 20, pauseMs: 2 * PACE_MS },
    }),
    row({
      name: 'memory',
      says: `a fresh process, idle, then with ${MEMORY_STREAMS} streams of a chunk each ${MEMORY_PACE_MS} ms`,
      unit: null,
      load: held(MEMORY_STREAMS, MEMORY_PACE_MS, hold),
    }),
  ]
}
