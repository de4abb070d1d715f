/** What has been seen of an answer so far. */
import type { Finish } from '../../core/finish.ts'
import { type Fields, isObject } from '../../core/is-object.ts'
import type { Charge, Usage } from '../../core/settlement.ts'
import type { AnswerCollector } from '../answer-collector.ts'
import type { AnswerState, SizeSoFar } from '../answer-state.ts'
import { TextSense } from '../text-sense.ts'
import { finishOf } from './finish.ts'
import { readUsage } from './read-usage.ts'

/** UTF-8 of most languages, and of code. */
const BYTES_PER_TOKEN = 4

export class MessageSize implements SizeSoFar {
  events = 0
  #bytes = 0

  /** An event of a stream that brought so many bytes of text. */
  delta(bytes: number): void {
    this.events++
    this.#bytes += bytes
  }

  /** Text of a whole answer. */
  text(bytes: number): void {
    this.#bytes += bytes
  }

  /** A guess: an event is a token, or more where it is longer than one. */
  get tokens(): number {
    return Math.ceil(Math.max(this.events, this.#bytes / BYTES_PER_TOKEN))
  }
}

export class MessageState implements AnswerState {
  reported: Usage | null = null
  settled: Usage | null = null
  usageIsOld = false
  readonly cutShort = false
  readonly charge: Charge = null
  finish: Finish | null = null
  finishWord: string | null = null
  model: string | null = null
  id: string | null = null
  readonly created = null
  readonly unread = false
  readonly size = new MessageSize()
  done = false
  collected: AnswerCollector | null = null
  /** Something that a caller could not do without has come: some of the answer, or its end. */
  substance = false
  /** Of the text of all blocks. */
  readonly sense = new TextSense()
  /** A call was there, or something else that is no text. */
  #answered = false
  #calls = 0
  #usage: Fields = {}

  get content(): boolean {
    return this.#answered || this.sense.found
  }

  get tier(): string | null {
    return this.reported?.tier ?? null
  }

  get refused(): boolean {
    return this.finish === 'content_filter'
  }

  /** The message as `message_start` has it, or a whole one. */
  message({ id, model, usage }: Fields): void {
    if (typeof id === 'string') this.id = id
    if (typeof model === 'string') this.model = model
    this.usage(usage)
  }

  /** Counts of the whole answer so far: those that come later stand for those before, and what they do not name stays. */
  usage(usage: unknown): void {
    if (!isObject(usage)) return
    const told = Object.entries(usage).filter(([, value]) => value !== null)
    this.#usage = { ...this.#usage, ...Object.fromEntries(told) }
    const read = readUsage(this.#usage)
    if (read === null) return
    this.reported = read
    this.usageIsOld = false
  }

  /** `reason`: as it came. */
  ends(reason: unknown): void {
    if (typeof reason !== 'string' || reason === '') return
    this.finishWord = reason
    this.finish = finishOf(reason)
    this.substance = true
  }

  /** More text of the answer. */
  text(text: string): void {
    if (text === '') return
    this.substance = true
    this.sense.push(text)
    this.collected?.addText(text)
  }

  thought(text: string): void {
    if (text !== '') this.substance = true
  }

  /** A call begins; what is given: its place among the calls. `free`: its tool takes free text. */
  call(name: string, json: string, free: boolean): number {
    this.other()
    const slot = this.#calls++
    this.collected?.addCall(slot, name, json, free)
    return slot
  }

  /** More arguments of the call in a slot. */
  more(slot: number, json: string): void {
    this.collected?.addCall(slot, '', json, false)
  }

  /** Something that is no text, and an answer. */
  other(): void {
    this.substance = true
    this.#answered = true
  }
}
