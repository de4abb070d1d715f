import type { Json } from '../../src/core/json.ts'

/** Candidates, lines and configurations of replays. */
export interface Candidate {
  readonly id: string
  readonly cost?: number | null
  readonly success?: number | null
  readonly ttft?: number
  readonly total?: number | null
  readonly output?: number
  readonly effort?: string | null
  readonly dropped?: string | null
}

export const candidate = ({
  id,
  cost = 0.001,
  success = 0.8,
  ttft = 200,
  total = 1000,
  output = 100,
  effort = null,
  dropped = null,
}: Candidate): object => ({
  backend: id.slice(0, id.indexOf('/')),
  model: id.slice(id.indexOf('/') + 1),
  effort,
  dropped: dropped === null ? null : { filter: dropped, why: 'so' },
  expected: {
    input_tokens: 50,
    cached_tokens: 0,
    output_tokens: output,
    reasoning_tokens: 0,
    cost_usd: cost,
    ttft_ms: ttft,
    total_ms: total,
    success,
    success_sd: 0.1,
  },
  terms: { quality: 0, cost: 0, latency: 0, efficiency: 0 },
  utility: 0,
})

export interface LineTraits {
  readonly id?: string
  readonly candidates: readonly Candidate[]
  /** Its place. */
  readonly chosen?: number
  readonly propensity?: number
  readonly outcome?: object
  readonly profile?: object
  readonly line?: object
}

/** A line as the gateway writes it. */
export function line({
  id = 'req-1',
  candidates,
  chosen = 0,
  propensity = 1,
  outcome = {},
  profile = {},
  line: rest = {},
}: LineTraits): string {
  const records = candidates.map(candidate) as { backend: string; model: string; effort: string | null }[]
  const first = records[chosen]
  return JSON.stringify({
    level: 30,
    time: Date.UTC(2026, 0, 5, 12),
    msg: 'request',
    request_id: id,
    caller: 'anonymous',
    endpoint: 'chat',
    model: 'auto',
    stream: true,
    status: 200,
    decision: {
      request_id: id,
      route: 'default',
      strategy: 'balanced',
      profile: {
        class: 'chat',
        difficulty: 0.3,
        language: 'en',
        input_tokens: 50,
        needs: [],
        affinity: null,
        ...profile,
      },
      candidates: records,
      omitted: 0,
      order: candidates.map((one) => one.id),
      chosen: first === undefined ? null : { backend: first.backend, model: first.model, effort: first.effort },
      relaxed: null,
      explored: false,
      propensity,
      outcome: {
        attempts: [],
        tokens: { input: 50, cached_input: 0, output: 100, reasoning: 0 },
        cost_usd: 0.001,
        ttft_ms: 200,
        total_ms: 1000,
        finish: 'stop',
        success: true,
        score: 1,
        why: null,
        wasted: null,
        ...outcome,
      },
    },
    ...rest,
  })
}

/** Backends `x` and `y` with a model each, and what a test adds. */
export const configuration = (more: object = {}): Readonly<Record<string, Json>> => ({
  backends: ['x', 'y'].map((name) => ({
    name,
    kind: 'openai-compatible',
    url: `http://127.0.0.1:9/${name}`,
    models: [name === 'x' ? 'dear' : 'plain'],
  })),
  ...more,
})
