/** The messages and tools of a chat request: checked, counted, and reduced to what a simulation makes use of. */
import { isObject } from '../core/is-object.ts'
import { DemoFault } from './fault.ts'
import type { Body } from './fields.ts'
import { countTokens } from './tokens.ts'

export interface Tool {
  readonly name: string
  readonly parameters: unknown
}

export interface Conversation {
  /** Text of the last message of a user. */
  readonly question: string
  readonly promptTokens: number
  /** The tool that will be called; null = the answer is text. */
  readonly call: Tool | null
  /** The schema that the answer has to follow; null = plain text. */
  readonly schema: unknown
}

const ROLES: ReadonlySet<unknown> = new Set(['system', 'developer', 'user', 'assistant', 'tool', 'function'])
const TOKENS_OF_A_MESSAGE = 4

export function readConversation(body: Body): Conversation {
  const messages = body['messages']
  if (!Array.isArray(messages)) throw new DemoFault("Missing required parameter: 'messages'.", 'messages')
  if (messages.length === 0) throw new DemoFault("Invalid 'messages': expected at least one message.", 'messages')
  let question = ''
  let promptTokens = 0
  for (const [index, message] of (messages as unknown[]).entries()) {
    const where = `messages[${index}]`
    if (!isObject(message)) throw new DemoFault(`Invalid type for '${where}': expected an object.`, where)
    if (!ROLES.has(message['role'])) throw new DemoFault(`Invalid value for '${where}.role'.`, `${where}.role`)
    const text = textOf(message['content'], where)
    const calls = message['tool_calls'] === undefined ? '' : JSON.stringify(message['tool_calls'])
    promptTokens += TOKENS_OF_A_MESSAGE + countTokens(text) + countTokens(calls)
    if (message['role'] === 'user') question = text
  }
  const tools = toolsOf(body['tools'])
  if (tools.length > 0) promptTokens += countTokens(JSON.stringify(body['tools']))
  const last = messages.at(-1) as Body
  const answersTool = last['role'] === 'tool' || last['role'] === 'function'
  return { question, promptTokens, call: chosen(tools, body['tool_choice'], answersTool), schema: schemaOf(body) }
}

function textOf(content: unknown, where: string): string {
  if (typeof content === 'string') return content
  if (content === null || content === undefined) return ''
  const param = `${where}.content`
  if (!Array.isArray(content)) throw new DemoFault(`Invalid type for '${param}': expected a string or an array.`, param)
  const texts: string[] = []
  for (const part of content as unknown[]) {
    const type = isObject(part) ? part['type'] : undefined
    if (isObject(part) && type === 'text' && typeof part['text'] === 'string') texts.push(part['text'])
    else if (isObject(part) && type === 'refusal' && typeof part['refusal'] === 'string') texts.push(part['refusal'])
    else throw new DemoFault(`Invalid '${param}': the simulations read text only.`, param)
  }
  return texts.join('\n')
}

function toolsOf(tools: unknown): Tool[] {
  if (tools === undefined || tools === null) return []
  if (!Array.isArray(tools)) throw new DemoFault("Invalid type for 'tools': expected an array.", 'tools')
  return (tools as unknown[]).map((tool, index) => {
    const declared = isObject(tool) && tool['type'] === 'function' ? tool['function'] : null
    if (!isObject(declared) || typeof declared['name'] !== 'string' || declared['name'] === '')
      throw new DemoFault(`Invalid 'tools[${index}]': expected a function with a name.`, `tools[${index}]`)
    return { name: declared['name'], parameters: declared['parameters'] ?? { type: 'object' } }
  })
}

/** The named one; else the first, unless tools are off or the last message is already a tool's answer. */
function chosen(tools: readonly Tool[], choice: unknown, answersTool: boolean): Tool | null {
  if (isObject(choice)) {
    const name = isObject(choice['function']) ? choice['function']['name'] : undefined
    const named = tools.find((tool) => tool.name === name)
    if (named === undefined)
      throw new DemoFault("Invalid 'tool_choice': no tool of the request has this name.", 'tool_choice')
    return named
  }
  if (choice !== undefined && choice !== null && choice !== 'none' && choice !== 'auto' && choice !== 'required')
    throw new DemoFault("Invalid value for 'tool_choice'.", 'tool_choice')
  if (choice === 'required' && tools.length === 0)
    throw new DemoFault("'tool_choice' is only allowed when 'tools' are given.", 'tool_choice')
  return choice === 'none' || (answersTool && choice !== 'required') ? null : (tools[0] ?? null)
}

const ANY_OBJECT = {
  type: 'object',
  properties: { simulation: { const: true }, answer: { type: 'string' } },
  required: ['simulation', 'answer'],
}

function schemaOf(body: Body): unknown {
  const format = body['response_format']
  if (format === undefined || format === null) return null
  const type = isObject(format) ? format['type'] : undefined
  if (type === 'text') return null
  if (type === 'json_object') return ANY_OBJECT
  const named = isObject(format) && type === 'json_schema' ? format['json_schema'] : null
  if (!isObject(named) || !isObject(named['schema']))
    throw new DemoFault("Invalid 'response_format': expected text, json_object or json_schema.", 'response_format')
  return named['schema']
}
