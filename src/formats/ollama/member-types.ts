/** What the members of a request in Ollama's form are. */
import type { Shape } from '../json/member-types.ts'

const CALL: Shape = { of: { id: 'text', function: { of: { name: 'text', arguments: ['object', 'text'] } } } }

export const MEMBER_TYPES: Shape = {
  of: {
    messages: {
      each: {
        of: { role: 'text', content: 'text', thinking: 'text', tool_name: 'text', tool_calls: { each: CALL } },
      },
    },
    tools: {
      each: {
        of: { type: 'text', function: { of: { name: 'text', description: 'text', parameters: 'object' } } },
      },
    },
    keep_alive: ['text', 'number'],
    options: {
      of: {
        num_ctx: 'number',
        num_predict: 'number',
        temperature: 'number',
        top_p: 'number',
        top_k: 'number',
        min_p: 'number',
        seed: 'number',
        presence_penalty: 'number',
        frequency_penalty: 'number',
        stop: ['text', { each: 'text' }],
      },
    },
  },
}
