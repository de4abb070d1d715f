/** The two simulated models. Their figures are made up, so that routes have something to choose between. */
import { NO_PRICE, type Price } from '../core/settings.ts'
import type { Capability } from '../core/capabilities.ts'

export interface DemoModel {
  readonly id: string
  /** Name of its backend. */
  readonly backend: string
  /** Tokens, prompt and output. */
  readonly context: number
  readonly ttftMs: number
  readonly tokenMs: number
  /** Sentences of an answer: at least, at most. */
  readonly sentences: readonly [number, number]
  readonly dimensions: number
  readonly price: Price
}

export const CAPABILITIES: readonly Capability[] = ['chat', 'tools', 'json_schema', 'embeddings']

export const SWIFT: DemoModel = {
  id: 'demo-swift',
  backend: 'simulator-1',
  context: 8_192,
  ttftMs: 60,
  tokenMs: 5,
  sentences: [1, 2],
  dimensions: 256,
  price: { ...NO_PRICE, inputPerMtok: 0.1, cachedInputPerMtok: 0.025, outputPerMtok: 0.4 },
}

export const SAGE: DemoModel = {
  id: 'demo-sage',
  backend: 'simulator-2',
  context: 32_768,
  ttftMs: 300,
  tokenMs: 18,
  sentences: [5, 8],
  dimensions: 1_024,
  price: { ...NO_PRICE, inputPerMtok: 2.5, cachedInputPerMtok: 0.25, outputPerMtok: 10 },
}
