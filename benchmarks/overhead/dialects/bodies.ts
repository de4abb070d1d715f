/** A talk as the callers of each dialect write it. */
import type { FormatName } from '../../../src/core/format-names.ts'
import type { Talk, Tool, Turn } from './talk.ts'

const MAX_TOKENS = 1_000

interface Spoken {
  readonly path: string
  readonly body: object
}

type Write = (talk: Talk, model: string, stream: boolean) => Spoken

const schemaOf = ({ name, description, schema }: Tool): object => ({ name, description, parameters: schema })
const given = (tools: readonly object[]): object => (tools.length === 0 ? {} : { tools })

function chatMessage(turn: Turn): object {
  if (turn.kind === 'user') return { role: 'user', content: turn.text }
  if (turn.kind === 'result') return { role: 'tool', tool_call_id: turn.id, content: turn.text }
  const { id, name, input } = turn
  const call = { id, type: 'function', function: { name, arguments: JSON.stringify(input) } }
  return { role: 'assistant', content: null, tool_calls: [call] }
}

const chat: Write = ({ system, tools, turns }, model, stream) => ({
  path: '/v1/chat/completions',
  body: {
    model,
    stream,
    max_tokens: MAX_TOKENS,
    messages: [{ role: 'system', content: system }, ...turns.map(chatMessage)],
    ...given(tools.map((tool) => ({ type: 'function', function: schemaOf(tool) }))),
  },
})

function responsesItem(turn: Turn): object {
  if (turn.kind === 'user') return { type: 'message', role: 'user', content: [{ type: 'input_text', text: turn.text }] }
  if (turn.kind === 'result') return { type: 'function_call_output', call_id: turn.id, output: turn.text }
  return { type: 'function_call', call_id: turn.id, name: turn.name, arguments: JSON.stringify(turn.input) }
}

const responses: Write = ({ system, tools, turns }, model, stream) => ({
  path: '/v1/responses',
  body: {
    model,
    stream,
    store: false,
    max_output_tokens: MAX_TOKENS,
    instructions: system,
    input: turns.map(responsesItem),
    ...given(tools.map((tool) => ({ type: 'function', ...schemaOf(tool), strict: false }))),
  },
})

function message(turn: Turn): object {
  if (turn.kind === 'user') return { role: 'user', content: [{ type: 'text', text: turn.text }] }
  if (turn.kind === 'result')
    return { role: 'user', content: [{ type: 'tool_result', tool_use_id: turn.id, content: turn.text }] }
  const { id, name, input } = turn
  return { role: 'assistant', content: [{ type: 'tool_use', id, name, input }] }
}

const messages: Write = ({ system, tools, turns }, model, stream) => ({
  path: '/v1/messages',
  body: {
    model,
    stream,
    max_tokens: MAX_TOKENS,
    system: [{ type: 'text', text: system }],
    messages: turns.map(message),
    ...given(tools.map(({ name, description, schema }) => ({ name, description, input_schema: schema }))),
  },
})

function content(turn: Turn): object {
  if (turn.kind === 'user') return { role: 'user', parts: [{ text: turn.text }] }
  const { id, name } = turn
  if (turn.kind === 'call') return { role: 'model', parts: [{ functionCall: { id, name, args: turn.input } }] }
  return { role: 'user', parts: [{ functionResponse: { id, name, response: { output: turn.text } } }] }
}

const gemini: Write = ({ system, tools, turns }, model, stream) => ({
  path: `/v1beta/models/${model}:${stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
  body: {
    systemInstruction: { parts: [{ text: system }] },
    contents: turns.map(content),
    ...(tools.length === 0 ? {} : { tools: [{ functionDeclarations: tools.map(declared) }] }),
    generationConfig: { maxOutputTokens: MAX_TOKENS },
  },
})

const declared = ({ name, description, schema }: Tool): object => ({ name, description, parametersJsonSchema: schema })

function ollamaMessage(turn: Turn): object {
  if (turn.kind === 'user') return { role: 'user', content: turn.text }
  if (turn.kind === 'result') return { role: 'tool', tool_name: turn.name, content: turn.text }
  return { role: 'assistant', content: '', tool_calls: [{ function: { name: turn.name, arguments: turn.input } }] }
}

const ollama: Write = ({ system, tools, turns }, model, stream) => ({
  path: '/api/chat',
  body: {
    model,
    stream,
    messages: [{ role: 'system', content: system }, ...turns.map(ollamaMessage)],
    ...given(tools.map((tool) => ({ type: 'function', function: schemaOf(tool) }))),
    options: { num_predict: MAX_TOKENS },
  },
})

export const WRITE: Readonly<Record<FormatName, Write>> = {
  'openai-chat': chat,
  'openai-responses': responses,
  'anthropic-messages': messages,
  gemini,
  ollama,
}

/** In which dialect a path is asked. */
export function dialectAt(path: string): FormatName | null {
  if (path.endsWith('/chat/completions')) return 'openai-chat'
  if (path.endsWith('/responses')) return 'openai-responses'
  if (path.endsWith('/messages')) return 'anthropic-messages'
  if (/:(stream)?generateContent(\?|$)/i.test(path)) return 'gemini'
  return path.endsWith('/api/chat') ? 'ollama' : null
}
