/** A long life: what a request costs and how much memory is held after very many, beside the first ones that were steady. */
import type { Bench, Entrant } from './bench.ts'
import { pidsOf } from './bench.ts'
import type { Name } from './contenders.ts'
import type { Closed } from './job.ts'
import { memoryMb } from './proc.ts'
import { warmUp, type WarmUp } from './warm.ts'

/** Of so many requests is each window. */
export const SOAK_WINDOW = 20_000
const WINDOW_LIMIT_MS = 60_000

interface Window {
  readonly cpuMicros: number
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
  const window = async (whom: Entrant): Promise<number> => {
    const cell = await bench.measure(whom, { ...load, windowMs: WINDOW_LIMIT_MS, requests: SOAK_WINDOW })
    return cell.cpuMicros.proxy / cell.requests
  }
  const entrant = await bench.start(name)
  const look = async (): Promise<Window> => {
    const cpuMicros = await window(entrant)
    return { cpuMicros, memoryMb: memoryMb(pidsOf(entrant.running)) }
  }
  await warmUp(bench, entrant, load, warm)
  const before = reference === null ? null : await window(reference)
  const first = await look()
  let last = first
  while (entrant.sent.requests < requests) last = await look()
  const after = reference === null ? null : await window(reference)
  const drift = before === null || after === null ? null : { first: before, last: after }
  return { entrant, result: { requests: entrant.sent.requests, first, last, reference: drift } }
}

/** CPU per request at the end / at the beginning, less what the machine itself changed. */
export const cpuGrowth = ({ first, last, reference }: Soak): number =>
  last.cpuMicros / first.cpuMicros / (reference === null ? 1 : reference.last / reference.first)

export const memoryGrowthMb = ({ first, last }: Soak): number => last.memoryMb - first.memoryMb
