/** Names that callers give to sessions, agents, users and conversations: they go into logs, books and tables, so they are short and plain. */
import { isUtf8 } from 'node:buffer'
import { hash } from 'node:crypto'
import { keptLength, textBytes } from './cut-text.ts'

const LONGEST = 256
/** Characters that are read of what is no name. */
const READ = 512
const DIGEST = 22

/** Null where it is no name, too long for one, or holds what nobody can read. `value`: of a parsed body or a header. */
export function callerName(value: unknown): string | null {
  if (typeof value !== 'string' || value === '' || textBytes(value) > LONGEST) return null
  const name = NARROW.test(value) ? value.replace(/[\x80-\xff]+/g, decoded) : value
  return UNREADABLE.test(name) ? null : name
}

/**
 * The same, but a text that is too long or unreadable is named by a digest of its beginning and length, which is the same in
 * every gateway: it stays one name, and nothing of it is written down. Null where there is no text.
 */
export function boundName(value: unknown): string | null {
  const name = callerName(value)
  return name !== null || typeof value !== 'string' || value === '' ? name : digestName(value)
}

/** A name for a text of which nothing may be written down, by its beginning and length. */
export function digestName(text: string): string {
  const beginning = text.slice(0, Math.min(READ, keptLength(text)))
  return `sha256-${hash('sha256', `${beginning} ${textBytes(text)}`, 'base64url').slice(0, DIGEST)}`
}

const NARROW = /[\x80-\xff]/
/** Also what moves the cursor of a terminal, turns the direction of a text, or is half a character. */
const UNREADABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u

/** Bytes that were read as one character each. What is not UTF-8 was written as escapes and stays. */
function decoded(run: string): string {
  const bytes = Buffer.from(run, 'latin1')
  return isUtf8(bytes) ? bytes.toString() : run
}
