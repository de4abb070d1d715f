/** What a backend that speaks the Responses API answers. */
import type { Plan } from './fault-plan.ts'

export const USAGE = {
  input_tokens: 11,
  input_tokens_details: { cached_tokens: 3, cache_write_tokens: 0 },
  output_tokens: 4,
  output_tokens_details: { reasoning_tokens: 2 },
  total_tokens: 15,
}

export const textItem = (text: string): object => ({
  type: 'message',
  id: 'msg_1',
  status: 'completed',
  role: 'assistant',
  content: [{ type: 'output_text', text, annotations: [], logprobs: [] }],
})

export const thoughtItem = (sealed: string): object => ({
  type: 'reasoning',
  id: 'rs_1',
  summary: [{ type: 'summary_text', text: 'I see.' }],
  encrypted_content: sealed,
})

export const responseOf = (output: readonly object[], more: object = {}): object => ({
  id: 'resp_1',
  object: 'response',
  created_at: 1_700_000_000,
  status: 'completed',
  model: 'gpt-9-2026',
  output,
  usage: USAGE,
  ...more,
})

/** A stream that tells these words, with an end of its own where one is given. */
export function streamPlan(words: readonly string[], end?: object): Plan {
  const at = { item_id: 'msg_1', output_index: 0 }
  const part = (text: string): object => ({ type: 'output_text', text, annotations: [], logprobs: [] })
  const begun = responseOf([], { status: 'in_progress', usage: null })
  const text = words.join('')
  const events: readonly (readonly [type: string, fields: object])[] = [
    ['response.created', { response: begun }],
    ['response.in_progress', { response: begun }],
    ['response.output_item.added', { output_index: 0, item: { ...textItem(''), status: 'in_progress', content: [] } }],
    ['response.content_part.added', { ...at, content_index: 0, part: part('') }],
    ...words.map((delta) => ['response.output_text.delta', { ...at, content_index: 0, delta, logprobs: [] }] as const),
    ...(end === undefined
      ? ([
          ['response.output_text.done', { ...at, content_index: 0, text, logprobs: [] }],
          ['response.content_part.done', { ...at, content_index: 0, part: part(text) }],
          ['response.output_item.done', { output_index: 0, item: textItem(text) }],
          ['response.completed', { response: responseOf([textItem(text)]) }],
        ] as const)
      : ([[`response.${'status' in end ? String(end.status) : 'failed'}`, { response: end }]] as const)),
  ]
  return {
    done: false,
    events: events.map(([type, fields], number) => JSON.stringify({ type, sequence_number: number, ...fields })),
  }
}
