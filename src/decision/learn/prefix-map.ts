/**
 * Which prompts' beginnings each engine has kept, as far as this gateway has sent them: a mirror of the engines' prefix caches, which
 * forgets what was not asked for longest where a cache is full. One map for all, bounded as a whole.
 */
import type { Prefix } from '../../core/prefix.ts'
import type { PromptCache } from '../../core/prompt-cache.ts'
import { BlockTable, grown } from './block-table.ts'

/** What is held at most, of all seats together: a block of one is one. */
const MOST_HELD = 1 << 18
const FIRST_HELD = 1 << 10

/** What one seat holds, by number of its held blocks: a ring through all that was asked for, the latest first. */
interface Seat {
  readonly cache: PromptCache
  newest: number
  oldest: number
  held: number
  tokens: number
}

export class PrefixMap {
  readonly #most: number
  readonly #table = new BlockTable()
  #seats: (Seat | null)[] = []
  #taken = 0
  /** Of each block that is held by a seat. `nexts`: of the others that hold the same block. */
  #blocks = new Int32Array(FIRST_HELD)
  #holders = new Int32Array(FIRST_HELD)
  #newer = new Int32Array(FIRST_HELD)
  #older = new Int32Array(FIRST_HELD)
  #nexts = new Int32Array(FIRST_HELD)
  /** When it was asked for last, ms. */
  #times = new Float64Array(FIRST_HELD)
  #used = 0
  /** The first of those that are free again, which follow by `nexts`; -1: none is. */
  #free = -1
  #held = 0
  /** By seat: blocks of the prompt that was looked up last. */
  #lengths = new Int32Array(32)
  /** The seats that hold all blocks so far, while a prompt is looked up. */
  #still = new Int32Array(1)

  constructor(most = MOST_HELD) {
    this.#most = most
  }

