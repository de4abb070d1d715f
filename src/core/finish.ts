/** Why an answer ended, in one word for all engines; `unknown`: it has ended, and the engine's word for it is not known, or there was none. */
export type Finish = 'stop' | 'length' | 'tool_calls' | 'function_call' | 'content_filter' | 'error' | 'unknown'

/** Of a useful answer. */
export const GOOD_FINISHES: readonly string[] = ['stop', 'tool_calls', 'function_call'] satisfies Finish[]
