/** Holds what a probe says that it saw against what it should have seen, and against what the gateway counted meanwhile. */
import { isObject } from '../../src/core/is-object.ts'

export const STEPS = [
  'whole',
  'streamed',
  'tool',
  'schema',
  'embedding',
  'unknown',
  'refused',
  'waits',
  'leaves',
] as const

export type Step = (typeof STEPS)[number]

/** One line of a probe. */
export interface Line {
  readonly step: string
  readonly saw?: unknown
  readonly error?: string
}

/** What the gateway and its backend counted during a step. */
export interface Counted {
  /** Refusals for want of a budget. */
  readonly refusals: number
  /** Callers that left. */
  readonly left: number
  /** Milliseconds between the requests that the busy backend got. */
  readonly waits: readonly number[]
}

/** Of the busy backend's 429. */
export const RETRY_AFTER_S = 2

/** Null where all is well. Texts are told to a person. */
export function faultOf(step: Step, { saw, error }: Line, { refusals, left, waits }: Counted): string | null {
  if (step === 'unknown') return errorFault(error, /No model, route or alias named "?\\*"?no-such-model/)
  if (step === 'refused') {
    const fault = errorFault(error, /Budget .*pocket-money/)
    return fault ?? (refusals === 1 ? null : `it asked ${refusals} times`)
  }
  if (error !== undefined) return error
  const seen = isObject(saw) ? saw : {}
  switch (step) {
    case 'whole':
      return textFault(seen['text']) ?? usageFault(seen)
    case 'streamed': {
      const pieces: unknown[] = Array.isArray(seen['pieces']) ? seen['pieces'] : []
      return pieces.length > 1 ? (textFault(pieces.join('')) ?? usageFault(seen)) : `${pieces.length} pieces`
    }
    case 'tool':
      return callsFault(seen['calls']) ?? textFault(seen['text'])
    case 'schema':
      return isObject(seen['object']) && typeof seen['object']['city'] === 'string' ? null : told(seen['object'])
    case 'embedding': {
      const lengths: unknown[] = Array.isArray(seen['lengths']) ? seen['lengths'] : []
      return lengths.length === 2 && lengths[0] === lengths[1] && Number(lengths[0]) > 1 ? null : told(lengths)
    }
    case 'waits': {
      const early = waits.find((ms) => ms < RETRY_AFTER_S * 1000 - 50)
      if (waits.length === 0) return 'it did not ask again'
      return early === undefined ? null : `it asked again after ${Math.round(early)} ms`
    }
    case 'leaves':
      return left === 1 ? null : `${left} callers left`
  }
}

const told = (value: unknown): string => `got ${JSON.stringify(value)}`

const errorFault = (error: string | undefined, pattern: RegExp): string | null =>
  error === undefined ? 'there was no error' : pattern.test(error) ? null : `the error says: ${error}`

const textFault = (text: unknown): string | null => (typeof text === 'string' && text !== '' ? null : told(text))

const usageFault = ({ input, output }: Readonly<Record<string, unknown>>): string | null =>
  Number(input) > 0 && Number(output) > 0 ? null : `usage ${JSON.stringify({ input, output })}`

function callsFault(calls: unknown): string | null {
  const first: unknown = Array.isArray(calls) ? calls[0] : undefined
  const args: unknown = Array.isArray(first) && first[0] === 'bash' ? first[1] : undefined
  return isObject(args) && typeof args['command'] === 'string' ? null : told(calls)
}
