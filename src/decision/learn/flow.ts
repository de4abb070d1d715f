/** How many prompt tokens are sent to an engine to be read, lately. Pure but for the value that it is given to change. */
import type { Flow } from '../../core/arm.ts'

const MEMORY_MS = 60_000

export const newFlow = (): Flow => ({ tokens: 0, at: 0 })

export function addFlow(flow: Flow, tokens: number, now: number): void {
  flow.tokens = left(flow, now) + tokens
  flow.at = now
}

/** Tokens a second. */
export const flowOf = (flow: Flow, now: number): number => (1000 * left(flow, now)) / MEMORY_MS

const left = ({ tokens, at }: Flow, now: number): number =>
  tokens === 0 ? 0 : tokens * Math.exp(-Math.max(0, now - at) / MEMORY_MS)
