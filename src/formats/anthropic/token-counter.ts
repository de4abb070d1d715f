/** How many tokens a prompt has, as Anthropic and engines with its API are asked for it. Pure. */
import { isObject } from '../../core/is-object.ts'
import type { TokenCounter } from '../format.ts'

/** Members that say how an answer is made: where tokens are counted they are refused. */
const OF_THE_ANSWER: ReadonlySet<string> = new Set([
  ...['max_tokens', 'stream', 'temperature', 'top_p', 'top_k', 'stop_sequences', 'metadata', 'service_tier'],
])

export const TOKEN_COUNTER: TokenCounter = {
  asking(composed) {
    const body = JSON.parse(composed.toString()) as object
    return JSON.stringify(Object.fromEntries(Object.entries(body).filter(([name]) => !OF_THE_ANSWER.has(name))))
  },
  told(body) {
    const answer: unknown = JSON.parse(body)
    const tokens = isObject(answer) ? answer['input_tokens'] : null
    return typeof tokens === 'number' && tokens >= 0 ? tokens : null
  },
}
