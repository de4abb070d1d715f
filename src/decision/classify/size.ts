/** Tokens of a request, estimated. Pure. */
import type { Prompt } from '../../core/prompt.ts'
import { type Conversation, conversationTokens } from './conversation.ts'
import { sizes, tokensIn } from './input-sizes.ts'

export interface Size {
  readonly all: number
  /** See RequestProfile.longestTokens. */
  readonly longest: number
}

/** A tool's schema is mostly short words and marks. */
const SCHEMA_BYTES_PER_TOKEN = 4

export function sizeOf(endpoint: string, prompt: Prompt, conversation: Conversation): Size {
  const [all, longest] = sizes(prompt.inputs, prompt)
  const rest = endpoint === 'rerank' ? tokensIn(prompt.query, prompt) : aroundInputs(endpoint, prompt, conversation)
  return { all: Math.ceil(rest + all), longest: Math.ceil(rest + longest) }
}

/** What is read beside each of the inputs. */
function aroundInputs(endpoint: string, prompt: Prompt, conversation: Conversation): number {
  const tokens = conversationTokens(conversation)
  const tools = endpoint !== 'embeddings' && prompt.hasTools
  return tools ? tokens + prompt.toolBytes / SCHEMA_BYTES_PER_TOKEN : tokens
}
