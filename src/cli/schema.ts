/** `turnout schema`: the JSON schema of the configuration, made from the zod schema that validates it. */
import { z } from 'zod'
import { fileSchema } from '../config/schema.ts'
import type { Io } from './io.ts'

/** As committed in config/schema.json. */
export function schemaText(): string {
  const schema = z.toJSONSchema(fileSchema, { io: 'input', target: 'draft-7' })
  return `${JSON.stringify({ title: 'Turnout configuration', ...schema }, null, 2)}\n`
}

export function schemaCommand(_argv: string[], io: Io): Promise<number> {
  io.stdout.write(schemaText())
  return Promise.resolve(0)
}
