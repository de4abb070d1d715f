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
export const EFFORTS = ['none', 'low', 'medium', 'high'] as const
export type Effort = (typeof EFFORTS)[number]

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
