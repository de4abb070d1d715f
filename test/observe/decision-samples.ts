import type { CandidateRecord } from '../../src/core/record.ts'
import type { ShownDecision, ShownCandidate } from '../../src/observe/explain/shape.ts'

const UNKNOWN = {
  expected: {
    input_tokens: null,
    cached_tokens: null,
    output_tokens: null,
    reasoning_tokens: null,
    cost_usd: null,
    ttft_ms: null,
    total_ms: null,
    success: null,
  },
  terms: { quality: null, cost: null, latency: null, efficiency: null },
  utility: null,
}

/** `id` is `backend/model`; what is not given is unknown. */
export function candidate(
  id: string,
  traits: {
    readonly effort?: string
    readonly dropped?: CandidateRecord['dropped']
    readonly expected?: Partial<ShownCandidate['expected']>
    readonly terms?: Partial<CandidateRecord['terms']>
    readonly utility?: number
    readonly score_why?: unknown
  } = {},
): ShownCandidate {
  const slash = id.indexOf('/')
  return {
    backend: id.slice(0, slash),
    model: id.slice(slash + 1),
    effort: traits.effort ?? null,
    dropped: traits.dropped ?? null,
    expected: { ...UNKNOWN.expected, ...traits.expected },
    terms: { ...UNKNOWN.terms, ...traits.terms },
    utility: traits.utility ?? null,
    ...(traits.score_why === undefined ? {} : { score_why: traits.score_why }),
  }
}

export function decision(traits: Partial<ShownDecision> = {}): ShownDecision {
  return {
    request_id: 'req-1',
    route: 'default',
    strategy: 'balanced',
    profile: { class: 'code', difficulty: 0.62, input_tokens: 1234, needs: ['chat', 'tools'], affinity: null },
    candidates: [],
    order: [],
    relaxed: null,
    ...traits,
  }
}

/** Three that can, one of them with two efforts, and two that cannot. */
export const FULL: ShownDecision = decision({
  candidates: [
    candidate('openai/gpt-5-mini', {
      effort: 'low',
      expected: {
        input_tokens: 1301,
        cached_tokens: 1024,
        output_tokens: 412.4,
        reasoning_tokens: 96,
        cost_usd: 0.00118,
        ttft_ms: 640,
        total_ms: 6120,
        success: 0.861,
        success_sd: 0.031,
      },
      terms: { quality: 0.31, cost: -0.42, latency: -0.1, efficiency: -0.04 },
      utility: -0.25,
    }),
    candidate('openai/gpt-5-mini', {
      effort: 'high',
      expected: {
        input_tokens: 1301,
        cached_tokens: 1024,
        output_tokens: 1890,
        reasoning_tokens: 1560,
        cost_usd: 0.00414,
        ttft_ms: 5200,
        total_ms: 24800,
        success: 0.912,
        success_sd: 0.02,
      },
      terms: { quality: 0.42, cost: -1.05, latency: -0.52, efficiency: -0.2 },
      utility: -1.35,
    }),
    candidate('gpu-a/qwen3-32b', {
      expected: {
        input_tokens: 1288,
        cached_tokens: 0,
        output_tokens: 530,
        reasoning_tokens: 0,
        cost_usd: 0.00031,
        ttft_ms: 210,
        total_ms: 9300,
        success: 0.794,
        success_sd: 0.052,
      },
      terms: { quality: 0.21, cost: 0.2, latency: -0.21, efficiency: -0.02 },
      utility: 0.18,
    }),
    candidate('gpu-a/embedder', { dropped: { filter: 'capability', why: 'has no chat' } }),
    candidate('azure/big', {
      effort: 'low',
      dropped: { filter: 'cost', why: 'would cost 0.31 USD, the limit is 0.05' },
    }),
    candidate('azure/big', {
      effort: 'high',
      dropped: { filter: 'cost', why: 'would cost 0.31 USD, the limit is 0.05' },
    }),
  ],
  order: ['gpu-a/qwen3-32b', 'openai/gpt-5-mini'],
  chosen: { backend: 'gpu-a', model: 'qwen3-32b', effort: null, why: ['best utility'] },
  explored: false,
  propensity: 0.97,
  outcome: {
    attempts: [
      { backend: 'gpu-a', model: 'qwen3-32b', status: 503, error: 'overloaded', ttft_ms: null },
      { backend: 'openai', model: 'gpt-5-mini', status: 200, error: null, ttft_ms: 702.1 },
    ],
    tokens: { input: 1302, cached_input: 1024, output: 388, reasoning: 64 },
    cost_usd: 0.0011,
    ttft_ms: 702.1,
    total_ms: 5901.4,
    finish: 'stop',
    success: true,
  },
})
