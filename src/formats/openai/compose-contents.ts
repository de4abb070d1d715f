/** A request of another wire format in OpenAI's form. Pure. */
import type { Contents, Message, Part, Sampling, ToolUse } from '../../core/prompt.ts'
import type { GatewayRequest } from '../../core/types.ts'
import { OpenAIPrompt } from './prompt.ts'
import { parseBody } from './request.ts'

/** The same request where it came in this format. */
export function inOpenAIForm(request: GatewayRequest): GatewayRequest {
  if (request.prompt instanceof OpenAIPrompt) return request
  const body = bodyOf(request.prompt.contents())
  const raw = Buffer.from(
    JSON.stringify({ model: request.model, ...(request.stream ? { stream: true } : {}), ...body }),
  )
  return { ...request, raw, prompt: parseBody(raw, request.endpoint).prompt }
}

function bodyOf({ messages, tools, toolChoice, answer, sampling, stop }: Contents): object {
  return {
    messages: messages.map(messageOf),
    ...(tools.length === 0 ? {} : { tools: tools.map(toolOf) }),
    ...(toolChoice === null ? {} : { tool_choice: toolChoiceOf(toolChoice) }),
    ...(answer === null || answer.form === 'other' ? {} : { response_format: formatOf(answer) }),
    ...(stop.length === 0 ? {} : { stop }),
    ...samplingOf(sampling),
  }
}

function messageOf({ role, parts, calls, resultOf }: Message): object {
  return {
    role,
    content: parts.every(({ kind }) => kind === 'text') ? textOf(parts) : parts.map(partOf),
    ...(calls.length === 0 ? {} : { tool_calls: calls.map(callOf) }),
    ...(resultOf === null ? {} : { tool_call_id: resultOf }),
  }
}

/** Null: it says nothing. */
const textOf = (parts: readonly Part[]): string | null =>
  parts.length === 0 ? null : parts.map((part) => (part.kind === 'text' ? part.text : '')).join('\n')

const partOf = (part: Part): object =>
  part.kind === 'text' ? { type: 'text', text: part.text } : { type: 'image_url', image_url: { url: part.url } }

const callOf = ({ id, name, arguments: text }: ToolUse): object => ({
  id,
  type: 'function',
  function: { name, arguments: text },
})

const toolOf = ({ name, description, schema }: Contents['tools'][number]): object => ({
  type: 'function',
  function: {
    name,
    ...(description === null ? {} : { description }),
    ...(schema === null ? {} : { parameters: schema }),
  },
})

const toolChoiceOf = (choice: NonNullable<Contents['toolChoice']>): unknown =>
  typeof choice === 'string' ? choice : { type: 'function', function: { name: choice.name } }

const formatOf = ({ form, schema }: NonNullable<Contents['answer']>): object =>
  form === 'json_schema' ? { type: form, json_schema: { name: 'answer', schema } } : { type: form }

function samplingOf(sampling: Sampling): object {
  const fields = {
    max_tokens: sampling.maxOutput,
    n: sampling.choices,
    temperature: sampling.temperature,
    top_p: sampling.topP,
    top_k: sampling.topK,
    frequency_penalty: sampling.frequencyPenalty,
    presence_penalty: sampling.presencePenalty,
    seed: sampling.seed,
  }
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null))
}
