/** Messages in neutral words as Google's contents. Pure. */
import { isObject } from '../../core/is-object.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import type { CallPart, MediaPart, Message, Part, Seal, ThoughtPart } from '../../core/prompt.ts'
import { needsSignatures, takesMediaInResults } from './generation.ts'
import { GEMINI_NAME } from './name.ts'
import { NO_SIGNATURE } from './seal.ts'

export interface TurnsAsked {
  /** As the engine names it. */
  readonly model: string
  /** The seal of a call that came back without it; null: it is not known. */
  readonly sealOf: (call: string) => Seal | null
  /** Takes the name of what cannot be said. */
  readonly lose: (name: string) => void
}

export interface Turns {
  readonly systemInstruction: JsonObject | null
  readonly contents: readonly JsonObject[]
}

/** What the system says at the beginning are instructions; later it is said as by the user. */
export function turnsOf(messages: readonly Message[], asked: TurnsAsked): Turns {
  const first = messages.findIndex(({ role }) => role !== 'system' && role !== 'developer')
  const leading = first < 0 ? messages : messages.slice(0, first)
  const system = leading.flatMap((message) => partsOf(message, asked))
  const contents = contentsOf(first < 0 ? [] : messages.slice(first), asked)
  // Instructions alone are refused.
  if (contents.length === 0) return { systemInstruction: null, contents: [{ role: 'user', parts: system }] }
  return { systemInstruction: system.length === 0 ? null : { parts: system }, contents }
}

function contentsOf(messages: readonly Message[], asked: TurnsAsked): JsonObject[] {
  const names = new Map<string, string>()
  const contents: JsonObject[] = []
  /** Results of the calls of one turn are one turn: as many as there were calls. */
  let results: JsonObject[] | null = null
  for (const message of messages) {
    if (message.name !== null) asked.lose('name')
    for (const part of message.parts) if (part.kind === 'call') names.set(part.id, part.name)
    const isResult = message.result !== null
    const parts = isResult ? resultOf(message, names, asked) : partsOf(message, asked)
    if (isResult && results !== null) {
      results.push(...parts)
      continue
    }
    results = isResult ? parts : null
    if (parts.length > 0) contents.push({ role: message.role === 'assistant' ? 'model' : 'user', parts })
  }
  return contents
}

function partsOf({ parts, role }: Message, asked: TurnsAsked): JsonObject[] {
  const written: JsonObject[] = []
  let calls = 0
  for (const part of parts) {
    if ('cache' in part && part.cache !== null) asked.lose('cache marks')
    if (part.kind === 'refusal') asked.lose('refusals')
    if (part.kind === 'thought') addThought(part, written, asked)
    else if (part.kind === 'call') written.push(callOf(part, calls++ === 0 && role === 'assistant', asked))
    else if (isMedium(part)) written.push(...mediumOf(part, asked))
    else written.push(...textPart(part.text))
  }
  return written
}

const isMedium = (part: Part): part is MediaPart => 'source' in part

const textPart = (text: string): JsonObject[] => (text === '' ? [] : [{ text }])

/** Only its own come back: without its seal a thought is a text that anybody may have written. */
function addThought({ text, seal }: ThoughtPart, written: JsonObject[], { lose }: TurnsAsked): void {
  if (seal?.maker !== GEMINI_NAME) {
    if (seal !== null) lose('seals')
    if (text !== '') lose('thoughts')
    return
  }
  const last = written.at(-1)
  // What was said carries the signature of the thoughts behind it.
  if (text === '' && last !== undefined && 'text' in last && !('thoughtSignature' in last))
    written[written.length - 1] = { ...last, thoughtSignature: seal.value }
  else written.push({ text, ...(text === '' ? {} : { thought: true }), thoughtSignature: seal.value })
}

/** `first`: of its turn, which is the one that must be signed. */
function callOf({ id, name, arguments: text, free, seal }: CallPart, first: boolean, asked: TurnsAsked): JsonObject {
  if (seal !== null && seal.maker !== GEMINI_NAME) asked.lose('seals')
  const own = seal?.maker === GEMINI_NAME ? seal : asked.sealOf(id)
  const signature = own?.value ?? (first && needsSignatures(asked.model) ? NO_SIGNATURE : null)
  return {
    functionCall: { id, name, args: argsOf(text, free) },
    ...(signature === null ? {} : { thoughtSignature: signature }),
  }
}

/** They must be an object. */
function argsOf(text: string, free: boolean): JsonObject {
  if (free) return { [FREE_TEXT]: text }
  const value = parsed(text)
  return isObject(value) ? value : text.trim() === '' ? {} : { [FREE_TEXT]: value ?? text }
}

/** The one argument of a function that stands for a tool which takes free text. */
export const FREE_TEXT = 'input'

function resultOf({ parts, result }: Message, names: ReadonlyMap<string, string>, asked: TurnsAsked): JsonObject[] {
  const { id, name, failed } = result!
  const text = parts.flatMap((part) => (part.kind === 'text' || part.kind === 'refusal' ? [part.text] : [])).join('\n')
  const media = parts.filter(isMedium).flatMap((part) => mediumOf(part, asked))
  const inside = media.length > 0 && takesMediaInResults(asked.model)
  const response = {
    id,
    name: name ?? names.get(id) ?? UNKNOWN_FUNCTION,
    response: responseOf(text, failed),
    ...(inside ? { parts: media } : {}),
  }
  if (parts.some((part) => 'cache' in part && part.cache !== null)) asked.lose('cache marks')
  return [{ functionResponse: response }, ...(inside ? [] : media)]
}

/** Of a result whose call is not there. */
const UNKNOWN_FUNCTION = 'unknown_function'

function responseOf(text: string, failed: boolean): JsonObject {
  if (failed) return { error: text }
  // To be told by the parser that a long text is none costs as much as to write it.
  const value = /^\s*\{/.test(text) ? parsed(text) : undefined
  return isObject(value) ? value : { result: text }
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json
  } catch {
    return undefined
  }
}

function mediumOf({ kind, source, name }: MediaPart, { lose }: TurnsAsked): JsonObject[] {
  const named = name === null ? {} : { displayName: name }
  switch (source.kind) {
    case 'text':
      return textPart(source.text)
    case 'data':
      return [{ inlineData: { mimeType: source.mediaType || TYPES[kind], data: source.data, ...named } }]
    case 'url':
      return [{ fileData: { mimeType: typeOf(source.url) ?? TYPES[kind], fileUri: source.url, ...named } }]
    case 'id':
      // A name that another maker has given.
      if (/^(https|gs):/.test(source.id)) return [{ fileData: { fileUri: source.id, ...named } }]
      lose(LOST[kind])
      return []
  }
}

const LOST = { image: 'images', audio: 'sounds', file: 'files' } as const
const TYPES = { image: 'image/jpeg', audio: 'audio/wav', file: 'application/pdf' } as const

const ENDINGS: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
  heic: 'image/heic',
  wav: 'audio/wav',
  mp3: 'audio/mpeg',
  ogg: 'audio/ogg',
  mp4: 'video/mp4',
  pdf: 'application/pdf',
  txt: 'text/plain',
}

/** By the ending of its path; null: it has none that is known. */
const typeOf = (url: string): string | null => ENDINGS[/\.(\w+)(?:[?#]|$)/.exec(url)?.[1]?.toLowerCase() ?? ''] ?? null
