/**
 * A request body as text for the parser, with long strings cut. Nothing in the gateway reads a whole prompt, but parsing
 * one of 400 kB makes two strings of its size, and most of what a long prompt then costs is their garbage.
 */
import { cutMark, KEPT_BYTES, LONGEST_TEXT } from '../core/cut-text.ts'
import { stringEnd } from './members.ts'

/** Bodies up to here are parsed as they are. */
const WHOLE_BYTES = 64 * 1024

const QUOTE = 0x22
const BACKSLASH = 0x5c

/** One character for each byte. */
export function digest(raw: Buffer): string {
  if (raw.length <= WHOLE_BYTES) return raw.toString('latin1')
  const pieces: string[] = []
  let from = 0
  let quote = raw.indexOf(QUOTE)
  while (quote >= 0) {
    const end = stringEnd(raw, quote)
    if (end < 0) break
    const bytes = end - quote - 2
    if (bytes > LONGEST_TEXT) {
      pieces.push(raw.toString('latin1', from, beforeEscape(raw, quote + 1 + KEPT_BYTES)), cutMark(bytes))
      from = end - 1
    }
    quote = raw.indexOf(QUOTE, end)
  }
  pieces.push(raw.toString('latin1', from))
  return pieces.join('')
}

/** The nearest place up to `at` that is not inside of an escape; the longest has six bytes. */
function beforeEscape(raw: Buffer, at: number): number {
  let place = at
  for (let back = at - 1; back > at - 6; back--) if (raw[back] === BACKSLASH) place = back
  let slashes = 0
  while (raw[place - 1 - slashes] === BACKSLASH) slashes++
  return place - (slashes % 2)
}
