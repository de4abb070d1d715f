/** What a request says, read by hand in the words of its wire format: nothing of the gateway reads it, so that a mistake there is not made here too. */
import type { FormatName } from '../../src/core/format-names.ts'
import type { Heard } from './format-upstream.ts'

/** In the same words for all formats. */
export interface Understood {
  readonly system: string
  /** Who said what; `tool` for what a tool gave. */
  readonly turns: readonly (readonly [who: string, text: string])[]
  /** Names and arguments of calls in it. */
  readonly calls: readonly (readonly [name: string, args: string])[]
  /** Base64 of pictures, or where they are. */
  readonly pictures: readonly string[]
  readonly tools: readonly string[]
  readonly limit: number | null
  readonly temperature: number | null
  readonly stop: readonly string[]
  /** Schema of the answer, as JSON; empty where there is none. */
  readonly schema: string
}

type Fields = Readonly<Record<string, unknown>>
const object = (value: unknown): Fields => (typeof value === 'object' && value !== null ? (value as Fields) : {})
const list = (value: unknown): readonly Fields[] => (Array.isArray(value) ? (value as unknown[]).map(object) : [])
const string = (value: unknown): string => (typeof value === 'string' ? value : '')
const number = (value: unknown): number | null => (typeof value === 'number' ? value : null)
const json = (value: unknown): string => (value === undefined ? '' : JSON.stringify(value))
const texts = (value: unknown): string =>
  typeof value === 'string'
    ? value
    : list(value)
        .map(({ text }) => string(text))
        .filter((text) => text !== '')
        .join('\n')
const words = (value: unknown): string[] =>
  (Array.isArray(value) ? (value as unknown[]) : value === undefined ? [] : [value]).map(string)
const inUrl = (url: string): string => url.replace(/^data:[^,]*,/, '')

const SYSTEM = new Set(['system', 'developer'])

function chat(body: Fields): Understood {
  const messages = list(body['messages'])
  const said = messages.filter(({ role }) => !SYSTEM.has(string(role)))
  return {
    system: messages
      .filter(({ role }) => SYSTEM.has(string(role)))
      .map(({ content }) => texts(content))
      .join('\n'),
    turns: said.flatMap(({ role, content }): [string, string][] =>
      texts(content) === '' ? [] : [[string(role), texts(content)]],
    ),
    calls: said.flatMap(({ tool_calls }) =>
      list(tool_calls).map((call): [string, string] => {
        const { name, arguments: args } = object(call['function'])
        return [string(name), string(args)]
      }),
    ),
    pictures: said.flatMap(({ content }) =>
      list(content).flatMap((part) =>
        part['type'] === 'image_url' ? [inUrl(string(object(part['image_url'])['url']))] : [],
      ),
    ),
    tools: list(body['tools']).map((tool) => string(object(tool['function'])['name'])),
    limit: number(body['max_completion_tokens']) ?? number(body['max_tokens']),
    temperature: number(body['temperature']),
    stop: words(body['stop']),
    schema: json(object(object(body['response_format'])['json_schema'])['schema']),
  }
}

function responses(body: Fields): Understood {
  const input = typeof body['input'] === 'string' ? [{ role: 'user', content: body['input'] }] : list(body['input'])
  const messages = input.filter(({ role }) => role !== undefined)
  const own = messages.filter(({ role }) => SYSTEM.has(string(role))).map(({ content }) => texts(content))
  const instructions = string(body['instructions'])
  return {
    system: [...(instructions === '' ? [] : [instructions]), ...own].join('\n'),
    turns: input.flatMap((item): [string, string][] => {
      if (item['type'] === 'function_call_output') return [['tool', texts(item['output'])]]
      const role = string(item['role'])
      const text = texts(item['content'])
      return role === '' || SYSTEM.has(role) || text === '' ? [] : [[role, text]]
    }),
    calls: input.flatMap((item): [string, string][] =>
      item['type'] === 'function_call' ? [[string(item['name']), string(item['arguments'])]] : [],
    ),
    pictures: input.flatMap(({ content, output }) =>
      [...list(content), ...list(output)].flatMap((part) =>
        part['type'] === 'input_image' ? [inUrl(string(part['image_url']))] : [],
      ),
    ),
    tools: list(body['tools']).map(({ name }) => string(name)),
    limit: number(body['max_output_tokens']),
    temperature: number(body['temperature']),
    stop: [],
    schema: json(object(object(body['text'])['format'])['schema']),
  }
}

