/**
 * A large JSON object, parsed in steps of about a millisecond: one go over 19 MB of numbers, or over 50,000 names, would keep
 * every other caller's stream waiting. Same result as for a small one: texts are not decoded, long ones are cut.
 */
import { GatewayError } from '../../core/errors.ts'
import type { Steps } from '../../core/slices.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import type { Member } from '../../core/types.ts'
import type { Cut } from '../../core/cut-text.ts'
import { cutsOf, cutText } from './digest.ts'
import { keyText } from './members.ts'
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
  scalarEnd,
  skipSpace,
  stringEnd,
} from './scan.ts'
import { BodySize } from './body-size.ts'

/** Bodies up to here are parsed in one go. */
export const LARGE_BYTES = 256 * 1024

/** What is looked at in a step, and what is parsed in one. */
const SCAN_BYTES = 256 * 1024
const PARSE_BYTES = 32 * 1024
/** Groups above this are taken apart. */
const BIG_BYTES = 64 * 1024
/** Deeper ones are parsed in one go, or refused where that would take too long. */
const DEEPEST = 128
const MOST_IN_ONE_GO = 1 << 20

export interface LargeObject {
  readonly members: readonly Member[]
  readonly body: JsonObject
}

/** Throws `invalid_json`, or the limit of a tally. */
export function* parseLarge(raw: Buffer): Steps<LargeObject> {
  const tally = new BodySize(BIG_BYTES)
  const members = yield* membersOf(raw, tally)
  const parser = new LargeParser(raw, tally.bigGroups, yield* cutsOf(raw, tally.longTexts))
  return { members, body: yield* parser.objectAt(skipSpace(raw, 0), 0) }
}

/** Its members alone. */
export const largeMembers = (raw: Buffer): Steps<Member[]> => membersOf(raw, new BodySize())

/** As `members` finds them. */
function* membersOf(raw: Buffer, tally: BodySize): Steps<Member[]> {
  const found: Member[] = []
  let at = yield* space(raw, 0)
  if (raw[at] !== OPEN_BRACE) throw new GatewayError('invalid_json', 'The body must be one JSON object.')
  at = yield* space(raw, at + 1)
  for (let first = true; ; first = false) {
    if (first && raw[at] === CLOSE_BRACE) break
    if (raw[at] !== QUOTE) throw broken()
    tally.member()
    const start = at
    const keyEnd = stringEnd(raw, at)
    const key = keyEnd < 0 ? null : keyText(raw, start, keyEnd)
    if (key === null) throw broken()
    const colon = yield* space(raw, keyEnd)
    if (raw[colon] !== COLON) throw broken()
    const valueStart = yield* space(raw, colon + 1)
    const valueEnd = yield* valueEndOf(raw, valueStart, tally)
    found.push({ key, start, valueStart, valueEnd })
    at = yield* space(raw, valueEnd)
    if (raw[at] === CLOSE_BRACE) break
    if (raw[at] !== COMMA) throw broken()
    at = yield* space(raw, at + 1)
  }
  if ((yield* space(raw, at + 1)) !== raw.length) throw broken()
  return found
}

function* valueEndOf(raw: Buffer, from: number, tally: BodySize): Steps<number> {
  if (!isGroup(raw[from])) return endOf(raw, from, tally)
  const scan = new GroupScan(raw, from, tally)
  for (let limit = from + SCAN_BYTES; ; limit += SCAN_BYTES) {
    const end = scan.until(limit)
    if (end === -1) throw broken()
    if (end !== null) return end
    yield
  }
}

/** Behind a text or a plain word. */
function endOf(raw: Buffer, from: number, tally: BodySize | null): number {
  const text = raw[from] === QUOTE
  const end = text ? stringEnd(raw, from) : scalarEnd(raw, from)
  if (end <= from) throw broken()
  if (text) tally?.text(from, end)
  return end
}

function* space(raw: Buffer, from: number): Steps<number> {
  let at = from
  for (;;) {
    const limit = Math.min(raw.length, at + SCAN_BYTES)
    at = skipSpace(raw, at, limit)
    if (at < limit || at === raw.length) return at
    yield
  }
}

const broken = (): GatewayError => new GatewayError('invalid_json', 'The body is not valid JSON.')

class LargeParser {
  readonly #raw: Buffer
  /** Start -> end of the groups to take apart. */
  readonly #big: ReadonlyMap<number, number>
  readonly #cuts: readonly Cut[]
  /** Start -> end of the texts that are cut: they have been passed once, and need not be again. */
  readonly #texts: ReadonlyMap<number, number>
  #nextCut = 0

