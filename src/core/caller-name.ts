/** Names that callers give to sessions, users and conversations: they go into logs and books, so they are short and plain. */
import { isUtf8 } from 'node:buffer'
import { textBytes } from './cut-text.ts'

const LONGEST = 256

/** Null where it is no name, too long for one, or holds what nobody can read. `value`: of a parsed body or a header. */
export function callerName(value: unknown): string | null {
  if (typeof value !== 'string' || value === '' || textBytes(value) > LONGEST) return null
  const name = NARROW.test(value) ? value.replace(/[\x80-\xff]+/g, decoded) : value
  return UNREADABLE.test(name) ? null : name
}

const NARROW = /[\x80-\xff]/
const UNREADABLE = /[\x00-\x1f\x7f]/

/** Bytes that were read as one character each. What is not UTF-8 was written as escapes and stays. */
function decoded(run: string): string {
  const bytes = Buffer.from(run, 'latin1')
  return isUtf8(bytes) ? bytes.toString() : run
}
