/** The loads, and how long each lasts. */
import type { Load } from './job.ts'
import type { Ask } from './payload.ts'
import type { WarmUp } from './warm.ts'

/** In this order in each round; memory is looked at after all other loads. */
export const SCENARIOS = [
  'chat',
  'garbage',
  'paced20',
  'paced200',
  'unpaced',
  'prompt',
  'poisson',
  'ttft',
  'memory',
] as const
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
  /** What comes before the first round; null where another scenario has asked the same. */
  readonly warmUp: WarmUp | null
  readonly load: Load
}

/** Lengths of a run, in milliseconds where nothing else is said. */
export interface Lengths {
  /** Multiplies the requests of each warm-up. */
  readonly warmth: number
  readonly warm: number
  readonly window: number
  readonly settle: number
  /** How long 500 streams are held for the memory figure. */
  readonly hold: number
  /** End of the other loads to the reading of the idle figure. */
  readonly idle: number
}

export const FULL: Lengths = {
  warmth: 1,
  warm: 700,
  window: 2_500,
  settle: 400,
  hold: 2_500,
  idle: 5_000,
}
export const QUICK: Lengths = {
  warmth: 0.3,
  warm: 150,
  window: 450,
  settle: 150,
  hold: 600,
  idle: 1_000,
}

const GARBAGE_REQUESTS = 4_000
/** Longer than any contender takes for that many. */
const COUNTED_MS = 30_000

const JSON_ASK: Ask = { prompt: 'small', stream: false, chunks: 1, delayMs: 0 }
const PACE_MS = 10
const UNPACED_CHUNKS = 300
const SHORT_STREAM_CHUNKS = 20
const MEMORY_STREAMS = 500
/** Streams last this much longer than they are looked at. */
const SPARE_MS = 600
/** Slow enough that 500 streams fill no core: memory under load, not under overload. */
const MEMORY_PACE_MS = 50

export function scenarios({ warmth, warm, window, settle, hold }: Lengths): readonly Scenario[] {
  const closed = { shape: 'closed', pauseMs: 0, warmMs: warm, windowMs: window, requests: null } as const
  const held = (streams: number, delayMs: number, windowMs: number): Load => {
    const rampMs = Math.max(settle, streams)
    const chunks = Math.ceil((rampMs + settle + windowMs + SPARE_MS) / delayMs)
    const ask: Ask = { prompt: 'small', stream: true, chunks, delayMs }
    return { shape: 'held', ask, streams, rampMs, settleMs: settle, windowMs }
  }
  const stream = (chunks: number, delayMs: number): Ask => ({ prompt: 'small', stream: true, chunks, delayMs })
  const row = (scenario: Omit<Scenario, 'times' | 'direct' | 'warmUp'> & Partial<Scenario>): Scenario => ({
    times: null,
    direct: false,
    warmUp: null,
    ...scenario,
  })
  const warmUp = (requests: number, slice: number): WarmUp => ({
    requests: Math.ceil(requests * warmth),
    slice: Math.ceil(slice * warmth),
  })
  return [
    row({
      name: 'chat',
      says: 'requests and answers of 1 kB, closed loop, 32 connections',
      unit: 'request',
      direct: true,
      warmUp: warmUp(10_000, 2_000),
      load: { ...closed, ask: JSON_ASK, connections: 32 },
    }),
    row({
      name: 'garbage',
      says: `${GARBAGE_REQUESTS} requests as in chat: bytes allocated`,
      unit: null,
      load: { ...closed, ask: JSON_ASK, connections: 32, warmMs: 0, windowMs: COUNTED_MS, requests: GARBAGE_REQUESTS },
    }),
    row({ name: 'paced20', says: '20 streams, a chunk each 10 ms', unit: 'chunk', load: held(20, PACE_MS, window) }),
    row({ name: 'paced200', says: '200 streams, a chunk each 10 ms', unit: 'chunk', load: held(200, PACE_MS, window) }),
    row({
      name: 'unpaced',
      says: `8 streams at a time of ${UNPACED_CHUNKS} chunks without a delay`,
      unit: 'chunk',
      direct: true,
      warmUp: warmUp(200, 50),
      load: { ...closed, ask: stream(UNPACED_CHUNKS, 0), connections: 8 },
    }),
    row({
      name: 'prompt',
      says: 'prompts of 400 kB, closed loop, 4 connections',
      unit: 'request',
      direct: true,
      warmUp: warmUp(500, 100),
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
      warmUp: warmUp(100, 50),
      load: { ...closed, ask: stream(SHORT_STREAM_CHUNKS, PACE_MS), connections: 20, pauseMs: 2 * PACE_MS },
    }),
    row({
      name: 'memory',
      says: `idle after the other loads, then with ${MEMORY_STREAMS} streams of a chunk each ${MEMORY_PACE_MS} ms`,
      unit: null,
      load: held(MEMORY_STREAMS, MEMORY_PACE_MS, hold),
    }),
  ]
}
