/** All that a request in OpenAI's form says, in neutral words. Pure. */
import type { AnswerForm, Contents, Message, Part, Role, Sampling, Tool, ToolUse } from '../../core/prompt.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import { isObject } from '../../core/is-object.ts'

/** `raw`: a body that has been read before, so it is JSON. `sampling`: its numbers. */
export function contentsOf(raw: Buffer, sampling: Sampling, form: AnswerForm | null): Contents {
  const body = JSON.parse(raw.toString()) as JsonObject
  const { prompt } = body
  const asked = listOf(body['messages']).flatMap((one) => (isObject(one) ? [messageOf(one)] : []))
  const text = typeof prompt === 'string' ? [said('user', prompt)] : []
  return {
    messages: [...asked, ...text],
    tools: [...listOf(body['tools']), ...listOf(body['functions'])].flatMap(toolOf),
    toolChoice: toolChoiceOf(body['tool_choice']),
    answer: form === null ? null : { form, schema: schemaOf(body['response_format']) },
    sampling,
    stop:
      typeof body['stop'] === 'string' ? [body['stop']] : listOf(body['stop']).filter((one) => typeof one === 'string'),
  }
}

const said = (role: Role, text: string): Message => ({
  role,
  parts: [{ kind: 'text', text }],
  calls: [],
  resultOf: null,
})

function messageOf(message: JsonObject): Message {
  const calls = [...listOf(message['tool_calls']), ...legacyCall(message['function_call'])].flatMap(callOf)
  const result = message['tool_call_id'] ?? (message['role'] === 'function' ? message['name'] : null)
  return {
    role: ROLES.get(message['role']) ?? 'user',
    parts: partsOf(message['content']),
    calls,
    resultOf: typeof result === 'string' ? result : null,
  }
}

const ROLES: ReadonlyMap<Json | undefined, Role> = new Map<Json | undefined, Role>([
  ['system', 'system'],
  ['developer', 'developer'],
  ['assistant', 'assistant'],
  ['tool', 'tool'],
  ['function', 'tool'],
])

function partsOf(content: Json | undefined): Part[] {
  if (typeof content === 'string') return [{ kind: 'text', text: content }]
  return listOf(content).flatMap((part): Part[] => {
    if (typeof part === 'string') return [{ kind: 'text', text: part }]
    if (!isObject(part)) return []
    if (typeof part['text'] === 'string') return [{ kind: 'text', text: part['text'] }]
    const image = part['image_url']
    const url = isObject(image) ? image['url'] : image
    return typeof url === 'string' ? [{ kind: 'image', url }] : []
  })
}

const legacyCall = (call: Json | undefined): Json[] => (isObject(call) ? [{ id: call['name'], function: call }] : [])

function callOf(call: Json): ToolUse[] {
  if (!isObject(call)) return []
  const { id } = call
  const made = call['function'] ?? call['custom']
  if (typeof id !== 'string' || !isObject(made) || typeof made['name'] !== 'string') return []
  const given = made['arguments'] ?? made['input']
  return [{ id, name: made['name'], arguments: typeof given === 'string' ? given : '{}' }]
}

/** Functions of old stand in the list itself. */
function toolOf(tool: Json): Tool[] {
  const made = isObject(tool) ? (tool['function'] ?? tool['custom'] ?? tool) : undefined
  if (!isObject(made) || typeof made['name'] !== 'string') return []
  const { name, description } = made
  return [
    { name, description: typeof description === 'string' ? description : null, schema: made['parameters'] ?? null },
  ]
}

function toolChoiceOf(choice: Json | undefined): Contents['toolChoice'] {
  if (choice === 'auto' || choice === 'none' || choice === 'required') return choice
  if (choice === 'any') return 'required'
  const named = isObject(choice) ? (choice['function'] ?? choice['custom']) : undefined
  return isObject(named) && typeof named['name'] === 'string' ? { name: named['name'] } : null
}

function schemaOf(format: Json | undefined): Json | null {
  if (!isObject(format)) return null
  const named = format['json_schema']
  return (isObject(named) ? named['schema'] : format['schema']) ?? null
}

const listOf = (value: Json | undefined): readonly Json[] => (Array.isArray(value) ? (value as readonly Json[]) : [])
