/** Finds where the values of a JSON text end, without reading them. Linear in the size; strings are skipped natively. */
import type { BodySize } from './body-size.ts'

export const QUOTE = 0x22
export const COMMA = 0x2c
export const COLON = 0x3a
export const BACKSLASH = 0x5c
export const OPEN_BRACE = 0x7b
export const CLOSE_BRACE = 0x7d
export const OPEN_BRACKET = 0x5b
export const CLOSE_BRACKET = 0x5d

/** Behind an escape the next one is looked for in so many bytes, before a native search, which costs as much as ten of them. */
const NEAR = 3

export function skipSpace(json: Uint8Array, from: number, limit = json.length): number {
  let at = from
  while (at < limit) {
    const byte = json[at]
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) break
    at++
  }
  return at
}

/**
 * Offset behind the string that starts at `from`; -1 where it never ends. Below -1: it has not ended before `limit`; negated, it is
 * the offset to go on from, as behind the quote of a string.
 */
export function stringEnd(json: Uint8Array, from: number, limit = Infinity): number {
  let at = from + 1
  for (;;) {
    if (at > limit) return -at
    const quote = json.indexOf(QUOTE, at)
    if (quote < 0) return -1
    let back = quote - 1
    while (json[back] === BACKSLASH && back > from) back--
    if ((quote - back) % 2 === 1) return quote + 1
    at = quote + 1
    let near = at + NEAR
    while (at < near && at <= limit) {
      const byte = json[at]
      if (byte === QUOTE) return at + 1
      if (byte === BACKSLASH) {
        at += 2
        near = at + NEAR
      } else at++
    }
  }
}

/** Offset behind the value that starts at `from`, not validated; `from` or less where there is none. */
export function skipValue(json: Uint8Array, from: number, tally: BodySize | null): number {
  const first = json[from]
  if (first === QUOTE) {
    const end = stringEnd(json, from)
    tally?.text(from, end)
    return end
  }
  if (first === OPEN_BRACE || first === OPEN_BRACKET) return groupEnd(json, from, tally)
  let at = from
  while (at < json.length && !isDelimiter(json[at]!)) at++
  return at
}

const groupEnd = (json: Uint8Array, from: number, tally: BodySize | null): number =>
  new GroupScan(json, from, tally).until(json.length) ?? -1

export const isGroup = (byte: number | undefined): boolean => byte === OPEN_BRACE || byte === OPEN_BRACKET

/** Longer ones are no numbers. */
const MOST_SCALAR = 4_096

/** Offset behind the number or word that starts at `from`; `from` where there is none, or it is too long for one. */
export function scalarEnd(json: Uint8Array, from: number): number {
  const limit = Math.min(json.length, from + MOST_SCALAR)
  let at = from
  while (at < limit && !isDelimiter(json[at]!)) at++
  return at - from === MOST_SCALAR ? from : at
}

/** The search for the end of an object or array, which can be done in parts. */
export class GroupScan {
  readonly #json: Uint8Array
  readonly #tally: BodySize | null
  readonly #texts: ReadonlyMap<number, number> | null
  #at: number
  #depth = 0

  /** `texts`: start -> end of those that are known. */
  constructor(
    json: Uint8Array,
    from: number,
    tally: BodySize | null,
    texts: ReadonlyMap<number, number> | null = null,
  ) {
    this.#json = json
    this.#at = from
    this.#tally = tally
    this.#texts = texts
  }

  /** Offset behind the group; -1: it never ends; null: not before `limit`. */
  until(limit: number): number | null {
    const json = this.#json
    const tally = this.#tally
    const length = Math.min(limit, json.length)
    let depth = this.#depth
    let at = this.#at
    while (at < length) {
      switch (json[at]) {
        case QUOTE: {
          const end = this.#texts?.get(at) ?? stringEnd(json, at)
          if (end < 0) return -1
          tally?.text(at, end)
          at = end
          continue
        }
        case OPEN_BRACE:
        case OPEN_BRACKET:
          depth++
          tally?.group(at)
          break
        case CLOSE_BRACE:
        case CLOSE_BRACKET:
          depth--
          tally?.groupEnd(at + 1)
          if (depth === 0) return at + 1
          break
        case COLON:
          tally?.name()
          break
        case COMMA:
          tally?.value()
      }
      at++
    }
    this.#depth = depth
    this.#at = at
    return at >= json.length ? -1 : null
  }
}

const isDelimiter = (byte: number): boolean =>
  byte === COMMA ||
  byte === CLOSE_BRACE ||
  byte === CLOSE_BRACKET ||
  byte === 0x20 ||
  byte === 0x0a ||
  byte === 0x0d ||
  byte === 0x09
