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

type Seen = Readonly<Record<string, unknown>>
type Judge = (seen: Seen, counted: Counted) => string | null

/** Steps that must end well. */
const JUDGES: Readonly<Record<Exclude<Step, 'unknown' | 'refused'>, Judge>> = {
  whole: (seen) => textFault(seen['text']) ?? usageFault(seen),
  streamed: (seen) => {
    const pieces = listOf(seen['pieces'])
    return pieces.length > 1 ? (textFault(pieces.join('')) ?? usageFault(seen)) : `${pieces.length} pieces`
  },
  tool: (seen) => callsFault(seen['calls']) ?? textFault(seen['text']),
  schema: ({ object }) => (isObject(object) && typeof object['city'] === 'string' ? null : told(object)),
  embedding: (seen) => {
    const lengths = listOf(seen['lengths'])
    return lengths.length === 2 && lengths[0] === lengths[1] && Number(lengths[0]) > 1 ? null : told(lengths)
  },
  waits: (_seen, { waits }) => {
    if (waits.length === 0) return 'it did not ask again'
    const early = waits.find((ms) => ms < RETRY_AFTER_S * 1000 - 50)
    return early === undefined ? null : `it asked again after ${Math.round(early)} ms`
  },
  leaves: (_seen, { left }) => (left === 1 ? null : `${left} callers left`),
}

/** Null where all is well. Texts are told to a person. */
export function faultOf(step: Step, { saw, error }: Line, counted: Counted): string | null {
  if (step === 'unknown') return errorFault(error, /No model, route or alias named \W*no-such-model/)
  if (step === 'refused') {
    const { refusals } = counted
    return errorFault(error, /Budget .*pocket-money/) ?? (refusals === 1 ? null : `it asked ${refusals} times`)
  }
  return error ?? JUDGES[step](isObject(saw) ? saw : {}, counted)
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

const told = (value: unknown): string => `got ${JSON.stringify(value)}`

const errorFault = (error: string | undefined, pattern: RegExp): string | null =>
  error === undefined ? 'there was no error' : pattern.test(error) ? null : `the error says: ${error}`

const textFault = (text: unknown): string | null => (typeof text === 'string' && text !== '' ? null : told(text))

const usageFault = ({ input, output }: Readonly<Record<string, unknown>>): string | null =>
  Number(input) > 0 && Number(output) > 0 ? null : `usage ${JSON.stringify({ input, output })}`

function callsFault(calls: unknown): string | null {
  const [first] = listOf(calls)
  const args: unknown = Array.isArray(first) && first[0] === 'bash' ? first[1] : undefined
  return isObject(args) && typeof args['command'] === 'string' ? null : told(calls)
}
