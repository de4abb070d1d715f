/** How likely the tokens of an answer were, as Google writes it: what was chosen, and beside it what might have been. Pure. */
import { type Fields, isObject } from '../../core/is-object.ts'
import type { LikelyToken, TokenLogprob } from '../piece.ts'

/** Undefined: the candidate has none. */
export function logprobsOf({ logprobsResult: told }: Fields): readonly TokenLogprob[] | undefined {
  if (!isObject(told)) return undefined
  const tops = listOf(told['topCandidates'])
  const list = listOf(told['chosenCandidates']).flatMap((one, at) => {
    const [chosen] = tokenIn(one)
    const top = tops[at]
    const others = isObject(top) ? listOf(top['candidates']).flatMap(tokenIn) : []
    return chosen === undefined ? [] : [{ ...chosen, top: others }]
  })
  return list.length === 0 ? undefined : list
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? (value as readonly unknown[]) : [])

function tokenIn(one: unknown): LikelyToken[] {
  if (!isObject(one) || typeof one['token'] !== 'string' || typeof one['logProbability'] !== 'number') return []
  return [{ token: one['token'], logprob: one['logProbability'], bytes: null }]
}

export const writtenLogprobs = (list: readonly TokenLogprob[]): object => ({
  ...(list.some(({ top }) => top.length > 0)
    ? { topCandidates: list.map(({ top }) => ({ candidates: top.map(written) })) }
    : {}),
  chosenCandidates: list.map(written),
})

const written = ({ token, logprob }: LikelyToken): object => ({ token, logProbability: logprob })
