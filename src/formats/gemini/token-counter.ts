/** How many tokens a prompt has, as Google is asked for it. Pure. */
import { isObject } from '../../core/is-object.ts'
import type { TokenCounter } from '../format.ts'
import { resourceOf } from './compose-contents.ts'

export const TOKEN_COUNTER: TokenCounter = {
  asking: (composed, model) =>
    JSON.stringify({
      generateContentRequest: { ...(JSON.parse(composed.toString()) as object), model: resourceOf(model) },
    }),
  told(body) {
    const answer: unknown = JSON.parse(body)
    const tokens = isObject(answer) ? answer['totalTokens'] : null
    return typeof tokens === 'number' && tokens >= 0 ? tokens : null
  },
}
