/**
 * How long the longest answers of a kind are: the 95th percentile of the tokens of an answer, and of those of its thoughts, by model,
 * effort and class of request. Only kept where a route limits answers by it.
 */
import type { TaskClass } from '../../core/capabilities.ts'
import { BoundedMap } from '../../core/bounded-map.ts'

/** Logarithms of 1 + tokens. */
export interface Tail {
  /** Answers that were seen. */
  count: number
  /** The three longest of the first so many, the longest first: the third of fifty is their 95th percentile. */
  readonly first: [number, number, number]
  length: number
  readonly firstThoughts: [number, number, number]
  /** 0: no answer has told of any thoughts. */
  thought: number
  /** Share of the latest answers that were cut at a limit of ours. */
  cut: number
}

/** Tokens; null: no limit. */
export interface Trim {
  readonly output: number | null
  /** Of thought, where a model is told a number for it. */
  readonly thought: number | null
}

/** Answers of a kind before its limit is trusted. */
export const ENOUGH = 50
/** The share of the answers of a kind that are cut stays below. */
export const MOST_CUT = 0.05
/** What one cut answer counts for in the share of the latest ones. */
const ONE = 0.02
/** An answer of the usual longest kind is far below its limit: what is cut is paid for twice, so only what runs away is meant to be. */
const ROOM = 2
/** A model that is told a number for its thoughts ends them by itself: that costs no answer. */
const ROOM_FOR_THOUGHT = 1.25
/** Smaller limits save nothing. */
const LEAST_OUTPUT = 256
/** Fewer are refused by some. */
const LEAST_THOUGHT = 1_024
/** By how much an answer above the percentile raises it, and one below lowers it a twentieth of that. */
const STEP = 0.1
/** A limit at which an answer was cut is raised by half. */
const RAISE = Math.log(1.5)

export const newTail = (): Tail => ({
  count: 0,
  first: [0, 0, 0],
  length: 0,
  firstThoughts: [0, 0, 0],
  thought: 0,
  cut: 0,
})

export interface Ended {
  /** Tokens, those of thought included; null: not known. */
  readonly output: number | null
  readonly reasoning: number
  /** It was not finished, by the limit of another. */
  readonly unfinished: boolean
  /** A limit of ours at which it was cut; null: it was not. */
  readonly cutAt: number | null
}

/** Takes in an answer. */
export function learnTail(tail: Tail, { output, reasoning, unfinished, cutAt }: Ended): void {
  tail.cut = tail.cut * (1 - ONE) + (cutAt === null ? 0 : ONE)
  if (cutAt !== null) tail.length = Math.max(tail.length, Math.log(1 + cutAt / ROOM)) + RAISE
  if (output === null) return
  const length = Math.log(1 + output)
  // It would have been longer: that tells something only where it is long already.
  if (unfinished && length < tail.length) return
  tail.count++
  const thought = Math.log(1 + Math.min(reasoning, output))
  if (tail.count <= ENOUGH) {
    tail.length = Math.max(tail.length, third(tail.first, length))
    tail.thought = third(tail.firstThoughts, thought)
    return
  }
  if (cutAt === null) tail.length = moved(tail.length, length)
  tail.thought = moved(tail.thought, thought)
}

/** Puts a value among the three largest, and gives back the third. */
function third(largest: [number, number, number], value: number): number {
  if (value > largest[0]) [largest[0], largest[1], largest[2]] = [value, largest[0], largest[1]]
  else if (value > largest[1]) [largest[1], largest[2]] = [value, largest[1]]
  else if (value > largest[2]) largest[2] = value
  return largest[2]
}

/** One value in twenty is above where it comes to rest. */
const moved = (percentile: number, value: number): number =>
  Math.max(0, percentile + (value > percentile ? 0.95 : -0.05) * STEP)

/** `least`: tokens that an answer must have room for. Null: too little is known, or too many were cut lately. */
export function trimOf(tail: Tail, least: number): Trim | null {
  if (tail.count < ENOUGH) return null
  const thought =
    tail.thought === 0 ? null : Math.max(LEAST_THOUGHT, Math.ceil(ROOM_FOR_THOUGHT * Math.expm1(tail.thought)))
  // One more would be too many.
  if (tail.cut + ONE > MOST_CUT) return { output: null, thought }
  const output = Math.ceil(ROOM * Math.expm1(tail.length))
  return { output: Math.max(LEAST_OUTPUT, least, output, least + (thought ?? 0)), thought }
}

/** Kinds that are kept; those that were asked for longest ago are forgotten. */
const MOST_KINDS = 4_096

export class Tails {
  readonly #all = new BoundedMap<string, Tail>(MOST_KINDS)

  /** `arm`: its id. Null: nothing is known. */
  of(arm: string, of: TaskClass): Tail | null {
    return this.#all.get(keyOf(arm, of)) ?? null
  }

  learn(arm: string, of: TaskClass, ended: Ended): void {
    const key = keyOf(arm, of)
    let tail = this.#all.get(key)
    if (tail === undefined) this.#all.set(key, (tail = newTail()))
    learnTail(tail, ended)
  }

  /** By key, for the state file. */
  get known(): Iterable<readonly [string, Tail]> {
    return this.#all.entries()
  }

  restore(all: Iterable<readonly [string, Tail]>): void {
    for (const [key, tail] of all) this.#all.set(key, tail)
  }
}

const keyOf = (arm: string, of: TaskClass): string => `${arm} ${of}`
