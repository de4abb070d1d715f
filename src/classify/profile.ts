/** What a request needs and how large it is, read from its body. Pure; linear in the number of messages, not of bytes. */
import { isUtf8 } from 'node:buffer'
import { textBytes } from '../core/cut-text.ts'
import type { Capability, Json, JsonObject } from '../core/settings.ts'
import type { GatewayRequest, RequestProfile } from '../core/types.ts'

/** Rough average over English, code and JSON; exact counts come back with the usage. */
const CHARACTERS_PER_TOKEN = 4

export function classify(request: GatewayRequest): RequestProfile {
  const { body, endpoint } = request
  const needs = new Set<Capability>()
  let characters = 0
  let longest = 0
  if (endpoint.id === 'embeddings') {
    needs.add('embeddings')
    characters = textLength(body['input'])
    longest = longestText(body['input'])
  } else if (endpoint.id === 'rerank') {
    needs.add('rerank')
    const query = textLength(body['query'])
    characters = query + textLength(body['documents'])
    longest = query + longestText(body['documents'])
  } else {
    needs.add('chat')
    const conversation = messages(body['messages'], needs)
    characters = conversation + textLength(body['prompt'])
    longest = conversation + longestText(body['prompt'])
    if (filled(body['tools']) || filled(body['functions'])) needs.add('tools')
    if (typeOf(body['response_format']) === 'json_schema') needs.add('json_schema')
    if (body['logprobs'] === true || typeof body['logprobs'] === 'number') needs.add('logprobs')
  }
  return {
    endpoint: endpoint.id,
    class: 'other',
    difficulty: null,
    language: null,
    inputTokens: Math.ceil(characters / CHARACTERS_PER_TOKEN),
    longestTokens: Math.ceil(longest / CHARACTERS_PER_TOKEN),
    maxOutput: null,
    effort: null,
    needs: [...needs],
    affinity: request.session ?? key(body['prompt_cache_key']) ?? key(body['previous_response_id']),
  }
}

function messages(list: Json | undefined, needs: Set<Capability>): number {
  if (!Array.isArray(list)) return 0
  let characters = 0
  for (const message of list as readonly Json[]) {
    if (!isObject(message)) continue
    const content = message['content']
    if (typeof content === 'string') characters += textBytes(content)
    else if (Array.isArray(content))
      for (const part of content as readonly Json[]) characters += partLength(part, needs)
  }
  return characters
}

function partLength(part: Json, needs: Set<Capability>): number {
  if (!isObject(part)) return typeof part === 'string' ? textBytes(part) : 0
  if (part['type'] === 'image_url') needs.add('vision')
  if (part['type'] === 'input_audio') needs.add('audio')
  return typeof part['text'] === 'string' ? textBytes(part['text']) : 0
}

/** A text, a list of texts or of token numbers. */
function textLength(value: Json | undefined, depth = 0): number {
  if (typeof value === 'string') return textBytes(value)
  if (typeof value === 'number') return CHARACTERS_PER_TOKEN
  if (depth > 3) return 0
  if (Array.isArray(value)) {
    return (value as readonly Json[]).reduce<number>((sum, one) => sum + textLength(one, depth + 1), 0)
  }
  return isObject(value) ? textLength(value['text'], depth + 1) : 0
}

/** Of several texts the longest; a list of token numbers is one text. */
function longestText(value: Json | undefined): number {
  if (!Array.isArray(value) || typeof value[0] === 'number') return textLength(value)
  return (value as readonly Json[]).reduce<number>((longest, one) => Math.max(longest, textLength(one)), 0)
}

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const filled = (value: Json | undefined): boolean => Array.isArray(value) && value.length > 0

const typeOf = (value: Json | undefined): Json | undefined => (isObject(value) ? value['type'] : undefined)

/** A text that goes into the log: as people wrote it, and like a header not too long. */
function key(value: Json | undefined): string | null {
  if (typeof value !== 'string' || value === '' || textBytes(value) > LONGEST_KEY) return null
  return value.replace(/[\x80-\xff]+/g, decoded)
}

const LONGEST_KEY = 256

/** Bytes that were read as one character each. What is not UTF-8 was written as escapes and stays. */
function decoded(run: string): string {
  const bytes = Buffer.from(run, 'latin1')
  return isUtf8(bytes) ? bytes.toString() : run
}
