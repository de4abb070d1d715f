/** How far each choice of an answer has come, and what of its events must be put right for the caller. */
import { type Fields, isObject } from '../../core/is-object.ts'
import { AnswerSense, hasSubstance, partOf } from './answer.ts'
import type { Finish } from '../../core/finish.ts'
import { finishOf, standardReason, wordOf } from './finish.ts'
import { legacyCall, ToolCalls, wholeCalls } from './tool-calls.ts'

/** What to write differently in one choice; null where it may stay as it came. */
export interface Mend {
  /** Undefined = as it came. */
  readonly finish: Finish | null | undefined
  readonly calls: readonly unknown[] | null
  readonly legacyCall: Fields | null
}

interface Choice {
  readonly index: number
  readonly sense: AnswerSense
  readonly calls: ToolCalls
  /** The last word on why it ended; null while it goes on. */
  word: string | null
  /** By that word alone, even where the end of the stream is never told. */
  ended: boolean
  /** A word behind which more came: from this engine it says nothing. */
  tookBack: string | null
  refused: boolean
}

/** More than any request asks for; the rest count as the last one. */
const MOST_CHOICES = 1_024

export class Choices {
  readonly #all: Choice[] = []
  /** Something that a caller could not do without has come: a part of the answer, or its end. */
  substance = false
  /** There is an answer for sure. */
  sure = false
  /** Of the only choice there is, while it goes on: an event of text for it changes nothing here. */
  lone: number | null = null

  /** The choices of an event, or of a whole answer, in order; null where all of them may stay as they came. */
  take(list: readonly unknown[], whole: boolean): readonly (Mend | null)[] | null {
    let mends: (Mend | null)[] | null = null
    for (const [at, entry] of list.entries()) {
      if (!isObject(entry)) continue
      const index = entry['index']
      const choice = this.#choice(typeof index === 'number' ? index : whole ? at : 0)
      const mend = this.#take(choice, entry, whole)
      if (mend !== null) (mends ??= list.map(() => null))[at] = mend
    }
    const first = this.#all[0]
    this.lone = this.#all.length === 1 && first!.word === null ? first!.index : null
    this.sure ||= this.#all.some(({ sense }) => sense.sure)
    return mends
  }

  #choice(index: number): Choice {
    const known = this.#all.find((one) => one.index === index)
    if (known !== undefined) return known
    if (this.#all.length >= MOST_CHOICES) return this.#all.at(-1)!
    const choice: Choice = {
      index,
      sense: new AnswerSense(),
      calls: new ToolCalls(),
      word: null,
      ended: false,
      tookBack: null,
      refused: false,
    }
    this.#all.push(choice)
    this.#all.sort((a, b) => a.index - b.index)
    return choice
  }

  #take(choice: Choice, entry: Fields, whole: boolean): Mend | null {
    const part = partOf(entry)
    const substance = hasSubstance(entry)
    const reason = entry['finish_reason']
    const word = wordOf(reason)
    choice.sense.choice(entry)
    if (typeof part['refusal'] === 'string' && part['refusal'].trim() !== '') choice.refused = true
    const goesOn = substance && choice.word !== null
    if (goesOn) {
      choice.tookBack = choice.word
      choice.word = null
      choice.ended = false
    }
    if (word !== null) {
      choice.word = word
      // With text beside it a strange word may be that of every event, and so may a word that was taken back.
      choice.ended = whole || (substance ? finishOf(word) !== 'unknown' : true)
      if (word === choice.tookBack) choice.ended = !substance && finishOf(word) !== 'unknown'
    }
    if (substance || choice.ended) this.substance = true
    return mendOf(choice, part, reason, whole)
  }

  /** More arguments of the call that came last, of the only choice. */
  more(text: string): void {
    this.#all[0]?.calls.more(text)
  }

  /** All that began, and at least `wanted`, have ended by a word of their own. */
  ended(wanted: number): boolean {
    return this.#all.length >= wanted && this.#all.every(({ ended }) => ended)
  }

  /** Some have an end, others began and have none. */
  get torn(): boolean {
    return this.#all.some(({ word }) => word !== null) && this.#all.some(({ word }) => word === null)
  }

  /** There is an answer, if nothing more comes. */
  get answered(): boolean {
    return this.#all.some(({ sense }) => sense.found)
  }

  /** The first choice said no in the field that there is for it. */
  get refused(): boolean {
    return this.#all[0]?.refused ?? false
  }

  /** That of the first choice; null where it has none. */
  get word(): string | null {
    return this.#all[0]?.word ?? null
  }
}

function mendOf({ calls }: Choice, part: Fields, reason: unknown, whole: boolean): Mend | null {
  const list = part['tool_calls']
  const legacy = part['function_call']
  const placed = Array.isArray(list) && list.length > 0 ? (whole ? wholeCalls(list) : calls.place(list)) : list
  const written = isObject(legacy) ? legacyCall(legacy) : legacy
  const finish = standardReason(reason)
  if (placed === list && written === legacy && finish === undefined) return null
  return {
    finish,
    calls: placed === list ? null : (placed as readonly unknown[]),
    legacyCall: written === legacy ? null : (written as Fields),
  }
}
