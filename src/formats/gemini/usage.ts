/** Token counts in Google's words: thoughts stand beside the candidates, and are charged as output. Pure. */
import { type Fields, isObject } from '../../core/is-object.ts'
import { NO_TOKENS } from '../../core/no-tokens.ts'
import type { Usage } from '../../core/settlement.ts'

/** More than any request takes: such a count is a fault, and would be in all sums for ever. */
const MOST_TOKENS = 1e10

const count = (value: unknown): number | null =>
  typeof value === 'number' && value >= 0 && value <= MOST_TOKENS ? Math.round(value) : null

const amount = (value: unknown): number => count(value) ?? 0

/** `usageMetadata`; null where it says nothing. */
export function readUsage(value: unknown): Usage | null {
  if (!isObject(value)) return null
  const input = amount(value['promptTokenCount']) + amount(value['toolUsePromptTokenCount'])
  const thoughts = amount(value['thoughtsTokenCount'])
  const total = count(value['totalTokenCount'])
  const said = count(value['candidatesTokenCount']) ?? (total === null ? 0 : Math.max(0, total - input - thoughts))
  if (input + said + thoughts === 0) return null
  return {
    ...NO_TOKENS,
    input,
    cachedInput: amount(value['cachedContentTokenCount']),
    audioInput: ofMedium(value['promptTokensDetails'], 'AUDIO'),
    imageInput: ofMedium(value['promptTokensDetails'], 'IMAGE'),
    output: said + thoughts,
    reasoning: thoughts,
    audioOutput: ofMedium(value['candidatesTokensDetails'], 'AUDIO'),
  }
}

function ofMedium(details: unknown, medium: string): number {
  const list: readonly unknown[] = Array.isArray(details) ? details : []
  return list.reduce<number>(
    (sum, one) => sum + (isObject(one) && one['modality'] === medium ? amount(one['tokenCount']) : 0),
    0,
  )
}

/** `usageMetadata`; `readUsage` of it is the same usage. */
export function writeUsage(usage: Usage): Fields {
  const { input, cachedInput, audioInput, imageInput, output, reasoning, audioOutput } = usage
  const ofPrompt = detailsOf({ AUDIO: audioInput, IMAGE: imageInput })
  const ofAnswer = detailsOf({ AUDIO: audioOutput })
  return {
    promptTokenCount: input,
    ...(cachedInput > 0 ? { cachedContentTokenCount: cachedInput } : {}),
    candidatesTokenCount: Math.max(0, output - reasoning),
    ...(reasoning > 0 ? { thoughtsTokenCount: reasoning } : {}),
    totalTokenCount: input + output,
    ...(ofPrompt.length > 0 ? { promptTokensDetails: ofPrompt } : {}),
    ...(ofAnswer.length > 0 ? { candidatesTokensDetails: ofAnswer } : {}),
  }
}

const detailsOf = (counts: Readonly<Record<string, number>>): object[] =>
  Object.entries(counts).flatMap(([modality, tokenCount]) => (tokenCount > 0 ? [{ modality, tokenCount }] : []))
