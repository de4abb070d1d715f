/** What the members of a request for content are, in both spellings. A list of one may be the one; a number may be written as a text. */
import type { Shape } from '../json/member-types.ts'
import { bothSpellings } from './member.ts'

const NUMBER: Shape = ['number', 'text']
const of = (members: Readonly<Record<string, Shape>>) => ({ of: bothSpellings(members) })

const MEDIUM: Shape = of({ mimeType: 'text', data: 'text', fileUri: 'text' })
const PART = of({
  text: 'text',
  thought: 'boolean',
  thoughtSignature: 'text',
  inlineData: MEDIUM,
  fileData: MEDIUM,
  functionCall: of({ id: 'text', name: 'text', args: 'object' }),
  functionResponse: of({ id: 'text', name: 'text', response: 'object' }),
})
const PARTS: Shape = [PART, { each: PART }]
const CONTENT = of({ role: 'text', parts: PARTS })
const TOOL = of({
  functionDeclarations: { each: of({ name: 'text', description: 'text', parameters: 'object' }) },
})

export const MEMBER_TYPES: Shape = of({
  systemInstruction: ['text', { each: ['text', PART] }, of({ parts: PARTS })],
  contents: ['text', CONTENT, { each: ['text', CONTENT] }],
  tools: [TOOL, { each: TOOL }],
  toolConfig: of({ functionCallingConfig: of({ mode: 'text', allowedFunctionNames: { each: 'text' } }) }),
  generationConfig: of({
    maxOutputTokens: NUMBER,
    candidateCount: NUMBER,
    temperature: NUMBER,
    topP: NUMBER,
    topK: NUMBER,
    frequencyPenalty: NUMBER,
    presencePenalty: NUMBER,
    seed: NUMBER,
    stopSequences: { each: 'text' },
    responseMimeType: 'text',
    responseSchema: 'object',
    thinkingConfig: of({ includeThoughts: 'boolean', thinkingBudget: NUMBER, thinkingLevel: 'text' }),
  }),
})
