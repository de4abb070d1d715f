/** W3C trace context: the `traceparent` and `tracestate` headers. */
import { randomBytes } from 'node:crypto'
import type { Trace } from '../core/types.ts'

type Headers = Readonly<Record<string, string | string[] | undefined>>

/** version-traceid-parentid-flags; neither id may be all zeros, and there is no version ff. */
const TRACEPARENT = /^(?!ff)[\da-f]{2}-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-([\da-f]{2})$/
const STATE = /^[\x20-\x7e]{1,512}$/
const SAMPLED = 1

/** The caller's trace goes on, sampled as it says; without one a trace begins, and `share` of those are sampled. `random`: from 0 to 1. */
export function beginTrace(headers: Headers, share: number, random: () => number = Math.random): Trace {
  const given = headers['traceparent']
  const parent = typeof given === 'string' ? TRACEPARENT.exec(given) : null
  const drawn = randomBytes(parent === null ? 24 : 8).toString('hex')
  const spanId = drawn.slice(0, 16)
  if (parent === null)
    return { traceId: drawn.slice(16), spanId, parentId: null, sampled: random() < share, state: null }
  const [, traceId = '', parentId = '', flags = ''] = parent
  const sampled = (Number.parseInt(flags, 16) & SAMPLED) === SAMPLED
  return { traceId, spanId, parentId, sampled, state: stateOf(headers['tracestate']) }
}

const stateOf = (given: string | string[] | undefined): string | null =>
  typeof given === 'string' && STATE.test(given) ? given : null

/** Id of the span of call number `call` (1 = first): that of the request, counted on in its last byte. */
export function callSpanId({ spanId }: Trace, call: number): string {
  const last = (Number.parseInt(spanId.slice(-2), 16) + call) & 0xff
  return spanId.slice(0, -2) + last.toString(16).padStart(2, '0')
}

/** `traceparent` of call number `call`. */
export const traceparent = (trace: Trace, call: number): string =>
  `00-${trace.traceId}-${callSpanId(trace, call)}-0${trace.sampled ? SAMPLED : 0}`
