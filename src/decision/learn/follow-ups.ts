/**
 * What comes after an answer, in its conversation: each request is compared with the answers before it, and may hold a hint about one of
 * them (core/hints.ts). Pure but for its own state, which is bounded, holds salted hashes and no texts, and is forgotten after ten minutes.
 *
 * Nobody is asked, so it is careful: what a poll, a repeat after an error, requests side by side, a benchmark, examples in a prompt or
 * an agent that tidies up its history does is no hint.
 */
import { randomInt } from 'node:crypto'
import { BoundedMap } from '../../core/bounded-map.ts'
import type { Hint, Hinted } from '../../core/hints.ts'
import type { Prompt } from '../../core/prompt.ts'
import { objects } from './objection.ts'
import { failureOf } from './tool-failure.ts'

/** A finished request, as far as it says something of answers before it, or may be spoken of by requests after it. */
export interface Turn {
  readonly requestId: string
  /** Id of its key. */
  readonly caller: string
  /** Names the conversation among all of this caller; null: it is part of none. */
  readonly conversation: string | null
  readonly prompt: Prompt
  /** Of the end of the prompt (StepHashes). */
  readonly step: number
  /** Clock readings, ms. */
  readonly startedAt: number
  readonly endedAt: number
  /** The SDK of the caller says that it repeats a request. */
  readonly repeated: boolean
  /** Its answer came whole and was useful, as far as could be checked. */
  readonly useful: boolean
  /** What answered. */
  readonly backend: string
  readonly model: string
  /** The caller named this model, and left no choice. */
  readonly named: boolean
  /** USD for a million tokens of its output; 0: it is not paid for, null: nobody knows. */
  readonly usdPerMtok: number | null
}

export interface Followed {
  readonly hinted: Hinted | null
  /** Ids of requests and callers whose answers were followed by nothing of the kind: id, caller, id, caller. */
  readonly unremarked: readonly string[]
}

const KEPT_MS = 10 * 60_000
/** Answers of the last minutes that can be spoken of. */
const MOST = 8_192
/** Answers of one conversation that are looked at. */
const LOOKED_AT = 4
/** And those whose models are. */
const MOST_MODELS = 256
/** Whoever asks again sooner cannot have read the answer, or is a program; later, a poll. */
const SOONEST_MS = 2_000
const LATEST_MS = 5 * 60_000
/** Hints of one caller in ten minutes. */
const MOST_HINTS = 60
/** Callers that are counted. */
const MOST_CALLERS = 1_024
/** How much dearer a model is that is asked in place of another one. */
const DEARER = 1.25
/** Results at the end of a prompt that are looked at. */
const MOST_RESULTS = 8

const NAMED = 1
/** A later request has come. */
const FOLLOWED = 2
/** Somebody asked the same again in its conversation, up to this answer: once more, and it is a poll. */
const REPEATED = 4

type Found = { readonly hint: Hint; readonly at: number }

export class FollowUps {
  readonly #salt = randomInt(2 ** 31)
  /** Newest answer of each conversation, by a hash of its name: how many there were before it. */
  readonly #newest = new Map<number, number>()
  readonly #callers = new BoundedMap<string, { since: number; hints: number }>(MOST_CALLERS)
  // Of an answer, at its number modulo MOST.
  readonly #conversations = new Float64Array(MOST)
  readonly #before = new Float64Array(MOST)
  readonly #endedAt = new Float64Array(MOST)
  readonly #lengths = new Int32Array(MOST)
  readonly #steps = new Int32Array(MOST)
  /** The last message of the prompt, and the one before it. */
  readonly #lasts = new Int32Array(MOST)
  readonly #seconds = new Int32Array(MOST)
  readonly #samplings = new Int32Array(MOST)
  readonly #prices = new Float64Array(MOST)
  readonly #flags = new Uint8Array(MOST)
  readonly #requests: string[] = []
  readonly #callerIds: string[] = []
  readonly #backends: string[] = []
  readonly #models: string[] = []
  /** Numbers of the next answer and of the oldest that is kept. */
  #next = 0
  #oldest = 0
  #unremarked: string[] = []
  /** The last two messages of the request that is compared: read once, and not for each answer. */
  #last = 0
  #second = 0

  /** Takes in a request that has ended; requests in the order in which they ended. */
  follow(turn: Turn): Followed {
    this.forget(turn.endedAt)
    const hinted = turn.conversation === null || turn.prompt.length === 0 ? null : this.#followed(turn)
    const unremarked = this.#unremarked
    if (unremarked.length > 0) this.#unremarked = []
    return { hinted, unremarked }
  }

