/** What the members of a request for a response are. */
import type { Shape } from '../json/member-types.ts'

const PART: Shape = {
  of: {
    type: 'text',
    text: 'text',
    refusal: 'text',
    image_url: 'text',
    detail: 'text',
    file_id: 'text',
    file_data: 'text',
  },
}

const ITEM: Shape = {
  of: {
    type: 'text',
    role: 'text',
    content: ['text', { each: PART }],
    call_id: 'text',
    name: 'text',
    summary: { each: { of: { type: 'text', text: 'text' } } },
    encrypted_content: 'text',
  },
}

export const MEMBER_TYPES: Shape = {
  of: {
    instructions: ['text', { each: ITEM }],
    input: ['text', { each: ITEM }],
    tools: {
      each: { of: { type: 'text', name: 'text', description: 'text', parameters: 'object', strict: 'boolean' } },
    },
    tool_choice: ['text', 'object'],
    parallel_tool_calls: 'boolean',
    reasoning: { of: { effort: 'text', summary: 'text' } },
    text: {
      of: { verbosity: 'text', format: { of: { type: 'text', name: 'text', schema: 'object', strict: 'boolean' } } },
    },
    include: { each: 'text' },
    truncation: 'text',
    metadata: 'object',
    user: 'text',
    safety_identifier: 'text',
    prompt_cache_key: 'text',
    service_tier: 'text',
    max_output_tokens: 'number',
    temperature: 'number',
    top_p: 'number',
    top_k: 'number',
    top_logprobs: 'number',
    frequency_penalty: 'number',
    presence_penalty: 'number',
    seed: 'number',
    stop: ['text', { each: 'text' }],
  },
}
