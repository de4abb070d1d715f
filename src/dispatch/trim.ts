/** The limit of an answer by what was learnt of answers of its kind: `efficiency.trim` of a route. Pure. */
import { GatewayError } from '../core/errors.ts'
import type { GatewayRequest, RoutePlan, Target } from '../core/types.ts'
import { type Tails, type Trim, trimOf } from '../decision/learn/tails.ts'
import type { Attempt } from './attempt.ts'

/** Tokens for which JSON, or a call of a tool, always has room. */
const LEAST_FORM = 1_024
/** Bytes of a schema for each token that an answer in its form has room for. */
const SCHEMA_BYTES = 2

/** Null: the request is not limited so, or too little is known. */
function trimFor(
  { prompt, stream }: GatewayRequest,
  { trials, profile }: RoutePlan,
  { arm }: Target,
  tails: Pick<Tails, 'of'>,
): Trim | null {
  const trial = trials.find(({ feature }) => feature === 'trim')
  if (trial === undefined || trial.control || profile.features === null) return null
  // What is told is the sum of all.
  if (prompt.choices !== 1 || prompt.prompts !== 1) return null
  const tail = tails.of(arm.id, profile.features.class)
  if (tail === null) return null
  const formed = prompt.hasTools || (prompt.answerForm ?? 'text') !== 'text'
  const least = formed ? LEAST_FORM + (prompt.answerSchema()?.json.length ?? 0) / SCHEMA_BYTES : 0
  const trim = trimOf(tail, Math.ceil(least))
  // Half of a stream has been read when it is cut, and half of a call, or of JSON, is of no use.
  return trim !== null && stream && formed ? { ...trim, output: null } : trim
}

/** Tokens, for one call; null: no limit. */
export interface Limit {
  /** Of the answer, by what was learnt or by a budget. */
  readonly maxTokens: number | null
  /** Of thought, by what was learnt. */
  readonly thought: number | null
  /** The same as `maxTokens` where it was learnt: it is below what the caller and budgets allow. */
  readonly trimmed: number | null
}

const NO_LIMIT: Limit = { maxTokens: null, thought: null, trimmed: null }

/** `tails` absent: as budgets have it. */
export function limitFor(
  request: GatewayRequest,
  plan: RoutePlan,
  target: Target,
  tails: Pick<Tails, 'of'> | undefined,
): Limit {
  const { maxTokens, profile, trials } = plan
  const trim = tails === undefined || trials.length === 0 ? null : trimFor(request, plan, target, tails)
  if (trim === null) return maxTokens === null ? NO_LIMIT : { ...NO_LIMIT, maxTokens }
  const { output, thought } = trim
  const trimmed =
    output !== null && output < Math.min(profile.maxOutput ?? Infinity, maxTokens ?? Infinity) ? output : null
  return { maxTokens: trimmed ?? maxTokens, thought, trimmed }
}

/** An answer that its caller would have got whole. `here`: all of it is in hand. */
export const isCut = ({ trimmed, exchange }: Pick<Attempt, 'trimmed' | 'exchange'>, here = true): boolean =>
  here && trimmed !== null && exchange.track.finish === 'length'

export const cutError = (): GatewayError =>
  new GatewayError('trimmed', 'The answer was longer than was learnt of others, and was cut.')