  /** What is too old by now is forgotten. `now`: clock reading. */
  forget(now: number): void {
    while (this.#oldest < this.#next && this.#endedAt[this.#oldest % MOST]! < now - KEPT_MS) this.#forgetOldest()
  }

  /** Answers that are kept. */
  get size(): number {
    return this.#next - this.#oldest
  }

  #followed(turn: Turn): Hinted | null {
    const { caller } = turn
    this.#last = this.#print(turn.prompt, turn.prompt.length - 1)
    this.#second = turn.prompt.length < 2 ? 0 : this.#print(turn.prompt, turn.prompt.length - 2)
    const conversation = this.#hashOf(`${caller}\n${turn.conversation}`)
    const found = this.#find(conversation, turn)
    const hinted = found !== null && this.#mayHint(caller, turn.endedAt) ? this.#hinted(found) : null
    if (turn.useful) this.#remember(conversation, turn, found?.hint === 'asked_again')
    return hinted
  }

  /** Compares with the last answers of the conversation, the newest first: the first that is related to the request counts. */
  #find(conversation: number, turn: Turn): Found | null {
    let number = this.#newest.get(conversation) ?? -1
    /** The answer after the one that is looked at. */
    let later = -1
    for (let looked = 0; looked < LOOKED_AT && number >= this.#oldest; looked++) {
      const at = number % MOST
      // What ended after this request began, it cannot speak of.
      if (this.#endedAt[at]! <= turn.startedAt) {
        const hint = this.#compare(at, later, turn)
        if (hint !== undefined) return this.#settled(at, hint)
      }
      later = at
      number = this.#before[at]!
    }
    return null
  }

  #settled(at: number, hint: Hint | null): Found | null {
    const first = (this.#flags[at]! & FOLLOWED) === 0
    this.#flags[at]! |= FOLLOWED
    if (hint !== null) return { hint, at }
    if (first) this.#unremarked.push(this.#requests[at]!, this.#callerIds[at]!)
    return null
  }

  /** What the request says of an answer; null: nothing, and it goes on from it; undefined: they have nothing to do with each other. */
  #compare(at: number, later: number, turn: Turn): Hint | null | undefined {
    const { prompt } = turn
    const length = this.#lengths[at]!
    if (prompt.length === length) return this.#compareSame(at, turn)
    if (prompt.length < length || prompt.roleOf(length) !== 'assistant') return undefined
    if (this.#print(prompt, length - 1) !== this.#lasts[at]!) return undefined
    if (later >= 0 && this.#isReplaced(length, later, prompt)) return 'rolled_back'
    return this.#compareNext(at, length, turn)
  }

  /** As many messages as there were when the answer was given. */
  #compareSame(at: number, turn: Turn): Hint | null | undefined {
    const { prompt, startedAt } = turn
    const last = prompt.length - 1
    if (prompt.roleOf(last) !== 'user') return undefined
    if (this.#salted(turn.step) !== this.#steps[at]!)
      return this.#last === this.#lasts[at]! ? undefined : this.#compareEdited(at, prompt)
    const waited = startedAt - this.#endedAt[at]!
    if (turn.repeated || waited < SOONEST_MS || waited > LATEST_MS) return null
    // A benchmark asks one model after the other.
    if (this.#isDearer(at, turn) && (this.#flags[at]! & NAMED) === 0) return 'escalated'
    if (turn.named !== ((this.#flags[at]! & NAMED) !== 0) || (turn.named && turn.model !== this.#models[at]))
      return null
    if (this.#samplings[at]! !== samplingOf(prompt) || prompt.choices > 1) return null
    return (this.#flags[at]! & REPEATED) === 0 ? 'asked_again' : null
  }

  /** Another last message of the user behind the same answer, which was given here: examples in a prompt were not. */
  #compareEdited(at: number, prompt: Prompt): Hint | undefined {
    const { length } = prompt
    if (length < 3 || this.#second !== this.#seconds[at]!) return undefined
    const before = this.#before[at]!
    if (before < this.#oldest) return undefined
    const earlier = before % MOST
    const given = this.#lengths[earlier]! === length - 2 && this.#lasts[earlier]! === this.#print(prompt, length - 3)
    return given ? 'rolled_back' : undefined
  }

  /** The answer stood in the request that `later` was the answer to, and another one stands in its place now. Longer ones go on, with a history that was tidied up. */
  #isReplaced(length: number, later: number, prompt: Prompt): boolean {
    const lengthThen = this.#lengths[later]!
    if (lengthThen !== length + 2 || prompt.length > lengthThen) return false
    return this.#print(prompt, length) !== this.#seconds[later]!
  }

  /** The conversation goes on from the answer, which is the message at `length`. */
  #compareNext(at: number, length: number, turn: Turn): Hint | null {
    const { prompt } = turn
    const last = prompt.length - 1
    if (prompt.roleOf(last) === 'tool') {
      const failure = resultsOf(prompt, length)
      if (failure === 'call_invalid') return failure
      return this.#escalates(at, turn) ? 'escalated' : failure
    }
    if (last === length + 1 && prompt.roleOf(last) === 'user' && objects(plainText(prompt, last))) return 'said_wrong'
    return this.#escalates(at, turn) ? 'escalated' : null
  }

  /** Whoever takes turns between models goes back to one that was there before. */
  #escalates(at: number, turn: Turn): boolean {
    if (!this.#isDearer(at, turn)) return false
    let number = this.#before[at]!
    for (let looked = 1; looked < MOST_MODELS && number >= this.#oldest; looked++) {
      if (this.#models[number % MOST] === turn.model) return false
      number = this.#before[number % MOST]!
    }
    return true
  }

  #isDearer(at: number, { named, model, usdPerMtok }: Turn): boolean {
    const before = this.#prices[at]!
    return named && usdPerMtok !== null && model !== this.#models[at] && usdPerMtok > DEARER * before
  }

  #mayHint(caller: string, now: number): boolean {
    let counted = this.#callers.get(caller)
    if (counted === undefined) this.#callers.set(caller, (counted = { since: now, hints: 0 }))
    if (now - counted.since > KEPT_MS) {
      counted.since = now
      counted.hints = 0
    }
    return ++counted.hints <= MOST_HINTS
  }

  #hinted({ hint, at }: Found): Hinted {
    return { hint, about: this.#requests[at]!, backend: this.#backends[at]!, model: this.#models[at]! }
  }

  #remember(conversation: number, turn: Turn, repeats: boolean): void {
    if (this.#next - this.#oldest >= MOST) this.#forgetOldest()
    const { prompt } = turn
    const number = this.#next++
    const at = number % MOST
    this.#conversations[at] = conversation
    const before = this.#newest.get(conversation) ?? -1
    const repeated = before >= this.#oldest && (this.#flags[before % MOST]! & REPEATED) !== 0
    this.#before[at] = before
    this.#newest.set(conversation, number)
    this.#endedAt[at] = turn.endedAt
    this.#lengths[at] = prompt.length
    this.#steps[at] = this.#salted(turn.step)
    this.#lasts[at] = this.#last
    this.#seconds[at] = this.#second
    this.#samplings[at] = samplingOf(prompt)
    this.#prices[at] = turn.usdPerMtok ?? Infinity
    this.#flags[at] = (turn.named ? NAMED : 0) | (repeats || repeated ? REPEATED : 0)
    this.#requests[at] = turn.requestId
    this.#callerIds[at] = turn.caller
    this.#backends[at] = turn.backend
    this.#models[at] = turn.model
  }

  /** Nobody came back to it: nothing was wrong enough. */
  #forgetOldest(): void {
    const number = this.#oldest++
    const at = number % MOST
    if ((this.#flags[at]! & FOLLOWED) === 0) this.#unremarked.push(this.#requests[at]!, this.#callerIds[at]!)
    const conversation = this.#conversations[at]!
    if (this.#newest.get(conversation) === number) this.#newest.delete(conversation)
    this.#steps[at] = this.#lasts[at] = this.#seconds[at] = this.#samplings[at] = this.#conversations[at] = 0
    this.#requests[at] = this.#callerIds[at] = this.#backends[at] = this.#models[at] = ''
  }

  #print(prompt: Prompt, at: number): number {
    return this.#salted(prompt.fingerprintOf(at))
  }

  #salted(print: number): number {
    return Math.imul(print ^ this.#salt, 0x01000193) | 0
  }

  /** 53 bits. */
  #hashOf(name: string): number {
    let one = this.#salt
    let other = ~this.#salt
    for (let at = 0; at < name.length; at++) {
      const code = name.charCodeAt(at)
      one = Math.imul(one ^ code, 0x01000193)
      other = Math.imul(other ^ code, 0x85ebca6b)
    }
    return (one >>> 0) * 2 ** 21 + (other >>> 11)
  }
}

/** The worst that the results of the calls say, which follow the message at `calls`. */
function resultsOf(prompt: Prompt, calls: number): 'call_invalid' | 'tool_failed' | null {
  let worst: ReturnType<typeof failureOf> = null
  const from = Math.max(calls + 1, prompt.length - MOST_RESULTS)
  for (let at = from; at < prompt.length && worst !== 'call_invalid'; at++)
    if (prompt.roleOf(at) === 'tool') worst = failureOf(prompt.textOf(at), prompt.failedAt(at)) ?? worst
  return worst
}

/** Of a message that is one text. */
const plainText = (prompt: Prompt, at: number): string => (prompt.textLengthOf(at) === null ? '' : prompt.textOf(at))

/** How answers are drawn, as 32 bits: with other wishes the same question is another experiment. */
function samplingOf({ sampling }: Prompt): number {
  const { maxOutput, choices, temperature, topP, topK, frequencyPenalty, presencePenalty, seed } = sampling
  const drawn = wished(wished(wished(wished(7, temperature), topP), topK), seed)
  return wished(wished(wished(wished(drawn, maxOutput), choices), frequencyPenalty), presencePenalty)
}

const wished = (sum: number, wish: number | null): number =>
  Math.imul(sum ^ (wish === null ? 1 : Math.round(wish * 1000) + 2), 0x01000193) | 0
