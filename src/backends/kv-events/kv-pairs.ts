/**
 * Which block of an engine stands for which block of ours. An engine names its blocks by hashes of token ids, the gateway knows prompts as texts and has no
 * tokenizer, so that no hash of one can be worked out from the other. What both know of a request is how many tokens its prompt has, how many of
 * them were kept, and when it ran: the blocks that an engine stores for it begin where the kept ones end, reach to its last full block, and come between its
 * start and its end. Where exactly one chain of blocks is such, and no other request has it, it is the request's, and our blocks lie on it by their
 * share of the text. Where several are, nothing is concluded. Pure: time is an argument.
 */
import type { AnsweredPrompt } from '../../core/cache-follower.ts'
import type { Prefix } from '../../core/prefix.ts'
import type { KvEvent } from './kv-batch.ts'

/** A block of ours that the engine has lost. */
export interface Lost<C> {
  readonly cache: C
  readonly hash: number
  readonly check: number
}

interface Block<C> {
  readonly hash: string
  /** Of a block that is gone: null, or chains without end would be kept alive. */
  parent: Block<C> | null
  /** Blocks before it in its prompt. */
  readonly depth: number
  readonly at: number
  /** Whose new block it was: no second request stores it. */
  taken: boolean
  /** Those of ours that it carries: several where prompts part within one of ours. */
  ours: readonly Lost<C>[]
}

/** Blocks that are known at most: 2 million tokens in blocks of 16. */
const MOST_BLOCKS = 131_072
/** Ends of events that came last, among which the end of a request's prompt is looked for. */
const MOST_RECENT = 4_096
/** Answers whose blocks have not come yet. */
const MOST_WAITING = 64
const LONGEST_WAIT_MS = 2_000
/** Of ours on one block of an engine: the latest. */
const MOST_OURS = 16
/** An event may be read a little after the answer that it came before. */
const SLACK_MS = 50

export class KvPairs<C> {
  readonly #blocks = new Map<string, Block<C>>()
  /** Blocks that ended their events, as the last one of a prompt does. */
  #recent: Block<C>[] = []
  #waiting: AnsweredPrompt<C>[] = []
  #blockSize = 0
  #paired = 0
  #unsure = 0

  get counts(): { readonly blocks: number; readonly paired: number; readonly unsure: number } {
    return { blocks: this.#blocks.size, paired: this.#paired, unsure: this.#unsure }
  }

  /** What of ours the engine no longer has; `all`: nothing is left. */
  take(events: readonly KvEvent[], now: number): { readonly lost: readonly Lost<C>[]; readonly all: boolean } {
    let lost: Lost<C>[] = []
    let all = false
    for (const event of events) {
      if (event.kind === 'cleared') {
        this.forget()
        ;[lost, all] = [[], true]
      } else if (event.kind === 'stored') this.#store(event, now)
      else
        for (const hash of event.hashes) {
          const block = this.#blocks.get(hash)
          if (block === undefined) continue
          lost.push(...block.ours)
          this.#remove(block)
        }
    }
    const waiting = this.#waiting
    this.#waiting = []
    for (const one of waiting) if (now - one.to < LONGEST_WAIT_MS) this.answered(one)
    return { lost, all }
  }

  /** Nothing is known of its blocks any more. */
  forget(): void {
    this.#blocks.clear()
    this.#recent = []
    this.#waiting = []
  }

  answered(request: AnsweredPrompt<C>): void {
    const size = this.#blockSize
    const { tokens, kept, prefix } = request
    if (prefix.hashes.length === 0) return
    if (size === 0) return this.#wait(request)
    const [first, end] = [Math.floor(kept / size), Math.floor(tokens / size)]
    // All of it was kept, or it fills no block: nothing is stored for it.
    if (end <= first) return
    const found = this.#recent.filter((one) => one.depth === end - 1 && this.#isOf(one, request, first))
    if (found.length === 0) return this.#wait(request)
    if (found.length > 1) {
      this.#unsure++
      return
    }
    this.#pair(found[0]!, request, first)
  }

  #wait(request: AnsweredPrompt<C>): void {
    if (this.#waiting.length < MOST_WAITING) this.#waiting.push(request)
  }

  #store({ hashes, parent, blockSize }: KvEvent & { kind: 'stored' }, now: number): void {
    // Another size: another engine, or another build of it.
    if (this.#blockSize !== 0 && this.#blockSize !== blockSize) this.forget()
    this.#blockSize = blockSize
    const before = parent === null ? null : this.#blocks.get(parent)
    // It was stored before the stream was followed: where it lies in its prompt is not known.
    if (before === undefined) return
    let last: Block<C> | null = before
    for (const hash of hashes) {
      const again = this.#blocks.get(hash)
      if (again !== undefined) {
        last = again
        continue
      }
      const block: Block<C> = {
        hash,
        parent: last,
        depth: last === null ? 0 : last.depth + 1,
        at: now,
        taken: false,
        ours: [],
      }
      this.#blocks.set(hash, block)
      if (hash === hashes.at(-1)) this.#recent.push(block)
      last = block
    }
    if (this.#recent.length > 2 * MOST_RECENT) this.#recent = this.#recent.slice(-MOST_RECENT)
    for (const block of this.#blocks.values()) {
      if (this.#blocks.size <= MOST_BLOCKS) break
      this.#remove(block)
    }
  }

  #remove(block: Block<C>): void {
    this.#blocks.delete(block.hash)
    block.parent = null
  }

  /** Whether the chain up to this block may be the request's: stored for nobody else while it ran from block `first` on, and before up to there. */
  #isOf(end: Block<C>, { from, to }: AnsweredPrompt<C>, first: number): boolean {
    for (let block: Block<C> | null = end; block !== null; block = block.parent) {
      // What was removed meanwhile belongs to no prompt of now.
      if (this.#blocks.get(block.hash) !== block || block.at > to + SLACK_MS) return false
      if (block.depth >= first && (block.taken || block.at < from)) return false
    }
    return true
  }

  #pair(end: Block<C>, { prefix, tokens, cache }: AnsweredPrompt<C>, first: number): void {
    const { hashes, checks } = prefix
    this.#paired++
    // What comes behind the last full block goes with it.
    let until = hashes.length
    for (let block: Block<C> | null = end; block !== null; block = block.parent) {
      block.taken ||= block.depth >= first
      const from = placeOf(prefix, tokens, block.depth * this.#blockSize)
      const to = Math.max(until, from + 1)
      for (let at = from; at < Math.min(to, hashes.length); at++)
        note(block, { cache, hash: hashes[at]!, check: checks[at]! })
      until = from
    }
  }
}

function note<C>(block: Block<C>, one: Lost<C>): void {
  const others = block.ours.filter(
    ({ hash, check, cache }) => hash !== one.hash || check !== one.check || cache !== one.cache,
  )
  block.ours = [...others.slice(1 - MOST_OURS), one]
}

/** The first of our blocks that cannot be there without the token at `start`; behind the last: none is. */
function placeOf({ ends, size }: Prefix, tokens: number, start: number): number {
  const at = (start / tokens) * size
  let [low, high] = [0, ends.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (ends[middle]! > at) high = middle
    else low = middle + 1
  }
  return low
}
