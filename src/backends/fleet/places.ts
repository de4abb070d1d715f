/**
 * What one backend is at, as far as its calls show it: which of them it works on, and which may be waiting for a place. If the engine's own
 * gauge says for long enough that it has fewer calls, the gauge is right.
 */
import { type EngineReading, workOf } from '../../core/engine-reading.ts'
import type { LoadView } from '../../core/load.ts'

type Counted = { -readonly [K in keyof Pick<LoadView, 'open' | 'pending' | 'foreignPending'>]: LoadView[K] }

/** One call. */
export interface Place {
  /** Other calls that were worked on while it waited for its first token: the most at a time. */
  beside: number
  /** Calls that were worked on when it came, itself included; 0: it has not come. */
  running: number
  /** A whole answer shows nothing before its end, so it is taken to be worked on from the start. */
  readonly stream: boolean
  /** Prompt tokens that are still to be read; 0 from its first token on. */
  pending: number
  /** Prompt tokens that the backend was taken to have kept when it was sent. */
  readonly kept: number
  /** Clock reading, ms. */
  readonly sentAt: number
  /** Milliseconds from when it was sent, or from the last first token before its own where that was later, until its own came: what it took by itself, where prompts are read one after the other. 0: it has not come. */
  ownMs: number
}

/** By then an engine counts a call that was sent to it: its prompt is turned into tokens first, and some engines renew their gauges every few seconds only. */
const COUNTED_MS = 10_000
/** So many readings in a row must say that it has fewer. */
const READINGS = 3
/** Before the first call. */
const FIRST_USUAL = 1_000
const USUAL_SHARE = 0.1

export class Places {
  readonly #load: Counted
  #running = 0
  readonly #waiting = new Set<Place>()
  /** In the order in which they were sent. */
  readonly #unread = new Set<Place>()
  /** When a first token came last. */
  #lastAt = -Infinity
  /** In the order in which they were sent. */
  readonly #open = new Set<Place>()
  /** Open here, and over by the engine's own gauge. */
  readonly #settled = new Set<Place>()
  /** The gauge has counted something: one that always says 0 says nothing. */
  #counts = false
  /** The readings in a row that are compared with the calls: when the first and the last were taken, how many they are, and the most work that they tell of. */
  #from = 0
  #last = -Infinity
  #readings = 0
  #most = 0
  /** Prompt tokens that a call of this gateway has new there, of about the last ten. */
  #usual = FIRST_USUAL

  /** `load`: where the calls, and what is still to be read of their prompts, are counted. */
  constructor(load: Counted) {
    this.#load = load
  }

  /** Calls that are open here, and over by the engine's own gauge. */
  get settled(): number {
    return this.#settled.size
  }

  /** `tokens` of its prompt are new there, and `kept` are not. */
  sent(stream: boolean, now: number, tokens = 0, kept = 0): Place {
    // Whole ones, so that what is added and taken off comes to nothing in the end.
    const pending = Math.round(tokens)
    const place = { beside: this.#running, running: 0, stream, pending, kept, sentAt: now, ownMs: 0 }
    this.#load.open++
    this.#open.add(place)
    this.#unread.add(place)
    this.#load.pending += pending
    this.#usual += USUAL_SHARE * (tokens - this.#usual)
    if (stream) this.#waiting.add(place)
    else this.#more()
    return place
  }

  /** The first token came, or the whole of an answer. */
  began(place: Place, now: number): void {
    if (this.#settled.delete(place)) this.#reopen(place)
    if (this.#unread.has(place))
      for (const one of this.#unread) {
        if (one === place) break
        // Prompts are read one after the other: of a whole answer that was asked for before, nothing else tells that it is worked on.
        if (!one.stream) this.#read(one)
      }
    this.#read(place)
    if (!this.#waiting.delete(place)) return
    place.ownMs = now - Math.max(place.sentAt, this.#lastAt)
    this.#lastAt = now
    this.#more()
    place.running = this.#running
  }

  /** Null: it is not known which, so the first. */
  ended(place: Place | null): void {
    const own = place ?? this.#open.values().next().value
    if (own !== undefined && !this.#settled.delete(own)) this.#leave(own)
  }

  /**
   * What the engine says that it has to do. If it has fewer calls than were sent to it long before, it has lost the others, or has long
   * written what a slow caller has not read yet. Which ones is not known: those that were sent first.
   */
  gauge(reading: EngineReading | null): void {
    // Ours among those that wait: some of those that are not read yet are being read.
    this.#load.foreignPending = Math.max(0, (reading?.waiting ?? 0) - this.#unread.size) * this.#usual
    const work = reading === null ? null : workOf(reading)
    if (work === null) {
      this.#readings = 0
      return
    }
    const at = reading!.workAt!
    if (at <= this.#last) return
    this.#counts ||= work > 0
    this.#last = at
    this.#from = this.#readings === 0 ? at : this.#from
    this.#most = this.#readings === 0 ? work : Math.max(this.#most, work)
    if (++this.#readings < READINGS) return
    this.#readings = 0
    if (this.#counts) this.#settle(this.#from - COUNTED_MS, this.#most)
  }

  #settle(before: number, alive: number): void {
    const old: Place[] = []
    for (const place of this.#open) {
      if (place.sentAt >= before) break
      old.push(place)
    }
    for (const place of old.slice(0, Math.max(0, old.length - alive))) {
      this.#leave(place)
      this.#settled.add(place)
    }
  }

  /** A sign of life of one that was taken to be over. */
  #reopen(place: Place): void {
    this.#load.open++
    this.#open.add(place)
    if (place.stream) this.#waiting.add(place)
    else this.#more()
  }

  #leave(place: Place): void {
    if (!this.#open.delete(place)) return
    this.#load.open--
    this.#read(place)
    if (!this.#waiting.delete(place)) this.#running--
  }

  #read(place: Place): void {
    if (!this.#unread.delete(place)) return
    this.#load.pending -= place.pending
    place.pending = 0
  }

  #more(): void {
    this.#running++
    for (const place of this.#waiting) place.beside = Math.max(place.beside, this.#running)
  }
}
