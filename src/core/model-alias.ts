/**
 * Names for models on engines of one's own that clients list which know none but Anthropic's: `claude-local-qwen3` is `qwen3`. Any
 * request may use one.
 */
export const LOCAL_ALIAS = 'claude-local-'
