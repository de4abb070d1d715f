/** What every answer says about itself in its headers: design 2.3. Never a URL or a key of a backend. */
import type { GatewayError } from '../core/errors.ts'
import type { Deployment, Usage } from '../core/types.ts'

export interface AnswerFacts {
  readonly requestId: string
  readonly route: string | null
  readonly deployment: Deployment | null
  readonly attempts: number
  readonly overheadMs: number
}

export type HeaderMap = Record<string, string | number>

export function answerHeaders(facts: AnswerFacts): HeaderMap {
  const headers: HeaderMap = {
    'x-request-id': facts.requestId,
    'x-turnout-attempts': facts.attempts,
    'x-turnout-overhead-ms': facts.overheadMs.toFixed(2),
  }
  if (facts.route !== null) headers['x-turnout-route'] = ascii(facts.route)
  if (facts.deployment !== null) {
    headers['x-turnout-backend'] = ascii(facts.deployment.backend.name)
    headers['x-turnout-model'] = ascii(facts.deployment.model)
  }
  return headers
}

export function usageHeaders(usage: Usage | null, costMicroUsd: number | null): HeaderMap {
  const headers: HeaderMap = {}
  if (usage !== null)
    headers['x-turnout-tokens'] =
      `input=${usage.input}, cached_input=${usage.cachedInput}, output=${usage.output}, reasoning=${usage.reasoning}`
  if (costMicroUsd !== null) headers['x-turnout-cost-usd'] = (costMicroUsd / 1e6).toFixed(6)
  return headers
}

/** `no-transform` and `x-accel-buffering` keep nginx and others from holding events back. */
export const STREAM_HEADERS: Readonly<HeaderMap> = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
}

/** SDKs read the milliseconds first and ignore waits that are too long. */
export function retryHeaders(error: GatewayError): HeaderMap {
  if (error.retryAfterMs === null) return {}
  return {
    'retry-after': Math.max(1, Math.ceil(error.retryAfterMs / 1000)),
    'retry-after-ms': Math.ceil(error.retryAfterMs),
  }
}

/** Names of models may hold any character; a header may not. */
const ascii = (text: string): string => (/^[\x20-\x7e]*$/.test(text) ? text : encodeURIComponent(text))
