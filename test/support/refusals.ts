import { readFileSync } from 'node:fs'
import type { ErrorCode } from '../../src/core/errors.ts'

/** What an engine, a gateway or a cloud answered, word for word as its users reported it, and what it means. */
export interface Refusal {
  readonly from: string
  readonly status: number
  readonly code: ErrorCode
  /** Of `upstream_cannot`: the name of what is lacking, null where it has none. */
  readonly lack: string | null
  /** Only this value is refused. */
  readonly ofValue: boolean
  /** Of all other codes. */
  readonly about: string | null
  readonly body: object
}

type Row = readonly [from: string, status: number, code: ErrorCode, what: string | null, body: object]

export const REFUSALS: readonly Refusal[] = readFileSync('test/upstream/refusals.jsonl', 'utf8')
  .trim()
  .split('\n')
  .map((line) => {
    const [from, status, code, what, body] = JSON.parse(line) as Row
    const cannot = code === 'upstream_cannot'
    const ofValue = cannot && what !== null && what.endsWith('=')
    const lack = cannot && what !== null ? what.replace('=', '') : null
    return { from, status, code, lack, ofValue, about: cannot ? 'model' : what, body }
  })
