/** A long life: what a request costs and how much memory is held after very many, beside the first ones that were steady. */
import type { Bench, Entrant } from './bench.ts'
import type { Name } from './contenders.ts'
import { median } from './figures.ts'
import type { Closed } from './job.ts'
import { warmUp, type WarmUp } from './warm.ts'

/** Of so many requests is each window. */
export const SOAK_WINDOW = 20_000
const WINDOW_LIMIT_MS = 60_000

interface Window {
  /** Of a request. */
  readonly cpuMicros: number
  /** Median of the window: the collector makes it rise and fall. */
  readonly memoryMb: number
}

export interface Soak {
  readonly requests: number
  readonly first: Window
  readonly last: Window
  /** CPU of the reference in windows taken at the same two times: what the machine did meanwhile. */
  readonly reference: { readonly first: number; readonly last: number } | null
}

/** `requests` for a process of its own, in windows. */
export async function soak(
  bench: Bench,
  name: Name,
  reference: Entrant | null,
  load: Closed,
  warm: WarmUp,
  requests: number,
): Promise<{ readonly entrant: Entrant; readonly result: Soak }> {
  const window = async (whom: Entrant): Promise<Window> => {
    const { cell, readings } = await bench.measureMemory(whom, {
      ...load,
      windowMs: WINDOW_LIMIT_MS,
      requests: SOAK_WINDOW,
    })
    return { cpuMicros: cell.cpuMicros.proxy / cell.requests, memoryMb: median(readings) }
  }
  const entrant = await bench.start(name)
  await warmUp(bench, entrant, load, warm)
  const before = reference === null ? null : await window(reference)
  const first = await window(entrant)
  let last = first
  while (entrant.sent.requests < requests) last = await window(entrant)
  const after = reference === null ? null : await window(reference)
  const drift = before === null || after === null ? null : { first: before.cpuMicros, last: after.cpuMicros }
  return { entrant, result: { requests: entrant.sent.requests, first, last, reference: drift } }
}

/** CPU per request at the end / at the beginning, less what the machine itself changed. */
export const cpuGrowth = ({ first, last, reference }: Soak): number =>
  last.cpuMicros / first.cpuMicros / (reference === null ? 1 : reference.last / reference.first)

export const memoryGrowthMb = ({ first, last }: Soak): number => last.memoryMb - first.memoryMb
