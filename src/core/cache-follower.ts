/** An engine that says what its KV cache stores and removes: what is to be known of its answers, to tell whose blocks those are. */
import type { Prefix } from './prefix.ts'
import type { PromptCache } from './prompt-cache.ts'

/** A request that was answered. */
export interface AnsweredPrompt<C = PromptCache> {
  /** Whose blocks they are. */
  readonly cache: C
  readonly prefix: Prefix
  /** As the engine counted them: the prompt, and what of it was kept. */
  readonly tokens: number
  readonly kept: number
  /** When it was sent, and when it was answered, ms (clock reading). */
  readonly from: number
  readonly to: number
}

export interface CacheFollower {
  answered(prompt: AnsweredPrompt): void
}
