/** Functions, and the tools that Google runs, in neutral words. Pure. */
import { isObject } from '../../core/is-object.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import type { Contents, Tool } from '../../core/prompt.ts'
import { listOf, member, namesIn, textOf } from './member.ts'
import type { Lose } from './messages.ts'
import { jsonSchemaOf } from './schema.ts'

export interface ToolsRead {
  readonly own: readonly Tool[]
  /** Tools that only Google runs, as the request names them. */
  readonly native: readonly string[]
}

export function toolsOf(told: Json | undefined, lose: Lose): ToolsRead {
  const own: Tool[] = []
  const native: string[] = []
  for (const tool of isObject(told) ? [told] : listOf(told)) {
    if (!isObject(tool)) continue
    for (const name of namesIn(tool)) if (name !== 'functionDeclarations') native.push(`tools.${name}`)
    for (const declared of listOf(member(tool, 'functionDeclarations')))
      if (isObject(declared)) own.push(new DeclaredFunction(declared, lose))
  }
  return { own, native }
}

const SAID: ReadonlySet<string> = new Set([
  ...['name', 'description', 'parameters', 'parametersJsonSchema', 'response', 'responseJsonSchema'],
])

/** Its schema is put into other words when it is asked for: most requests pass without it. */
class DeclaredFunction implements Tool {
  readonly name: string
  readonly description: string | null
  readonly strict = null
  readonly free = null
  readonly cache = null
  readonly #declared: JsonObject

  constructor(declared: JsonObject, lose: Lose) {
    this.#declared = declared
    this.name = textOf(declared['name']) ?? ''
    this.description = textOf(declared['description'])
    for (const name of namesIn(declared)) if (!SAID.has(name)) lose(`functionDeclarations.${name}`)
  }

  get schema(): Json | null {
    const plain = member(this.#declared, 'parametersJsonSchema')
    const subset = member(this.#declared, 'parameters')
    return plain ?? (isObject(subset) ? jsonSchemaOf(subset) : null)
  }
}

/** `functionCallingConfig`. */
export function toolChoiceOf(told: Json | undefined, lose: Lose): Contents['toolChoice'] {
  const config = isObject(told) ? member(told, 'functionCallingConfig') : null
  if (isObject(told)) for (const name of namesIn(told)) if (name !== 'functionCallingConfig') lose(`toolConfig.${name}`)
  if (!isObject(config)) return null
  const allowed = listOf(member(config, 'allowedFunctionNames')).filter((one) => typeof one === 'string')
  const [only, ...more] = allowed
  switch (textOf(config['mode'])?.toUpperCase()) {
    case 'NONE':
      return 'none'
    case 'ANY':
      if (only !== undefined && more.length === 0) return { name: only }
      if (allowed.length > 0) lose('functionCallingConfig.allowedFunctionNames')
      return 'required'
    case 'VALIDATED':
      lose('functionCallingConfig.mode')
      return 'auto'
    case 'AUTO':
      return 'auto'
    default:
      return null
  }
}
