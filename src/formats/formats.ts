/** The wire formats that the gateway speaks, by name: endpoints and provider files choose among them. */
import type { FormatName } from '../core/format-names.ts'
import { ANTHROPIC } from './anthropic/anthropic.ts'
import type { Format } from './format.ts'
import { GEMINI } from './gemini/gemini.ts'
import { OLLAMA_FORMAT } from './ollama/ollama.ts'
import { OPENAI } from './openai/openai.ts'
import { RESPONSES } from './responses/responses.ts'

export type Formats = ReadonlyMap<string, Format>

const TABLE: Readonly<Record<FormatName, Format>> = {
  'openai-chat': OPENAI,
  'openai-responses': RESPONSES,
  'anthropic-messages': ANTHROPIC,
  gemini: GEMINI,
  ollama: OLLAMA_FORMAT,
}

export const FORMATS: Formats = new Map(Object.entries(TABLE))

/** Throws where there is none of this name: the names in endpoints and provider files are checked before. */
export function formatNamed(name: string, formats: Formats): Format {
  const format = formats.get(name)
  if (format === undefined) throw new Error(`there is no wire format "${name}"`)
  return format
}
