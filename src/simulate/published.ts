/** A router that goes by a published formula, by turns, or by two choices at random. Pure but for the chance that it is given. */
import { BlockCache } from './block-cache.ts'
import type { Beside, Formula, Sight } from './formulae.ts'
import type { Failure, Reading } from './instance.ts'
import type { Asked, Router, Sent } from './router.ts'
import { BLOCK_TOKENS } from './trace.ts'

/** What a router is told of an engine before anything was seen. */
export interface Told {
  readonly rate: number
  readonly cacheBlocks: number
}

/** What engines say of themselves: `live`, or as it was at the last scrape, or never. */
export interface Readings {
  readonly how: 'live' | 'scraped' | 'never'
  readonly look: (place: number) => Reading | null
}

export type Choosing = Formula | 'turns' | 'two'

/** Seconds that count for the utilisation, and the most that it is taken for. */
const MEMORY = 60
const MOST_USED = 0.97

interface Known extends Told {
  readonly mirror: BlockCache
  calls: number
  pending: number
  blocks: number
  /** The last that it said. */
  reading: Reading | null
  /** Not to be asked before, in seconds. */
  restsUntil: number
}

export class Published implements Router {
  readonly #choosing: Choosing
  readonly #known: readonly Known[]
  readonly #readings: Readings
  readonly #random: () => number
  readonly #meanRate: number
  #turns = 0
  /** Tokens that were sent lately and had to be read. */
  #work = 0
  #workAt = 0

  constructor(choosing: Choosing, told: readonly Told[], readings: Readings, random: () => number) {
    this.#choosing = choosing
    this.#known = told.map((one) => ({
      ...one,
      mirror: new BlockCache(one.cacheBlocks),
      calls: 0,
      pending: 0,
      blocks: 0,
      reading: null,
      restsUntil: 0,
    }))
    this.#readings = readings
    this.#random = random
    this.#meanRate = told.reduce((sum, { rate }) => sum + rate, 0) / told.length
  }

  order(asked: Asked, now: number): readonly number[] {
    const costs = this.#costs(asked, now)
    const chance = this.#known.map(() => this.#random())
    const rests = (place: number): number => Number(this.#known[place]!.restsUntil > now)
    return [...this.#known.keys()].sort(
      (a, b) => rests(a) - rests(b) || costs[a]! - costs[b]! || chance[a]! - chance[b]!,
    )
  }

  send({ request }: Asked, place: number, now: number): Sent {
    const own = this.#known[place]!
    const fresh = this.#freshOf(own, request.input, request.blocks)
    const blocks = request.blocks.length
    let reads = true
    own.mirror.add(request.blocks)
    own.calls++
    own.pending += fresh
    this.#workUntil(now)
    this.#work += fresh
    const began = (): void => {
      if (!reads) return
      reads = false
      own.pending -= fresh
      own.blocks += blocks
    }
    const ended = (): void => {
      own.calls--
      if (reads) own.pending -= fresh
      else own.blocks -= blocks
    }
    return { began, ended, failed: (at, failure) => (ended(), this.#rest(own, at, failure)) }
  }

  read(place: number, reading: Reading | null, now: number): void {
    const own = this.#known[place]!
    own.reading = reading
    if (reading !== null && own.restsUntil === Infinity) own.restsUntil = now
  }

  close(): void {}

  #costs({ request: { input, blocks } }: Asked, now: number): readonly number[] {
    const size = this.#known.length
    if (this.#choosing === 'turns') {
      const turn = this.#turns++
      return this.#known.map((_, place) => (place - (turn % size) + size) % size)
    }
    if (this.#choosing === 'two') return this.#twoCosts()
    this.#workUntil(now)
    const beside: Beside = {
      input,
      utilisation: Math.min(MOST_USED, this.#work / MEMORY / (this.#meanRate * size)),
      meanRate: this.#meanRate,
    }
    const { scraped } = this.#choosing
    return this.#choosing.costs(
      this.#known.map((own, place) => this.#sightOf(own, place, { input, blocks }, scraped)),
      beside,
    )
  }

  #twoCosts(): readonly number[] {
    const size = this.#known.length
    const one = Math.floor(this.#random() * size)
    const other = (one + 1 + Math.floor(this.#random() * (size - 1))) % size
    return this.#known.map((own, place) => (place === one || place === other ? this.#callsOf(own, place) : Infinity))
  }

  #sightOf(
    own: Known,
    place: number,
    { input, blocks }: { readonly input: number; readonly blocks: readonly number[] },
    scraped: boolean,
  ): Sight {
    const reading = scraped ? this.#readingOf(own, place) : null
    return {
      rate: own.rate,
      calls: callsOf(own, reading),
      pending: own.pending,
      blocks: own.blocks,
      kv: reading?.kv ?? Math.min(1, own.blocks / own.cacheBlocks),
      fresh: this.#freshOf(own, input, blocks),
      matched: blocks.length === 0 ? 0 : own.mirror.matched(blocks) / blocks.length,
    }
  }

  #callsOf(own: Known, place: number): number {
    return callsOf(own, this.#readingOf(own, place))
  }

  #readingOf(own: Known, place: number): Reading | null {
    const { how, look } = this.#readings
    return how === 'live' ? look(place) : how === 'scraped' ? own.reading : null
  }

  #freshOf({ mirror }: Known, input: number, blocks: readonly number[]): number {
    return Math.max(1, input - mirror.matched(blocks) * BLOCK_TOKENS)
  }

  #rest(own: Known, now: number, failure: Failure): void {
    own.restsUntil = failure.why === 'away' ? Infinity : now + failure.retrySeconds
    if (failure.why === 'away') own.mirror.clear()
  }

  #workUntil(now: number): void {
    this.#work *= Math.exp(-(now - this.#workAt) / MEMORY)
    this.#workAt = now
  }
}

/** As the engine says, else as was sent. */
const callsOf = (own: Known, reading: Reading | null): number =>
  reading === null || reading.running === null ? own.calls : reading.running + (reading.waiting ?? 0)
