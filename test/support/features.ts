import { NO_PREFIX } from '../../src/core/prefix.ts'
import { loadOf } from '../../src/core/load.ts'
import { NO_TOKENS } from '../../src/core/no-tokens.ts'
import { CHAT } from '../../src/core/endpoints.ts'
import type { RequestProfile } from '../../src/core/types.ts'
import type { TextFeatures } from '../../src/core/arm.ts'
import type { Topics } from '../../src/decision/learn/arms.ts'
import type { Observation } from '../../src/decision/learn/model-stats.ts'
import { deployment } from './factories.ts'

/** Three topics, small enough to work out by hand what the estimators should say. */
export const THREE: Topics = {
  topics: ['chat', 'code', 'math'],
  lengths: Float64Array.of(Math.log(101), Math.log(401), Math.log(201)),
}

/** A text wholly of topic 0 without features, unless told otherwise. */
export function features({
  topics = [0],
  shares = [1],
  vector = [0, 0],
  ...rest
}: Partial<TextFeatures> = {}): TextFeatures {
  return {
    topics,
    shares,
    vector,
    class: 'chat',
    step: null,
    difficulty: 0.3,
    demand: 1,
    language: 'en',
    ...rest,
  }
}

export function profile(traits: Partial<RequestProfile> = {}): RequestProfile {
  return {
    endpoint: CHAT.id,
    generates: traits.features !== null,
    class: 'chat',
    step: null,
    difficulty: 0.3,
    language: 'en',
    inputTokens: 100,
    longestTokens: 100,
    maxOutput: null,
    effort: null,
    needs: ['chat'],
    native: [],
    affinity: null,
    continues: false,
    features: features(),
    prefix: NO_PREFIX,
    ...traits,
  }
}

/** A good streamed answer, each field to be overridden. */
export function lesson(traits: Partial<Observation> = {}): Observation {
  return {
    requestId: 'req-1',
    caller: 'anybody',
    profile: profile(),
    target: deployment('up/m').targets[0]!,
    load: loadOf(0),
    place: null,
    usage: { ...NO_TOKENS, input: 100, cachedInput: 0, output: 50, reasoning: 0 },
    valid: true,
    cut: false,
    ttftMs: 500,
    streamMs: 1000,
    totalMs: null,
    before: 0,
    ...traits,
  }
}

/** One of the standard normal distribution (Box-Muller). */
export const normal = (random: () => number): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
