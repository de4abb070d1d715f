/** A request of a trace as the gateway sees requests: of its text nothing is known but where its beginning is that of others. Pure. */
import type { TextFeatures } from '../core/arm.ts'
import { CHAT } from '../core/endpoints.ts'
import { ANONYMOUS } from '../core/principal.ts'
import type { Strategy } from '../core/strategies.ts'
import type { GatewayRequest, RequestProfile } from '../core/types.ts'
import type { Topics } from '../decision/learn/arms.ts'
import { OpenAIPrompt } from '../formats/openai/prompt.ts'
import { modelName } from './settings.ts'
import type { Asked } from './router.ts'

/** All texts are of one topic. */
export const ONE_TOPIC: Topics = { topics: ['other'], lengths: Float64Array.of(Math.log(1 + 300)) }

const FEATURES: TextFeatures = {
  topics: [0],
  shares: [1],
  vector: [],
  class: 'other',
  difficulty: 0.5,
  demand: 1,
  language: null,
}

const NO_BYTES = Buffer.alloc(0)
const NO_TEXT = new OpenAIPrompt(CHAT, { messages: [] }, NO_BYTES, [])

/** A stream that asks for its model by name; `strategy` null: it is left to the gateway. */
export const requestOf = ({ number, model, at }: Asked, strategy: Strategy | null): GatewayRequest => ({
  id: String(number),
  endpoint: CHAT,
  principal: ANONYMOUS,
  model: modelName(model),
  stream: true,
  prompt: NO_TEXT,
  raw: NO_BYTES,
  headers: {},
  noFallback: false,
  session: null,
  agent: null,
  user: null,
  strategy,
  deadlineMs: null,
  maxCostUsd: null,
  explain: false,
  trace: null,
  startedAt: at * 1000,
})

export const profileOf = ({ request: { input } }: Asked): RequestProfile => ({
  endpoint: CHAT.id,
  generates: true,
  class: 'other',
  difficulty: null,
  language: null,
  inputTokens: input,
  longestTokens: input,
  maxOutput: null,
  effort: null,
  needs: ['chat'],
  native: [],
  affinity: null,
  continues: false,
  features: FEATURES,
})
