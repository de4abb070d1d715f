/**
 * What one backend is at, as far as its calls show it: which of them it works on, and which may be waiting for a place. Where the engine
 * has a gauge of its own, and that says for long enough that there is no work, the gauge is right.
 */

import { type EngineReading, workOf } from '../../core/engine-reading.ts'
import type { LoadView } from '../../core/load.ts'

type Counted = { -readonly [K in keyof Pick<LoadView, 'open' | 'pending'>]: LoadView[K] }

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

/** Fresh readings in a row without work until calls that were sent before all of them are taken to be over: one may have been taken just before a call came. */
const IDLE_READINGS = 3

export class Places {
  readonly #load: Counted
  #running = 0
  readonly #waiting = new Set<Place>()
  /** In the order in which they were sent. */
  readonly #unread = new Set<Place>()
  /** When a first token came last. */
  #lastAt = -Infinity
  /** Open here, and over by the engine's own gauge. */
  readonly #settled = new Set<Place>()
  readonly #open = new Set<Place>()
  /** The gauge has counted something: one that always says 0 says nothing. */
  #counts = false
  /** When its last readings without work were taken, the latest last. */
  #idleAt: number[] = []

  /** `load`: where the calls, and what is still to be read of their prompts, are counted. */
  constructor(load: Counted) {
    this.#load = load
  }

  /** Calls that have not ended here, although the engine has been without work since they were sent. */
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
    if (stream) this.#waiting.add(place)
    else this.#more()
    return place
  }

  /** The first token came, or the whole of an answer. */
  began(place: Place, now: number): void {
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

  /** Null: it is not known which. */
  ended(place: Place | null): void {
    if (place === null) this.#load.open = Math.max(0, this.#load.open - 1)
    else if (!this.#settled.delete(place)) this.#leave(place)
  }

  /**
   * What the engine says that it has to do. Calls may be over by that which are open here: an engine may have lost them, or has long
   * written what a slow caller has not read yet.
   */
  gauge(reading: EngineReading | null): void {
    const work = reading === null ? null : workOf(reading)
    if (reading === null || work !== 0) {
      this.#counts ||= work !== null
      this.#idleAt = []
      return
    }
    const at = reading.workAt!
    if (!this.#counts || at <= (this.#idleAt.at(-1) ?? -Infinity)) return
    this.#idleAt = [...this.#idleAt, at].slice(-IDLE_READINGS)
    if (this.#idleAt.length < IDLE_READINGS) return
    for (const place of this.#open) {
      if (place.sentAt >= this.#idleAt[0]!) break
      this.#leave(place)
      this.#settled.add(place)
    }
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
