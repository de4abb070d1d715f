/**
 * A request body as text for the parser, with long strings cut. Nothing in the gateway reads a whole prompt, but parsing
 * one of 400 kB makes two strings of its size, and most of what a long prompt then costs is their garbage.
 */
import { GatewayError } from '../core/errors.ts'
import { cutMark, KEPT_BYTES, LONGEST_TEXT } from '../core/cut-text.ts'
import { stringEnd } from './members.ts'

/** Bodies up to here are parsed as they are. */
const WHOLE_BYTES = 64 * 1024

const QUOTE = 0x22
const BACKSLASH = 0x5c

/**
 * More than these in a body, outside of its texts, would keep the process from everybody else while they are parsed: a
 * million keys take a second. Agents send some ten thousand of both; a batch of token numbers may have many values.
 */
const MOST_MEMBERS = 100_000
const MOST_VALUES = 2_000_000

/** One character for each byte. Throws `invalid_request` for a body of too many parts. */
export function digest(raw: Buffer): string {
  if (raw.length <= WHOLE_BYTES) return raw.toString('latin1')
  const pieces: string[] = []
  const parts = { members: 0, values: 0 }
  let from = 0
  let end = 0
  let quote = raw.indexOf(QUOTE)
  while (quote >= 0) {
    count(raw, end, quote, parts)
    end = stringEnd(raw, quote)
    if (end < 0) break
    const bytes = end - quote - 2
    if (bytes > LONGEST_TEXT) {
      const mark = cutMark(bytes - escapedBytes(raw, quote, end))
      pieces.push(raw.toString('latin1', from, beforeEscape(raw, quote + 1 + KEPT_BYTES)), mark)
      from = end - 1
    }
    quote = raw.indexOf(QUOTE, end)
  }
  if (end >= 0) count(raw, end, raw.length, parts)
  pieces.push(raw.toString('latin1', from))
  return pieces.join('')
}

const COLON = 0x3a
const COMMA = 0x2c

function count(raw: Buffer, from: number, to: number, parts: { members: number; values: number }): void {
  for (let at = from; at < to; at++) {
    const byte = raw[at]
    if (byte === COLON) parts.members++
    else if (byte === COMMA) parts.values++
  }
  if (parts.members > MOST_MEMBERS)
    throw new GatewayError('invalid_request', `The body has more than ${MOST_MEMBERS} members of objects.`)
  if (parts.values > MOST_VALUES)
    throw new GatewayError('invalid_request', `The body has more than ${MOST_VALUES} values.`)
}

const ESCAPE = Buffer.from('\\u')
/** A character of East Asia has three bytes in UTF-8, and six where Python writes it. */
const ESCAPE_EXTRA = 3

/** Bytes of a text that are there only because its characters are written as numbers. */
function escapedBytes(raw: Buffer, from: number, to: number): number {
  let extra = 0
  for (let at = raw.indexOf(ESCAPE, from); at >= 0 && at < to; at = raw.indexOf(ESCAPE, at + 6)) extra += ESCAPE_EXTRA
  return extra
}

/** The nearest place up to `at` that is not inside of an escape; the longest has six bytes. */
function beforeEscape(raw: Buffer, at: number): number {
  let place = at
  for (let back = at - 1; back > at - 6; back--) if (raw[back] === BACKSLASH) place = back
  let slashes = 0
  while (raw[place - 1 - slashes] === BACKSLASH) slashes++
  return place - (slashes % 2)
}
