/** Conversations of agents, written in lines: `user TEXT`, `said TEXT`, `call NAME ARGUMENTS`, `result TEXT`, `failed TEXT`, `tools COUNT`, `more PAIRS`. */
import { asked } from '../formats/format-cases.ts'
import type { CallPart, Contents, Message, Part, Tool } from '../../src/core/prompt.ts'

const textPart = (text: string): Part => ({ kind: 'text', text, cache: null })
const said = (role: Message['role'], parts: readonly Part[]): Message => ({ role, parts, name: null, result: null })
export const user = (text: string): Message => said('user', [textPart(text)])

/** As large as those of agents, and about nothing but code: what is asked stands behind it. */
const INSTRUCTIONS = `You are a coding agent. Use the tools to read, edit and test the code of the repository.\n${'- Prefer small, focused changes; run the type checker and the unit tests, refactor what is hard to test, and explain stack traces before you fix them.\n'.repeat(130)}`

const TOOLS: readonly Tool[] = Array.from({ length: 12 }, (_, at) => ({
  name: `tool_${at}`,
  description: 'Does what it is asked for.',
  schema: { type: 'object', properties: { path: { type: 'string' } } },
  strict: null,
  free: null,
  cache: null,
}))

class Conversation {
  readonly messages: Message[] = []
  tools = TOOLS.length
  #calls = 0

  line(line: string): void {
    const at = line.indexOf(' ')
    const [kind, rest] = [line.slice(0, at), line.slice(at + 1).replaceAll('\\n', '\n')]
    switch (kind) {
      case 'tools':
        this.tools = Number(rest)
        return
      case 'user':
        this.messages.push(user(rest))
        return
      case 'said':
        this.messages.push(said('assistant', [textPart(rest)]))
        return
      case 'more':
        return this.#more(Number(rest))
      case 'call':
        return this.#call(rest)
      case 'result':
      case 'failed':
        return this.#result(rest, kind === 'failed')
      default:
        throw new Error(`no line of a conversation: ${line}`)
    }
  }

  /** Pairs of calls and results, as in the middle of some work. */
  #more(pairs: number): void {
    if (this.messages.length === 0)
      this.messages.push(user('Take issue 41: archived projects are missing in the export.'))
    for (let pair = 0; pair < pairs; pair++) {
      this.#call(`Read {"file_path":"src/part${pair}.ts"}`)
      this.#result(
        `export const part${pair} = (rows: Row[]): Row[] => rows.filter((row) => row.archived === false)\n`,
        false,
      )
    }
  }

  #call(line: string): void {
    const at = line.indexOf(' ')
    const [name, given] = [line.slice(0, at), line.slice(at + 1)]
    const id = `call_${++this.#calls}`
    const call: CallPart = { kind: 'call', id, name, arguments: given, free: false, seal: null, cache: null }
    this.messages.push(said('assistant', [call]))
  }

  #result(text: string, failed: boolean): void {
    const id = `call_${this.#calls}`
    this.messages.push({ ...said('tool', [textPart(text)]), result: { id, name: null, failed } })
  }
}

export function conversation(of: readonly Message[] | readonly string[]): Contents {
  const own = new Conversation()
  for (const one of of) {
    if (typeof one === 'string') own.line(one)
    else own.messages.push(one)
  }
  const isAgent = of.some((one) => typeof one === 'string')
  const tools = isAgent ? TOOLS.slice(0, own.tools) : []
  const messages = tools.length > 6 ? [said('system', [textPart(INSTRUCTIONS)]), ...own.messages] : own.messages
  return asked(messages, { tools })
}
