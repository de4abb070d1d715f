/**
 * The members of a JSON object as byte spans, so that a 400 kB prompt can change its `model` without being
 * written again: unknown fields, key order and the precision of numbers stay as the caller sent them.
 */
import type { Steps } from '../../core/slices.ts'
import type { Member } from '../../core/types.ts'
import {
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  GroupScan,
  isGroup,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
  skipSpace,
  skipValue,
  stringEnd,
} from './scan.ts'
import type { BodySize } from './body-size.ts'

/**
 * Top-level members in order, duplicates included; null where the text is not one JSON object.
 * Values are delimited, not validated: parse what you use. `tally`: counts all there is, and throws what is too much.
 */
export function members(json: Uint8Array, tally: BodySize | null = null): Member[] | null {
  const found: Member[] = []
  let at = skipSpace(json, 0)
  if (json[at] !== OPEN_BRACE) return null
  at = skipSpace(json, at + 1)
  if (json[at] === CLOSE_BRACE) return skipSpace(json, at + 1) === json.length ? found : null
  for (;;) {
    if (json[at] !== QUOTE) return null
    tally?.member()
    const start = at
    at = stringEnd(json, at)
    if (at < 0) return null
    const key = keyText(json, start, at)
    if (key === null) return null
    at = skipSpace(json, at)
    if (json[at] !== COLON) return null
    const valueStart = skipSpace(json, at + 1)
    const valueEnd = skipValue(json, valueStart, tally)
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
    const end = skipValue(json, at, null)
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
  /** Values are JSON text, or pieces of it. */
  readonly set: ReadonlyMap<string, string | readonly Buffer[]>
  readonly remove: ReadonlySet<string>
}

/**
 * The object with its edits applied; all other bytes as they were. Values of `set` are JSON text.
 * Of a key that comes twice only the last occurrence stays, the one that JSON.parse takes.
 */
export const splice = (json: Buffer, list: readonly Member[], edits: Edits): Buffer =>
  Buffer.concat(spliced(json, list, edits))

/** The same in steps: to copy 30 MB takes as long as a hundred requests. */
export const spliceInSteps = (json: Buffer, list: readonly Member[], edits: Edits): Steps<Buffer> =>
  joined(spliced(json, list, edits))

function spliced(json: Buffer, list: readonly Member[], edits: Edits): Buffer[] {
  const pieces: Buffer[] = []
  const last = new Map<string, number>()
  list.forEach((member, index) => last.set(member.key, index))
  let written = false
  const put = (...parts: readonly Buffer[]): void => {
    pieces.push(written ? COMMA_BYTES : OPEN_BYTES, ...parts)
    written = true
  }
  for (const [index, member] of list.entries()) {
    if (edits.remove.has(member.key) || last.get(member.key) !== index) continue
    const value = edits.set.get(member.key)
    if (value === undefined) put(json.subarray(member.start, member.valueEnd))
    else put(...memberOf(member.key, value))
  }
  for (const [key, value] of edits.set) if (!last.has(key)) put(...memberOf(key, value))
  pieces.push(written ? CLOSE_BYTES : EMPTY_BYTES)
  return pieces
}

const COPY_BYTES = 2 << 20

function* joined(pieces: readonly Buffer[]): Steps<Buffer> {
  let bytes = 0
  for (const piece of pieces) bytes += piece.length
  if (bytes <= COPY_BYTES) return Buffer.concat(pieces, bytes)
  const all = Buffer.allocUnsafeSlow(bytes)
  let at = 0
  let next = COPY_BYTES
  for (const piece of pieces)
    for (let from = 0; from < piece.length; from += COPY_BYTES) {
      at += piece.copy(all, at, from, Math.min(piece.length, from + COPY_BYTES))
      if (at < next) continue
      next = at + COPY_BYTES
      yield
    }
  return all
}

const memberOf = (key: string, value: string | readonly Buffer[]): readonly Buffer[] =>
  typeof value === 'string'
    ? [Buffer.from(`${JSON.stringify(key)}:${value}`)]
    : [Buffer.from(`${JSON.stringify(key)}:`), ...value]

/**
 * The array that starts at `from` with some of its elements in another form, all other bytes as they were; null where there is no array.
 * `change`: null = as it is.
 */
export function* withElements(
  json: Buffer,
  from: number,
  change: (element: Buffer, index: number) => Buffer | null,
): Steps<readonly Buffer[] | null> {
  if (json[from] !== OPEN_BRACKET) return null
  const pieces: Buffer[] = []
  let kept = from
  let at = skipSpace(json, from + 1)
  for (let index = 0; json[at] !== CLOSE_BRACKET; index++) {
    const end = yield* valueEndInSteps(json, at)
    if (end <= at) return null
    const other = change(json.subarray(at, end), index)
    if (other !== null) {
      pieces.push(json.subarray(kept, at), other)
      kept = end
    }
    if (index % ELEMENTS_IN_A_STEP === 0) yield
    at = skipSpace(json, end)
    if (json[at] === CLOSE_BRACKET) break
    if (json[at] !== COMMA) return null
    at = skipSpace(json, at + 1)
  }
  pieces.push(json.subarray(kept, at + 1))
  return pieces
}

const ELEMENTS_IN_A_STEP = 64
const SCAN_BYTES = 256 * 1024

/** As `skipValue`. */
function* valueEndInSteps(json: Buffer, from: number): Steps<number> {
  if (!isGroup(json[from])) return skipValue(json, from, null)
  const scan = new GroupScan(json, from, null)
  for (let limit = from + SCAN_BYTES; ; limit += SCAN_BYTES) {
    const end = scan.until(limit)
    if (end !== null) return end
    yield
  }
}

/** The object with one more member at its end, all other bytes as they were. `value` is JSON text. */
export function append(json: Buffer, list: readonly Member[], key: string, value: string): Buffer {
  // The name is ours: whoever else has used it must not be taken for us.
  if (list.some((member) => member.key === key))
    return splice(json, list, { set: new Map([[key, value]]), remove: NO_KEYS })
  const last = list.at(-1)
  const at = last?.valueEnd ?? json.indexOf(OPEN_BRACE) + 1
  const member = Buffer.from(`${last === undefined ? '' : ','}${JSON.stringify(key)}:${value}`)
  return Buffer.concat([json.subarray(0, at), member, json.subarray(at)])
}

const NO_KEYS: ReadonlySet<string> = new Set()
const OPEN_BYTES = Buffer.from('{')
const COMMA_BYTES = Buffer.from(',')
const CLOSE_BYTES = Buffer.from('}')
const EMPTY_BYTES = Buffer.from('{}')

/** Keys written with escapes (mod\u0065l) must not slip past an edit. */
export function keyText(json: Uint8Array, start: number, end: number): string | null {
  const view = Buffer.isBuffer(json) ? json : Buffer.from(json.buffer, json.byteOffset, json.byteLength)
  const text = view.toString('utf8', start + 1, end - 1)
  if (!text.includes('\\')) return text
  try {
    return JSON.parse(`"${text}"`) as string
  } catch {
    return null
  }
}
