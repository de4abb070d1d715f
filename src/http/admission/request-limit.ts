/** Requests per minute for each key, told in OpenAI's headers. */
import { GatewayError } from '../../core/errors.ts'
import type { Principal } from '../../core/principal.ts'
import type { TokensLeft } from '../../budgets/limiter.ts'
import type { HeaderList } from '../../relay/headers.ts'
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
    arrival.limitHeaders = headersOf(rpm, Math.max(0, rpm - minute.used), minute.leftMs)
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

/** The reset is a duration in Go's style, as OpenAI sends it. */
const headersOf = (limit: number, remaining: number, resetMs: number, of = 'requests'): HeaderList => [
  `x-ratelimit-limit-${of}`,
  String(limit),
  `x-ratelimit-remaining-${of}`,
  String(remaining),
  `x-ratelimit-reset-${of}`,
  resetMs < 1000 ? `${Math.ceil(resetMs)}ms` : `${Math.ceil(resetMs / 1000)}s`,
]

/** What an answer tells about all limits of its key. `tokens`: before this request. */
export function limitHeadersOf({ limitHeaders }: Arrival, tokens: TokensLeft | null): HeaderList {
  if (tokens === null) return limitHeaders ?? []
  return [...(limitHeaders ?? []), ...headersOf(tokens.limit, tokens.remaining, tokens.resetMs, 'tokens')]
}
