/** Models as Google lists them. Pure. */
import type { Deployment } from '../../core/types.ts'

/** `serving`: what a request with this name may be given to. */
export function modelEntry(name: string, serving: readonly Deployment[]): object {
  const embeds = serving.some(({ facts }) => facts.capabilities.embeddings === true)
  const chats = serving.some(
    ({ facts: { capabilities } }) =>
      capabilities.chat ?? (capabilities.embeddings !== true && capabilities.rerank !== true),
  )
  const contexts = serving.map(({ facts }) => facts.context).filter((context) => context !== null)
  const backends = [...new Set(serving.map(({ backend }) => backend.name))]
  return {
    name: `models/${plainName(name)}`,
    version: '001',
    displayName: plainName(name),
    description: `Served by ${backends.join(', ')}.`,
    // A prompt that is too long for some is given to the others.
    ...(contexts.length === 0 ? {} : { inputTokenLimit: Math.max(...contexts) }),
    supportedGenerationMethods: [...(chats ? CHATS : []), ...(embeds ? EMBEDS : [])],
    ...(serving.some(({ facts }) => facts.capabilities.reasoning === true) ? { thinking: true } : {}),
  }
}

const CHATS = ['generateContent', 'streamGenerateContent', 'countTokens'] as const
const EMBEDS = ['embedContent', 'batchEmbedContents'] as const

const plainName = (name: string): string => name.replace(/^models\//, '')

export const modelList = (entries: readonly object[]): object => ({ models: entries })
