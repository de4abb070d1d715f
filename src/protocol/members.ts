/**
 * The members of a JSON object as byte spans, so that a 400 kB prompt can change its `model` without being
 * written again: unknown fields, key order and the precision of numbers stay as the caller sent them.
 */
import type { Member } from '../core/types.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const COLON = 0x3a
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d

/**
 * Top-level members in order, duplicates included; null where the text is not one JSON object.
 * Values are delimited, not validated: parse what you use. Linear in the size, whole strings are skipped natively.
 */
export function members(json: Uint8Array): Member[] | null {
  const found: Member[] = []
  let at = skipSpace(json, 0)
  if (json[at] !== OPEN_BRACE) return null
  at = skipSpace(json, at + 1)
  if (json[at] === CLOSE_BRACE) return skipSpace(json, at + 1) === json.length ? found : null
  for (;;) {
    if (json[at] !== QUOTE) return null
    const start = at
    at = stringEnd(json, at)
    if (at < 0) return null
    const key = keyText(json, start, at)
    if (key === null) return null
    at = skipSpace(json, at)
    if (json[at] !== COLON) return null
    const valueStart = skipSpace(json, at + 1)
    const valueEnd = skipValue(json, valueStart)
    if (valueEnd <= valueStart) return null
    found.push({ key, start, valueStart, valueEnd })
    at = skipSpace(json, valueEnd)
    if (json[at] === CLOSE_BRACE) return skipSpace(json, at + 1) === json.length ? found : null
    if (json[at] !== COMMA) return null
    at = skipSpace(json, at + 1)
  }
}

/** The parsed value of one top-level member (the last of that name, as JSON.parse takes it); undefined where absent or broken. */
export function memberValue(json: Buffer, list: readonly Member[], key: string): unknown {
  for (let i = list.length - 1; i >= 0; i--) {
    const member = list[i]!
    if (member.key !== key) continue
    try {
      return JSON.parse(json.toString('utf8', member.valueStart, member.valueEnd))
    } catch {
      return undefined
    }
  }
  return undefined
}

/** Spans of the elements of the array that starts at `from`; null where there is none. */
export function elements(json: Uint8Array, from: number): { readonly start: number; readonly end: number }[] | null {
  if (json[from] !== OPEN_BRACKET) return null
  const found: { start: number; end: number }[] = []
  let at = skipSpace(json, from + 1)
  if (json[at] === CLOSE_BRACKET) return found
  for (;;) {
    const end = skipValue(json, at)
    if (end <= at) return null
    found.push({ start: at, end })
    at = skipSpace(json, end)
    if (json[at] === CLOSE_BRACKET) return found
    if (json[at] !== COMMA) return null
    at = skipSpace(json, at + 1)
  }
}

/** What to change at the top level of an object. A key in `set` is written (replaced or added), one in `remove` goes. */
export interface Edits {
  readonly set: ReadonlyMap<string, string>
  readonly remove: ReadonlySet<string>
}

/**
 * The object with its edits applied; all other bytes as they were. Values of `set` are JSON text.
 * A duplicated key keeps one occurrence only: engines differ in which one they read, and the caller was routed by the last.
 */
export function splice(json: Buffer, list: readonly Member[], edits: Edits): Buffer {
  const pieces: Buffer[] = []
  const last = new Map<string, number>()
  list.forEach((member, index) => last.set(member.key, index))
  let written = false
  const put = (piece: Buffer): void => {
    pieces.push(written ? COMMA_BYTES : OPEN_BYTES, piece)
    written = true
  }
  for (const [index, member] of list.entries()) {
    if (edits.remove.has(member.key) || last.get(member.key) !== index) continue
    const value = edits.set.get(member.key)
    if (value === undefined) put(json.subarray(member.start, member.valueEnd))
    else put(Buffer.from(`${JSON.stringify(member.key)}:${value}`))
  }
  for (const [key, value] of edits.set) if (!last.has(key)) put(Buffer.from(`${JSON.stringify(key)}:${value}`))
  pieces.push(written ? CLOSE_BYTES : EMPTY_BYTES)
  return Buffer.concat(pieces)
}

const OPEN_BYTES = Buffer.from('{')
const COMMA_BYTES = Buffer.from(',')
const CLOSE_BYTES = Buffer.from('}')
const EMPTY_BYTES = Buffer.from('{}')

function skipSpace(json: Uint8Array, from: number): number {
  let at = from
  while (at < json.length) {
    const byte = json[at]
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) break
    at++
  }
  return at
}

/** Offset behind the string that starts at `from`; -1 where it never ends. */
export function stringEnd(json: Uint8Array, from: number): number {
  let at = from + 1
  for (;;) {
    const quote = json.indexOf(QUOTE, at)
    if (quote < 0) return -1
    let back = quote - 1
    while (json[back] === BACKSLASH && back > from) back--
    if ((quote - back) % 2 === 1) return quote + 1
    at = quote + 1
  }
}

/** Keys written with escapes (mod\u0065l) must not slip past an edit. */
function keyText(json: Uint8Array, start: number, end: number): string | null {
  const view = Buffer.from(json.buffer, json.byteOffset, json.byteLength)
  const text = view.toString('utf8', start + 1, end - 1)
  if (!text.includes('\\')) return text
  try {
    return JSON.parse(`"${text}"`) as string
  } catch {
    return null
  }
}

function skipValue(json: Uint8Array, from: number): number {
  const first = json[from]
  if (first === QUOTE) return stringEnd(json, from)
  let at = from
  if (first !== OPEN_BRACE && first !== OPEN_BRACKET) {
    while (at < json.length && !isDelimiter(json[at]!)) at++
    return at
  }
  let depth = 0
  while (at < json.length) {
    const byte = json[at]!
    if (byte === QUOTE) {
      at = stringEnd(json, at)
      if (at < 0) return -1
      continue
    }
    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth++
    else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      depth--
      if (depth === 0) return at + 1
    }
    at++
  }
  return -1
}

const isDelimiter = (byte: number): boolean =>
  byte === COMMA ||
  byte === CLOSE_BRACE ||
  byte === CLOSE_BRACKET ||
  byte === 0x20 ||
  byte === 0x0a ||
  byte === 0x0d ||
  byte === 0x09
