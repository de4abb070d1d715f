/** What the name of a model tells: only asked where its engine says nothing about its kind. */
import type { Capability } from '../../core/capabilities.ts'

type Kind = Readonly<Partial<Record<Capability, boolean>>>

const RERANKS: Kind = { rerank: true, embeddings: false, chat: false }
const EMBEDS: Kind = { embeddings: true, rerank: false, chat: false }
const OTHER: Kind = { embeddings: false, rerank: false, chat: false }

/** In order: rerankers are often named after the embedding family that they belong to. */
const KINDS: readonly (readonly [RegExp, Kind])[] = [
  [/rerank|cross-?encoder|(^|[-_/.])ms-marco/i, RERANKS],
  [/embed|(^|[-_/.])(bge|e5|gte|minilm|mpnet|sbert|simcse)([-_.:]|$)/i, EMBEDS],
  [
    /(^|[-_/.])(whisper|tts|dall-e|moderation|transcribe|realtime|imagen|veo|sora|lyria|flux|stable-diffusion|sdxl|image|orpheus)([-_.:]|$)|^(babbage|davinci)-/i,
    OTHER,
  ],
]

const UNKNOWN: Kind = {}

export function kindByName(model: string): Kind {
  for (const [pattern, kind] of KINDS) if (pattern.test(model)) return kind
  return UNKNOWN
}

/** The names under which people ask for a model: its id, Ollama's without the tag that everybody leaves out, Gemini's without its prefix. */
export function spellings(model: string): string[] {
  const names = [model]
  if (model.endsWith(':latest')) names.push(model.slice(0, -':latest'.length))
  if (model.startsWith('models/')) names.push(model.slice('models/'.length))
  return names
}
