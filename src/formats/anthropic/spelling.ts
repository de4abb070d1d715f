/** Where the bodies of requests for messages have what a `ContentsPrompt` asks for. */
import type { Spelling } from '../contents-prompt.ts'
import { contentsOf } from './contents.ts'

export const SPELLING: Spelling = {
  format: 'anthropic-messages',
  member: 'messages',
  contentsOf,
  tools: ['tools'],
  toolSchemas: (prompt) => {
    const json = prompt.bytesOf('tools')
    return json === null ? [] : [{ json, holders: [], schema: 'input_schema' }]
  },
  answerSchema: (prompt) => {
    const json = prompt.bytesOf('output_config') ?? prompt.bytesOf('output_format')
    return json === null ? null : { json, holders: ['format'], schema: 'schema' }
  },
  previousAnswer: () => undefined,
}
