/**
 * A JSON object with some of its members changed, so that a 400 kB prompt can change its `model` without being written again:
 * unknown fields, key order and the precision of numbers stay as the caller sent them.
 */
import type { Steps } from '../../core/slices.ts'
import type { Member } from '../../core/types.ts'
import { OPEN_BRACE } from './scan.ts'

/** What to change at the top level of an object. A key in `set` is written (replaced or added), one in `remove` goes. */
export interface Edits {
  /** Values are JSON text, or pieces of it. */
  readonly set: ReadonlyMap<string, string | readonly Buffer[]>
  readonly remove: ReadonlySet<string>
}

/** The same as one buffer. */
export const splice = (json: Buffer, list: readonly Member[], edits: Edits): Buffer =>
  Buffer.concat(spliced(json, list, edits))

/**
 * The object with its edits applied, in pieces: all other bytes as they were, as views of `json`.
 * Of a key that comes twice only the last occurrence stays, the one that JSON.parse takes.
 */
export function spliced(json: Buffer, list: readonly Member[], { set, remove }: Edits): Buffer[] {
  const pieces: Buffer[] = []
  const last = new Map<string, number>()
  list.forEach((member, index) => last.set(member.key, index))
  /** What is written next, before the run. */
  let text = '{'
  let written = false
  /** Members that stay and follow each other: one view. */
  let runStart = -1
  let runEnd = -1
  const flush = (): void => {
    if (runStart < 0) return
    pieces.push(Buffer.from(text), json.subarray(runStart, runEnd))
    text = ''
    runStart = -1
  }
  const put = (key: string, value: string | readonly Buffer[]): void => {
    text += `${written ? ',' : ''}${JSON.stringify(key)}:`
    written = true
    if (typeof value === 'string') text += value
    else {
      pieces.push(Buffer.from(text))
      for (const piece of value) pieces.push(piece)
      text = ''
    }
  }
  for (const [index, member] of list.entries()) {
    const value = set.get(member.key)
    if (remove.has(member.key) || last.get(member.key) !== index) flush()
    else if (value !== undefined) {
      flush()
      put(member.key, value)
    } else {
      if (runStart < 0) {
        if (written) text += ','
        runStart = member.start
        written = true
      }
      runEnd = member.valueEnd
    }
  }
  flush()
  for (const [key, value] of set) if (!last.has(key)) put(key, value)
  pieces.push(Buffer.from(`${text}}`))
  return pieces
}

const COPY_BYTES = 2 << 20

/** Pieces as one buffer, in steps: to copy 30 MB takes as long as a hundred requests. */
export function* joined(pieces: readonly Buffer[]): Steps<Buffer> {
  if (pieces.length === 1) return pieces[0]!
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

/** What comes in pieces, as one. */
export function* inOnePiece(pieces: Steps<readonly Buffer[]>): Steps<readonly Buffer[]> {
  return [yield* joined(yield* pieces)]
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
