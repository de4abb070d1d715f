/** What an engine, or a cloud, is taken to have kept of prompts that were sent to it: where `decision/learn/prefix-map.ts` has it. */
export interface PromptCache {
  /** Its seat in the map; -1: nothing is known to be kept. */
  seat: number
  /** Tokens that it can keep at most, as it says or as is usual, and the share of it that is left for prompts which nobody works on. */
  tokens: number
  share: number
  /** Milliseconds after which it has forgotten what was not asked for again; Infinity: it forgets by need alone. */
  lastingMs: number
}
