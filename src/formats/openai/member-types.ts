/** What the members of a chat completion are. */
import type { Shape } from '../json/member-types.ts'

const FUNCTION: Shape = { of: { name: 'text', description: 'text', parameters: 'object', strict: 'boolean' } }

const PART: Shape = {
  of: {
    type: 'text',
    text: 'text',
    refusal: 'text',
    image_url: ['text', { of: { url: 'text', detail: 'text' } }],
    input_audio: { of: { data: 'text', format: 'text' } },
    file: 'object',
  },
}

const MESSAGE: Shape = {
  of: {
    role: 'text',
    content: ['text', { each: PART }],
    name: 'text',
    refusal: 'text',
    tool_call_id: 'text',
    tool_calls: {
      each: { of: { id: 'text', type: 'text', function: { of: { name: 'text' } } } },
    },
  },
}

export const MEMBER_TYPES: Shape = {
  of: {
    messages: { each: MESSAGE },
    tools: { each: { of: { type: 'text', function: FUNCTION } } },
    functions: { each: FUNCTION },
    tool_choice: ['text', 'object'],
    parallel_tool_calls: 'boolean',
    response_format: {
      of: { type: 'text', json_schema: { of: { name: 'text', schema: 'object', strict: 'boolean' } } },
    },
    stop: ['text', { each: 'text' }],
    reasoning_effort: 'text',
    verbosity: 'text',
    user: 'text',
    safety_identifier: 'text',
    prompt_cache_key: 'text',
    service_tier: 'text',
    metadata: 'object',
    n: 'number',
    temperature: 'number',
    top_p: 'number',
    top_k: 'number',
    max_tokens: 'number',
    max_completion_tokens: 'number',
    frequency_penalty: 'number',
    presence_penalty: 'number',
    seed: 'number',
    // A number of alternatives in the completions of old.
    logprobs: ['boolean', 'number'],
    top_logprobs: 'number',
  },
}
