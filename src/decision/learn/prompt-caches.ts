/** How much backends keep of the prompts that were sent to them, and for how long. Pure. */
import type { PromptCache } from '../../core/prompt-cache.ts'
import type { Provider } from '../../core/provider.ts'

/**
 * Tokens of an engine that does not say what its cache holds. Taken for too much it costs little, as answers show how much less is
 * kept; taken for too little, prompts go where nothing of them is, and no answer shows that.
 */
const LOCAL_TOKENS = 2_000_000
/**
 * What runs meanwhile takes of the cache as well: how much shows in what engines tell to have kept. Too much room costs little, as that
 * is soon seen; too little sends prompts elsewhere that would have been kept, which nothing shows.
 */
const SHARE = 1
const LEAST_SHARE = 0.3
const MOST_SHARE = 1
/** By an answer that had more than was expected, or less. The first shows at once that there is more room; the second may have another reason. */
const MORE = 0.05
const LESS = 0.02
/** Relative: what is less apart is as expected. */
const AS_EXPECTED = 0.05
/** Clouds have room for everybody, and forget by time: most of them after five minutes without another request. */
const CLOUD_TOKENS = 1e8
const CLOUD_MS = 5 * 60_000

interface Keeper extends Pick<Provider, 'local'> {
  readonly response: Pick<Provider['response'], 'promptsKeptMs'>
}

export const newPromptCache = ({ local, response }: Keeper): PromptCache =>
  local
    ? { seat: -1, tokens: LOCAL_TOKENS, share: SHARE, lastingMs: Infinity }
    : { seat: -1, tokens: CLOUD_TOKENS, share: 1, lastingMs: response.promptsKeptMs ?? CLOUD_MS }

/** Of a prompt of so many tokens the engine was taken to have kept `before`, and told of `cached`. */
export function learnShare(cache: PromptCache, before: number, cached: number, input: number): void {
  const off = (cached - before) / Math.max(1, input)
  if (off > AS_EXPECTED) cache.share = Math.min(MOST_SHARE, cache.share + MORE)
  else if (off < -AS_EXPECTED) cache.share = Math.max(LEAST_SHARE, cache.share - LESS)
}
