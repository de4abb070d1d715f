/**
 * How much a body may consist of. Bytes are the wrong measure: a prompt or picture of 30 MB is one string, which the
 * gateway skips, while 15 MB of short members kept it from everything else for four seconds. The limits are far above
 * what agents send, and what is below them is parsed within about 50 ms. Counted before anything is parsed.
 */
import { LONGEST_TEXT } from '../../core/cut-text.ts'
import { GatewayError } from '../../core/errors.ts'

/** Members of the body itself. APIs know less than a hundred, and each is looked at for each attempt. */
export const MOST_MEMBERS = 1_000
/** Names of members at any depth. The dearest thing: objects with names of their own cost up to a microsecond for each. */
export const MOST_NAMES = 50_000
/** Objects and arrays at any depth. Messages and documents are taken apart once more where a backend needs them changed. */
export const MOST_GROUPS = 50_000
/** Values in a row at any depth. Cheap, and a batch of embeddings may be a thousand texts of a thousand tokens as numbers. */
export const MOST_VALUES = 1_000_000

/** Counts what a scan passes. Throws `invalid_request`, which names the limit, at the first thing over it. */
export class BodySize {
  /** Offsets of the long texts: of the opening quote and behind the closing one, in turn. */
  readonly longTexts: number[] = []
  /** Objects and arrays of more than `bigBytes`, below the body itself: start -> end. */
  readonly bigGroups = new Map<number, number>()
  readonly #bigBytes: number
  readonly #open: number[] = []
  private members = 0
  private names = 0
  private groups = 0
  private values = 0

  constructor(bigBytes = Infinity) {
    this.#bigBytes = bigBytes
  }

  member(): void {
    if (++this.members > MOST_MEMBERS) throw over(MOST_MEMBERS, 'members')
  }

  name(): void {
    if (++this.names > MOST_NAMES) throw over(MOST_NAMES, 'members in all its objects')
  }

  group(start: number): void {
    if (++this.groups > MOST_GROUPS) throw over(MOST_GROUPS, 'objects and arrays')
    if (this.#bigBytes !== Infinity) this.#open.push(start)
  }

  groupEnd(end: number): void {
    if (this.#bigBytes === Infinity) return
    const start = this.#open.pop()!
    if (end - start > this.#bigBytes) this.bigGroups.set(start, end)
  }

  value(): void {
    if (++this.values > MOST_VALUES) throw over(MOST_VALUES, 'values')
  }

  text(start: number, end: number): void {
    if (end - start - 2 > LONGEST_TEXT) this.longTexts.push(start, end)
  }
}

const over = (limit: number, what: string): GatewayError =>
  new GatewayError('invalid_request', `The body has more than ${limit} ${what}.`)
