/** How many tokens a chat has, as vLLM and engines like it tell at `/tokenize`. Pure. */
import { isObject } from '../../core/is-object.ts'
import type { TokenCounter } from '../format.ts'

/** Members that the template of a model reads. */
const OF_THE_PROMPT = ['model', 'messages', 'tools', 'chat_template_kwargs']

export const TOKEN_COUNTER: TokenCounter = {
  asking(composed) {
    const body = JSON.parse(composed.toString()) as object
    return JSON.stringify(Object.fromEntries(Object.entries(body).filter(([name]) => OF_THE_PROMPT.includes(name))))
  },
  told(body) {
    const answer: unknown = JSON.parse(body)
    const tokens = isObject(answer) ? answer['count'] : null
    return typeof tokens === 'number' && tokens >= 0 ? tokens : null
  },
}
