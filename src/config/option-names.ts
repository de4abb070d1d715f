/** Names of all options, wherever in the file they stand. */
import { z } from 'zod'
import { fileSchema } from './schema.ts'

let known: ReadonlySet<string> | null = null

/** Found when it is first asked for: only messages need them. */
export function optionNames(): ReadonlySet<string> {
  if (known !== null) return known
  const names = new Set<string>()
  const collect = (schema: unknown): void => {
    if (typeof schema !== 'object' || schema === null) return
    for (const [word, inner] of Object.entries(schema)) {
      if (word === 'properties') for (const name of Object.keys(inner as object)) names.add(name)
      collect(inner)
    }
  }
  collect(z.toJSONSchema(fileSchema, { io: 'input', unrepresentable: 'any' }))
  known = names
  return names
}
