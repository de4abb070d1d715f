/** What requests need and what they are about: the words that configurations, profiles and records share. */

export const CAPABILITIES = [
  'tools',
  'vision',
  'audio',
  'json_schema',
  'json_object',
  'logprobs',
  'logit_bias',
  'n',
  'reasoning',
  'embeddings',
  'rerank',
  'chat',
  'prefill',
] as const
export type Capability = (typeof CAPABILITIES)[number]

/** How hard a model that can think is asked to; `none` switches thinking off. */
export const EFFORTS = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'] as const
export type Effort = (typeof EFFORTS)[number]

const BEST = EFFORTS.indexOf('high')

/**
 * Of those that a model has, the one nearest to `wanted`: to think a little is not the same as not to think, and of two that are
 * equally near it is the one nearer to `high`, at which models are at their best. Null: it has none.
 */
export function nearestEffort(wanted: Effort, has: readonly Effort[]): Effort | null {
  if (has.includes(wanted)) return wanted
  const place = EFFORTS.indexOf(wanted)
  let nearest: Effort | null = null
  let distance = Infinity
  for (const one of has) {
    const at = EFFORTS.indexOf(one)
    const off = (one === 'none' ? EFFORTS.length : Math.abs(at - place)) + Math.abs(at - BEST) / 100
    if (off < distance) [nearest, distance] = [one, off]
  }
  return nearest
}

/** What a request is about, as far as its text and its fields tell. */
export const TASK_CLASSES = [
  'chat',
  'creative',
  'factual',
  'knowledge',
  'commonsense',
  'reading',
  'math',
  'logic',
  'code',
  'agent',
  'extraction',
  'classification',
  'summary',
  'translation',
  'vision',
  'other',
] as const
export type TaskClass = (typeof TASK_CLASSES)[number]

/** What an agent's turn is for, as far as the last turns tell: what is learnt of one says little of another. */
export const AGENT_STEPS = ['planning', 'editing', 'reading', 'summarising', 'calling'] as const
export type AgentStep = (typeof AGENT_STEPS)[number]
