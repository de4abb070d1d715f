/** What the outcome of a call says about one deployment, beside what it says about its backend. */
import type { GatewayError } from '../core/errors.ts'
import type { Standing } from '../core/types.ts'

/** The fleet's own view of `Standing`. */
export interface StandingState extends Omit<{ -readonly [K in keyof Standing]: Standing[K] }, 'refuses' | 'answers'> {
  failures: number
  readonly refuses: Map<string, number>
  readonly answers: Set<string>
}

export const newStanding = (): StandingState => ({
  calls: 0,
  failures: 0,
  restUntil: 0,
  refuses: new Map(),
  answers: new Set(),
})

/** The first rest after a failure; it doubles with each in a row. A healed deployment is asked again within the longest. */
const REST_MS = 1_000
const LONGEST_REST_MS = 60_000
/** Engines are started again with other options now and then. */
const REFUSED_MS = 300_000

/** A call of `endpoint` ended. */
export function assess(own: StandingState, endpoint: string, error: GatewayError | null, now: number): void {
  if (error === null) {
    own.failures = 0
    own.restUntil = 0
    own.refuses.delete(endpoint)
    own.answers.add(endpoint)
    return
  }
  switch (error.code) {
    case 'upstream_unsupported':
    case 'upstream_model_missing':
      own.refuses.set(endpoint, now + REFUSED_MS)
      own.answers.delete(endpoint)
      return
    case 'upstream_error':
    case 'upstream_bad_response':
    case 'upstream_incomplete':
    case 'headers_timeout':
    case 'ttft_timeout':
    case 'idle_timeout':
      own.restUntil = now + Math.min(LONGEST_REST_MS, REST_MS * 2 ** Math.min(own.failures, 10))
      own.failures++
      return
    default:
  }
}
