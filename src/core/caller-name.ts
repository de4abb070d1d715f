/** Names that callers give to sessions, agents, users and conversations: they go into logs, books and tables, so they are short and plain. */
import { isUtf8 } from 'node:buffer'
import { hash } from 'node:crypto'
import { keptLength, textBytes } from './cut-text.ts'

const LONGEST = 256
/** Characters that are read of a longer one. */
const READ = 512
const DIGEST = 22

/**
 * Null where it is no text, or empty. What is too long, or holds what nobody can read, is named by a digest of it that is
 * the same everywhere: it stays one name, and nothing of it is written down. `value`: of a parsed body or a header.
 */
export function callerName(value: unknown): string | null {
  if (typeof value !== 'string' || value === '') return null
  const bytes = textBytes(value)
  if (bytes > LONGEST) return digest(`${value.slice(0, Math.min(READ, keptLength(value)))} ${bytes}`)
  const name = NARROW.test(value) ? value.replace(/[\x80-\xff]+/g, decoded) : value
  return UNREADABLE.test(name) ? digest(name) : name
}

const NARROW = /[\x80-\xff]/
/** Also what moves the cursor of a terminal, turns the direction of a text, or is half a character. */
const UNREADABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u

/** Bytes that were read as one character each. What is not UTF-8 was written as escapes and stays. */
function decoded(run: string): string {
  const bytes = Buffer.from(run, 'latin1')
  return isUtf8(bytes) ? bytes.toString() : run
}

const digest = (text: string): string => `sha256-${hash('sha256', text, 'base64url').slice(0, DIGEST)}`
