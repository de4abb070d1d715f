/** How likely the tokens of an answer were, as OpenAI's formats write it. Pure. */
import { isObject } from '../core/is-object.ts'
import type { LikelyToken, TokenLogprob } from './piece.ts'

/** Undefined: there are none. */
export function logprobsIn(list: unknown): readonly TokenLogprob[] | undefined {
  if (!Array.isArray(list) || list.length === 0) return undefined
  return (list as readonly unknown[]).flatMap((one) => {
    const read = tokenIn(one)
    if (read === null || !isObject(one)) return []
    const { top_logprobs: top } = one
    const others = Array.isArray(top) ? (top as readonly unknown[]) : []
    return [{ ...read, top: others.map(tokenIn).filter((other) => other !== null) }]
  })
}

function tokenIn(one: unknown): LikelyToken | null {
  if (!isObject(one) || typeof one['token'] !== 'string' || typeof one['logprob'] !== 'number') return null
  const { token, logprob, bytes } = one
  return { token, logprob, bytes: Array.isArray(bytes) ? (bytes as readonly number[]) : null }
}

export const writtenLogprobs = (list: readonly TokenLogprob[]): object[] =>
  list.map((one) => ({ ...written(one), top_logprobs: one.top.map(written) }))

const written = ({ token, logprob, bytes }: LikelyToken): object => ({
  token,
  logprob,
  bytes: bytes ?? [...Buffer.from(token)],
})
