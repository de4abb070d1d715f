/** The messages of a chat: how large they are, what they hold, and which text asks. Pure. */
import { isObject } from '../../core/is-object.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import { textBytes } from '../../core/cut-text.ts'
import { tokensOf } from './tokens.ts'

export interface Conversation {
  readonly tokens: number
  readonly images: number
  readonly sounds: number
  /** The text of the last message of the user; null where there is none. */
  readonly question: string | null
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

export function readConversation(list: Json | undefined): Conversation {
  const found = { tokens: 0, images: 0, sounds: 0, usesTools: false, continues: false }
  const meter = new TextMeter()
  let question: string | null = null
  let opening = FNV_BASE
  let opened = false
  let asked = false
  if (!Array.isArray(list)) return { ...found, question, opening: null }
  for (const message of list as readonly Json[]) {
    if (!isObject(message)) continue
    const role = message['role']
    if (role === 'assistant') found.continues = true
    if (role === 'tool' || role === 'function' || isFilled(message['tool_calls'])) found.usesTools = true
    const text = readContent(message['content'], found, meter)
    found.tokens += MESSAGE_TOKENS
    if (text === null) continue
    // Up to the first question: agents share their instructions, and an answer is not there yet when a conversation begins.
    if (!asked) {
      opening = hash(text, opening)
      opened = true
    }
    if (role === 'user' || role === undefined) {
      question = text
      asked = true
    }
  }
  return { ...found, question, opening: opened ? (opening >>> 0).toString(16).padStart(8, '0') : null }
}

interface Found {
  tokens: number
  images: number
  sounds: number
}

/** So many texts are read; of those after them only the length is taken, as tokens go by the bytes of the others. */
const MOST_TEXTS = 4_096

class TextMeter {
  #texts = 0
  #bytes = 0
  #tokens = 0

  tokensOf(text: string): number {
    if (this.#texts >= MOST_TEXTS && this.#bytes > 0) return (textBytes(text) * this.#tokens) / this.#bytes
    const tokens = tokensOf(text)
    this.#texts++
    this.#bytes += textBytes(text)
    this.#tokens += tokens
    return tokens
  }
}

/** Adds up what a message holds; its text, or the longest of its texts. */
function readContent(content: Json | undefined, found: Found, meter: TextMeter): string | null {
  if (typeof content === 'string') {
    found.tokens += meter.tokensOf(content)
    return content
  }
  if (!Array.isArray(content)) return null
  let longest: string | null = null
  for (const part of content as readonly Json[]) {
    const text = typeof part === 'string' ? part : isObject(part) ? readPart(part, found) : null
    if (text === null) continue
    found.tokens += meter.tokensOf(text)
    if (longest === null || text.length > longest.length) longest = text
  }
  return longest
}

function readPart(part: JsonObject, found: Found): string | null {
  if (part['type'] === 'image_url' || part['type'] === 'image') {
    found.images++
    found.tokens += IMAGE_TOKENS
  }
  if (part['type'] === 'input_audio') found.sounds++
  return typeof part['text'] === 'string' ? part['text'] : null
}

const FNV_BASE = 0x811c9dc5

function hash(text: string, start: number): number {
  let value = start
  const length = Math.min(OPENING, text.length)
  for (let at = 0; at < length; at++) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193)
  return Math.imul(value ^ text.length, 0x01000193)
}

const isFilled = (value: Json | undefined): boolean => Array.isArray(value) && value.length > 0
