/** What `generationConfig` says of the answer, in neutral words. Pure. */
import { isObject } from '../../core/is-object.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import type { AnswerWish, Sampling, Thinking } from '../../core/prompt.ts'
import { listOf, member, namesIn, numberOf, textOf } from './member.ts'
import type { Lose } from './messages.ts'
import { jsonSchemaOf } from './schema.ts'

const SAID: ReadonlySet<string> = new Set([
  ...['temperature', 'topP', 'topK', 'candidateCount', 'maxOutputTokens', 'stopSequences', 'seed', 'presencePenalty'],
  ...['frequencyPenalty', 'responseLogprobs', 'logprobs', 'responseMimeType', 'responseSchema', 'responseJsonSchema'],
  ...['responseModalities', 'thinkingConfig'],
])

export interface Config {
  readonly sampling: Sampling
  readonly stop: readonly string[]
  readonly answer: AnswerWish | null
  readonly logprobs: number | null
  readonly thinking: Thinking | null
  /** What only a backend that speaks this format can answer with. */
  readonly native: readonly string[]
}

export function configOf(told: Json | undefined, lose: Lose): Config {
  const config = isObject(told) ? told : {}
  for (const name of namesIn(config)) if (!SAID.has(name)) lose(`generationConfig.${name}`)
  const number = (name: string): number | null => numberOf(member(config, name))
  const media = listOf(member(config, 'responseModalities')).filter((one) => textOf(one)?.toUpperCase() !== 'TEXT')
  return {
    sampling: {
      maxOutput: number('maxOutputTokens'),
      choices: number('candidateCount'),
      temperature: number('temperature'),
      topP: number('topP'),
      topK: number('topK'),
      frequencyPenalty: number('frequencyPenalty'),
      presencePenalty: number('presencePenalty'),
      seed: number('seed'),
    },
    stop: listOf(member(config, 'stopSequences')).filter((one) => typeof one === 'string'),
    answer: answerOf(config),
    logprobs: member(config, 'responseLogprobs') === true ? (number('logprobs') ?? 0) : null,
    thinking: thinkingOf(member(config, 'thinkingConfig'), lose),
    native: media.length === 0 ? [] : ['generationConfig.responseModalities'],
  }
}

function answerOf(config: JsonObject): AnswerWish | null {
  const type = textOf(member(config, 'responseMimeType'))
  const plain = member(config, 'responseSchema') ?? null
  const schema = member(config, 'responseJsonSchema') ?? (plain === null ? null : jsonSchemaOf(plain))
  const form = formOf(type, schema !== null)
  return form === null ? null : { form, schema, name: null, description: null, strict: null }
}

function formOf(type: string | null, hasSchema: boolean): AnswerWish['form'] | null {
  if (type === null) return hasSchema ? 'json_schema' : null
  if (type === 'text/plain') return 'text'
  if (type === 'application/json') return hasSchema ? 'json_schema' : 'json_object'
  return 'other'
}

/** Without bounds: the model decides. */
const ANY_BUDGET = -1

function thinkingOf(told: Json | undefined, lose: Lose): Thinking | null {
  if (!isObject(told)) return null
  for (const name of namesIn(told)) if (!THINKING_SAID.has(name)) lose(`thinkingConfig.${name}`)
  const shown = member(told, 'includeThoughts')
  const level = textOf(member(told, 'thinkingLevel'))?.toLowerCase() ?? null
  const budget = numberOf(member(told, 'thinkingBudget'))
  const effort = budget === ANY_BUDGET ? 'adaptive' : budget === 0 ? 'none' : null
  return {
    effort: level ?? effort,
    budget: budget === null || budget < 0 ? null : budget,
    shown: shown === true ? 'summary' : shown === false ? 'hidden' : null,
  }
}

const THINKING_SAID: ReadonlySet<string> = new Set(['includeThoughts', 'thinkingBudget', 'thinkingLevel'])
