/**
 * A request body as text for the parser, with long strings cut. Nothing in the gateway reads a whole prompt, but parsing
 * one of 400 kB makes two strings of its size, and most of what a long prompt then costs is their garbage.
 * What was cut out is never validated: an engine refuses a prompt with a broken escape or a bare line break as well, and
 * to look at each of its bytes costs more than all the rest that is done here.
 */
import { type Cut, cutMark, KEPT_BYTES, WHOLE_BYTES } from '../../core/cut-text.ts'
import type { Steps } from '../../core/slices.ts'
import { BACKSLASH } from './scan.ts'

const UNICODE_ESCAPE = Buffer.from('\\u')
const SMALL_U = 0x75

/** Whether a body of such a size has its long texts cut. */
export const isCut = ({ length }: Uint8Array): boolean => length > WHOLE_BYTES

/** One character for each byte. `longTexts`: as a tally has them. */
export function digest(raw: Buffer, longTexts: readonly number[]): string {
  if (!isCut(raw)) return raw.toString('latin1')
  const pieces: string[] = []
  let from = 0
  let escape = 0
  for (let i = 0; i < longTexts.length; i += 2) {
    const start = longTexts[i]! + 1
    const end = longTexts[i + 1]! - 1
    if (escape >= 0 && escape < start) escape = raw.indexOf(UNICODE_ESCAPE, start)
    const bytes = escape >= 0 && escape < end ? decodedBytes(raw, start, end) : end - start
    pieces.push(raw.toString('latin1', from, beforeEscape(raw, start + KEPT_BYTES)), cutMark({ start, end, bytes }))
    from = end
  }
  pieces.push(raw.toString('latin1', from))
  return pieces.join('')
}

const STEP_BYTES = 256 * 1024

/** What is cut, in steps. */
export function* cutsOf(raw: Buffer, longTexts: readonly number[]): Steps<Cut[]> {
  const cuts: Cut[] = []
  for (let i = 0; i < longTexts.length; i += 2) {
    const start = longTexts[i]! + 1
    const end = longTexts[i + 1]! - 1
    let bytes = 0
    for (let from = start; from < end;) {
      const to = Math.min(end, from + STEP_BYTES) === end ? end : beforeEscape(raw, from + STEP_BYTES)
      bytes += raw.subarray(from, to).includes(UNICODE_ESCAPE) ? decodedBytes(raw, from, to) : to - from
      from = to
      if (to - start >= STEP_BYTES) yield
    }
    cuts.push({ start, end, bytes })
    if (cuts.length % 64 === 0) yield
  }
  return cuts
}

/** The part between two offsets as `digest` has it. `cuts`: those inside of it. */
export function cutText(raw: Buffer, from: number, to: number, cuts: readonly Cut[]): string {
  let text = ''
  let at = from
  for (const cut of cuts) {
    text += raw.toString('latin1', at, beforeEscape(raw, cut.start + KEPT_BYTES)) + cutMark(cut)
    at = cut.end
  }
  return text + raw.toString('latin1', at, to)
}

/** Of a text as UTF-8. Some clients write each character of a prompt that is not English as an escape of six bytes. */
function decodedBytes(raw: Buffer, start: number, end: number): number {
  let bytes = end - start
  let at = start
  while (at < end) {
    at = raw.indexOf(BACKSLASH, at)
    if (at < 0) break
    while (at < end && raw[at] === BACKSLASH) {
      const long = raw[at + 1] === SMALL_U
      bytes -= long ? 6 - utf8Bytes(raw[at + 2]!, raw[at + 3]!, raw[at + 4]!) : 1
      at += long ? 6 : 2
    }
  }
  return bytes
}

const ZERO = 0x30
const EIGHT = 0x38

/** Of a character by its first hexadecimal digits; letters are above all figures. Half of a pair has two of its four. */
function utf8Bytes(first: number, second: number, third: number): number {
  if (first !== ZERO) return (first | 0x20) === 0x64 && second >= EIGHT ? 2 : 3
  if (second !== ZERO) return second >= EIGHT ? 3 : 2
  return third >= EIGHT ? 2 : 1
}

/** The nearest place up to `at` that is not inside of an escape; the longest has six bytes. */
export function beforeEscape(raw: Buffer, at: number): number {
  let place = at
  for (let back = at - 1; back > at - 6; back--) if (raw[back] === BACKSLASH) place = back
  let slashes = 0
  while (raw[place - 1 - slashes] === BACKSLASH) slashes++
  return place - (slashes % 2)
}
