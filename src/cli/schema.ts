/** `turnout schema`: the JSON schema of the configuration, made from the zod schema that validates it. */
import { z } from 'zod'
import { fileSchema } from '../config/schema.ts'
import type { Io } from './io.ts'

/** A variable: `${NAME}`, also with a default. */
const REFERENCE = '\\$\\{[^}]*\\}'

/** As committed in config/schema.json. */
export function schemaText(): string {
  const schema = z.toJSONSchema(fileSchema, {
    io: 'input',
    target: 'draft-7',
    override: ({ zodSchema, jsonSchema }) => {
      // Zod leaves out defaults beside a transformation, because it takes them for results. Here they are as people write them.
      const value = z.globalRegistry.get(zodSchema)?.['default'] as string | number | boolean | undefined
      if (value !== undefined) jsonSchema.default = value
      // An editor must not refuse a variable in the place of a number.
      const { type, pattern } = jsonSchema
      if (type === 'integer' || type === 'number' || type === 'boolean')
        Object.assign(jsonSchema, { type: [type, 'string'], pattern: `^${REFERENCE}$` })
      else if (pattern !== undefined && !pattern.includes(REFERENCE)) jsonSchema.pattern = `${pattern}|${REFERENCE}`
    },
  })
  return `${JSON.stringify({ title: 'Turnout configuration', ...schema }, null, 2)}\n`
}

export function schemaCommand(_call: unknown, io: Io): Promise<number> {
  io.stdout.write(schemaText())
  return Promise.resolve(0)
}