function anthropic(body: Fields): Understood {
  const messages = list(body['messages'])
  const blocks = messages.flatMap(({ role, content }) =>
    (typeof content === 'string' ? [{ type: 'text', text: content } as Fields] : list(content)).map((block) => ({
      role: string(role),
      block,
    })),
  )
  const within = (block: Fields): readonly Fields[] => [block, ...list(block['content'])]
  const turns = blocks.flatMap(({ role, block }): [string, string][] => {
    if (block['type'] === 'text' && !SYSTEM.has(role)) return [[role, string(block['text'])]]
    return block['type'] === 'tool_result' ? [['tool', texts(block['content'])]] : []
  })
  return {
    system: [
      texts(body['system']),
      ...messages.filter(({ role }) => SYSTEM.has(string(role))).map(({ content }) => texts(content)),
    ]
      .filter((text) => text !== '')
      .join('\n'),
    turns: joined(turns),
    calls: blocks.flatMap(({ block }): [string, string][] =>
      block['type'] === 'tool_use' ? [[string(block['name']), JSON.stringify(block['input'])]] : [],
    ),
    pictures: blocks.flatMap(({ block }) =>
      within(block).flatMap((one) => {
        const source = object(one['source'])
        return one['type'] === 'image' ? [string(source['data']) || string(source['url'])] : []
      }),
    ),
    tools: list(body['tools']).map(({ name }) => string(name)),
    limit: number(body['max_tokens']),
    temperature: number(body['temperature']),
    stop: words(body['stop_sequences']),
    schema: json(object(object(body['output_config'])['format'])['schema']),
  }
}

/** Texts of one speaker that follow each other, as one. */
function joined(turns: readonly (readonly [string, string])[]): [string, string][] {
  return turns.reduce<[string, string][]>((all, [who, text]) => {
    const last = all.at(-1)
    if (last?.[0] === who && who !== 'tool') last[1] += `\n${text}`
    else all.push([who, text])
    return all
  }, [])
}

function gemini(body: Fields): Understood {
  const contents = list(body['contents'])
  const parts = contents.flatMap(({ role, parts }) => list(parts).map((part) => ({ role: string(role), part })))
  const config = object(body['generationConfig'])
  const turns = parts.flatMap(({ role, part }): [string, string][] => {
    const { functionResponse: result, text, thought } = part
    if (result !== undefined) {
      const given = object(object(result)['response'])
      return [['tool', string(given['result'] ?? given['output'] ?? given['content']) || json(given)]]
    }
    return string(text) === '' || thought === true ? [] : [[role === 'model' ? 'assistant' : role, string(text)]]
  })
  return {
    system: texts(object(body['systemInstruction'])['parts']),
    turns: joined(turns),
    calls: parts.flatMap(({ part }): [string, string][] => {
      const { name, args } = object(part['functionCall'])
      return part['functionCall'] === undefined ? [] : [[string(name), JSON.stringify(args ?? {})]]
    }),
    pictures: parts.flatMap(({ part }) => {
      const { data } = object(part['inlineData'])
      const { fileUri } = object(part['fileData'])
      return string(data) === '' && string(fileUri) === '' ? [] : [string(data) || string(fileUri)]
    }),
    tools: list(body['tools']).flatMap((tool) => list(tool['functionDeclarations']).map(({ name }) => string(name))),
    limit: number(config['maxOutputTokens']),
    temperature: number(config['temperature']),
    stop: words(config['stopSequences']),
    schema: json(config['responseJsonSchema'] ?? config['responseSchema']),
  }
}

function ollama(body: Fields): Understood {
  const messages = list(body['messages'])
  const options = object(body['options'])
  const said = messages.filter(({ role }) => !SYSTEM.has(string(role)))
  return {
    system: messages
      .filter(({ role }) => SYSTEM.has(string(role)))
      .map(({ content }) => string(content))
      .join('\n'),
    turns: said.flatMap(({ role, content }): [string, string][] =>
      string(content) === '' ? [] : [[string(role), string(content)]],
    ),
    calls: said.flatMap(({ tool_calls }) =>
      list(tool_calls).map((call): [string, string] => {
        const { name, arguments: args } = object(call['function'])
        return [string(name), JSON.stringify(args)]
      }),
    ),
    pictures: said.flatMap(({ images }) => words(images ?? [])),
    tools: list(body['tools']).map((tool) => string(object(tool['function'])['name'])),
    limit: number(options['num_predict']),
    temperature: number(options['temperature']),
    stop: words(options['stop']),
    schema: typeof body['format'] === 'object' ? json(body['format']) : '',
  }
}

const READERS: Readonly<Record<FormatName, (body: Fields) => Understood>> = {
  'openai-chat': chat,
  'openai-responses': responses,
  'anthropic-messages': anthropic,
  gemini,
  ollama,
}

export const understood = ({ format, body }: Pick<Heard, 'format' | 'body'>): Understood => READERS[format](body)
