/** What has been seen of an answer of Google's so far. */
import type { Finish } from '../../core/finish.ts'
import { type Fields, isObject } from '../../core/is-object.ts'
import type { Charge, Usage } from '../../core/settlement.ts'
import type { AnswerCollector } from '../answer-collector.ts'
import type { AnswerState } from '../answer-state.ts'
import { BLOCKED, finishOf } from './finish.ts'
import { readUsage } from './usage.ts'

/** UTF-8 of most languages, and of code. */
const BYTES_PER_TOKEN = 4

/** One candidate. */
interface Candidate {
  /** Functions that it called so far. */
  calls: number
  ended: boolean
}

export class GeminiAnswerState implements AnswerState {
  reported: Usage | null = null
  settled: Usage | null = null
  usageIsOld = false
  readonly cutShort = false
  readonly charge: Charge = null
  tier: string | null = null
  finish: Finish | null = null
  finishWord: string | null = null
  model: string | null = null
  id: string | null = null
  /** It says when it was made in no form that is counted. */
  readonly created = null
  content = false
  readonly unread = false
  /** It has no mark of its end but the end of the connection: set where the answer is complete. */
  done = false
  readonly refused = false
  collected: AnswerCollector | null = null
  /** The prompt was refused. */
  blocked = false
  #events = 0
  #bytes = 0
  readonly #candidates = new Map<number, Candidate>()

  get size(): AnswerState['size'] {
    return { events: this.#events, tokens: Math.ceil(this.#bytes / BYTES_PER_TOKEN) }
  }

  /** More text than is read. */
  grow(bytes: number): void {
    this.#bytes += bytes
  }

  /** So many candidates have an end, or none will come. */
  ended(wanted: number): boolean {
    if (this.blocked) return true
    let ended = 0
    for (const candidate of this.#candidates.values()) if (candidate.ended) ended++
    return ended >= Math.max(1, Math.min(wanted, this.#candidates.size))
  }

  /** Some candidates have an end, others began and have none. */
  get torn(): boolean {
    const all = [...this.#candidates.values()]
    return all.some(({ ended }) => ended) && all.some(({ ended }) => !ended)
  }

  /** Takes an event of a stream, or a whole answer. */
  take(answer: Fields): void {
    this.#events++
    this.usageIsOld = true
    const usage = readUsage(answer['usageMetadata'])
    if (usage !== null) {
      this.reported = usage
      this.usageIsOld = false
    }
    const { modelVersion, responseId } = answer
    if (typeof modelVersion === 'string' && modelVersion !== '') this.model ??= modelVersion
    if (typeof responseId === 'string' && responseId !== '') this.id ??= responseId
    const candidates = candidatesIn(answer)
    candidates.forEach((candidate, at) => this.#candidate(candidate, at))
    const reason = blockReasonIn(answer)
    if (reason !== null && candidates.length === 0) this.#block(reason)
  }

  #block(reason: string): void {
    this.blocked = true
    this.finish = BLOCKED
    this.finishWord = reason
  }

  #candidate(candidate: Fields, at: number): void {
    const index = indexOf(candidate, at)
    const known = this.#candidates.get(index) ?? { calls: 0, ended: false }
    this.#candidates.set(index, known)
    for (const part of partsOf(candidate)) this.#part(part, index, known)
    const { finishReason } = candidate
    if (typeof finishReason !== 'string' || finishReason === '') return
    known.ended = true
    if (index !== 0) return
    this.finishWord = finishReason
    this.finish = finishOf(finishReason, known.calls > 0)
  }

  #part(part: Fields, index: number, candidate: Candidate): void {
    const { text, thought, functionCall: call } = part
    const judged = index === 0 ? this.collected : null
    if (typeof text === 'string') {
      this.#bytes += Buffer.byteLength(text)
      if (thought === true || text === '') return
      this.content = true
      judged?.addText(text)
    } else if (isObject(call)) {
      const args = JSON.stringify(call['args'] ?? {})
      this.#bytes += Buffer.byteLength(args)
      this.content = true
      judged?.addCall(candidate.calls, typeof call['name'] === 'string' ? call['name'] : '', args, false)
      candidate.calls++
    } else if (Object.keys(part).some((name) => name !== 'thoughtSignature')) this.content = true
  }
}

export const candidatesIn = ({ candidates }: Fields): readonly Fields[] =>
  Array.isArray(candidates) ? (candidates as readonly unknown[]).filter((one) => isObject(one)) : []

export function partsOf({ content }: Fields): readonly Fields[] {
  const parts = isObject(content) ? content['parts'] : undefined
  return Array.isArray(parts) ? (parts as readonly unknown[]).filter((one) => isObject(one)) : []
}

/** The only one often has none. */
export const indexOf = ({ index }: Fields, at: number): number => (typeof index === 'number' ? index : at)

export function blockReasonIn({ promptFeedback: feedback }: Fields): string | null {
  const reason = isObject(feedback) ? feedback['blockReason'] : null
  return typeof reason === 'string' && reason !== '' ? reason : null
}
