/**
 * Blocks of prompts by their hashes, each with the seats that hold it as bits: open addressing over plain arrays, as a decision looks up
 * some hundred blocks in some microseconds. Grows with what it holds.
 */
const FIRST = 1024
/** Bits of a word. */
const WORD = 32

export class BlockTable {
  /** By place: index of a block + 1; 0 = empty. Twice as many as blocks, so that what is not there is soon known. */
  #places = new Int32Array(2 * FIRST)
  #hashes = new Int32Array(FIRST)
  #checks = new Int32Array(FIRST)
  /** By block: the words of its seats. */
  #seats = new Int32Array(FIRST)
  #words = 1
  /** By block: what its holders have of it, as whoever counts them says; see prefix-map.ts. */
  firsts = new Int32Array(FIRST)
  tokens = new Float32Array(FIRST)
  #used = 0
  #free: number[] = []

  /** Blocks that it holds. */
  get size(): number {
    return this.#used - this.#free.length
  }

  /** Bytes that it takes. */
  get bytes(): number {
    return [this.#places, this.#hashes, this.#checks, this.#seats, this.firsts, this.tokens].reduce(
      (sum, { byteLength }) => sum + byteLength,
      8 * this.#free.length,
    )
  }

  /** Words of a block's seats. */
  get words(): number {
    return this.#words
  }

  /** Of the block with this index. */
  seatsOf(block: number, word: number): number {
    return this.#seats[block * this.#words + word]!
  }

  /** The index of a block; -1: it is not there. */
  find(hash: number, check: number): number {
    const places = this.#places
    const mask = places.length - 1
    for (let place = hash & mask; ; place = (place + 1) & mask) {
      const block = places[place]! - 1
      if (block < 0 || (this.#hashes[block] === hash && this.#checks[block] === check)) return block
    }
  }

  /** Of a block that is not there yet; nobody holds it. */
  add(hash: number, check: number): number {
    const block = this.#free.pop() ?? this.#used++
    if (block >= this.#hashes.length) this.#grow()
    this.#hashes[block] = hash
    this.#checks[block] = check
    this.firsts[block] = -1
    this.#seats.fill(0, block * this.#words, (block + 1) * this.#words)
    this.#put(block)
    return block
  }

  remove(block: number): void {
    const places = this.#places
    const mask = places.length - 1
    let hole = this.#hashes[block]! & mask
    while (places[hole] !== block + 1) hole = (hole + 1) & mask
    // What stands behind it may have been put there because of it.
    for (let place = (hole + 1) & mask; places[place] !== 0; place = (place + 1) & mask) {
      const wanted = this.#hashes[places[place]! - 1]! & mask
      if (((place - wanted) & mask) < ((place - hole) & mask)) continue
      places[hole] = places[place]!
      hole = place
    }
    places[hole] = 0
    this.#free.push(block)
  }

  hold(block: number, seat: number): void {
    if (seat >= this.#words * WORD) this.#widen(seat)
    this.#seats[block * this.#words + (seat >> 5)]! |= 1 << (seat & 31)
  }

  leave(block: number, seat: number): void {
    this.#seats[block * this.#words + (seat >> 5)]! &= ~(1 << (seat & 31))
  }

  #put(block: number): void {
    const places = this.#places
    const mask = places.length - 1
    let place = this.#hashes[block]! & mask
    while (places[place] !== 0) place = (place + 1) & mask
    places[place] = block + 1
  }

  #grow(): void {
    const size = 2 * this.#hashes.length
    this.#hashes = grown(this.#hashes, new Int32Array(size))
    this.#checks = grown(this.#checks, new Int32Array(size))
    this.firsts = grown(this.firsts, new Int32Array(size))
    this.tokens = grown(this.tokens, new Float32Array(size))
    this.#seats = grown(this.#seats, new Int32Array(size * this.#words))
    const before = this.#places
    this.#places = new Int32Array(2 * size)
    for (const place of before) if (place > 0) this.#put(place - 1)
  }

  #widen(seat: number): void {
    const words = Math.max(2 * this.#words, (seat >> 5) + 1)
    const wide = new Int32Array(this.#hashes.length * words)
    for (let block = 0; block < this.#used; block++)
      for (let word = 0; word < this.#words; word++)
        wide[block * words + word] = this.#seats[block * this.#words + word]!
    this.#seats = wide
    this.#words = words
  }
}

export function grown<A extends Int32Array | Float32Array | Float64Array>(before: A, after: A): A {
  after.set(before)
  return after
}
