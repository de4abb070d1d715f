/** How the load, or the fleet, differs from what was recorded. Pure. */
import { duration } from '../core/units.ts'
import type { Death } from './run.ts'
import type { TraceRequest } from './trace.ts'

/** For some seconds requests come so many times as fast. */
export interface Burst {
  readonly times: number
  readonly seconds: number
}

export interface LoadChange {
  /** All of it comes so many times as fast. */
  readonly rate: number
  /** In the middle of it. */
  readonly burst: Burst | null
  /** No more than so many of the first requests; null: all of them. */
  readonly limit: number | null
}

export function changedLoad(
  trace: readonly TraceRequest[],
  { rate, burst, limit }: LoadChange,
): readonly TraceRequest[] {
  const first = limit === null ? trace : trace.slice(0, limit)
  const half = (first.at(-1)?.at ?? 0) / rate / 2
  const moment = (at: number): number => {
    if (burst === null || at <= half) return at
    // What comes later is not held up: it follows the burst as it followed the stretch that was squeezed.
    const squeezed = burst.times * burst.seconds
    return at < half + squeezed ? half + (at - half) / burst.times : at - squeezed + burst.seconds
  }
  return rate === 1 && burst === null ? first : first.map((request) => ({ ...request, at: moment(request.at / rate) }))
}

/** `x3@30s`; a text that says what is wrong where it is none. */
export function burstOf(text: string): Burst | string {
  const [, times = '', length = ''] = /^x(\d+(?:\.\d+)?)@(.+)$/.exec(text) ?? []
  const seconds = secondsOf(length)
  if (seconds === null || !(Number(times) > 1)) return 'write how many times as fast, and for how long, like x3@30s'
  return { times: Number(times), seconds }
}

/** `1@20m+2m`: the first engine goes away after 20 minutes, for two. */
export function deathOf(text: string, engines: number): Death | string {
  const [, engine = '', start = '', length = ''] = /^(\d+)@([^+]+)\+(.+)$/.exec(text) ?? []
  const [at, seconds] = [secondsOf(start), secondsOf(length)]
  if (at === null || seconds === null) return 'write which engine, when and for how long, like 1@20m+2m'
  if (Number(engine) < 1 || Number(engine) > engines) return `there is no engine ${engine}; the fleet has ${engines}`
  return { place: Number(engine) - 1, at, seconds }
}

export function secondsOf(text: string): number | null {
  const read = duration.safeParse(text)
  return read.success ? read.data / 1000 : null
}