  get size(): { readonly blocks: number; readonly held: number; readonly seats: number; readonly bytes: number } {
    const lists = [this.#blocks, this.#holders, this.#newer, this.#older, this.#nexts, this.#times]
    const bytes = lists.reduce((sum, { byteLength }) => sum + byteLength, this.#table.bytes)
    return { blocks: this.#table.size, held: this.#held, seats: this.#taken, bytes }
  }

  /** Looks a prompt up for all seats at once; what each holds of it is `heldOf`, until the next one is looked up. */
  look({ hashes, checks }: Prefix): void {
    const lengths = this.#lengths
    lengths.fill(0, 0, this.#seats.length)
    if (this.#taken === 0 || hashes.length === 0) return
    const table = this.#table
    const { words } = table
    if (this.#still.length < words) this.#still = new Int32Array(words)
    const still = this.#still
    for (let at = 0; at < hashes.length; at++) {
      const block = table.find(hashes[at]!, checks[at]!)
      let any = 0
      for (let word = 0; word < words; word++) {
        const bits = block < 0 ? 0 : table.seatsOf(block, word)
        const before = at === 0 ? bits : still[word]!
        if (before !== (before & bits)) this.#end(word, before & ~bits, at)
        any |= still[word] = before & bits
      }
      if (any === 0) return
    }
    for (let word = 0; word < words; word++) this.#end(word, still[word]!, hashes.length)
  }

  /** These seats of a word hold so many blocks, and no more. */
  #end(word: number, bits: number, length: number): void {
    for (let left = bits; left !== 0; left &= left - 1)
      this.#lengths[word * 32 + 31 - Math.clz32(left & -left)] = length
  }

  /** Share of the prompt that was looked up which this cache is taken to hold, 0..1. */
  heldOf({ seat }: PromptCache, { ends, size }: Prefix): number {
    if (seat < 0) return 0
    const length = this.#lengths[seat]!
    return length === 0 ? 0 : ends[length - 1]! / size
  }

  /** The prompt, of so many tokens, goes there: what it held of it before, as a share, and from now on all. */
  take(cache: PromptCache, prefix: Prefix, tokens: number, now: number): number {
    this.forget(cache, now)
    const { hashes, checks, ends, size } = prefix
    if (hashes.length === 0) return 0
    this.look(prefix)
    const before = this.heldOf(cache, prefix)
    const seat = this.#seatOf(cache)
    // From its end on: what comes first in prompts is forgotten last, as others begin with it too.
    for (let at = hashes.length - 1; at >= 0; at--) {
      const from = at === 0 ? 0 : ends[at - 1]!
      this.#touch(hashes[at]!, checks[at]!, cache.seat, ((ends[at]! - from) / size) * tokens, now)
    }
    while (seat.oldest >= 0 && (seat.tokens > cache.share * cache.tokens || seat.held > this.#share))
      this.#drop(seat.oldest)
    if (seat.held === 0) this.#rise(seat)
    return before
  }

  /** What lasts no longer is not there any more. */
  forget({ seat, lastingMs }: PromptCache, now: number): void {
    const own = seat < 0 ? null : this.#seats[seat]
    if (own === null || own === undefined || lastingMs === Infinity) return
    while (own.oldest >= 0 && now - this.#times[own.oldest]! > lastingMs) this.#drop(own.oldest)
    if (own.held === 0) this.#rise(own)
  }

  /** The engine says that it has lost this block. What comes behind it in prompts is of no use then. */
  evict({ seat }: PromptCache, hash: number, check: number): void {
    const own = seat < 0 ? null : this.#seats[seat]
    const block = own === null || own === undefined ? -1 : this.#table.find(hash, check)
    if (own === null || own === undefined || block < 0) return
    const held = this.#heldBy(seat, block)
    if (held < 0) return
    this.#drop(held)
    if (own.held === 0) this.#rise(own)
  }

  /** It has lost all: it was started again, or has unloaded its model. */
  clear({ seat }: PromptCache): void {
    const own = seat < 0 ? null : this.#seats[seat]
    if (own === null || own === undefined) return
    while (own.oldest >= 0) this.#drop(own.oldest)
    this.#rise(own)
  }

  /** Blocks that one seat may hold: the more seats, the fewer. */
  get #share(): number {
    return Math.max(1, Math.floor(this.#most / Math.max(1, this.#taken)))
  }

  #seatOf(cache: PromptCache): Seat {
    const known = cache.seat < 0 ? null : this.#seats[cache.seat]
    if (known !== null && known !== undefined) return known
    const free = this.#seats.indexOf(null)
    const place = free < 0 ? this.#seats.length : free
    const seat: Seat = { cache, newest: -1, oldest: -1, held: 0, tokens: 0 }
    this.#seats[place] = seat
    this.#taken++
    cache.seat = place
    if (place >= this.#lengths.length) this.#lengths = grown(this.#lengths, new Int32Array(2 * this.#lengths.length))
    for (const one of this.#seats) while (one !== null && one.held > this.#share) this.#drop(one.oldest)
    return seat
  }

  #rise({ cache }: Seat): void {
    if (cache.seat < 0) return
    this.#seats[cache.seat] = null
    this.#taken--
    cache.seat = -1
  }

  #touch(hash: number, check: number, seat: number, tokens: number, now: number): void {
    const table = this.#table
    let block = table.find(hash, check)
    if (block < 0) {
      block = table.add(hash, check)
      table.tokens[block] = tokens
    }
    const own = this.#seats[seat]!
    let held = this.#heldBy(seat, block)
    if (held >= 0) this.#unlink(held, own)
    else {
      // Room is made by what this seat asked for longest ago, else the whole would grow beyond its bound while a prompt is taken in.
      if (this.#held >= this.#most && own.oldest >= 0) this.#drop(own.oldest)
      held = this.#newHeld()
      this.#blocks[held] = block
      this.#holders[held] = seat
      this.#nexts[held] = table.firsts[block]!
      table.firsts[block] = held
      table.hold(block, seat)
      own.held++
      own.tokens += table.tokens[block]!
    }
    this.#times[held] = now
    this.#link(held, own)
  }

  /** What this seat has of the block; -1: nothing. */
  #heldBy(seat: number, block: number): number {
    let held = this.#table.firsts[block]!
    while (held >= 0 && this.#holders[held] !== seat) held = this.#nexts[held]!
    return held
  }

  #newHeld(): number {
    this.#held++
    const again = this.#free
    if (again >= 0) {
      this.#free = this.#nexts[again]!
      return again
    }
    if (this.#used === this.#blocks.length) this.#grow()
    return this.#used++
  }

  #drop(held: number): void {
    const table = this.#table
    const block = this.#blocks[held]!
    const seat = this.#holders[held]!
    const own = this.#seats[seat]!
    this.#unlink(held, own)
    own.held--
    own.tokens = own.held === 0 ? 0 : own.tokens - table.tokens[block]!
    const next = this.#nexts[held]!
    if (table.firsts[block] === held) table.firsts[block] = next
    else {
      let before = table.firsts[block]!
      while (this.#nexts[before] !== held) before = this.#nexts[before]!
      this.#nexts[before] = next
    }
    table.leave(block, seat)
    if (table.firsts[block]! < 0) table.remove(block)
    this.#nexts[held] = this.#free
    this.#free = held
    this.#held--
  }

  #link(held: number, own: Seat): void {
    this.#newer[held] = -1
    this.#older[held] = own.newest
    if (own.newest >= 0) this.#newer[own.newest] = held
    else own.oldest = held
    own.newest = held
  }

  #unlink(held: number, own: Seat): void {
    const newer = this.#newer[held]!
    const older = this.#older[held]!
    if (newer >= 0) this.#older[newer] = older
    else own.newest = older
    if (older >= 0) this.#newer[older] = newer
    else own.oldest = newer
  }

  #grow(): void {
    const size = 2 * this.#blocks.length
    this.#blocks = grown(this.#blocks, new Int32Array(size))
    this.#holders = grown(this.#holders, new Int32Array(size))
    this.#newer = grown(this.#newer, new Int32Array(size))
    this.#older = grown(this.#older, new Int32Array(size))
    this.#nexts = grown(this.#nexts, new Int32Array(size))
    this.#times = grown(this.#times, new Float64Array(size))
  }
}