  constructor(raw: Buffer, big: ReadonlyMap<number, number>, cuts: readonly Cut[]) {
    this.#raw = raw
    this.#big = big
    this.#cuts = cuts
    this.#texts = new Map(cuts.map(({ start, end }) => [start - 1, end + 1]))
  }

  *objectAt(start: number, depth: number): Steps<JsonObject> {
    const found: Record<string, Json | undefined> = {}
    yield* this.#parts(start, depth, CLOSE_BRACE, (part) => {
      for (const [key, value] of Object.entries(part as JsonObject)) put(found, key, value)
    })
    return found
  }

  *#arrayAt(start: number, depth: number): Steps<Json[]> {
    const found: Json[] = []
    yield* this.#parts(start, depth, CLOSE_BRACKET, (part) => {
      for (const value of part as readonly Json[]) found.push(value)
    })
    return found
  }

  /** Hands out the group at `start` as several of its kind, in order. */
  *#parts(start: number, depth: number, close: number, take: (part: Json) => void): Steps<void> {
    const raw = this.#raw
    const isObject = close === CLOSE_BRACE
    let at = yield* space(raw, start + 1)
    if (raw[at] === close) return
    let from = at
    /** Behind the value before. */
    let end = at
    for (;;) {
      const keyStart = at
      if (isObject) at = yield* this.#behindKey(at)
      const bigEnd = this.#big.get(at)
      if (bigEnd === undefined)
        at = isGroup(raw[at]) ? this.#smallEnd(at) : (this.#texts.get(at) ?? endOf(raw, at, null))
      else {
        if (keyStart > from) take(this.#parsed(from, end, isObject))
        const value = yield* this.#valueAt(at, bigEnd, depth + 1)
        take(isObject ? keyed(this.#keyAt(keyStart), value) : [value])
        at = bigEnd
        from = at
      }
      end = at
      at = yield* space(raw, at)
      const delimiter = raw[at]
      const isLast = delimiter === close
      if (!isLast && delimiter !== COMMA) throw broken()
      const next = isLast ? at : yield* space(raw, at + 1)
      if (isLast || end - from > PARSE_BYTES || bigEnd !== undefined) {
        if (end > from) take(this.#parsed(from, end, isObject))
        from = next
        yield
      }
      if (isLast) return
      at = next
    }
  }

  *#valueAt(start: number, end: number, depth: number): Steps<Json> {
    if (depth <= DEEPEST)
      return this.#raw[start] === OPEN_BRACKET ? yield* this.#arrayAt(start, depth) : yield* this.objectAt(start, depth)
    if (end - start > MOST_IN_ONE_GO)
      throw new GatewayError(
        'invalid_request',
        `More than 1 MB of the body is nested more than ${DEEPEST} deep; send that part as a text.`,
      )
    return this.#text(cutText(this.#raw, start, end, this.#cutsUpTo(end)))
  }

  *#behindKey(at: number): Steps<number> {
    if (this.#raw[at] !== QUOTE) throw broken()
    const keyEnd = stringEnd(this.#raw, at)
    const colon = yield* space(this.#raw, keyEnd)
    if (this.#raw[colon] !== COLON) throw broken()
    return yield* space(this.#raw, colon + 1)
  }

  #keyAt(start: number): string {
    return this.#text(this.#raw.toString('latin1', start, stringEnd(this.#raw, start))) as string
  }

  #smallEnd(start: number): number {
    const end = new GroupScan(this.#raw, start, null, this.#texts).until(this.#raw.length)
    if (end === null || end < 0) throw broken()
    return end
  }

  /** Members or elements. */
  #parsed(from: number, to: number, isObject: boolean): Json {
    const text = cutText(this.#raw, from, to, this.#cutsUpTo(to))
    return this.#text(isObject ? `{${text}}` : `[${text}]`)
  }

  #text(json: string): Json {
    try {
      return JSON.parse(json) as Json
    } catch {
      // What V8 says quotes the text around the fault, which is a part of the prompt.
      throw broken()
    }
  }

  /** They are used in the order of the text, each once. */
  #cutsUpTo(end: number): readonly Cut[] {
    const first = this.#nextCut
    while (this.#nextCut < this.#cuts.length && this.#cuts[this.#nextCut]!.start < end) this.#nextCut++
    return this.#cuts.slice(first, this.#nextCut)
  }
}

const keyed = (key: string, value: Json): JsonObject => put({}, key, value)

/** As JSON.parse does it: `__proto__` is a name like any other. */
function put(found: Record<string, Json | undefined>, key: string, value: Json | undefined): JsonObject {
  if (key !== '__proto__') found[key] = value
  else Object.defineProperty(found, key, { value, writable: true, enumerable: true, configurable: true })
  return found
}
