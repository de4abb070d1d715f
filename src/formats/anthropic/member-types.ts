/** What the members of a request for a message are. */
import type { Shape } from '../json/member-types.ts'

const SOURCE = {
  of: { type: 'text', media_type: 'text', data: 'text', url: 'text', file_id: 'text' },
} as const

const PLAIN: Readonly<Record<string, Shape>> = {
  type: 'text',
  text: 'text',
  cache_control: 'object',
  title: 'text',
  id: 'text',
  name: 'text',
  thinking: 'text',
  signature: 'text',
  tool_use_id: 'text',
  is_error: 'boolean',
}

// The source of a search result is a text.
const RESULT: Shape = { of: { ...PLAIN, source: ['text', SOURCE] } }
const BLOCK: Shape = {
  of: {
    ...PLAIN,
    source: ['text', SOURCE],
    input: ['object', 'text'],
    content: ['text', 'object', { each: RESULT }],
  },
}

export const MEMBER_TYPES: Shape = {
  of: {
    system: ['text', { each: { of: { type: 'text', text: 'text', cache_control: 'object' } } }],
    messages: { each: { of: { role: 'text', content: ['text', { each: BLOCK }] } } },
    tools: { each: { of: { type: 'text', name: 'text', description: 'text', input_schema: 'object' } } },
    tool_choice: { of: { type: 'text', name: 'text', disable_parallel_tool_use: 'boolean' } },
    thinking: { of: { type: 'text', budget_tokens: 'number' } },
    output_config: { of: { effort: 'text', format: { of: { type: 'text', schema: 'object' } } } },
    stop_sequences: { each: 'text' },
    metadata: 'object',
    service_tier: 'text',
    max_tokens: 'number',
    temperature: 'number',
    top_p: 'number',
    top_k: 'number',
  },
}
