/** A request of a trace as the gateway sees requests. Nothing is known of its text but which blocks it shares with others. Pure. */
import type { TextFeatures } from '../core/arm.ts'
import { CHAT } from '../core/endpoints.ts'
import type { Prefix } from '../core/prefix.ts'
import { ANONYMOUS } from '../core/principal.ts'
import type { Strategy } from '../core/strategies.ts'
import type { GatewayRequest, RequestProfile } from '../core/types.ts'
import { addBlock, seed, sum } from '../decision/classify/block-hash.ts'
import type { Topics } from '../decision/learn/arms.ts'
import { formatNamed, FORMATS } from '../formats/formats.ts'
import { questionOf } from '../formats/question.ts'
import { BLOCK_TOKENS, type TraceRequest } from './trace.ts'
import { modelName } from './settings.ts'
import type { Asked } from './router.ts'

/** All texts are of one topic. */
export const ONE_TOPIC: Topics = { topics: ['other'], lengths: Float64Array.of(Math.log(1 + 300)) }

const FEATURES: TextFeatures = {
  topics: [0],
  shares: [1],
  vector: [],
  class: 'other',
  step: null,
  difficulty: 0.5,
  demand: 1,
  language: null,
}

const NO_BYTES = Buffer.alloc(0)
const NO_TEXT = formatNamed(CHAT.format, FORMATS).caller.read(questionOf('auto', ''), CHAT, {
  url: CHAT.path,
  headers: {},
}).prompt

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
  priority: 'normal',
  deadlineMs: null,
  maxCostUsd: null,
  explain: false,
  trace: null,
  startedAt: at * 1000,
})

export const profileOf = ({ request }: Asked): RequestProfile => ({
  endpoint: CHAT.id,
  generates: true,
  class: 'other',
  step: null,
  difficulty: null,
  language: null,
  inputTokens: request.input,
  longestTokens: request.input,
  maxOutput: null,
  effort: null,
  needs: ['chat'],
  native: [],
  affinity: null,
  continues: false,
  features: FEATURES,
  prefix: prefixOf(request),
})

const WORDS = new Int32Array(4)

/** As the shipped classifier makes it of a text: by block, hashes of all up to the end of it. */
function prefixOf({ input, blocks }: TraceRequest): Prefix {
  const hashes = new Int32Array(blocks.length)
  const checks = new Int32Array(blocks.length)
  const ends = new Int32Array(blocks.length)
  seed()
  for (let at = 0; at < blocks.length; at++) {
    WORDS[0] = blocks[at]!
    addBlock(WORDS, 0, WORDS.length)
    hashes[at] = sum.hash
    checks[at] = sum.check
    ends[at] = Math.min((at + 1) * BLOCK_TOKENS, Math.max(1, input))
  }
  return { hashes, checks, ends, size: Math.max(1, input) }
}
