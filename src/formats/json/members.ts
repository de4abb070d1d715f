/**
 * The members of a JSON object as byte spans: what is not looked at is passed over, and what changes is changed
 * without writing the rest again (splice.ts).
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
