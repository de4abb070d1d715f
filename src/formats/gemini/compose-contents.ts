/** A request of another wire format in Google's form. Pure. */
import type { Effort } from '../../core/capabilities.ts'
import type { JsonObject } from '../../core/json.ts'
import type { AnswerWish, Contents, Embedding, Tool } from '../../core/prompt.ts'
import type { EffortRule } from '../../core/provider.ts'
import { FREE_TEXT, type TurnsAsked, turnsOf } from './compose-turns.ts'
import { thinkingConfigOf } from './thinking-config.ts'

export interface ContentsAsked extends TurnsAsked {
  /** For who has no word of its own. */
  readonly effort: Effort | null
  /** Tokens that an answer may have; null: no limit. */
  readonly maxOutput: number | null
  /** How the model is told how hard to think; null: it is not. */
  readonly rule: EffortRule | null
  /** Tokens of thought, where the caller set none; null: as the effort says. */
  readonly thought: number | null
}

/** What cannot be said is named by `asked.lose`. */
export function bodyOf(contents: Contents, asked: ContentsAsked): JsonObject {
  const { tools, toolChoice, serviceTier } = contents
  const { lose } = asked
  contents.unsaid.forEach(lose)
  if (contents.parallelCalls === false) lose('parallel calls')
  if (contents.verbosity !== null) lose('verbosity')
  if (contents.user !== null) lose('user')
  if (contents.metadata !== null) lose('metadata')
  if (contents.cacheKey !== null) lose('prompt_cache_key')
  const { systemInstruction, contents: turns } = turnsOf(contents.messages, asked)
  const config = configOf(contents, asked)
  return {
    contents: turns,
    ...optional('systemInstruction', systemInstruction),
    ...(tools.length === 0 ? {} : { tools: [{ functionDeclarations: tools.map((tool) => declared(tool, lose)) }] }),
    ...optional('toolConfig', tools.length === 0 ? null : toolConfigOf(toolChoice)),
    ...(Object.keys(config).length === 0 ? {} : { generationConfig: config }),
    ...optional('serviceTier', tierOf(serviceTier, lose)),
  }
}

const optional = <T>(name: string, value: T | null): Readonly<Record<string, T>> =>
  value === null ? {} : { [name]: value }

function declared({ name, description, schema, strict, free, cache }: Tool, lose: (name: string) => void): JsonObject {
  if (cache !== null) lose('cache marks')
  if (strict === true) lose('tool strict')
  if (free !== null && free.form !== null) lose('free tools')
  const takes = free === null ? schema : TAKES_TEXT
  return { name, ...optional('description', description), ...optional('parametersJsonSchema', takes) }
}

const TAKES_TEXT: JsonObject = {
  type: 'object',
  properties: { [FREE_TEXT]: { type: 'string' } },
  required: [FREE_TEXT],
}

function toolConfigOf(choice: Contents['toolChoice']): JsonObject | null {
  if (choice === null) return null
  const config =
    typeof choice === 'string' ? { mode: MODES[choice] } : { mode: MODES.required, allowedFunctionNames: [choice.name] }
  return { functionCallingConfig: config }
}

const MODES = { auto: 'AUTO', none: 'NONE', required: 'ANY' } as const

/** As many as Google takes; an answer is cut at the others when it is translated. */
const MOST_STOPS = 5

function configOf(
  { sampling, stop, answer, logprobs, thinking }: Contents,
  { lose, effort, rule, thought, maxOutput }: ContentsAsked,
): JsonObject {
  return {
    ...optional('temperature', sampling.temperature),
    ...optional('topP', sampling.topP),
    ...optional('topK', sampling.topK),
    ...optional('candidateCount', sampling.choices),
    ...optional('maxOutputTokens', maxOutput),
    ...(stop.length === 0 ? {} : { stopSequences: stop.slice(0, MOST_STOPS) }),
    ...optional('seed', sampling.seed),
    ...optional('presencePenalty', sampling.presencePenalty),
    ...optional('frequencyPenalty', sampling.frequencyPenalty),
    ...(logprobs === null ? {} : { responseLogprobs: true, ...(logprobs > 0 ? { logprobs } : {}) }),
    ...formOf(answer, lose),
    ...optional('thinkingConfig', thinkingConfigOf(thinking, effort, rule, lose, thought)),
  }
}

function formOf(answer: AnswerWish | null, lose: (name: string) => void): JsonObject {
  switch (answer?.form) {
    case 'json_object':
      return { responseMimeType: 'application/json' }
    case 'json_schema':
      return { responseMimeType: 'application/json', ...optional('responseJsonSchema', answer.schema) }
    case 'other':
      lose('answer form')
      return {}
    default:
      return {}
  }
}

const TIERS: Readonly<Record<string, string>> = {
  default: 'standard',
  standard: 'standard',
  flex: 'flex',
  priority: 'priority',
}

function tierOf(tier: string | null, lose: (name: string) => void): string | null {
  if (tier === null || tier === 'auto') return null
  const told = TIERS[tier]
  if (told === undefined) lose('service_tier')
  return told ?? null
}

/** A batch, of one too. */
export function embeddingBody({ inputs, dimensions }: Embedding, model: string): JsonObject {
  const requests = inputs.map((text) => ({
    model: resourceOf(model),
    content: { parts: [{ text }] },
    ...optional('outputDimensionality', dimensions),
  }))
  return { requests }
}

/** A model as the resource that bodies name. */
export const resourceOf = (model: string): string => (/^(models|tunedModels)\//.test(model) ? model : `models/${model}`)
