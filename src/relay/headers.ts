/**
 * What every answer says about itself in its headers. Never a URL or a key of a backend.
 *
 * Headers are flat lists (name, value, name, value): objects of ten changing keys cost more than writing them out.
 */
import type { RequestLife } from '../accounting/request-life.ts'
import { usdOf } from '../core/money.ts'
import { ERRORS, type GatewayError } from '../core/errors.ts'
import type { Total } from '../core/settlement.ts'
import { NO_TRIALS, type Trial, withoutOf } from '../core/trial.ts'
import type { Deployment } from '../core/types.ts'
import type { Path } from '../dispatch/attempt.ts'

export type HeaderList = readonly string[]

export interface AnswerFacts {
  readonly requestId: string
  readonly route: string | null
  readonly deployment: Deployment | null
  /** Null while calls are still being made. */
  readonly attempts: number | null
  readonly overheadMs: number
  /** What a budget lowered the limit of output tokens to; null = none did. */
  readonly maxTokens: number | null
  /** Null: whoever answers reads its prompts itself. */
  readonly path: Path | null
  readonly trials: readonly Trial[]
}

/** What is known of a request at the moment when its headers go out. */
export function answerFactsOf({ request, plan, attempts, answer, error, overheadMs }: RequestLife): AnswerFacts {
  // A comment that keeps the connection open may go out before it is known which backend will answer.
  const isKnown = answer !== null || error !== null
  return {
    requestId: request.id,
    route: plan?.route ?? null,
    deployment: answer?.deployment ?? null,
    attempts: isKnown ? (attempts?.made.length ?? 0) : null,
    overheadMs,
    maxTokens: plan?.maxTokens ?? null,
    path: answer?.path ?? null,
    trials: plan?.trials ?? NO_TRIALS,
  }
}

/** Adds to `list`, which the caller of this owns. */
export function addAnswerHeaders(list: string[], facts: AnswerFacts): void {
  list.push('x-request-id', facts.requestId, 'x-turnout-overhead-ms', String(Math.round(facts.overheadMs * 100) / 100))
  if (facts.attempts !== null) list.push('x-turnout-attempts', String(facts.attempts))
  if (facts.maxTokens !== null) list.push('x-turnout-max-tokens', String(facts.maxTokens))
  if (facts.path !== null) list.push('x-turnout-path', facts.path)
  const without = withoutOf(facts.trials)
  if (without.length > 0) list.push('x-turnout-control', without.join(', '))
  if (facts.route !== null) list.push('x-turnout-route', ascii(facts.route))
  if (facts.deployment === null) return
  list.push('x-turnout-backend', ascii(facts.deployment.backend.name), 'x-turnout-model', ascii(facts.deployment.model))
}

/** Of a whole answer: what it took, failed calls included. */
export function totalHeaders({ tokens, cost, partial }: Total): HeaderList {
  const list: string[] = []
  if (tokens !== null) {
    const { input, cachedInput, output, reasoning, estimated } = tokens
    list.push(
      'x-turnout-tokens',
      `input=${input}, cached_input=${cachedInput}, output=${output}, reasoning=${reasoning}${estimated ? ', estimated=true' : ''}`,
    )
  }
  if (cost !== null) list.push('x-turnout-cost-usd', usd(cost.nanoUsd))
  if (partial) list.push('x-turnout-cost-partial', 'true')
  return list
}

/** Six decimals, nine where a cheap model needs them. */
const usd = (nano: number): string =>
  usdOf(nano)
    .toFixed(9)
    .replace(/0{1,3}$/, '')

/** What pages of another origin may read of an answer: all that is written here and in http/admission/request-limit.ts. */
export const EXPOSED_HEADERS = [
  'x-request-id',
  ...[
    'route',
    'backend',
    'model',
    'attempts',
    'path',
    'control',
    'overhead-ms',
    'max-tokens',
    'tokens',
    'cost-usd',
    'cost-partial',
  ].map((name) => `x-turnout-${name}`),
  ...['requests', 'tokens'].flatMap((of) => ['limit', 'remaining', 'reset'].map((what) => `x-ratelimit-${what}-${of}`)),
  'request-id',
  ...['requests', 'tokens'].flatMap((of) =>
    ['limit', 'remaining', 'reset'].map((what) => `anthropic-ratelimit-${of}-${what}`),
  ),
  'retry-after',
  'retry-after-ms',
  'x-should-retry',
].join(', ')

/** SDKs read the milliseconds first and ignore waits that are too long. */
export function retryHeaders(error: GatewayError): HeaderList {
  // Clients that retry by a list of their own go by this header.
  if (error.retryAfterMs === null) return ERRORS[error.code].retry === 'never' ? ['x-should-retry', 'false'] : []
  // They come back within seconds, whatever the header says, where it says more than a minute.
  const useless: HeaderList = error.retryAfterMs > 60_000 ? ['x-should-retry', 'false'] : []
  const seconds = Math.max(1, Math.ceil(error.retryAfterMs / 1000))
  return ['retry-after', String(seconds), 'retry-after-ms', String(Math.ceil(error.retryAfterMs)), ...useless]
}

/** The same for those who want an object. */
export function asObject(list: HeaderList): Record<string, string> {
  const headers: Record<string, string> = {}
  for (let index = 0; index < list.length; index += 2) headers[list[index]!] = list[index + 1]!
  return headers
}

const PRINTABLE = /^[\x20-\x7e]*$/

/** Names of models may hold any character (the detour over bytes mends halves of one); a header may not. */
const ascii = (text: string): string => (PRINTABLE.test(text) ? text : encodeURIComponent(Buffer.from(text).toString()))
