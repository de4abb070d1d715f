/** A line of the gateway's log, or of `turnout ledger`, or a row of the ledger -> a request that can be replayed, or why not. Pure. */
import { type ErrorCode, ERRORS, type ErrorSource } from '../core/errors.ts'
import { type Fields, isObject } from '../core/is-object.ts'
import { type Logged, loggedOf } from './logged.ts'

/** Why something is not replayed. */
export const SKIPS = {
  other_lines: 'other lines of the log',
  unreadable: 'not JSON',
  cut_off: 'the last line, cut off',
  brief: 'without the decision, which `server.log_decisions: always` writes',
  left_out: 'rows of a ledger without the decision',
  undecided: 'no decision with candidates, a choice and an outcome in it',
} as const
export type Skip = keyof typeof SKIPS

export function readLine(line: string): Logged | Skip {
  // Most lines of other kinds are not worth parsing.
  if (!line.includes('"request"') && line.trimEnd().endsWith('}')) return 'other_lines'
  try {
    return readRow(JSON.parse(line))
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return 'unreadable'
    throw thrown
  }
}

/** A line that has been parsed: of the log, or a row of the ledger. */
export function readRow(row: unknown): Logged | Skip {
  if (!isObject(row)) return 'other_lines'
  if (row['msg'] === 'request') return ofLog(row)
  if (row['kind'] === 'request') return ofLedger(row)
  return 'other_lines'
}

function ofLog(line: Fields): Logged | Skip {
  const { request_id: id, caller, model, endpoint, stream, time, error, decision } = line
  if (decision === undefined && isObject(line['chosen'])) return 'brief'
  const endedAt = typeof time === 'string' ? Date.parse(time) : numberOf(time)
  const fault = isObject(error) ? (error['source'] as ErrorSource) : null
  return loggedOf({ id, caller, model, endpoint, stream: stream === true, endedAt, fault, decision }) ?? 'undecided'
}

function ofLedger(row: Fields): Logged | Skip {
  const { request_id: id, key: caller, requested_model: model, endpoint, stream, at, error, decision } = row
  // It went by a route, so there was one.
  if (decision === undefined && typeof row['route'] === 'string') return 'left_out'
  const endedAt = typeof at === 'string' ? Date.parse(at) : NaN
  return (
    loggedOf({ id, caller, model, endpoint, stream: stream === true, endedAt, fault: faultOf(error), decision }) ??
    'undecided'
  )
}

/** The ledger has the code alone. One of another version's is nobody's fault. */
const faultOf = (code: unknown): ErrorSource | null =>
  typeof code === 'string' && Object.hasOwn(ERRORS, code) ? ERRORS[code as ErrorCode].source : null

const numberOf = (value: unknown): number => (typeof value === 'number' ? value : NaN)
