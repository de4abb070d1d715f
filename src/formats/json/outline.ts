/**
 * A large answer with what nothing in the gateway reads left out: log probabilities, lists of token ids, vectors, the bytes of a
 * picture, the rest of a text of a megabyte. To parse 16 MB of them takes half a second in one go; to pass over them takes steps
 * of a millisecond. What is left out is not validated, only its brackets and quotes are. Pure.
 */
import type { Steps } from '../../core/slices.ts'
import { beforeEscape } from './digest.ts'
import { CLOSE_BRACE, CLOSE_BRACKET, COLON, COMMA, GroupScan, isGroup, QUOTE, skipSpace, stringEnd } from './scan.ts'

/** Answers up to here are read in one go. */
export const LARGE_ANSWER_BYTES = 512 * 1024

/** Objects and lists of more are left out where their name is none of these two. */
const BIG_BYTES = 16 * 1024
/** What is read all the way down; calls may have to be written again. */
const WHOLE: ReadonlySet<string> = new Set([
  ...['tool_calls', 'function_call', 'input', 'usage', 'timings', 'error'],
  ...['functionCall', 'usageMetadata'],
])
/** What leads to it, and what need only be there. */
const WAY: ReadonlySet<string> = new Set([
  ...['choices', 'message', 'delta', 'content', 'reasoning_details', 'reasoning_content', 'reasoning', 'thinking'],
  ...['images', 'image', 'image_url', 'audio'],
  ...['output', 'summary', 'candidates', 'parts'],
])
/** More of a text is left out. */
const MOST_TEXT = 1 << 20
const LONGEST_NAME = 64

const STEP_BYTES = 128 * 1024

const NULL = Buffer.from('null')

export interface Outline {
  readonly json: Buffer
  /** Bytes of text that were left out. */
  readonly cut: number
}

/** Null where the outermost object or list does not end. `choices`: whether those of the answer are in it. */
export function* outlineOf(body: Buffer, choices: boolean): Steps<Outline | null> {
  const pieces: Buffer[] = []
  let cut = 0
  let depth = 0
  let from = 0
  let at = skipSpace(body, 0)
  let restedAt = at
  /** The name of the value at `at`; null in a list. */
  let name: string | null = null
  for (;;) {
    if (at >= body.length) return null
    if (at - restedAt > STEP_BYTES) {
      restedAt = at
      yield
    }
    const byte = body[at]!
    if (byte === QUOTE) {
      let end = stringEnd(body, at, at + STEP_BYTES)
      if (end < -1) end = yield* textEnd(body, -end)
      if (end < 0) return null
      const next = skipSpace(body, end)
      if (body[next] === COLON) {
        name = end - at > LONGEST_NAME ? '' : body.toString('latin1', at + 1, end - 1)
        at = next + 1
        continue
      }
      if (end - at > MOST_TEXT) {
        const kept = beforeEscape(body, at + MOST_TEXT)
        pieces.push(body.subarray(from, kept))
        cut += end - 1 - kept
        from = end - 1
      }
      at = end
      name = null
    } else if (isGroup(byte)) {
      if (depth === 0 || leadsOn(name, choices)) {
        depth++
        at++
      } else {
        const end: number = yield* groupEnd(body, at)
        if (end < 0) return null
        if (end - at > BIG_BYTES && !WHOLE.has(name ?? '')) {
          pieces.push(body.subarray(from, at), NULL)
          from = end
        }
        at = end
      }
      name = null
    } else {
      at++
      if (isClose(byte)) {
        if (--depth === 0) break
      } else if (byte === COMMA) name = null
    }
  }
  pieces.push(body.subarray(from))
  return { json: Buffer.concat(pieces), cut }
}

/** Of a long text, from an offset in it. */
function* textEnd(body: Buffer, from: number): Steps<number> {
  for (let at = from; ;) {
    const end = stringEnd(body, at - 1, at + STEP_BYTES)
    if (end >= -1) return end
    at = -end
    yield
  }
}

const isClose = (byte: number): boolean => byte === CLOSE_BRACE || byte === CLOSE_BRACKET

const leadsOn = (name: string | null, choices: boolean): boolean =>
  name === null || (WAY.has(name) && (choices || name !== 'choices'))

function* groupEnd(body: Buffer, from: number): Steps<number> {
  const scan = new GroupScan(body, from, null)
  for (let limit = from + STEP_BYTES; ; limit += STEP_BYTES) {
    const end = scan.until(limit)
    if (end !== null) return end
    yield
  }
}
