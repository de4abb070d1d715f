/** Load before any time is taken. What runs on Node is slow until it has been compiled, and its stores are cheaper before they are full. */
import type { Bench, Entrant } from './bench.ts'
import type { Closed } from './job.ts'

/** How much a contender is asked before its first figure. */
export interface WarmUp {
  /** At the least. */
  readonly requests: number
  /** Its last slices are compared: it is steady where the cost of a request no longer falls. */
  readonly slice: number
}

/** A slice is steady where it costs at least this share of the one before. */
const STEADY = 0.95
/** A contender that is never steady is measured after so many times the least. */
const MOST = 4
const SLICE_LIMIT_MS = 20_000

/** Whether the cost of a request has stopped to fall with the last slice. */
export const isSteady = (costs: readonly number[]): boolean => {
  const [before, last] = costs.slice(-2)
  return before !== undefined && last !== undefined && last >= before * STEADY
}

/** Asks until the contender is steady. Returns the CPU of a request in each slice, in microseconds. */
export async function warmUp(
  bench: Bench,
  entrant: Entrant,
  load: Closed,
  { requests, slice }: WarmUp,
): Promise<number[]> {
  const costs: number[] = []
  for (let done = 0; done < MOST * requests && (done < requests || !isSteady(costs)); done += slice) {
    const cell = await bench.measure(entrant, { ...load, warmMs: 0, windowMs: SLICE_LIMIT_MS, requests: slice })
    costs.push(cell.cpuMicros.proxy / cell.requests)
  }
  return costs
}
