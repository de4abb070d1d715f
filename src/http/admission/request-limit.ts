/** Requests per minute for each key, told in OpenAI's headers. */
import { GatewayError } from '../../core/errors.ts'
import type { Principal } from '../../core/principal.ts'
import type { TokensLeft } from '../../budgets/limiter.ts'
import type { Arrival } from '../arrival.ts'
import type { Minute, MinuteCounts } from './minute-counts.ts'

/** Null where the request may go on, else why not. `counted` false: it takes nothing of the limit, and is told of it. Its caller must be known. */
export function overLimit(
  arrival: Arrival,
  counted: boolean,
  counts: MinuteCounts,
): GatewayError | null | Promise<GatewayError | null> {
  const { principal } = arrival
  // Read with each request: keys change while the gateway runs.
  if (principal === null || principal.rpm === null) return null
  const { rpm } = principal
  const judge = (minute: Minute): GatewayError | null => {
    arrival.requestLimit = { limit: rpm, used: minute.used, leftMs: minute.leftMs }
    return counted && minute.used > rpm ? exceeded(principal, rpm, minute.leftMs) : null
  }
  const minute = counts.count(principal.id, counted)
  return minute instanceof Promise ? minute.then(judge) : judge(minute)
}

function exceeded({ id }: Principal, rpm: number, leftMs: number): GatewayError {
  const wait = Math.ceil(leftMs / 1000)
  const message = `Key "${id}" has used its ${rpm} requests per minute; try again in ${wait} s.`
  return new GatewayError('rate_limit_exceeded', message, { retryAfterMs: leftMs })
}

/** Names of the headers of one limit. Written once: a name that is put together for each answer is looked at anew by Node. */
interface LimitNames {
  readonly limit: string
  readonly remaining: string
  readonly reset: string
}

const REQUESTS: LimitNames = {
  limit: 'x-ratelimit-limit-requests',
  remaining: 'x-ratelimit-remaining-requests',
  reset: 'x-ratelimit-reset-requests',
}
const TOKENS: LimitNames = {
  limit: 'x-ratelimit-limit-tokens',
  remaining: 'x-ratelimit-remaining-tokens',
  reset: 'x-ratelimit-reset-tokens',
}

/** The reset is a duration in Go's style, as OpenAI sends it. */
function addLimit(list: string[], names: LimitNames, limit: number, remaining: number, resetMs: number): void {
  const reset = resetMs < 1000 ? `${Math.ceil(resetMs)}ms` : `${Math.ceil(resetMs / 1000)}s`
  list.push(names.limit, String(limit), names.remaining, String(remaining), names.reset, reset)
}

/** What any answer tells of the requests per minute of its key. */
export function addRequestLimit(list: string[], { requestLimit }: Arrival): void {
  if (requestLimit === null) return
  const { limit, used, leftMs } = requestLimit
  addLimit(list, REQUESTS, limit, Math.max(0, limit - used), leftMs)
}

/** What it tells of the tokens of its key. `tokens`: before this request. */
export function addTokenLimit(list: string[], { limit, remaining, resetMs }: TokensLeft): void {
  addLimit(list, TOKENS, limit, remaining, resetMs)
}
