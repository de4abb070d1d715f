/** The messages of a chat: how large they are, what they hold, and which text asks. Pure. */
import { textBytes } from '../../core/cut-text.ts'
import type { Prompt, PromptReader, Role } from '../../core/prompt.ts'
import { roughTokensOf, tokensOf } from './tokens.ts'

export interface Conversation {
  readonly messages: number
  readonly texts: readonly string[]
  readonly images: number
  readonly sounds: number
  /** The text of the last message of the user; null where there is none. */
  readonly question: string | null
  /** What stands last: what the user asks, what a tool gave, or neither. */
  readonly last: 'question' | 'result' | 'other'
  /** The text of the last result of a tool; null: there is none. */
  readonly result: string | null
  /** There are calls of tools, or their results. */
  readonly usesTools: boolean
  /** A name for conversations that begin like this one; null where there is no text. */
  readonly opening: string | null
  /** There was an answer before. */
  readonly continues: boolean
}

/** What the template of a model puts around a message. */
const MESSAGE_TOKENS = 4
/** Of one picture of middling size; vendors count from some tens to some thousands. */
const IMAGE_TOKENS = 500
/** Characters of each of the first messages that name a conversation. */
const OPENING = 256

export function readConversation(prompt: Prompt): Conversation {
  const reader = new ConversationReader()
  prompt.walk(reader)
  reader.end()
  return reader
}

/** So many texts are read at several places each, those after them at one. */
const MOST_CLOSELY = 8
/** So many texts are read; of those after them only the length is taken, as tokens go by the bytes of the others. */
const MOST_TEXTS = 4_096

export function conversationTokens({ messages, texts, images }: Conversation): number {
  let tokens = 0
  let bytes = 0
  let at = 0
  for (; at < texts.length && (at < MOST_TEXTS || bytes === 0); at++) {
    tokens += at < MOST_CLOSELY ? tokensOf(texts[at]!) : roughTokensOf(texts[at]!, at)
    if (texts.length > MOST_TEXTS) bytes += textBytes(texts[at]!)
  }
  let left = 0
  for (; at < texts.length; at++) left += textBytes(texts[at]!)
  const rest = left === 0 ? 0 : (left * tokens) / bytes
  return messages * MESSAGE_TOKENS + images * IMAGE_TOKENS + tokens + rest
}

class ConversationReader implements PromptReader, Conversation {
  messages = 0
  readonly texts: string[] = []
  images = 0
  sounds = 0
  question: string | null = null
  last: Conversation['last'] = 'other'
  result: string | null = null
  usesTools = false
  continues = false
  /** Whose message is being read; undefined before the first one. */
  #role: Role | null | undefined = undefined
  /** The longest text of that message. */
  #text: string | null = null
  #opening = FNV_BASE
  #opened = false
  #asked = false

  get opening(): string | null {
    return this.#opened ? (this.#opening >>> 0).toString(16).padStart(8, '0') : null
  }

  message(role: Role | null, calls: boolean): void {
    this.end()
    this.#role = role
    if (role === 'assistant') this.continues = true
    if (calls) this.usesTools = true
  }

  text(text: string): void {
    this.texts.push(text)
    if (this.#text === null || saysMore(text, this.#text)) this.#text = text
  }

  image(): void {
    this.images++
  }

  sound(): void {
    this.sounds++
  }

  /** The message has been read. */
  end(): void {
    if (this.#role === undefined) return
    this.messages++
    const text = this.#text
    this.#text = null
    const role = this.#role
    if (role === 'tool') {
      this.last = 'result'
      this.result = text
    } else if (role === 'assistant') this.last = 'other'
    if (text === null) return
    // Up to the first question: agents share their instructions, and an answer is not there yet when a conversation begins.
    if (!this.#asked) {
      this.#opening = hash(text, this.#opening)
      this.#opened = true
    }
    if (role !== 'user' || (this.last === 'result' && isAside(text))) return
    this.question = text
    this.last = 'question'
    this.#asked = true
  }
}

/** It begins with a mark, as the reminders and descriptions of the surroundings do that agents put beside what is asked. */
const isAside = (text: string): boolean => text.charCodeAt(0) === LESS

function saysMore(text: string, known: string): boolean {
  const aside = isAside(text)
  return aside === isAside(known) ? text.length > known.length : !aside
}

const LESS = 60
const FNV_BASE = 0x811c9dc5

function hash(text: string, start: number): number {
  let value = start
  const length = Math.min(OPENING, text.length)
  for (let at = 0; at < length; at++) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193)
  return Math.imul(value ^ text.length, 0x01000193)
}
