/** Google's words for why an answer ended. Pure. */
import type { Finish } from '../../core/finish.ts'

const FINISHES: Readonly<Record<string, Finish>> = {
  STOP: 'stop',
  MAX_TOKENS: 'length',
  SAFETY: 'content_filter',
  RECITATION: 'content_filter',
  LANGUAGE: 'content_filter',
  BLOCKLIST: 'content_filter',
  PROHIBITED_CONTENT: 'content_filter',
  SPII: 'content_filter',
  MODEL_ARMOR: 'content_filter',
  JAILBREAK: 'content_filter',
  IMAGE_SAFETY: 'content_filter',
  IMAGE_PROHIBITED_CONTENT: 'content_filter',
  IMAGE_RECITATION: 'content_filter',
  MALFORMED_FUNCTION_CALL: 'error',
  MALFORMED_RESPONSE: 'error',
  MISSING_THOUGHT_SIGNATURE: 'error',
  UNEXPECTED_TOOL_CALL: 'error',
  TOO_MANY_TOOL_CALLS: 'error',
  NO_IMAGE: 'error',
  IMAGE_OTHER: 'error',
}

/** `calls`: the answer called functions, which has no word of its own. */
export function finishOf(word: string, calls: boolean): Finish {
  const finish = FINISHES[word] ?? 'unknown'
  return finish === 'stop' && calls ? 'tool_calls' : finish
}

/** Of a prompt that was refused: why it was is another list of words, and each means the same. */
export const BLOCKED: Finish = 'content_filter'

const WORDS: Readonly<Record<Finish, string>> = {
  stop: 'STOP',
  tool_calls: 'STOP',
  function_call: 'STOP',
  length: 'MAX_TOKENS',
  content_filter: 'SAFETY',
  error: 'OTHER',
  unknown: 'OTHER',
}

export const wordOf = (finish: Finish): string => WORDS[finish]
