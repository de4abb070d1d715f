/** What requests took and came to, added up. Bounded, however many there are. Pure. */
import type { Counted } from '../../core/counted.ts'
import { keyed } from '../../core/keyed.ts'
import { TOKEN_KINDS, type TokenKind } from '../../core/tokens.ts'
import { Latencies } from './latencies.ts'

export interface Sums {
  requests: number
  /** Useful answers. */
  successes: number
  /** By kind; what is part of another kind is counted in both. */
  readonly tokens: Record<TokenKind, number>
  /** Of the tokens of input and output: those whose counts are a guess. */
  estimated: number
  /** What is known of the cost. */
  nanoUsd: number
  /** Requests that took tokens whose cost is unknown: `nanoUsd` lacks them. */
  unpriced: number
  /** Reason -> tokens that helped nobody. */
  readonly waste: Map<string, number>
  /** Until the first token, of streams. */
  readonly ttft: Latencies
}

export const newSums = (): Sums => ({
  requests: 0,
  successes: 0,
  tokens: keyed(TOKEN_KINDS, () => 0),
  estimated: 0,
  nanoUsd: 0,
  unpriced: 0,
  waste: new Map(),
  ttft: new Latencies(),
})

/** What is added up of a request, or of one of its calls. */
export type Summed = Pick<Counted, 'success' | 'tokens' | 'cost' | 'partial' | 'waste' | 'ttftMs'>

export function addRequest(sums: Sums, { success, tokens, cost, partial, waste, ttftMs }: Summed): void {
  sums.requests++
  if (success) sums.successes++
  if (tokens !== null) {
    for (const kind of TOKEN_KINDS) sums.tokens[kind] += tokens[kind]
    if (tokens.estimated) sums.estimated += tokens.input + tokens.output
  }
  sums.nanoUsd += cost?.nanoUsd ?? 0
  if (partial) sums.unpriced++
  for (const { reason, tokens: wasted } of waste) plus(sums.waste, reason, wasted)
  if (ttftMs !== null) sums.ttft.add(ttftMs)
}

export function addSums(sums: Sums, other: Sums): void {
  sums.requests += other.requests
  sums.successes += other.successes
  for (const kind of TOKEN_KINDS) sums.tokens[kind] += other.tokens[kind]
  sums.estimated += other.estimated
  sums.nanoUsd += other.nanoUsd
  sums.unpriced += other.unpriced
  for (const [reason, wasted] of other.waste) plus(sums.waste, reason, wasted)
  sums.ttft.addAll(other.ttft)
}

const plus = (counts: Map<string, number>, name: string, by: number): void =>
  void counts.set(name, (counts.get(name) ?? 0) + by)
