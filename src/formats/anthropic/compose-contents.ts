/** A request of another wire format in Anthropic's form. Pure. */
import { isObject } from '../../core/is-object.ts'
import type { JsonObject } from '../../core/json.ts'
import type { AnswerWish, Contents, Tool } from '../../core/prompt.ts'
import type { Deployment, GatewayRequest } from '../../core/types.ts'
import type { Composing } from '../format.ts'
import { FREE_SCHEMA, freeDescription } from '../free-tools.ts'
import { withMarks } from './cache-breaks.ts'
import { type BlockWays, type Lose, marked } from './compose-blocks.ts'
import { answerLimit, loweredTo } from './compose-limit.ts'
import { conversationOf } from './compose-messages.ts'
import { samplingOf } from './compose-sampling.ts'
import { thinkingOf, wantedBudget } from './compose-thinking.ts'

/** Instructions in the middle of a conversation were refused: an adaptation, by name. */
export const NO_SYSTEM_TURNS = 'system turns:user'

/** What cannot be said is added to `how.lossy`. */
export function written(request: GatewayRequest, deployment: Deployment, how: Composing): JsonObject {
  const contents = request.prompt.contents()
  const lose: Lose = (name) => {
    if (!how.lossy.includes(name)) how.lossy.push(name)
  }
  loseUnsaid(contents, lose)
  const maker = how.place.maker === true
  const ways: BlockWays = { maker, systemTurns: maker && !how.changes.includes(NO_SYSTEM_TURNS), lose }
  const plain = {
    ...conversationOf(contents.messages, ways),
    tools: contents.tools.map((tool) => toolOf(tool, ways)),
  }
  const automatic = maker && deployment.backend.promptCaching
  const { system, tools, messages } = withMarks(plain, automatic, () => lose('cache marks'))
  const maxTokens = loweredTo(how, wantedBudget(contents, deployment, how))
  const limit = answerLimit(contents.sampling.maxOutput, deployment, { ...how, maxTokens })
  const thinking = thinkingOf(contents, deployment, how, limit, lose)
  return {
    model: deployment.model,
    max_tokens: limit,
    ...(request.stream ? { stream: true } : {}),
    ...(system.length === 0 ? {} : { system }),
    messages: messages.map(({ role, content }) => ({ role, content })),
    ...(tools.length === 0 ? {} : { tools, ...toolChoiceOf(contents) }),
    ...stopsOf(contents.stop),
    ...samplingOf(contents.sampling, thinking['thinking'], how, lose),
    ...withForm(thinking, contents.answer, lose),
    ...(contents.user === null ? {} : { metadata: { user_id: contents.user } }),
    ...(maker ? tierOf(contents.serviceTier, lose) : {}),
  }
}

function loseUnsaid({ unsaid, verbosity, logprobs, metadata, cacheKey }: Contents, lose: Lose): void {
  unsaid.forEach(lose)
  // What is marked is kept for whoever begins with the same.
  if (cacheKey !== null) lose('prompt_cache_key')
  if (verbosity !== null) lose('verbosity')
  if (logprobs !== null) lose('logprobs')
  if (metadata !== null) lose('metadata')
}

const NO_SCHEMA: JsonObject = { type: 'object', properties: {} }

function toolOf(tool: Tool, ways: BlockWays): JsonObject {
  const { name, description, schema, strict, free, cache } = tool
  // The model is told of the form, and not held to it.
  if (free !== null && free.form !== null) ways.lose('free tools')
  const about = free === null ? description : freeDescription(description, free.form)
  return {
    name,
    ...(about === null ? {} : { description: about }),
    input_schema: free === null ? (schema ?? NO_SCHEMA) : FREE_SCHEMA,
    ...(strict === true ? { strict } : {}),
    ...marked(cache, ways),
  }
}

const CHOICES = { auto: 'auto', none: 'none', required: 'any' } as const

function toolChoiceOf({ toolChoice, parallelCalls }: Contents): JsonObject {
  if (toolChoice === null && parallelCalls !== false) return {}
  const choice = toolChoice ?? 'auto'
  const type: JsonObject = typeof choice === 'string' ? { type: CHOICES[choice] } : { type: 'tool', name: choice.name }
  const single = parallelCalls === false && choice !== 'none' ? { disable_parallel_tool_use: true } : {}
  return { tool_choice: { ...type, ...single } }
}

/** Sequences of blanks alone are refused; an answer is cut at them when it is translated. */
function stopsOf(stop: readonly string[]): JsonObject {
  const taken = stop.filter((one) => one.trim() !== '')
  return taken.length === 0 ? {} : { stop_sequences: taken }
}

/** The form of the answer stands beside the effort. */
function withForm(thinking: JsonObject, answer: AnswerWish | null, lose: Lose): JsonObject {
  if (answer === null || answer.form === 'text') return thinking
  if (answer.form !== 'json_schema' || answer.schema === null) {
    lose('answer form')
    return thinking
  }
  const { output_config: config } = thinking
  const format = { type: 'json_schema', schema: answer.schema }
  return { ...thinking, output_config: { ...(isObject(config) ? config : {}), format } }
}

/** OpenAI's words. */
const TIERS: Readonly<Record<string, string>> = { auto: 'auto', default: 'standard_only' }

function tierOf(tier: string | null, lose: Lose): JsonObject {
  if (tier === null) return {}
  const own = TIERS[tier]
  if (own === undefined) lose('service_tier')
  return own === undefined ? {} : { service_tier: own }
}
